"""The page of convex problems: the verdict and its reasons on the left, the exact minimum beside the iterate on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.curvature.convex import ConvexJob, ConvexProblem, Optimum
from engine.learned.lipschitz import Lipschitz, LipschitzJob
from graph.text.messages import _
from ui.convex.constants_table import ConstantsTable
from ui.convex.optimum_table import OptimumTable
from ui.engine_link.refresh import Refresh
from ui.look.numerals import number
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import ElidedLabel, button, label, scrolled
from ui.shell.workspace.present import outdated, standing

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

TRAINING_REST, CONSTANTS_REST = 0.2, 1.0
"""Seconds between two answers while something trains, of the optimum and of the Lipschitz constants."""
HIDDEN = _("A question hides numbers, so the optimum is not shown.")
WAIT = _("The structure of the graph is being read …")


class ConvexPage(QWidget):
    """`problem` is the answer that is shown; where the network has changed since, the page says so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace, self.theme = workspace, LIGHT
        self.problem: ConvexProblem | None = None
        self._why = WAIT
        self.constants_found: Lipschitz | None = None
        self._refresh = Refresh(workspace.work, self._answered, 0.1, TRAINING_REST)
        self._constants_refresh = Refresh(workspace.work, self._measured, 0.1, CONSTANTS_REST)
        self.verdict = label("", "heading", wrap=True)
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close the page of convexity"))
        self.reasons, self.constants, self.found = (label("", "", wrap=True, selectable=True) for _part in range(3))
        self.gap, self.decay = label("", "strong", wrap=True), label("", "", wrap=True)
        self.table, self.lipschitz, self.status = OptimumTable(), ConstantsTable(), ElidedLabel("", "small")
        self._lay_out()
        workspace.visibility.changed.connect(self.ask)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.verdict, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 8, 0)
        left.setSpacing(8)
        self._headings = [label(text, "section") for text in (_("Why"), _("Curvature"), _("How the optimum was found"))]
        for heading, words in zip(self._headings, (self.reasons, self.constants, self.found), strict=True):
            left.addWidget(heading)
            left.addWidget(words)
        left.addWidget(self.decay)
        left.addStretch(1)
        self._right = QWidget()
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.gap)
        right.addWidget(self.table, 1)
        numbers = QWidget()
        tables = QVBoxLayout(numbers)
        tables.setContentsMargins(0, 0, 8, 0)
        tables.addWidget(self._right, 100)
        tables.addWidget(self.lipschitz)
        tables.addStretch(1)
        beside = QVBoxLayout()
        beside.addWidget(scrolled(numbers), 1)
        beside.addWidget(self.status)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addWidget(scrolled(side), 5)
        row.addLayout(beside, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addLayout(row, 1)

    def first_stop(self) -> QWidget:
        return self.table.table

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._draw()

    # asking

    def ask(self) -> None:
        """Follow the numbers there are now, while the page is seen."""
        workspace = self._workspace
        kernel, document = workspace.kernel, workspace.document
        if kernel is None or not self.isVisible():
            return
        if workspace.visibility.hides_numbers:
            self.forget(HIDDEN)
            return
        now = document.structure, document.revision, kernel.progress.run
        self._refresh.follow(ConvexJob(*now))
        self._constants_refresh.follow(LipschitzJob(*now))
        self._draw()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if self._workspace.visibility.hides_numbers or not isinstance(job, ConvexJob):
            return
        if end.how == "done" and isinstance(end.answer, ConvexProblem):
            self.problem = end.answer
        elif end.how == "failed":
            self.problem, self._why = None, end.text
        self._draw()

    def _measured(self, job: Job, end: JobEnd) -> None:
        if self._workspace.visibility.hides_numbers or not isinstance(job, LipschitzJob):
            return
        if end.how in ("done", "failed"):
            self.constants_found = end.answer if end.how == "done" else None
            self._draw()

    def forget(self, why: str = WAIT) -> None:
        """Show nothing but the reason."""
        self.end()
        self.problem, self.constants_found, self._why = None, None, why
        self._draw()

    def end(self) -> None:
        self._refresh.stop()
        self._constants_refresh.stop()

    # showing

    @property
    def _stale(self) -> bool:
        return self.problem is not None and outdated(self._workspace, self.problem.stamp)

    @property
    def _numbers(self) -> bool:
        return self.problem is not None and self.problem.here is not None

    def _draw(self) -> None:
        problem = self.problem
        self._right.setVisible(self._numbers)
        if problem is not None and self._numbers:
            self.table.show_problem(problem, problem.optimum, self.theme, self._stale)
        found = self.constants_found
        self.lipschitz.setVisible(found is not None)
        if found is not None:
            self.lipschitz.show_constants(found, self.theme, outdated(self._workspace, found.stamp))
        self._say()

    def _say(self) -> None:
        problem = self.problem
        if problem is None:
            self.verdict.setText(_("Convexity and optimum"))
            self.reasons.setText(self._why)
        else:
            self.verdict.setText(_verdict(problem))
            self.reasons.setText("\n".join(f"{i}. {reason}" if problem.kind else reason for i, reason in enumerate(problem.reasons, 1)))
        for heading, words, text in zip(self._headings, (self.reasons, self.constants, self.found), self._texts(), strict=True):
            if words is not self.reasons:
                words.setText(text)
            heading.setVisible(bool(words.text()) and problem is not None)
            words.setVisible(bool(words.text()))
        if problem is not None:
            self.decay.setText(_decay(problem))
            self.gap.setText(_gap(problem))
        self.status.set_full("" if problem is None else standing(self._workspace, problem.stamp, problem.rows))
        self.decay.setVisible(problem is not None and bool(self.decay.text()))

    def _texts(self) -> tuple[str, str, str]:
        problem = self.problem
        if problem is None or not problem.kind:
            return "", "", ""
        found = _found(problem.optimum) if problem.optimum is not None else problem.lacks
        return "", _constants(problem), found


def _verdict(problem: ConvexProblem) -> str:
    if not problem.kind:
        return problem.title
    return (_("Convex: {title}") if problem.convex else _("Not convex: {title}")).format(title=problem.title)


def _constants(problem: ConvexProblem) -> str:
    """L and μ, each with what it says."""
    lines = []
    if problem.lipschitz_is == "none":
        lines.append(_("The gradient jumps at the kinks, so it has no Lipschitz constant L."))
    elif problem.lipschitz is not None and problem.lipschitz_is == "exact":
        lines.append(_("L = {value}: the largest |λ| of the Hessian, which is the same everywhere.").format(
            value=number(problem.lipschitz, 6)))  # fmt: skip
    elif problem.lipschitz is not None:
        lines.append(_("L ≤ {value}: no Hessian of this problem has a larger eigenvalue.").format(value=number(problem.lipschitz, 6)))
    if problem.strong > 0:
        lines.append(_("μ = {value}: f is strongly convex.").format(value=number(problem.strong, 6)))
        if problem.lipschitz is not None:
            lines.append(_("Condition number L/μ = {value}.").format(value=number(problem.lipschitz / problem.strong, 4)))
    return "\n".join(lines)


def _found(optimum: Optimum) -> str:
    lines = [optimum.how]
    if optimum.gradient is not None:
        lines.append(_("There ‖∇f‖ = {norm}, by the backward pass of your graph.").format(norm=number(optimum.gradient, 2)))
    if optimum.gap is not None:
        lines.append(_("f(θ*) is at most {gap} above the minimum.").format(gap=number(optimum.gap, 2)))
    if optimum.unique:
        lines.append(_("It is the only minimum."))
    elif optimum.unique is False:
        lines.append(_("It is one of many with the same value; the one shown is the nearest to the present numbers."))
    return "\n".join(lines)


def _decay(problem: ConvexProblem) -> str:
    if not problem.decay:
        return ""
    text = _("The optimizer adds weight decay, λθ with λ = {decay}, to the gradient, so it goes towards the minimum of f + ½λ‖θ‖²,")
    said = text.format(decay=number(problem.decay))
    if problem.decayed is None:
        return said + " " + _("which was not computed.")
    return said + " " + _("where that is {value}.").format(value=number(problem.decayed.f, 6))


def _gap(problem: ConvexProblem) -> str:
    now = _("f(θ) = {value}").format(value=number(problem.value, 6))
    best = problem.optimum
    if best is None or problem.here is None:
        if problem.infimum is not None:
            return _("{now}, infimum {value}").format(now=now, value=number(problem.infimum, 6))
        return now
    away = float(np.linalg.norm(problem.here - best.nearest(problem.here)))
    text = _("{now}, optimum f* = {best}\nGap f(θ) − f* = {gap}, distance ‖θ − θ*‖ = {away}")
    gap = problem.value - best.f  # nothing lies below f*, but the network may compute in single precision
    said = _("0 up to rounding") if gap < 0 else number(gap, 4)
    return text.format(now=now, best=number(best.f, 6), gap=said, away=number(away, 4))
