"""Going back to a step by making steps again, and what the bits made again were compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.losses import Losses

CHECK_SECONDS = 0.2
"""Longest time that is spent on steps beyond the one that is shown, to reach the next stored state and compare with it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`steps` were made again to reach step `step`; 0: its state was stored.

    `losses` of them were compared with those stored when the steps were made first; `compared` is the step of a stored
    state that the same steps led to and that was compared number by number, None where there was none near. `differs` is the first step
    at which bits differ; None: all that was compared is identical.
    """

    step: int
    steps: int = 0
    losses: int = 0
    compared: int | None = None
    differs: int | None = None

    @property
    def identical(self) -> bool | None:
        """Whether what was compared is identical to the last bit; None where nothing could be compared."""
        if self.differs is not None:
            return False
        return True if self.losses or self.compared is not None else None


def first_difference(stored: Losses, first_step: int, again: Sequence[float]) -> tuple[int, int | None]:
    """(how many losses were compared, the first step whose loss has other bits); `again` are those of the steps from `first_step` on."""
    last = min(first_step + len(again) - 1, stored.last)
    known = stored.exact(first_step, last) if last >= first_step else None
    if known is None:
        return 0, None
    made = np.asarray(again[: last - first_step + 1], dtype=np.float64)
    other = np.flatnonzero(made.view(np.int64) != np.ascontiguousarray(known).view(np.int64))
    return made.size, int(first_step + other[0]) if other.size else None
