"""Rules about how layers follow each other, and about batches that batch norm cannot work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.meaning.network import Network
from graph.model.edits import SetParam, SetTraining
from graph.model.problem import Problem, Repair
from graph.text.messages import Message, _


def twice(network: Network) -> Iterator[Problem]:
    """Two activations in a row: the second has nothing new to work on, or undoes the first."""
    for node in network.nodes:
        before = network.before(node) if network.type(node).category == "activations" else None
        if before is None or network.type(before).category != "activations" or network.key(node) == "activation.identity":
            continue
        first = network.key(before)
        if first == "activation.identity" or before not in network.learned:
            continue
        edge, key = network.first_edge(node), network.key(node)
        a, b = network.title(before), network.title(node)
        if "softmax" in key and "softmax" not in first:
            text = Message(
                "activation-before-softmax",
                "{a} before {b} limits the scores, so no probability can come near 0 or 1. Give {b} the output of the layer",
                a=a,
                b=b,
            )
            yield network.say("warning", text, before, node, repairs=(network.remove(before, edge),))
        elif first == "activation.softmax":
            text = Message(
                "activation-after-softmax",
                "{b} is applied to the output of Softmax, so its result is nearly the same for all classes",
                b=b,
            )
            yield network.say("warning", text, before, node, repairs=(network.remove(before, edge),))
        elif key == first == "activation.relu" or (key == first == "activation.log_softmax"):
            text = Message(
                "activation-repeated", "{b} twice in a row changes nothing the second time. A layer may be missing between them", b=b
            )
            yield network.say("warning", text, node, before, repairs=(_remove_last(network, node),))
        else:
            text = Message(
                "activation-after-activation",
                "two activations in a row ({a}, then {b}): a layer may be missing between them, or one is unnecessary",
                a=a,
                b=b,
            )
            yield network.say("warning", text, node, before, repairs=(_remove_last(network, node),))


def _remove_last(network: Network, node: str) -> Repair | None:
    out = network.graph.outputs_of(node)
    return network.remove(node, out[0]) if len(out) == 1 else None


def linear_twice(network: Network) -> Iterator[Problem]:
    """A linear map of a linear map is a linear map."""
    for node in network.of("layer.linear"):
        before = network.before(node)
        if before is not None and network.key(before) == "layer.linear":
            text = Message(
                "linear-after-linear",
                "two linear layers in a row ({before}, then {node}) can do no more than a single one",
                before=network.name(before),
                node=network.name(node),
            )
            put = network.insert(
                network.first_edge(node), "activation.relu", _("Insert ReLU before {node}").format(node=network.name(node))
            )
            yield network.say("note", text, node, before, repairs=(put,))


def dropout(network: Network) -> Iterator[Problem]:
    """Dropout on dropout, on a target, and in front of batch norm."""
    for node in network.of("layer.dropout"):
        before = network.before(node)
        if before is not None and network.key(before) == "layer.dropout":
            kept = (1 - float(network.graph.setting(before, "p"))) * (1 - float(network.graph.setting(node, "p")))
            text = Message("dropout-after-dropout", "two dropouts in a row keep only {kept:.0%} of the numbers", kept=kept)
            yield network.say("warning", text, node, before, repairs=(_remove_last(network, node),))
        elif network.is_data(network.origin(network.first_edge(node)), "target"):
            text = Message("dropout-on-targets", "dropout on the targets sets some of them to 0: the network learns from wrong answers")
            yield network.say("warning", text, node, repairs=(_remove_last(network, node),))
        elif float(network.graph.setting(node, "p")) == 1:
            text = Message("dropout-of-everything", "p = 1 sets every number to 0 in training, so nothing before it can learn")
            yield network.say("warning", text, node, repairs=(network.setting("Use p = 0.5", node, p=0.5),))
    for node in network.of("layer.batch_norm1d", "layer.batch_norm2d"):
        before = network.before(node)
        if before is not None and network.key(before) == "layer.dropout":
            text = Message(
                "batch-norm-after-dropout",
                "after dropout the running variance includes dropped numbers, which do not occur in evaluation, so training and "
                "evaluation differ. Put dropout after batch norm",
            )
            yield network.say("note", text, node, before, repairs=(network.remove(before, network.first_edge(node)),))


def batch_of_one(network: Network) -> Iterator[Problem]:
    """Batch norm subtracts the batch's mean: of a single sample nothing is left."""
    rows = network.feeds.rows["train"]
    size = min(network.batch_size or rows, rows)
    if not rows or not (size == 1 or rows % size == 1):
        return
    for node in network.of("layer.batch_norm1d", "layer.batch_norm2d"):
        edge = network.first_edge(node)
        shape = network.shape(edge.source if edge is not None else None)
        if shape is None or not shape.batched or any(side > 1 for side in shape.dims[1:]):
            continue
        better = _other_size(rows, size)
        repairs = (
            (network.repair(_("Use mini-batches of {better}").format(better=better), SetTraining("batch_size", better)),) if better else ()
        )
        if size == 1:
            text = Message(
                "batch-norm-batches-of-one",
                "every mini-batch has one sample, and one sample minus its own mean is always 0. PyTorch refuses this in training",
            )
        else:
            text = Message(
                "batch-norm-last-batch-of-one",
                "with {rows:,} samples in mini-batches of {size} the last one has a single sample, and one sample minus its own mean "
                "is always 0. PyTorch refuses this in training",
                rows=rows, size=size,
            )  # fmt: skip
        yield network.say("warning", text, node, repairs=repairs)


def _other_size(rows: int, size: int) -> int | None:
    """The batch size nearest to this one (to 16 in place of 1) that leaves no batch of one; of two as near the larger."""
    wanted = min(16, rows) if size == 1 else size
    nearest = (size for away in range(rows) for size in (wanted + away, wanted - away) if 2 <= size <= rows)
    return next((candidate for candidate in nearest if rows % candidate != 1), None)


def frozen(network: Network) -> Iterator[Problem]:
    """Everything that the objective depends on is frozen."""
    from engine.compile.environment import frozen as is_frozen

    goal = network.objective
    if goal is None:
        return
    before = network.inference.ancestors([goal])
    learned = dict.fromkeys(node for node, _ in network.inference.parameters if node in before)
    if learned and all(is_frozen(network.graph, node) for node in learned):
        nodes = list(learned)
        text = Message(
            "everything-frozen", "everything that {goal} depends on is frozen, so training changes nothing", goal=network.name(goal)
        )
        title = _("Unfreeze") if len(nodes) == 1 else _("Unfreeze all {nodes}").format(nodes=len(nodes))
        thaw = network.repair(title, *(SetParam(node, "frozen", False) for node in nodes))
        yield network.say("warning", text, *nodes, repairs=(thaw,))


LAYER_RULES: tuple[Callable[[Network], Iterator[Problem]], ...] = (batch_of_one, frozen, twice, linear_twice, dropout)
