"""The learning rate on a logarithmic scale, with the rates that the curvature makes special: 1/λmax, 2/λmax, and where steps grow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from graph.text.messages import _
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme, color, faded, font
from ui.look.typing import commit_typing

STEP = 0.05
"""Decades by which an arrow key moves the rate; with Shift or by a page five times as many."""
LEAST, EDGE = 1.6, 0.3
"""Decades that are shown at least, and how near to an end something may come before others are shown."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rate with a name. `here`: steps at larger rates grow."""

    rate: float
    name: str
    here: bool = False


class RateScale(QWidget):
    """`chosen` carries a rate: dragged, clicked or moved by keys. `settled` surrounds a change that is one step of undo."""

    chosen = Signal(float)
    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._rate: float | None = None
        self._marks: tuple[Mark, ...] = ()
        self._limit: float | None = None
        self._stale = False
        self._span: tuple[float, float] | None = None
        self._dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Learning rate on the scale of the curvature"))
        self.setToolTip(_("Drag to set the learning rate η. A click on a mark takes its rate. Arrow keys move η."))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.updateGeometry()
        self.update()

    def show_rates(self, rate: float | None, marks: tuple[Mark, ...], stale: bool) -> None:
        """`rate` is η; nothing can be set where it is None. `stale`: the marks are those of other weights."""
        usable = tuple(mark for mark in marks if 0 < mark.rate < math.inf)
        if (rate, usable, stale) == (self._rate, self._marks, self._stale):
            return
        self._rate, self._marks, self._stale = rate, usable, stale
        self._limit = next((mark.rate for mark in usable if mark.here), None)
        if not self._dragged:
            self._span = self._fitting()
        said = [f"{mark.name} = {number(mark.rate)}" for mark in usable]
        self.setAccessibleDescription(", ".join([f"η = {number(rate)}" if rate is not None else "", *said]).strip(", "))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, round(48 * self._theme.scale))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, round(48 * self._theme.scale))

    # places

    def _fitting(self) -> tuple[float, float] | None:
        """The decades that are shown: those of before while everything lies well inside."""
        places = [math.log10(value) for value in (self._rate or 0.0, *(mark.rate for mark in self._marks)) if value > 0]
        if not places:
            return None
        low, high = min(places), max(places)
        if self._span is not None:
            first, last = self._span
            if first + EDGE <= low and high <= last - EDGE and last - first <= 2 * max(high - low + 2 * EDGE, LEAST):
                return self._span
        half = max(high - low + 3 * EDGE, LEAST) / 2
        return (low + high) / 2 - half, (low + high) / 2 + half

    @property
    def _line(self) -> QRectF:
        scale = self._theme.scale
        return QRectF(4 * scale, 18 * scale, max(self.width() - 8 * scale, 1.0), 8 * scale)

    def place(self, rate: float) -> float:
        """Where a rate lies on the widget."""
        low, high = self._span or (-1.0, 1.0)
        line = self._line
        return line.left() + (math.log10(rate) - low) / (high - low) * line.width()

    def _rate_at(self, x: float) -> float:
        low, high = self._span or (-1.0, 1.0)
        line = self._line
        share = min(max((x - line.left()) / line.width(), 0.0), 1.0)
        return float(f"{10 ** (low + share * (high - low)):.2g}")

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("small", theme.scale))
        if not self.isEnabled() or self._span is None:
            painter.fillRect(self._line, color(theme.hairline))
            return
        self._paint_line(painter, theme)
        self._paint_marks(painter, theme)
        if self._rate:
            self._paint_rate(painter, theme, self._rate)
        if self.hasFocus() and theme.frames:
            painter.setPen(QPen(color(theme.focus), 1.5 * theme.scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_line(self, painter: QPainter, theme: Theme) -> None:
        """Where steps shrink, and where they grow."""
        line = self._line
        if self._limit is None:
            painter.fillRect(line, color(theme.hairline))
            return
        at = min(max(self.place(self._limit), line.left()), line.right())
        weak = 0.45 if self._stale else 0.85
        painter.fillRect(QRectF(line.left(), line.top(), at - line.left(), line.height()), faded(theme.success, weak))
        painter.fillRect(QRectF(at, line.top(), line.right() - at, line.height()), faded(theme.error, weak))

    def _paint_marks(self, painter: QPainter, theme: Theme) -> None:
        line, metrics = self._line, QFontMetricsF(painter.font())
        hue = theme.stale if self._stale else theme.text
        taken = 0.0
        for number_, mark in enumerate(sorted(self._marks, key=lambda mark: mark.rate)):
            x = self.place(mark.rate)
            painter.setPen(QPen(color(hue), 1.6 * theme.scale))
            painter.drawLine(QPointF(x, line.top() - 3 * theme.scale), QPointF(x, line.bottom() + 2 * theme.scale))
            width = metrics.horizontalAdvance(mark.name)
            before = number_ == 0 and len(self._marks) > 1
            left = max(x - width if before else x - 2, taken)
            left = min(max(left, 0.0), self.width() - width)
            if left >= taken:
                painter.drawText(QPointF(left, line.top() - 5 * theme.scale), mark.name)
                taken = left + width + 4 * theme.scale

    def _paint_rate(self, painter: QPainter, theme: Theme, rate: float) -> None:
        line, scale = self._line, theme.scale
        x, top = self.place(rate), line.bottom() - 1
        painter.setPen(QPen(color(theme.panel), 1.2 * scale))
        painter.setBrush(color(theme.forward))
        bottom = top + 7 * scale
        painter.drawPolygon(QPolygonF([QPointF(x, top - 4 * scale), QPointF(x - 6 * scale, bottom), QPointF(x + 6 * scale, bottom)]))
        text = f"η = {number(rate)}"
        width = QFontMetricsF(painter.font()).horizontalAdvance(text)
        painter.setPen(color(theme.forward))
        painter.drawText(QPointF(min(max(x - width / 2, 0.0), self.width() - width), self.height() - 3 * scale), text)

    # mouse and keys

    def _choose(self, rate: float) -> None:
        if self._rate is not None and rate > 0 and rate != self._rate:
            self.chosen.emit(rate)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._span is None or self._rate is None:
            return
        commit_typing()
        self.settled.emit()
        self._dragged = True
        x = event.position().x()
        near = min(self._marks, key=lambda mark: abs(self.place(mark.rate) - x), default=None)
        if near is not None and abs(self.place(near.rate) - x) <= 5 * self._theme.scale:
            self._choose(float(f"{near.rate:.4g}"))
        else:
            self._choose(self._rate_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged:
            self._choose(self._rate_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged:
            self._dragged = False
            self.settled.emit()
            self._span = self._fitting()
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._decades(event):
            event.accept()  # they move the rate, and are no shortcuts of the window
            return True
        return super().event(event)

    def _decades(self, event: QKeyEvent) -> float:
        """By how many decades a key moves the rate."""
        shifted = 5.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        by = {
            Qt.Key.Key_Left: -STEP * shifted, Qt.Key.Key_Down: -STEP * shifted, Qt.Key.Key_Right: STEP * shifted,
            Qt.Key.Key_Up: STEP * shifted, Qt.Key.Key_PageDown: -5 * STEP, Qt.Key.Key_PageUp: 5 * STEP,
        }  # fmt: skip
        return by.get(Qt.Key(event.key()), 0.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        decades = self._decades(event)
        if decades and self._rate:
            self._choose(float(f"{self._rate * 10**decades:.3g}"))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.settled.emit()
        self.update()
