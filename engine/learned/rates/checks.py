"""From which step on an assumption of a bound is seen to fail: the red marks. What is not seen to fail is not shown to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.learned.rates import Rates
from engine.learned.rates.bounds import Assumption
from graph.text.messages import _

SLACK = 1e-6
"""By which share a curvature may exceed the L that is assumed before it counts: L was rounded when it was typed."""
Failing = Assumption | Literal["least"]


@dataclass(frozen=True, slots=True)
class Failure:
    """`step` is the first after which the assumption cannot hold; `words` say what was measured there."""

    assumption: Failing
    step: int
    words: str


def failures(rates: Rates, L: float, mu: float, least: float) -> tuple[Failure, ...]:
    """The first failure of each assumption: f is L-smooth, convex, μ-strongly convex, and nowhere below `least`, f*."""
    found = [_smooth(rates, L), _convex(rates, least), _strong(rates, mu), _lowest(rates, least)]
    return tuple(failure for failure in found if failure is not None)


def _earliest(candidates: list[tuple[int, str]]) -> tuple[int, str] | None:
    return min(candidates, key=lambda each: each[0], default=None)


def _smooth(rates: Rates, L: float) -> Failure | None:
    if not L > 0:
        return None
    candidates = []
    over = rates.secant - rates.bend_noise > L * (1 + SLACK)
    if over.any():
        i = int(over.argmax())
        text = _("Between steps {a} and {b} the gradient changes by {found} times the distance: more than L = {L}.")
        a, b = rates.steps[i : i + 2]
        candidates.append((int(b), text.format(a=a, b=b, found=_written(rates.secant[i]), L=_written(L))))
    largest = np.maximum(np.abs(rates.low), np.abs(rates.high))
    over = largest > L * (1 + SLACK)
    if over.any():
        i = int(over.argmax())
        step = int(rates.steps[rates.curved[i]])
        text = _("After step {step} the Hessian has an eigenvalue of size {found}: more than L = {L}.")
        candidates.append((step, text.format(step=step, found=_written(largest[i]), L=_written(L))))
    return _made("smooth", candidates)


def _convex(rates: Rates, least: float) -> Failure | None:
    candidates = []
    below = rates.chord < 0
    if below.any():
        i = int(below.argmax())
        text = _("f is not convex between steps {a} and {b}: it lies below its tangent there.")
        candidates.append((int(rates.steps[i + 1]), text.format(a=rates.steps[i], b=rates.steps[i + 1])))
    if rates.optimum.value <= least:
        below = rates.support < 0
        if below.any():
            step = int(rates.steps[below.argmax()])
            text = _("f is not convex: the tangent at step {step} passes above f* at x*.")
            candidates.append((step, text.format(step=step)))
    below = rates.low < -SLACK * np.maximum(np.abs(rates.high), np.abs(rates.low))
    if below.any():
        i = int(below.argmax())
        step = int(rates.steps[rates.curved[i]])
        text = _("After step {step} the Hessian has the negative eigenvalue {found}: f is not convex there.")
        candidates.append((step, text.format(step=step, found=_written(rates.low[i]))))
    return _made("convex", candidates)


def _strong(rates: Rates, mu: float) -> Failure | None:
    if not mu > 0:
        return None
    candidates = []
    below = rates.bend + rates.bend_noise < mu * (1 - SLACK)
    if below.any():
        i = int(below.argmax())
        text = _("Between steps {a} and {b} the curvature is {found}: less than μ = {mu}.")
        a, b = rates.steps[i : i + 2]
        candidates.append((int(b), text.format(a=a, b=b, found=_written(rates.bend[i]), mu=_written(mu))))
    below = rates.low < mu * (1 - SLACK) - 1e-12 * np.abs(rates.high)
    if below.any():
        i = int(below.argmax())
        step = int(rates.steps[rates.curved[i]])
        text = _("After step {step} the least eigenvalue of the Hessian is {found}: less than μ = {mu}.")
        candidates.append((step, text.format(step=step, found=_written(rates.low[i]), mu=_written(mu))))
    return _made("strong", candidates)


def _lowest(rates: Rates, least: float) -> Failure | None:
    below = rates.value < least - rates.noisy
    if not below.any():
        return None
    i = int(below.argmax())
    text = _("After step {step} f is {found}, below the f* that is assumed.")
    return Failure("least", int(rates.steps[i]), text.format(step=rates.steps[i], found=_written(rates.value[i])))


def _made(assumption: Failing, candidates: list[tuple[int, str]]) -> Failure | None:
    first = _earliest(candidates)
    return None if first is None else Failure(assumption, *first)


def _written(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
