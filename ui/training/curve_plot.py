"""One plot of curves against steps: drawn between two steps, with a line at the step that is read. It says what mouse and keys ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.theme import Theme, color, font, mixed
from ui.look.widgets import label
from ui.maths.curve_line import curve_line
from ui.maths.curve_scale import LINEAR, Scale
from ui.maths.plot_rules import rules
from ui.maths.plots import plot_widget
from ui.maths.series import Floats
from ui.maths.span import Span
from ui.training.curve_styles import LineStyle
from ui.training.curve_tools import CurveTools

AXIS = 48
"""Width of the axis beside a curve, unless its numbers need more."""
ROOMY = 160
"""So wide a plot has numbers at all its ticks; in a narrower one there are few, which would else run into each other."""
FEW = 12
"""So few points are marked as such: one alone would be no line."""
APART = 20
"""Pixels between two readings from which on no line joins them: it would say that nothing happened between."""
WHEEL = 0.8
"""Part of the steps that are left after one notch of the wheel."""
GAP = 6
"""Between the legend and the buttons beside it."""
DRAG = 6
"""Pixels of a drag below which it is a click."""

@dataclass(frozen=True, slots=True)
class Drawn:
    """Points of one curve, and of its smoothed form where that is shown."""

    x: Floats
    y: Floats
    smooth_x: Floats | None = None
    smooth_y: Floats | None = None


class CurvePlot(QWidget):
    """`styles` says which curves there are, by name. Signals carry steps."""

    pointed = Signal(float)
    left = Signal()
    zoomed = Signal(float, float)
    """(about which step, factor)."""
    chosen = Signal(float, float)
    """A piece of the axis was marked."""
    moved = Signal(float)
    """Move the piece by this part of its width."""
    stepped = Signal(int, bool)
    """Move the read step by so many columns, or by so many steps."""
    ended = Signal(bool)
    """Read the last step (true), or the first."""
    whole = Signal()
    resized = Signal()

    def __init__(self, name: str, styles: Mapping[str, LineStyle], tools: CurveTools | None = None, note: QWidget | None = None) -> None:
        super().__init__()
        import pyqtgraph

        self.styles = dict(styles)
        self._theme: Theme | None = None
        self._scale = LINEAR
        self._pressed: QPointF | None = None
        self._panned: float | None = None
        self._view = Span(0, 1)
        plot = self.plot = plot_widget()
        plot.setFrameShape(plot.Shape.NoFrame)
        plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # a message above it must not push it out of the panel
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        plot.setMouseTracking(True)
        plot.getPlotItem().layout.setContentsMargins(0, 8, 0, 0)  # room for the upper half of a tick's text at the very top
        plot.setAccessibleName(_("Curve of the {name}").format(name=name))
        plot.installEventFilter(self)
        plot.viewport().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.legend = label("", "small")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setObjectName(name)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._tools = tools
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.legend, 1)
        if tools is not None:
            head.addWidget(tools)
        column.addLayout(head)
        if note is not None:
            column.addWidget(note)
        column.addWidget(plot, 1)
        self._rules = rules(plot)
        self.behind: dict[tuple[int, str], Any] = {}
        """The lines of other runs, by run and field."""
        self._spare: list[Any] = []
        """Lines that nothing is drawn with now: one that is taken out of the scene could be deleted while the scene paints."""
        self.lines = {field: curve_line(plot) for field in styles}
        self.smooths = {field: curve_line(plot) for field in styles}
        self._mark = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._present = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._band = pyqtgraph.LinearRegionItem(movable=False)
        for item in (self._mark, self._present, self._band):
            plot.addItem(item, ignoreBounds=True)
            item.hide()

    # what it looks like

    def set_theme(self, theme: Theme) -> None:
        import pyqtgraph

        self._theme = theme
        plot = self.plot
        plot.setBackground(color(theme.panel))
        plot.setStyleSheet(f"QGraphicsView:focus {{ border: 1px solid {theme.focus}; }}")
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(color(theme.hairline)))
            axis.setTextPen(pyqtgraph.mkPen(color(theme.secondary)))
            axis.setTickFont(font("tiny", theme.scale))
            axis.setStyle(tickLength=-4, tickTextOffset=6)
        plot.getAxis("left").setWidth(round(AXIS * theme.scale))
        plot.getAxis("bottom").setHeight(round(22 * theme.scale))
        self._rules.set_pen(pyqtgraph.mkPen(color(mixed(theme.hairline, theme.panel, 0.6))))
        for field, style in self.styles.items():
            hue = style.color(theme)
            self._dress(self.lines[field], hue, style.dash)
            self._dress(self.smooths[field], hue, style.dash)
        self._mark.setPen(pyqtgraph.mkPen(color(theme.secondary), width=theme.scale))
        self._present.setPen(pyqtgraph.mkPen(color(theme.highlight), width=1.5 * theme.scale))
        self._band.setBrush(color(theme.selection_soft))

    def _dress(self, line: Any, hue: str, dash: Qt.PenStyle) -> None:
        import pyqtgraph

        assert self._theme is not None
        line.setPen(pyqtgraph.mkPen(color(hue), width=1.6 * self._theme.scale, style=dash))
        line.setSymbolBrush(color(hue))
        line.setSymbolPen(None)

    def set_scale(self, scale: Scale) -> None:
        """How values are placed: before they are drawn."""
        if (scale.kind == "log") != (self._scale.kind == "log"):  # it makes the plot look for its range again
            self.plot.setLogMode(x=False, y=scale.kind == "log")
        if scale.kind == "log" != self._scale.kind:
            self.plot.getAxis("left").setTicks(None)
        self._scale = scale

    def draw(self, behind: Mapping[tuple[int, str], tuple[str, Drawn]], curves: Mapping[str, Drawn]) -> None:
        """What is smoothed is drawn over the raw curve, which is paler then. Other runs come with their colour, or pale without one."""
        assert self._theme is not None
        for key in [key for key in self.behind if key not in behind]:
            line = self.behind.pop(key)
            line.setData([], [])
            self._spare.append(line)
        pale = mixed(self._theme.secondary, self._theme.panel, 0.5)
        for key, (hue, drawn) in behind.items():
            if key not in self.behind:
                self.behind[key] = self._spare.pop() if self._spare else curve_line(self.plot)
                self.behind[key].setZValue(-1)
            self._dress(self.behind[key], hue or pale, self.styles[key[1]].dash)
            smooth = drawn.smooth_y is not None and drawn.smooth_y.size > 0
            places = (drawn.smooth_x, drawn.smooth_y) if smooth else (drawn.x, drawn.y)
            self._set(self.behind[key], *places, self.styles[key[1]].sparse)
        for field, drawn in curves.items():
            self._set(self.lines[field], drawn.x, drawn.y, self.styles[field].sparse)
            smooth = drawn.smooth_y is not None and drawn.smooth_x is not None and drawn.smooth_y.size > 0
            self.lines[field].setOpacity(0.35 if smooth else 1.0)
            if smooth:
                self._set(self.smooths[field], drawn.smooth_x, drawn.smooth_y)
            elif self.smooths[field].getData()[0] is not None:
                self.smooths[field].setData([], [])
        # Else the first painting takes note of the range, and asks for a second one.
        self.plot.getViewBox().prepareForPaint()

    def _set(self, line: Any, x: Floats | None, y: Floats | None, sparse: bool = False) -> None:
        assert x is not None and y is not None and self._theme is not None
        joined: Any = "all"
        if sparse and x.size > 1:
            apart = np.diff(x) * self.columns / max(self._view.width, 1.0)
            joined = np.append(apart < APART * self._theme.scale, False)
        marked = x.size < FEW or (sparse and not joined[:-1].all())
        line.setData(
            x, self._scale.positions(y), symbol="o" if marked else None, symbolSize=round(4 * self._theme.scale), connect=joined
        )

    def look(self, view: Span, low: float, high: float, ticks: Sequence[tuple[float, str]] | None) -> None:
        """Show these steps and values. Said at once: left to itself, a plot finds its range after it was painted, and paints again."""
        self._view = view
        if ticks is not None:
            self.plot.getAxis("left").setTicks([ticks])
        self._make_room([text for _, text in ticks or ()])
        low, high = self._scale.position(low), self._scale.position(high)
        if self._scale.kind == "log":
            low, high = math.log10(low), math.log10(high)
        spare = 0.04 * (high - low) or 0.1 * abs(high) or 0.1
        edge = 0.02 * view.width
        roomy = self._theme is None or self.columns >= ROOMY * self._theme.scale
        self.plot.getAxis("bottom").setTicks(None if roomy else [_few_steps(view)])
        self.plot.setRange(xRange=(view.first - edge, view.last + edge), yRange=(low - spare, high + spare), padding=0)

    def _make_room(self, texts: Sequence[str]) -> None:
        """Let the axis be as wide as its numbers: one that does not fit would not be drawn."""
        assert self._theme is not None
        scale, axis = self._theme.scale, self.plot.getAxis("left")
        widest = max(map(QFontMetricsF(font("tiny", scale)).horizontalAdvance, texts), default=0.0)
        axis.setWidth(max(round(AXIS * scale), math.ceil(widest + 14 * scale)))

    @property
    def columns(self) -> int:
        """Columns of pixels between the axes."""
        return max(round(float(self.plot.getViewBox().width())), 20)

    # the step that is read

    def read(self, step: float | None, spoken: str = "") -> None:
        """Mark a step, which reads like this; None: no step."""
        self._mark.setVisible(step is not None)
        self.plot.setAccessibleDescription(spoken)
        if step is not None:
            self._mark.setValue(step)

    def show_present(self, step: int | None) -> None:
        """Mark the step whose numbers are on the screen; None: the newest one."""
        self._present.setVisible(step is not None)
        if step is not None:
            self._present.setValue(step)

    def write(self, texts: Sequence[str]) -> None:
        """The line above the plot: the first of these rich texts that fits, else the last."""
        room = self.width() - (self._tools.wide + GAP if self._tools is not None else 0)
        for text in texts:
            if text == texts[-1] or self._wide(text) <= room:
                break
        if self.legend.text() != text:
            self.legend.setText(text)

    def beside(self, text: str) -> float:
        """The room beside such a line."""
        return self.width() - self._wide(text) - GAP

    def _wide(self, text: str) -> float:
        document = QTextDocument()
        document.setDefaultFont(self.legend.font())
        document.setDocumentMargin(0)
        document.setHtml(text)
        return document.idealWidth()

    def step_at(self, at: QPointF) -> float:
        """The step at a place of the plot's viewport."""
        return float(self.plot.getViewBox().mapSceneToView(self.plot.mapToScene(at.toPoint())).x())

    # mouse and keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self.plot:
            return kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._key(event)
        if kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            notches = event.angleDelta().y() / 120
            if notches:
                self.zoomed.emit(self.step_at(event.position()), WHEEL**notches)
            return True
        if kind == QEvent.Type.Resize:
            self.resized.emit()
        elif kind == QEvent.Type.Leave:
            self.left.emit()
        elif isinstance(event, QMouseEvent):
            return self._mouse(kind, event)
        return super().eventFilter(watched, event)

    def _mouse(self, kind: QEvent.Type, event: QMouseEvent) -> bool:
        at = event.position()
        if kind == QEvent.Type.MouseButtonDblClick:
            self.whole.emit()
        elif kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._panned = at.x()
            else:
                self._pressed = at
        elif kind == QEvent.Type.MouseMove:
            self._dragged(at)
        elif kind == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            self._released(at)
        return kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)

    def _dragged(self, at: QPointF) -> None:
        if self._panned is not None:
            by, self._panned = (self._panned - at.x()) / self.columns, at.x()
            self.moved.emit(by)
            return
        if self._pressed is not None and abs(at.x() - self._pressed.x()) >= DRAG:
            self._band.setRegion(sorted((self.step_at(self._pressed), self.step_at(at))))
            self._band.show()
        self.pointed.emit(self.step_at(at))

    def _released(self, at: QPointF) -> None:
        pressed, self._pressed, self._panned = self._pressed, None, None
        if pressed is not None and self._band.isVisible():
            self._band.hide()
            first, last = sorted((self.step_at(pressed), self.step_at(at)))
            self.chosen.emit(first, last)

    def _key(self, event: QKeyEvent) -> bool:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        middle = (self._view.first + self._view.last) / 2
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            sign = 1 if key == Qt.Key.Key_Right else -1
            if control:
                self.moved.emit(0.2 * sign)
            else:
                self.stepped.emit(sign, shift)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            about = self._mark.value() if self._mark.isVisible() else middle
            self.zoomed.emit(float(about), WHEEL ** (-2 if key == Qt.Key.Key_Minus else 2))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.ended.emit(key == Qt.Key.Key_End)
        elif key == Qt.Key.Key_Escape and (self._pressed is not None or self._mark.isVisible()):
            self._pressed = None
            self._band.hide()
            self.left.emit()
        elif key == Qt.Key.Key_0:
            self.whole.emit()
        else:
            return False
        return True


def _few_steps(view: Span) -> list[tuple[float, str]]:
    """Two or three round steps, with their numbers."""
    unit = 10.0 ** math.floor(math.log10(max(view.width, 1.0)))
    apart = max(next(unit * factor for factor in (0.5, 1.0, 2.0, 5.0) if view.width <= 3 * unit * factor or factor == 5.0), 1.0)
    first = math.ceil(view.first / apart)
    return [(apart * i, f"{apart * i:g}") for i in range(first, math.floor(view.last / apart) + 1)][:4]
