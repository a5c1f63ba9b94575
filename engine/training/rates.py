"""The learning rate of every step of a run, from its training settings; and what reducing on a plateau remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.training.schedules.base import EPOCHS, Schedule, ScheduleError
from engine.training.schedules.constant import Constant
from engine.training.schedules.registry import schedule
from graph.model.training_settings import BY_NAME, setting_in
from graph.text.messages import _, translated

PREFIX = "schedule."
"""Before the names of what is remembered, among those of the optimizer's memory."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate as a function of step and epoch: equal values give the same rates.

    `base` is the optimizer's own rate η, `per_epoch` the steps of one epoch, `length` the schedule's T, in what its t counts. During the
    first `warmup` steps the rate rises in a straight line to that with which the schedule begins; t counts from their end.
    """

    base: float
    schedule: type[Schedule]
    values: Mapping[str, Any]
    warmup: int
    per_epoch: int
    length: int

    @property
    def constant(self) -> bool:
        return self.schedule is Constant and not self.warmup

    def at(self, step: int, epoch: int, scale: float = 1.0) -> float:
        """The rate of the step after `step`, in `epoch` (both from 0). `scale` is what a plateau made of it."""
        if step < self.warmup:
            return self.schedule.rate(self.base, 0, self.values, self.length) * ((step + 1) / self.warmup)
        t = epoch - self.warmup // self.per_epoch if self.values.get("unit") == EPOCHS else step - self.warmup
        rate = self.schedule.rate(self.base, max(t, 0), self.values, self.length)
        return rate if scale == 1.0 else min(rate, max(rate * scale, float(self.values["lowest"])))


def rates_of(training: Mapping[str, Any], base: float, per_epoch: int, steps: int) -> Rates:
    """The rates under these settings; `steps` is the length of the run (0: not limited). Raises ScheduleError."""
    kind = schedule(str(setting_in(training, BY_NAME["lr_schedule"])))
    values = kind.with_defaults(training.get("lr_schedule_hyper") or {})
    warmup = int(setting_in(training, BY_NAME["warmup"]))
    length = values.get("length") or 0
    if kind.has_length and not length:
        if not steps:
            text = _("{schedule} needs a length: set the schedule's, or the run's epochs or steps.")
            raise ScheduleError(text.format(schedule=translated(kind.title)))
        left = max(steps - warmup, 1)
        length = max(-(-left // per_epoch), 1) if values.get("unit") == EPOCHS else left
    return Rates(base, kind, values, warmup, max(per_epoch, 1), int(length))


def steps_per_epoch(rows: int, size: int | None, drop_last: bool) -> int:
    """Mini-batches in an epoch of so many samples; 1 where every step takes all."""
    if not rows or size is None or size >= rows:
        return 1
    return rows // size if drop_last else -(-rows // size)


@dataclass(slots=True)
class Memory:
    """What a schedule that watches the loss remembers: the lowest loss, epochs since, and what the rate is multiplied by.

    The arithmetic is that of `torch.optim.lr_scheduler.ReduceLROnPlateau`.
    """

    best: float | None = None
    bad: int = 0
    scale: float = 1.0

    def observe(self, loss: float, values: Mapping[str, Any]) -> None:
        """An epoch ended with this loss."""
        if self.best is None or loss < self.best * (1.0 - float(values["threshold"])):
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.bad > int(values["patience"]):
            self.scale, self.bad = self.scale * float(values["factor"]), 0

    def state_dict(self) -> dict[str, float]:
        """All of it by name; nothing before the first epoch ended."""
        if self.best is None:
            return {}
        return {f"{PREFIX}best": self.best, f"{PREFIX}bad": float(self.bad), f"{PREFIX}scale": self.scale}

    def load_state_dict(self, held: Mapping[str, Any]) -> None:
        """Take over what was remembered; where nothing was, it begins."""
        best = held.get(f"{PREFIX}best")
        self.best = None if best is None else float(best)
        self.bad = int(held.get(f"{PREFIX}bad", 0))
        self.scale = float(held.get(f"{PREFIX}scale", 1.0))
