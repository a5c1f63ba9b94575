"""What was measured over whole parts of the data, and of which numbers: so that it is never shown for others."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.training.compiled import RunError

Metrics = Mapping[str, float | None]
QUICK = 0.02
"""Seconds: what took no longer to measure is measured again after an edit, so that it follows the edit."""
AT_REST = ("train_loss", "penalty")
"""Metrics that training does not measure on its way."""


@dataclass(slots=True)
class Measurements:
    """`metrics` belong to the numbers that `of` identifies, after `step` steps."""

    metrics: Metrics = field(default_factory=dict)
    step: int = 0
    _of: Hashable = None
    _seconds: float = 0.0
    """How long the last measurement at rest took."""

    def forget(self) -> None:
        """The numbers are others."""
        self.metrics, self.step, self._of = {}, 0, None

    def measure(self, measure: Callable[[], Mapping[str, float]], of: Hashable, step: int) -> None:
        """Measure at rest. Nothing is known where that is impossible."""
        began = time.perf_counter()
        self.forget()
        try:
            self.metrics, self.step, self._of = dict(measure()), step, of
        except RunError:
            return
        self._seconds = time.perf_counter() - began

    def begin(self) -> None:
        """Training goes on: what it does not measure on its way would grow old."""
        self.metrics = {name: value for name, value in self.metrics.items() if name not in AT_REST}

    def hear(self, points: Sequence[Any], of: Hashable) -> None:
        """Points of the curve came while training: the newest measurement among them counts."""
        for point in reversed(points):
            if metrics := point.measured:
                if of != self._of or point.step > self.step:
                    self.metrics, self.step, self._of = dict(metrics), point.step, of
                return

    def known(self, of: Hashable, step: int, training: bool) -> bool:
        """Whether they are those of the present numbers; while training, of an earlier step of the same training."""
        return of == self._of and (step == self.step or training)

    @property
    def quick(self) -> bool:
        """Whether measuring again costs next to nothing."""
        return bool(self._seconds) and self._seconds < QUICK
