"""The page of curvature: the Hessian as a map, its eigenpairs as rows, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.curvature.spectrum import EXACT, Hessian, HessianJob, Method
from engine.curvature.spectrum.definite import EPSILON
from graph.text.messages import _, ngettext
from ui.curvature.density_view import DensityView
from ui.curvature.eigen_table import EigenTable
from ui.curvature.numbers_menu import NumbersMenu
from ui.curvature.words import check_words, condition_words, definite_words, newton_words, stationary_words, strict_words
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import ElidedLabel, button, label
from ui.maths.matrix_view import MatrixView
from ui.shell.workspace.present import outdated, standing

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

TRAINING_REST = 0.5
"""Seconds between two answers while something trains."""
HIDDEN = _("A question hides numbers, so the Hessian is not shown.")
WAIT = _("The Hessian is being computed …")


class CurvaturePage(QWidget):
    """`hessian` is the answer that is shown; where the network has changed since, the page says so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace, self.theme = workspace, LIGHT
        self.hessian: Hessian | None = None
        self._why = WAIT
        self._refresh = Refresh(workspace.work, self._answered, 0.1, TRAINING_REST)
        self.words, self.reason = label("", "heading", wrap=True), label("", "", wrap=True)
        self.choice, self.method = NumbersMenu(workspace, self._picked), QComboBox()
        self.method.setAccessibleName(_("How eigenvalues are computed"))
        self.method.setToolTip(_("How eigenvalues are computed"))
        self.method.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for key, text in (("exact", _("All eigenvalues")), ("lanczos", _("Lanczos and density"))):
            self.method.addItem(text, key)
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close the Hessian"))
        self.matrix, self.density, self.table = MatrixView(_("Second derivatives of the objective"), _entry), DensityView(), EigenTable()
        self._picture = QStackedWidget()
        self.reading, self.status = ElidedLabel("", "strong"), ElidedLabel("", "small")
        self.newton = label("", "", wrap=True)
        self._lay_out()
        self.matrix.read.connect(lambda text: self.reading.set_full(text or _("Point at a cell, or move with the arrow keys.")))
        self.table.chosen.connect(self._show_vector)
        self.method.activated.connect(self._picked)
        workspace.visibility.changed.connect(self.ask)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.words, 1)
        for control in (self.choice.button, self.method, self.close_button):
            top.addWidget(control, 0, Qt.AlignmentFlag.AlignTop)
        left, right = QVBoxLayout(), QVBoxLayout()
        inner = QWidget()
        inner.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.matrix, 1)
        left.addWidget(self.reading)
        self._picture.addWidget(inner)
        self._picture.addWidget(self.density)
        right.addWidget(self.reason)
        right.addWidget(self.table, 100)
        right.addWidget(self.newton)
        right.addStretch(1)
        right.addWidget(self.status)
        self._body = QWidget()
        row = QHBoxLayout(self._body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        row.addWidget(self._picture, 1)
        row.addLayout(right, 1)
        self._empty = label("", "secondary", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._body, 1)
        column.addWidget(self._empty, 1)

    def first_stop(self) -> QWidget:
        return self.table.table

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._draw()

    # Asking

    def ask(self) -> None:
        """Follow the numbers there are now, while the page is seen."""
        workspace = self._workspace
        kernel, document = workspace.kernel, workspace.document
        if kernel is None or not self.isVisible():
            return
        if workspace.visibility.hides_numbers:
            self.forget(HIDDEN)
            return
        self.choice.follow()
        self._refresh.follow(HessianJob(self.choice.of, self._method, document.structure, document.revision, kernel.progress.run))
        self._say()

    @property
    def _method(self) -> Method:
        method: Method = self.method.currentData()
        return method

    def _picked(self, _index: int = 0) -> None:
        self.hessian, self._why = None, WAIT
        self._draw()
        self.ask()

    def _answered(self, job: Job, end: JobEnd) -> None:
        wanted = self.choice.of, self._method
        if self._workspace.visibility.hides_numbers or not isinstance(job, HessianJob) or (job.of, job.method) != wanted:
            return
        if end.how == "done" and isinstance(end.answer, Hessian):
            self.hessian = end.answer
        elif end.how == "failed":
            self.hessian, self._why = None, end.text
        self._draw()

    def forget(self, why: str = WAIT) -> None:
        """Show nothing but the reason."""
        self._refresh.stop()
        self.hessian, self._why = None, why
        self._draw()

    def end(self) -> None:
        self._refresh.stop()

    # Showing

    @property
    def _stale(self) -> bool:
        return self.hessian is not None and outdated(self._workspace, self.hessian.stamp)

    def _draw(self) -> None:
        hessian = self.hessian
        self._body.setVisible(hessian is not None)
        self._empty.setVisible(hessian is None)
        self._say()
        if hessian is None:
            return
        if hessian.matrix is not None:
            self.matrix.show_matrix(hessian.matrix, hessian.names, hessian.names, self.theme, self._stale)
        self.density.show_density(hessian, self.theme, self._stale)
        self._picture.setCurrentIndex(0 if hessian.method == "exact" else 1)
        self.method.setEnabled(hessian.count <= EXACT)
        self.table.show_pairs(hessian, self.theme, self._stale)

    def _show_vector(self, row: int) -> None:
        hessian = self.hessian
        if hessian is None or hessian.eigen is None or not 0 <= row < len(hessian.eigen.values) or hessian.matrix is None:
            self.matrix.show_vector(None, "")
            return
        title = _("eigenvector to\nλ = {value}").format(value=number(float(hessian.eigen.values[row])))
        self.matrix.show_vector(hessian.eigen.vectors[:, row], title)

    def _say(self) -> None:
        hessian = self.hessian
        if hessian is None:
            self.words.setText(_("Hessian of the objective"))
            self._empty.setText(self._why)
            return
        self.words.setText(definite_words(hessian.eigen))
        lines = [condition_words(hessian.eigen)] if hessian.eigen is not None else []
        lines += [text for text in (stationary_words(hessian, EPSILON), strict_words(hessian.strict)) if text]
        self.reason.setText("\n".join(lines))
        self.newton.setText("\n".join(text for text in (newton_words(hessian), check_words(hessian)) if text))
        more = (
            _("f = {value}").format(value=number(hessian.value)), _("‖∇f‖ = {norm}").format(norm=number(hessian.gradient)),
            ngettext("{count} number", "{count} numbers", hessian.count).format(count=count(hessian.count)),
        )  # fmt: skip
        self.status.set_full(standing(self._workspace, hessian.stamp, hessian.rows, more))


def _entry(row: str, column: str, value: str) -> str:
    if row == column:
        return _("∂²f/∂({name})² = {value}").format(name=row, value=value)
    return _("∂²f/∂({row})∂({column}) = {value}").format(row=row, column=column, value=value)
