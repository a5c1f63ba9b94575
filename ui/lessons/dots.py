"""Where one is in a lesson: a dot a step, to be clicked on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from graph.text.messages import _
from ui.look.theme import Theme, color

GAP, LEAST = 16.0, 7.0


class Dots(QWidget):
    """Filled for steps that were seen, long for the one that is shown."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._titles: tuple[str, ...] = ()
        self._at = 0
        self._seen: frozenset[int] = frozenset()
        self._theme: Theme | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_steps(self, titles: tuple[str, ...], at: int, seen: frozenset[int], theme: Theme) -> None:
        self._titles, self._at, self._seen, self._theme = titles, at, seen, theme
        self.setAccessibleName(_("Step {number} of {count}").format(number=at + 1, count=len(titles)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        scale = self._theme.scale if self._theme else 1.0
        return QSize(round((len(self._titles) + 1) * LEAST * scale), round(24 * scale))

    def minimumSizeHint(self) -> QSize:
        return QSize(20, self.sizeHint().height())

    def place(self, index: int) -> QPointF:
        """The middle of a dot."""
        gap = self._gap()
        return QPointF((self.width() - gap * (len(self._titles) - 1)) / 2 + gap * index, self.height() / 2)

    def _gap(self) -> float:
        scale = self._theme.scale if self._theme else 1.0
        return min(GAP * scale, (self.width() - 16 * scale) / max(1, len(self._titles) - 1)) if len(self._titles) > 1 else GAP

    def _index(self, x: float) -> int | None:
        if not self._titles:
            return None
        index = round((x - self.place(0).x()) / max(self._gap(), 1.0))
        return index if 0 <= index < len(self._titles) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        if theme is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = min(3.6 * theme.scale, self._gap() * 0.36)
        for index in range(len(self._titles)):
            at = self.place(index)
            painter.setPen(color(theme.highlight if index == self._at else theme.wire))
            painter.setBrush(color(theme.highlight if index == self._at else theme.wire if index in self._seen else theme.panel))
            painter.drawEllipse(at, size * (1.45 if index == self._at else 1.0), size * (1.45 if index == self._at else 1.0))
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index(event.pos().x())
            QToolTip.showText(event.globalPos(), f"{index + 1}. {self._titles[index]}" if index is not None else "", self)
            return True
        return super().event(event)
