"""What a run is to theory: which of the textbook's methods its steps are, and what it does beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.learned.rates import Kind, Method
from engine.training.step_conditions import StepConditions
from graph.text.messages import _

MOMENTA = ("momentum", "nesterov")


def method_of(conditions: Sequence[StepConditions], rates: Sequence[float], from_start: bool) -> Method:
    """The method of steps under these conditions, one after the other; `rates` are their learning rates. `from_start`: nothing that the
    optimizer remembers was there before the first."""
    last = conditions[-1]
    title = last.optimizer.title
    why = _changed(conditions) or _beside(last)
    kind, momentum = _kind(last)
    if not why and not from_start and kind in ("nesterov", "accelerated", "heavy_ball"):
        why = _("The steps that are known begin later than the run, with a momentum that is not 0.")
    steady = rates[0] if rates and all(rate == rates[0] for rate in rates) else float("nan")
    method = Method(kind, title, steady, momentum, why)
    return replace(method, kind="other") if why else method


def _kind(conditions: StepConditions) -> tuple[Kind, float]:
    """The kind of its steps, and ρ."""
    optimizer, hyper = conditions.optimizer, conditions.optimizer.with_defaults(conditions.hyper)
    whole = conditions.batches().whole
    momentum = float(hyper["momentum"]) if optimizer.key in MOMENTA else 0.0
    if optimizer.key in ("gd", "sgd") or optimizer.key in MOMENTA and not momentum:
        return "descent" if whole else "stochastic", 0.0
    if optimizer.key == "cg" and hyper["restart_every"] == 1 and hyper["line_search"] == "exact":
        return "exact", 0.0
    if optimizer.key == "nesterov" and optimizer.looks_ahead(hyper) and whole:
        return ("accelerated", 0.0) if hyper["growing"] else ("nesterov", momentum)
    if optimizer.key == "momentum" and not hyper.get("dampening") and whole:
        return "heavy_ball", momentum
    return "other", momentum


def _changed(conditions: Sequence[StepConditions]) -> str:
    """Whether the settings of the run were changed on the way, in words."""
    first = _settings(conditions[0])
    if all(_settings(each) == first for each in conditions):
        return ""
    return _("The settings were changed during the run.")


def _settings(conditions: StepConditions) -> tuple[Any, ...]:
    hyper = {name: value for name, value in conditions.hyper.items() if name != "lr"}
    return conditions.optimizer, hyper, conditions.batch_size, conditions.accumulate, conditions.clip_norm, conditions.clip_value


def _beside(conditions: StepConditions) -> str:
    """What the steps do that gradient descent does not, in words; empty for nothing."""
    if conditions.optimizer.with_defaults(conditions.hyper).get("weight_decay"):
        return _("Weight decay moves the weights beside the gradient of f.")
    if conditions.clip_norm is not None or conditions.clip_value is not None:
        return _("Gradients are clipped.")
    if conditions.accumulate > 1:
        return _("Gradients are accumulated over several steps.")
    if not conditions.zero_grad:
        return _("Gradients are not set to zero between steps.")
    if conditions.program.plan.fault is not None:  # a class may be looking for it
        return _("No bound on these steps is known here.")
    return ""
