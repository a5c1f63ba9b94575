"""The page of sweeps: what to sweep on the left, what came of it on the right."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.compile.views import TraceView
from graph.model.run_record import lower_is_better
from graph.storage.document import Document
from graph.text.messages import _
from ui.look import pictures
from ui.look.afar import enlarge
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label, scrolled
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.workspace import Workspace
from ui.sweep.chart import EXPORTED, SweepChart
from ui.sweep.drawing import View
from ui.sweep.feature import SWEEP, SweepFeature
from ui.sweep.form import SweepForm
from ui.sweep.start_box import StartBox
from ui.sweep.state import NAMES
from ui.sweep.table import SweepTable

EMPTY = _("Choose settings and their values, then start the sweep. Each combination is trained from the initial values.")
HIDDEN = _("Numbers are hidden until they are predicted, so the results of the sweep are not shown either.")
LEFT, LEFT_SHARE = 380, 0.46
"""Width of the form, for type at 100 %, and its greatest share of the page."""
BESIDE = 720
"""Width from which chart and table stand beside each other, for type at 100 %."""


class SweepPage(Panel):
    """Form, chart and table. What is shown lies in the feature's state, so that a sweep goes on while this page is hidden."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        feature = workspace.services.find(SWEEP)
        assert feature is not None
        self.state = feature.state
        self.form = SweepForm()
        start, tip = _("Start the sweep"), _("Train every combination of the chosen values")
        self.box = StartBox(workspace, self.state, self.form, self.isVisible, start, tip)
        self.hint = label(EMPTY, "secondary", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.chart, self.table = SweepChart(self.state), SweepTable(self.state)
        self.status = ElidedLabel("", "small")
        self.measure = QComboBox()
        self.measure.setAccessibleName(_("Measure"))
        self.measure.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.measure.setMinimumContentsLength(6)
        self.measure.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.log = QCheckBox(_("Log"))
        self.log.setToolTip(_("Logarithmic loss axis"))
        self.log.setChecked(True)
        self.use = button(_("Use these settings"), "quiet", tip=_("Give the document the settings of the selected run (undo reverts it)"))
        self.keep = button(_("Keep this run"), "quiet", tip=_("Train the selected run once more, alone, as a run of the document"))
        self.views: dict[str, QPushButton] = {}
        self._show_table = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(14)
        row.addWidget(self._left_side())
        row.addWidget(self._right_side(), 1)
        self._connect(feature)
        self._follow(fresh=True)

    def _left_side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 2, 4, 4)
        column.setSpacing(6)
        column.addWidget(self.form)
        column.addStretch(1)
        self._form_area = scrolled(side)
        self._form_area.setMinimumHeight(32)  # it can be scrolled; what a sweep will take has to be seen
        self._left = QWidget()
        whole = QVBoxLayout(self._left)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addWidget(self._form_area, 1)
        self.box.add_to(whole)
        return self._left

    def _right_side(self) -> QWidget:
        group = QButtonGroup(self)
        head = QHBoxLayout()
        head.setSpacing(4)
        titles = {
            "values": (_("By value"), _("The measure at the end against the swept value: median and range over the seeds")),
            "curves": (_("Curves"), _("The loss of all runs against the step")),
            "table": (_("Table"), _("A row for each run")),
        }
        for key, (title, tip) in titles.items():
            choice = self.views[key] = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.clicked.connect(lambda _checked=False, key=key: self.show_view(key))
            group.addButton(choice)
            head.addWidget(choice)
        self.views["values"].setChecked(True)
        head.addSpacing(10)
        head.addWidget(self.measure, 2)
        head.addWidget(self.log)
        head.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.status, 1)
        foot.addWidget(self.keep)
        foot.addWidget(self.use)
        self._results = QWidget()
        beside = QHBoxLayout(self._results)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(14)
        beside.addWidget(self.chart, 3)
        beside.addWidget(self.table, 2)
        self._body = QStackedWidget()
        self._body.addWidget(self.hint)
        self._body.addWidget(self._results)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._body, 1)
        column.addLayout(foot)
        return side

    def _connect(self, feature: SweepFeature) -> None:
        self.form.changed.connect(self.box.described)
        self.box.changed.connect(self._enable)
        self.use.clicked.connect(lambda _clicked: feature.use())
        self.keep.clicked.connect(lambda _clicked: feature.keep())
        self.table.used.connect(feature.use)
        self.chart.used.connect(feature.use)
        self.measure.activated.connect(lambda _at: self._look())
        self.log.toggled.connect(lambda _on: self._look())
        self.state.changed.connect(self._show)
        self.state.selection_moved.connect(self._selected)

    # what it follows

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._dress()
        self._show()

    def _dress(self) -> None:
        self._left.setFixedWidth(round(min(LEFT * self.theme.scale, LEFT_SHARE * self.width())))
        self.measure.setMinimumWidth(round(96 * self.theme.scale))
        self.chart.set_theme(self.theme)
        self.table.dress(self.theme)
        for words in (self.box.estimate, self.status):
            enlarge(words, replace(self.theme, scale=self.theme.scale * 12 / 13))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dress()
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.box.leave_estimate()

    def set_document(self, document: Document) -> None:
        self._follow(fresh=True)

    def document_changed(self) -> None:
        self._follow()
        self._say()

    def actions_changed(self) -> None:
        self._enable()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        if self.isVisible() and self.workspace.visibility.hides_numbers != (self.hint.text() == HIDDEN):
            self._show()

    def end(self) -> None:
        self.box.leave_estimate()

    def first_stop(self) -> QWidget:
        return self.form.rows[0].values if self.form.rows else self.form.add

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.state.running:
            self.state.cancel()
        else:
            super().keyPressEvent(event)

    # what is described

    @property
    def ready(self) -> bool:
        """Whether a sweep can be started now."""
        return self.box.ready

    def _follow(self, fresh: bool = False) -> None:
        """The document is another, or another by an edit."""
        if fresh or self.isVisible():
            self.form.set_graph(self.workspace.document.graph, fresh)
            self.box.described()
            self._enable()

    def _enable(self) -> None:
        self.box.enable()
        for widget, action in ((self.use, "sweep_use"), (self.keep, "sweep_keep")):
            widget.setEnabled(self.state.selected is not None and self.workspace.actions_by_id[action].isEnabled())

    # at work

    def start(self) -> None:
        """Train what is described."""
        self.box.start()

    def show_view(self, key: str) -> None:
        """`values`, `curves` or `table`."""
        self._show_table = key == "table"
        if key != "table":
            view: View = "curves" if key == "curves" else "values"
            self.chart.view = view
        self.views[key].setChecked(True)
        self._arrange()
        self._look()

    def _arrange(self) -> None:
        """Chart and table beside each other where there is room, else one of them."""
        wide = self.width() - self._left.width() >= BESIDE * self.theme.scale
        self.views["table"].setVisible(not wide)
        if wide and self._show_table:
            self._show_table = False
            self.views["values" if self.chart.view == "values" else "curves"].setChecked(True)
        self.chart.setVisible(wide or not self._show_table)
        self.table.setVisible(wide or self._show_table)

    def _show(self) -> None:
        """Rows came, or numbers are hidden or shown."""
        hidden = self.workspace.visibility.hides_numbers
        self.hint.setText(HIDDEN if hidden else EMPTY)
        self._body.setCurrentWidget(self._results if self.state.rows and not hidden else self.hint)
        self._offer_measures()
        self.table.refresh()
        self._look()
        self._say()
        self._enable()

    def _offer_measures(self) -> None:
        names = self.state.measures
        if [self.measure.itemData(i) for i in range(self.measure.count())] == names:
            return
        chosen = self.measure.currentData()
        self.measure.clear()
        for name in names:
            self.measure.addItem(NAMES.get(name, name), name)
        preferred = next((n for n in (chosen, "validation_loss", "train_loss", "objective", "loss") if n in names), None)
        if preferred is not None:
            self.measure.setCurrentIndex(names.index(preferred))

    def _look(self) -> None:
        measure = self.measure.currentData()
        self.chart.measure = str(measure or "train_loss")
        self.chart.logarithmic = self.log.isChecked()
        by_value = self.chart.view == "values"
        self.measure.setVisible(bool(self.state.rows) and by_value and self.measure.count() > 0)
        self.log.setVisible(bool(self.state.rows) and (not by_value or lower_is_better(self.chart.measure)))
        for widget in (self.use, self.keep):
            widget.setVisible(bool(self.state.rows) and self.state.selected is not None)
        self.chart.setAccessibleDescription(self._spoken())
        self.chart.update()

    def _spoken(self) -> str:
        best = self.table.rows.best(self.chart.measure)
        return _("Best run: {run}").format(run=self.chart.described(best).replace("\n", ", ")) if best is not None else ""

    def _selected(self) -> None:
        self._enable()
        self._look()
        self._say()

    def _say(self) -> None:
        """How far it is, or how it ended; of the selected run its settings and its end."""
        state = self.state
        self.box.say()
        text = state.summary()
        if state.selected is not None and state.selected in state.rows:
            text = self.chart.described(state.selected).replace("\n", " · ")
        elif state.rows and not state.running and self.isVisible() and state.outdated(self.workspace.document.graph):
            text = _("The document was changed since: these results are of it as it was. {text}").format(text=text)
        self.status.set_full("" if self.workspace.visibility.hides_numbers else text)

    # for other programs

    def _paint(self, painter: QPainter) -> None:
        self.chart.paint_to(painter, QRectF(0, 0, EXPORTED.width(), EXPORTED.height()), replace(self.theme, scale=1.3))

    def image(self) -> QImage:
        return pictures.image(EXPORTED, self._paint)

    def svg(self) -> bytes:
        return pictures.svg(EXPORTED, self._paint, _("Sweep"), self._spoken())

    def png(self) -> bytes:
        return pictures.png(self.image())
