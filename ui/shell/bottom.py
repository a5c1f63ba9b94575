"""The bottom panel: training, data, probes, problems; beside the tabs how the run stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from engine.kernel.protocol import Progress
from engine.training.curve import Point
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.storage.document import Document
from ui.data.data_page import DataPage
from ui.look.schedule import Schedule
from ui.look.theme import Theme
from ui.look.widgets import PartsLabel, button, line
from ui.problems.problems import ProblemsPage
from ui.training.training import TrainingPage, progress_parts
from ui.watch.probes_page import ProbesPage

STEP, STEP_LARGE = "Train one step", "1 step"
LARGE = 3.0
"""Type so large that the short name is all a small screen has room for."""
TRAINING, DATA, PROBES, PROBLEMS = range(4)


class Pages(QStackedWidget):
    """As wide as the page that is seen needs, not as the widest of all."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()


class Bottom(QWidget):
    """Owns the four pages and the line beside their tabs."""

    step_clicked = Signal()
    reset_clicked = Signal()

    def __init__(self, work: Schedule | None = None) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.training, self.data, self.probes, self.problems = TrainingPage(work), DataPage(), ProbesPage(work), ProblemsPage()
        self._guests: list[Any] = []
        self.status = PartsLabel("strong")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.step = button(STEP, tip="One training step")
        self.step.setAccessibleName(STEP)
        self.reset = button("Reset", tip="Back to the weights of the document")
        self.tabs, self.pages = QTabBar(), Pages()
        titled = ((self.training, "Training"), (self.data, "Data"), (self.probes, "Probes"), (self.problems, "Problems"))
        for page, title in titled:
            self.tabs.addTab(title)
            self.pages.addWidget(page)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setExpanding(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.status, 1)
        for widget in (self.step, self.reset):
            widget.setProperty("kind", "quiet")
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 4, 12, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(line())
        # Large type may need more width than the window has: then the pages scroll sideways, and the canvas keeps its room.
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.pages)
        layout.addWidget(area, 1)
        self.probes.count_changed.connect(lambda count: self.tabs.setTabText(PROBES, f"Probes {count}" if count else "Probes"))
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.step.clicked.connect(self.step_clicked)
        self.reset.clicked.connect(self.reset_clicked)

    def add_page(self, page: QWidget, title: str) -> int:
        """One more page, with `set_theme`; returns its index."""
        self.pages.addWidget(page)
        self._guests.append(page)
        return self.tabs.addTab(title)

    def set_document(self, document: Document) -> None:
        self.training.set_document(document)
        self.data.show_document(document)
        self.probes.set_document(document)
        self.status.set_parts([])

    def set_theme(self, theme: Theme) -> None:
        self.step.setText(STEP if theme.scale < LARGE else STEP_LARGE)
        for page in (self.training, self.data, self.probes, self.problems, *self._guests):
            page.set_theme(theme)

    def show_problems(self, problems: Sequence[Problem], graph: Graph) -> None:
        self.problems.show_problems(problems, {node: graph.nodes[node].name for p in problems for node in p.nodes if node in graph.nodes})
        counted = sum(problem.severity != "note" for problem in problems)
        self.tabs.setTabText(PROBLEMS, f"Problems {counted}")

    def show_progress(self, progress: Progress, curve: list[Point]) -> None:
        self.status.set_parts(progress_parts(progress))
        self.training.show_progress(progress, curve)
