"""The legend over a picture of a plane: what colours and marks mean, in rows as wide as there is room."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.data.parts import part_name
from engine.learned.plane import OnPlane
from graph.text.messages import _
from ui.look.theme import Theme, color, font
from ui.maths.class_marks import paint_mark
from ui.regions.marks import RADIUS, paint_cross

GAP, MARK = 12.0, 14.0
"""Between two entries, and the room of a mark, in pixels for type at 100 %."""
ROW = 17.0
ROWS = 3
"""Rows at most: of many classes the first ones are named."""
WIDEST = 110.0


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is what is drawn; `number` the class."""

    text: str
    kind: str
    number: int = 0


def entries(seen: OnPlane) -> list[Entry]:
    """What is drawn, and nothing else."""
    classes = [Entry(name, "class", number) for number, name in enumerate(seen.classes)] if seen.kind == "classes" else []
    if seen.kind == "numbers" and len(seen.axes) == 1:
        classes = [Entry(_("prediction"), "curve"), Entry(_("residual"), "residual")]
    parts = [Entry(part_name(part), "filled" if part == "train" else "outlined") for part in seen.points.part]
    wrong = [Entry(_("wrong"), "wrong")] if seen.points.right.size and not seen.points.right.all() else []
    return [*classes, *parts, *wrong]


def rows(seen: OnPlane, width: float, unit: float) -> list[list[tuple[Entry, float, str]]]:
    """Entries by row, with where each begins and its text as it is written."""
    metrics = QFontMetricsF(font("small", unit))
    laid: list[list[tuple[Entry, float, str]]] = [[]]
    x = 0.0
    for entry in entries(seen):
        text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, WIDEST * unit)
        wide = MARK * unit + metrics.horizontalAdvance(text)
        if x and x + wide > width:
            laid.append([])
            x = 0.0
        laid[-1].append((entry, x, text))
        x += wide + GAP * unit
    if len(laid) > ROWS:
        laid = laid[:ROWS]
        laid[-1].append((Entry("…", ""), min(x, width), "…"))
    return laid


def height(seen: OnPlane, width: float, unit: float) -> float:
    return len(rows(seen, width, unit)) * ROW * unit


def paint_legend(painter: QPainter, area: QRectF, seen: OnPlane, theme: Theme, unit: float) -> None:
    painter.setFont(font("small", unit))
    for number, row in enumerate(rows(seen, area.width(), unit)):
        top = area.top() + number * ROW * unit
        middle = top + ROW * unit / 2
        for entry, left, text in row:
            _paint_sign(painter, entry, QPointF(area.left() + left + 5 * unit, middle), theme, unit)
            painter.setPen(color(theme.text))
            box = QRectF(area.left() + left + (MARK - 1) * unit, top, area.width(), ROW * unit)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


def _paint_sign(painter: QPainter, entry: Entry, at: QPointF, theme: Theme, unit: float) -> None:
    radius = 1.15 * RADIUS * unit
    if entry.kind == "class":
        paint_mark(painter, at, entry.number, theme, radius)
    elif entry.kind in ("filled", "outlined"):
        paint_mark(painter, at, 0, theme, radius, filled=entry.kind == "filled", ink=theme.secondary)
    elif entry.kind == "wrong":
        paint_cross(painter, at, theme, 0.8 * radius)
    elif entry.kind in ("curve", "residual"):
        curve = entry.kind == "curve"
        painter.setPen(QPen(color(theme.forward if curve else theme.secondary), (2.4 if curve else 1.0) * unit))
        way = QPointF(5 * unit, 0) if curve else QPointF(0, 5 * unit)
        painter.drawLine(at - way, at + way)
