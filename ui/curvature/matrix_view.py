"""A symmetric matrix as a map with the names of its rows and columns; beside it a vector over the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.curvature.spectrum import Floats
from graph.text.messages import _
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme, color, font
from ui.maths.heat import heat_table, signed_image

CELL = 64.0
"""Cells are at most so wide, for type at 100 %."""
STRIP, GAP = 76.0, 14.0
"""Width of the vector beside the matrix, and the room before it, for type at 100 %."""
NAMES = 150.0
"""Names are at most so long, for type at 100 %."""


class MatrixView(QWidget):
    """`read` carries what there is at the cursor, which the mouse and the arrow keys move; "" where there is none."""

    read = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._matrix: Floats = np.zeros((0, 0))
        self._names: Sequence[str] = ()
        self._vector: Floats | None = None
        self._title, self._stale = "", False
        self._cell: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        self.setAccessibleName(_("Second derivatives of the objective"))

    def show_matrix(self, matrix: Floats, names: Sequence[str], theme: Theme, stale: bool) -> None:
        """(p, p) and the p names."""
        if len(matrix) != len(self._matrix):
            self._cell, self._vector = None, None
        self._matrix, self._names, self._theme, self._stale = matrix, names, theme, stale
        self._say()
        self.update()

    def show_vector(self, vector: Floats | None, title: str) -> None:
        """(p,), drawn as bars beside the rows."""
        self._vector, self._title = vector, title
        self.update()

    # Where things are

    @property
    def _widest(self) -> float:
        text = QFontMetricsF(font("small", self._theme.scale))
        longest = max((text.horizontalAdvance(name) for name in self._names), default=0.0)
        return min(longest, NAMES * self._theme.scale) + 6

    @property
    def _area(self) -> QRectF:
        """The cells."""
        scale, count = self._theme.scale, max(len(self._matrix), 1)
        names, beside = self._widest, (STRIP + GAP) * scale
        high = min(names, 0.3 * self.height())
        across, down = self.width() - names - beside - 4, self.height() - high - self._foot - 4
        side = max(1.0, min(across / count, down / count, CELL * scale))
        return QRectF(names, high, side * count, side * count)

    @property
    def _foot(self) -> float:
        return QFontMetricsF(font("small", self._theme.scale)).height() + 14 * self._theme.scale

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        area = self._area
        if not len(self._matrix) or not area.contains(point):
            return None
        side = area.width() / len(self._matrix)
        last = len(self._matrix) - 1
        return min(int((point.y() - area.top()) / side), last), min(int((point.x() - area.left()) / side), last)

    # Reading

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._go(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move, last = moves.get(Qt.Key(event.key())), len(self._matrix) - 1
        if move is None or last < 0:
            super().keyPressEvent(event)
            return
        row, column = self._cell or (-move[0] if move[0] > 0 else 0, -move[1] if move[1] > 0 else 0)
        self._go((min(max(row + move[0], 0), last), min(max(column + move[1], 0), last)))

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
        if self._cell is None or max(self._cell) >= len(self._matrix):
            return ""
        row, column = self._cell
        value = number(float(self._matrix[row, column]), 6)
        if row == column:
            return _("∂²f/∂({name})² = {value}").format(name=self._names[row], value=value)
        return _("∂²f/∂({row})∂({column}) = {value}").format(row=self._names[row], column=self._names[column], value=value)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._matrix):
            return
        painter, area = QPainter(self), self._area
        largest = self._largest
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, signed_image(self._matrix, largest, self._theme))
        side = area.width() / len(self._matrix)
        painter.setFont(self._font(side))
        self._paint_names(painter, area, side)
        self._paint_numbers(painter, area, side, largest)
        self._paint_vector(painter, area, side)
        self._paint_scale(painter, area, largest)
        if self._cell is not None:
            row, column = self._cell
            painter.setPen(QPen(color(self._theme.highlight), 2 * self._theme.scale))
            painter.drawRect(QRectF(area.left() + column * side, area.top() + row * side, side, side))
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

    def _paint_names(self, painter: QPainter, area: QRectF, side: float) -> None:
        metrics, theme = QFontMetricsF(painter.font()), self._theme
        high = metrics.height()
        apart = max(1, int(np.ceil(0.9 * high / side)))  # names do not overlap
        painter.setPen(color(theme.stale if self._stale else theme.text))
        for i in range(0, len(self._names), apart):
            middle = (i + 0.5) * side
            text = metrics.elidedText(self._names[i], Qt.TextElideMode.ElideMiddle, area.left() - 6)
            box = QRectF(0, area.top() + middle - high / 2, area.left() - 6, high)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
            text = metrics.elidedText(self._names[i], Qt.TextElideMode.ElideMiddle, area.top() - 6)
            painter.save()
            painter.translate(area.left() + middle, area.top() - 4)
            if side > metrics.horizontalAdvance(self._names[i]) + 4:
                box = QRectF(-side / 2, -high, side, high)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), self._names[i])
            else:
                painter.rotate(-90)
                painter.drawText(QRectF(0, -high / 2, area.top(), high), int(Qt.AlignmentFlag.AlignVCenter), text)
            painter.restore()

    def _paint_numbers(self, painter: QPainter, area: QRectF, side: float, largest: float) -> None:
        """Entries as text, where all of them fit into their cells."""
        count = len(self._matrix)
        if count > 12:
            return
        texts = [[number(float(value), 3) for value in row] for row in self._matrix]
        metrics = QFontMetricsF(painter.font())
        if max(metrics.horizontalAdvance(text) for row in texts for text in row) > side - 4 or metrics.height() > side:
            return
        table = heat_table(self._theme)
        for i, row in enumerate(texts):
            for j, text in enumerate(row):
                share = self._matrix[i, j] / largest if largest and np.isfinite(self._matrix[i, j]) else 0.0
                blue, green, red, _alpha = table[round((float(np.clip(share, -1, 1)) + 1) * 127.5)]
                bright = 0.299 * int(red) + 0.587 * int(green) + 0.114 * int(blue) > 140
                painter.setPen(color("#000000" if bright else "#FFFFFF"))
                box = QRectF(area.left() + j * side, area.top() + i * side, side, side)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

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
