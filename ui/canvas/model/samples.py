"""Which sample of the batch the canvas shows: all, one, or their mean. A matter of the view: the document and the pass stay as they are.

A sample that was pointed out elsewhere (in a table, a matrix, a picture) is a batch of its own, shown instead of the demonstration batch.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from engine.compile import views
from engine.compile.spot import Spot
from engine.compile.views import ArrayView, Gradient, TraceView, cover, view_of
from graph.text.messages import _, ngettext

Choice = int | Literal["mean"] | None
"""A row of the batch, counted from 0; the mean over the batch; None for the whole batch."""


class Samples(QObject):
    """What was chosen, kept when the batch changes: a batch with fewer samples shows its last one."""

    changed = Signal()
    pointed_out = Signal()
    """Another sample was pointed out (`spot`), or none any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice: Choice = None
        self._spot: Spot | None = None
        self._before: Choice = None
        """What was chosen of the batch before a sample was pointed out."""

    @property
    def choice(self) -> Choice:
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Show this of the demonstration batch: what was pointed out elsewhere is left."""
        if self._spot is not None:
            self._spot = None
            self.pointed_out.emit()
        self._choose(choice)

    def _choose(self, choice: Choice) -> None:
        if choice != self._choice:
            self._choice = choice
            self.changed.emit()

    @property
    def spot(self) -> Spot | None:
        """The sample that was pointed out, and is a batch of its own; None where the demonstration batch is shown."""
        return self._spot

    @property
    def sample(self) -> Spot | None:
        """The same where it is a sample of the data, and no point between them."""
        return self._spot if self._spot is not None and not self._spot.free else None

    def point_out(self, spot: Spot | None) -> None:
        """Let this sample be the batch, with its own loss and gradients; with None the demonstration batch again."""
        if spot == self._spot:
            return
        was, self._spot = self._spot, spot
        self.pointed_out.emit()
        if was is None:
            self._before = self._choice
            self._choose(0)
        elif spot is None:
            self._choose(self._before)


def said(choice: Choice, count: int) -> str:
    """A choice in a few words."""
    if choice is None:
        return ngettext("all {count} sample", "all {count} samples", count).format(count=count)
    if choice == "mean":
        return ngettext("mean of {count} sample", "mean of {count} samples", count).format(count=count)
    return _("sample {number} of {count}").format(number=min(choice, count - 1) + 1, count=count)


def count(trace: TraceView | None) -> int:
    """How many samples the batch of this pass has; 0 where nothing is batched."""
    if trace is None:
        return 0
    for key, (dims, batched) in trace.shapes.items():
        view = trace.values.get(key) if batched else None
        if view is not None and len(view.shape) == len(dims) + 1:
            return view.shape[0]
    return 0


def batched(trace: TraceView, key: tuple[str, str], view: Gradient | None) -> bool:
    """Whether the first axis of an output's value, or of its gradient, counts samples."""
    known = trace.shapes.get(key)
    return known is not None and known[1] and isinstance(view, ArrayView) and len(view.shape) == len(known[0]) + 1


def without(view: ArrayView, entries: tuple[int, ...], choice: Choice, rows: int) -> ArrayView:
    """A tensor, or the chosen part of one, with these entries of the flattened whole, which has so many `rows`, as 0.

    A mean stays as it is.
    """
    assert view.data is not None
    if choice == "mean":
        return view
    size = view.data.size
    first = min(choice, rows - 1) * size if isinstance(choice, int) else 0
    return views.without(view, [entry - first for entry in entries if 0 <= entry - first < size])


def inner_batched(trace: TraceView, view: ArrayView) -> bool:
    """Whether what an operation made on its way has a row for every sample."""
    return bool(view.shape) and view.shape[0] == count(trace)


def part(view: ArrayView, choice: Choice) -> ArrayView:
    """What is shown of a batched tensor: the sample's slice, the mean over the samples, or all of it.

    All of it, too, where it did not travel whole, and where a mean makes no sense, as of class numbers.
    """
    if choice is None or not view.shape or not view.shape[0] or (choice == "mean" and "float" not in view.dtype):
        return view
    if view.covered:
        return cover(ArrayView(view.shape[1:], view.dtype, None), view.norm.why)  # type: ignore[attr-defined]
    if view.data is None:
        return view
    return view_of(view.data.mean(axis=0) if choice == "mean" else view.data[min(choice, view.shape[0] - 1)])
