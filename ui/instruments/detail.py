"""One layer's numbers over the steps, enlarged: histograms with a scale, or a size as a line; read at the cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.learned.instruments import Histogram, Observed
from graph.text.messages import _
from ui.instruments.cells import HEADS, KINDS, Kind, Picture, histogram_of
from ui.instruments.heat import chosen, rows_for
from ui.instruments.table import heat_image, hue
from ui.look.numbers import count, number
from ui.look.theme import LIGHT, Theme, color, font
from ui.look.widgets import ElidedLabel, button

AXIS, FOOT = 62, 18
"""Width of the scale at the left, height of the steps below."""


class Detail(QWidget):
    """`left` is emitted by the button and by Esc."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart()
        self.back = button(_("‹ all layers"), "quiet", tip=_("Show all layers again  (Esc)"))
        self.back.clicked.connect(self.left)
        self.title = ElidedLabel("", "strong")
        self.reading = ElidedLabel("", "secondary")
        self.chart.read.connect(self.reading.set_full)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addWidget(self.title)
        head.addWidget(self.reading, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.chart, 1)

    def show_layer(self, observed: Sequence[Observed], index: int, name: str, column: str, stale: bool, theme: Theme) -> None:
        self.title.set_full(f"{name} · {HEADS[column]}")
        self.chart.show_layer(observed, index, column, stale, theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Chart(QWidget):
    """`read` carries what there is at the cursor, or what the rows are."""

    read = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._observed: Sequence[Observed] = ()
        self._index, self._column, self._stale = 0, "weights", False
        self._picture = Picture()
        self._cursor: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Numbers of a layer over the steps"))
        self.setMinimumHeight(60)

    def show_layer(self, observed: Sequence[Observed], index: int, column: str, stale: bool, theme: Theme) -> None:
        if (index, column) != (self._index, self._column):
            self._picture, self._cursor = Picture(), None
        self._observed, self._index, self._column, self._stale, self._theme = observed, index, column, stale, theme
        self._say()
        self.update()

    @property
    def _area(self) -> QRectF:
        scale = self._theme.scale
        return QRectF(self.rect()).adjusted(AXIS * scale, 6, -6, -FOOT * scale)

    def _sizes(self) -> list[tuple[int, float]]:
        """Step and size of each observation, where the column is one of sizes."""
        layers = [(o.step, o.layers[self._index]) for o in self._observed]
        values = [(step, layer.gradient_norm if self._column == "norm" else layer.ratio) for step, layer in layers]
        return [(step, value) for step, value in values if value is not None and value > 0 and math.isfinite(value)]

    def _histograms(self) -> list[tuple[int, Histogram]]:
        kind: Kind = self._column  # type: ignore[assignment]
        return [(o.step, h) for o in self._observed for h in (histogram_of(o.layers[self._index], kind),) if h is not None]

    # reading

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position() if self._area.contains(event.position()) else None
        self._say()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._say()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the cursor."""
        by = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
            return
        area = self._area
        at = self._cursor or area.center()
        step = (area.width() / 40, area.height() / 20)
        self._cursor = QPointF(
            min(max(at.x() + by[0] * step[0], area.left()), area.right()), min(max(at.y() + by[1] * step[1], area.top()), area.bottom())
        )
        self._say()
        self.update()

    def event(self, event: QEvent) -> bool:
        keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Escape)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in keys:
            event.accept()
            return True
        return super().event(event)

    def _say(self) -> None:
        text = self.reading()
        self.read.emit(text)
        self.setAccessibleDescription(text)

    def reading(self) -> str:
        """What there is at the cursor; without one, how the rows are scaled."""
        if self._column not in KINDS:
            sizes = self._sizes()
            if self._cursor is None or not sizes:
                return _("logarithmic")
            step, value = sizes[self._chosen([step for step, _ in sizes])]
            return _("step {step}: {value}").format(step=count(step), value=number(value, 5))
        found = self._histograms()
        if not found:
            return ""
        rows = rows_for([h for _, h in found])
        if self._cursor is None:
            return rows.note
        step, h = found[self._chosen([step for step, _ in found])]
        place = 1 - (self._cursor.y() - self._area.top()) / self._area.height()
        edges = h.edges
        bin_ = int((rows.place(edges) <= place).sum()) - 1
        if not 0 <= bin_ < h.counts.size:
            none = _("step {step}: none here; all are from {low} to {high}")
            return none.format(step=count(step), low=number(h.low), high=number(h.high))
        text = _("step {step}: {some} of {all} from {low} to {high}")
        return text.format(
            step=count(step), some=count(int(h.counts[bin_])), all=count(int(h.counts.sum())), low=number(float(edges[bin_])),
            high=number(float(edges[bin_ + 1])),
        )  # fmt: skip

    def _chosen(self, steps: Sequence[int]) -> int:
        """Which observation is drawn at the cursor."""
        assert self._cursor is not None
        width = max(round(self._area.width()), 2)
        return int(chosen(steps, width)[min(max(int(self._cursor.x() - self._area.left()), 0), width - 1)])

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, area = QPainter(self), self._theme, self._area
        painter.setFont(font("tiny", theme.scale))
        if self._column in KINDS:
            self._paint_histograms(painter, area, theme)
        else:
            self._paint_sizes(painter, area, theme)
        if self._cursor is not None:
            painter.setPen(QPen(color(theme.secondary), 1))
            painter.drawLine(QPointF(self._cursor.x(), area.top()), QPointF(self._cursor.x(), area.bottom()))
        if self.hasFocus():
            painter.setPen(QPen(color(theme.focus), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(-1, -1, 1, 1))
        painter.end()

    def _paint_histograms(self, painter: QPainter, area: QRectF, theme: Theme) -> None:
        kind: Kind = self._column  # type: ignore[assignment]
        shares = self._picture.shares(self._observed, self._index, kind, max(round(area.width()), 2), max(round(area.height()), 2))
        painter.fillRect(area, color(theme.field))
        rows = self._picture.rows
        if shares is None or rows is None:
            painter.setPen(color(theme.secondary))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), _("There are none."))
            return
        painter.drawImage(area.topLeft(), heat_image(shares, hue(kind, theme, self._stale), theme.field))
        marks = [rows.low, rows.high] + ([0.0] if rows.low < 0 < rows.high else [])
        places = rows.place(np.array(marks))
        self._paint_scale(painter, area, [(number(mark), float(place)) for mark, place in zip(marks, places, strict=True)], theme)
        self._paint_steps(painter, area, [step for step, _ in self._histograms()], theme)

    def _paint_sizes(self, painter: QPainter, area: QRectF, theme: Theme) -> None:
        sizes = self._sizes()
        painter.fillRect(area, color(theme.field))
        if not sizes:
            return
        logs = [math.log10(value) for _step, value in sizes]
        low, high = math.floor(min(logs)), math.ceil(max(logs))
        high = max(high, low + 1)
        first, last = sizes[0][0], max(sizes[-1][0], sizes[0][0] + 1)
        apart = max(1, (high - low) // 4)
        powers = range(low, high + 1, apart)
        self._paint_scale(painter, area, [(number(10.0**power, 1), (power - low) / (high - low)) for power in powers], theme)
        self._paint_steps(painter, area, [step for step, _value in sizes], theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = theme.stale if self._stale else theme.backward if self._column == "norm" else theme.forward
        painter.setPen(QPen(color(ink), 1.6 * theme.scale))
        painter.drawPolyline(QPolygonF([
            QPointF(area.left() + (step - first) / (last - first) * area.width(), area.bottom() - (y - low) / (high - low) * area.height())
            for (step, _value), y in zip(sizes, logs, strict=True)
        ]))  # fmt: skip

    def _paint_scale(self, painter: QPainter, area: QRectF, marks: Sequence[tuple[str, float]], theme: Theme) -> None:
        for text, share in marks:
            y = area.bottom() - share * area.height()
            painter.setPen(QPen(color(theme.hairline), 1))
            painter.drawLine(QPointF(area.left() - 4, y), QPointF(area.left(), y))
            painter.setPen(color(theme.secondary))
            box = QRectF(0, min(max(y - 8, area.top() - 6), area.bottom() - 10), area.left() - 6, 16)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_steps(self, painter: QPainter, area: QRectF, steps: Sequence[int], theme: Theme) -> None:
        if not steps:
            return
        painter.setPen(color(theme.secondary))
        box = QRectF(area.left(), area.bottom() + 2, area.width(), FOOT * theme.scale - 2)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), _("step {step}").format(step=count(steps[0])))
        if len(steps) > 1:
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), count(steps[-1]))
