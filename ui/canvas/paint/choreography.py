"""Paints an event of a pass: chips with numbers on their wires, and the arithmetic laid out over the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from ui.canvas.model import wires
from ui.canvas.model.arithmetic import NodeRows, Token
from ui.canvas.model.camera import Camera
from ui.canvas.model.choreography import Chip, Choreography, Frame, Plate, Point, extent
from ui.canvas.model.content import Content
from ui.canvas.model.event_scene import choreography
from ui.canvas.model.geometry import TITLE
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint.labels import paint_matrix
from ui.look.theme import Theme, color, font
from ui.maths import formula_text

SIZE, LARGEST = 23.0, 52.0
"""Height of a digit's font in the scene, at least and at most: larger on the screen than a node's value."""
LINES = 28.0
"""The text is at least this part of the view's height."""
LEGIBLE_MS = 650.0
"""An event that takes less time is shown by pulses alone: its arithmetic could not be read."""
MOST_CHIPS = 16
MATRIX, WIRE = 0.8, 15.0
"""Numbers in brackets are so much smaller than a single one; the size of the type in which a matrix is measured."""
CAPTION = 0.42
"""Height of the words below the arithmetic, in heights of a row."""
WIDEST = 0.86
"""A row is at most this part of the view's width."""
PICTURE = 1.4
"""Width of a tensor's picture, in heights of a digit."""


def legible(content: Content) -> bool:
    """Whether the event under way is slow enough, and has few enough numbers, for them to be read."""
    head = content.playhead
    event = head.active_event if head is not None else None
    if head is None or event is None or not content.values or content.trace is None or len(event.edges) > MOST_CHIPS:
        return False
    return head.moving and head.event_ms(event) >= LEGIBLE_MS


@dataclass(slots=True)
class SceneGround:
    """Where things are in a scene; `size` is that of the digits."""

    scene: CanvasScene
    size: float
    card: QRectF
    output: Point
    middle: Point = (0.0, 0.0)
    seen: QRectF = field(default_factory=QRectF)
    """What can be seen of the scene."""
    _ways: dict[str, tuple[list[Point], float]] = field(default_factory=dict)
    _widths: dict[tuple[object, ...], float] = field(default_factory=dict)

    @property
    def unit(self) -> float:
        return self.size * 1.5

    def length(self, wire: str) -> float:
        return self._way(wire)[1]

    def way(self, wire: str, share: float) -> Point:
        points, length = self._way(wire)
        if not length:
            return self.middle
        at = min(max(share, 0.0), 1.0) * (len(points) - 1)
        low = min(int(at), len(points) - 2)
        (x, y), (u, v), part = points[low], points[low + 1], at - low
        return x + (u - x) * part, y + (v - y) * part

    def _way(self, wire: str) -> tuple[list[Point], float]:
        if wire not in self._ways:
            scene = self.scene
            if wire not in scene.edge_row or wire in scene.hidden_edges:
                self._ways[wire] = [], 0.0
            else:
                even = wires.evenly(scene.wire_points(wire)[None])[:, 0]
                steps = even[1:] - even[:-1]
                points: list[Point] = [(float(x), float(y)) for x, y in even]
                self._ways[wire] = points, float((steps**2).sum(axis=1).__pow__(0.5).sum())
        return self._ways[wire]

    def width(self, token: Token) -> float:
        key = (token.runs, token.number, token.matrix is not None, token.view is not None)
        if key not in self._widths:
            self._widths[key] = width(token, self.size)
        return self._widths[key]

    def height(self, token: Token) -> float:
        return self.unit if token.matrix is None else max(self.unit, token.matrix.height * MATRIX * self.size / WIRE + 0.35 * self.size)


class Performance:
    """The choreography of the event under way, made once for its numbers."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._made: Choreography | None = None
        self._ground: SceneGround | None = None

    def frame(
        self, camera: Camera, view: QSizeF, scene: CanvasScene, content: Content, theme: Theme, rows: NodeRows | None,
        free: Callable[[], QRectF],
    ) -> Frame | None:  # fmt: skip
        """What is to be seen now; None where nothing moves in this event, or too fast."""
        head = content.playhead
        event = head.active_event if head is not None else None
        if head is None or event is None or content.trace is None or not legible(content):
            return None
        key = (event, content, rows, scene, scene.version, camera.state(), view.width(), view.height(), theme.scale)
        if key[1:] != self._key[1:] or key[0] is not (self._key[0] if self._key else None):
            self._key = key
            self._made = choreography(event, content, rows)
            self._ground = _ground(self._made, camera, view, scene, theme) if self._made is not None else None
            if self._made is not None and self._ground is not None:
                self._made = self._made.fitted(WIDEST * view.width() / camera.scale, self._ground)
                room = free()
                _place(self._ground, self._made, QRectF(camera.to_scene(room.topLeft()), camera.to_scene(room.bottomRight())))
        if self._made is None or self._ground is None:
            return None
        return self._made.frame(head.share, self._ground, head.reduced_motion)

    def paint(
        self, painter: QPainter, camera: Camera, view: QSizeF, scene: CanvasScene, content: Content, theme: Theme, rows: NodeRows | None,
        free: Callable[[], QRectF],
    ) -> bool:  # fmt: skip
        """Whether there was anything to paint; in view coordinates. `free` gives the part of the view that nothing lies over."""
        frame = self.frame(camera, view, scene, content, theme, rows, free)
        if frame is None or self._ground is None:
            return False
        painter.save()
        painter.setWorldTransform(camera.transform(), True)
        forward = content.playhead is not None and content.playhead.phase == "forward"
        if frame.plate is not None:
            _paint_plate(painter, frame, frame.plate, theme.forward if forward else theme.backward, self._ground, theme)
        for chip in frame.chips:
            paint_chip(painter, chip, self._ground.width(chip.token), self._ground.size, content, theme)
        painter.restore()
        return True


def _ground(made: Choreography, camera: Camera, view: QSizeF, scene: CanvasScene, theme: Theme) -> SceneGround | None:
    card = scene.item_of(made.node)
    if card is None or card not in scene.row:
        return None
    rect = scene.rect(card)
    size = min(max(SIZE, SIZE * theme.scale / camera.scale, view.height() / LINES / camera.scale), LARGEST)
    port = scene.output_of((made.node, scene.graph.spec(made.node).outputs[0].name))
    output = scene.anchor(*port, True) if port is not None else (rect.right(), rect.center().y())
    return SceneGround(scene, size, rect, output)


def _place(ground: SceneGround, made: Choreography, seen: QRectF) -> None:
    """Lay the arithmetic out below the title of the card, and inside what can be seen."""
    card, (wide, high) = ground.card, extent(made, ground)
    ground.seen = seen
    x = min(max(card.center().x(), seen.left() + wide / 2 + 4), seen.right() - wide / 2 - 4) if wide < seen.width() else seen.center().x()
    y = max(card.top() + TITLE + 2 + high / 2, card.center().y() + TITLE / 2)
    ground.middle = (x, min(max(y, seen.top() + high / 2 + 4), seen.bottom() - high / 2 - 4))


# tokens


def width(token: Token, size: float) -> float:
    """How wide a token is drawn."""
    if token.matrix is not None:
        return token.matrix.width * MATRIX * size / WIRE
    lead = PICTURE * size + 0.3 * size if token.view is not None else 0.0
    if _plain(token):
        return lead + _metrics(size).horizontalAdvance(token.text.strip())
    return lead + formula_text.line(token.runs, 1e6, _rounded(size)).width


def _plain(token: Token) -> bool:
    return token.number or (len(token.runs) == 1 and len(token.text.strip()) == 1)


def _rounded(size: float) -> float:
    """Few sizes, so that fonts are made seldom."""
    return float(round(size / 2) * 2)


@lru_cache(maxsize=8)
def _font(size: float) -> QFont:
    digits = font("value")
    digits.setPixelSize(max(1, round(size)))
    return digits


@lru_cache(maxsize=8)
def _metrics(size: float) -> QFontMetricsF:
    return QFontMetricsF(_font(size))


def strip_left(plate: Plate, words: float, seen: QRectF) -> float:
    """Where the strip of so wide words begins: below the middle of the plate, but where it can be seen from its beginning."""
    return max(min(plate.x - words / 2, seen.right() - words), seen.left())


def _paint_plate(painter: QPainter, frame: Frame, plate: Plate, hue: str, ground: SceneGround, theme: Theme) -> None:
    """The ground of the rows, with what they are on a strip below it."""
    painter.setOpacity(plate.opacity)
    unit = ground.unit
    box = QRectF(plate.x - plate.width / 2, plate.y - plate.height / 2, plate.width, plate.height)
    if frame.caption:
        small = _font(CAPTION * unit)
        words = QFontMetricsF(small).horizontalAdvance(frame.caption) + unit / 2
        strip = QRectF(strip_left(plate, words, ground.seen), box.bottom() - unit / 4, words, 0.9 * unit)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(hue))
        painter.drawRoundedRect(strip, unit / 4, unit / 4)
        painter.setPen(color(theme.on_accent))
        painter.setFont(small)
        painter.drawText(strip.adjusted(0, unit / 4, 0, 0), Qt.AlignmentFlag.AlignCenter, frame.caption)
    painter.setPen(QPen(color(hue), unit / 14))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, unit / 3, unit / 3)
    painter.setOpacity(1.0)


def paint_chip(painter: QPainter, chip: Chip, wide: float, size: float, content: Content, theme: Theme) -> None:
    """A token: white on its colour while it travels by itself, in its colour where it is part of a row."""
    token = chip.token
    hue = {"value": theme.forward, "gradient": theme.backward, "text": theme.text}[token.hue]
    painter.setOpacity(chip.opacity)
    if chip.pill:
        high = size * 1.36 if token.matrix is None else token.matrix.height * MATRIX * size / WIRE + 0.4 * size
        bend = min(high / 2, size * 0.68)
        painter.setPen(QPen(color(theme.panel), size / 12))
        painter.setBrush(color(hue))
        painter.drawRoundedRect(QRectF(chip.x - wide / 2 - size * 0.42, chip.y - high / 2, wide + size * 0.84, high), bend, bend)
    painter.setPen(color(theme.on_accent if chip.pill else hue))
    x = chip.x - wide / 2
    if token.matrix is not None:
        share = MATRIX * size / WIRE
        ink = theme.on_accent if chip.pill else theme.error if token.matrix.loud else hue
        paint_matrix(painter, token.matrix, x, chip.y - token.matrix.height * share / 2, ink, share)
        painter.setOpacity(1.0)
        return
    if token.view is not None:
        image = content.picture(token.view, theme, False, 1)
        if image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > 26)
            painter.drawImage(QRectF(x, chip.y - size * 0.45, PICTURE * size, size * 0.9), image)
        x += (PICTURE + 0.3) * size
    if _plain(token):
        painter.setFont(_font(size))
        painter.drawText(QPointF(x, chip.y + size * 0.36), token.text.strip())
    else:
        formula_text.line(token.runs, 1e6, _rounded(size)).paint(painter, x, chip.y + size * 0.33, _rounded(size))
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
