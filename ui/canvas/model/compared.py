"""Two moments of training compared: in the place of the present numbers the canvas shows by how much each differs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile.views import ArrayView, TraceView

DELTA = "Δ"
"""Before every number that is a difference."""
LARGEST = "|Δ|"
"""Before the largest absolute entry of the difference of a tensor that is too large to be written out."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """`change` is `second` − `first`, number by number; `names` say which moments these are, and `title` is the difference in words."""

    title: str
    names: tuple[str, str]
    change: TraceView
    first: TraceView
    second: TraceView


def largest(change: ArrayView) -> float:
    """The largest absolute entry; NaN where one is NaN."""
    return max(abs(change.minimum), abs(change.maximum))
