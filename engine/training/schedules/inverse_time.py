"""A rate that falls like 1/t."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import STEPS, Schedule, unit
from graph.model.spec import Setting


class InverseTime(Schedule):
    key, title, order = "inverse_time", "1/t decay", 4
    doc = "The rate falls like 1/t: slowly enough for its sum to grow without bound, fast enough for the noise to die out."
    settings = (
        Setting("decay", "float", 0.01, 0.0, 1e6, title="Decay", symbol="κ", logarithmic=True, help="After 1/κ, the rate is half."),
        unit(STEPS),
    )
    formula = r"\eta_t = \frac{\eta}{1 + \kappa t}"
    torch_call = "LambdaLR({0}, lambda t: 1 / (1 + {decay!r} * t))"

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base * (1 / (1 + float(values["decay"]) * t))
