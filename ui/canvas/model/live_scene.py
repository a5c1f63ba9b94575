"""The scene of a document, kept in step with it: places of cards, wires and labels, and what a gesture carries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QRectF

from graph.model.graph import Graph
from graph.storage.document import Change
from ui.canvas.model.card_body import Shapes
from ui.canvas.model.changes import Touched
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.wires import Point

LABELLED = 110.0
"""Largest distance of a label from its wire, its width included."""


class Damage:
    """What is out of date in pictures of the scene, since they were last painted."""

    def __init__(self, whole: bool = False) -> None:
        self.ground = whole
        """Everything that stays when numbers change."""
        self.numbers = whole
        """All numbers."""
        self.parts: list[QRectF] = []
        """Here everything is wrong; labels reach further by `LABELLED`."""
        self.ground_parts: list[QRectF] = []
        self.mended = 0
        """Changes of geometry that lie in `parts`, or in no picture."""


class LiveScene:
    """`repaint(area)` asks for a part of the scene to be painted again, `repaint(None)` for everything.

    `scene`: the graph's, where it was made before.

    A painter that keeps pictures of the scene must take `damage` before it paints.
    """

    def __init__(self, graph: Graph, repaint: Callable[[QRectF | None], None], scene: CanvasScene | None = None) -> None:
        self.scene = scene or CanvasScene(graph)
        self.labels = Labels()
        self.carried: tuple[str, ...] = ()
        self.held = False
        """Whether a slider is being dragged: then labels stay where they are."""
        self._damage = Damage(whole=True)
        self._repaint = repaint

    def take_damage(self) -> Damage:
        """What is out of date; from now on it counts as painted."""
        taken, self._damage = self._damage, Damage()
        return taken

    def invalidate(self) -> None:
        """Every picture is out of date; labels keep their places."""
        self._damage = Damage(whole=True)
        self._repaint(None)

    def look_into(self, inside: str | None) -> None:
        """Show what a group holds; None: what lies in no group."""
        self.scene.inside = inside
        self.carried, self.scene.lifted, self.scene.bends = (), {}, {}
        self.scene.rebuild()
        self.labels.clear()
        self.invalidate()

    def take_shapes(self, shapes: Shapes) -> None:
        """Cards get the room that the shapes need which the engine has inferred."""
        version = self.scene.version
        area = self.scene.reshape(shapes)
        if not area.isNull():
            self._forget_labels_in(area)
            self._spoil(area)
            self._damage.mended += self.scene.version - version
            self._repaint(None)

    # following the document

    def follow(self, change: Change, let_go: Callable[[], None]) -> None:
        """Apply a change; `let_go` is called when a gesture may hold an item that is gone."""
        scene, graph = self.scene, self.scene.graph
        touched = Touched(graph, change.edits)
        touched.regroup(scene)
        self._damage.numbers |= bool(touched.structure or touched.cards or touched.other)
        if touched.structure:
            self.carried = tuple(n for n in self.carried if n in graph.nodes or n in graph.groups)
            scene.lifted = {n: p for n, p in scene.lifted.items() if n in graph.nodes or n in graph.groups}
            self._restructure(touched)
            for edge in [*filter(scene.edge_row.__contains__, touched.wires)]:
                scene.reroute(edge)
            let_go()
            self.labels.clear()
        else:
            self._mend(touched)
        self._repaint(None)

    def _restructure(self, touched: Touched) -> None:
        """Take up what was added and removed: only its surroundings are painted again, unless everything had to be rebuilt."""
        looks = touched.cards | touched.moved
        plain = not (touched.everything or touched.grouping or touched.other or touched.wires)
        area = self.scene.restructure(touched.nodes, touched.edges, looks) if plain else None
        if area is None:
            self.scene.rebuild(looks)
            self._damage.ground = True
        elif not area.isNull():
            self._damage.ground_parts.append(area)

    def _mend(self, touched: Touched) -> None:
        scene, version = self.scene, self.scene.version
        for area in (scene.refresh(touched.cards), scene.moved(touched.moved)):
            if not area.isNull():
                self._forget_labels_in(area)
                self._spoil(area)
        for edge in touched.wires & scene.edge_row.keys():
            self._spoil(scene.wire_rect(edge, LABELLED))
            scene.reroute(edge)
            self.labels.forget([edge])
            self._spoil(scene.wire_rect(edge, LABELLED))
        self._damage.mended += scene.version - version
        self._damage.ground |= touched.other

    def _spoil(self, area: QRectF) -> None:
        if not area.isNull():
            self._damage.parts.append(area)

    # carrying nodes and wire ends: gestures call these

    def lift(self, nodes: Collection[str]) -> None:
        self.carried = tuple(nodes)
        self._spoil(self.scene.neighbourhood(nodes))

    def carry(self, places: Mapping[str, tuple[float, float]], bends: Mapping[str, tuple[Point, ...]] | None = None) -> None:
        scene, version = self.scene, self.scene.version
        touched = scene.lift(places, bends)
        self._damage.mended += scene.version - version
        self.labels.follow(scene, {e for node in places if node in scene.row for e in scene.attached(node)})
        self._repaint(touched.adjusted(-LABELLED, -LABELLED, LABELLED, LABELLED))

    def shape(self, identity: str, rect: QRectF) -> None:
        """Give a frame or note another size, which the document does not know yet."""
        touched = self.scene.item_rect(identity).united(rect).adjusted(-8, -8, 8, 8)
        self.scene.shaped[identity] = QRectF(rect)
        self.scene.version += 1
        self._repaint(touched)

    def let_go(self) -> None:
        """Put carried nodes back where the document says."""
        nodes, self.carried = self.carried, ()
        version = self.scene.version
        self._spoil(self.scene.neighbourhood(nodes))
        self.scene.drop()
        self._forget_labels(nodes)
        self._spoil(self.scene.neighbourhood(nodes))
        self._damage.mended += self.scene.version - version
        self._repaint(None)

    def hide_edge(self, edge_id: str) -> None:
        """A wire whose end is being dragged."""
        self.scene.hidden_edges.add(edge_id)
        self._redraw(self.scene.wire_rect(edge_id, 60))

    def show_edge(self, edge_id: str) -> None:
        self.scene.hidden_edges.discard(edge_id)
        if edge_id in self.scene.edge_row:
            self._redraw(self.scene.wire_rect(edge_id, 60))

    def _redraw(self, area: QRectF) -> None:
        self._damage.ground_parts.append(area)
        self._damage.numbers = True
        self._repaint(area)

    def _forget_labels_in(self, area: QRectF) -> None:
        if self.labels.places:
            self.labels.forget(self.scene.edges_in(area))

    def _forget_labels(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            if node in self.scene.row:
                self.labels.forget(self.scene.attached(node))
