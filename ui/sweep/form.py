"""What to sweep: rows of a setting and its values, and ready-made choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.sweep.plan import OPTIMIZER, RATE, SEED, Axis, PlanError, SweepPlan, Swept, setting_of, sweepable, title_of
from engine.sweep.values import example, log_range, read_values
from graph.text.messages import _
from ui.look.widgets import button, label

if TYPE_CHECKING:
    from graph.model.graph import Graph

Rows = tuple[tuple[Swept, str], ...]
READY: dict[str, tuple[str, Rows]] = {
    "rates": (_("Learning rates over decades"), ((RATE, log_range("0.001", "10", 9)), (SEED, "0 … 4"))),
    "optimizers": (_("Three optimizers"), ((OPTIMIZER, "sgd, momentum, adam"), (RATE, log_range("0.001", "1", 7)), (SEED, "0 … 2"))),
    "seeds": (_("Five seeds"), ((SEED, "0 … 4"),)),
    "batches": (_("Batch size × learning rate"), ((Swept("batch_size"), "4, 16, 64"), (RATE, log_range("0.001", "1", 4)), (SEED, "0 … 2"))),
}  # fmt: skip
"""Sweeps for a lecture."""
MOST = 5
"""Settings of one sweep."""


class SettingBox(QComboBox):
    """Chooses a setting. The wheel scrolls the panel, never the choice."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Setting"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(20)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class AxisRow(QWidget):
    """A setting and the text of its values."""

    edited = Signal()
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box, self.values = SettingBox(), QLineEdit()
        self.values.setAccessibleName(_("Values"))
        self.remove = QPushButton("×")
        self.remove.setProperty("kind", "quiet")
        self.remove.setToolTip(_("Leave this setting out"))
        self.remove.setAccessibleName(_("Leave this setting out"))
        self.remove.setFixedWidth(26)
        self.remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.complaint = label("", "complaint", wrap=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for column, widget in enumerate((self.box, self.values, self.remove)):
            grid.addWidget(widget, 0, column)
        grid.addWidget(self.complaint, 1, 0, 1, 3)
        grid.setColumnStretch(0, 7)
        grid.setColumnStretch(1, 15)
        self.complaint.hide()
        self.box.activated.connect(self._chosen)
        self.values.textEdited.connect(lambda _text: self.edited.emit())
        self.remove.clicked.connect(lambda _clicked: self.removed.emit())
        self._graph: Graph | None = None

    @property
    def of(self) -> Swept | None:
        chosen = self.box.currentData()
        return chosen if isinstance(chosen, Swept) else None

    def offer(self, graph: Graph, settings: Sequence[Swept]) -> None:
        """The settings to choose from; the one chosen stays, where it is still there."""
        kept, self._graph = self.of, graph
        self.box.clear()
        for of in settings:
            self.box.addItem(title_of(graph, of), of)
        if kept is not None:
            self.choose(kept)

    def choose(self, of: Swept) -> None:
        at = next((i for i in range(self.box.count()) if self.box.itemData(i) == of), -1)
        if at < 0:
            self.box.insertItem(0, _("{name} (gone)").format(name=of.name), of)
            at = 0
        self.box.setCurrentIndex(at)
        self._hint()

    def _chosen(self) -> None:
        self.values.clear()
        self._hint()
        if self.of is not None and self._graph is not None:
            self.values.setText(example(self._graph, self.of, setting_of(self._graph, self.of)))
        self.edited.emit()

    def _hint(self) -> None:
        if self.of is None or self._graph is None:
            return
        try:
            self.values.setPlaceholderText(example(self._graph, self.of, setting_of(self._graph, self.of)))
        except PlanError:
            self.values.setPlaceholderText("")
        self.values.setToolTip(_("Values, separated by commas, or a range: 0 … 4; 0.001 … 1 log, 7 values"))

    def axis(self, graph: Graph) -> Axis:
        """Raises PlanError, and says it below the field."""
        self.complain("")
        if self.of is None:
            raise PlanError(_("Choose a setting."))
        try:
            return Axis(self.of, read_values(graph, self.of, self.values.text()))
        except PlanError as error:
            self.complain(str(error))
            raise

    def complain(self, text: str) -> None:
        self.complaint.setText(text)
        self.complaint.setVisible(bool(text))


class SweepForm(QWidget):
    """All rows. `changed`: another plan is described."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[AxisRow] = []
        self._graph: Graph | None = None
        self._place = QVBoxLayout()
        self._place.setSpacing(2)
        self.pairs = QCheckBox(_("Pairs instead of all combinations"))
        self.pairs.setToolTip(_("Take the first values together, then the second ones, and so on"))
        self.add = button(_("Add a setting"), "quiet", tip=_("Sweep one more setting"))
        self.ready = button(_("Ready-made"), "quiet", tip=_("Sweeps for a lecture: rates over decades, three optimizers, five seeds"))
        menu = QMenu(self.ready)
        for key, (title, _rows) in READY.items():
            menu.addAction(title).triggered.connect(lambda _checked=False, key=key: self.take(key))
        self.ready.setMenu(menu)
        self.add.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.add)
        row.addWidget(self.ready)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._place)
        column.addLayout(row)
        column.addWidget(self.pairs)
        self.add.clicked.connect(lambda _clicked: self._add_more())
        self.pairs.toggled.connect(lambda _on: self._edited())

    def set_graph(self, graph: Graph, fresh: bool) -> None:
        """The document is this now; `fresh`: it is another document."""
        self._graph = graph
        if fresh or not self.rows:
            self.take("rates", quiet=True)
            return
        settings = self._offered()
        for row in self.rows:
            row.offer(graph, settings)

    def _offered(self) -> list[Swept]:
        return sweepable(self._graph) if self._graph is not None else []

    def take(self, key: str, quiet: bool = False) -> None:
        """Describe a ready-made sweep, without what this document's optimizer does not have."""
        offered = self._offered()
        wanted = [(of, text) for of, text in READY[key][1] if of in offered]
        self.describe(wanted, quiet)

    def describe(self, wanted: Sequence[tuple[Swept, str]], quiet: bool = False) -> None:
        """These rows in place of what was there."""
        for row in self.rows:
            self._place.removeWidget(row)
            row.deleteLater()
        self.rows = []
        for of, text in wanted:
            self._new(of, text)
        self._look()
        if not quiet:
            self.changed.emit()

    def _new(self, of: Swept, text: str) -> AxisRow:
        row = AxisRow()
        if self._graph is not None:
            row.offer(self._graph, self._offered())
        row.choose(of)
        row.values.setText(text)
        row.values.setCursorPosition(0)
        row.edited.connect(self._edited)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._place.addWidget(row)
        return row

    def _add_more(self) -> None:
        graph = self._graph
        used = {row.of for row in self.rows}
        free = next((of for of in self._offered() if of not in used), None)
        if graph is not None and free is not None:
            row = self._new(free, example(graph, free, setting_of(graph, free)))
            self._edited()
            row.box.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, row: AxisRow) -> None:
        self.rows.remove(row)
        self._place.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._edited()

    def _edited(self) -> None:
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        self.pairs.setVisible(len(self.rows) > 1)
        self.add.setEnabled(len(self.rows) < MOST)

    def plan(self) -> SweepPlan:
        """The plan that is described, checked. Raises PlanError."""
        if self._graph is None:
            raise PlanError(_("There is no document."))
        axes, wrong = [], None
        for row in self.rows:
            try:
                axes.append(row.axis(self._graph))
            except PlanError as error:
                wrong = wrong or error
        if wrong is not None:
            raise wrong
        return SweepPlan(tuple(axes), self.pairs.isChecked() and len(axes) > 1).checked(self._graph)

    def complained(self) -> bool:
        """Whether what is wrong is said beside a field."""
        return any(row.complaint.text() for row in self.rows)

    def enable(self, on: bool) -> None:
        """Nothing is changed while a sweep runs."""
        for widget in (*self.rows, self.pairs, self.add, self.ready):
            widget.setEnabled(on)
