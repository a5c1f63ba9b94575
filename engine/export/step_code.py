"""What surrounds `optimizer.step()` in an exported training loop: clipping, accumulation, the schedule of the learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.training.rates import Rates, rates_of
from engine.training.schedules.base import EPOCHS, STEPS, ScheduleError
from engine.training.schedules.constant import Constant
from engine.training.stops import STOPS
from graph.model.training_settings import BY_NAME, setting_in


@dataclass(frozen=True, slots=True)
class SchedulerCode:
    """`call` makes the scheduler of the optimizer; empty where there is none. It steps after every step, after every epoch, or with the
    loss after every epoch. `missing` says what the program leaves out."""

    call: str = ""
    after: Literal["step", "epoch", "loss"] = "step"
    missing: str = ""


def scheduler_code(training: Mapping[str, Any], lr: float, per_epoch: int, steps: int) -> SchedulerCode:
    """The scheduler of PyTorch that gives the rates of the app."""
    try:
        rates = rates_of(training, lr, per_epoch, steps)
    except ScheduleError as error:  # the app says so too, and does not train
        return SchedulerCode(missing=str(error))
    if rates.constant:
        return SchedulerCode()
    module, kind = "torch.optim.lr_scheduler", rates.schedule
    values = {**rates.values, "length": rates.length, "base": lr}
    own = f"{module}.{kind.torch_call.format('optimizer', **values)}" if kind.torch_call else ""
    after: Literal["step", "epoch", "loss"] = "loss" if kind.watches else "epoch" if rates.values.get("unit") == EPOCHS else "step"
    if not rates.warmup:
        return SchedulerCode(own, after)
    linear = f"{module}.LinearLR(optimizer, {1 / rates.warmup!r}, total_iters={max(rates.warmup - 1, 1)})"
    if kind is Constant:
        return SchedulerCode(linear)
    if _follows_warmup(rates):
        return SchedulerCode(f"{module}.SequentialLR(optimizer, [{linear}, {own}], [{rates.warmup}])")
    return SchedulerCode(own, after, f"The app warms the rate up over {rates.warmup:,} steps; this program does not.")


def _follows_warmup(rates: Rates) -> bool:
    """Whether SequentialLR can put this schedule after a warm-up: one that counts steps and begins with the full rate."""
    return rates.values.get("unit") == STEPS and rates.at(rates.warmup, 0) == rates.base


def update_lines(training: Mapping[str, Any], parameters: str) -> list[str]:
    """The lines from the finished gradient to the new weights."""
    value, norm = (setting_in(training, BY_NAME[name]) for name in ("clip_value", "clip_norm"))
    lines = [f"torch.nn.utils.clip_grad_value_({parameters}, {value!r})"] if value is not None else []
    lines += [f"torch.nn.utils.clip_grad_norm_({parameters}, {norm!r})"] if norm is not None else []
    return [*lines, "optimizer.step()"]


def accumulated(training: Mapping[str, Any], lines: list[str]) -> list[str]:
    """The update, where gradients are averaged over several mini-batches: after each so many."""
    count = int(setting_in(training, BY_NAME["accumulate"]))
    if count == 1:
        return lines
    zeroed = ["optimizer.zero_grad()"] if setting_in(training, BY_NAME["zero_grad"]) else []
    return ["made += 1", f"if made % {count} == 0:", *(f"    {line}" for line in [*lines, *zeroed])]


def stop_note(training: Mapping[str, Any]) -> str:
    """What would end the run earlier in the app; empty where nothing would."""
    conditions = [f"{s.spelling}{training[s.name]:g}" for s in STOPS if training.get(s.name) is not None]
    return f"The app stops earlier where a condition is met: {', '.join(conditions)}." if conditions else ""
