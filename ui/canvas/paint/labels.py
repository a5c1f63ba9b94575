"""Numbers on wires: the value above, the gradient below, each in its place for as long as nothing moves.

A wire's two labels share a place along the wire and are pushed away from it, from other wires, from cards and from labels
that stand already. Places depend on geometry and on the widths the texts need, rounded up, so that changing digits do not
make them jump.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, hypot
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from engine.compile.views import Absent, ArrayView
from graph.model.elements import Edge, End
from ui.canvas.model import geometry
from ui.canvas.model.content import Content
from ui.canvas.model.scene import Scene
from ui.canvas.model.stacking import hidden_by_cards
from ui.canvas.paint import batch
from ui.look.numerals import loud, number, tensor_text, whole
from ui.look.theme import VEIL, Theme, color, faded, font

HEIGHT = 20.0
LEAST = 62.0
PICTURE = (26.0, 16.0)
NORM = "|∇|"
_SHARES = (0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71, 0.22, 0.78, 0.15, 0.85)
_GAPS = (2.0, 5.0, 9.0, 15.0, 23.0, 34.0, 48.0)
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Text:
    """What stands on one side of a wire. `kind` decides how it is drawn; only `number` and `tensor` are numbers."""

    kind: Literal["number", "tensor", "word", "empty", "bad", "hidden"]
    text: str
    width: float
    view: ArrayView | None = None
    image: bool = False
    lead: float = 0.0
    """Width of the sign that says the number is a norm."""


def _made(
    kind: Literal["number", "tensor", "word", "bad"], text: str, view: ArrayView | None = None, image: bool = False, norm: bool = False
) -> Text:
    if kind == "word":
        return Text(kind, text, geometry.text_width("tiny", text) + 6)
    wide, lead = geometry.number_width("wire", text), geometry.text_width("small", NORM) + 3 if norm else 0.0
    return Text(kind, text, lead + wide * 13 / 15 + PICTURE[0] + 8 if kind == "tensor" else wide, view, image, lead)


EMPTY = Text("empty", "", 34.0)
HIDDEN = Text("hidden", "?", 34.0)
"""For a number that someone is to find out."""


@dataclass(frozen=True, slots=True)
class Places:
    """Centres of the two labels of a wire, in scene coordinates, and the widths they were made for."""

    forward: tuple[float, float]
    backward: tuple[float, float]
    widths: tuple[float, float]
    picks: tuple[int, int]
    """Which of the candidates along the wire they are."""


def value_text(view: ArrayView | None, image: bool = False) -> Text:
    if view is None:
        return EMPTY
    scalar = view.scalar
    if scalar is not None:
        return _made("bad" if loud(scalar) else "number", whole(scalar) if "int" in view.dtype else number(scalar))
    shape = tensor_text(view.shape)
    return _made("tensor", shape, view, image) if view.finite else _made("bad", f"NaN/∞ {shape}")


def gradient_text(gradient: ArrayView | Absent) -> Text:
    """A gradient, or which of the four absences it is; none of them looks like a number."""
    if isinstance(gradient, Absent):
        return EMPTY if gradient.reason == "not computed" else _made("word", gradient.reason)
    scalar = gradient.scalar
    if scalar is not None:
        return _made("bad" if loud(scalar) else "number", number(scalar))
    if not gradient.finite:
        return _made("bad", f"NaN/∞ {tensor_text(gradient.shape)}")
    return _made("tensor", number(gradient.norm), gradient, norm=True)


class Labels:
    """Places of the labels, kept until geometry near them changes. `boost` magnifies the texts."""

    def __init__(self) -> None:
        self.places: dict[str, Places] = {}
        self.boost = 1.0
        self.held = False
        """While numbers change under a hand or in training, labels keep their places even when texts outgrow them."""

    def magnify(self, boost: float) -> None:
        if boost != self.boost:
            self.boost = boost
            self.clear()

    def clear(self) -> None:
        self.places.clear()

    def forget(self, edge_ids: Iterable[str]) -> None:
        for edge_id in edge_ids:
            self.places.pop(edge_id, None)

    def follow(self, scene: Scene, edge_ids: Iterable[str]) -> None:
        """Keep labels where they are along wires that are being carried; what they may cover is looked at when the hand lets go."""
        for edge_id in edge_ids:
            known = self.places.get(edge_id)
            if known is None or edge_id not in scene.edge_row:
                continue
            own, at = scene.wire_points(edge_id), []
            for side, width, pick in ((-1.0, known.widths[0], known.picks[0]), (1.0, known.widths[1], known.picks[1])):
                at.append(_candidate(own, side, width, HEIGHT * self.boost, pick))
            self.places[edge_id] = Places(at[0], at[1], known.widths, known.picks)

    def hit(self, edge_ids: Iterable[str], x: float, y: float) -> str | None:
        """The wire one of whose numbers is at a place of the scene."""
        for edge in edge_ids:
            if any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in self.boxes([edge])):
                return edge
        return None

    def boxes(self, edge_ids: Iterable[str]) -> list[tuple[float, float, float, float]]:
        """What the labels of these wires cover, as left, top, right, bottom."""
        return [box for edge in edge_ids if edge in self.places for box in _boxes(self.places[edge], self.boost)]

    def prepare(self, scene: Scene, ids: Iterable[str], content: Content, budget_ms: float | None = None) -> bool:
        """Find a place for every wire of `ids` that has none, or whose texts have outgrown it; whether all have one now.

        With a budget the search stops when the time is up: a large graph gets its labels over some frames.
        """
        began = time.perf_counter()
        taken: list[tuple[float, float, float, float]] | None = None
        for edge_id in ids:
            known = self.places.get(edge_id)
            if known is not None and self.held:
                continue
            above, below = texts(scene.graph.edges[edge_id], content)
            need = above.width * self.boost + 4, below.width * self.boost + 4
            if known is not None and need[0] <= known.widths[0] and need[1] <= known.widths[1]:
                continue
            if budget_ms is not None and taken is not None and (time.perf_counter() - began) * 1000 > budget_ms:
                return False
            self.places.pop(edge_id, None)
            if taken is None:
                taken = [box for places in self.places.values() for box in _boxes(places, self.boost)]
            widths = _reserved(above.width * self.boost, self.boost), _reserved(below.width * self.boost, self.boost)
            found = place(scene, edge_id, widths, taken, content, self.boost)
            self.places[edge_id] = found
            taken += _boxes(found, self.boost)
        return True

    def paint(self, painter: QPainter, scene: Scene, ids: Iterable[str], content: Content, theme: Theme, area: QRectF) -> None:
        """The labels of these wires that reach into `area`: veils first, then the texts of one colour after the other."""
        left, top, right, bottom = area.left() - 90, area.top() - 2 * HEIGHT, area.right() + 90, area.bottom() + 2 * HEIGHT
        above: list[tuple[Text, tuple[float, float]]] = []
        below: list[tuple[Text, tuple[float, float]]] = []
        for edge_id in ids:
            places = self.places.get(edge_id)
            if places is not None:
                forward, backward = texts(scene.graph.edges[edge_id], content)
                for text, at, side in ((forward, places.forward, above), (backward, places.backward, below)):
                    if left < at[0] < right and top < at[1] < bottom:
                        side.append((text, at))
        above, below = (self._uncovered(scene, area, side) for side in (above, below))
        paint_veils(painter, [*above, *below], theme, self.boost)
        paint_texts(painter, above, theme.forward, content, theme, self.boost)
        paint_texts(painter, below, theme.backward, content, theme, self.boost)


    def _uncovered(
        self, scene: Scene, area: QRectF, labels: list[tuple[Text, tuple[float, float]]]
    ) -> list[tuple[Text, tuple[float, float]]]:
        """Labels that found no place beside the cards lie below them, like their wires: whole or not at all, since part of a number
        is another number. What someone is to find out is always to be seen."""
        if not labels:
            return labels
        high = (HEIGHT - 6) * self.boost / 2
        half = [text.width * self.boost / 2 for text, _ in labels]
        boxes = np.array([(x - w, y - high, x + w, y + high) for w, (_, (x, y)) in zip(half, labels, strict=True)])
        gone = hidden_by_cards(scene, area.adjusted(-90, -HEIGHT, 90, HEIGHT), boxes)
        return [label for label, hidden in zip(labels, gone.tolist(), strict=True) if not hidden or label[0].kind == "hidden"]


def texts(edge: Edge, content: Content) -> tuple[Text, Text]:
    """Both texts of a wire, made once for every tensor of a trace."""
    if edge.id in content.hidden.values or edge.id in content.hidden.gradients:
        return _partly_hidden(edge, content)
    gradient = content.wire_gradient(edge)
    backward = content.texts.get((id(gradient), 1))
    if backward is None:
        backward = content.texts[id(gradient), 1] = gradient_text(gradient)
    return known_text(content, content.wire_value(edge), edge.source), backward


def _partly_hidden(edge: Edge, content: Content) -> tuple[Text, Text]:
    above = HIDDEN if edge.id in content.hidden.values else known_text(content, content.wire_value(edge), edge.source)
    return above, HIDDEN if edge.id in content.hidden.gradients else gradient_text(content.wire_gradient(edge))


def known_text(content: Content, value: ArrayView | None, source: tuple[str, str]) -> Text:
    """The text of an output's value, the same for its card and all its wires."""
    made: Text | None = content.texts.get((id(value), 0))
    if made is None:
        made = content.texts[id(value), 0] = value_text(value, content.is_image(*source))
    return made


def _reserved(width: float, boost: float) -> float:
    return max(LEAST * boost, 16.0 * ceil((width + 4) / 16.0))


def _boxes(places: Places, boost: float) -> list[tuple[float, float, float, float]]:
    both, half = zip((places.forward, places.backward), places.widths, strict=True), HEIGHT * boost / 2
    return [(x - w / 2, y - half, x + w / 2, y + half) for (x, y), w in both]


def place(
    scene: Scene, edge_id: str, widths: tuple[float, float], taken: list[tuple[float, float, float, float]], content: Content, boost: float
) -> Places:
    """The cheapest pair of places along the wire; the cost of a place counts what it would cover."""
    own = scene.wire_points(edge_id)
    span = scene.spans[scene.edge_row[edge_id]]
    around = QRectF(span[0] - 100, span[1] - 70, span[2] - span[0] + 200, span[3] - span[1] + 140)
    beside = [scene.edge_row[e] for e in scene.edges_in(around)]
    wires = _inside(_dense(scene.points[beside]), around)
    others = _nearby(scene.points[[row for row in beside if row != scene.edge_row[edge_id]]][:, ::4], around)
    cards = _cards(scene, around, content)
    near = np.array(taken or np.zeros((0, 4))).reshape(-1, 4)
    near = near[(near[:, 0] < around.right()) & (near[:, 2] > around.left()) & (near[:, 1] < around.bottom()) & (near[:, 3] > around.top())]
    drift = np.array([abs(share - 0.5) * 26 for share in _SHARES])
    best: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for side, width in ((-1.0, widths[0]), (1.0, widths[1])):
        boxes, away = _candidates(own, side, width, HEIGHT * boost)
        cost = (_covered(boxes, wires, cards, near) + _astray(own, boxes, others)).reshape(len(_SHARES), len(_GAPS)) + away
        pick = cost.argmin(axis=1)
        rows = np.arange(len(_SHARES))
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        best.append((cost[rows, pick], middle.reshape(len(_SHARES), len(_GAPS), 2)[rows, pick], rows * len(_GAPS) + pick))
    chosen = int((best[0][0] + best[1][0] + drift).argmin())
    above, below = best[0][1][chosen], best[1][1][chosen]
    picks = int(best[0][2][chosen]), int(best[1][2][chosen])
    return Places((float(above[0]), float(above[1])), (float(below[0]), float(below[1])), widths, picks)


def _inside(points: np.ndarray, around: QRectF) -> np.ndarray:
    x, y = points.T
    return np.asarray(points[(x > around.left()) & (x < around.right()) & (y > around.top()) & (y < around.bottom())])


def _nearby(points: np.ndarray, around: QRectF) -> np.ndarray:
    """Segments (n, 4) of coarse curves whose start is around."""
    rows = np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4)
    x, y = rows[:, 0], rows[:, 1]
    wide = around.adjusted(-80, -40, 80, 40)
    return np.asarray(rows[(x > wide.left()) & (x < wide.right()) & (y > wide.top()) & (y < wide.bottom())])


def _dense(points: np.ndarray) -> np.ndarray:
    """Sample points and the middles between them, as one list."""
    middles = (points[:, 1:] + points[:, :-1]) / 2
    return np.concatenate([points.reshape(-1, 2), middles.reshape(-1, 2)])


def _candidates(own: np.ndarray, side: float, width: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (share × distance, 4) on one side of the wire, and what their distance costs.

    A box is pushed along the normal just so far that it clears the tangent: above a level wire, beside a steep one.
    """
    rows = np.array([round(share * (len(own) - 1)) for share in _SHARES])
    tangent = own[np.minimum(rows + 1, len(own) - 1)] - own[np.maximum(rows - 1, 0)]
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * -side
    normal[normal[:, 1] * side < 0] *= -1
    support = np.abs(normal[:, 0]) * width / 2 + np.abs(normal[:, 1]) * height / 2
    gaps = np.array(_GAPS)
    centres = own[rows][:, None, :] + normal[:, None, :] * (support[:, None] + gaps[None, :])[..., None]
    half = np.array([width / 2, height / 2])
    boxes = np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4)
    return boxes, np.repeat((gaps * 0.5)[None, :], len(_SHARES), axis=0)


def _candidate(own: np.ndarray, side: float, width: float, height: float, pick: int) -> tuple[float, float]:
    """The middle of one of the candidates."""
    share, gap = divmod(pick, len(_GAPS))
    row = round(_SHARES[share] * (len(own) - 1))
    (x, y), (x1, y1), (x2, y2) = own[row].tolist(), own[max(row - 1, 0)].tolist(), own[min(row + 1, len(own) - 1)].tolist()
    long = max(hypot(x2 - x1, y2 - y1), 1e-9)
    across, down = (y2 - y1) / long * -side, -(x2 - x1) / long * -side
    if down * side < 0:
        across, down = -across, -down
    away = abs(across) * width / 2 + abs(down) * height / 2 + _GAPS[gap]
    return x + across * away, y + down * away


def _astray(own: np.ndarray, boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What it costs that another wire runs between a label and its own: it would be read as that one's."""
    if not len(others):
        return np.zeros(len(boxes))
    foot = np.repeat(own[[round(share * (len(own) - 1)) for share in _SHARES]], len(_GAPS), axis=0)[:, None, :]
    head = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None, :]
    start, end = others[None, :, :2], others[None, :, 2:]

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.asarray((b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0]))

    crossed = (side(foot, head, start) * side(foot, head, end) < 0) & (side(start, end, foot) * side(start, end, head) < 0)
    return np.asarray(45.0 * crossed.sum(axis=1))


def _cards(scene: Scene, around: QRectF, content: Content) -> np.ndarray:
    """Cards near the wire as left, top, right, bottom, the objective's stub and its numbers included."""
    found = [scene.rects[scene.row[n]] for n in scene.nodes_in(around)]
    boxes = [(r[0] - 7, r[1] - 3, r[0] + r[2] + 7, r[1] + r[3] + 3) for r in found]
    objective = content.objective()
    if objective is not None and objective[0] in scene.row:
        x, y = scene.anchor(objective[0], objective[1], True)
        boxes.append((x, y - 34, x + geometry.STUB + 30, y + 34))
    return np.array(boxes or np.zeros((0, 4))).reshape(-1, 4)


def _covered(boxes: np.ndarray, wires: np.ndarray, cards: np.ndarray, near: np.ndarray) -> np.ndarray:
    """What each box would cover: points of wires, area of cards, area of other labels."""
    left, top, right, bottom = (boxes[:, i : i + 1] for i in range(4))
    x, y = wires[:, 0], wires[:, 1]
    cost = 9.0 * ((x > left) & (x < right) & (y > top + 1) & (y < bottom - 1)).sum(axis=1)
    for obstacles, weight in ((cards, 0.6), (near, 0.6)):
        if len(obstacles):
            wide = np.minimum(right, obstacles[:, 2]) - np.maximum(left, obstacles[:, 0])
            high = np.minimum(bottom, obstacles[:, 3]) - np.maximum(top, obstacles[:, 1])
            cost = cost + weight * (np.clip(wide, 0, None) * np.clip(high, 0, None)).sum(axis=1)
    return np.asarray(cost)


def paint_veils(painter: QPainter, labels: Sequence[tuple[Text, tuple[float, float]]], theme: Theme, boost: float = 1.0) -> None:
    """The canvas's colour under every text: it keeps wires and pulses from running through a number."""
    high = (HEIGHT - 4) * boost
    boxes = [(x - t.width * boost / 2 - 2, y - high / 2, t.width * boost + 4, high) for t, (x, y) in labels if t.kind != "empty"]
    if boxes:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(theme.canvas, VEIL))
        batch.rectangles(painter, np.array(boxes, dtype=np.float64))


def paint_texts(
    painter: QPainter, labels: Sequence[tuple[Text, tuple[float, float]]], hue: str, content: Content, theme: Theme, boost: float = 1.0
) -> None:
    """Labels of one side; plain numbers, by far the most, in one run with one font and one pen."""
    painter.setFont(font("wire", boost))
    painter.setPen(color(theme.stale if content.stale else hue))
    for text, (x, y) in labels:
        if text.kind == "number":
            painter.drawText(QPointF(x - text.width * boost / 2, y + 5.4 * boost), text.text)
    for text, (x, y) in labels:
        if text.kind != "number":
            painter.save()
            painter.translate(x, y)
            painter.scale(boost, boost)
            _paint_special(painter, text, hue, content, theme)
            painter.restore()


def _paint_special(painter: QPainter, text: Text, hue: str, content: Content, theme: Theme) -> None:
    """Anything but a plain number, centred on the origin."""
    box = QRectF(-text.width / 2, -HEIGHT / 2, text.width, HEIGHT)
    if text.kind == "empty":
        pen = QPen(faded(hue, 0.5), 1.0)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(1, 4, -1, -4), 4, 4)
    elif text.kind == "hidden":
        paint_question(painter, box, hue, theme)
    elif text.kind == "word":
        painter.setFont(font("tiny"))
        painter.setPen(color(theme.secondary))
        painter.drawText(box, _CENTRE, text.text)
    elif text.view is not None:
        image = content.picture(text.view, theme, text.image, 1)
        if image is not None:
            wide = PICTURE[1] if len(text.view.shape) > 2 else PICTURE[0]
            _stamp(painter, QRectF(box.left() + PICTURE[0] - wide, box.top() + 2, wide, PICTURE[1]), image, theme, content.stale)
        painter.setPen(color(theme.stale if content.stale else hue))
        if text.lead:
            painter.setFont(font("small"))
            painter.drawText(box.adjusted(PICTURE[0] + 6, 0, 0, 0), _LEFT, NORM)
        painter.setFont(font("wire", 13 / 15))
        painter.drawText(box.adjusted(PICTURE[0] + 7 + text.lead, 0, 4, 0), _LEFT, text.text)
    else:
        painter.setPen(color(theme.error))
        painter.setFont(font("wire"))
        painter.drawText(box.adjusted(-4, 0, 4, 0), _CENTRE, text.text)


def paint_question(painter: QPainter, box: QRectF, hue: str, theme: Theme) -> None:
    """A slot that asks to be filled."""
    painter.setPen(QPen(color(hue), 1.5))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
    painter.setFont(font("strong"))
    painter.drawText(box, _CENTRE, "?")


def magnification(scale: float, theme: Theme) -> float:
    """How much larger labels are drawn when the graph is small on the screen, so that they stay legible; in few steps."""
    wanted = 0.8 * theme.scale / scale
    return min(max(1.0, round(wanted * 5) / 5), 1.4)


def _stamp(painter: QPainter, place: QRectF, image: QImage, theme: Theme, stale: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > 26 or image.height() > 16)
    painter.setOpacity(0.35 if stale else 1.0)
    painter.drawImage(place, image)
    painter.setOpacity(1.0)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place)


def stub_places(
    scene: Scene, node_id: str, port: str, widths: tuple[float, float], boost: float = 1.0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the objective's value and its gradient stand: above and below its stub, clear of the card."""
    x, y = scene.anchor(node_id, port, True)
    above, below = (x + 8 + max(width * boost, geometry.STUB) / 2 for width in widths)
    return (above, y - 20 * boost), (below, y + 20 * boost)


def stub_texts(content: Content, objective: End) -> tuple[Text, Text]:
    """The objective's value and its gradient, which is 1."""
    value = HIDDEN if objective[0] in content.hidden.values else value_text(content.node_value(*objective))
    return value, HIDDEN if objective[0] in content.hidden.gradients else gradient_text(content.node_gradient(*objective))


def stub_box(scene: Scene, content: Content, seen: End, objective: End, boost: float) -> QRectF:
    """What the objective's stub and its numbers fill, beside the card at which it is `seen`."""
    x, y = scene.anchor(*seen, True)
    widest = max(text.width for text in stub_texts(content, objective)) * boost
    high = (20 + HEIGHT / 2) * boost
    return QRectF(x, y - high, max(geometry.STUB, 8 + widest) + 8, 2 * high)
