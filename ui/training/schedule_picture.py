"""The learning rate over a run, as a small drawing, with the place where the run is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.training.rates import Rates
from graph.text.messages import _
from ui.look.numbers import count, number
from ui.look.theme import LIGHT, Theme, color, font

POINTS = 200
"""So many places of the drawing are computed at most."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: the rates over `steps`, and the rate `now` after `step`."""

    rates: Rates
    steps: int
    step: int = 0
    now: float | None = None

    def curve(self) -> list[tuple[int, float]]:
        """(step, rate) at evenly spaced steps, the last one included; a step in which the rate changes at once is among them."""
        every = max(self.steps // POINTS, 1)
        steps = [*range(0, self.steps, every), self.steps - 1] if self.steps > 1 else [0]
        return [(step, self.rates.at(step, step // self.rates.per_epoch)) for step in steps]


class SchedulePicture(QWidget):
    """The highest and the lowest rate stand at the axis, the present one beside its mark."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._drawn: Drawn | None = None
        self._curve: list[tuple[int, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.updateGeometry()
        self.update()

    @property
    def drawn(self) -> Drawn | None:
        return self._drawn

    def show_rates(self, drawn: Drawn | None) -> None:
        """Draw this; nothing without it."""
        if drawn == self._drawn:
            return
        known = self._drawn
        self._drawn = drawn
        if drawn is not None and (known is None or (known.rates, known.steps) != (drawn.rates, drawn.steps)):
            self._curve = drawn.curve()
        self.setVisible(drawn is not None)
        if drawn is not None:
            self.setAccessibleName(self.text())
            self.setToolTip(self.text())
        self.update()

    def text(self) -> str:
        """The drawing in words."""
        drawn = self._drawn
        if drawn is None:
            return ""
        rates = [rate for _step, rate in self._curve]
        said = _("Learning rate over {steps} steps: from {first} to {last}, at most {most}.").format(
            steps=count(drawn.steps), first=number(rates[0]), last=number(rates[-1]), most=number(max(rates))
        )
        now = _(" The coming step has {now}.").format(now=number(drawn.now)) if drawn.now is not None else ""
        return said + now

    def sizeHint(self) -> QSize:
        return QSize(160, round(112 * self._theme.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        drawn, theme = self._drawn, self._theme
        if drawn is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = font("tiny", theme.scale)
        painter.setFont(small)
        metrics = QFontMetricsF(small)
        top = max((rate for _step, rate in self._curve), default=0.0) or 1.0
        high = f"η {number(top)}"
        left, line = max(metrics.horizontalAdvance(high), metrics.horizontalAdvance("0")) + 6, metrics.height()
        room = QRectF(left, line + 6, self.width() - left - 6, self.height() - 2 * line - 10)
        painter.setPen(QPen(color(theme.hairline), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.drawLine(room.bottomLeft(), room.topLeft())
        painter.setPen(color(theme.secondary))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, room.top() - line / 2, left - 4, line), right, high)
        painter.drawText(QRectF(0, room.bottom() - line / 2, left - 4, line), right, "0")
        below = QRectF(room.left(), room.bottom() + 2, room.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, _("step {step}").format(step=count(drawn.steps)))

        def place(step: int, rate: float) -> QPointF:
            share = step / (drawn.steps - 1) if drawn.steps > 1 else 0.0
            return QPointF(room.left() + min(share, 1.0) * room.width(), room.bottom() - rate / top * room.height())

        painter.setPen(QPen(color(theme.forward), 1.6 * theme.scale))
        painter.drawPolyline(QPolygonF([place(step, rate) for step, rate in self._curve]))
        if drawn.now is not None:
            self._paint_now(painter, drawn, place(drawn.step, drawn.now), room, metrics)

    def _paint_now(self, painter: QPainter, drawn: Drawn, at: QPointF, room: QRectF, metrics: QFontMetricsF) -> None:
        """The mark of the present rate, and its number over the drawing."""
        theme, radius = self._theme, 3.5 * self._theme.scale
        at = QPointF(at.x(), max(at.y(), room.top()))
        painter.setPen(QPen(color(theme.secondary), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at.x(), room.bottom()), at)
        painter.setPen(QPen(color(theme.panel), 1))
        painter.setBrush(color(theme.highlight))
        painter.drawEllipse(at, radius, radius)
        text = _("η now {rate}").format(rate=number(drawn.now or 0.0))
        painter.setPen(color(theme.text))
        painter.drawText(QRectF(room.left(), 0, room.width(), metrics.height()), Qt.AlignmentFlag.AlignRight, text)
