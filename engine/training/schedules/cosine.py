"""Half a wave of the cosine, from the full rate down to the lowest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import STEPS, Schedule, length, lowest, unit


class Cosine(Schedule):
    key, title, order = "cosine", "Cosine", 6
    doc = "The rate falls along half a wave of the cosine (Loshchilov and Hutter 2017)."
    settings = (length(), lowest(), unit(STEPS))
    formula = r"\eta_t = \eta_{\min} + \frac{1}{2}(\eta - \eta_{\min})\left(1 + \cos\frac{\pi t}{T}\right)"
    torch_call = "CosineAnnealingLR({0}, T_max={length!r}, eta_min={lowest!r})"
    has_length = True

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        low, share = float(values["lowest"]), min(t / length, 1.0)
        return low + (base - low) * (1 + math.cos(math.pi * share)) / 2
