"""Carrying the selected nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graph import edits
from ui.canvas.gestures.base import Gesture, Pointer

if TYPE_CHECKING:
    from ui.canvas.view import Canvas


class Move(Gesture):
    """The nodes are lifted off the picture and follow the hand; the document hears of it once, at the end."""

    def __init__(self, canvas: Canvas, start: Pointer, nodes: Sequence[str], clicked: str) -> None:
        super().__init__(canvas, start)
        graph = canvas.document.graph
        self._from = {n: (graph.nodes[n].x, graph.nodes[n].y) for n in nodes}
        self._clicked = clicked
        self._places: dict[str, tuple[float, float]] = {}

    def move(self, at: Pointer) -> None:
        if self.canvas.document.read_only or (not self._places and not self.moved(at)):
            return
        step = at.scene - self.start.scene
        if not self._places:
            self.canvas.stage.lift(self._from)
            self.canvas.setCursor(Qt.CursorShape.SizeAllCursor)
        self._places = {n: (float(round(x + step.x())), float(round(y + step.y()))) for n, (x, y) in self._from.items()}
        self.canvas.stage.carry(self._places)

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if not self._places:
            self.canvas.clicked_node(self._clicked, self.start)
            return
        nodes = self.canvas.document.graph.nodes
        there = tuple((n, x, y) for n, (x, y) in self._places.items() if n in nodes and (x, y) != (nodes[n].x, nodes[n].y))
        self.canvas.stage.let_go()
        if there:
            self.canvas.do(edits.Move(there), "Move")

    def cancel(self) -> None:
        if self._places:
            self.canvas.stage.let_go()


class MoveCopies(Move):
    """Alt: copies are carried off and the originals stay. Copying and moving are one step, or none."""

    def __init__(self, canvas: Canvas, start: Pointer, nodes: Sequence[str], clicked: str) -> None:
        graph = canvas.document.graph
        self._originals = canvas.selection
        canvas.document.begin("Duplicate")
        before = set(graph.nodes)
        canvas.do(edits.duplicate(graph, nodes, 0.0, 0.0))
        copies = [n for n in graph.nodes if n not in before]
        canvas.select(copies)
        super().__init__(canvas, start, copies, clicked)

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if self._places:
            super().finish(at)
            self.canvas.document.commit()
        else:
            self.cancel()

    def cancel(self) -> None:
        super().cancel()
        self.canvas.document.rollback()
        self.canvas.select(self._originals)
