"""Who reached a target loss first: the runs of each competitor (and rate), with the median over the seeds. No torch here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.sweep.plan import OPTIMIZER, SweepPlan
from engine.sweep.results import MemberResult, grouped, without_seed


@dataclass(frozen=True, slots=True)
class Place:
    """Those runs of a sweep that differ in the seed alone, by their `values` of all other settings.

    `reached` of `runs` were as low as the target. `steps`, `evaluations` of the gradient, `passes` over the data and `seconds` are medians
    over all of them, of which a run that never was counts as ∞; None while too few have ended to say.
    """

    values: tuple[Any, ...]
    runs: int
    ended: int
    reached: int
    diverged: int
    steps: float | None
    evaluations: float | None
    passes: float | None
    seconds: float | None
    best: float | None
    """The lowest loss that any of them was at."""


def placing(plan: SweepPlan, rows: Mapping[int, MemberResult], target: float) -> list[Place]:
    """All of them, the fastest first; those that needed as many steps in the order of the plan."""
    found = [_place(values, group, target) for values, group in grouped(plan, without_seed(plan), rows).items()]
    return sorted(found, key=lambda place: (math.inf if place.steps is None else place.steps, -place.reached))


def evaluations_per_step(plan: SweepPlan, rows: Mapping[int, MemberResult]) -> dict[Any, float]:
    """Of each optimizer that evaluates the loss itself, how often its median run evaluated the gradient in a step."""
    place = plan.place(OPTIMIZER)
    found: dict[Any, list[float]] = {}
    for index, row in rows.items():
        if row.evaluations and row.step:
            who = plan.members()[index][place] if place is not None else ""
            found.setdefault(who, []).append(row.evaluations[-1] / row.curve[-1][0])
    return {who: statistics.median(ratios) for who, ratios in found.items()}


def usual_target(rows: Iterable[MemberResult]) -> float | None:
    """A target that tells competitors apart: what half of all runs reached, as a round number."""
    lowest = sorted(row.lows[-1][1] for row in rows if row.lows)
    if not lowest:
        return None
    middle = lowest[len(lowest) // 2]
    if middle <= 0 or not math.isfinite(middle):
        return middle
    unit = 10.0 ** (math.floor(math.log10(middle)) - 1)
    return float(f"{math.ceil(middle / unit) * unit:.2g}")


def _place(values: tuple[Any, ...], group: Sequence[MemberResult], target: float) -> Place:
    ended = [row for row in group if row.ended]
    steps, evaluations, passes, seconds = [], [], [], []
    reached = 0
    for row in ended:
        at = row.reached(target)
        reached += at is not None
        steps.append(math.inf if at is None else at[0])
        evaluations.append(math.inf if at is None else at[1])
        passes.append(math.inf if at is None else at[1] * row.passes)
        seconds.append(math.inf if at is None else row.seconds * at[0] / max(row.step, 1))
    lows = [row.lows[-1][1] for row in ended if row.lows]
    diverged = sum(row.how in ("diverged", "failed") for row in ended)
    data = any(row.passes for row in ended)
    return Place(
        values, len(group), len(ended), reached, diverged, _median(steps), _median(evaluations), _median(passes) if data else None,
        _median(seconds), min(lows, default=None),
    )  # fmt: skip


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
