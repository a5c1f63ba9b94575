"""The learning-rate finder: the loss while the rate grows from step to step, on a copy. Request and answer, without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.numerics.job import Job

LOW, HIGH, STEPS = 1e-6, 10.0, 100
KEPT = 0.9
"""β of the smoothed loss: an exponential mean over about 1/(1 − β) steps, corrected for its start."""
FIRST = 10
"""The mean of fewer steps has not settled: none of these is suggested."""
DIVERGED = 4.0
"""The loss has diverged where its mean is more than this multiple of the lowest mean before."""
LEAST = 0.02
"""A loss that falls by less than this share of its first mean does not count as falling."""


@dataclass(frozen=True, slots=True)
class FindRate(Job):
    """Trains a copy of the present state for `steps` mini-batches, at rates from `low` to `high` in equal ratios.

    The answer is a `Sweep`.
    """

    done_by: ClassVar[str] = "engine.learned.rate_finder.answer:find_rate"
    low: float = LOW
    high: float = HIGH
    steps: int = STEPS
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was found. `rates[i]` is that of step i + 1, `losses[i]` the mini-batch loss after it, `smoothed` its exponential mean.

    It ends early where the loss has diverged or is not finite: `diverged` is the first rate at which that was so. `suggested` is the rate
    at which the mean falls most steeply against log η; None where it does not fall. `step` is that of the state it began from.
    """

    structure: int
    revision: int
    run: int
    step: int
    optimizer: str
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggested: float | None
    diverged: float | None


def rate_at(step: int, low: float, high: float, steps: int) -> float:
    """The rate of one step, from 0: `low` first, `high` last, in equal ratios."""
    return low if steps < 2 else float(low * (high / low) ** (step / (steps - 1)))


def smoothed(losses: Sequence[float]) -> list[float]:
    """sᵢ = β sᵢ₋₁ + (1 − β) Lᵢ, divided by 1 − βⁱ: as Adam corrects its means."""
    mean, means = 0.0, []
    for i, loss in enumerate(losses, 1):
        mean = KEPT * mean + (1 - KEPT) * loss
        means.append(mean / (1 - KEPT**i))
    return means


def has_diverged(means: Sequence[float]) -> bool:
    """Whether the newest mean is more than `DIVERGED` times the lowest; where this is negative, whether it is that far above it."""
    lowest = min(means)
    return means[-1] - lowest > (DIVERGED - 1) * abs(lowest)


def steepest(rates: Sequence[float], means: Sequence[float]) -> float | None:
    """The rate at which the mean falls most steeply against log η; None where it does not fall, or by next to nothing."""
    if len(means) < FIRST + 3 or min(means[FIRST:]) > means[FIRST] - LEAST * abs(means[FIRST]):
        return None
    slopes = [
        ((means[i + 1] - means[i - 1]) / math.log(rates[i + 1] / rates[i - 1]), rates[i]) for i in range(FIRST, len(means) - 1)
    ]  # fmt: skip
    slope, rate = min(slopes)
    return rate if slope < 0 else None
