"""Line searches: how far to go along a direction d from θ, by φ(t) = L(θ + t·d) and its slope φ′(t). No torch at import.

Each keeps what it tried. A point where the loss or its gradient is not finite is infinitely high: every search backs away from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine.numerics.lazy import torch
from graph.text.messages import _, ngettext

if TYPE_CHECKING:
    from torch import Tensor

    Evaluate = Callable[[], tuple[Tensor, Sequence[Tensor]]]

Rule = Literal["fixed", "exact", "backtracking", "wolfe", "damping"]
MOST = 40
"""Trial points of one search."""
WIDEST = 10.0
"""By how much a strong Wolfe search lengthens its step at most from one trial to the next."""
MARGIN = 0.01
"""The share of a bracket, at either end, into which an interpolated step does not go."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A point θ + step·d: the loss there, and its slope along d. `damping` is the λ that d belongs to, where every trial has another d."""

    step: float
    loss: float
    slope: float
    damping: float | None = None

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.slope)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """One search and all it tried, in order. `loss` and `slope` are those at t = 0, `taken` the trial that became the step.

    `c1` and `c2` are the constants of its conditions, `curvature` is dᵀHd where the search used it; None where it has no such number.
    `reason` is a key of `WHY`. `direction` is d, all parameters' numbers in one row.
    """

    rule: Rule
    loss: float
    slope: float
    trials: tuple[Trial, ...]
    taken: int | None
    reason: str
    direction: Tensor
    c1: float | None = None
    c2: float | None = None
    curvature: float | None = None

    @property
    def step(self) -> float:
        """The step length that was taken; 0 where none was."""
        return 0.0 if self.taken is None else self.trials[self.taken].step

    @property
    def backed_away(self) -> int:
        """How many trial points were not finite."""
        return sum(not trial.finite for trial in self.trials)


WHY = {
    "fixed": _("The step length is fixed at η."),
    "shortened": _("This step leads to where the loss is not finite, so it was halved until the loss is finite."),
    "exact": _("The minimum of the parabola along d: t = −φ′(0)/φ″(0). It is exact where the loss is quadratic."),
    "armijo": _("The first trial that is low enough: φ(t) ≤ φ(0) + c₁·t·φ′(0)."),
    "concave": _("The loss does not curve upwards along d, so its parabola has no minimum: backtracking chose the step."),
    "wolfe": _("Low enough, φ(t) ≤ φ(0) + c₁·t·φ′(0), and flat enough, |φ′(t)| ≤ c₂·|φ′(0)|."),
    "low": _("No trial is flat enough; the step goes to the lowest trial that is low enough."),
    "none": _("No trial lowers the loss enough, so θ stays. Close to a minimum, round-off is larger than the decrease."),
    "flat": _("The gradient is 0, so there is no direction to go."),
    "infinite": _("The loss is not finite at any trial point, so θ stays."),
    "damped": _("The first λ at which the step lowers the loss; the next step begins with a smaller one."),
    "undamped": _("No λ lowers the loss, so θ stays. Close to a minimum, round-off is larger than the decrease."),
}
"""Why a search ended with the step it took, in words."""


def said(search: Search) -> str:
    """What the search did, in words."""
    count, away = len(search.trials), search.backed_away
    notes = [ngettext("It tried one point.", "It tried {count} points.", count).format(count=count)] if count else []
    if away:
        notes.append(ngettext(
            "It backed away from one point where the loss is not finite.",
            "It backed away from {count} points where the loss is not finite.", away,
        ).format(count=away))  # fmt: skip
    return " ".join([WHY[search.reason], *notes])


class Line:
    """The loss along `direction` from where the parameters are, which are moved to every trial.

    `loss` and `gradient` (flat) are those at t = 0. The gradients of the lowest and of the newest finite trial are kept.
    """

    def __init__(self, parameters: Sequence[Tensor], evaluate: Evaluate, loss: float, gradient: Tensor, direction: Tensor) -> None:
        self._parameters, self._evaluate = parameters, evaluate
        self._start = [p.clone() for p in parameters]
        self.direction = direction
        self._parts = parts_of(direction, parameters)
        self.loss, self.slope = loss, float(torch.dot(gradient, direction))
        self.trials: list[Trial] = []
        self._kept: list[tuple[Trial, Tensor]] = []

    def go(self, step: float) -> None:
        """Move the parameters to θ + step·d."""
        for parameter, start, part in zip(self._parameters, self._start, self._parts, strict=True):
            parameter.copy_(start + step * part if step else start)

    def at(self, step: float) -> Trial:
        """Try a step."""
        self.go(step)
        loss, gradients = self._evaluate()
        gradient = flat(gradients)
        trial = Trial(step, float(loss), float(torch.dot(gradient, self.direction)))
        if trial.finite and not bool(torch.isfinite(gradient).all()):
            trial = replace(trial, slope=math.nan)
        self.trials.append(trial)
        if trial.finite:
            lower = not self._kept or trial.loss < self._kept[0][0].loss
            self._kept = [(trial, gradient)] if lower else [self._kept[0], (trial, gradient)]
        return trial

    def gradient_of(self, trial: Trial) -> Tensor:
        """The gradient at a trial."""
        for kept, gradient in self._kept:
            if kept == trial:
                return gradient
        self.go(trial.step)
        return flat(self._evaluate()[1])

    def low_enough(self, trial: Trial, c1: float) -> bool:
        """Armijo's condition, and a finite point."""
        return trial.finite and trial.loss <= self.loss + c1 * trial.step * self.slope

    def flat_enough(self, trial: Trial, c2: float) -> bool:
        return abs(trial.slope) <= -c2 * self.slope


Found = tuple[Trial | None, str]
"""The trial that is taken, and why."""


def fixed(line: Line, first: float) -> Found:
    """The step `first`, halved until the loss is finite."""
    step = first
    for _trial in range(MOST):
        trial = line.at(step)
        if trial.finite:
            return trial, "fixed" if step == first else "shortened"
        step /= 2
    return None, "infinite"


def exact(line: Line, first: float, curvature: float, c1: float, shrink: float) -> Found:
    """To the minimum of the parabola with this `curvature` at t = 0, dᵀHd; by backtracking where it has none."""
    step = -line.slope / curvature if curvature > 0 else math.inf
    if not math.isfinite(step):
        found, reason = backtracking(line, first, c1, shrink)
        return found, "concave" if found is not None else reason
    found, reason = fixed(line, step)
    return found, "exact" if reason == "fixed" else reason


def backtracking(line: Line, first: float, c1: float, shrink: float) -> Found:
    """The first of `first`, `first`·shrink, … that is low enough (Armijo)."""
    step = first
    for _trial in range(MOST):
        trial = line.at(step)
        if line.low_enough(trial, c1):
            return trial, "armijo"
        step *= shrink
    return None, "none"


def wolfe(line: Line, first: float, c1: float, c2: float) -> Found:
    """A step that is low and flat enough (Nocedal and Wright 2006, algorithms 3.5 and 3.6, with cubic interpolation)."""
    before, step = Trial(0.0, line.loss, line.slope), first
    for i in range(MOST):
        trial = line.at(step)
        if not line.low_enough(trial, c1) or (i and trial.loss >= before.loss):
            return _between(line, before, trial, c1, c2, MOST - 1 - i)
        if line.flat_enough(trial, c2):
            return trial, "wolfe"
        if trial.slope >= 0:
            return _between(line, trial, before, c1, c2, MOST - 1 - i)
        longer = _cubic(before, trial)
        before, step = trial, min(max(longer if math.isfinite(longer) else 0.0, 2 * step), WIDEST * step)
    return before if before.step else None, "low" if before.step else "none"


def _between(line: Line, low: Trial, high: Trial, c1: float, c2: float, most: int) -> Found:
    """A step between two trials: `low` is the lowest that is low enough, and the loss falls from it towards `high`."""
    for _trial in range(most):
        width = high.step - low.step
        step = _cubic(low, high) if high.finite else math.nan
        if not MARGIN <= (step - low.step) / width <= 1 - MARGIN:
            step = low.step + width / 2
        if step in (low.step, high.step):
            break
        trial = line.at(step)
        if not line.low_enough(trial, c1) or trial.loss >= low.loss:
            high = trial
            continue
        if line.flat_enough(trial, c2):
            return trial, "wolfe"
        if trial.slope * width >= 0:
            high = low
        low = trial
    return (low, "low") if low.step else (None, "none")


def _cubic(a: Trial, b: Trial) -> float:
    """Where the cubic through two trials, with their slopes, has its minimum; NaN where it has none."""
    width = b.step - a.step
    middle = a.slope + b.slope - 3 * (b.loss - a.loss) / width
    root = middle * middle - a.slope * b.slope
    if root < 0:
        return math.nan
    root = math.copysign(math.sqrt(root), width)
    down = b.slope - a.slope + 2 * root
    return b.step - width * (b.slope + root - middle) / down if down else math.nan


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All numbers in one row, in the order of the parameters."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def parts_of(row: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """The row cut into the parameters' shapes."""
    pieces = torch.split(row, [p.numel() for p in parameters])
    return [piece.view(p.shape) for piece, p in zip(pieces, parameters, strict=True)]
