"""Rules about what reaches a loss: scores, probabilities, log-probabilities, or numbers that can reach their targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engine.meaning.network import LEARNING, Network
from graph.model.edits import AddNode, Connect, SetGraphSetting, SetParam, remove_nodes
from graph.model.elements import Edge, Node
from graph.model.problem import Problem, Repair
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Sequence

SOFT = {"activation.softmax", "activation.log_softmax"}
BELOW: dict[str, str] = {
    "activation.relu": _("ReLU makes every negative score 0"),
    "activation.softplus": _("Softplus makes every score positive"),
    "activation.elu": _("ELU lets no score fall below −α"),
    "activation.gelu": _("GELU lets no score fall below −0.17"),
    "activation.silu": _("SiLU lets no score fall below −0.28"),
    "activation.sigmoid": _("Sigmoid squeezes every score into (0, 1)"),
    "activation.tanh": _("Tanh squeezes every score into (−1, 1)"),
    "activation.softmax": _("Softmax turns the scores into probabilities between 0 and 1"),
    "activation.leaky_relu": _("Leaky ReLU shrinks negative scores"),
}
"""What an activation does to scores that a loss takes."""
RANGES: dict[str, tuple[float, float]] = {
    "activation.relu": (0.0, math.inf), "activation.softplus": (0.0, math.inf), "activation.sigmoid": (0.0, 1.0),
    "activation.tanh": (-1.0, 1.0), "activation.softmax": (0.0, 1.0), "activation.log_softmax": (-math.inf, 0.0),
}  # fmt: skip
OUTSIDE = 0.1
"""Share of the targets, and of an activation's range, from which it counts that targets lie outside."""
SCORE_LOSSES = ("loss.cross_entropy", "loss.bce_logits", "loss.logistic", "loss.hinge")
NUMBER_LOSSES = ("loss.squared_error", "loss.l1", "loss.huber")


def scores(network: Network) -> Iterator[Problem]:
    """Losses on scores contain softmax or sigmoid: behind another one, scores are limited and the loss has a floor."""
    for loss in network.of(*SCORE_LOSSES):
        edge = network.first_edge(loss)
        end = network.origin(edge)
        if end is None or end[0] not in network.learned:
            continue
        node, key = end[0], network.key(end[0])
        title, name = network.title(loss), network.name(loss)
        if key == "activation.log_softmax" and network.key(loss) == "loss.cross_entropy":
            text = Message(
                "log-softmax-before-cross-entropy",
                "{title} ({name}) contains log-softmax already. A second one changes nothing and costs time. Give {name} the scores",
                title=title,
                name=name,
            )
            yield network.say("note", text, node, loss, repairs=(network.remove(node, edge),))
        elif key in BELOW and key != "activation.leaky_relu":
            text = Message(
                "activation-before-score-loss",
                "{effect}, but {name} ({title}) needs scores that can take any value. {floor}",
                effect=BELOW[key],
                name=name,
                title=title,
                floor=_floor(network, loss, node),
            )
            yield network.say("warning", text, node, loss, repairs=(network.remove(node, edge),))


def _floor(network: Network, loss: str, node: str) -> str:
    """What becomes of a loss behind this activation, as a number where there is one."""
    kind, key = network.key(loss), network.key(node)
    shape = network.shape((node, "y"))
    classes = shape.dims[-1] if shape is not None and shape.dims else 1
    if kind == "loss.cross_entropy":
        spread = {"activation.softmax": 1.0, "activation.sigmoid": 1.0, "activation.tanh": 2.0}.get(key)
        if spread:
            least = math.log1p((classes - 1) * math.exp(-spread))
            if key == "activation.softmax":
                return _("It contains softmax itself, so the loss of a sample cannot fall below {least:.3g}").format(least=least)
            return _("The loss of a sample cannot fall below {least:.3g}").format(least=least)
        return _("The score of a wrong class cannot be pushed down, and where all scores are 0 nothing is learned")
    if kind == "loss.bce_logits" and key in ("activation.sigmoid", "activation.softmax"):
        return _(
            "It contains the sigmoid itself: applied twice, no probability leaves (0.5, 0.731), and class 0 always costs at least 0.693"
        )
    if key == "activation.tanh":
        if kind == "loss.hinge":
            return _("No sample ever gets past the margin")
        return _("The loss of a sample cannot fall below {least:.3g}").format(least=0.313)
    return _("One of the two classes needs negative scores, which never occur")


def log_probabilities(network: Network) -> Iterator[Problem]:
    """Negative log-likelihood and KL take log-probabilities; probabilities or scores give a loss that means nothing."""
    for loss in network.of("loss.nll", "loss.kl"):
        edge = network.first_edge(loss)
        end = network.origin(edge)
        if end is None or end[0] not in network.learned:
            continue
        node, key = end[0], network.key(end[0])
        title, name = network.title(loss), network.name(loss)
        if key == "activation.softmax":
            text = Message(
                "softmax-before-nll",
                "{name} ({title}) needs the logarithms of probabilities, but Softmax gives the probabilities themselves. "
                "Its value is then no likelihood and its gradient nearly vanishes where the network is wrong",
                name=name,
                title=title,
            )
            yield network.say("warning", text, node, loss, repairs=(network.replace(node, edge, "activation.log_softmax"),))
        elif key in LEARNING or key in BELOW:
            what = "scores" if key in LEARNING else _("the output of {node}").format(node=network.title(node))
            text = Message(
                "scores-where-log-probabilities-expected",
                "it needs log-probabilities, but {node} gives {what}: the loss falls without limit and means nothing",
                node=network.name(node),
                what=what,
            )
            put = network.insert(edge, "activation.log_softmax")
            yield network.say("warning", text, loss, node, repairs=(put,), port=network.type(loss).inputs[0].name)


def probabilities(network: Network) -> Iterator[Problem]:
    """Binary cross-entropy takes numbers between 0 and 1."""
    for loss in network.of("loss.bce"):
        edge = network.first_edge(loss)
        end = network.origin(edge)
        if end is None or end[0] not in network.learned:
            continue
        node, key = end[0], network.key(end[0])
        if key in LEARNING:
            text = Message(
                "scores-where-probabilities-expected",
                "it needs probabilities, but {node} gives scores, which can lie below 0 and above 1",
                node=network.name(node),
            )
            yield network.say("warning", text, loss, node, repairs=(network.insert(edge, "activation.sigmoid"),), port="probabilities")
        elif key in BELOW and key not in ("activation.sigmoid", "activation.softmax") or key == "activation.log_softmax":
            text = Message(
                "values-outside-probabilities",
                "{node} gives numbers outside [0, 1], but {loss} needs probabilities",
                node=network.title(node),
                loss=network.name(loss),
            )
            yield network.say("warning", text, node, loss, repairs=(network.replace(node, edge, "activation.sigmoid"),))


def one_probability(network: Network) -> Iterator[Problem]:
    """Softmax over a single number is 1, whatever the number is."""
    for node in network.of(*SOFT):
        shape = network.shape((node, "y"))
        axis = network.graph.setting(node, "axis")
        if shape is None or not -len(shape.dims) <= axis < len(shape.dims) or shape.dims[axis] != 1 or node not in network.learned:
            continue
        always = "1" if network.key(node) == "activation.softmax" else "0"
        text = Message(
            "softmax-over-one-number",
            "{node} over a single number is always {always}, and nothing before it can learn",
            node=network.title(node),
            always=always,
        )
        out = network.graph.outputs_of(node)
        single = network.replace(node, out[0], "activation.sigmoid") if len(out) == 1 and always == "1" else None
        yield network.say("warning", text, node, repairs=(single,))


def out_of_reach(network: Network) -> Iterator[Problem]:
    """Targets of a regression that the last activation can never give."""
    for loss in network.of(*NUMBER_LOSSES):
        edge = network.first_edge(loss)
        end, target = network.origin(edge), network.origin(network.edge(loss, "target"))
        if end is None or end[0] not in network.learned or target is None or target not in network.feeds.train:
            continue
        node, key = end[0], network.key(end[0])
        values = network.feeds.train[target]
        if key not in RANGES or not len(values) or not values.is_floating_point():
            continue
        low, high = RANGES[key]
        margin = OUTSIDE * (high - low if math.isfinite(high - low) else float(values.max() - values.min()))
        outside = float(((values < low - margin) | (values > high + margin)).double().mean())
        if outside > OUTSIDE:
            span = (f"({low:g}, {high:g})" if math.isfinite(high) else f"[{low:g}, ∞)").replace("-inf", "−∞").replace("-", "−")
            text = Message(
                "targets-out-of-reach",
                "{node} only gives numbers in {span}, but {outside:.0%} of the targets lie outside, from "
                "{min:.4g} to {max:.4g}: the loss cannot become small",
                node=network.title(node),
                span=span,
                outside=outside,
                min=float(values.min()),
                max=float(values.max()),
            )
            yield network.say("warning", text, node, loss, repairs=(network.remove(node, edge),))


def class_numbers(network: Network) -> Iterator[Problem]:
    """Squared distances between class numbers: class 2 is not twice class 1."""
    from engine.data import DataError, describe

    for loss in network.of(*NUMBER_LOSSES):
        target = network.origin(network.edge(loss, "target"))
        shape = network.shape(target)
        if target is None or shape is None or not network.is_data(target, "target") or shape.coding != "real":
            continue
        try:
            classes = describe(network.graph.settings_of(target[0]), network.graph.folder).classes
        except DataError:
            continue
        if len(classes) > 2:
            text = Message(
                "class-numbers-as-targets",
                "the targets are the numbers of {classes} classes, and {loss} measures distances between them, as if "
                "{second} lay between {first} and {third}. Cross-entropy takes classes as classes",
                classes=len(classes),
                loss=network.title(loss),
                second=classes[1],
                first=classes[0],
                third=classes[2],
            )
            repair = _cross_entropy(network, loss, target[0], len(classes))
            yield network.say("warning", text, loss, target[0], repairs=(repair,), port="target")


def _cross_entropy(network: Network, loss: str, data: str, classes: int) -> Repair | None:
    """Cross-entropy in the loss's place, the targets as class indices, and one score for each class."""
    edge, target = network.first_edge(loss), network.edge(loss, "target")
    users = [wire for wire in network.graph.outputs_of(data) if wire.source[1] == "target"]
    if edge is None or target is None or len(users) != 1 or target.source[0] != data or network.graph.outputs_of(loss):
        return None
    layer = edge.source[0]
    if network.key(layer) != "layer.linear":
        return None
    old = network.graph.nodes[loss]
    new = Node("new", "loss.cross_entropy", old.name, x=old.x, y=old.y, group=old.group, label=old.label)
    edits = [
        remove_nodes(network.graph, [loss]), AddNode(new), SetParam(data, "coding", "index"), SetParam(layer, "out_features", classes),
        Connect(Edge("in", edge.source, ("new", "scores"))), Connect(Edge("target", target.source, ("new", "target"))),
    ]  # fmt: skip
    if (network.graph.settings.get("objective") or {}).get("node") == loss:
        edits.append(SetGraphSetting("objective", None))
    return network.safe_repair(_("Use Cross-entropy"), *edits)


def on_the_way_out(network: Network) -> Iterator[Problem]:
    """Dropout or batch norm between the last layer and the loss."""
    for loss in network.losses:
        edge = network.first_edge(loss)
        end = network.origin(edge)
        seen: list[str] = []
        while end is not None and end[0] in network.learned:
            node, key = end[0], network.key(end[0])
            if key == "layer.dropout":
                text = Message(
                    "dropout-after-last-layer",
                    "dropout after the last layer sets predictions themselves to 0 in training, and {loss} then compares "
                    "these with the targets. Put dropout between hidden layers",
                    loss=network.name(loss),
                )
                yield network.say("warning", text, node, loss, repairs=(network.remove(node, _toward(network, seen, edge)),))
                break
            if key.startswith("layer.batch_norm"):
                text = Message(
                    "batch-norm-after-last-layer",
                    "batch norm after the last layer scales the predictions of every mini-batch to the same spread, so "
                    "{loss} sees predictions that depend on the other samples. Put batch norm between hidden layers",
                    loss=network.name(loss),
                )
                yield network.say("warning", text, node, loss, repairs=(network.remove(node, _toward(network, seen, edge)),))
                break
            if network.type(node).category != "activations":
                break
            seen.append(node)
            end = network.origin(network.first_edge(node))


def _toward(network: Network, seen: Sequence[str], edge: Edge | None) -> Edge | None:
    """The wire on which `node` lies on the way to a loss."""
    return network.first_edge(seen[-1]) if seen else edge


def decision(network: Network) -> Iterator[Problem]:
    """An accuracy that takes probabilities for scores: every sample is then in the positive class."""
    for probe in network.of("probe.accuracy"):
        edge = network.first_edge(probe)
        end = network.origin(edge)
        shape = network.shape(edge.source if edge is not None else None)
        if end is None or shape is None or (shape.dims and shape.dims[-1] > 1):
            continue
        how = network.graph.setting(probe, "decision")
        direct = edge is not None and edge.source == end
        if network.key(end[0]) == "activation.sigmoid" and (how == "above 0" or (how == "automatic" and not direct)):
            text = Message(
                "accuracy-threshold-of-probabilities",
                "the output of {node} is never below 0, so with a threshold of 0 every sample counts as positive",
                node=network.name(end[0]),
            )
            yield network.say("warning", text, probe, end[0], repairs=(network.setting(_("Decide above ½"), probe, decision="above ½"),))
        elif how == "above ½" and network.key(end[0]) in LEARNING:
            text = Message("accuracy-threshold-of-scores", "{node} gives scores, whose threshold is 0 and not ½", node=network.name(end[0]))
            yield network.say(
                "warning", text, probe, end[0], repairs=(network.setting(_("Decide by the sign"), probe, decision="above 0"),)
            )


def regression_accuracy(network: Network) -> Iterator[Problem]:
    """An accuracy counts right classes; a real target has none."""
    for probe in network.of("probe.accuracy"):
        target = network.origin(network.edge(probe, "target"))
        shape = network.shape(target)
        if target is not None and shape is not None and shape.coding == "real" and network.is_data(target, "target"):
            data = network.name(target[0])
            text = Message(
                "accuracy-of-real-targets",
                "accuracy counts how often the class is right, but the target of {data} is a real number without classes",
                data=data,
            )
            yield network.say("warning", text, probe, target[0], repairs=(network.delete(probe),), port="target")


LOSS_RULES: tuple[Callable[[Network], Iterator[Problem]], ...] = (
    one_probability, scores, log_probabilities, probabilities, class_numbers, out_of_reach, on_the_way_out, regression_accuracy, decision,
)  # fmt: skip
