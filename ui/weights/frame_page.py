"""The page of the uniform frame: G, α and β of five optimizers with the numbers of one weight, each checked against the step made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.learned.uniform_frame import PRINTED, FrameColumn, UniformFrame, UniformFrameJob
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.theme import Theme
from ui.look.widgets import button, label, scrolled
from ui.maths.formula import FormulaView
from ui.shell.workspace.number_choice import offered_places, show_places
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.present import outdated

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from engine.numerics.job import Job, JobEnd
    from graph.model.address import Address
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace
    from ui.weights.staged import Chosen

FRAME = (
    r"\theta^{+} = \theta - \alpha H^{-1} \hat{g} + \beta H^{-1} H_{-1} (\theta - \theta_{-1}), "
    r"\quad G = H \odot H, \quad D = \hat{g} \odot \hat{g}"
)
TRAINING_REST = 1.0
DIGITS = 6
HIDDEN = _("A question hides numbers, so the table is not filled.")


class FramePage(Panel):
    """The table is about the newest step, of the weight that is chosen here or was clicked on the canvas last."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.table: UniformFrame | None = None
        self._place: Address | None = None
        self._feature: Chosen | None = None
        self._refresh = Refresh(workspace.work, self._answered, 0.2, TRAINING_REST)
        self.frame = FormulaView(15)
        self.place = QComboBox()
        self.place.setAccessibleName(_("Weight whose numbers fill the table"))
        self.place.setToolTip(_("Weight whose numbers fill the table"))
        self.words = label("", "strong", wrap=True)
        self.fill = button(_("Fill the window"), tip=_("Show this as large as the window; Esc goes back"))
        self.note = label("", "", wrap=True)
        self.printed = FormulaView(14)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(4)
        self._cells: dict[tuple[int, int], QWidget] = {}
        top = QHBoxLayout()
        top.addWidget(self.place)
        top.addWidget(self.words, 1)
        top.addWidget(self.fill)
        inner = QWidget()
        down = QVBoxLayout(inner)
        down.setContentsMargins(0, 0, 8, 0)
        down.setSpacing(8)
        down.addLayout(top)
        down.addWidget(self.frame)
        down.addLayout(self._grid)
        down.addWidget(self.note)
        down.addWidget(self.printed)
        down.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.addWidget(scrolled(inner))
        self.place.activated.connect(self._picked)
        workspace.visibility.changed.connect(self.ask)

    def first_stop(self) -> QWidget:
        return self.place

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._draw()

    def attach(self, feature: Chosen, large: bool = False) -> None:
        """Follow what is clicked on the canvas."""
        if self._feature is None:
            self._feature = feature
            feature.attached(self, "frame", large)
            feature.chosen_changed.connect(self._chosen_on_canvas)
        self._chosen_on_canvas()
        self.ask()

    def _chosen_on_canvas(self) -> None:
        if self._feature is not None and self._feature.chosen and self._feature.chosen[0] != self._place:
            self._place, self.table = self._feature.chosen[0], None
            self.ask()

    def _picked(self, _index: int) -> None:
        if self.place.currentData() != self._place:
            self._place, self.table = self.place.currentData(), None
            self.ask()

    def _offer(self) -> None:
        """The trained numbers that the graph has, in the list."""
        offered, known = offered_places(self.workspace, [] if self._place is None else [self._place])
        self._place = next(iter(known or offered), None)
        show_places(self.place, self.workspace.document.graph, offered, self._place)

    # asking

    def ask(self) -> None:
        """Ask for the table as it is now, while the page is seen."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self._forget(HIDDEN)
            return
        self._offer()
        if self._place is None:
            self._forget(_("Nothing in this graph is trained."))
            return
        self._refresh.follow(
            UniformFrameJob(self._place, structure=document.structure, revision=document.revision, run=kernel.progress.run)
        )

    def _answered(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, UniformFrameJob) or job.place != self._place:
            return
        if end.how == "done":
            self.table = end.answer
            self._draw()
        elif end.how == "failed":
            self.table = None
            self._draw(end.text)

    def _forget(self, why: str) -> None:
        self._refresh.stop()
        self.table = None
        self._draw(why)

    # what is shown

    @property
    def _stale(self) -> bool:
        return self.table is not None and outdated(self.workspace, self.table.stamp)

    def _draw(self, why: str = "") -> None:
        theme, table = self.theme, self.table
        self.frame.set_formula(FRAME, theme.text, theme.scale)
        self._say(why)
        for cell in self._cells.values():
            cell.hide()
        if table is None:
            self.note.setText("")
            self.printed.set_formula("", theme.text, theme.scale)
            return
        for row, text in enumerate(_rows()):
            self._text(row + 1, 0, text, "secondary")
        for at, column in enumerate(table.columns, 1):
            self._fill(at, column)
        self._explain(table)

    def _say(self, why: str = "") -> None:
        table = self.table
        if table is None:
            if why:
                self.words.setText(why)
            return
        said = _("{name} in step {step} of {optimizer}. The other rules were run beside it on the gradients of this run.").format(
            name=table.name, step=count(table.stamp.step), optimizer=table.optimizer
        )
        if table.first:
            said = _("{said} They begin at step {first}.").format(said=said, first=count(table.first))
        if self._stale:
            said = _("{said} The network has changed since.").format(said=said)
        self.words.setText(said)

    def _fill(self, at: int, column: FrameColumn) -> None:
        head = _("{title} (this run)").format(title=column.title) if column.live else column.title
        self._text(0, at, head, "strong")
        values = (column.square, column.alpha, column.beta)
        for row, (latex, value) in enumerate(zip(column.letters, values, strict=True)):
            self._formula(2 * row + 1, at, latex)
            self._text(2 * row + 2, at, _written(value), "")
        rest = (column.rate, column.momentum, column.gradient, column.last, column.by_frame, column.new, column.difference)
        for row, value in enumerate(rest, 7):
            self._text(row, at, column.why if row == 11 and column.why else _written(value), "strong" if row == 13 else "")

    def _text(self, row: int, column: int, text: str, role: str) -> None:
        cell = self._cells.get((row, column))
        if not isinstance(cell, QLabel):
            cell = self._cells[row, column] = label("", role, wrap=bool(column))
            cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignVCenter)
        cell.setText(text)
        cell.setEnabled(not self._stale)
        cell.show()

    def _formula(self, row: int, column: int, latex: str) -> None:
        cell = self._cells.get((row, column))
        if not isinstance(cell, FormulaView):
            cell = self._cells[row, column] = FormulaView(13)
            self._grid.addWidget(cell, row, column)
        cell.set_formula(latex or r"\text{–}", self.theme.text, self.theme.scale)
        cell.show()

    def _explain(self, table: UniformFrame) -> None:
        """The printed column of Adam against the exact average, in words with numbers."""
        exact, printed = (float(value) for value in table.averages[-1])
        early = table.averages[min(1, len(table.averages) - 1)]
        text = _(
            "Adam’s G is often printed as below. There G₋₁ counts as the mean that was already corrected, but the factor 1 − β₂ᵗ⁻¹ "
            "that undoes its correction is missing: so the weights of all D do not add up to 1. After 2 steps the printed G is {early}, "
            "the exact one {early_exact}; after {t} steps {printed} against {exact}. The factor β₂/(1 − β₂ᵗ) is above 1 to step {until}, "
            "so the printed G grows and Adam would stand still. With G₋₁ read as the uncorrected mean r₋₁, the printed formula is exact."
        )
        self.note.setText(
            text.format(
                early=_written(float(early[1])), early_exact=_written(float(early[0])), t=count(len(table.averages)),
                printed=_written(printed), exact=_written(exact), until=count(table.grows_until),
            )
        )  # fmt: skip
        self.printed.set_formula("G = " + PRINTED, self.theme.text, self.theme.scale)

    # what changes

    def set_document(self, document: Document) -> None:
        self._place = None
        self._forget("")
        self.ask()

    def document_changed(self) -> None:
        self.ask()
        self._say()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        self.ask()
        self._say()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    def end(self) -> None:
        self._refresh.stop()


def _written(value: float) -> str:
    """A number of the table; a dash where the frame has none."""
    return "–" if math.isnan(value) else number(value, DIGITS)


def _rows() -> tuple[str, ...]:
    """What the rows say: letters and numbers of G, α and β, then numbers alone."""
    return (
        "G", "", "α", "", "β", "", _("effective rate αH⁻¹"), _("effective momentum βH⁻¹H₋₁"), _("gradient ĝ"), _("last move θ − θ₋₁"),
        _("θ⁺ by the frame"), _("θ⁺ that was made"), _("difference"),
    )  # fmt: skip
