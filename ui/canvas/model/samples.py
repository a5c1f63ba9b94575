"""Which sample of the batch the canvas shows: all, one, or their mean. A matter of the view: the document and the pass stay as they are."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from engine.compile import views
from engine.compile.views import ArrayView, Gradient, TraceView, cover, view_of
from graph.text.messages import _, ngettext

Choice = int | Literal["mean"] | None
"""A row of the batch, counted from 0; the mean over the batch; None for the whole batch."""


class Samples(QObject):
    """What was chosen, kept when the batch changes: a batch with fewer samples shows its last one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._choice: Choice = None

    @property
    def choice(self) -> Choice:
        return self._choice

    def choose(self, choice: Choice) -> None:
        if choice != self._choice:
            self._choice = choice
            self.changed.emit()


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
        view = trace.values.get(key)
        if batched and view is not None and len(view.shape) == len(dims) + 1:
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
