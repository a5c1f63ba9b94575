"""A rate that falls like one over the square root of t."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import STEPS, Schedule, unit


class InverseSqrt(Schedule):
    key, title, order = "inverse_sqrt", "η/√(t+1)", 5
    doc = "The rate of the convergence proofs for stochastic gradient descent and AdaGrad."
    settings = (unit(STEPS),)
    formula = r"\eta_t = \frac{\eta}{\sqrt{t + 1}}"
    torch_call = "LambdaLR({0}, lambda t: 1 / (t + 1) ** 0.5)"

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base * (1 / math.sqrt(t + 1))
