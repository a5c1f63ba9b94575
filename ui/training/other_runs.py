"""Curves of other runs behind the present one's: the run it branched from, the one before a reset, and those chosen in the run panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ui.engine_link.messages import Progress
from ui.maths.series import PointSeries, Series
from ui.training.curve_styles import PLOTS
from ui.training.step_series import StepSeries

if TYPE_CHECKING:
    from engine.training.curve import Point
    from engine.training.losses import Losses
    from ui.engine_link.link import Kernel
    from ui.shell.workspace.services import Runs

FIELDS = tuple(field for fields in PLOTS.values() for field in fields)


@dataclass(frozen=True, eq=False)
class OtherRun:
    """A run that is drawn behind the present one: in its own `hue` where it was chosen, else pale."""

    id: int
    name: str
    hue: str
    points: Sequence[Point]
    losses: Losses | None

    @property
    def key(self) -> tuple[int, str, str, int, int]:
        """Another one where anything that is drawn differs."""
        return self.id, self.name, self.hue, len(self.points), 0 if self.losses is None else self.losses.last

    @cached_property
    def series(self) -> dict[str, Series]:
        """What is drawn, by the field of a point."""
        drawn: dict[str, Series] = {}
        for field in FIELDS:
            pairs = [(point.step, value) for point in self.points if (value := getattr(point, field)) is not None and math.isfinite(value)]
            if pairs:
                drawn[field] = PointSeries(*map(list, zip(*pairs, strict=True)))
        if self.losses is not None and self.losses.steps:
            drawn["loss"] = StepSeries(self.losses)
        return drawn


def other_runs(kernel: Kernel, progress: Progress, runs: Runs | None) -> list[OtherRun]:
    """Those to draw now, the pale ones first."""
    parent = progress.record.parent if progress.record is not None else None
    behind = [run for run in (parent, progress.run_before_reset) if run]
    shown = {} if runs is None else {run: (runs.name(run), runs.hue(run)) for run in runs.shown()}
    names = {run: ("", "") for run in behind if run not in shown} | shown
    return [
        OtherRun(run, name, hue, kernel.curves.get(run, ()), kernel.losses.get(run))
        for run, (name, hue) in names.items() if run != progress.run and kernel.curves.get(run)
    ]  # fmt: skip
