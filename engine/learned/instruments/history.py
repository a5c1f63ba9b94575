"""What was observed over a training run, within a budget of memory. Without torch: the window keeps it."""

from __future__ import annotations

from engine.learned.instruments import BINS, Observed

BUDGET, MOST = 4 * 2**20, 512
"""Bytes of all histograms together, and the most observations: a picture has about as many columns."""
EACH = 8 * BINS + 200
"""Bytes counted for one histogram."""


class History:
    """Observations in the order of their steps.

    When they are too many or take more than the budget, every second one goes, and from then on every second new one is not kept (then
    three of four, and so on); the newest is always there.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self.clear()

    def clear(self) -> None:
        self.kept: list[Observed] = []
        self.newest: Observed | None = None
        self.stride = 1
        self._number = 0

    def add(self, observed: Observed) -> None:
        """Another run or other layers begin a new history; a run that went back loses what followed."""
        last = self.newest
        if last is not None and (last.run, _nodes(last)) != (observed.run, _nodes(observed)):
            self.clear()
        self.kept = [other for other in self.kept if other.step < observed.step]
        if self._number % self.stride == 0:
            self.kept.append(observed)
        self._number += 1
        self.newest = observed
        while len(self.kept) > MOST or (len(self.kept) > 2 and self.bytes > self._budget):
            self.kept = self.kept[::2]
            self.stride *= 2

    @property
    def all(self) -> list[Observed]:
        newest = self.newest
        return self.kept if newest is None or self.kept and self.kept[-1] is newest else [*self.kept, newest]

    @property
    def bytes(self) -> int:
        return EACH * 3 * sum(max(len(observed.layers), 1) for observed in self.kept)


def _nodes(observed: Observed) -> tuple[str, ...]:
    return tuple(layer.node for layer in observed.layers)
