"""The canvas for screen readers: one accessible widget whose virtual children are nodes, their ports, and wires."""

from __future__ import annotations

import contextlib

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from graph.text.messages import _
from ui.canvas.accessible_tree import Tree
from ui.canvas.model import spoken
from ui.canvas.view import Canvas

_roots: dict[int, CanvasInterface] = {}


class CanvasInterface(QAccessibleWidget):
    """The canvas itself; its children are those of its tree."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, QAccessible.Role.Canvas, _("Graph"))
        self.canvas = canvas
        self.tree = Tree(canvas.model, self, lambda: shiboken6.isValid(canvas))
        canvas.model.selection_changed.connect(self._selection_changed)

    @property
    def alive(self) -> bool:
        return shiboken6.isValid(self.canvas)

    def release(self) -> None:
        self.tree.release()

    def _selection_changed(self) -> None:
        if not QAccessible.isActive() or not self.alive or not self.canvas.hasFocus():
            return
        item = self.tree.focused()
        if item is not None:
            event = QAccessibleEvent(self.canvas, QAccessible.Event.Focus)
            event.setChild(self.tree.index(item))
            QAccessible.updateAccessibility(event)

    # Qt

    def childCount(self) -> int:
        return self.tree.count()

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.tree.child(index)

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return self.tree.index(child)

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.tree.child_at(x, y)

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.tree.focused() if self.alive and self.canvas.hasFocus() else None

    def text(self, kind: QAccessible.Text) -> str:
        if kind == QAccessible.Text.Value and self.alive:
            return spoken.canvas_value(self.canvas.model)
        return super().text(kind)


def install() -> None:
    """Let Qt ask here for the accessible side of every canvas. Later calls do nothing."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_make)


_installed: list[bool] = []


def _make(key: str, thing: QObject) -> QAccessibleInterface | None:
    if not isinstance(thing, Canvas):
        return None
    identity = id(thing)
    root = _roots[identity] = CanvasInterface(thing)
    thing.destroyed.connect(lambda _=None, identity=identity: _let_go(identity))
    return root


def _let_go(identity: int) -> None:
    root = _roots.pop(identity, None)
    if root is not None:
        with contextlib.suppress(RuntimeError):
            root.release()
