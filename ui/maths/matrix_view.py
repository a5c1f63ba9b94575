"""A matrix as a map with the names of its rows and columns; beside it a vector over its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme, color, font
from ui.maths.heat import heat_table, signed_image

Floats = np.ndarray[Any, np.dtype[np.float64]]
Words = Callable[[str, str, str], str]
"""(name of the row, name of the column, value) → what is read at a cell."""
CELL = 150.0
"""Cells are at most so wide, for type at 100 %."""
STRIP, GAP = 76.0, 14.0
"""Width of the vector beside the matrix, and the room before it, for type at 100 %."""
NAMES = 150.0
"""Names are at most so long, for type at 100 %."""


class MatrixView(QWidget):
    """`read` carries what there is at the cursor, which the mouse and the arrow keys move; "" where there is none."""

    read = Signal(str)

    def __init__(self, name: str, words: Words) -> None:
        """A screen reader calls it `name`; `words` says what the entry at the cursor is."""
        super().__init__()
        self._theme, self._words = LIGHT, words
        self._matrix: Floats = np.zeros((0, 0))
        self._rows: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._vector: Floats | None = None
        self._title, self._stale = "", False
        self._cell: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        self.setAccessibleName(name)

    def show_matrix(self, matrix: Floats, rows: Sequence[str], columns: Sequence[str], theme: Theme, stale: bool) -> None:
        """(m, n) with the m names of its rows and the n names of its columns."""
        if matrix.shape != self._matrix.shape:
            self._cell, self._vector = None, None
        self._matrix, self._rows, self._columns, self._theme, self._stale = matrix, rows, columns, theme, stale
        self._say()
        self.update()

    def show_vector(self, vector: Floats | None, title: str) -> None:
        """(p,), drawn as bars beside the rows."""
        self._vector, self._title = vector, title
        self.update()

    # Where things are

    def _widest(self, names: Sequence[str]) -> float:
        text = QFontMetricsF(font("small", self._theme.scale))
        longest = max((text.horizontalAdvance(name) for name in names), default=0.0)
        return min(longest, NAMES * self._theme.scale) + 6

    @property
    def _area(self) -> QRectF:
        """The cells: squares, or higher than wide where there are many columns."""
        scale, (rows, columns) = self._theme.scale, self._matrix.shape
        left, beside = self._widest(self._rows), (STRIP + GAP) * scale
        high = min(self._widest(self._columns), 0.3 * self.height())
        if self._vector is not None:
            high = max(high, 2.2 * QFontMetricsF(font("small", scale)).height())  # its title has two lines
        across, down = self.width() - left - beside - 4, self.height() - high - self._foot - 4
        wide = max(1.0, min(across / max(columns, 1), CELL * scale))
        tall = max(1.0, min(down / max(rows, 1), CELL * scale))
        if rows == columns or wide > tall:
            wide = min(wide, tall)
        if rows == columns or tall > wide:
            tall = min(tall, max(wide, 0.0 if rows == columns else self._line))
        return QRectF(left, high, wide * columns, tall * rows)

    @property
    def _line(self) -> float:
        return 1.6 * QFontMetricsF(font("small", self._theme.scale)).height()

    @property
    def _foot(self) -> float:
        return QFontMetricsF(font("small", self._theme.scale)).height() + 14 * self._theme.scale

    def _size(self, area: QRectF) -> tuple[float, float]:
        """Width and height of a cell."""
        rows, columns = self._matrix.shape
        return area.width() / max(columns, 1), area.height() / max(rows, 1)

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        area = self._area
        if not self._matrix.size or not area.contains(point):
            return None
        (wide, tall), (rows, columns) = self._size(area), self._matrix.shape
        return min(int((point.y() - area.top()) / tall), rows - 1), min(int((point.x() - area.left()) / wide), columns - 1)

    # Reading

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._go(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move, (rows, columns) = moves.get(Qt.Key(event.key())), self._matrix.shape
        if move is None or not self._matrix.size:
            super().keyPressEvent(event)
            return
        row, column = self._cell or (-move[0] if move[0] > 0 else 0, -move[1] if move[1] > 0 else 0)
        self._go((min(max(row + move[0], 0), rows - 1), min(max(column + move[1], 0), columns - 1)))

    def _go(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self._say()
            self.update()

    def _say(self) -> None:
        text = self.reading()
        self.read.emit(text)
        self.setAccessibleDescription(text)

    def reading(self) -> str:
        """The entry at the cursor."""
        if self._cell is None or self._cell[0] >= len(self._rows) or self._cell[1] >= len(self._columns):
            return ""
        row, column = self._cell
        return self._words(self._rows[row], self._columns[column], number(float(self._matrix[row, column]), 6))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._matrix.size:
            return
        painter, area = QPainter(self), self._area
        largest = self._largest
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, signed_image(self._matrix, largest, self._theme))
        wide, tall = self._size(area)
        painter.setFont(self._font(min(wide, tall)))
        self._paint_rows(painter, area, tall)
        self._paint_columns(painter, area, wide)
        self._paint_numbers(painter, area, largest)
        self._paint_vector(painter, area, tall)
        self._paint_scale(painter, area, largest)
        if self._cell is not None:
            row, column = self._cell
            painter.setPen(QPen(color(self._theme.highlight), 2 * self._theme.scale))
            painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * tall, wide, tall))
        if self.hasFocus():
            painter.setPen(QPen(color(self._theme.focus), 1))
            painter.drawRect(area.adjusted(-1, -1, 1, 1))
        painter.end()

    @property
    def _largest(self) -> float:
        known = self._matrix[np.isfinite(self._matrix)]
        return float(abs(known).max()) if known.size else 0.0

    def _font(self, side: float) -> QFont:
        """Small print where every row has room for it, else smaller."""
        small = font("small", self._theme.scale)
        return small if QFontMetricsF(small).height() <= side or side < 6 else font("tiny", self._theme.scale)

    def _ink(self, painter: QPainter) -> QFontMetricsF:
        painter.setPen(color(self._theme.stale if self._stale else self._theme.text))
        return QFontMetricsF(painter.font())

    def _paint_rows(self, painter: QPainter, area: QRectF, tall: float) -> None:
        metrics = self._ink(painter)
        high = metrics.height()
        for i in range(0, len(self._rows), _apart(high, tall)):
            text = metrics.elidedText(self._rows[i], Qt.TextElideMode.ElideMiddle, area.left() - 6)
            box = QRectF(0, area.top() + (i + 0.5) * tall - high / 2, area.left() - 6, high)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_columns(self, painter: QPainter, area: QRectF, wide: float) -> None:
        metrics = self._ink(painter)
        high = metrics.height()
        upright = max((metrics.horizontalAdvance(name) for name in self._columns), default=0.0) + 4 < wide
        for i in range(0, len(self._columns), 1 if upright else _apart(high, wide)):
            painter.save()
            painter.translate(area.left() + (i + 0.5) * wide, area.top() - 4)
            if upright:
                box = QRectF(-wide / 2, -high, wide, high)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), self._columns[i])
            else:
                text = metrics.elidedText(self._columns[i], Qt.TextElideMode.ElideMiddle, area.top() - 6)
                painter.rotate(-90)
                painter.drawText(QRectF(0, -high / 2, area.top(), high), int(Qt.AlignmentFlag.AlignVCenter), text)
            painter.restore()

    def _paint_numbers(self, painter: QPainter, area: QRectF, largest: float) -> None:
        """Entries as text, where all of them fit into their cells."""
        if self._matrix.size > 150:
            return
        wide, tall = self._size(area)
        texts = [[number(float(value), 3) for value in row] for row in self._matrix]
        names, large = painter.font(), font("value", self._theme.scale)
        widest = max(QFontMetricsF(large).horizontalAdvance(text) for row in texts for text in row)
        if widest < 0.8 * wide and 2 * QFontMetricsF(large).height() < tall:
            painter.setFont(large)
        metrics = QFontMetricsF(painter.font())
        if max(metrics.horizontalAdvance(text) for row in texts for text in row) > wide - 4 or metrics.height() > tall:
            return
        theme = self._theme
        table = heat_table(theme)
        for i, row in enumerate(texts):
            for j, text in enumerate(row):
                share = self._matrix[i, j] / largest if largest and np.isfinite(self._matrix[i, j]) else 0.0
                blue, green, red, _alpha = table[round((float(np.clip(share, -1, 1)) + 1) * 127.5)]
                bright = 0.299 * int(red) + 0.587 * int(green) + 0.114 * int(blue) > 140
                painter.setPen(color(theme.text if bright != theme.dark else theme.panel))
                box = QRectF(area.left() + j * wide, area.top() + i * tall, wide, tall)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.setFont(names)

    def _paint_vector(self, painter: QPainter, area: QRectF, side: float) -> None:
        """Bars to the right for positive entries, to the left for negative ones; its entries are at most 1 in size."""
        vector, theme = self._vector, self._theme
        if vector is None or len(vector) != len(self._matrix):
            return
        left, wide = area.right() + GAP * theme.scale, STRIP * theme.scale
        middle = left + wide / 2
        painter.setPen(color(theme.secondary))
        box = QRectF(left - GAP, area.top() - 40 * theme.scale, wide + 2 * GAP, 38 * theme.scale)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), self._title)
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.drawLine(QPointF(middle, area.top()), QPointF(middle, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        thick = max(side * 0.7, 1.0)
        for i, entry in enumerate(vector.tolist()):
            painter.setBrush(color(theme.stale if self._stale else theme.heat[2] if entry > 0 else theme.heat[0]))
            top = area.top() + (i + 0.5) * side - thick / 2
            length = entry * wide / 2
            painter.drawRect(QRectF(min(middle, middle + length), top, abs(length), thick))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_scale(self, painter: QPainter, area: QRectF, largest: float) -> None:
        """What the colours mean, below the cells."""
        theme, metrics = self._theme, QFontMetricsF(painter.font())
        low, high = number(-largest, 3), number(largest, 3)
        top, thick = area.bottom() + 8 * theme.scale, metrics.height() * 0.7
        left = area.left() + metrics.horizontalAdvance(low) + 6
        wide = max(60.0 * theme.scale, min(area.width() - 2 * metrics.horizontalAdvance(low) - 12, 200 * theme.scale))
        painter.drawImage(QRectF(left, top + 2, wide, thick), signed_image(np.linspace(-1, 1, 101)[None], 1.0, theme))
        painter.setPen(color(theme.secondary))
        box = QRectF(area.left(), top, left - area.left() - 6, metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), low)
        box = QRectF(left + wide + 6, top, 200 * theme.scale, metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), high)


def _apart(high: float, size: float) -> int:
    """Every so manieth name is written, so that names do not overlap."""
    return max(1, int(np.ceil(0.9 * high / size)))
