"""The widget of the charts: what is painted, and what mouse and keys do with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from graph.text.messages import _
from ui.look.afar import for_plots
from ui.look.theme import LIGHT, Theme, color
from ui.sweep.curves import Counted
from ui.sweep.drawing import View, paint_chart
from ui.sweep.picture import Picture
from ui.sweep.state import SweepState
from ui.sweep.table import ending

EXPORTED = QSize(900, 520)
"""Size of a picture for other programs."""


class SweepChart(QWidget):
    """Shows a state in one `view`. A click or an arrow key chooses a run; `used` asks for its settings."""

    used = Signal()

    def __init__(self, state: SweepState) -> None:
        super().__init__()
        self._state, self._theme = state, LIGHT
        self.view: View = "values"
        self.measure, self.logarithmic = "train_loss", True
        self.counted: Counted = "steps"
        self.only: Any = None
        """The value of `facet_of` whose curves are shown alone."""
        self._picture = Picture()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(220, 72)
        self.setAccessibleName(_("Chart of the sweep"))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paint_to(self, painter: QPainter, whole: QRectF, theme: Theme) -> Picture:
        """The chart in some place, for the screen and for files."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._state.graph is None or not self._state.rows:
            painter.fillRect(whole, color(theme.panel))
            return Picture()
        return paint_chart(painter, whole, theme, self._state, self.view, self.measure, self.logarithmic, self.counted, self.only)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._picture = self.paint_to(painter, QRectF(self.rect()), for_plots(self, self._theme))
        if self.hasFocus() and self._theme.frames:
            painter.setPen(color(self._theme.focus))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    # mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._picture.nearest(event.position())
        text = self.described(index) if index is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._state.select(self._picture.nearest(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._state.selected is not None:
            self.used.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        runs = sorted(self._state.rows)
        if step is not None and runs:
            now = self._state.selected
            at = runs.index(now) + step if now in runs else (0 if step > 0 else -1)
            self._state.select(runs[at % len(runs)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._state.selected is not None:
            self.used.emit()
        elif event.key() == Qt.Key.Key_Escape and self._state.selected is not None:
            self._state.select(None)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def described(self, index: int) -> str:
        """A run in words: its settings and its end."""
        state = self._state
        pairs = zip(state.plan.axes, state.values(index), strict=True)
        settings = [f"{state.title(axis.of)} {state.text(axis.of, value)}" for axis, value in pairs]
        row = state.rows.get(index)
        return "\n".join([*settings, ending(row, self.measure)]) if row is not None else "\n".join(settings)
