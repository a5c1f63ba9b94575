"""Drawing a wire from an output or to an input, or moving the end of one that is there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from graph.model import edits
from graph.model.elements import End
from graph.text.messages import _
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model import fitting
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.fitting import Verdict
from ui.canvas.model.geometry import PortSpot
from ui.canvas.model.scene import PortHit
from ui.canvas.paint.wires import paint_loose
from ui.look.theme import color, faded


class DrawWire(PointerGesture):
    """The end that stays is `_fixed`; the other hangs on the cursor. An occupied input hands over its wire."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, model: CanvasModel, start: Pointer, port: PortHit) -> None:
        super().__init__(model, start)
        graph = model.document.graph
        real = model.scene.real(port)
        held = None if port.spot.output else graph.edge_into(real.node, real.spot.port, real.spot.slot)
        self._moved_edge = held.id if held is not None else None
        self._home = port
        if held is not None:
            source = model.scene.ends(held.id)[0]
            spot = model.scene.cards[source[0]].spot(source[1], True)
            assert spot is not None
            port = PortHit(source[0], spot)
        self._fixed = port
        self._end = start.scene
        self._target: PortHit | None = None
        self._verdict = Verdict("", True)
        self._verdicts: dict[tuple[str, str], Verdict] = {}

    def move(self, at: Pointer) -> None:
        if self._moved_edge is not None and self.moved(at) and self._moved_edge not in self.model.scene.hidden_edges:
            self.model.live.hide_edge(self._moved_edge)
        self._end = at.scene
        self._target = self._under(at)
        self._verdict = self._judge(self._target) if self._target is not None else Verdict("", True)
        self.model.surface.repaint_scene()

    def finish(self, at: Pointer) -> None:
        self.move(at)
        moved, target, verdict = self.moved(at), self._target, self._verdict
        self.cancel()
        if not moved:
            self.clicked(self._home.node)
        elif target is not None and verdict.possible:
            self._wire(target)
        elif target is not None:
            self.model.message.emit(verdict.text)
        elif self.model.scene.node_at(at.scene) is None and QRectF(QPointF(0, 0), self.model.viewport.size()).contains(at.view):
            self._let_fall(at)

    def _wire(self, target: PortHit) -> None:
        graph = self.model.document.graph
        source, into = self._ends(target)
        spot = self.model.scene.real(target if self._fixed.spot.output else self._fixed).spot
        if self._moved_edge is not None:
            old = graph.edges[self._moved_edge]
            if old.target == into and (old.slot == spot.slot or spot.free):
                return
            parts = (edits.Disconnect(old.id), *_without(edits.connect(graph, source, into, spot.slot), old.id))
            self.model.do(edits.Compound(parts, _("Move wire")), _("Move wire"))
        else:
            self.model.do(edits.connect(graph, source, into, spot.slot), _("DrawWire"))

    def _let_fall(self, at: Pointer) -> None:
        if self._moved_edge is not None:
            self.model.do(edits.Disconnect(self._moved_edge), _("Disconnect"))
        else:
            self.model.request_add(at.view, self.model.scene.real(self._fixed))

    def cancel(self) -> None:
        if self._moved_edge is not None:
            self.model.live.show_edge(self._moved_edge)

    def _ends(self, other: PortHit) -> tuple[End, End]:
        out, into = (self._fixed, other) if self._fixed.spot.output else (other, self._fixed)
        out, into = self.model.scene.real(out), self.model.scene.real(into)
        return (out.node, out.spot.port), (into.node, into.spot.port)

    def _under(self, at: Pointer) -> PortHit | None:
        """The port at the cursor; on a card, the first of its ports that fits."""
        scene = self.model.scene
        hit = scene.port_at(at.scene, 14.0 / min(1.0, self.model.camera.scale))
        if hit is not None and hit.spot.output != self._fixed.spot.output:
            return hit
        node = scene.node_at(at.scene)
        if node is None or node == self._fixed.node:
            return None
        graph = self.model.document.graph
        card = scene.cards[node]
        ports = [PortHit(node, spot) for spot in (card.inputs if self._fixed.spot.output else card.outputs)]
        real = [(p, scene.real(p)) for p in ports]
        free = [p for p, r in real if p.spot.output or graph.edge_into(r.node, r.spot.port, r.spot.slot) is None]
        ranked = [p for p in free if self._judge(p).good] or [p for p in ports if self._judge(p).possible] or ports
        return ranked[0] if ranked else None

    def _judge(self, other: PortHit) -> Verdict:
        key = (other.node, other.spot.port)
        if key not in self._verdicts:
            source, into = self._ends(other)
            self._verdicts[key] = fitting.judge(self.model.document.graph, self.model.content.trace, source, into)
        return self._verdicts[key]

    def tip(self) -> tuple[str, bool] | None:
        return (self._verdict.text, self._verdict.good) if self._target is not None and self._verdict.text else None

    def paint(self, painter: QPainter) -> None:
        model, scene, theme = self.model, self.model.scene, self.model.theme
        for node in scene.nodes_in(model.viewport.seen()):
            card = scene.cards[node]
            for spot in card.inputs if self._fixed.spot.output else card.outputs:
                if node != self._fixed.node:
                    self._paint_port(painter, node, spot)
        x, y = scene.place(self._fixed.node)
        fixed = (x + self._fixed.spot.x, y + self._fixed.spot.y)
        loose = (self._end.x(), self._end.y())
        if self._target is not None and self._verdict.possible:
            tx, ty = scene.place(self._target.node)
            loose = (tx + self._target.spot.x, ty + self._target.spot.y)
        hue = theme.highlight if self._target is None or self._verdict.good else theme.warning if self._verdict.possible else theme.error
        ends = (fixed, loose) if self._fixed.spot.output else (loose, fixed)
        paint_loose(painter, *ends, theme, hue, dashed=self._target is None)

    def _paint_port(self, painter: QPainter, node: str, spot: PortSpot) -> None:
        theme = self.model.theme
        verdict = self._judge(PortHit(node, spot))
        x, y = self.model.scene.place(node)
        centre = QPointF(x + spot.x, y + spot.y)
        if verdict.good:
            over = self._target is not None and (self._target.node, self._target.spot) == (node, spot)
            painter.setPen(QPen(color(theme.highlight), 2))
            painter.setBrush(color(theme.highlight if over else theme.card))
            painter.drawEllipse(centre, 8.5 if over else 7.5, 8.5 if over else 7.5)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(theme.canvas, 0.75))
            painter.drawEllipse(centre, 7.0, 7.0)


def _without(edit: edits.Edit, edge: str) -> tuple[edits.Edit, ...]:
    """The parts of a compound, without the one that removes this edge: it is gone already."""
    parts = edit.edits if isinstance(edit, edits.Compound) else (edit,)
    return tuple(part for part in parts if not (isinstance(part, edits.Disconnect) and part.id == edge))
