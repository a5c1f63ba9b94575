"""The list of problems: what is wrong, where, and the repairs that one click makes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from graph.problem import Problem
from ui.inspector import scrolled
from ui.theme import LIGHT, Theme
from ui.widgets import button, clear, label, line


class ProblemRow(QWidget):
    """One problem; a click anywhere goes to its node."""

    clicked = Signal()

    def __init__(self, problem: Problem, theme: Theme) -> None:
        super().__init__()
        self.problem = problem
        self.setCursor(Qt.CursorShape.PointingHandCursor if problem.nodes else Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{problem.severity}: {problem.text}")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 6, 0, 6)
        self.row.setSpacing(10)
        mark = label("✕" if problem.severity == "error" else "!", "strong")
        mark.setFixedWidth(round(14 * theme.scale))
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark.setStyleSheet(f"color: {theme.error if problem.severity == 'error' else theme.warning};")
        self.row.addWidget(mark)
        self.row.addWidget(label(problem.text, wrap=True), 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: object) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space):  # type: ignore[attr-defined]
            self.clicked.emit()
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]


class ProblemsPage(QWidget):
    """`go(node ids, edge ids)` asks to show where; `repair(Repair)` to mend."""

    go = Signal(object, object)
    repair = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._problems: tuple[Problem, ...] | None = None
        self.rows: list[ProblemRow] = []
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 4, 0, 8)
        self._list.setSpacing(0)
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(inner))
        self.show_problems(())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        problems, self._problems = self._problems or (), None
        self.show_problems(problems)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Errors first, in the order they were found."""
        ordered = tuple(sorted(problems, key=lambda p: p.severity != "error"))
        if ordered == self._problems:
            return
        self._problems = ordered
        clear(self._list)
        self.rows = []
        if not ordered:
            self._list.addSpacing(8)
            self._list.addWidget(label("Nothing is wrong with this graph.", "secondary"))
        for problem in ordered:
            row = ProblemRow(problem, self._theme)
            row.clicked.connect(lambda problem=problem: self.go.emit(problem.nodes, problem.edges))
            for repair in problem.repairs:
                mend = button(repair.title, "repair")
                mend.clicked.connect(lambda _=False, repair=repair: self.repair.emit(repair))
                row.row.addWidget(mend, 0, Qt.AlignmentFlag.AlignTop)
            self.rows.append(row)
            self._list.addWidget(row)
            self._list.addWidget(line())
