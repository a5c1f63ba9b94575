"""One cycle: up to the full rate, then far below where it began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import STEPS, Schedule, length, unit
from graph.model.spec import Setting


class OneCycle(Schedule):
    key, title, order = "one_cycle", "One cycle", 7
    doc = "The rate rises to η and falls far below its start, both along a cosine (Smith and Topin 2018)."
    settings = (
        length(),
        Setting("rising", "float", 0.3, 0.0, 1.0, title="Rising part", symbol="p", help="The part of T in which the rate rises."),
        Setting("start", "float", 25.0, 1.0, 1e6, title="Start at η over", symbol="a", help="The first rate is η divided by this."),
        Setting("end", "float", 1e4, 1.0, 1e9, title="End at start over", symbol="b", help="The last rate: the first over this."),
        unit(STEPS),
    )
    formula = r"\frac{\eta}{a} \to \eta \to \frac{\eta}{a\,b}"
    torch_call = (
        "OneCycleLR({0}, max_lr={base!r}, total_steps={length!r}, pct_start={rising!r}, div_factor={start!r}, "
        "final_div_factor={end!r}, cycle_momentum=False)"
    )
    has_length = True

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        first = base / float(values["start"])
        top, last = float(values["rising"]) * length - 1, length - 1
        t = min(t, last)
        if t <= top:
            return _between(first, base, t / top if top else 1.0)
        return _between(base, first / float(values["end"]), (t - top) / (last - top) if last > top else 1.0)


def _between(start: float, end: float, share: float) -> float:
    """From one rate to another along half a wave of the cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
