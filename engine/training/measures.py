"""Loss, penalty and accuracy over a whole part of the data, in evaluation mode: what they are made of, found once per graph."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from engine.compile.environment import Key, Wire, settings_of
from engine.nodes.base import NodeType, Settings
from engine.nodes.probes import by_largest, threshold
from engine.unfold.folding import opened_from

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph

Parts = tuple[str, "Key | None", "Key | None"]
"""Of a loss: its type, its prediction, its target."""


class Decide(Protocol):
    """Prediction and target → for every sample, or on the whole, the share that is right; and the same as PyTorch code."""

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor: ...

    def code(self) -> str:
        """The same as an expression of `prediction` and `target`."""

    def class_code(self) -> str:
        """The number of the predicted class of each sample, as an expression of `prediction`."""

    def classes(self, prediction: Tensor) -> Tensor:
        """The number of the predicted class of each decision."""

    def truth(self, target: Tensor) -> Tensor:
        """The number of the class that the target names."""

    def plain(self) -> LargestScore | Above:
        """How one number for each class, or a single number, names a class."""


@dataclass(frozen=True, slots=True)
class LargestScore:
    """The largest number names the class; `one_hot`: in the target too."""

    one_hot: bool = False

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        return self.classes(prediction) == self.truth(target)

    def code(self) -> str:
        return f"{self.class_code()} == {'target.argmax(-1)' if self.one_hot else 'target'}"

    def class_code(self) -> str:
        return "prediction.argmax(-1)"

    def classes(self, prediction: Tensor) -> Tensor:
        return prediction.argmax(-1)

    def truth(self, target: Tensor) -> Tensor:
        return target.argmax(-1) if self.one_hot else target

    def plain(self) -> LargestScore | Above:
        return self


@dataclass(frozen=True, slots=True)
class Above:
    """Yes where the prediction is above `threshold`; a target means yes where it is positive (1 of 0/1, 1 of ±1)."""

    threshold: float

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        return self.classes(prediction) == self.truth(target)

    def code(self) -> str:
        return f"(prediction.reshape(-1) > {self.threshold}) == (target.reshape(-1) > 0)"

    def class_code(self) -> str:
        return f"(prediction.reshape(-1) > {self.threshold}).long()"

    def classes(self, prediction: Tensor) -> Tensor:
        return (prediction.reshape(-1) > self.threshold).long()

    def truth(self, target: Tensor) -> Tensor:
        return (target.reshape(-1) > 0).long()

    def plain(self) -> LargestScore | Above:
        return self


@dataclass(frozen=True, slots=True)
class Probed:
    """An Accuracy probe's own way to compare, counted in float64 whatever the document's precision."""

    node_type: NodeType
    settings: Settings
    columns: int
    target_columns: int

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        result = self.node_type.forward(self.settings, prediction, target)
        return result if isinstance(result, Tensor) else result.outputs[0]

    def code(self) -> str:
        return self.plain().code()

    def class_code(self) -> str:
        return self.plain().class_code()

    def classes(self, prediction: Tensor) -> Tensor:
        return self.plain().classes(prediction)

    def truth(self, target: Tensor) -> Tensor:
        return self.plain().truth(target)

    def plain(self) -> LargestScore | Above:
        """The same decision without the probe's own precision."""
        if by_largest(self.settings, self.columns):
            return LargestScore(self.target_columns > 1)
        return Above(threshold(self.settings))


@dataclass(frozen=True, slots=True)
class Addend:
    """One term of the objective. A penalty is a term that depends on parameters and not on the data."""

    key: Key
    sign: int
    penalty: bool


@dataclass(frozen=True, slots=True)
class Measures:
    """What to evaluate. `right` says how often `prediction` names the class of `target`; None where the target is no class."""

    objective: Key
    addends: tuple[Addend, ...]
    prediction: Key | None = None
    target: Key | None = None
    right: Decide | None = None

    @property
    def outputs(self) -> list[Key]:
        keys = [self.objective, *(a.key for a in self.addends), self.prediction, self.target]
        return list(dict.fromkeys(key for key in keys if key is not None))

    @property
    def penalised(self) -> bool:
        """Whether the objective includes a penalty."""
        return any(addend.penalty for addend in self.addends)

    @property
    def has_accuracy(self) -> bool:
        return self.right is not None

    def read(self, values: Mapping[Key, Tensor]) -> dict[str, float]:
        """`objective`, `loss` (without penalties), and `penalty` and `accuracy` where they apply."""
        return {name: float(value) for name, value in self.tensors(values).items()}

    def tensors(self, values: Mapping[Key, Tensor]) -> dict[str, Tensor]:
        """The same as float64 tensors of one number each."""
        metrics = {"objective": values[self.objective].cpu().double().reshape(())}
        terms = [(a, a.sign * values[a.key].cpu().double().reshape(())) for a in self.addends]
        if self.penalised:
            metrics["loss"] = sum((value for a, value in terms if not a.penalty), torch.zeros((), dtype=torch.float64))
            metrics["penalty"] = sum((value for a, value in terms if a.penalty), torch.zeros((), dtype=torch.float64))
        else:
            metrics["loss"] = metrics["objective"]
        if self.right is not None and self.prediction is not None and self.target is not None:
            metrics["accuracy"] = self.right(values[self.prediction], values[self.target]).double().mean()
        return metrics


def find_measures(graph: Graph, inference: Inference, objective: Key) -> Measures:
    """How this graph's loss splits, and where its accuracy comes from: an Accuracy probe if there is one, else the loss itself."""
    addends = _addends(graph, inference, objective)
    probes = [(n, "y") for n in graph.nodes if graph.nodes[n].type == "probe.accuracy" and (n, "y") in inference.outputs]
    if len(probes) == 1:
        return Measures(objective, addends, *_probed(graph, inference, probes[0][0]))
    parts = loss_parts(graph, inference, addends)
    if len(parts) == 1 and not probes:
        prediction, target, right = _decision(inference, *parts[0])
        if prediction is not None:
            return Measures(objective, addends, prediction, target, right)
    return Measures(objective, addends)


def loss_parts(graph: Graph, inference: Inference, addends: Sequence[Addend]) -> list[Parts]:
    """The losses that the objective is made of, those that were opened among them."""
    reached = inference.ancestors(a.key[0] for a in addends if not a.penalty)
    losses = [node for node in inference.order if node in reached and inference.types[graph.nodes[node].type].loss]
    inside = {kept.exit for group in graph.groups.values() if (kept := opened_from(group)) is not None}
    return [_parts_of(graph, inference, node) for node in losses if node not in inside] + _opened_losses(graph, inference, addends)


def _probed(graph: Graph, inference: Inference, probe: str) -> tuple[Key, Key, Decide]:
    """What an Accuracy probe compares, and its own way to do so."""
    sources = {leaf.port: leaf.source for leaf in inference.wirings[probe].leaves() if isinstance(leaf, Wire)}
    settings = settings_of(graph, probe, training=False, batched=inference.batched[probe], dtype=torch.float64)
    columns, target_columns = (math.prod(inference.outputs[sources[port]].dims) for port in ("prediction", "target"))
    right = Probed(inference.types[graph.nodes[probe].type], settings, columns, target_columns)
    return sources["prediction"], sources["target"], right


def _addends(graph: Graph, inference: Inference, objective: Key) -> tuple[Addend, ...]:
    terms: list[tuple[Key, int]] = []
    stack = [(objective, 1)]
    while stack:
        key, sign = stack.pop()
        kind = graph.nodes[key[0]].type
        parts = [leaf.source for leaf in inference.wirings[key[0]].leaves() if isinstance(leaf, Wire)]
        if kind in ("math.add", "math.subtract") and len(parts) == 2 and all(inference.outputs[p].full(1) == () for p in parts):
            stack += [(parts[1], -sign if kind == "math.subtract" else sign), (parts[0], sign)]
        else:
            terms.append((key, sign))
    data = {key: _depends(graph, inference, key[0], "data") for key, _ in terms}
    return tuple(
        Addend(key, sign, any(data.values()) and not data[key] and _depends(graph, inference, key[0], "parameters")) for key, sign in terms
    )


def _depends(graph: Graph, inference: Inference, node: str, on: str) -> bool:
    for other in inference.ancestors([node]):
        if on == "data" and inference.types[graph.nodes[other].type].role == "data":
            return True
        if on == "parameters" and any(not isinstance(leaf, Wire) for leaf in inference.wirings[other].leaves()):
            return True
    return False


_RIGHT: dict[str, Decide] = {
    "loss.cross_entropy": LargestScore(), "loss.nll": LargestScore(), "loss.logistic": Above(0.0), "loss.hinge": Above(0.0),
    "loss.bce": Above(0.5), "loss.bce_logits": Above(0.0),
}  # fmt: skip
_BY_CODING: dict[str, Decide] = {"plus_minus": Above(0.0), "zero_one": Above(0.5), "one_hot": LargestScore()}


def _parts_of(graph: Graph, inference: Inference, loss: str) -> Parts:
    """A loss's type, and where its prediction and target come from."""
    node_type = inference.types[graph.nodes[loss].type]
    sources = {leaf.port: leaf.source for leaf in inference.wirings[loss].leaves() if isinstance(leaf, Wire)}
    return node_type.key, sources.get(node_type.inputs[0].name), sources.get("target")


def _opened_losses(graph: Graph, inference: Inference, addends: Sequence[Addend]) -> list[Parts]:
    """The same of losses that were opened (`engine.unfold`): their wires end at the entries inside."""
    parts: list[Parts] = []
    reached = inference.ancestors(a.key[0] for a in addends if not a.penalty)
    for group in graph.groups.values():
        kept = opened_from(group)
        if kept is None or kept.exit not in reached or kept.exit not in graph.nodes:
            continue
        node_type = inference.types.get(kept.node.type)
        if node_type is not None and node_type.loss:
            ends = [kept.entries.get(name) for name in (node_type.inputs[0].name, "target")]
            edges = [graph.edge_into(*end) if end is not None and end[0] in graph.nodes else None for end in ends]
            first, second = (None if edge is None else edge.source for edge in edges)
            parts.append((node_type.key, first, second))
    return parts


def _decision(inference: Inference, loss: str, prediction: Key | None, target: Key | None) -> tuple[Key | None, Key | None, Decide | None]:
    """Where a loss's prediction and target come from, and how a prediction names a class; None for a regression."""
    if prediction is None or target is None or prediction not in inference.outputs or target not in inference.outputs:
        return None, None, None
    shape, wanted = inference.outputs[prediction], inference.outputs[target]
    one_hot = wanted.coding == "one_hot" and wanted.dims == shape.dims
    right = LargestScore() if one_hot else _RIGHT.get(loss) or _BY_CODING.get(wanted.coding)
    if isinstance(right, LargestScore):
        right = LargestScore(one_hot=len(wanted.dims) == len(shape.dims))
    return prediction, target, right if shape.batched == wanted.batched and math.prod(shape.dims) > 0 else None
