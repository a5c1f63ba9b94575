"""Predictions for all samples of a part, a batch at a time, by one copy of the numbers there are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key, Wire, settings_of
from engine.compile.views import Stamp
from engine.data.parts import Part
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.evaluate import Evaluator, mixing
from engine.learned.picturing import picture_source
from engine.learned.predictions import Predictions, PredictionsJob
from engine.learned.reading import Reading, data_sets, reading
from engine.nodes.base import NodeType, Result, Settings
from engine.nodes.losses import NumberLoss
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.model.faults import planted
from graph.text.messages import _

TURN = 0.01
"""Seconds that one batch may take about: the window and training wait for it."""
FIRST, MOST = 64, 8192
"""Samples of the first batch, which is also the smallest, and of the largest. Fewer would cost more than they spare: a sample alone is
computed at a fraction of the speed."""


class SampleLosses:
    """The loss of each sample alone, without penalties.

    Known losses are asked for the losses of a whole batch. Where the objective is made of other operations, it is computed once for
    each sample, in a batch of one.
    """

    def __init__(self, model: Model) -> None:
        self._terms = [(addend.key, addend.sign) for addend in model.measures.addends if not addend.penalty]
        known = [_known(model, key) for key, _sign in self._terms]
        self._known = None if planted(model.graph) is not None or None in known else [term for term in known if term is not None]

    @property
    def needed(self) -> list[Key]:
        """What has to be evaluated."""
        if self._known is None:
            return [key for key, _sign in self._terms]
        return [key for term in self._known for key in term[2:]]

    @property
    def one_by_one(self) -> bool:
        return self._known is None

    def together(self, values: Mapping[Key, Tensor], samples: int) -> Tensor:
        """(samples,) from the values of a batch."""
        total = torch.zeros((), dtype=torch.float64)
        for (_key, sign), (node_type, settings, prediction, target) in zip(self._terms, self._known or [], strict=True):
            each = _each(node_type, settings, values[prediction], values[target]).detach().cpu().double()
            total = total + sign * each
        return total.expand(samples)

    def alone(self, values: Mapping[Key, Tensor]) -> float:
        """From the values of a batch of one."""
        return sum(sign * float(values[key]) for key, sign in self._terms)


_Known = tuple[NodeType, Settings, Key, Key]


def _known(model: Model, key: Key) -> _Known | None:
    """A loss that compares a batch of predictions with a batch of targets."""
    graph, inference, node = model.graph, model.inference, key[0]
    node_type = inference.types[graph.nodes[node].type]
    sources = {leaf.port: leaf.source for leaf in inference.wirings[node].leaves() if isinstance(leaf, Wire)}
    prediction, target = sources.get(node_type.inputs[0].name) if node_type.inputs else None, sources.get("target")
    if not node_type.loss or prediction is None or target is None:
        return None
    if not inference.outputs[prediction].batched or not (isinstance(node_type, NumberLoss) or "ℓ" in node_type.inner):
        return None
    settings = settings_of(graph, node, training=False, batched=inference.batched[node], dtype=inference.dtype)
    return node_type, settings, prediction, target


def _each(node_type: NodeType, settings: Settings, prediction: Tensor, target: Tensor) -> Tensor:
    """(N,): what the loss node would say of each sample of the batch alone."""
    if isinstance(node_type, NumberLoss):
        losses = node_type.each(settings, prediction, target).reshape(len(prediction), -1)
        return losses.mean(1) if settings.reduction == "mean" else losses.sum(1)
    result = node_type.forward(settings, prediction, target)
    kept = result.kept if isinstance(result, Result) else None
    each: Tensor = node_type.inner["ℓ"](settings, kept, prediction, target)
    return each


def predictions(context: ExplainContext, job: PredictionsJob) -> Steps:
    """The job. Which numbers it works with is settled here, before its first turn. Raises Unanswerable."""
    model = context.model
    read = reading(model.compiled)
    if (node := mixing(model, [read.prediction])) is not None:
        name = model.graph.nodes[node].name
        raise Unanswerable(_("{name} computes one value from the whole batch, so a sample has no prediction of its own.").format(name=name))
    losses = SampleLosses(model)
    outputs = list(dict.fromkeys([read.prediction, read.target, *losses.needed]))
    try:
        now = Evaluator(model, outputs, kept=True, mixed=losses.one_by_one)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
    return _predictions(model, job, read, losses, now, rows_at_once(model, outputs), stamp)


def _predictions(
    model: Model, job: PredictionsJob, read: Reading, losses: SampleLosses, now: Evaluator, most: int, stamp: Stamp
) -> Steps:  # fmt: skip
    part: Part = job.part or model.feeds.held_out or "train"
    of, keys = source_rows(model, part), now.data
    feeds = model.feeds.whole(keys, part)
    if job.places is not None:
        of, feeds = of[list(job.places)], model.feeds.chosen(keys, torch.tensor(job.places, dtype=torch.int64, device=model.device), part)
    count, low, worked = len(of), 0, 0.0
    most = min(MOST, most)
    size = min(FIRST, most)
    outputs: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    each = np.zeros(count)

    def rows(first: int, last: int) -> dict[Key, Tensor]:
        try:
            return now({key: feed[first:last] for key, feed in zip(keys, feeds, strict=True)})
        except RunError as error:
            raise Unanswerable(str(error)) from error

    while low < count:
        began = time.perf_counter()
        high = min(low + size, count)
        values = rows(low, high)
        outputs.append(values[read.prediction].detach().cpu().numpy())
        targets.append(values[read.target].detach().cpu().numpy())
        if not losses.one_by_one:
            with threads(model.compiled.threads):
                each[low:high] = losses.together(values, high - low).numpy()
        low, spent = high, time.perf_counter() - began
        worked += spent
        size = min(2 * size, most) if spent < TURN / 2 else max(min(FIRST, most), size // 2) if spent > TURN else size
        yield JobReport(low, count)
    if losses.one_by_one:
        for place in range(count):
            began = time.perf_counter()
            each[place] = losses.alone(rows(place, place + 1))
            worked += time.perf_counter() - began
            if place % 16 == 15:
                yield JobReport(place, count)
    found = _joined(outputs, model, read.prediction), _joined(targets, model, read.target)
    answer = _answer(part, read, of, *found, each, stamp)
    parts = tuple((name, size) for name, size in model.feeds.rows.items() if size)
    return replace(answer, parts=parts, pictures=picture_source(model) is not None, seconds=worked)


def _joined(pieces: Sequence[np.ndarray], model: Model, key: Key) -> np.ndarray:
    if pieces:
        return np.concatenate(pieces)
    shape = model.inference.outputs[key]
    return np.zeros(shape.full(0), dtype=np.int64 if shape.dtype == "index" else np.float64)


def source_rows(model: Model, part: Part) -> np.ndarray:
    """(N,): the place in the source of each sample of a part."""
    for data in data_sets(model.compiled).values():
        return data.part(part).rows
    return np.zeros(0, dtype=np.int64)


def _answer(
    part: Part, read: Reading, rows: np.ndarray, prediction: np.ndarray, target: np.ndarray, loss: np.ndarray, stamp: Stamp
) -> Predictions:  # fmt: skip
    count = len(prediction)
    if read.right is None:
        table, truth = _table(prediction), _table(np.broadcast_to(target, prediction.shape))
        return Predictions(
            part, stamp, "numbers", rows, table, truth, np.zeros(0, dtype=bool), table, None, loss, names=read.names
        )  # fmt: skip
    numbers = torch.from_numpy(prediction)
    predicted = read.right.classes(numbers).reshape(count).numpy()
    truth = read.right.truth(torch.from_numpy(target)).reshape(count).long().numpy()
    probable = read.probabilities(numbers)
    scores = _table(prediction)
    return Predictions(
        part, stamp, "classes", rows, predicted, truth, predicted == truth, scores, None if probable is None else probable.numpy(), loss,
        classes=read.classes,
    )  # fmt: skip


def _table(array: np.ndarray) -> np.ndarray:
    """A row for each sample, also where there is none."""
    return array.reshape(len(array), int(np.prod(array.shape[1:])))
