"""The list of problems: what is wrong, where, and the repairs that one click makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from graph.formula.latex import display_name
from graph.model.problem import GRAVITY, SEVERITIES, Problem
from graph.text.messages import _
from ui.look.theme import MARKS, Theme, shade
from ui.look.widgets import FlowLayout, button, clear, label, line, scrolled
from ui.shell.workspace.mending import mend
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.workspace import Workspace

LISTED = 200
"""Rows at most: nobody reads more, and a graph of ten thousand loose nodes has that many problems."""
NAMED = 4
"""Nodes of a problem that have a link."""


class ProblemRow(QFrame):
    """One problem; a click anywhere, or Enter, goes to its first node. Arrow keys walk the list."""

    clicked = Signal()
    walked = Signal(int)

    def __init__(self, problem: Problem, theme: Theme) -> None:
        super().__init__()
        self.problem = problem
        self.setProperty("role", "row")
        self.setCursor(Qt.CursorShape.PointingHandCursor if problem.nodes else Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{SEVERITIES[problem.severity]}: {problem.text}")
        offered = ", ".join(repair.title for repair in problem.repairs)
        self.setAccessibleDescription(_("Fixes: {offered}").format(offered=offered) if offered else "")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(4, 6, 4, 6)
        self.row.setSpacing(10)
        mark = label(MARKS[problem.severity], "strong")
        mark.setFixedWidth(round(14 * theme.scale))
        mark.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        mark.setStyleSheet(f"color: {shade(theme, problem.severity)};")
        mark.setToolTip(SEVERITIES[problem.severity].capitalize())
        self.row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout()
        self.column.setSpacing(6)
        self.column.addWidget(label(problem.text, wrap=True))
        self.row.addLayout(self.column, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.walked.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)


class ProblemsPage(Panel):
    """What is wrong, the gravest first; its tab counts the errors and warnings."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._problems: tuple[Problem, ...] | None = None
        self._names: dict[str, str] = {}
        self.rows: list[ProblemRow] = []
        inner = QWidget()
        inner.setAccessibleName(_("Problems"))
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 4, 0, 8)
        self._list.setSpacing(0)
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(inner))
        self.show_problems(())

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        problems, self._problems = self._problems or (), None
        self.show_problems(problems, self._names)

    def problems_changed(self) -> None:
        problems, nodes = self.workspace.problems, self.workspace.document.graph.nodes
        self.show_problems(problems, {node: display_name(nodes[node].name) for p in problems for node in p.nodes[:NAMED] if node in nodes})
        number = sum(problem.severity != "note" for problem in problems)
        self.titled.emit(_("Problems {number}").format(number=number) if number else _("Problems"))

    def show_problems(self, problems: Sequence[Problem], names: Mapping[str, str] | None = None) -> None:
        """The gravest first, in the order they were found. `names` of nodes by id make links to the further nodes of a problem."""
        ordered = tuple(sorted(problems, key=lambda p: GRAVITY[p.severity]))
        concerned = {node: names[node] for problem in ordered[:LISTED] for node in problem.nodes[:NAMED] if node in names} if names else {}
        if ordered == self._problems and concerned == self._names:
            return
        self._problems, self._names = ordered, concerned
        focus = QApplication.focusWidget()
        focused = next((i for i, row in enumerate(self.rows) if focus is not None and (row is focus or row.isAncestorOf(focus))), None)
        clear(self._list)
        self.rows = []
        if not ordered:
            self._list.addSpacing(8)
            self._list.addWidget(label(_("✓  This graph has no problems."), "secondary"))
        for problem in ordered[:LISTED]:
            self._add(problem)
        if len(ordered) > LISTED:
            self._list.addWidget(label(_("and {count:,} more").format(count=len(ordered) - LISTED), "secondary"))
        self._list.addStretch(1)
        if self.rows and focused is not None:
            self.rows[min(focused, len(self.rows) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, problem: Problem) -> None:
        row = ProblemRow(problem, self.theme)
        row.clicked.connect(lambda: self.workspace.go_to(problem.nodes, problem.edges))
        row.walked.connect(lambda way: self._walk(row, way))
        links = [node for node in problem.nodes[1:NAMED] if node in self._names and node != problem.nodes[0]]
        if links or problem.repairs:
            buttons = QWidget()
            flow = FlowLayout(6)
            buttons.setLayout(flow)
            for repair in problem.repairs:
                fix = button(repair.title, "repair", tip=_("Fix this (undo reverts it)"))
                fix.clicked.connect(lambda _=False, repair=repair: mend(self.workspace, repair))
                flow.addWidget(fix)
            for node in (*problem.nodes[:1], *links) if links else ():
                link = button(f"→ {self._names.get(node, '')}", "quiet", tip=_("Show this node"))
                link.setAccessibleName(_("Go to {name}").format(name=self._names.get(node, "")))
                link.clicked.connect(lambda _=False, node=node: self.workspace.go_to((node,), ()))
                flow.addWidget(link)
            row.column.addWidget(buttons)
        self.rows.append(row)
        self._list.addWidget(row)
        self._list.addWidget(line())

    def _walk(self, row: ProblemRow, way: int) -> None:
        at = self.rows.index(row) + way
        if 0 <= at < len(self.rows):
            self.rows[at].setFocus(Qt.FocusReason.TabFocusReason)
