"""A rate that falls by the same factor all the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import EPOCHS, Schedule, unit
from graph.model.spec import Setting


class Exponential(Schedule):
    key, title, order = "exponential", "Exponential decay", 3
    doc = "The rate is multiplied by a factor after every epoch."
    settings = (
        Setting("factor", "float", 0.95, 0.0, 1.0, title="Factor", symbol="γ", help="What the rate is multiplied by each time."),
        unit(EPOCHS),
    )
    formula = r"\eta_t = \eta\,\gamma^{t}"
    torch_call = "ExponentialLR({0}, gamma={factor!r})"

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base * float(values["factor"]) ** t
