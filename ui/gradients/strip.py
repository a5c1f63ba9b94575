"""The strip at the lower edge of the canvas: the scale of the gradients' sizes, and a bar for each layer. A click selects the layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from graph.text.messages import _
from ui.canvas.model.gradient_size import STEPS, Look, Scale
from ui.canvas.paint.gradient_size import hue, width
from ui.gradients.layers import Layer
from ui.look import afar
from ui.look.numerals import number, raised
from ui.look.theme import LIGHT, Theme, color, faded, font, mixed

EDGE = 12
"""Distance from the corner of the canvas."""
HIGH, AXIS, BAR = 94, 74, 56
"""Height, width of the scale, and of a bar with its name."""
TOP, BOTTOM, SIDE = 24, 22, 10
_TITLE = _("size of the gradient by layer  |∇|")
_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
_ALIGN = Qt.AlignmentFlag
_LEFT, _RIGHT = int(_ALIGN.AlignVCenter | _ALIGN.AlignLeft), int(_ALIGN.AlignVCenter | _ALIGN.AlignRight)
_FOOT, _CENTRE = int(_ALIGN.AlignHCenter | _ALIGN.AlignBottom), int(_ALIGN.AlignCenter)


class Strip(QWidget):
    """`chosen` carries the node of the bar that was clicked. `margin` says how much of the lower left corner is taken."""

    chosen = Signal(str)
    moved = Signal()
    """It lies elsewhere, or has another size."""

    def __init__(self, parent: QWidget, margin: Callable[[], int]) -> None:
        super().__init__(parent)
        self._margin = margin
        self._layers: tuple[Layer, ...] = ()
        self._scale = Scale()
        self._look: Look = "width"
        self._theme: Theme | None = None
        self._stale = False
        self._wide = 1.0
        """What a bar wants to have for itself."""
        self._at = -1
        """The bar that keys have chosen."""
        self.setAccessibleName(_("Size of the gradient by layer"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.hide()
        parent.installEventFilter(self)

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    def show_layers(self, layers: Sequence[Layer], scale: Scale, look: Look, theme: Theme, stale: bool) -> None:
        shown = (tuple(layers), scale, look, theme, stale)
        if shown != (self._layers, self._scale, self._look, self._theme, self._stale):
            self._layers, self._scale, self._look, self._theme, self._stale = shown
            self._at = min(self._at, len(self._layers) - 1)
            self._wide = self._column()
            self.setAccessibleDescription("; ".join(spoken(layer) for layer in self._layers[:40]))
            self.update()
        self.setVisible(bool(layers))
        self.place()

    # where things are

    @property
    def unit(self) -> float:
        """By how much everything is enlarged: by the theme, and so that names can be read from the last row."""
        return afar.unit(self, self._theme or LIGHT)

    def place(self) -> None:
        """In the lower left corner, as wide as the bars want to be and the canvas allows."""
        parent, left = self.parentWidget(), self._margin()
        if parent is None or self._theme is None:
            return
        unit = self.unit
        title = QFontMetricsF(font("strong", unit)).horizontalAdvance(_TITLE) + 2 * SIDE * unit + 4
        wanted = round(max((AXIS + 2 * SIDE) * unit + self._wide * len(self._layers), title))
        self.resize(min(wanted, max(round(parent.width() * 0.62), parent.width() - left - round(260 * unit)) - EDGE), round(HIGH * unit))
        self.move(EDGE + left, parent.height() - self.height() - EDGE)
        self.moved.emit()

    def _column(self) -> float:
        """The width that a bar wants to have: its name fits, unless it is very long."""
        metrics = QFontMetricsF(font("base", self.unit))
        widest = max((metrics.horizontalAdvance(layer.name) for layer in self._layers), default=0.0)
        return min(max(BAR * self.unit, widest + 12), 2 * BAR * self.unit)

    def sizeHint(self) -> QSize:
        return self.size()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.place()
        return False

    def bar(self, index: int) -> QRectF:
        """The column of a bar, its name included."""
        unit = self.unit
        left, right = (AXIS + SIDE) * unit, self.width() - SIDE * unit
        wide = min((right - left) / max(len(self._layers), 1), self._wide)
        return QRectF(left + index * wide, TOP * unit, wide, self.height() - TOP * unit)

    def bar_at(self, at: QPointF) -> int:
        """Which bar is at a place; −1 for none."""
        if not self._layers or at.y() < self.bar(0).top():
            return -1
        wide = self.bar(0).width()
        index = math.floor((at.x() - self.bar(0).left()) / wide) if wide > 0 else -1
        return index if 0 <= index < len(self._layers) else -1

    # mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.bar_at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._layers[index].node)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.bar_at(event.position()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self._layers)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and count:
            self._at = (self._at + (1 if key == Qt.Key.Key_Right else -1)) % count
            self.setAccessibleDescription(spoken(self._layers[self._at]))
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._at < count:
            self.chosen.emit(self._layers[self._at].node)
        elif key == Qt.Key.Key_Escape and (parent := self.parentWidget()) is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def begin(self) -> None:
        """Take the keys, with the first bar chosen."""
        self._at = max(self._at, 0)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.bar_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), spoken(self._layers[index]) if index >= 0 else explained(self._scale), self)
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._theme is None:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(theme.focus if self.hasFocus() else theme.hairline), 2 if self.hasFocus() else 1))
        painter.setBrush(faded(theme.panel, 0.95))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        self._paint_scale(painter, theme)
        for index, layer in enumerate(self._layers):
            self._paint_bar(painter, self.bar(index), layer, index, theme)
        painter.end()

    def _span(self) -> tuple[float, float]:
        """The heights of the scale's upper and lower end."""
        unit = self.unit
        return (TOP + 2) * unit, self.height() - BOTTOM * unit

    def _paint_scale(self, painter: QPainter, theme: Theme) -> None:
        """The title; a wire of each size at the left, with powers of ten beside it."""
        unit, (top, bottom) = self.unit, self._span()
        painter.setFont(font("strong", unit))
        painter.setPen(color(theme.secondary))
        room = QRectF(SIDE * unit, 4 * unit, self.width() - 2 * SIDE * unit, 20 * unit)
        title = painter.fontMetrics().elidedText(_TITLE, Qt.TextElideMode.ElideRight, round(room.width()))
        painter.drawText(room, _LEFT, title)
        for step in range(STEPS):
            middle = bottom - (step + 0.5) / STEPS * (bottom - top)
            wide = width(step, self._look) if self._look == "width" else 5.0
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(hue(step, self._look, theme)))
            painter.drawRect(QRectF(SIDE * unit, middle - (bottom - top) / STEPS / 2, wide * 1.6 * unit, (bottom - top) / STEPS + 0.5))
        painter.setFont(font("small", unit))
        for power in ticks(self._scale):
            y = bottom - self._scale.share(10.0**power) * (bottom - top)
            painter.setPen(QPen(color(mixed(theme.hairline, theme.panel, 0.2)), 1))
            painter.drawLine(QPointF(AXIS * unit, y), QPointF(self.width() - SIDE * unit, y))
            painter.setPen(color(theme.secondary))
            box = QRectF((SIDE + 22) * unit, y - 9 * unit, (AXIS - SIDE - 26) * unit, 18 * unit)
            painter.drawText(box, _RIGHT, "1" if power == 0 else f"10{raised(power)}")

    def _paint_bar(self, painter: QPainter, column: QRectF, layer: Layer, index: int, theme: Theme) -> None:
        unit, (top, bottom) = self.unit, self._span()
        wide = min(column.width() * 0.62, 34 * unit) if column.width() > 6 else max(column.width(), 1.0)
        middle = column.center().x()
        self._paint_size(painter, QRectF(middle - wide / 2, top, wide, bottom - top), layer, theme)
        if index == self._at and self.hasFocus():
            painter.setPen(QPen(color(theme.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(middle - wide / 2 - 3, top - 3, wide + 6, bottom - top + 6), 4, 4)
        if column.width() >= 26 * unit:
            painter.setFont(font("base", unit))
            painter.setPen(color(theme.text))
            name = painter.fontMetrics().elidedText(layer.name, Qt.TextElideMode.ElideRight, round(column.width() - 4))
            box = QRectF(column.left(), bottom + 2 * unit, column.width(), BOTTOM * unit - 3)
            painter.drawText(box, _CENTRE, name)

    def _paint_size(self, painter: QPainter, room: QRectF, layer: Layer, theme: Theme) -> None:
        """The bar; a dashed outline where the number is not there yet, with a question mark where it is to be found out."""
        if layer.state != "number":
            pen = QPen(color(theme.backward if layer.state == "hidden" else theme.secondary), 1)
            pen.setDashPattern([3, 3])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(room)
            sign = {"hidden": "?", "none": "–"}.get(layer.state, "")
            painter.drawText(room, _CENTRE, sign)
            return
        loud = not math.isfinite(layer.size)
        share = 1.0 if loud else self._scale.share(layer.size)
        ink = theme.error if loud else hue(self._scale.step(layer.size), self._look if layer.size else "width", theme, self._stale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(ink))
        high = max(share * room.height(), 2.0)
        painter.drawRect(QRectF(room.left(), room.bottom() - high, room.width(), high))
        if layer.size == 0 or loud:
            painter.setFont(font("small", self.unit))
            painter.setPen(color(theme.text))
            painter.drawText(room.adjusted(0, 0, 0, -3), _FOOT, number(layer.size))


def ticks(scale: Scale) -> list[int]:
    """At most four powers of ten, the ends among them, and none so near the lower end that its number lies on the other."""
    apart = max(1, math.ceil((scale.high - scale.low) / 3))
    return sorted({scale.low, *(power for power in range(scale.high, scale.low, -apart) if power - scale.low > apart / 2)})


def spoken(layer: Layer) -> str:
    """A bar in words."""
    if layer.state == "number":
        return _("{name}: |∇| = {size}").format(name=layer.name, size=number(layer.size))
    words = {"hidden": _("{name}: to be predicted"), "waiting": _("{name}: not computed yet"), "none": _("{name}: no gradient")}
    return words[layer.state].format(name=layer.name)


def explained(scale: Scale) -> str:
    return _(
        "The Euclidean norm of the gradient of each layer's output, on a logarithmic scale from 1e{low} to 1e{high}. "
        "Bars that fall from right to left show a vanishing gradient, bars that rise an exploding one."
    ).format(low=scale.low, high=scale.high)
