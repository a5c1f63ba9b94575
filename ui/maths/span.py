"""A piece of an axis of whole steps: what a plot that was zoomed shows."""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 4.0
"""A plot shows at least so many steps."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, in steps."""

    first: float
    last: float

    @property
    def width(self) -> float:
        return self.last - self.first

    def zoomed(self, about: float, factor: float) -> Span:
        """Wider by `factor`, with the step `about` at the same place of the plot."""
        factor = max(factor, LEAST / max(self.width, 1e-9)) if factor < 1 else factor
        return Span(about - (about - self.first) * factor, about + (self.last - about) * factor)

    def moved(self, by: float) -> Span:
        return Span(self.first + by, self.last + by)

    def within(self, whole: Span) -> Span | None:
        """The same, moved so that it lies within what there is; None where it would show all of it."""
        if self.width >= whole.width:
            return None
        first = min(max(self.first, whole.first), whole.last - self.width)
        return Span(first, first + self.width)
