"""The objective on a grid over two numbers: many networks evaluated at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.compile.program import NodeFailure, Program
from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import Box, Surface, SurfaceJob
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.state import state_key
from graph.model.address import Address
from graph.model.trained_numbers import number_name
from graph.text.messages import _

LARGEST, AT_ONCE_UNMAPPED = 512, 8
"""Points that are evaluated between two reports, at most; the same where they are evaluated one by one."""
SECONDS, FEWEST, MOST = 1.5, 21, 401
"""Where the objective is dear, a surface has fewer points: as many as fit into this time, but so many along each axis."""
REACH = 1.0
"""Around the present values the plane reaches so far, and at least so many times their size."""

Objective = Callable[[Tensor, Tensor], Tensor]


def surface(context: ExplainContext, job: SurfaceJob) -> Steps:
    """The job. What it evaluates is copied here, before its first turn. Raises Unanswerable."""
    model = context.model
    try:
        program = model.program(training=True)
        with threads(model.compiled.threads):
            objective, here, rows = _objective(model, program, job)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    names = number_name(model.graph, job.plane.x), number_name(model.graph, job.plane.y)
    stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
    return _evaluated(model, job, objective, here, rows, names, stamp)


def _objective(model: Model, program: Program, job: SurfaceJob) -> tuple[Objective, tuple[float, float], int]:
    """The objective as a function of the two numbers, their present values, and the number of samples."""
    parameters = [tensor.clone() for tensor in model.parameters(program)]
    buffers = [tensor.clone() for tensor in model.buffers(program)]
    feeds, random = model.feeds.whole(program.feeds, "train"), model.random(model.state.step)
    tensors, places = [*parameters, *feeds], [_entry(model, program, place) for place in (job.plane.x, job.plane.y)]

    def objective(x: Tensor, y: Tensor) -> Tensor:
        changed = list(tensors)
        for (place, entry), number in zip(places, (x, y), strict=True):
            changed[place] = _with(changed[place], entry, number)
        own = changed[: len(parameters)], changed[len(parameters) :]
        return program.replaced(None, None, own[1], own[0], buffers, random)

    x, y = (float(tensors[place][entry]) for place, entry in places)
    rows = model.feeds.rows["train"] if any(key in model.feeds.train for key in program.feeds) else 0
    return objective, (x, y), rows


def _with(tensor: Tensor, entry: tuple[int, ...], number: Tensor) -> Tensor:
    """The tensor with another number at one place: without writing into it, so that it can be mapped."""
    mask = torch.zeros_like(tensor, dtype=torch.bool)
    mask[entry] = True
    return torch.where(mask, number.to(tensor.dtype), tensor)


def _entry(model: Model, program: Program, place: Address) -> tuple[int, tuple[int, ...]]:
    """Which tensor it is, of the program's parameters and what it is fed with after them, and the entry. Raises Unanswerable."""
    keys, fed = list(program.parameter_keys), list(program.feeds)
    if place.kind == "parameter" and place.key in keys:
        at, shape = keys.index(place.key), model.state.parameters[state_key(place.key)].shape
    elif place.kind == "output" and place.key in fed and place.key in model.feeds.fixed:
        at, shape = len(keys) + fed.index(place.key), model.feeds.fixed[place.key].shape
    else:
        name = number_name(model.graph, place)
        raise Unanswerable(_("The objective does not depend on {name} as a number of its own.").format(name=name))
    index = place.index or ()
    if len(index) != len(shape) or any(i >= size for i, size in zip(index, shape, strict=True)):
        raise Unanswerable(_("{name} is no single number.").format(name=number_name(model.graph, place)))
    return at, index


def _evaluated(
    model: Model, job: SurfaceJob, objective: Objective, here: tuple[float, float], rows: int, names: tuple[str, str], stamp: Stamp
) -> Steps:
    box = job.box or around(*here)
    both = torch.tensor(here, dtype=model.dtype, device=model.device)
    at_once = min(LARGEST, max(1, rows_at_once(model, list(model.inference.outputs)) // max(rows, 1)))
    evaluator = _Evaluator(model, objective, at_once)
    value = float(evaluator(both.reshape(2, 1))[0])
    yield JobReport()
    count = evaluator.affordable(both, max(2, min(job.points, MOST)))
    xs, ys = np.linspace(box[0], box[1], count), np.linspace(box[2], box[3], count)
    grid = torch.tensor(np.stack([axis.reshape(-1) for axis in np.meshgrid(xs, ys)]), dtype=model.dtype, device=model.device)
    values = np.empty(count * count)
    for low in range(0, values.size, evaluator.at_once):
        high = min(low + evaluator.at_once, values.size)
        values[low:high] = evaluator(grid[:, low:high])
        yield JobReport(low, values.size)
    return Surface(stamp, job.plane, names, xs, ys, values.reshape(count, count), (*here, value), rows)


class _Evaluator:
    """The objective at many places, `at_once` of them in one call; one by one where an operation cannot be mapped."""

    def __init__(self, model: Model, objective: Objective, at_once: int) -> None:
        self._threads, self._one, self.at_once = model.compiled.threads, objective, at_once
        self._mapped: Callable[..., Tensor] | None = torch.func.vmap(objective) if at_once > 1 else None

    def __call__(self, places: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(N,) values at (2, N) places. Raises Unanswerable."""
        with torch.no_grad(), threads(self._threads):
            if self._mapped is not None:
                try:
                    return self._mapped(places[0], places[1]).reshape(-1).double().cpu().numpy()
                except (NodeFailure, RuntimeError):
                    self._mapped, self.at_once = None, min(self.at_once, AT_ONCE_UNMAPPED)
            try:
                return np.array([float(self._one(x, y)) for x, y in places.T])
            except (NodeFailure, RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
                raise Unanswerable(_("The objective cannot be computed; the Problems panel says why.")) from error

    def affordable(self, place: Tensor, wanted: int) -> int:
        """How many points along an axis take no longer than `SECONDS`."""
        began = time.perf_counter()
        self(place.reshape(2, 1).expand(2, self.at_once))
        each = (time.perf_counter() - began) / self.at_once
        return max(min(wanted, FEWEST), min(wanted, int(math.sqrt(SECONDS / max(each, 1e-9)))))


def around(x: float, y: float) -> Box:
    """A plane about a place: with it in the middle, and 0 in sight where it is near."""
    wide, high = (max(REACH, 1.5 * abs(at)) if np.isfinite(at) else REACH for at in (x, y))
    x, y = (at if np.isfinite(at) else 0.0 for at in (x, y))
    return x - wide, x + wide, y - high, y + high
