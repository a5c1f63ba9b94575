"""One instrument: a picture, its number over the steps, and what it says in one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ui.instruments.readings import TITLES, Said
from ui.look.theme import LIGHT, Theme, color, font, mixed
from ui.look.widgets import ElidedLabel, label

WIDE, HIGH = 64, 38
FARTHEST = 1.5
"""α is drawn up to here on either side."""


class Trend(QWidget):
    """Numbers over the steps; the landing place as a point on a parabola before them. Logarithmic for sizes, from −1.5 to 1.5 for α."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._landing = name == "alpha"
        self._theme = LIGHT
        self._points: list[tuple[int, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_points(self, points: Sequence[tuple[int, float]], theme: Theme) -> None:
        self._points, self._theme = list(points), theme
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(WIDE * self._theme.scale), round(HIGH * self._theme.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        if self._landing:
            self._paint_parabola(painter, area, theme)
        else:
            self._paint_trend(painter, area, theme)
        painter.end()

    def _paint_parabola(self, painter: QPainter, area: QRectF, theme: Theme) -> None:
        """Each observed step is a tick below the parabola; the newest is the large point."""
        bottom = area.bottom() - 6

        def at(alpha: float) -> QPointF:
            x = area.center().x() + alpha / FARTHEST * area.width() / 2
            return QPointF(x, bottom - (alpha / FARTHEST) ** 2 * (bottom - area.top()))

        painter.setPen(QPen(color(mixed(theme.secondary, theme.panel, 0.3)), 1.4 * theme.scale))
        painter.drawPolyline(QPolygonF([at(FARTHEST * i / 12) for i in range(-12, 13)]))
        painter.setPen(QPen(color(mixed(theme.forward, theme.panel, 0.55)), 1))
        for _step, alpha in self._points[-60:]:
            x = at(max(-FARTHEST, min(FARTHEST, alpha))).x()
            painter.drawLine(QPointF(x, area.bottom() - 3), QPointF(x, area.bottom() + 2))
        painter.setPen(QPen(color(theme.secondary), 1.4))
        painter.setBrush(color(theme.panel))
        painter.drawEllipse(at(-1.0), 3, 3)
        if self._points:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.forward))
            size = 4.0 * theme.scale
            painter.drawEllipse(at(max(-FARTHEST, min(FARTHEST, self._points[-1][1]))), size, size)

    def _paint_trend(self, painter: QPainter, area: QRectF, theme: Theme) -> None:
        points = [(step, math.log10(value)) for step, value in self._points if value > 0 and math.isfinite(value)]
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if not points:
            return
        first, last = points[0][0], max(points[-1][0], points[0][0] + 1)
        low, high = min(y for _, y in points), max(y for _, y in points)
        if high - low < 0.2:
            low, high = (low + high) / 2 - 0.1, (low + high) / 2 + 0.1

        def at(step: int, y: float) -> QPointF:
            return QPointF(
                area.left() + (step - first) / (last - first) * area.width(), area.bottom() - (y - low) / (high - low) * area.height()
            )

        painter.setPen(QPen(color(theme.forward), 1.4 * theme.scale))
        places = [at(*point) for point in points]
        painter.drawPolyline(QPolygonF(places))
        painter.setBrush(color(theme.forward))
        painter.drawEllipse(places[-1], 2 * theme.scale, 2 * theme.scale)


class Gauge(QWidget):
    """Title, number and reading beside the picture."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.title, self.number, self.reading = ElidedLabel("", "small"), label("–", "strong"), ElidedLabel("", "secondary")
        self.title.set_full(TITLES[name])
        self.trend = Trend(name)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.trend, 0, 0, 2, 1)
        grid.addWidget(self.number, 0, 1)
        grid.addWidget(self.title, 0, 2, 1, 2)
        grid.addWidget(self.reading, 1, 1, 1, 3)
        grid.setColumnStretch(3, 1)
        self.setAccessibleName(TITLES[name])
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_said(self, said: Said, points: Sequence[tuple[int, float]], stale: bool, theme: Theme) -> None:
        """`stale`: the weights are others by now."""
        self.number.setText(said.number)
        self.reading.set_full(said.line)
        self.number.setEnabled(not stale)
        self.reading.setEnabled(not stale)
        self.setToolTip(f"{said.line}\n{said.more}")
        self.setAccessibleDescription(f"{said.number} {said.line}. {said.more}")
        self.trend.show_points(points, theme)

    def set_theme(self, theme: Theme) -> None:
        self.number.setFont(font("strong", theme.scale))
        self.trend.show_points(self.trend._points, theme)
