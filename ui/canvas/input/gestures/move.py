"""Carrying the selection: nodes, frames with what lies on them, and notes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input import commands, insert
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model import inserting, items, snapping
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import with_content
from ui.canvas.model.wires import Point
from ui.canvas.paint.guides import paint_guides
from ui.canvas.paint.wires import paint_lit

BESIDE = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier
"""Held while a node is dropped on a wire, either keeps it out of the wire; window managers often take Alt for themselves."""


class MoveItems(PointerGesture):
    """The carried items are lifted off the picture and follow the pointer; the document changes once, at the end.

    It snaps to what stands around it unless Ctrl is held. A single node that is let go of over a wire is led into it, unless
    Shift or Alt is held.
    """

    def __init__(self, model: CanvasModel, start: Pointer, ids: Sequence[str], clicked: str) -> None:
        super().__init__(model, start)
        scene, graph = model.scene, model.document.graph
        carried = dict.fromkeys(ids)
        for frame in [i for i in ids if i in graph.frames]:
            carried |= dict.fromkeys(items.carried_by(scene, frame))
        self._from: dict[str, Point] = {}
        for item in carried:
            corner = model.item_rect(item).topLeft()
            self._from[item] = (corner.x(), corner.y())
        inside = [graph.edges[e] for e in scene.bent if e in graph.edges]
        self._bends = {e.id: e.via for e in inside if e.source[0] in carried and e.target[0] in carried}
        self._clicked = clicked
        self._places: dict[str, Point] = {}
        self._snap = snapping.Snapping(scene, carried, model.viewport.seen())
        self._wire: inserting.WireSpot | None = None

    def move(self, at: Pointer) -> None:
        if self.model.document.read_only or (not self._places and not self.moved(at)):
            return
        step = at.scene - self.start.scene
        if not self._places:
            self.model.live.lift(self._from)
            self.model.surface.show_cursor(Qt.CursorShape.SizeAllCursor)
        if not at.modifiers & Qt.KeyboardModifier.ControlModifier:
            step = self._snap.to((step.x(), step.y()), 6.0 / self.model.camera.scale)
        else:
            self._snap.release()
        dx, dy = float(round(step.x())), float(round(step.y()))
        self._places = {n: (x + dx, y + dy) for n, (x, y) in self._from.items()}
        self.model.live.carry(self._places, {e: tuple((x + dx, y + dy) for x, y in via) for e, via in self._bends.items()})
        wire = None if at.modifiers & BESIDE else self._wire_under(at.scene)
        if wire != self._wire or self._snap.changed:
            self._wire = wire
            self.model.surface.repaint_scene()

    def _wire_under(self, at: QPointF) -> inserting.WireSpot | None:
        if len(self._from) != 1 or self._clicked not in self.model.document.graph.nodes:
            return None
        return inserting.place_for(self.model.document.graph, self.model.scene, self._clicked, at, 12.0 / self.model.camera.scale)

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if not self._places:
            self.clicked(self._clicked)
            return
        there = tuple((n, *place) for n, place in self._places.items() if place != self._from[n])
        moves = with_content(self.model.document.graph, edits.Move(there))
        bends = [edits.SetVia(e, self.model.scene.bends[e]) for e in self._bends if e in self.model.scene.bends]
        self.model.live.let_go()
        if there and self._wire is not None:
            insert.lead_through(self.model, self._wire, moves[0])
        elif there:
            self.model.do(edits.Compound((*moves, *bends), _("MoveItems")) if bends or len(moves) > 1 else moves[0], _("MoveItems"))

    def cancel(self) -> None:
        if self._places:
            self.model.live.let_go()

    def paint(self, painter: QPainter) -> None:
        model = self.model
        if self._wire is not None and self._wire.edge in model.scene.edge_row:
            theme = model.theme
            paint_lit(painter, model.scene, self._wire.edge, theme.selection, theme.wire_width / theme.scale + 3)
        else:
            paint_guides(painter, self._snap.guides, model.theme, model.camera.scale)

    def tip(self) -> tuple[str, bool] | None:
        return (_("Insert on the wire (Shift: leave beside it)"), True) if self._wire is not None else None


class MoveCopies(MoveItems):
    """Ctrl and Shift, or Alt: copies are carried off and the originals stay. Copying and moving are one step, or none."""

    def __init__(self, model: CanvasModel, start: Pointer, ids: Sequence[str], clicked: str) -> None:
        self._originals = model.selection
        model.document.begin(_("Duplicate"))
        copies = commands.add_copies(model, ids, 0.0, 0.0)
        model.select(copies)
        super().__init__(model, start, copies, clicked)

    def finish(self, at: Pointer) -> None:
        self.move(at)
        if self._places:
            super().finish(at)
            self.model.document.commit()
        else:
            self.cancel()

    def cancel(self) -> None:
        super().cancel()
        self.model.document.rollback()
        self.model.select(self._originals)
