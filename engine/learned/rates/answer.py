"""Answers a `RatesJob`: the run made again with the objective, its gradient and its curvature at every step, and a minimum below it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.compile.views import Stamp
from engine.curvature.convex import ConvexJob, ConvexProblem
from engine.curvature.convex.answer import convex
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.rates import Floats, Optimum, Rates, RatesJob, Recognised
from engine.learned.rates.method import method_of
from engine.learned.rates.searching import Found, minimum, with_spectrum
from engine.learned.track.replaying import StepsAgain, Stretch
from engine.numerics.job import JobReport, Steps
from engine.numerics.length import length, lengths
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.optimizers.base import Optimizer
from engine.training.run import Run
from engine.training.state import state_key
from graph.text.messages import _

SECONDS = 2.0
"""That the objective may take at all moments together: where it is dear, there are fewer of them."""
NUMBERS = 8_000_000
"""That are kept at all moments together, places and gradients."""
EVERY = 32
"""The first steps, all of which are moments."""
FEW = 60
"""Numbers up to which all eigenvalues are computed along the path, at most at `SPECTRA` moments and within `SPECTRA_SECONDS`."""
SPECTRA, SPECTRA_SECONDS = 16, 0.5
ROUNDINGS = 32
"""Units of round-off that a sum over the samples may have."""
INEXACT = 1e-6
"""By which share ⟨∇f(x_t), x* − x_t⟩ may be wrong because x* was found by a search."""
RESOLVED = 1e-3
"""Round-off of a curvature, as a share of the largest one, above which it is not known."""


@dataclass(slots=True)
class Moment:
    """After `step` steps from x₀: the place (p,), f and ∇f there. `noise` is ‖g − ∇f‖² of the mini-batch that leaves it."""

    step: int
    place: Tensor
    value: float
    gradient: Tensor
    noise: float = math.nan


class Measuring(StepsAgain):
    """Notes the moments of a run; `point` is its objective."""

    def __init__(self, run: Run, most: int, point: Point) -> None:
        super().__init__(run, most)
        self.point = point
        self.moments: list[Moment] = []
        self.rates: list[float] = []
        self._names = [state_key(key) for key in run.model.program(training=True).trainable_keys]
        self._stride = 0
        self._optimizer: Optimizer | None = None

    def begin(self, stretch: Stretch, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        if not stretch.conditions.batches().whole and not optimizer.evaluates_loss:
            step = optimizer.step

            def noted(gradients: list[Tensor]) -> None:
                self._note(gradients)
                step(gradients)

            optimizer.step = noted  # type: ignore[method-assign]
        if not self.moments:
            began = time.perf_counter()
            self._measure()
            each = max(time.perf_counter() - began, 1e-6)
            count, size = self.last - self.first, 2 * len(self.point.here)
            self._stride = max(1, math.ceil(count * each / SECONDS), math.ceil(count * size / NUMBERS))

    def _measure(self) -> None:
        state = self.model.state
        place = torch.cat([state.parameters[name].reshape(-1) for name in self._names])
        value, gradient = self.point.value_and_gradient(place)
        self.moments.append(Moment(state.step - self.first, place, float(value), gradient))

    def _note(self, gradients: list[Tensor]) -> None:
        newest = self.moments[-1]
        if newest.step == self.model.state.step - self.first:
            batch = torch.cat([gradient.reshape(-1) for gradient in gradients])
            newest.noise = float(((batch - newest.gradient) ** 2).sum())

    def look(self, loss: float) -> None:
        step = self.model.state.step
        made = step - self.first
        if self._optimizer is not None:
            self.rates.append(float(self._optimizer.hyper["lr"]))
        if made <= EVERY or made % self._stride == 0 or step == self.last:
            self._measure()


def rates(context: ExplainContext, job: RatesJob) -> Steps:
    """The job. What it replays and the objective are copied here, before its first turn. Raises Unanswerable."""
    if context.run is None:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    try:
        program = context.model.program(training=True)
        if isinstance(program, JointProgram):
            raise Unanswerable(_("There are several objectives, and no single f whose minimum is approached."))
        measuring = Measuring(context.run, job.most, point_at(context.model))
    except RunError as error:
        raise Unanswerable(str(error)) from error
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    known = convex(context, ConvexJob(structure=job.structure, revision=job.revision, run=job.run))
    return _measured(measuring, known, stamp, program.keyed)


def _measured(measuring: Measuring, known: Steps, stamp: Stamp, keyed: bool) -> Steps:
    problem: ConvexProblem = yield from known
    if problem.infimum == -math.inf:
        raise Unanswerable(problem.lacks)  # else f* would be wherever a search gave up
    total = measuring.last - measuring.first
    for made in measuring.turns():
        yield JobReport(made, total)
    moments = measuring.moments
    finite = [moment for moment in moments if math.isfinite(moment.value)]
    if len(finite) < 2:
        raise Unanswerable(_("The objective of this run is not a finite number."))
    found = exact_minimum(problem, moments[0].place, measuring.point)
    if found is None:
        found = yield from _lowest(measuring.point, finite)
    curved, low, high = yield from _spectra(measuring.point, moments)
    conditions = [stretch.conditions for stretch in measuring.stretches]
    method = method_of(conditions, measuring.rates, measuring.first == 0)
    numbers = _Numbers(moments, found, torch.finfo(measuring.point.here.dtype).eps)
    return Rates(
        stamp, method, numbers.optimum(), measuring.first, measuring.point.rows, len(measuring.point.here),
        np.array([moment.step for moment in moments]), numbers.value, numbers.slope, numbers.distance,
        np.array([moment.noise for moment in moments]), numbers.support, *numbers.between(), curved=np.array(curved, dtype=np.int64),
        low=np.array(low), high=np.array(high), problem=_recognised(problem), keyed=keyed,
    )  # fmt: skip


def exact_minimum(problem: ConvexProblem, start: Tensor, point: Point) -> Found | None:
    """The minimum nearest to the start where the problem was recognised and solved; a place of NaN where f only comes close to its least
    value; None where nothing is known."""
    optimum = problem.optimum
    if optimum is None:
        if problem.infimum is None:
            return None
        return Found(torch.full_like(start, math.nan), problem.infimum, math.nan, problem.lacks, exact=True)
    place = torch.as_tensor(optimum.nearest(start.double().cpu().numpy()), dtype=start.dtype, device=start.device)
    slope = math.nan if optimum.gradient is None else optimum.gradient
    return with_spectrum(point, Found(place, optimum.f, slope, f"{problem.title}. {optimum.how}", exact=True))


def _recognised(problem: ConvexProblem) -> Recognised | None:
    if not problem.kind or problem.convex is False:
        return None
    lipschitz = math.nan if problem.lipschitz is None else problem.lipschitz
    return Recognised(problem.title, lipschitz, problem.lipschitz_is == "exact", problem.strong if problem.strong > 0 else math.nan)


def _lowest(point: Point, moments: list[Moment]) -> Steps:
    """The minimum downhill of the lowest moment."""
    start = min(moments, key=lambda moment: moment.value)
    lowest = Found(start.place, start.value, length(start.gradient), "")
    for found in minimum(point, start.place):
        lowest = found
        yield JobReport(0, 0, _("Looking for the minimum"))
    return lowest


def _spectra(point: Point, moments: list[Moment]) -> Steps:
    """The indices of some moments, evenly spread over the logarithm of the step, with the ends of the Hessian's spectrum there."""
    curved: list[int] = []
    low: list[float] = []
    high: list[float] = []
    if len(point.here) > FEW:
        return curved, low, high
    until = time.perf_counter() + SPECTRA_SECONDS
    wanted = np.unique(np.geomspace(1, len(moments), SPECTRA).round().astype(int) - 1)
    for i in (int(i) for i in wanted):
        matrix = point.hessian(moments[i].place)
        if bool(torch.isfinite(matrix).all()):
            values = torch.linalg.eigvalsh((matrix + matrix.T) / 2)
            curved.append(i)
            low.append(float(values[0]))
            high.append(float(values[-1]))
        yield JobReport()
        if time.perf_counter() > until:
            break
    return curved, low, high


class _Numbers:
    """What follows from places, values and gradients of the moments."""

    def __init__(self, moments: list[Moment], found: Found, unit: float) -> None:
        self._found, self._unit = found, ROUNDINGS * unit
        self._places = torch.stack([moment.place for moment in moments]).double().cpu()
        self._gradients = torch.stack([moment.gradient for moment in moments]).double().cpu()
        self.value: Floats = np.array([moment.value for moment in moments])
        self.slope: Floats = lengths(self._gradients).numpy()
        away = found.place.double().cpu() - self._places
        self.distance: Floats = lengths(away).numpy()
        self.noisy: Floats = self._unit * np.maximum(np.abs(self.value), abs(found.value))
        along = (self._gradients * away).sum(1).numpy()
        self.support: Floats = _beyond(found.value - self.value - along, 2 * self.noisy + INEXACT * np.abs(along))

    def optimum(self) -> Optimum:
        found = self._found
        settled = found.exact or found.slope <= 1e-7 * float(np.nanmax(self.slope, initial=0.0))
        reached = bool(torch.isfinite(found.place).all())
        return Optimum(found.value, found.how, found.slope, settled, found.low, found.high, reached)

    def between(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """secant, bend, chord and the round-off of curvatures, each (M − 1,); and the round-off of values, (M,)."""
        moves, turns = self._places.diff(dim=0), self._gradients.diff(dim=0)
        lengths = moves.norm(dim=1).numpy()
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            secant = turns.norm(dim=1).numpy() / lengths
            bend = (turns * moves).sum(1).numpy() / lengths**2
            far = lengths >= 1e-4 * np.nanmax(lengths, initial=0.0)
            typical = float(np.nanmax(secant[far], initial=0.0))
            sizes = self._places.norm(dim=1).numpy()[1:]
            noise = self._unit * (self.slope[1:] + self.slope[:-1] + typical * sizes) / lengths
        unknown = ~(noise <= RESOLVED * typical) | ~np.isfinite(noise) | ~np.isfinite(secant)
        secant[unknown] = bend[unknown] = np.nan
        rise = np.diff(self.value)
        ahead, back = ((self._gradients[part] * moves).sum(1).numpy() for part in (slice(None, -1), slice(1, None)))
        rough = self.noisy[1:] + self.noisy[:-1] + self._unit * (np.abs(ahead) + np.abs(back))
        chord = _beyond(np.minimum(rise - ahead, back - rise), rough)
        return secant, bend, chord, np.where(unknown, np.nan, noise), self.noisy


def _beyond(numbers: Floats, noise: Floats) -> Floats:
    """The numbers, 0 where they are no larger than their round-off."""
    return np.where(np.abs(numbers) <= noise, 0.0, numbers)
