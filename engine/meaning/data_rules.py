"""Rules about how the data reach the loss: targets among the inputs, targets in other units, no data at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.meaning.network import Network
from graph.model.edits import Disconnect, SetGraphSetting
from graph.model.elements import End
from graph.model.problem import Problem
from graph.text.messages import Message, _


def leak(network: Network) -> Iterator[Problem]:
    """A prediction that is computed from the very targets it is compared with."""
    for loss in network.losses:
        edge, target = network.first_edge(loss), network.edge(loss, "target")
        if edge is None or target is None or edge.source[0] not in network.learned:
            continue
        answers = {end for end in network.reached[loss] if end[1] == "target"}
        aimed = {target.source} if network.is_data(target.source, "target") else network.reached.get(target.source[0], frozenset())
        both = answers & aimed & network.reached.get(edge.source[0], frozenset())
        for answer in sorted(both):
            before = network.inference.ancestors([edge.source[0]])
            out = network.graph.outputs_of(answer[0])
            wires = [wire for wire in out if wire.source == answer and wire.target[0] in before]
            if not wires:
                continue
            name = f"{network.name(answer[0])}.target"
            text = Message(
                "target-leaks",
                "its prediction is computed from {name}, the answer it is compared with. It will look perfect in training and "
                "testing, but be useless when the answer is not known",
                name=name,
            )
            cut = network.repair(
                _("Disconnect {name} from {source}").format(name=name, source=network.name(wires[0].target[0])),
                *(Disconnect(wire.id) for wire in wires),
            )
            yield network.say("warning", text, loss, wires[0].target[0], answer[0], repairs=(cut,))


def units(network: Network) -> Iterator[Problem]:
    """A loss on standardized targets is in standard deviations; beside one on the targets themselves it is a contradiction."""
    raw: dict[End, str] = {}
    scaled: dict[End, tuple[str, str]] = {}
    for node in network.nodes:
        if not (network.type(node).loss or network.key(node) == "probe.accuracy") or node not in network.reached:
            continue
        prediction, target = network.origin(network.first_edge(node)), network.origin(network.edge(node, "target"))
        if prediction is None or target is None or prediction[0] not in network.learned:
            continue
        if network.is_data(target, "target"):
            raw.setdefault(prediction, node)
        elif network.key(target[0]) == "source.standardize" and network.is_data(network.origin(network.first_edge(target[0])), "target"):
            scaled.setdefault(prediction, (node, target[0]))
    for prediction, (loss, standard) in scaled.items():
        out = network.edge(loss, "target")
        past = network.remove(standard, out, _("Compare with the targets themselves in {loss}").format(loss=network.name(loss)))
        if prediction in raw:
            other = network.name(raw[prediction])
            text = Message(
                "mixed-units",
                "{prediction} learns the standardized target here, and {other} compares it with the target itself: "
                "the two are in different units",
                prediction=network.name(prediction[0]),
                other=other,
            )
            yield network.say("warning", text, loss, standard, repairs=(past,), port="target")
        else:
            text = Message(
                "standardized-target",
                "the target is standardized, so predictions and loss are in standard deviations of the target, not in its own units. "
                "Multiply a prediction by σ and add μ (both are shown at {standard}) to read it",
                standard=network.name(standard),
            )
            yield network.say("note", text, loss, standard, repairs=(past,), port="target")


def no_data(network: Network) -> Iterator[Problem]:
    """There is a data set, and the loss that is trained does not depend on it.

    A marked node that is no loss is there to be looked at.
    """
    goal = network.objective
    if goal is None or network.reached.get(goal) or network.type(goal).role == "data":
        return
    if network.graph.settings.get("objective") and not network.type(goal).loss:
        return
    nodes = [node for node in network.nodes if network.type(node).role == "data" and network.graph.outputs_of(node)]
    used = [node for node in nodes if any(other in network.inference.wirings for other in network.graph.successors(node))]
    losses = [loss for loss in network.losses if network.reached.get(loss)]
    if not used or not losses or not network.inference.parameters:
        return
    marks = tuple(
        network.repair(
            _("Set {loss} as objective").format(loss=network.name(loss)), SetGraphSetting("objective", {"node": loss, "port": "y"})
        )
        for loss in losses[:3]
    )
    text = Message(
        "objective-without-data", "this is the objective, but it does not depend on the data of {data}", data=network.name(used[0])
    )
    yield network.say("warning", text, goal, used[0], repairs=marks)


DATA_RULES: tuple[Callable[[Network], Iterator[Problem]], ...] = (leak, units, no_data)
