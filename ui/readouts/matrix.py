"""The confusion matrix: a row for each true class, a column for each predicted one. A click or Enter lists the samples of a cell."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from engine.learned.readouts.classification import ClassScores
from graph.text.messages import _, ngettext
from graph.text.quoting import named
from ui.look import afar
from ui.look.numbers import count, percent
from ui.look.theme import LIGHT, Theme, color, font, mixed

SMALLEST, READABLE, LARGEST = 9, 21, 76
"""A cell's least height, below which the page scrolls: of many classes, and of few, whose names and numbers can be read; and its most."""
FEW = 16
"""So many classes are few."""
STRONGEST = 0.72
"""How much of the heat map's end colour the fullest cell has."""
_KEYS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_OWN = (*_KEYS, *_ENTER)
_ALIGN = Qt.AlignmentFlag
_RIGHT, _CENTRE = int(_ALIGN.AlignRight | _ALIGN.AlignVCenter), int(_ALIGN.AlignCenter)


class ConfusionMatrix(QWidget):
    """`chosen` carries the true and the predicted class of a cell. Cells are shaded by their share of the row: green where right."""

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._scores: ClassScores | None = None
        self._classes: tuple[str, ...] = ()
        self._theme = LIGHT
        self.stale = False
        self.cell = (0, 0)
        """The cell that keys have come to, as (true class, predicted class)."""
        self.listed: tuple[int, int] | None = None
        """The cell whose samples are listed."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Confusion matrix"))

    def show_scores(self, scores: ClassScores | None, classes: tuple[str, ...], theme: Theme, stale: bool = False) -> None:
        self._scores, self._classes, self._theme, self.stale = scores, classes, theme, stale
        most = max(len(classes) - 1, 0)
        self.cell = min(self.cell[0], most), min(self.cell[1], most)
        if self.listed is not None and max(self.listed) > most:
            self.listed = None
        self.setMinimumSize(self.minimumSizeHint())
        self._speak()
        self.update()

    # where things are

    def _unit(self) -> float:
        return afar.unit(self, self._theme)

    def minimumSizeHint(self) -> QSize:
        count = len(self._classes)
        high = 2 * QFontMetricsF(font("base", self._unit())).height() + 10 + count * self._least()
        return QSize(round(120 * self._theme.scale) + count * SMALLEST * 2, round(high))

    def _least(self) -> float:
        """The least height of a cell."""
        return READABLE * self._theme.scale if len(self._classes) <= FEW else SMALLEST

    def sizeHint(self) -> QSize:
        return QSize(560, 360)

    def needed(self) -> int:
        """The width that names, cells and shares take."""
        grid = self._grid()
        return round(max(grid.right() + self._share_room(), grid.left() + 130 * self._unit()))

    def _share_room(self) -> float:
        return QFontMetricsF(font("base", self._unit())).horizontalAdvance("100.0%") + 14

    def _grid(self) -> QRectF:
        """The place of the cells: right of the names of the true classes, below those of the predicted ones."""
        unit, classes = self._unit(), max(len(self._classes), 1)
        metrics = QFontMetricsF(font("base", unit))
        names = max((metrics.horizontalAdvance(name) for name in self._classes), default=0.0)
        caption = metrics.horizontalAdvance(_("predicted")) if len(self._classes) < 3 else 0.0
        left = min(max(names + 16, metrics.horizontalAdvance(_("true") + " ↓") + 12, caption), self.width() * 0.3)
        top, high = 2 * metrics.height() + 4, self.height() - 2 * metrics.height() - 8
        tall = min(max(high / classes, self._least()), LARGEST * unit)
        wide = min(max((self.width() - left - self._share_room()) / classes, 2.0 * SMALLEST), 2.2 * tall)
        return QRectF(left, top, wide * classes, tall * classes)

    def place(self, row: int, column: int) -> QRectF:
        """The rectangle of one cell."""
        grid, classes = self._grid(), max(len(self._classes), 1)
        wide, tall = grid.width() / classes, grid.height() / classes
        return QRectF(grid.left() + column * wide, grid.top() + row * tall, wide, tall)

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The cell under a point."""
        grid, classes = self._grid(), len(self._classes)
        if not classes or not grid.contains(at):
            return None
        row = math.floor((at.y() - grid.top()) / grid.height() * classes)
        column = math.floor((at.x() - grid.left()) / grid.width() * classes)
        return min(row, classes - 1), min(column, classes - 1)

    # mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go(cell)
            self._choose()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.cell_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step, most = _KEYS.get(Qt.Key(event.key())), len(self._classes) - 1
        if step is not None and most >= 0:
            self._go((min(max(self.cell[0] + step[0], 0), most), min(max(self.cell[1] + step[1], 0), most)))
        elif event.key() in _ENTER and most >= 0:
            self._choose()
        else:
            super().keyPressEvent(event)

    def _go(self, cell: tuple[int, int]) -> None:
        self.cell = cell
        view = self.parentWidget()
        area = view.parentWidget() if view is not None else None
        if isinstance(area, QScrollArea):
            middle = self.place(*cell).center().toPoint()
            area.ensureVisible(middle.x(), middle.y(), 60, 60)
        self._speak()
        self.update()

    def _choose(self) -> None:
        """List the samples of this cell, or no longer where they are listed."""
        self.listed = self.cell if self.listed != self.cell else None
        self.chosen.emit(*self.cell)
        self.update()

    def event(self, event: QEvent) -> bool:
        own = isinstance(event, QKeyEvent) and event.key() in _OWN
        if own and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.said(*cell) if cell is not None else "", self)
            return True
        return super().event(event)

    def said(self, true: int, predicted: int) -> str:
        """A cell in words."""
        scores = self._scores
        if scores is None:
            return ""
        here, of = int(scores.matrix[true, predicted]), int(scores.support[true])
        text = ngettext(
            "{here} of {of} sample of class {true} predicted as {predicted}",
            "{here} of {of} samples of class {true} predicted as {predicted}", of,
        )  # fmt: skip
        return text.format(here=count(here), of=count(of), true=named(self._classes[true]), predicted=named(self._classes[predicted]))

    def _speak(self) -> None:
        self.setAccessibleDescription(self.said(*self.cell) if self._classes else "")

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scores is None or not self._classes:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        grid = self._grid()
        self._paint_names(painter, grid)
        classes = len(self._classes)
        for row in range(classes):
            for column in range(classes):
                self._paint_cell(painter, row, column)
        self._paint_shares(painter, grid)
        for cell, hue, shown in ((self.listed, self._theme.highlight, True), (self.cell, self._theme.focus, self.hasFocus())):
            if cell is not None and shown:
                painter.setPen(QPen(color(hue), 2.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.place(*cell).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_names(self, painter: QPainter, grid: QRectF) -> None:
        theme, unit = self._theme, self._unit()
        painter.setFont(font("base", unit))
        metrics = painter.fontMetrics()
        line = float(metrics.height())
        painter.setPen(color(theme.secondary))
        painter.drawText(QRectF(grid.left(), 0, max(grid.width(), 120 * unit), line), int(_ALIGN.AlignLeft), _("predicted class →"))
        painter.drawText(QRectF(0, line, grid.left() - 8, line), _RIGHT, _("true ↓"))
        painter.setPen(color(theme.text))
        cell = self.place(0, 0)
        if cell.height() >= line * 0.8:
            for row, name in enumerate(self._classes):
                room = QRectF(0, self.place(row, 0).top(), grid.left() - 8, cell.height())
                painter.drawText(room, _RIGHT, metrics.elidedText(name, Qt.TextElideMode.ElideRight, round(room.width())))
        if cell.width() >= metrics.averageCharWidth() * 2:
            for column, name in enumerate(self._classes):
                room = QRectF(self.place(0, column).left(), line, cell.width(), line)
                painter.drawText(room, _CENTRE, metrics.elidedText(name, Qt.TextElideMode.ElideRight, round(room.width() - 4)))

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        assert self._scores is not None
        theme, box = self._theme, self.place(row, column)
        here, of = int(self._scores.matrix[row, column]), int(self._scores.support[row])
        share = here / of if of else 0.0
        ground = mixed(theme.panel, theme.heat[2 if row == column else 0], STRONGEST * math.sqrt(share)) if here else theme.panel
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.setBrush(color(ground))
        painter.drawRect(box)
        text = count(here)
        size = min(box.height() * 0.62, box.width() / max(len(text), 2) * 1.5, 20 * self._unit())
        if size < 7:
            return
        letters = font("base" if not here or self.stale else "strong", 1.0)
        letters.setPixelSize(round(size))
        painter.setFont(letters)
        painter.setPen(color(readable(ground, theme) if here else theme.stale))
        painter.drawText(box, _CENTRE, text)

    def _paint_shares(self, painter: QPainter, grid: QRectF) -> None:
        """Right of each row, how many of its samples are right."""
        assert self._scores is not None
        theme, unit = self._theme, self._unit()
        painter.setFont(font("base", unit))
        metrics = painter.fontMetrics()
        if self.place(0, 0).height() < metrics.height() * 0.8:
            return
        painter.setPen(color(theme.secondary))
        room = metrics.horizontalAdvance("100.0%") + 10
        painter.drawText(QRectF(grid.right() + 2, metrics.height(), room, metrics.height()), _RIGHT, _("right"))
        for row, recall in enumerate(self._scores.recall):
            box = self.place(row, 0)
            painter.drawText(QRectF(grid.right() + 2, box.top(), room, box.height()), _RIGHT, percent(float(recall)))


def readable(ground: str, theme: Theme) -> str:
    """Of the theme's text colour and what is written on bars or panels, the one with more contrast on this ground."""
    return max((theme.text, theme.panel, theme.bar_text), key=lambda ink: _contrast(ink, ground))


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(value: str) -> float:
    """Relative luminance of `#RRGGBB` (WCAG 2)."""
    channels = np.array([color(value).redF(), color(value).greenF(), color(value).blueF()])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))

