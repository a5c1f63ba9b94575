"""The stability gauge: how large a step the curvature allows, and what the coming step does. Request and answer, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.compile.views import Stamp
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class Gauge(Job):
    """Measures the curvature where training is now, and the coming step. The answer is a `GaugeReading`.

    Everything is about one function f, the objective over the training part (see `GaugeReading.rows`) as training computes it: in
    training mode, with the random numbers of the coming step. The step itself is the one that the run makes next, from a mini-batch or
    not. Training goes on meanwhile: the answer is about the step it began at.
    """

    done_by: ClassVar[str] = "engine.curvature.gauge.answer:gauge"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """Up to which curvature the steps of an optimizer are stable on a quadratic: `limit`, which `formula` gives.

    `curvature` is what it is compared with: λmax(∇²f), or λmax(P⁻¹∇²f) with the optimizer's divisors P where it is `preconditioned`.
    `rate` is the learning rate with which both would be equal; None where the curvature allows any.
    """

    curvature: float
    limit: float
    rate: float | None
    formula: str
    preconditioned: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The coming step d at the parameters θ: what is predicted of f(θ + d) − f(θ), and what it is.

    `value` is f(θ), `slope` ⟨∇f, d⟩, `bend` ½⟨∇²f d, d⟩, `bound` ½λmax‖d‖², `length` ‖d‖. `achieved` is f(θ + d) − f(θ).
    """

    value: float
    slope: float
    bend: float
    bound: float
    length: float
    achieved: float

    @property
    def model(self) -> float:
        """The change by the second-order model, ⟨∇f, d⟩ + ½⟨∇²f d, d⟩."""
        return self.slope + self.bend

    @property
    def lemma(self) -> float:
        """The change that the descent lemma promises at most, ⟨∇f, d⟩ + (L/2)‖d‖², with L = λmax here.

        For gradient descent, d = −η∇f, it is −η(1 − ηL/2)‖∇f‖² (Nesterov, *Introductory Lectures on Convex Optimization*, 2004, lemma
        1.2.3). It holds where no curvature on the way exceeds λmax; on a quadratic always.
        """
        return self.slope + self.bound


@dataclass(frozen=True, slots=True)
class GaugeReading:
    """What was measured at `step`: the largest eigenvalue λmax of ∇²f, within `error` of an eigenvalue.

    `rows` of the `of` training samples were used, evenly spaced; both are 0 without data. `rate` is the learning rate of the coming step.
    `forecast` is about the coming step, `made` about the one that led here: None where the state before it is not held, and while
    something trains. Both are about the same f. `edge` is None where nothing exact is known of the optimizer: then `no_edge` says why.
    `whole`: every step takes all samples. `seconds` is the time it took.
    """

    structure: int
    revision: int
    run: int
    step: int
    sharpness: float
    error: float
    rows: int
    of: int
    rate: float
    whole: bool
    edge: Edge | None
    no_edge: str
    forecast: Forecast
    made: Forecast | None
    products: int
    seconds: float

    @property
    def stamp(self) -> Stamp:
        """By which numbers it was made."""
        return Stamp(self.structure, self.revision, self.run, self.step)
