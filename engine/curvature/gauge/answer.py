"""Answers a `Gauge`: the largest eigenvalue of the objective's Hessian, followed from where it was before, and the coming step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from engine.curvature.gauge import Edge, Forecast, Gauge, GaugeReading
from engine.curvature.gauge.limits import StableLimit, chosen_rows, numbers_of, preconditioned, stable_limit, times
from engine.curvature.largest import Largest, begun, largest
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Rehearsal, rehearse, run_beside
from engine.explain.update.last import made_again
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.length import length as norm
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.curve import Curve
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.run import Run
from graph.text.messages import _

AT_REST, TRAINING = (1e-7, 12, 200), (1e-3, 4, 24)
"""How exact an eigenvalue is sought: its error as a share of it, and the least and the most products. While something trains the next
reading goes on where this one ends."""
SINGLE = 1e-4
"""In single precision no error below this share can be told."""


@dataclass(slots=True)
class _Found:
    """The eigenvectors found last, and how many readings there were."""

    readings: int = 0
    plain: Tensor | None = None
    divided: Tensor | None = None
    first: tuple[tuple[int, int, int], int, dict[str, float]] | None = None
    """What was measured before the run began: of which run and numbers, at which step, and what to note."""


_FOUND: WeakKeyDictionary[Model, _Found] = WeakKeyDictionary()
"""Where the search begins. It decides how soon an eigenvalue is found, not which one."""


@dataclass(slots=True)
class _Frozen:
    """All that the reading is made of, as it was at the start."""

    job: Gauge
    run: Run
    curve: Curve | None
    """The curve of the run, where it notes what is found out."""
    model: Model
    step: int
    point: Point
    rehearsal: Rehearsal
    of: int
    whole: bool
    limit: StableLimit
    live: bool
    after: Tensor
    before: tuple[Tensor, Tensor] | None
    """(p,) twice: from where to where the step led that was made last."""
    found: _Found
    seconds: float = 0.0
    products: list[int] = field(default_factory=list)


def gauge(context: ExplainContext, job: Gauge) -> Steps:
    """The job. What it measures is copied here, before its first turn. Raises Unanswerable."""
    began = time.perf_counter()
    try:
        with threads(context.model.compiled.threads):
            frozen = _freeze(context.run or run_beside(context.model), job, context.live)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    frozen.seconds = time.perf_counter() - began
    return _timed(frozen)


def _freeze(run: Run, job: Gauge, live: bool) -> _Frozen:
    model = run.model
    if isinstance(model.program(training=True), JointProgram):
        raise Unanswerable(_("The gauge looks at one objective; this document has several."))
    rehearsal = rehearse(run)
    if not math.isfinite(rehearsal.loss):
        raise Unanswerable(_("The loss is not a finite number, so there is no next step."))
    rows = model.feeds.rows["train"]
    point = point_at(model, None, chosen_rows(model, rows))
    after = _flat([rehearsal.new.get(key, old) for key, old in rehearsal.old.items()])
    found = _FOUND.setdefault(model, _Found())
    found.readings += 1
    curve = run.curve if run.id == job.run else None
    return _Frozen(
        job, run, curve, model, model.state.step, point, rehearsal, rows if point.rows else 0, run.loss_of != "mini-batch",
        stable_limit(run.conditions(), rehearsal), live, after, None if live or not model.state.step else _before(run, rehearsal), found,
    )  # fmt: skip


def _before(run: Run, coming: Rehearsal) -> tuple[Tensor, Tensor] | None:
    """Where the step that was made last began and ended; None where that is not held, or was of other parameters."""
    again = made_again(run, run.model.state.step - 1)
    if again is None or list(again[1].old) != list(coming.old):
        return None
    made = again[1]
    return _flat(list(made.old.values())), _flat([made.new.get(key, old) for key, old in made.old.items()])


def _flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


# The reading


def _timed(frozen: _Frozen) -> Steps:
    """The job, turn by turn: torch works with the run's threads in each, and only the turns count as time spent."""
    work, spent = _parts(frozen), frozen.seconds
    while True:
        began = time.perf_counter()
        try:
            next(work)
        except StopIteration as end:
            frozen.seconds = spent + time.perf_counter() - began
            return _reading(frozen, *end.value)
        spent += time.perf_counter() - began
        yield JobReport()


Found = tuple[Largest, Largest | None, Forecast, Forecast | None]


def _parts(frozen: _Frozen) -> Generator[None, None, Found]:
    found, divided, made = frozen.found, None, None
    plain = yield from _sought(frozen, _times(frozen, None), found.plain)
    found.plain = plain.vector
    if frozen.limit.divisors is not None:
        divided = yield from _sought(frozen, preconditioned(_times(frozen, None), frozen.limit.divisors), found.divided)
        found.divided = divided.vector
    forecast = yield from _forecast(frozen, frozen.point.here, frozen.after, plain.value)
    if frozen.before is not None:
        begin, end = frozen.before
        earlier = yield from _sought(frozen, _times(frozen, begin), found.plain)
        made = yield from _forecast(frozen, begin, end, earlier.value)
    return plain, divided, forecast, made


def _times(frozen: _Frozen, at: Tensor | None) -> Callable[[Tensor], Tensor]:
    return times(frozen.point, at)


def _sought(frozen: _Frozen, product: Callable[[Tensor], Tensor], before: Tensor | None) -> Generator[None, None, Largest]:
    """The largest eigenvalue of the matrix behind `product`."""
    here = frozen.point.here
    tolerance, least, most = TRAINING if frozen.live else AT_REST
    if here.dtype != torch.float64:
        tolerance = max(tolerance, SINGLE)
    start = begun(before, len(here), frozen.found.readings)
    result = yield from largest(product, start, tolerance, least, most, torch.finfo(here.dtype).eps)
    frozen.products.append(result.products)
    return result


def _forecast(frozen: _Frozen, begin: Tensor, end: Tensor, sharpness: float) -> Generator[None, None, Forecast]:
    """The step from one place to another, where the largest curvature is `sharpness` at the first."""
    point, move = frozen.point, end - begin
    before = float(point.value(begin))
    gradient = point.gradient(begin).double()
    yield
    image = point.product(move, begin).double()
    yield
    d = move.double()
    length = norm(d)
    achieved = float(point.value(end)) - before
    return Forecast(before, float(gradient @ d), float(image @ d) / 2, sharpness / 2 * length * length, length, achieved)


def _reading(frozen: _Frozen, plain: Largest, divided: Largest | None, forecast: Forecast, made: Forecast | None) -> GaugeReading:
    job, eta = frozen.job, float(frozen.rehearsal.hyper["lr"])
    edge = frozen.limit.edge(plain.value, None if divided is None else divided.value, eta)
    _note(frozen, plain, edge)
    return GaugeReading(
        job.structure, job.revision, job.run, frozen.step, plain.value, plain.error, frozen.point.rows, frozen.of, eta, frozen.whole, edge,
        frozen.limit.no_edge, forecast, made, sum(frozen.products), frozen.seconds,
    )  # fmt: skip


def _note(frozen: _Frozen, plain: Largest, edge: Edge | None) -> None:
    """Keep it with the run, unless another run or an earlier step is the present one by now; before the run begins, until it does."""
    run, curve, found, model = frozen.run, frozen.curve, frozen.found, frozen.model
    known = numbers_of(plain.value, edge)
    place = frozen.job.run, model.version, model.edits
    if curve is None:
        found.first = place, frozen.step, known
    elif run.curve is curve and run.state.step >= frozen.step:
        if found.first is not None and found.first[0] == place and found.first[1] < frozen.step:
            curve.note(found.first[1], **found.first[2])
        found.first = None
        curve.note(frozen.step, **known)
