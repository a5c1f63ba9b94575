"""The page of instruments. While it is seen, the coming step is observed again and again; while it is not, nothing is asked for."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from engine.learned.instruments import Observe, Observed
from engine.learned.instruments.history import History
from engine.numerics.job import Job, JobEnd
from graph.formula.latex import display_name
from graph.model.layer_plan import layer_plan
from graph.model.objective import NoObjective, find_objective
from graph.storage.document import Document
from graph.text.messages import _
from ui.engine_link.messages import Progress
from ui.engine_link.refresh import Refresh
from ui.instruments.detail import Detail
from ui.instruments.gauge import Gauge
from ui.instruments.readings import TITLES, all_said, value_of
from ui.instruments.table import LayerTable
from ui.look.numbers import count, number
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, label, scrolled
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.present import outdated
from ui.shell.workspace.workspace import Workspace

EMPTY = _("Here you see where each training step lands, how noisy the gradient is, and what is inside the layers.")
HIDDEN = _("Numbers are hidden until they are predicted, so nothing is measured now.")
REST = 0.25
"""Least seconds between two observations."""
LEFT, LEFT_SHARE, LEFT_MOST = 292, 0.3, 420
"""Least width of the instruments, their share of the page, and their greatest width."""
MOST = 200
"""So many layers are observed."""


class InstrumentsPage(Panel):
    """`history` has what was observed of the run that is shown, while this page was seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.history = History()
        self._paled = False
        """Whether the numbers are drawn as older ones."""
        self.gauges = {name: Gauge(name) for name in TITLES}
        self.status = ElidedLabel("", "small")
        self.table, self.detail = LayerTable(), Detail()
        self._open: tuple[str, str] | None = None
        """The node and the column that are enlarged."""
        self._refresh = Refresh(workspace.work, self._show, REST)
        self._plan: tuple[object, tuple[str, ...]] = None, ()
        self._failed = ""
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(0)
        for gauge in self.gauges.values():
            column.addWidget(gauge)
        column.addWidget(self.status)
        column.addStretch(1)
        self._left = scrolled(left)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self.table)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._right = QStackedWidget()
        self._right.addWidget(self._area)
        self._right.addWidget(self.detail)
        board = QWidget()
        row = QHBoxLayout(board)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(16)
        row.addWidget(self._left)
        row.addWidget(self._right, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(board)
        self.table.chosen.connect(self._choose)
        self.table.moved.connect(self._reveal)
        self.detail.left.connect(self._close)

    # what it follows

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._share()
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        scale = self.theme.scale
        self._left.setFixedWidth(round(min(max(LEFT, LEFT_SHARE * self.width() / scale), LEFT_MOST) * scale))

    def set_document(self, document: Document) -> None:
        self._refresh.stop()
        self.history.clear()
        self._open, self._failed = None, ""
        self._look()
        self._draw()

    def document_changed(self) -> None:
        self._look()

    def set_progress(self, progress: Progress) -> None:
        newest = self.history.newest
        if newest is not None and newest.run != progress.run:
            self.history.clear()
            self._draw()
        self._look()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self._look()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        """Numbers may have been hidden, or shown again."""
        if self.isVisible() and self._hiding != (self.hint.text() == HIDDEN):
            self._look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.workspace.canvas.model.show_activity(True)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.workspace.canvas.model.show_activity(False)
        self._refresh.stop()

    def end(self) -> None:
        self._refresh.stop()

    # asking

    @property
    def _hiding(self) -> bool:
        return self.workspace.visibility.hides_numbers

    def _look(self) -> None:
        """Ask for what there is now."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if not self.isVisible():
            return
        if kernel is None or self._hiding:
            self._refresh.stop()
            self._draw()
            return
        self._refresh.follow(Observe(self._layers(), document.structure, document.revision, kernel.progress.run))
        self._draw() if self.stale != self._paled else self._draw_status()

    def _layers(self) -> tuple[str, ...]:
        """One node for each layer: parameters that stand alone first, then those on the way to the objective."""
        document = self.workspace.document
        key = (document, document.structure)
        if key != self._plan[0]:
            graph, nodes, objective = document.graph, list[str](), find_objective(document.graph)
            if not isinstance(objective, NoObjective):
                nodes += [node for node in graph.order() if graph.spec(node).role == "parameter"]
                nodes += [next((n for n in group if graph.spec(n).parameters), group[0]) for group in layer_plan(graph, objective.node)]
            self._plan = key, tuple(nodes[:MOST])
        return self._plan[1]

    def _show(self, job: Job, end: JobEnd) -> None:
        document = self.workspace.document
        if end.how == "done" and isinstance(end.answer, Observed) and not self._hiding:
            self._failed = ""
            if end.answer.structure == document.structure:
                self.history.add(end.answer)
        elif end.how == "failed":
            self._failed = end.text
        self._draw()

    # showing

    @property
    def stale(self) -> bool:
        """Whether the numbers shown are those of other weights than the present ones."""
        newest = self.history.newest
        return newest is not None and outdated(self.workspace, newest.stamp)

    def _draw(self) -> None:
        newest, observed = self.history.newest, self.history.all
        if newest is None or self._hiding:
            self.hint.setText(HIDDEN if self._hiding else self._failed or EMPTY)
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        stale, theme = self.stale, self.theme
        self._paled = stale
        said = all_said(newest)
        for name, gauge in self.gauges.items():
            points = [(o.step, value) for o in observed for value in (value_of(o, name),) if value is not None]
            gauge.show_said(said[name], points, stale, theme)
        names = [self._name(layer.node) for layer in newest.layers]
        graph = self.workspace.document.graph
        titles = [graph.spec(layer.node).title if layer.node in graph.nodes else "" for layer in newest.layers]
        self.table.show_layers(observed, names, titles, stale, theme)
        index = next((i for i, layer in enumerate(newest.layers) if self._open and layer.node == self._open[0]), None)
        if self._open is not None and index is not None:
            self.detail.show_layer(observed, index, names[index], self._open[1], stale, theme)
        self._right.setCurrentIndex(0 if index is None else 1)
        self._draw_status()

    def _draw_status(self) -> None:
        """Which step it is about, and how often it is looked at."""
        newest, kernel = self.history.newest, self.workspace.kernel
        if newest is None or kernel is None:
            return
        parts = [_("step {step}").format(step=count(newest.step + 1))]
        if self._failed:
            parts.append(self._failed)
        elif kernel.training:
            parts.append(_("observed every {seconds} s").format(seconds=number(float(f"{self._refresh.interval:.2g}"))))
        elif self.stale:
            parts.append(_("the weights are others by now"))
        else:
            parts.append(_("the coming step"))
        if self.history.stride > 1:
            parts.append(_("one of {count} observations is kept").format(count=self.history.stride))
        self.status.set_full(" · ".join(parts))

    def _name(self, node: str) -> str:
        nodes = self.workspace.document.graph.nodes
        return display_name(nodes[node].name) if node in nodes else "–"

    # mouse and keys

    def begin(self) -> None:
        """Show this page and let keys go through the layers."""
        self.workspace.pages.show("instruments")
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def first_stop(self) -> QWidget:
        return self.table

    def _choose(self, node: str, column: str) -> None:
        """A click on a name selects the node; one on its numbers enlarges them."""
        if not column:
            if node in self.workspace.document.graph.nodes:
                self.workspace.canvas.reveal(node)
                self.workspace.canvas.select([node])
            return
        self._open = node, column
        self._draw()
        self.detail.chart.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        self._open = None
        self._draw()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reveal(self, cell: QRectF) -> None:
        self._area.ensureVisible(round(cell.center().x()), round(cell.center().y()), 40, 30)
