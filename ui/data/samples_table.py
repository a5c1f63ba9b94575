"""All samples of a Data node as a table: sorted, chosen by an expression, with what the network predicts for them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QMenu, QTableView, QVBoxLayout, QWidget

from engine.compile.spot import Spot
from engine.learned.table import Column, Rows, RowsJob, Table, TableJob
from engine.numerics.job import Job, JobEnd, JobReport
from graph.text.messages import _, ngettext
from ui.data.samples_model import SamplesModel
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, percent, plain
from ui.look.theme import Theme
from ui.look.widgets import label, set_property
from ui.maths.array_view import quiet_table
from ui.shell.workspace.present import outdated, present
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle

MARGIN = 24
"""Lines beyond those in view that are fetched with them."""
TYPING_MS = 350
"""After so long a pause in typing the expression is read."""
ROWS_REST = 1 / 12
"""Seconds between two refreshes of the rows in view while something trains."""


class SampleView(QTableView):
    """The table; it asks for its menu by mouse and by keyboard."""

    menu_wanted = Signal(QModelIndex, QPoint)
    resized = Signal()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        place = self.visualRect(index).bottomLeft() if by_key else event.pos()
        if index.isValid():
            self.menu_wanted.emit(index, self.viewport().mapToGlobal(place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.model().rowCount() - 1}
        line = ends.get(Qt.Key(event.key()))
        if line is not None and line >= 0:  # to the first and the last sample, not to the ends of the line
            self.setCurrentIndex(self.model().index(line, max(self.currentIndex().column(), 0)))
            return
        super().keyPressEvent(event)


class SamplesTable(QWidget):
    """Choosing a line makes its sample the one that the canvas shows."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._node = self._of = self._beside = ""
        self._job: JobHandle | None = None
        self._again = False
        self._quiet = False
        """Whether the current line follows a choice made elsewhere."""
        self.model = SamplesModel(self._missing, functools.partial(outdated, workspace))
        self.model.setParent(self)
        self._rows = Refresh(workspace.work, self._got_rows, 0.0, ROWS_REST)
        self.filter = QLineEdit()
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText(_("Filter: x1 > 0.5 and wrong"))
        self.filter.setToolTip(
            _("Compare columns with numbers or names: <, <=, >, >=, =, !=. A class, a part (training, validation, test), right, "
              "wrong or batch (the mini-batch of a step) may be written alone. Join with and, or, not and brackets.")
        )  # fmt: skip
        self.filter.setAccessibleName(_("Filter of the samples"))
        self.filter.textChanged.connect(lambda text: workspace.work.after_frame(self.filter, self.ask, TYPING_MS))
        self.filter.returnPressed.connect(self._read_now)
        self.jump = QLineEdit()
        self.jump.setPlaceholderText(_("Go to row"))
        self.jump.setToolTip(_("Number of the sample's row in the data set; Enter chooses it"))
        self.jump.setAccessibleName(_("Go to row"))
        self.jump.returnPressed.connect(self._jump)
        self.status = label("", "small", wrap=True)
        self.status.setAlignment(Qt.AlignmentFlag.AlignTop)  # where a long reason has no room, it is read from its beginning
        self.view = SampleView()
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setAccessibleName(_("Samples"))
        quiet_table(self.view)
        self.view.verticalHeader().hide()
        self.view.horizontalHeader().sectionClicked.connect(self.sort_by)
        self.view.selectionModel().currentRowChanged.connect(self._chosen)
        self.view.verticalScrollBar().valueChanged.connect(lambda value: self._missing())
        self.view.resized.connect(self._missing)
        self.view.menu_wanted.connect(self._menu)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.filter, 1)
        top.addWidget(self.jump)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.status)
        column.addWidget(self.view, 1)

    def set_theme(self, theme: Theme) -> None:
        self.jump.setFixedWidth(round(92 * theme.scale))
        self.view.verticalHeader().setDefaultSectionSize(round(24 * theme.scale))
        self.view.horizontalHeader().setDefaultSectionSize(round(96 * theme.scale))
        self.model.set_theme(theme)

    # what is shown

    def show_node(self, node: str, of: str, beside: str = "") -> None:
        """Show the samples of this node; `of` are its settings (see `settings_key`), `beside` those of all nodes that share its split."""
        if node != self._node:
            self._workspace.work.drop(self.filter)
            self.filter.blockSignals(True)
            self.filter.clear()
            self.filter.blockSignals(False)
            self.model.sorting = (None, False)
        if (node, of, beside) != (self._node, self._of, self._beside):
            self._node, self._of, self._beside = node, of, beside
            self.model.forget()
            self.ask()

    def clear(self) -> None:
        """There are no samples to show."""
        self._node = self._of = self._beside = ""
        self._leave()
        self.model.show(None)

    def _leave(self) -> None:
        self._rows.stop()
        if self._job is not None:
            self._job.leave()
            self._job = None

    def ask(self) -> None:
        """Choose and sort again."""
        if not self._node:
            return
        self._workspace.work.drop(self.filter)
        self._leave()
        by, descending = self.model.sorting
        batch = tuple(sorted(self.model.batch))
        wish = TableJob(self._node, by, descending, self.filter.text(), self.model.test, self._predicted(), batch, *self._numbers())
        self._job = self._workspace.work.job(wish, self._progressed, self._got_table, background=True)

    def _progressed(self, report: JobReport, _parts: object) -> None:
        """Only long work is heard of: what is done within a report or two says nothing."""
        if report.total and 0.02 < report.done / report.total < 0.8:
            self._say(_("Predictions of all samples are read: {share}").format(share=percent(report.done / report.total)))

    def _read_now(self) -> None:
        self.ask()
        self.view.setFocus()

    def _predicted(self) -> bool:
        """Whether predictions may be shown: none while any number is hidden."""
        return not self._workspace.visibility.hides_values

    def set_batch(self, batch: frozenset[int]) -> None:
        """Mark these samples: the mini-batch of the step that is shown."""
        if batch != self.model.batch:
            self.model.set_batch(batch)
            if "batch" in self.filter.text().casefold():
                self.ask()

    def set_test(self, allowed: bool) -> None:
        """Whether predictions for the test part may be shown."""
        if allowed != self.model.test:
            self.model.test = allowed
            self.model.forget()
            self.ask()

    def _got_table(self, end: JobEnd) -> None:
        self._job = None
        if end.how == "done" and isinstance(end.answer, Table):
            self._again = end.answer.of != self._of
            if not self._again:
                self.model.show(end.answer)
                self._fit()
                self.follow()
                self._say("")
                self._missing()
        elif end.how == "failed":
            self._again = False
            self._say(end.text)

    def _fit(self) -> None:
        """Columns of words as wide as their longest, the others for a number."""
        for at, column in enumerate(self.model.columns):
            metrics, scale = self.view.fontMetrics(), self.model._theme.scale
            words = [column.name + "  ▾"]
            if column.kind in ("class", "predicted class") and self.model.table is not None:
                words += [f"✗ {name}" for name in self.model.table.classes[:50]]
            if column.kind == "part":
                words.append(_("validation"))
            widest = max(metrics.horizontalAdvance(word) for word in words)
            spare = 40 if column.kind in ("class", "predicted class") else 20
            self.view.setColumnWidth(at, round(min(max(widest + spare * scale, 64 * scale), 190 * scale)))

    def _say(self, problem: str) -> None:
        set_property(self.status, "role", "notice" if problem else "small")
        self.status.setText(problem or self._summary())

    def _summary(self) -> str:
        table = self.model.table
        if table is None:
            return ""
        shown, total = len(table.order), table.total
        every = ngettext("{total} sample", "{total} samples", total).format(total=count(total))
        parts = [every if shown == total else _("{shown} of {samples}").format(shown=count(shown), samples=every)]
        if table.stamp is not None and table.stamp != self.model.stamp:
            parts.append(_("chosen and sorted by the predictions of step {step}").format(step=count(table.stamp.step)))
            if self.model.stamp is not None and table.stamp.step == self.model.stamp.step:
                parts.append(_("with earlier weights"))
        if self.model.stamp is not None:
            parts.append(_("predictions of step {step}").format(step=count(self.model.stamp.step)))
            if self.model.old:
                parts.append(_("out of date"))
        elif self._predicted() and table.why_no_predictions and not any(column.predicted for column in table.columns):
            parts.append(_("no predictions: {why}").format(why=table.why_no_predictions))
        elif not self._predicted():
            parts.append(_("predictions are hidden until the question is answered"))
        return " · ".join(parts)

    # cells

    @property
    def seen(self) -> range:
        """The lines in view."""
        view = self.view.viewport().rect()
        first, last = self.view.rowAt(0), self.view.rowAt(view.height() - 1)
        return range(max(first, 0), self.model.rowCount() if last < 0 else last + 1)

    def _missing(self) -> None:
        self._workspace.work.after_event(self.view, self._fetch)

    def _fetch(self) -> None:
        lines = self.seen
        if self._node and self.isVisible() and self.model.unknown(lines):
            wider = range(max(lines.start - MARGIN, 0), min(lines.stop + MARGIN, self.model.rowCount()))
            if samples := self.model.unknown(wider):
                self._rows.ask(self._job_of(samples))

    def _job_of(self, samples: tuple[int, ...]) -> RowsJob:
        return RowsJob(self._node, samples, self.model.test, self._predicted(), *self._numbers())

    def _numbers(self) -> tuple[int, int, int]:
        now = present(self._workspace)
        return now.structure, now.revision, now.run

    def _got_rows(self, job: Job, end: JobEnd) -> None:
        if end.how == "done" and isinstance(end.answer, Rows) and isinstance(job, RowsJob) and job.node == self._node:
            self.model.take(end.answer, self.seen)
            self._say("")
            if self.model.unknown(self.seen):
                self._missing()

    def refresh(self) -> None:
        """Other numbers: fetch what is seen again; where the data are others than shown, everything."""
        if not self._node or not self.isVisible():
            return
        table = self.model.table
        if self._again or (table is not None and any(c.predicted for c in table.columns) != self._predictable(table)):
            self._again = False
            self.ask()
        elif table is not None and any(column.predicted for column in table.columns):
            samples = tuple(self.model.sample(line) for line in self.seen if line < self.model.rowCount())
            if samples:
                self._rows.follow(self._job_of(samples))

    def _predictable(self, table: Table) -> bool:
        return self._predicted() and not table.why_no_predictions

    def age(self) -> None:
        """The network may have other numbers now: predictions of earlier ones are marked until the next ones come."""
        before = self.model.aged
        self.model.age()
        if self.model.aged != before and self.status.property("role") != "notice":
            self._say("")

    def look_again(self) -> None:
        """The graph was edited: what could not be predicted perhaps can be now."""
        if self._node:
            self._again = True

    # sorting and choosing

    def sort_by(self, at: int) -> None:
        """By this column: up, then down, then as the samples are used."""
        column = self.model.columns[at]
        by, descending = self.model.sorting
        same = by is not None and (by.name, by.kind) == (column.name, column.kind)
        self.sort(None if same and descending else column, same and not descending)

    def sort(self, column: Column | None, descending: bool = False) -> None:
        self.model.sorting = (column, descending)
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.model.columnCount() - 1)
        self.ask()

    def _menu(self, index: QModelIndex, place: QPoint) -> None:
        menu = QMenu(self)
        column = self.model.columns[index.column()]
        name = column.name
        menu.addAction(_("Sort by {name}, smallest first").format(name=name), lambda: self.sort(column))
        menu.addAction(_("Sort by {name}, largest first").format(name=name), lambda: self.sort(column, True))
        menu.addAction(_("As used in training"), lambda: self.sort(None))
        menu.addSeparator()
        for text in self._conditions(index):
            menu.addAction(_("Only {condition}").format(condition=text), functools.partial(self._narrow, text))
        menu.addAction(_("All samples"), self.filter.clear)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _conditions(self, index: QModelIndex) -> list[str]:
        """Expressions about the cell: equal to it, and for numbers at least and at most as large."""
        column, value = self.model.columns[index.column()], self.model.cell(index.row(), index.column())
        if value is None or value != value:
            return []
        words = column.kind in ("part", "class", "predicted class")
        text = self.model._text(index.row(), index.column(), False).removeprefix("✗ ") if words else plain(value)
        if words and not text.replace("_", "").isalnum():
            text = f'"{text}"'
        return [f"{column.name} {sign} {text}" for sign in (("=", "!=") if words else ("=", ">=", "<="))]

    def _narrow(self, condition: str) -> None:
        before = self.filter.text().strip()
        if " or " in f" {before} ":
            before = f"({before})"
        self.filter.setText(f"{before} and {condition}" if before else condition)
        self.ask()

    # the sample that is shown

    def _chosen(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid() and not self._quiet:
            part, place = self.model.place(current.row())
            self._workspace.canvas.model.samples.point_out(Spot(part, place, self.model.counts[part]))

    def follow(self) -> None:
        """Mark the sample that was pointed out, wherever that was."""
        spot = self._workspace.canvas.model.samples.sample
        line = -1 if spot is None else self.model.line_of(spot.part, spot.place)
        selection = self.view.selectionModel()
        self._quiet = True
        if line < 0:
            selection.clear()
        elif line != self.view.currentIndex().row() or not selection.hasSelection():
            index = self.model.index(line, max(self.view.currentIndex().column(), 0))
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
            self.view.scrollTo(index)
        self._quiet = False

    def _jump(self) -> None:
        text = self.jump.text().strip().replace(",", "")
        line = self.model.line_of_row(int(text)) if text.isdecimal() else -1
        if line >= 0:
            self.view.setCurrentIndex(self.model.index(line, 0))
            self.view.scrollTo(self.model.index(line, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
            self.view.setFocus()
            self._say("")
        elif self.model.table is not None and len(self.model.table.order) < self.model.table.total:
            self._say(_("Row {row} is not among the samples that the filter chooses.").format(row=text))
        else:
            self._say(_("There is no row {row}: rows count from 1, and only the samples that are used have one.").format(row=text))
