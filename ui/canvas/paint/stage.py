"""What the canvas shows, in layers: the scene, its labels, the cached pictures, and what a hand is carrying."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from graph.model.graph import Graph
from graph.storage.document import Change
from ui.canvas.model import geometry
from ui.canvas.model.camera import Camera
from ui.canvas.model.changes import Touched
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import Scene
from ui.canvas.model.wires import Point
from ui.canvas.paint import painting
from ui.canvas.paint.layer import MARGIN, StaticLayer
from ui.canvas.paint.pulses import Pulses, reach
from ui.look.theme import Theme

Event = tuple[object, str, int, str | None, tuple[str, ...]]
"""Whether playback is at rest, its phase, how many events are finished, the node and the wires of the one under way."""
LABELLED = 110.0
"""How far a label may stand from its wire, its width included."""
LABEL_MS, MOVING_MS = 10.0, 4.0
"""Time a frame may spend on finding places for labels; less while the view is moving."""


class Stage:
    """`repaint(area)` asks for a part of the scene to be painted again, `repaint(None)` for everything.

    `layer` holds what stays when numbers change; `still` holds everything but pulses and what is being carried, for as long as no
    number changes either: then panning, hovering, carrying and the pulses of one event are a blit and little more.
    """

    def __init__(self, graph: Graph, theme: Theme, repaint: Callable[[QRectF | None], None]) -> None:
        self.graph = graph
        self.theme = theme
        self.scene = Scene(graph)
        self.content = Content(graph)
        self.labels = Labels()
        self.layer = StaticLayer(self._paint_static)
        self.still = StaticLayer(self._paint_still, self.layer, self._paint_numbers)
        self.carried: tuple[str, ...] = ()
        self.held = False
        """Whether a hand is changing numbers: then labels stay where they are."""
        self._repaint = repaint
        self._shown: tuple[object, ...] | None = None
        self.pulses = Pulses()
        self._edits = 0
        self._mended = 0
        """Changes of geometry that were mended in both pictures, or lie in no picture."""
        self._event: Event | None = None
        self._unlabelled = False
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

    def look_into(self, inside: str | None) -> None:
        """Show what a group holds; None: what lies in no group."""
        self.scene.inside = inside
        self.carried, self.scene.lifted, self.scene.bends = (), {}, {}
        self.scene.rebuild()
        self._edits += 1
        self.labels.clear()
        self.invalidate()

    # following the document

    def follow(self, change: Change, let_go: Callable[[], None]) -> None:
        """Take up a change; `let_go` is called when a hand may be holding what is gone."""
        touched = Touched(self.graph, change.edits)
        touched.regroup(self.scene)
        self._edits += bool(touched.structure or touched.cards or touched.other)
        if touched.structure:
            self.carried = tuple(n for n in self.carried if n in self.graph.nodes or n in self.graph.groups)
            self.scene.lifted = {n: p for n, p in self.scene.lifted.items() if n in self.graph.nodes or n in self.graph.groups}
            self.scene.rebuild(touched.cards | touched.moved)
            for edge in touched.wires & self.scene.edge_row.keys():
                self.scene.reroute(edge)
            let_go()
            self.labels.clear()
            self.layer.invalidate()
        else:
            self._mend(touched)
        self._repaint(None)

    def _mend(self, touched: Touched) -> None:
        version = self.scene.version
        for area in (self.scene.refresh(touched.cards), self.scene.moved(touched.moved)):
            if not area.isNull():
                self.labels.forget(self.scene.edges_in(area))
                self._spoil(area)
        for edge in touched.wires & self.scene.edge_row.keys():
            self._spoil(self.scene.wire_rect(edge, LABELLED))
            self.scene.reroute(edge)
            self.labels.forget([edge])
            self._spoil(self.scene.wire_rect(edge, LABELLED))
        self._mended += self.scene.version - version
        if touched.other:
            self.layer.invalidate()

    def _spoil(self, area: QRectF) -> None:
        """Both pictures are wrong here; labels reach further than wires."""
        self.layer.invalidate(area)
        if not area.isNull():
            self.still.invalidate(area.adjusted(-LABELLED, -LABELLED, LABELLED, LABELLED))

    # carrying nodes and wire ends: gestures call these

    def lift(self, nodes: Collection[str]) -> None:
        self.carried = tuple(nodes)
        self._spoil(self.scene.neighbourhood(nodes))

    def carry(self, places: Mapping[str, tuple[float, float]], bends: Mapping[str, tuple[Point, ...]] | None = None) -> None:
        version = self.scene.version
        touched = self.scene.lift(places, bends)
        self._mended += self.scene.version - version
        self.labels.follow(self.scene, {e for node in places if node in self.scene.row for e in self.scene.attached(node)})
        self._repaint(touched.adjusted(-LABELLED, -LABELLED, LABELLED, LABELLED))

    def shape(self, identity: str, rect: QRectF) -> None:
        """Give a frame or note another size, which the document does not know yet."""
        touched = self.scene.item_rect(identity).united(rect).adjusted(-8, -8, 8, 8)
        self.scene.shaped[identity] = QRectF(rect)
        self.scene.version += 1
        self._repaint(touched)

    def let_go(self) -> None:
        """Nodes that were carried stand where the document says."""
        nodes, self.carried = self.carried, ()
        version = self.scene.version
        self._spoil(self.scene.neighbourhood(nodes))
        self.scene.drop()
        self._forget_labels(nodes)
        self._spoil(self.scene.neighbourhood(nodes))
        self._mended += self.scene.version - version
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
        self.labels.held = self.held or (trace is not None and trace.mode == "training" and trace.iteration < 0)
        self._take_event()
        key = self._key()
        fresh, self._shown = key != self._shown, key
        if fresh:
            self.still.invalidate()
        if fresh and not self.content.playing and not self.carried:
            self.layer.draw(painter, camera, size, ratio, preview)
            painter.save()
            painter.setWorldTransform(camera.transform(), True)
            moving, self._camera = camera.state() != self._camera, camera.state()
            self._paint_live(painter, camera.seen(size), camera.scale, MOVING_MS if moving else LABEL_MS)
            painter.restore()
            return
        self._label_more(camera, size)
        scaled = self.still.draw(painter, camera, size, ratio, preview)
        seen = camera.seen(size)
        if self.content.playing:
            shown = (self.scene, self.content, self.theme, lambda: self._above(seen), None if scaled else self.still)
            self.pulses.paint(painter, camera, size, *shown)
        if self.carried:
            painter.save()
            painter.setWorldTransform(camera.transform(), True)
            carried = (self.scene, self.labels, self.content, seen, self.theme, camera.scale, self.carried)
            painting.paint_lifted(painter, *carried)
            painter.restore()

    def _key(self) -> tuple[object, ...]:
        """What the numbers on the screen depend on; the camera, the pulses and single events of playback aside."""
        at_rest = not self.content.playing
        return (self.content, self.content.stale, self.scene.version - self._mended, self._edits, self.held, at_rest)

    def _take_event(self) -> None:
        """When playback goes on by one event, only what the two events touch has changed."""
        head, old = self.content.playhead, self._event
        self._event = (head.at_rest, head.phase, head.event_index, head.active_node, head.active_edges) if head is not None else None
        new = self._event
        if old == new:
            return
        if old is None or new is None or old[:2] != new[:2] or not 0 <= new[2] - old[2] <= 1:
            self._shown = None
            return
        for event in (old, new):
            self.still.invalidate(reach(self.scene, event[4], LABELLED))
            active = self.scene.item_of(event[3])
            if active in self.scene.row and active is not None:
                self.still.invalidate(self.scene.rect(active).adjusted(-8, -40, geometry.STUB + LABELLED, 40))

    @property
    def labelled(self) -> bool:
        """Whether every label in view has found its place."""
        return not self._unlabelled

    def _label_more(self, camera: Camera, size: QSizeF) -> None:
        """Go on finding places for labels, and draw the picture again once all have one."""
        if not self._unlabelled or camera.scale < painting.NUMBERS:
            return
        area = camera.seen(size).adjusted(*(sign * MARGIN / camera.scale for sign in (-1, -1, 1, 1)))
        hidden = {e for node in self.carried for e in self.scene.attached(node)} | self.scene.hidden_edges
        wanted = [e for e in self.scene.edges_in(area) if e not in hidden]
        self._unlabelled = not self.labels.prepare(self.scene, wanted, self.content, LABEL_MS)
        if self._unlabelled:
            self._repaint(None)
        else:
            self.still.invalidate()

    def _above(self, seen: QRectF) -> np.ndarray:
        """Cards and labels in view, below which pulses pass."""
        cards = self.scene.rects[[self.scene.row[n] for n in self.scene.nodes_in(seen)]]
        boxes = np.concatenate([cards[:, :2], cards[:, :2] + cards[:, 2:]], axis=1)
        labels = self.labels.boxes(self.scene.edges_in(seen))
        return np.concatenate([boxes, np.array(labels)]) if labels else boxes

    def _paint_static(self, painter: QPainter, area: QRectF, scale: float) -> None:
        painting.paint_static(painter, self.scene, area, self.theme, scale, self.carried)

    def _paint_still(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._paint_static(painter, area, scale)
        self._paint_numbers(painter, area, scale)

    def _paint_numbers(self, painter: QPainter, area: QRectF, scale: float) -> None:
        self._paint_live(painter, area, scale, LABEL_MS)

    def _paint_live(self, painter: QPainter, area: QRectF, scale: float, budget_ms: float) -> None:
        """Numbers and marks; what is incomplete for want of time goes on in the next frame."""
        reach = MARGIN / scale
        ahead = area.adjusted(-reach, -reach, reach, reach)
        shown = (self.scene, self.labels, self.content, area, self.theme, scale, self.carried)
        if not painting.paint_live(painter, *shown, budget_ms, ahead):
            self._unlabelled = True
            self._repaint(None)
