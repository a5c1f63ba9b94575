"""The curves of one run: points thinned as they grow, always with the newest, and the loss of every step."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.training.losses import Losses
from graph.model.covered import Covered, unless_told
from graph.storage.saved_run import SavedLosses, SavedRun

LIMIT = 2000
CURVATURE = ("sharpness", "preconditioned_sharpness", "stability_limit")
"""What the stability gauge notes (see `engine.curvature.gauge`)."""
POINT_NAMES = ("loss", "accuracy", "test_loss", "test_accuracy", "validation_loss", "validation_accuracy", *CURVATURE)
OTHER = "objective_"
"""What the values of further objectives are called in a file, with their number: `objective_2`."""
FRESH = 4096
"""So many losses are put in their place at a time."""
UNTOLD = 2**17
"""So many losses are kept for the next listener; if there are more, it is told the whole curve."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the training curves. What was not measured at this step is None."""

    step: int
    loss: float | None = None
    accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    sharpness: float | None = None
    """The largest eigenvalue of the Hessian of the training objective, after this step."""
    preconditioned_sharpness: float | None = None
    """The same of P⁻¹ times the Hessian, with what the optimizer divides by, P."""
    stability_limit: float | None = None
    """Up to which of the two the optimizer's steps are stable on a quadratic."""
    others: tuple[float, ...] = ()
    """The values of the second objective and those after it; nothing where there is one."""

    @property
    def objective_2(self) -> float | None:
        return self.others[0] if self.others else None

    @property
    def objective_3(self) -> float | None:
        return self.others[1] if len(self.others) > 1 else None

    @property
    def objective_4(self) -> float | None:
        return self.others[2] if len(self.others) > 2 else None

    @property
    def measured(self) -> dict[str, float]:
        """What was measured over whole parts, under the names of the metrics."""
        named = {"train_accuracy": self.accuracy, **{name: getattr(self, name) for name in HELD_OUT}}
        return {name: value for name, value in named.items() if value is not None}

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Points travel by the hundred: as a call they are packed and unpacked in a tenth of the time."""
        found = (self.accuracy, self.test_loss, self.test_accuracy, self.validation_loss, self.validation_accuracy, self.sharpness,
                 self.preconditioned_sharpness, self.stability_limit, self.others)  # fmt: skip
        return Point, (self.step, self.loss) if found == UNMEASURED else (self.step, self.loss, *found)


UNMEASURED = (*[None] * 8, ())
"""The fields of most points after the loss."""
HELD_OUT = ("validation_loss", "validation_accuracy", "test_loss", "test_accuracy")
"""The measurements over the part that judges a run while it trains: one of the two parts has them."""


def without(points: Sequence[Point], secret: float) -> list[Point]:
    """The points, with a gap where a loss is hidden by a question."""

    def gap(loss: float | None) -> float | None:
        return None if isinstance(unless_told(loss, secret), Covered) else loss

    return [
        replace(
            point, loss=gap(point.loss), test_loss=gap(point.test_loss), validation_loss=gap(point.validation_loss),
            others=tuple(math.nan if gap(value) is None else value for value in point.others),
        )
        for point in points
    ]


def without_curvature(points: Sequence[Point]) -> list[Point]:
    """The points, without what the stability gauge noted."""
    nothing: dict[str, Any] = dict.fromkeys(CURVATURE)
    return [point if point.sharpness is None else replace(point, **nothing) for point in points]


class Curve:
    """Mini-batch losses step by step, thinned evenly as they grow, and measurements over whole parts, which stay longest.

    A stored point's step is a multiple of `stride`, or it was measured.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._stored: list[Point] = []
        self._newest: Point | None = None
        self._last_but_one: Point | None = None
        self._thinned = False
        self._measured: dict[str, float] | None = None
        """What was measured last; None where that has to be looked for: a listener asks twelve times a second."""
        self._noted = LIMIT
        """The index of the first stored point that something was noted at since a listener was told last."""
        self._ahead: Point | None = None
        """What was noted before the first step."""
        self.stride = 1
        self._losses = Losses()
        self._fresh: list[float] = []
        """The newest losses, which are not in `_losses` yet: a step must not pay for more than appending to a list."""
        self._fresh_step = 1
        """The step of the first of them."""
        self._untold = Losses()
        """The losses since a listener was told last."""
        self._told = -1
        """The step of the newest loss that a listener knows; −1: it needs all."""

    @classmethod
    def of(cls, points: Sequence[Point], losses: Losses, stride: int = 1) -> Curve:
        """A curve that was saved: its points, and the loss of every step."""
        curve = cls()
        curve.stride, curve._losses, curve._fresh_step = stride, losses, losses.last + 1
        curve._stored = list(points)
        if points and points[-1].step % stride and not _measured(points[-1]):
            curve._newest = curve._stored.pop()
        return curve

    @property
    def points(self) -> list[Point]:
        """At most `limit` points in order of steps; the last one is the newest there is."""
        if self._newest is None or (self._stored and self._stored[-1].step >= self._newest.step):
            return list(self._stored)
        return [*self._stored, self._newest]

    @property
    def last(self) -> int:
        """The newest step there is anything of; -1 while there is nothing."""
        return max((p.step for p in (self._newest, *self._stored[-1:]) if p is not None), default=-1)

    @property
    def measured(self) -> dict[str, float]:
        """What was measured last over whole parts, under the names of the metrics; empty where nothing was."""
        if self._measured is None:
            self._measured = next((found for point in reversed(self._stored) if (found := point.measured)), {})
        return dict(self._measured)

    @property
    def losses(self) -> Losses:
        """The loss of every step."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._losses.add(self._fresh_step, fresh)
            if self._told >= 0:
                self._untold.add(self._fresh_step, fresh)
                if self._untold.steps > UNTOLD:
                    self._untold, self._told = Losses(), -1
        return self._losses

    def add(self, first_step: int, losses: Sequence[float], others: Sequence[tuple[float, ...]] = ()) -> None:
        """Losses of consecutive steps, the first of them `first_step`, and at each the values of further objectives, if any."""
        if not losses:
            return
        self._keep(first_step, losses)
        if self._ahead is not None and self._ahead.step == first_step - 1:
            self._store(self._ahead)
        self._ahead = None
        for step in range(first_step + (-first_step) % self.stride, first_step + len(losses), self.stride):
            self._store(_point(step, step - first_step, losses, others))
        last = first_step + len(losses) - 1
        self._last_but_one = _point(last - 1, len(losses) - 2, losses, others) if len(losses) > 1 else self._newest
        self._newest = _point(last, len(losses) - 1, losses, others)

    def measure(self, step: int, accuracy: float | None, **held_out: float | None) -> None:
        """A measurement at the newest step: accuracy on the training part, and those of `HELD_OUT` that were measured."""
        known = self._newest if self._newest is not None and self._newest.step == step else None
        if self._stored and self._stored[-1].step == step:
            known = self._stored.pop()
        before = Point(step, None) if known is None else Point(step, known.loss, others=known.others)
        measured: dict[str, Any] = {"accuracy": accuracy, **held_out}
        point = replace(before, **measured)
        self._measured = point.measured or self._measured
        self._store(point)

    def note(self, step: int, **values: float | None) -> None:
        """What was found out about this step, which may lie a few steps behind: those of `CURVATURE`. Before the first step it waits for
        that."""
        changes: dict[str, Any] = dict(values)
        if step > self.last:
            self._ahead = Point(step, **changes)
            return
        at = bisect_left(self._stored, step, key=lambda point: point.step)
        if at < len(self._stored) and self._stored[at].step == step:
            self._stored[at] = replace(self._stored[at], **changes)
        elif self._newest is not None and self._newest.step == step:
            self._store(replace(self._newest, **changes))
            return
        else:
            entry = self.losses.at(step)
            self._stored.insert(at, Point(step, entry[2] if entry is not None and entry[0] == entry[1] else None, **changes))
        self._noted = min(self._noted, at)
        while len(self._stored) >= self._limit:
            self._thin()

    def cut(self, step: int) -> None:
        """Forget what came after `step`."""
        self._stored = [p for p in self._stored if p.step <= step]
        self._measured = None
        last = (*self._stored[-1:], self._last_but_one, self._newest)
        self._newest = max((p for p in last if p is not None and p.step <= step), key=lambda p: p.step, default=None)
        self._last_but_one = None
        self._thinned = True
        if step < self.losses.last:
            self.losses.cut(step)
            self._told = -1

    def until(self, step: int) -> Curve:
        """The part up to `step`, as a curve of its own."""
        twin = copy(self)
        twin._stored = list(self._stored)
        twin._losses, twin._fresh, twin._untold, twin._told = self.losses.until(step), [], Losses(), -1
        twin.cut(step)
        return twin

    def tell_again(self) -> None:
        """Another curve was sent in between: the listener needs all points."""
        self._thinned = True
        self._told = -1

    def tell_losses(self, known: bool) -> Losses | None:
        """The losses for a listener: those since it was told last, or all where it does not know them; None where there are no others."""
        losses = self.losses
        if self._told < 0 or not known:
            news = losses.until(losses.last)
        elif self._untold.steps:
            news = self._untold
        else:
            return None
        self._untold, self._told = Losses(), losses.last
        return news

    def _keep(self, step: int, losses: Sequence[float]) -> None:
        if step != self._fresh_step + len(self._fresh) or len(self._fresh) >= FRESH:
            if step <= self.losses.last:
                self._told = -1
            self.losses.cut(step - 1)
        if not self._fresh:
            self._fresh_step = step
        self._fresh.extend(losses)

    def __getstate__(self) -> dict[str, Any]:
        """A copy for another process goes without the loss of every step: the window has them."""
        return {**self.__dict__, "_losses": Losses(), "_fresh": [], "_untold": Losses(), "_told": -1}

    def tell(self, known: int) -> tuple[int, tuple[Point, ...]]:
        """(index, points from there on) for a listener that has the first `known` points."""
        first = 0 if self._thinned else max(0, min(known - 1, len(self._stored) - 1, self._noted))
        self._thinned, self._noted = False, LIMIT
        return first, tuple(self.points[first:])

    def _store(self, point: Point) -> None:
        self._stored.append(point)
        while len(self._stored) >= self._limit:
            self._thin()

    def _thin(self) -> None:
        self._thinned = True
        self._measured = None
        measured = sum(1 for p in self._stored if _measured(p))
        self.stride *= 2
        few = measured <= self._limit // 2
        kept = [p for p in self._stored if p.step % self.stride == 0 or (few and _measured(p))]
        self._stored = kept if len(kept) < self._limit else kept[::2]


def _point(step: int, at: int, losses: Sequence[float], others: Sequence[tuple[float, ...]]) -> Point:
    return Point(step, losses[at], others=others[at]) if others else Point(step, losses[at])


def _measured(point: Point) -> bool:
    return not (point.accuracy is None and point.test_loss is None and point.validation_loss is None and point.sharpness is None)


def point_rows(points: list[Point]) -> tuple[Mapping[str, float], ...]:
    """Points without what was not measured."""
    return tuple(
        {"step": point.step} | {name: value for name in POINT_NAMES if (value := getattr(point, name)) is not None}
        | {f"{OTHER}{number}": value for number, value in enumerate(point.others, 2)}
        for point in points
    )


def _others(row: Mapping[str, float]) -> tuple[float, ...]:
    """The values of further objectives in a row, as far as they follow one another."""
    values: list[float] = []
    while (value := row.get(f"{OTHER}{len(values) + 2}")) is not None:
        values.append(value)
    return tuple(values)


def losses_saved(losses: Losses) -> SavedLosses:
    """The loss of every step as bytes."""
    rows = losses.low if losses.stride == 1 else np.concatenate((losses.low, losses.high, losses.mean))
    return SavedLosses(losses.first, losses.steps, losses.stride, np.ascontiguousarray(rows, dtype="<f8").tobytes())


def losses_of(saved: SavedLosses) -> Losses:
    """The loss of every step, from bytes."""
    losses = Losses()
    rows = np.frombuffer(saved.values, dtype="<f8").astype(np.float64).reshape(1 if saved.stride == 1 else 3, -1)
    losses.fill(saved.first, saved.steps, saved.stride, rows)
    return losses


def curve_of(saved: SavedRun) -> Curve:
    """The curve of a saved run."""
    points = [
        Point(int(row["step"]), **{name: row[name] for name in POINT_NAMES if name in row}, others=_others(row)) for row in saved.points
    ]
    return Curve.of(points, losses_of(saved.losses), saved.stride)
