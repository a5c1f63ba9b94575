"""A lower rate after every so many epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import EPOCHS, Schedule, unit
from graph.model.spec import Setting


class StepDecay(Schedule):
    key, title, order = "step", "Step decay", 2
    doc = "The rate is multiplied by a factor after every so many epochs."
    settings = (
        Setting("every", "int", 30, 1, title="Every", symbol="N", help="Epochs, or steps, between two changes of the rate."),
        Setting("factor", "float", 0.1, 0.0, 1e6, title="Factor", symbol="γ", help="What the rate is multiplied by."),
        unit(EPOCHS),
    )
    formula = r"\eta_t = \eta\,\gamma^{\lfloor t/N \rfloor}"
    torch_call = "StepLR({0}, step_size={every!r}, gamma={factor!r})"

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base * float(values["factor"]) ** (t // int(values["every"]))
