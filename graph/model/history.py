"""Undo and redo: one step per gesture, and the ticks of a drag or a spin box are one gesture."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from graph.model.edits import Compound, Edit
from graph.model.graph import Graph

MERGE_SECONDS = 3.0
"""Ticks further apart than this are two gestures."""


@dataclass(slots=True)
class HistoryEntry:
    text: str
    edit: Edit
    inverse: Edit
    merge: Hashable | None = None
    time: float = 0.0


class History:
    """The steps of one graph. While a gesture is open its edits are applied at once and collected.

    `apply` replaces `edit.apply(graph)` for an owner that wants to see every edit.
    """

    def __init__(self, graph: Graph, clock: Callable[[], float] = time.monotonic, apply: Callable[[Edit], Edit] | None = None) -> None:
        self._apply: Callable[[Edit], Edit] = apply or (lambda edit: edit.apply(graph))
        self._clock = clock
        self._done: list[HistoryEntry] = []
        self._undone: list[HistoryEntry] = []
        self._open: list[tuple[str, list[HistoryEntry]]] = []
        self._clean: HistoryEntry | None = None  # the last step when the graph was saved; None: the start

    @property
    def can_undo(self) -> bool:
        return bool(self._done) and not self._open

    @property
    def can_redo(self) -> bool:
        return bool(self._undone) and not self._open

    @property
    def undo_text(self) -> str:
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        return self._undone[-1].text if self._undone else ""

    @property
    def in_gesture(self) -> bool:
        return bool(self._open)

    @property
    def is_clean(self) -> bool:
        """Whether the graph is as it was when it was last marked clean."""
        return self._clean is (self._done[-1] if self._done else None) and not any(steps for _, steps in self._open)

    def mark_clean(self) -> None:
        self._clean = self._done[-1] if self._done else None
        self.seal()

    def mark_modified(self) -> None:
        """The graph differs from any file until it is marked clean: nothing that can be undone leads back there."""
        self._clean = HistoryEntry("", Compound(), Compound())

    def seal(self) -> None:
        """End the merging of ticks: the next edit starts a new step."""
        if self._done:
            self._done[-1].merge = None

    def do(self, edit: Edit, text: str = "", merge: Hashable | None = None) -> None:
        """Apply an edit and remember how to undo it. Raises GraphError, and then nothing has changed."""
        inverse = self._apply(edit)
        step = HistoryEntry(text or getattr(edit, "text", "") or _words(edit), edit, inverse, merge, self._clock())
        if self._open:
            self._open[-1][1].append(step)
        else:
            self._push(step)

    def undo(self) -> Edit | None:
        """Take the last step back; returns the edit that did so, None when there is nothing to undo."""
        return self._travel(self._done, self._undone) if self.can_undo else None

    def redo(self) -> Edit | None:
        return self._travel(self._undone, self._done) if self.can_redo else None

    def begin(self, text: str = "") -> None:
        """Open a gesture; gestures may nest, and an inner one joins the outer."""
        self._open.append((text, []))

    def commit(self) -> None:
        """Close the gesture: everything since `begin` is one step."""
        text, steps = self._open.pop()
        if not steps:
            return
        if len(steps) == 1:
            step = steps[0]
            step.text = text or step.text
        else:
            inverse = Compound(tuple(step.inverse for step in reversed(steps)))
            step = HistoryEntry(text or steps[0].text, Compound(tuple(step.edit for step in steps)), inverse)
        step.merge = None
        if self._open:
            self._open[-1][1].append(step)
        else:
            self._push(step)

    def rollback(self) -> Edit | None:
        """Close the gesture and undo everything since `begin`; returns the edit that did so."""
        _, steps = self._open.pop()
        if not steps:
            return None
        back = Compound(tuple(step.inverse for step in reversed(steps)))
        self._apply(back)
        return back

    def _push(self, step: HistoryEntry) -> None:
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last and step.merge is not None and last.merge == step.merge and step.time - last.time <= MERGE_SECONDS:
            last.edit = last.edit.absorb(step.edit) or _joined(last.edit, step.edit)
            last.inverse = step.inverse.absorb(last.inverse) or _joined(step.inverse, last.inverse)
            last.time = step.time
        else:
            self._done.append(step)

    def _travel(self, source: list[HistoryEntry], target: list[HistoryEntry]) -> Edit:
        step = source[-1]
        edit = step.inverse if source is self._done else step.edit
        self._apply(edit)
        step.merge = None
        target.append(source.pop())
        self.seal()
        return edit


def _joined(first: Edit, second: Edit) -> Compound:
    """Both, one after the other, flat: thousands of ticks must not nest thousands deep."""
    parts = [edit.edits if isinstance(edit, Compound) and not edit.state_moves else (edit,) for edit in (first, second)]
    return Compound((*parts[0], *parts[1]))


def _words(edit: Edit) -> str:
    """`SetParam` → `Set param`."""
    name = type(edit).__name__
    return name[0] + "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name[1:])
