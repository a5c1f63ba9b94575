"""The phases of a training step as a row of chevrons. The phase that playback is in is lit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from graph.text.messages import _
from ui.look.style import px
from ui.look.theme import LIGHT, Theme, color, font, mixed
from ui.look.typing import commit_typing
from ui.ribbon.position import TIPS, TITLES
from ui.shell.workspace.timeline import PHASES, Phase

HIGH, POINT, PAD = 30, 10, 7
"""Height of a chevron, how far its point sticks out, and room beside its text, in pixels at 100 %."""


class Chevron(QPushButton):
    """One phase. `lit` while playback is in it."""

    def __init__(self, phase: Phase) -> None:
        super().__init__(TITLES[phase])
        self.phase, self.first = phase, phase == PHASES[0]
        self.lit = False
        self._theme = LIGHT
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pressed.connect(commit_typing)

    def set_lit(self, lit: bool) -> None:
        if lit != self.lit:
            self.lit = lit
            self.setAccessibleDescription(_("current phase") if lit else "")
            self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(font("strong", self._theme.scale)).horizontalAdvance(self.text())
        wide = text + px(self._theme, POINT) * (1 if self.first else 2) + 2 * px(self._theme, PAD)
        return QSize(round(wide), px(self._theme, HIGH))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @property
    def _colours(self) -> tuple[str, str]:
        """Ground and text."""
        theme = self._theme
        if not self.isEnabled():
            return theme.field, mixed(theme.secondary, theme.panel, 0.45)
        if self.lit:
            ground = {"forward": theme.forward, "loss": theme.forward, "backward": theme.backward}.get(self.phase, theme.secondary)
            return ground, theme.canvas if ground == theme.secondary else theme.on_accent
        return theme.pressed if self.isDown() else theme.hover if self.underMouse() else theme.field, theme.secondary

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink = self._colours
        wide, high, point = self.width() - 1.0, self.height() - 1.0, float(px(self._theme, POINT))
        corners = [(0.5, 0.5), (wide - point, 0.5), (wide, high / 2), (wide - point, high), (0.5, high)]
        shape = QPolygonF([QPointF(*corner) for corner in corners])
        if not self.first:
            shape.append(QPointF(point, high / 2))
        framed = self.hasFocus() and self._theme.frames
        edge = self._theme.focus if framed else ground if self.lit else self._theme.field_edge
        painter.setPen(QPen(color(edge), 2.0 if framed else 1.0))
        painter.setBrush(color(ground))
        painter.drawPolygon(shape)
        painter.setPen(color(ink))
        painter.setFont(font("strong", self._theme.scale))
        left = 0.0 if self.first else point
        painter.drawText(
            QPointF(
                left + (wide - left - point - painter.fontMetrics().horizontalAdvance(self.text())) / 2,
                (self.height() + painter.fontMetrics().ascent() - painter.fontMetrics().descent()) / 2,
            ),
            self.text(),
        )
        painter.end()


class Chevrons(QWidget):
    """`chosen` carries the phase whose chevron was clicked."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Phases of a training step"))
        self.phases: dict[Phase, Chevron] = {}
        self._shown: tuple[Phase | None, Mapping[Phase, str]] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for phase in PHASES:
            chevron = Chevron(phase)
            chevron.clicked.connect(lambda _=False, phase=phase: self.chosen.emit(phase))
            self.phases[phase] = chevron
            row.addWidget(chevron)

    @property
    def lit(self) -> Phase | None:
        return next((phase for phase, chevron in self.phases.items() if chevron.lit), None)

    def show_phase(self, current: Phase | None, refused: Mapping[Phase, str]) -> None:
        """Light one phase; `refused` says why a phase cannot be gone to."""
        shown = (current, dict(refused))
        if shown == self._shown:
            return
        self._shown = shown
        for phase, chevron in self.phases.items():
            chevron.set_lit(phase == current)
            chevron.setEnabled(phase not in refused)
            chevron.setToolTip(refused.get(phase) or TIPS[phase])

    def set_theme(self, theme: Theme) -> None:
        for chevron in self.phases.values():
            chevron.set_theme(theme)
