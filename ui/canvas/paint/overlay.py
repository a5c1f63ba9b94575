"""What teaching tools lay over the picture: rings, a veil, hidden numbers, tags, marks, and whatever they paint themselves.

Nothing of it is in the document or in a file. Every tool has a name of its own here, so that none undoes another's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ui.canvas.model import geometry
from ui.canvas.model.content import Hidden
from ui.canvas.model.label_search import HEIGHT
from ui.canvas.model.labels import stub_box
from ui.canvas.paint.nodes import paint_outline
from ui.canvas.paint.wires import paint_lit
from ui.look.theme import Theme, color, faded, font

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

Hue = Literal["selection", "forward", "backward"]
Measure = tuple[str, str, tuple[int, ...]]
Kind = Literal["plain", "ok", "warning", "error", "forward", "backward"]
SIGNS: dict[Kind, str] = {"ok": "✓ ", "warning": "! ", "error": "✕ "}
"""Before the text, so that nothing is told by colour alone."""
LETTERS = {"breakpoint": "", "condition": "=", "seed": "s", "target": "t"}
MANY = 300
"""From so many tags on they stand where they would best, whatever they cover: nobody reads them all."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_VEIL, _AROUND = 0.72, 12.0


@dataclass(frozen=True, slots=True)
class Tag:
    """A pill under a wire's gradient, or above a card."""

    text: str
    kind: Kind = "plain"

    @property
    def shown(self) -> str:
        return SIGNS.get(self.kind, "") + self.text


@dataclass(slots=True)
class _Layer:
    nodes: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()
    dim: bool = False
    hue: Hue = "selection"
    values: frozenset[str] = frozenset()
    gradients: frozenset[str] = frozenset()
    measures: frozenset[Measure] = frozenset()
    tags: dict[str, Tag] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    paint: Callable[[QPainter, Canvas], None] | None = None


class Overlay(QObject):
    """One per canvas. Ids are those of nodes, groups and wires; what is not to be seen now is skipped."""

    changed = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._layers: dict[str, _Layer] = {}
        self.hidden = Hidden()

    # what tools say

    def highlight(self, owner: str, nodes: Iterable[str], edges: Iterable[str] = (), dim: bool = False, hue: Hue = "selection") -> None:
        """Ring these nodes and light these wires; `dim` veils everything else. Nothing given: end it. `hue` is a colour of the theme."""
        layer = self._layer(owner)
        layer.nodes, layer.edges, layer.dim, layer.hue = frozenset(nodes), frozenset(edges), dim, hue
        self._told()

    def hide(
        self, owner: str, values: Iterable[str] = (), gradients: Iterable[str] = (), measures: Iterable[Measure] = ()
    ) -> None:
        """Show a question mark instead of these wires' and nodes' numbers, and of what tools measure."""
        layer = self._layer(owner)
        layer.values, layer.gradients, layer.measures = frozenset(values), frozenset(gradients), frozenset(measures)
        self.hidden.values = frozenset().union(*(each.values for each in self._layers.values()))
        self.hidden.gradients = frozenset().union(*(each.gradients for each in self._layers.values()))
        self.hidden.measures = frozenset(measure for each in self._layers.values() for measure in each.measures)
        self._canvas.numbers_changed()
        self._told()

    def tag(self, owner: str, tags: Mapping[str, Tag]) -> None:
        """Pills under wires and above cards, by their ids."""
        self._layer(owner).tags = dict(tags)
        self._told()

    def mark(self, owner: str, marks: Mapping[str, str]) -> None:
        """A sign at the corner of cards: `breakpoint`, `condition`, `seed`, `target`."""
        self._layer(owner).marks = dict(marks)
        self._told()

    def painter(self, owner: str, paint: Callable[[QPainter, Canvas], None] | None) -> None:
        """Paint above everything, in view coordinates, whenever the canvas is painted."""
        self._layer(owner).paint = paint
        self._told()

    def clear(self) -> None:
        """Forget everything that belonged to a document."""
        kept = {owner: layer.paint for owner, layer in self._layers.items() if layer.paint is not None}
        self._layers = {owner: _Layer(paint=paint) for owner, paint in kept.items()}
        self.hidden.values = self.hidden.gradients = frozenset()
        self.hidden.measures = frozenset()
        self._told()

    def update(self) -> None:
        """What a tool's own painter paints has changed."""
        self._canvas.update()

    # what is there

    def highlighted(self, owner: str) -> tuple[frozenset[str], frozenset[str]]:
        """The nodes and wires this tool has highlighted."""
        layer = self._layers.get(owner) or _Layer()
        return layer.nodes, layer.edges

    def tags(self, owner: str) -> dict[str, Tag]:
        return dict((self._layers.get(owner) or _Layer()).tags)

    def marks(self, owner: str) -> dict[str, str]:
        return dict((self._layers.get(owner) or _Layer()).marks)

    def hit_tag(self, at: QPointF) -> str | None:
        """The id whose tag is under this place in the view; the topmost where several lie over each other."""
        place = self._canvas.camera.to_scene(at)
        found = [identity for identity, _, box in self._placed_tags() if box.contains(place)]
        return found[-1] if found else None

    # painting

    def paint(self, painter: QPainter) -> None:
        """In scene coordinates, over the scene and below what a hand holds."""
        layers = [layer for layer in self._layers.values() if layer.nodes or layer.edges]
        if any(layer.dim and self._in_sight(layer) for layer in layers):
            self._paint_veil(painter, layers)
        wide = max(1.0, 1 / self._canvas.camera.scale)
        scene, theme = self._canvas.scene, self._canvas.theme
        for layer in layers:
            hue = str(getattr(theme, layer.hue))
            for edge in layer.edges:
                if edge in scene.edge_row and edge not in scene.hidden_edges:
                    paint_lit(painter, scene, edge, hue, (theme.wire_width / theme.scale + 1.2) * wide)
            for node in layer.nodes:
                rect = self._rect(node)
                if not rect.isNull():
                    paint_outline(painter, rect, hue, 2.5 * wide, 6.0)
        self._paint_marks(painter)
        for _, tag, box in self._placed_tags():
            _paint_tag(painter, tag, box, self._boost(), theme)

    def _in_sight(self, layer: _Layer) -> bool:
        """Whether the level that is shown has anything of it: inside another group a veil would lie over everything."""
        scene = self._canvas.scene
        if layer.nodes:
            return any(not self._rect(node).isNull() for node in layer.nodes)
        return any(edge in scene.edge_row for edge in layer.edges)

    def paint_above(self, painter: QPainter) -> None:
        """In view coordinates, above everything."""
        for layer in self._layers.values():
            if layer.paint is not None:
                painter.save()
                try:
                    layer.paint(painter, self._canvas)
                finally:
                    painter.restore()

    def _paint_veil(self, painter: QPainter, layers: list[_Layer]) -> None:
        canvas = self._canvas
        path = QPainterPath()
        path.addRect(canvas.seen())
        clear = QPainterPath()
        objective = canvas.content.objective()
        stub = canvas.scene.output_of(objective)
        for layer in layers:
            for node in layer.nodes:
                rect = self._rect(node)
                if not rect.isNull():
                    clear = clear.united(_rounded(rect.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)))
            if objective is not None and stub is not None and {objective[0], stub[0]} & layer.nodes:
                clear = clear.united(_rounded(stub_box(canvas.scene, canvas.content, stub, objective, self._boost())))
            seen = [edge for edge in layer.edges if edge in canvas.scene.edge_row]
            for left, top, right, bottom in canvas.stage.labels.boxes(seen):
                clear = clear.united(_rounded(QRectF(left, top, right - left, bottom - top)))
        painter.fillPath(path.subtracted(clear), faded(canvas.theme.canvas, _VEIL))

    def _paint_marks(self, painter: QPainter) -> None:
        theme = self._canvas.theme
        for layer in self._layers.values():
            for node, kind in layer.marks.items():
                rect = self._rect(node)
                if rect.isNull():
                    continue
                stopping = kind in ("breakpoint", "condition")
                painter.setPen(QPen(color(theme.card), 1.5))
                painter.setBrush(color(theme.error if stopping else theme.selection))
                place = QRectF(rect.left() - 8, rect.top() - 8, 17, 17)
                painter.drawEllipse(place)
                if LETTERS.get(kind, ""):
                    painter.setPen(color(theme.card))
                    painter.setFont(font("tiny"))
                    painter.drawText(place, _CENTRE, LETTERS[kind])

    def _placed_tags(self) -> list[tuple[str, Tag, QRectF]]:
        """Every tag that can be seen and the box it fills, in scene coordinates."""
        wanted = [(identity, tag) for layer in self._layers.values() for identity, tag in layer.tags.items()]
        found: list[tuple[str, Tag, QRectF]] = []
        taken = self._taken() if 0 < len(wanted) <= MANY else []
        for identity, tag in wanted:
            wide, high = (geometry.text_width("small", tag.shown) + 16) * self._boost(), (HEIGHT - 2) * self._boost()
            places = self._tag_places(identity, wide, HEIGHT * self._boost())
            boxes = [QRectF(x - wide / 2, y - high / 2, wide, high) for x, y in places]
            if boxes:
                free = (box for box in boxes if not any(box.intersects(other) for other in taken))
                box = next(free, boxes[0])
                taken.append(box)
                found.append((identity, tag, box))
        return found

    def _taken(self) -> list[QRectF]:
        """What tags should not cover: labels and cards in view."""
        canvas, seen = self._canvas, self._canvas.seen()
        boxes = canvas.stage.labels.boxes(canvas.scene.edges_in(seen))
        labels = [QRectF(left + 8, top + 3, right - left - 16, bottom - top - 6) for left, top, right, bottom in boxes]
        return labels + [canvas.scene.rect(node) for node in canvas.scene.nodes_in(seen)]

    def _tag_places(self, identity: str, wide: float, line: float) -> list[tuple[float, float]]:
        """Where the centre of a tag may stand, the best place first: below the gradient, beside it, above the value; above a card."""
        scene = self._canvas.scene
        if identity not in scene.edge_row:
            rect = self._rect(identity)
            return [] if rect.isNull() else [(rect.center().x(), rect.top() - line * (0.95 + i)) for i in range(4)]
        known, points = self._canvas.stage.labels.places.get(identity), scene.wire_points(identity)
        if known is None:
            return [(float(x), float(y)) for x, y in (points[len(points) // 2], points[len(points) // 3], points[2 * len(points) // 3])]
        (x, y), (above_x, above_y) = known.backward, known.forward
        aside = (known.widths[1] + wide) / 2
        near = [(x, y + line), (x + aside, y), (x - aside, y), (above_x, above_y - line), (x, y + 2 * line), (above_x, above_y - 2 * line)]
        return [(float(a), float(b)) for a, b in near]

    def _boost(self) -> float:
        return max(self._canvas.stage.labels.boost, 1.0)

    def _rect(self, identity: str) -> QRectF:
        scene = self._canvas.scene
        shown = scene.item_of(identity) if identity not in scene.row else identity
        if shown is not None and shown in scene.row:
            return scene.rect(shown)
        graph = self._canvas.document.graph
        return scene.item_rect(identity) if identity in graph.frames or identity in graph.notes else QRectF()

    def _layer(self, owner: str) -> _Layer:
        return self._layers.setdefault(owner, _Layer())

    def _told(self) -> None:
        self._canvas.update()
        self.changed.emit()


def _rounded(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, 10, 10)
    return path


def _paint_tag(painter: QPainter, tag: Tag, box: QRectF, boost: float, theme: Theme) -> None:
    edges = {"ok": theme.success, "warning": theme.warning, "error": theme.error, "forward": theme.forward, "backward": theme.backward}
    hue = edges.get(tag.kind, theme.secondary)
    painter.setPen(QPen(color(hue), 1.3 * boost))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setFont(font("small", boost))
    painter.setPen(color(hue if tag.kind in ("forward", "backward") else theme.text))
    painter.drawText(box, _CENTRE, tag.shown)
