"""The optimizer's own rate throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import Schedule


class Constant(Schedule):
    key, title, order = "constant", "Constant", 1
    doc = "The learning rate stays as it is."
    formula = r"\eta_t = \eta"

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base
