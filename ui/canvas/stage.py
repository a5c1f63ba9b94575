"""What the canvas shows, in layers: the scene, its labels, the cached pictures, and what a hand is carrying."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from graph.document import Change
from graph.graph import Graph
from ui.canvas import painting
from ui.canvas.camera import Camera
from ui.canvas.changes import Touched
from ui.canvas.content import Content
from ui.canvas.labels import Labels
from ui.canvas.layer import MARGIN, StaticLayer
from ui.canvas.scene import Scene
from ui.canvas.wires import Point
from ui.theme import Theme

LABEL_MS, MOVING_MS = 10.0, 4.0
"""Time a frame may spend on finding places for labels; less while the view is moving."""


class Stage:
    """`repaint(area)` asks for a part of the scene to be painted again, `repaint(None)` for everything.

    `layer` holds what stays when numbers change; `still` holds everything, for as long as no number changes either: then
    panning and hovering are one blit.
    """

    def __init__(self, graph: Graph, theme: Theme, repaint: Callable[[QRectF | None], None]) -> None:
        self.graph = graph
        self.theme = theme
        self.scene = Scene(graph)
        self.content = Content(graph)
        self.labels = Labels()
        self.layer = StaticLayer(self._paint_static)
        self.still = StaticLayer(self._paint_still)
        self.carried: tuple[str, ...] = ()
        self.held = False
        """Whether a hand is changing numbers: then labels stay where they are."""
        self._repaint = repaint
        self._shown: tuple[object, ...] | None = None
        self._edits = 0
        self._camera: tuple[float, float, float] | None = None

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.labels.clear()
        self.invalidate()

    def invalidate(self) -> None:
        """Draw everything anew."""
        self.layer.invalidate()
        self._shown = None
        self._repaint(None)

    # following the document

    def follow(self, change: Change, let_go: Callable[[], None]) -> None:
        """Take up a change; `let_go` is called when a hand may be holding what is gone."""
        touched = Touched(self.graph, change.edits)
        self._edits += 1
        if touched.structure:
            self.carried = tuple(n for n in self.carried if n in self.graph.nodes)
            self.scene.lifted = {n: p for n, p in self.scene.lifted.items() if n in self.graph.nodes}
            self.scene.rebuild(touched.cards | touched.moved)
            for edge in touched.wires:
                self.scene.reroute(edge)
            let_go()
            self.labels.clear()
            self.layer.invalidate()
        else:
            self._mend(touched)
        self._repaint(None)

    def _mend(self, touched: Touched) -> None:
        for area in (self.scene.refresh(touched.cards), self.scene.moved(touched.moved)):
            if not area.isNull():
                self.labels.forget(self.scene.edges_in(area))
                self.layer.invalidate(area)
        for edge in touched.wires:
            self.layer.invalidate(self.scene.wire_rect(edge, 20))
            self.scene.reroute(edge)
            self.labels.forget([edge])
            self.layer.invalidate(self.scene.wire_rect(edge, 20))
        if touched.other:
            self.layer.invalidate()

    # carrying nodes and wire ends: gestures call these

    def lift(self, nodes: Collection[str]) -> None:
        self.carried = tuple(nodes)
        self.layer.invalidate(self.scene.neighbourhood(nodes))

    def carry(self, places: Mapping[str, tuple[float, float]], bends: Mapping[str, tuple[Point, ...]] | None = None) -> None:
        touched = self.scene.lift(places, bends)
        self._forget_labels(places)
        self._repaint(touched)

    def shape(self, identity: str, rect: QRectF) -> None:
        """Give a frame or note another size, which the document does not know yet."""
        touched = self.scene.item_rect(identity).united(rect).adjusted(-8, -8, 8, 8)
        self.scene.shaped[identity] = QRectF(rect)
        self.scene.version += 1
        self._repaint(touched)

    def let_go(self) -> None:
        """Nodes that were carried stand where the document says."""
        nodes, self.carried = self.carried, ()
        self.layer.invalidate(self.scene.neighbourhood(nodes))
        self.scene.drop()
        self._forget_labels(nodes)
        self.layer.invalidate(self.scene.neighbourhood(nodes))
        self._repaint(None)

    def hide_edge(self, edge_id: str) -> None:
        """A wire whose end is in the hand."""
        self.scene.hidden_edges.add(edge_id)
        self._redraw(self.scene.wire_rect(edge_id, 60))

    def show_edge(self, edge_id: str) -> None:
        self.scene.hidden_edges.discard(edge_id)
        if edge_id in self.scene.edge_row:
            self._redraw(self.scene.wire_rect(edge_id, 60))

    def _redraw(self, area: QRectF) -> None:
        self.layer.invalidate(area)
        self._shown = None
        self._repaint(area)

    def _forget_labels(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            if node in self.scene.row:
                self.labels.forget(self.scene.attached(node))

    # painting

    def paint(self, painter: QPainter, camera: Camera, size: QSizeF, ratio: float, preview: bool) -> None:
        """The picture in view coordinates; `preview` allows a scaled one."""
        trace = self.content.trace
        self.labels.held = self.held or (trace is not None and trace.mode == "training")
        shown = self._key()
        still = shown == self._shown and not self.carried and not self.content.playing
        self._shown = shown
        if still:
            self.still.draw(painter, camera, size, ratio, preview)
            return
        self.still.invalidate()
        self.layer.draw(painter, camera, size, ratio, preview)
        painter.save()
        painter.setWorldTransform(camera.transform(), True)
        moving, self._camera = camera.state() != self._camera, camera.state()
        self._paint_live(painter, camera.seen(size), camera.scale, MOVING_MS if moving else LABEL_MS)
        painter.restore()

    def _key(self) -> tuple[object, ...]:
        """What the numbers on the screen depend on, the camera aside."""
        head = self.content.playhead
        at = (head.at_rest, head.active_node, head.progress) if head is not None else ()
        return (self.content, self.content.stale, self.scene.version, self._edits, self.held, *at)

    def _paint_static(self, painter: QPainter, area: QRectF, scale: float) -> None:
        painting.paint_static(painter, self.scene, area, self.theme, scale, self.carried)

    def _paint_still(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._paint_static(painter, area, scale)
        self._paint_live(painter, area, scale, LABEL_MS)

    def _paint_live(self, painter: QPainter, area: QRectF, scale: float, budget_ms: float) -> None:
        """Numbers and marks; what is incomplete for want of time goes on in the next frame."""
        reach = MARGIN / scale
        ahead = area.adjusted(-reach, -reach, reach, reach)
        shown = (self.scene, self.labels, self.content, area, self.theme, scale, self.carried)
        if not painting.paint_live(painter, *shown, budget_ms, ahead):
            self._shown = None
            self._repaint(None)
