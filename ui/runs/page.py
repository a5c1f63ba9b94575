"""The panel of runs: the tree, what can be done with the chosen run, its note, and the curves that are shown over each other."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from graph.text.messages import _, ngettext
from ui.look.numbers import count
from ui.look.theme import Theme
from ui.look.typing import NameField
from ui.look.widgets import button, label, leave_out
from ui.runs.plot import Line, RunPlot
from ui.runs.run_rows import CURVE, ENDED, RunRow, metrics_of, walk
from ui.runs.runs_model import RunsModel
from ui.runs.tree import RunsTree
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import RUNS

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.runs.feature import RunsFeature
    from ui.shell.workspace.workspace import Workspace

EMPTY = _("Nothing has been trained yet. Press Train: each run, and each branch of it, is listed here.")
REFRESH, REFRESH_MS = "runs", 250
"""Least time between two drawings of the list while something trains."""
BUTTONS = (
    ("run_show", _("Go to")), ("run_restore", _("Restore")), ("run_continue", _("Continue")), ("run_branch", _("Branch …")),
    ("run_plot", _("Plot")), ("compare_runs", _("Compare")), ("run_delete", _("Delete")),
)  # fmt: skip
PLOT_FROM = 600
"""The plot is beside the list where the panel is at least so wide, for type at 100 %."""


class Head(QWidget):
    """The buttons and the note in one line: where room is short, the last buttons give way, for the menu has them as well."""

    def __init__(self, buttons: Sequence[QWidget], note: QWidget) -> None:
        super().__init__()
        self._buttons, self._note = buttons, note
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        for widget in buttons:
            self._row.addWidget(widget)
        self._row.addWidget(note, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        leave_out(self._row, self.width(), [*reversed(self._buttons)])


class RunsPage(Panel):
    """Reads the feature's rows; everything that changes anything goes through the feature."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._collapsed: set[int] = set()
        self._order: tuple[int, bool] = (-1, False)
        self._following = False
        self._note_of = 0
        self._hovered = 0
        self._said = 0
        self.model = RunsModel(self._hue, self)
        self.tree = RunsTree(self.model, self._hue)
        self.plot = RunPlot()
        self.note = NameField()
        self.note.setPlaceholderText(_("Note about this run"))
        self.note.setAccessibleName(_("Note about this run"))
        self.empty = label(EMPTY, "secondary", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # else its words decide how high the panel is
        self.buttons = {name: button(text, "quiet") for name, text in BUTTONS}
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.tree, 5)
        row.addWidget(self.plot, 3)
        board = QWidget()
        down = QVBoxLayout(board)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addWidget(Head([*self.buttons.values()], self.note))
        down.addLayout(row, 1)
        self._board = board
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 6, 0, 6)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(board)
        self.model.sorted_by.connect(self._sort)
        self.tree.selectionModel().selectionChanged.connect(self._chose)
        self.tree.collapsed.connect(functools.partial(self._fold, True))
        self.tree.expanded.connect(functools.partial(self._fold, False))
        self.tree.pointed.connect(self._point)
        self.note.editingFinished.connect(self._write_note)

    _feature: RunsFeature | None = None

    def install(self) -> None:
        from ui.runs.feature import RunsFeature

        feature = self.workspace.services.find(RUNS)
        if isinstance(feature, RunsFeature):
            self.attach(feature)

    def attach(self, feature: RunsFeature) -> None:
        """Follow this feature."""
        self._feature = feature
        feature.changed.connect(self.refresh)
        self.model.named.connect(feature.set_name)
        self.model.checked.connect(feature.set_shown)
        self.tree.shown_run.connect(feature.show_run)
        self.tree.deleting.connect(feature.delete)
        actions = self.workspace.actions_by_id
        for name, widget in self.buttons.items():
            widget.clicked.connect(actions[name].trigger)
            widget.setToolTip(hint(actions[name].toolTip(), actions[name]))
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for name in (*self.buttons, "run_pin", "run_rename", "run_note"):
            self.tree.addAction(actions[name])
        self.workspace.visibility.changed.connect(self.refresh)
        self.actions_changed()
        self.refresh()

    def _hue(self, run: int) -> str:
        return self._feature.hue(run) if self._feature is not None else self.theme.text

    # the window's hooks

    def first_stop(self) -> QWidget:
        return self.tree

    def take_focus(self, what: str) -> None:
        """`list`, `name` (in edit) or `note`."""
        self.refresh()
        if what == "note":
            self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        self.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)
        run = self._feature.chosen[0] if self._feature is not None and self._feature.chosen else 0
        if not self.tree.currentIndex().isValid() and run:
            self.tree.setCurrentIndex(self.model.index_of(run))
        if what == "name":
            self.tree.rename()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.model.set_theme(theme)
        self.tree.set_theme(theme)
        self.plot.set_theme(theme)
        self.refresh()

    def set_document(self, document: Document) -> None:
        self._collapsed.clear()
        self._note_of = 0
        self.refresh()

    def document_changed(self) -> None:
        self.refresh_soon()

    def set_trace(self, trace: TraceView, stale: bool) -> None: ...

    def set_progress(self, progress: Progress) -> None:
        self.refresh_soon()

    def actions_changed(self) -> None:
        for name, widget in self.buttons.items():
            widget.setEnabled(self.workspace.actions_by_id[name].isEnabled())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # what is shown

    def _say_how_many(self) -> None:
        """On the tab, which is read while the panel itself is hidden."""
        if self._feature is None:
            return
        runs = len(self._feature.kept())
        if runs != self._said:
            self._said = runs
            self.titled.emit(_("Runs {number}").format(number=count(runs)) if runs > 1 else _("Runs"))

    def refresh_soon(self) -> None:
        self._say_how_many()
        if self.isVisible() and not self.workspace.work.pending(REFRESH):
            self.workspace.work.after_frame(REFRESH, self.refresh, REFRESH_MS if self._training else 0)

    @property
    def _training(self) -> bool:
        return self.workspace.kernel is not None and self.workspace.kernel.training

    def refresh(self) -> None:
        """Catch up with the runs; a hidden panel does so when it is shown."""
        feature = self._feature
        self._say_how_many()
        if feature is None or not self.isVisible():
            return
        rows = feature.rows(*self._order)
        everything = walk(rows)
        self._stack.setCurrentWidget(self._board if everything else self.empty)
        count_text = ngettext("{n} run", "{n} runs", len(everything)).format(n=count(len(everything)))
        self.tree.setAccessibleDescription(count_text)
        self.model.editable = not self.workspace.document.read_only
        chosen = self.tree.chosen()
        self._following = True
        if self.model.show_rows(rows, metrics_of([row.record for row in everything])):
            self._unfold(rows)
            self._select(chosen)
        self._following = False
        self.tree.fit_columns()
        self.plot.setVisible(self.width() >= PLOT_FROM * self.theme.scale)
        self._show_note()
        self._draw(everything)

    def _unfold(self, rows: list[RunRow]) -> None:
        for row in walk(rows):
            self.tree.setExpanded(self.model.index_of(row.id), row.id not in self._collapsed)

    def _select(self, runs: list[int]) -> None:
        selection = QItemSelection()
        indexes = [index for run in runs if (index := self.model.index_of(run)).isValid()]
        for index in indexes:
            selection.select(index, index.siblingAtColumn(ENDED))
        if indexes:
            self.tree.setCurrentIndex(indexes[0])
        self.tree.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _draw(self, rows: list[RunRow]) -> None:
        """The current run, and those that are shown or pointed at."""
        kernel = self.workspace.kernel
        if kernel is None or self.plot.isHidden() or self.workspace.visibility.hidden_loss is not None:
            self.plot.show_lines(())
            return
        drawn = [row for row in rows if (row.shown or row.present or row.id == self._hovered) and kernel.curves.get(row.id)]
        self.plot.show_lines([
            Line(row.id, self._hue(row.id) if row.shown or not row.present else self.theme.forward, row.name, kernel.curves[row.id],
                 row.id == self._hovered, penalised=row.record.penalised)
            for row in drawn
        ])  # fmt: skip

    def _point(self, run: int) -> None:
        self._hovered = run
        self._draw(walk(self.model.top))

    # what the user does

    def _sort(self, column: int, falling: bool) -> None:
        if column != CURVE:
            self._order = column, falling
            self.refresh()

    def _fold(self, folded: bool, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None and not self._following:
            (self._collapsed.add if folded else self._collapsed.discard)(row.id)

    def _chose(self) -> None:
        if not self._following and self._feature is not None:
            self._feature.choose(self.tree.chosen())
            self._show_note()

    def _show_note(self) -> None:
        feature = self._feature
        run = feature.chosen[0] if feature is not None and feature.chosen else 0
        row = self.model.row(run)
        if self.note.hasFocus() and run == self._note_of:
            return  # it is being written
        self._note_of = run
        with QSignalBlocker(self.note):
            self.note.setText(row.note if row is not None else "")
        self.note.setEnabled(row is not None and self.model.editable)

    def _write_note(self) -> None:
        if self._feature is not None and self._note_of:
            self._feature.set_note(self._note_of, self.note.text())
