"""Plates with arrows, squares or maps, and the strip that says what they are, painted in view coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.learned.track import Quantity
from ui.look.numerals import number
from ui.look.theme import Theme, color, faded, font
from ui.maths.heat import signed_image
from ui.weights.plates import Field, Key, Plate

HEAD = 0.32
"""Length of an arrow's head against the arrow, up to a fixed number of pixels."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_plate(
    painter: QPainter, plate: Plate, tables: Mapping[Key, np.ndarray], quantity: Quantity, largest: float, theme: Theme, stale: bool,
    type_size: float, parts: Mapping[Key, np.ndarray], share: float,
) -> None:  # fmt: skip
    """All fields of a plate on one scale: `largest` is the size of the longest arrow, or of the largest square or shade.

    `parts` are the gradient's parts of a coming step, which is drawn as far as its animation has come (`share`, 0 to 1).
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(color(theme.card))
    painter.drawRoundedRect(plate.box, 3, 3)
    painter.setOpacity(0.45 if stale else 1.0)
    for field in plate.fields:
        table = tables[field.key]
        if quantity == "step":
            _paint_steps(painter, field, table, parts.get(field.key), largest, share, theme)
        elif quantity in ("velocity", "sums"):
            _paint_arrows(painter, field, table, largest, theme)
        elif quantity == "squares":
            _paint_squares(painter, field, table, largest, theme)
        else:
            _paint_map(painter, field, table, largest, theme)
        if field.written:
            _write(painter, field, table, theme, type_size)
    painter.setOpacity(1.0)


def _paint_arrows(painter: QPainter, field: Field, table: np.ndarray, largest: float, theme: Theme) -> None:
    """Up where the weight is moved to larger numbers, down to smaller ones; its length by the common scale."""
    wide, high = field.cell
    room, width = high * 0.46, min(max(high / 9, 1.0), 3.0)
    _paint_grid(painter, field, theme)
    for sign, hue in ((1, theme.heat[2]), (-1, theme.heat[0])):
        lines, heads = [], []
        for row, column in np.argwhere(np.sign(np.where(np.isfinite(table), table, 0.0)) == sign):
            length = room * min(1.0, abs(float(table[row, column])) / (largest or 1.0))
            x, y = field.area.left() + (column + 0.5) * wide, field.area.top() + (row + 0.5) * high
            if length < 0.6:
                continue
            tip = y - sign * 2 * length + sign * length
            base = y + sign * length
            head = min(max(2.5 * width, HEAD * 2 * length), 9.0, 2 * length)
            lines.append(QLineF(x, base, x, tip + sign * head * 0.8))
            end = tip + sign * head
            heads.append(QPolygonF([QPointF(x, tip), QPointF(x - head * 0.55, end), QPointF(x + head * 0.55, end)]))
        painter.setPen(QPen(color(hue), width))
        painter.drawLines(lines)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(hue))
        for polygon in heads:
            painter.drawPolygon(polygon)
    _paint_loud(painter, field, table, theme)


def _paint_steps(
    painter: QPainter, field: Field, table: np.ndarray, part: np.ndarray | None, largest: float, share: float, theme: Theme
) -> None:
    """In each cell the gradient's part from the middle, from its end the memory's, and beside them their sum."""
    wide, high = field.cell
    _paint_grid(painter, field, theme)
    reach, width = high * 0.46 / (largest or 1.0), min(max(high / 11, 1.0), 3.0)
    shares = np.clip(share * 3 - np.arange(3), 0.0, 1.0)
    nothing = np.zeros_like(table)
    known = part if part is not None and part.shape == table.shape else None
    first = nothing if known is None else known
    rest = nothing if known is None else table - known
    kinds = (
        (theme.backward, -0.22, nothing, first * shares[0]), (theme.forward, -0.22, first, rest * shares[1]),
        (theme.highlight, 0.22, nothing, table * shares[2]),
    )  # fmt: skip
    middle = field.area.top() + 0.5 * high
    for hue, aside, starts, moves in kinds:
        painter.setPen(QPen(color(hue), width))
        painter.setBrush(color(hue))
        for row, column in np.ndindex(*table.shape):
            start, move = float(starts[row, column]) * reach, float(moves[row, column]) * reach
            if math.isfinite(start + move) and abs(move) >= 0.6:
                x, y = field.area.left() + (column + 0.5 + aside) * wide, middle + row * high - start
                _paint_arrow(painter, x, y, y - move, width)
    _paint_loud(painter, field, table, theme)


def _paint_arrow(painter: QPainter, x: float, base: float, tip: float, width: float) -> None:
    """Upwards or downwards."""
    sign, length = (1.0 if tip < base else -1.0), abs(tip - base)
    head = min(max(2.5 * width, HEAD * length), 9.0, length)
    end = tip + sign * head
    painter.drawLine(QLineF(x, base, x, end))
    painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - head * 0.5, end), QPointF(x + head * 0.5, end)]))


def _paint_squares(painter: QPainter, field: Field, table: np.ndarray, largest: float, theme: Theme) -> None:
    """The area of each square is proportional to the number."""
    wide, high = field.cell
    _paint_grid(painter, field, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(theme.forward))
    sides = 0.94 * min(wide, high) * np.sqrt(np.clip(np.where(np.isfinite(table), table, 0.0), 0.0, None) / (largest or 1.0))
    rects = [
        QRectF(field.area.left() + (column + 0.5) * wide - side / 2, field.area.top() + (row + 0.5) * high - side / 2, side, side)
        for (row, column), side in np.ndenumerate(sides) if side > 0.2
    ]  # fmt: skip
    painter.drawRects(rects)
    _paint_loud(painter, field, table, theme)


def _paint_map(painter: QPainter, field: Field, table: np.ndarray, largest: float, theme: Theme) -> None:
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(field.area, signed_image(table, largest, theme))
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(field.area)


def _paint_grid(painter: QPainter, field: Field, theme: Theme) -> None:
    """The cells, faintly, so that an arrow belongs to its weight."""
    wide, high = field.cell
    area = field.area
    painter.setPen(QPen(faded(theme.hairline, 0.4), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    across = [QLineF(area.left() + i * wide, area.top(), area.left() + i * wide, area.bottom()) for i in range(field.columns + 1)]
    down = [QLineF(area.left(), area.top() + i * high, area.right(), area.top() + i * high) for i in range(field.rows + 1)]
    painter.drawLines(across + down)


def _paint_loud(painter: QPainter, field: Field, table: np.ndarray, theme: Theme) -> None:
    """What is not a finite number."""
    wide, high = field.cell
    painter.setBrush(color(theme.error))
    painter.setPen(Qt.PenStyle.NoPen)
    for row, column in np.argwhere(~np.isfinite(table)):
        painter.drawRect(QRectF(field.area.left() + column * wide + 1, field.area.top() + row * high + 1, wide - 2, high - 2))


def _write(painter: QPainter, field: Field, table: np.ndarray, theme: Theme, type_size: float) -> None:
    wide, _high = field.cell
    small = font("small", type_size)
    line = QFontMetricsF(small).height()
    painter.setFont(small)
    for column in range(field.columns):
        value = float(table[0, column])
        painter.setPen(color(theme.text if math.isfinite(value) else theme.error))
        painter.drawText(QRectF(field.area.left() + column * wide, field.area.bottom(), wide, line), _CENTRE, number(value, 2))


@dataclass(frozen=True, slots=True)
class Strip:
    """The chooser with its legend: where it is, and where each choice of it is."""

    box: QRectF
    choices: tuple[tuple[str, QRectF], ...]

    def at(self, place: QPointF) -> str | None:
        return next((key for key, box in self.choices if box.contains(place)), None)


def paint_strip(
    painter: QPainter, view: QRectF, title: str, choices: Sequence[tuple[str, str]], chosen: str, lines: Sequence[str], theme: Theme,
    stale: bool,
) -> Strip:  # fmt: skip
    """At the lower left: what can be shown, with what is shown marked, and below it what the marks mean."""
    small = font("small", theme.scale)
    metrics = QFontMetricsF(small)
    line, gap = metrics.height() + 4, 9.0
    first, room = metrics.horizontalAdvance(title) + gap, view.width() - 16 - 2 * gap
    places: list[tuple[str, str, float, int, float]] = []
    left, row = first, 0
    for key, text in choices:
        wide = metrics.horizontalAdvance(text) + 1.6 * gap
        if left + wide > room and left > first:
            left, row = first, row + 1
        places.append((key, text, left, row, wide))
        left += wide
    inner = max([*(place[2] + place[4] for place in places), *(metrics.horizontalAdvance(text) for text in lines)])
    width, high = min(inner, room) + 2 * gap, line * (1 + row + len(lines)) + gap
    box = QRectF(view.left() + 8, view.bottom() - high - 6, width, high)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color(theme.card_edge), 1))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, 6, 6)
    painter.setFont(small)
    painter.setPen(color(theme.secondary))
    top = box.top() + gap / 2
    painter.drawText(QRectF(box.left() + gap, top, box.width(), line), _LEFT, title)
    found = []
    for key, text, left, at, wide in places:
        place = QRectF(box.left() + gap + left, top + at * line, wide, line)
        if key == chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.forward))
            painter.drawRoundedRect(place, line / 2, line / 2)
        painter.setPen(color(theme.on_accent if key == chosen else theme.text))
        painter.drawText(place, _CENTRE, text)
        found.append((key, place))
    top += row * line
    painter.setFont(small)
    painter.setPen(color(theme.stale if stale else theme.text))
    for i, text in enumerate(lines, 1):
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 2 * gap)
        painter.drawText(QRectF(box.left() + gap, top + i * line, box.width() - 2 * gap, line), _LEFT, shown)
    return Strip(box, tuple(found))
