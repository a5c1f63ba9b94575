"""What the line search of a step tried, with the loss along its direction to draw it on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from torch import Tensor

from engine.explain.update import LineSearch, TrialPoint
from engine.training.optimizers.searches import Search, Trial, said
from engine.training.optimizers.searching import RULES
from graph.text.messages import _, translated

POINTS, FEWEST, SECONDS = 121, 21, 0.1
"""Points of the curve over all that was tried; fewer where the loss takes long. As many again lie close to the step that was taken."""
CLOSE = 4.0
"""Where the longest trial is longer than this many steps, the curve close to the step has points of its own."""


def search_of(search: Search, loss_along: Callable[[Tensor, float], float]) -> LineSearch:
    """The search as data; `loss_along(d, t)` is the loss at θ + t·d."""
    shown = [search.trials[-1]] if search.rule == "damping" and search.trials else search.trials
    places = _places(search, max((trial.step for trial in shown), default=1.0), _affordable(search, loss_along))
    heights = tuple(_number(loss_along(search.direction, step)) for step in places)
    title = _("Trials of λ") if search.rule == "damping" else translated(RULES[search.rule])
    trials = tuple(
        TrialPoint(trial.step, trial.loss, trial.slope, trial.damping, _verdict(search, i, trial)) for i, trial in enumerate(search.trials)
    )
    return LineSearch(
        title, search.loss, search.slope, trials, search.taken, said(search), search.c1, search.curvature, places, heights
    )  # fmt: skip


def _affordable(search: Search, loss_along: Callable[[Tensor, float], float]) -> int:
    started = time.perf_counter()
    loss_along(search.direction, 0.0)
    return max(FEWEST, min(POINTS, int(SECONDS / max(time.perf_counter() - started, 1e-6))))


def _places(search: Search, widest: float, count: int) -> tuple[float, ...]:
    """Step lengths from before 0 to behind the longest trial, with all trials among them."""
    places = {0.0, *map(float, np.linspace(-0.15, 1.15, count) * widest)}
    if search.rule != "damping":
        places |= {trial.step for trial in search.trials}
    if 0 < CLOSE * search.step < widest:
        places |= set(map(float, np.linspace(-0.5, 2.2, count) * search.step))
    return tuple(sorted(places))


def _verdict(search: Search, place: int, trial: Trial) -> str:
    """What became of a trial."""
    if place == search.taken:
        return _("taken")
    if not trial.finite:
        return _("not finite")
    if search.rule == "damping":
        return _("higher")
    if search.c1 is not None and not trial.loss <= search.loss + search.c1 * trial.step * search.slope:
        return _("too high")
    if search.c2 is not None and abs(trial.slope) > -search.c2 * search.slope:
        return _("too steep")
    return _("not taken")


def _number(value: float) -> float:
    return value if math.isfinite(value) else math.nan
