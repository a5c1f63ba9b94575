"""How the output of a graph is read: as classes, with probabilities where its loss defines them, or as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.data import DataSet
from engine.data.together import leader
from engine.explain.question import Unanswerable
from engine.training.compiled import Compiled, RunError
from engine.training.measures import Above, LargestScore, Measures, loss_parts
from graph.text.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.model.graph import Graph

Probability = Literal["softmax", "sigmoid", "exp", "itself", ""]
"""What makes probabilities of a prediction's numbers; empty where nothing does."""

_BY_LOSS: dict[str, Probability] = {
    "loss.cross_entropy": "softmax", "loss.nll": "exp", "loss.kl": "exp", "loss.bce": "itself", "loss.bce_logits": "sigmoid",
    "loss.logistic": "sigmoid",
}  # fmt: skip
_BY_PRODUCER: dict[str, Probability] = {"activation.softmax": "itself", "activation.sigmoid": "itself", "activation.log_softmax": "exp"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`prediction` is compared with `target`. `right` says how a prediction names a class; None for numbers.

    `classes` are the names of all classes, `names` those of the numbers that are predicted.
    """

    prediction: Key
    target: Key
    right: LargestScore | Above | None
    probability: Probability
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def by_largest(self) -> bool:
        """Whether each class has a number of its own."""
        return isinstance(self.right, LargestScore)

    def probabilities(self, prediction: Tensor) -> Tensor | None:
        """(N, classes) from the prediction's numbers; None where they are scores without a probability."""
        if self.right is None or not self.probability:
            return None
        if self.by_largest:
            return self._probable(prediction)
        scores = prediction.reshape(-1)
        if self.probability == "sigmoid":
            return torch.stack([torch.sigmoid(-scores), torch.sigmoid(scores)], dim=1)
        certain = self._probable(scores)
        return torch.stack([1 - certain, certain], dim=1)

    def lead(self, prediction: Tensor) -> Tensor | None:
        """(N,): by how much the score of the predicted class is above that of the next one; 0 where both are as large. None for numbers.

        The scores are logits where there are logits, so that they are about straight between neighbouring points.
        """
        if self.right is None:
            return None
        numbers = prediction.reshape(len(prediction), -1)
        if isinstance(self.right, LargestScore):
            if numbers.shape[1] < 2:
                return None
            scores = numbers.log() if self.probability == "itself" else numbers
            first, second = torch.topk(scores, 2, dim=1).values.unbind(1)
            return first - second
        scores = numbers[:, 0]
        if self.probability == "itself" and 0 < self.right.threshold < 1:
            return (torch.logit(scores) - math.log(self.right.threshold / (1 - self.right.threshold))).abs()
        return (scores - self.right.threshold).abs()

    def _probable(self, numbers: Tensor) -> Tensor:
        if self.probability == "softmax":
            if numbers.ndim == 2:  # along the first axis: of many rows with few classes, several times as fast
                return torch.softmax(numbers.T.contiguous(), 0).T
            return torch.softmax(numbers, -1)
        return {"sigmoid": torch.sigmoid, "exp": torch.exp}.get(self.probability, torch.clone)(numbers)


def reading(compiled: Compiled) -> Reading:
    """How the output of this graph is read. Raises Unanswerable with the reason where it cannot be."""
    graph, inference = compiled.graph, compiled.inference
    try:
        measures = compiled.measures
    except RunError as error:
        raise Unanswerable(str(error)) from error
    prediction, target, right = measures.prediction, measures.target, measures.right
    if prediction is None or target is None:
        raise Unanswerable(_("No single loss of this graph compares a prediction with a target, so there is nothing to read out."))
    shape = inference.outputs[prediction]
    if not shape.batched or not inference.outputs[target].batched:
        raise Unanswerable(_("This graph has no data: read-outs need one prediction for each sample."))
    plain = right.plain() if right is not None else None
    if plain is not None and not isinstance(plain, LargestScore) and _count(shape.dims) > 1:
        raise Unanswerable(_("Each sample has several yes-or-no decisions. Read-outs need one class for each sample."))
    about = _described(compiled, target)
    columns = shape.dims[-1] if isinstance(plain, LargestScore) else 2
    if right is None:
        count = _count(shape.dims)
        names = about.description.target_names if about is not None else ()
        numbered = (_("prediction"),) if count == 1 else tuple(_("number {place}").format(place=i + 1) for i in range(count))
        return Reading(prediction, target, None, "", (), names if len(names) == count else numbered)
    classes = about.description.classes if about is not None else ()
    if not classes and columns == 2 and not isinstance(plain, LargestScore):
        classes = (_("negative"), _("positive"))
    classes += tuple(str(number) for number in range(len(classes), columns))
    probability = _probability(graph, compiled, measures, prediction)
    if isinstance(plain, LargestScore) and not _sums_to_one(graph, probability, prediction):
        probability = ""
    return Reading(prediction, target, plain, probability, classes)


def _count(dims: tuple[int, ...]) -> int:
    return int(torch.Size(dims).numel())


def _probability(graph: Graph, compiled: Compiled, measures: Measures, prediction: Key) -> Probability:
    """By the loss that is fed with the prediction, else by the node that makes it."""
    for kind, source, _target in loss_parts(graph, compiled.inference, measures.addends):
        if source == prediction and kind in _BY_LOSS:
            return _BY_LOSS[kind]
    return _BY_PRODUCER.get(graph.nodes[prediction[0]].type, "")


def _sums_to_one(graph: Graph, probability: Probability, prediction: Key) -> bool:
    """Whether one number for each class gives probabilities of classes. Of sigmoids, each is a probability of its own: two scores with a
    binary loss do not say how likely one class is against the other."""
    return probability in ("softmax", "exp") or (probability == "itself" and graph.nodes[prediction[0]].type == "activation.softmax")


def data_sets(compiled: Compiled) -> Mapping[str, DataSet]:
    """The data sets of all Data nodes that could be read, by node."""
    loaded = compiled.feeds.loaded
    first = leader(compiled.graph, loaded)
    return {node: loaded[node] for node in sorted(loaded, key=lambda node: node != first)}


def _described(compiled: Compiled, target: Key) -> DataSet | None:
    """The data set that a target comes from; None where it comes from several or none."""
    before = compiled.inference.ancestors([target[0]])
    sources = [data for node, data in data_sets(compiled).items() if node in before]
    return sources[0] if len(sources) == 1 else None
