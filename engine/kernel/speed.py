"""How fast training goes: steps per second as they are counted."""

from __future__ import annotations

import time
from collections import deque

WINDOW = 1.0
"""Seconds over which steps per second are counted."""


class Speed:
    """Steps per second over the last moments."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def clear(self) -> None:
        """Training begins, or begins again."""
        self._seen.clear()

    def at(self, step: int) -> float:
        """Steps per second, now that training is at this step; 0 until that is known."""
        now = time.perf_counter()
        self._seen.append((now, step))
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW:
            self._seen.popleft()
        (start, first), span = self._seen[0], now - self._seen[0][0]
        return (step - first) / span if span > 0 and step > first and start else 0.0
