"""The responses of all units on a plane: one program call for the whole network, in pieces that keep training waiting only shortly."""

from __future__ import annotations

import math
import time
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key, Wire
from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.evaluate import Evaluator, mixing
from engine.learned.plane import Plane
from engine.learned.plane.answer import TURN, chosen, fed_grid, shown_axes, source_of
from engine.learned.plane.responses import MOST_UNITS, Responses, ResponsesJob
from engine.numerics.job import JobReport, Steps
from engine.training.at_once import rows_at_once
from engine.training.compiled import Compiled, RunError
from engine.training.model import Model
from graph.text.messages import _

FIRST = 256
"""Rows of the first piece, while the speed is not known."""
_KNOWN: WeakKeyDictionary[Compiled, list[Key]] = WeakKeyDictionary()
"""The outputs that have maps."""


def responding(model: Model) -> list[Key]:
    """The outputs that have maps: real vectors or numbers of each sample, between the data and the prediction."""
    if model.compiled not in _KNOWN:
        _KNOWN[model.compiled] = [key for key in _between(model) if mixing(model, [key]) is None]
    return _KNOWN[model.compiled]


def _between(model: Model) -> list[Key]:
    source = source_of(model.compiled)
    inference, graph = model.inference, model.graph
    before = inference.ancestors([source.read.prediction[0]])
    after_data: set[str] = set()
    for node in inference.order:
        sources = {leaf.source[0] for leaf in inference.wirings[node].leaves() if isinstance(leaf, Wire)}
        if node in source.dims or sources & after_data:
            after_data.add(node)
    return [
        key for key, shape in inference.outputs.items()
        if key[0] in before and key[0] in after_data and inference.types[graph.nodes[key[0]].type].role != "data"
        and shape.batched and shape.dtype == "float" and len(shape.dims) <= 1 and math.prod(shape.dims) > 0
    ]  # fmt: skip


def responses(context: ExplainContext, job: ResponsesJob) -> Steps:
    """The job. Which numbers it works with is settled here, before its first turn. Raises Unanswerable."""
    model = context.model
    keys = responding(model)
    if not keys:
        raise Unanswerable(_("No node between the data and the prediction has numbers of each sample."))
    try:
        now = Evaluator(model, keys, kept=True)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
    return _responses(model, now, keys, chosen(model, job.plane), stamp)


def _responses(model: Model, now: Evaluator, keys: list[Key], plane: Plane, stamp: Stamp) -> Steps:
    worked, began = 0.0, time.perf_counter()
    rows = fed_grid(model, plane)
    count = len(next(iter(rows.values())))
    most = rows_at_once(model, keys)
    size, low = min(FIRST, most), 0
    pieces: dict[Key, list[Tensor]] = {key: [] for key in keys}
    while low < count:
        started, done = time.perf_counter(), min(size, count - low)
        try:
            values = now({key: table[low : low + done] for key, table in rows.items()})
        except RunError as error:
            raise Unanswerable(str(error)) from error
        for key in keys:
            pieces[key].append(values[key].reshape(done, -1)[:, :MOST_UNITS])
        spent = time.perf_counter() - started
        low += done
        size = max(64, min(most, int(done / max(spent, 1e-6) * TURN)))
        if low < count:
            worked += time.perf_counter() - began
            yield JobReport(low, count)
            began = time.perf_counter()
    shown = shown_axes(source_of(model.compiled), plane)
    shape = tuple(len(axis.at) for axis in reversed(shown))
    maps = {key: _maps(torch.cat(parts), shape) for key, parts in pieces.items()}
    units = {key: math.prod(model.inference.outputs[key].dims) for key in keys}
    worked += time.perf_counter() - began
    return Responses(stamp, shown, plane.held, maps, units, worked)


def _maps(values: Tensor, shape: tuple[int, ...]) -> np.ndarray:
    """(points, units) → (units, *shape)."""
    array: np.ndarray = np.ascontiguousarray(values.cpu().numpy().T).reshape(-1, *shape)
    return array
