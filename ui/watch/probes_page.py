"""The probes' panel: one card for each pinned wire, with the number now and its way over the steps of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.model.address import Quantity
from graph.model.graph import GraphError
from graph.model.spec import Setting
from graph.storage.document import Document
from graph.text.messages import _
from ui.forms.forms import ChoiceField
from ui.look.numbers import count, exact, number
from ui.look.theme import LIGHT, Theme, color, font
from ui.look.widgets import ElidedLabel, button, clear, label, set_property
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import PROBES
from ui.shell.workspace.workspace import Workspace
from ui.watch import probes
from ui.watch.probes import PinnedProbe, ProbeLog, Series

EMPTY = _("Select a wire and press F8 to track its value during training, or Shift+F8 to track its gradient.")
DRAW_MS, DRAW = 60, "probes"
"""Least time between two drawings while training."""
MEASURE = Setting("measure", "choice", "norm", choices=("norm", "mean"), title=_("Which measure of the tensor to track"))


class Plot(QWidget):
    """One curve against steps. The highest and lowest values are written at the left, the first and last steps below."""

    def __init__(self, show: str) -> None:
        super().__init__()
        self._show = show
        self._theme = LIGHT
        self._points: list[tuple[int, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(40)

    def show_points(self, points: list[tuple[int, float]], theme: Theme) -> None:
        self._points, self._theme = points, theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 72)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._points:
            return
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("tiny", theme.scale))
        low, high = min(v for _, v in self._points), max(v for _, v in self._points)
        texts = [number(high)] + ([number(low)] if low != high else [])
        metrics = painter.fontMetrics()
        left = max(metrics.horizontalAdvance(text) for text in texts) + 8
        foot = metrics.height()
        area = QRectF(left, 5, self.width() - left - 6, self.height() - foot - 9)
        painter.setPen(color(theme.secondary))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        heights = (area.top(), area.bottom()) if low != high else (area.center().y(),)
        for text, y in zip(texts, heights, strict=True):
            painter.drawText(QRectF(0, y - foot / 2, left - 6, foot), flags, text)
        first, last = self._points[0][0], self._points[-1][0]
        below = QRectF(area.left(), area.bottom() + 4, area.width(), foot)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), _("step {first}").format(first=count(first)))
        if last != first:
            painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), count(last))
        self._paint_curve(painter, area, low, high)

    def _paint_curve(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        theme, points = self._theme, self._points
        painter.setPen(QPen(color(theme.hairline), 1))
        if low < 0 < high:
            zero = area.bottom() - (0 - low) / (high - low) * area.height()
            painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        painter.drawLine(area.bottomLeft(), area.topLeft())
        ink = color(theme.forward if self._show == "value" else theme.backward)
        first, last = points[0][0], points[-1][0]
        reach, height = max(1, last - first), (high - low) or 1.0
        flat = high == low

        def place(step: int, value: float) -> QPointF:
            y = area.center().y() if flat else area.bottom() - (value - low) / height * area.height()
            return QPointF(area.left() + (step - first) / reach * area.width(), y)

        pen = QPen(ink, 1.6 * theme.scale)
        if self._show == "gradient":
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        line = [place(step, value) for step, value in points]
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(line[-1], 3 * theme.scale, 3 * theme.scale)


class ProbeCard(QFrame):
    """One probe. A click or Enter goes to the wire, Delete takes the pin away."""

    go = Signal(object)
    unpinned = Signal(object)
    measured = Signal(object, str)

    def __init__(self, probe: PinnedProbe, title: str) -> None:
        super().__init__()
        self.probe = probe
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.title = ElidedLabel("", "strong")
        self.title.set_full(title)
        self.kind = label(_("━ value") if probe.address.quantity == "value" else _("┅ gradient"), probe.address.quantity + "-word")
        self.number = label("", probe.address.quantity + "-number", selectable=True)
        self.close_button = button("✕", "quiet", tip=_("Unpin  (Delete)"))
        self.close_button.setAccessibleName(_("Unpin {title}").format(title=title))
        self.close_button.clicked.connect(lambda: self.unpinned.emit(self.probe))
        self.measure = ChoiceField(MEASURE)
        self.measure.changed.connect(lambda value: self.measured.emit(self.probe, str(value)))
        self.plot = Plot(probe.address.quantity)
        self.note = label("", "small", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        head, second = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        second.setSpacing(8)
        second.addWidget(self.kind)
        second.addWidget(self.measure)
        second.addStretch(1)
        second.addWidget(self.number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(second)
        layout.addWidget(self.note)
        layout.addWidget(self.plot, 1)

    def show_series(self, probe: PinnedProbe, series: Series | None, theme: Theme, stale: bool) -> None:
        """Of a number that may not be shown, the way it took is not shown either."""
        self.probe = probe
        covered = series.covered if series is not None else ""
        series = None if covered else series
        absent = series.absent if series is not None else None
        tensor = series is not None and series.tensor
        values = series.values(probe.measure) if series is not None else []
        self.measure.setVisible(tensor)
        self.measure.set_value(probe.measure)
        self.number.setText(number(values[-1]) if values and absent is None else "")
        self.number.setToolTip(exact(values[-1]) if values else "")
        set_property(self.number, "role", "stale-number" if stale else f"{probe.address.quantity}-number")
        why = absent.why if absent is not None else _("not computed yet") if not values else ""
        why = covered or why
        bad = next((s for s, v in zip(series.steps, values, strict=True) if not math.isfinite(v)), None) if series is not None else None
        if bad is not None:
            why = _("NaN or infinite since step {bad}").format(bad=count(bad))
        self.note.setText(why)
        self.note.setVisible(bool(why))
        self.plot.show_points(series.finite(probe.measure) if series is not None else [], theme)
        of = _("{measure} of the ").format(measure=probe.measure) if tensor else ""
        self.setAccessibleName(f"Probe: {of}{probe.address.quantity} of {self.title.full}")
        self.setAccessibleDescription(why or f"{self.number.text()} at step {series.steps[-1] if series is not None else 0}")
        self.setToolTip(f"{of}{probe.address.quantity} of {self.title.full}".capitalize())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.go.emit(self.probe)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.go.emit(self.probe)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.unpinned.emit(self.probe)
        else:
            super().keyPressEvent(event)


class ProbesPage(Panel):
    """One card for each probe."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(PROBES, self)
        self._document: Document | None = None
        self._stale = False
        self._built: tuple[object, ...] = ()
        self.log = ProbeLog()
        self.cards: list[ProbeCard] = []
        inner = QWidget()
        self._row = QHBoxLayout(inner)
        self._row.setContentsMargins(0, 10, 0, 10)
        self._row.setSpacing(12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self._area = area
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(area)

    def pin_value(self) -> None:
        self._pin("value")

    def pin_gradient(self) -> None:
        self._pin("gradient")

    def _pin(self, show: Quantity) -> None:
        """Pin the selected wires, or unpin them; what was pinned is shown."""
        if self.pin(self.workspace.canvas.selected_edges(), show, self.workspace.trace):
            self.workspace.pages.show("probes")

    def document_changed(self) -> None:
        self.refresh()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        if trace is not None:
            self.take(trace, stale)

    def set_document(self, document: Document) -> None:
        self._document = document
        self.log.clear()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._built = ()
        self.refresh()

    def pin(self, edges: Sequence[str], show: Quantity, trace: TraceView | None) -> bool:
        """Pin wires, or unpin them where all are pinned; whether they are now. The first reading is the trace on the screen."""
        done: list[bool] = []
        self._edit(lambda document: done.append(probes.toggle(document, edges, show)))
        if done == [True] and trace is not None:
            self.take(trace, self._stale)
        return done == [True]

    def take(self, trace: TraceView, stale: bool = False) -> None:
        """Read the probes off a trace. Costs nothing while nothing is pinned; drawn at most some sixteen times a second."""
        document = self._document
        if document is None or not document.graph.settings.get("probes"):
            return
        aged, self._stale = stale != self._stale, stale
        before = self.log.covered
        if not self.log.take(trace, document.graph) and not aged:
            return
        if aged or self.log.covered != before:
            self._show()
        elif not self.workspace.work.pending(DRAW):
            self.workspace.work.after_frame(DRAW, self._show, DRAW_MS)

    def refresh(self) -> None:
        """Take up pins that were added or taken away, and the names of their wires."""
        document = self._document
        if document is None:
            return
        graph, pinned = document.graph, probes.pinned(document.graph)
        titles = [probe.address.value.name(graph) for probe in pinned]
        wanted = (self.theme, [probe.address for probe in pinned], titles)
        if self._built == wanted:
            return self._show()
        self.log.follow(graph)
        self._built = wanted
        clear(self._row)
        self.cards = [self._card(probe, title) for probe, title in zip(pinned, titles, strict=True)]
        self._row.addStretch(1)
        self._stack.setCurrentWidget(self._area if pinned else self.hint)
        self.titled.emit(_("Probes {found}").format(found=len(pinned)) if pinned else _("Probes"))
        self._show()

    def _card(self, probe: PinnedProbe, title: str) -> ProbeCard:
        card = ProbeCard(probe, title)
        card.setFixedWidth(round(236 * self.theme.scale))
        card.go.connect(lambda which: self.workspace.go_to((), (which.address.id,)))
        card.unpinned.connect(self._unpin)
        card.measured.connect(self._measure)
        self._row.addWidget(card)
        return card

    def _show(self) -> None:
        document = self._document
        if document is None:
            return
        for card, probe in zip(self.cards, probes.pinned(document.graph), strict=False):
            card.show_series(probe, self.log.series.get(probe.address), self.theme, self._stale)

    def _unpin(self, probe: PinnedProbe) -> None:
        here = next((i for i, card in enumerate(self.cards) if card.probe.address == probe.address), 0)
        self._edit(lambda document: probes.unpin(document, probe))
        if self.cards:
            self.cards[min(here, len(self.cards) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _measure(self, probe: PinnedProbe, measure: str) -> None:
        self._edit(lambda document: probes.set_measure(document, probe, "mean" if measure == "mean" else "norm"))

    def _edit(self, change: Callable[[Document], None]) -> None:
        if self._document is None:
            return
        try:
            change(self._document)
        except GraphError as refused:
            self.workspace.say(str(refused))
        else:
            self.refresh()
