"""The bottom panel: training, data, problems; beside the tabs how the run stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from engine.kernel.protocol import Point, Progress
from engine.views import TraceView
from graph.document import Document
from ui.data_page import DataPage
from ui.problems import ProblemsPage
from ui.theme import Theme
from ui.training import TrainingPage, progress_text
from ui.widgets import ElidedLabel, button

TRAINING, DATA, PROBLEMS = range(3)


class Bottom(QWidget):
    """Owns the three pages and the line beside their tabs."""

    step_clicked = Signal()
    reset_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.training, self.data, self.problems = TrainingPage(), DataPage(), ProblemsPage()
        self.status = ElidedLabel("", "strong", widest=460)
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.step = button("Step", tip="One training step  (F9)")
        self.reset = button("Reset", tip="Back to the weights of the document  (Shift+F5)")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.training, "Training")
        self.tabs.addTab(self.data, "Data")
        self.tabs.addTab(self.problems, "Problems")
        self.tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.tabBar().setElideMode(Qt.TextElideMode.ElideNone)
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        row.addWidget(self.status)
        for widget in (self.step, self.reset):
            widget.setProperty("kind", "quiet")
            row.addWidget(widget)
        self.tabs.setCornerWidget(corner, Qt.Corner.TopRightCorner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 2, 12, 0)
        layout.addWidget(self.tabs)
        self.step.clicked.connect(self.step_clicked)
        self.reset.clicked.connect(self.reset_clicked)

    def set_document(self, document: Document) -> None:
        self.training.set_document(document)
        self.data.show_document(document)
        self.show_problems(None)
        self.status.set_full("")

    def set_theme(self, theme: Theme) -> None:
        for page in (self.training, self.data, self.problems):
            page.set_theme(theme)

    def show_problems(self, trace: TraceView | None) -> None:
        problems = trace.problems if trace is not None else ()
        self.problems.show_problems(problems)
        self.tabs.setTabText(PROBLEMS, f"Problems {len(problems)}")

    def show_progress(self, progress: Progress, curve: list[Point]) -> None:
        self.status.set_full(progress_text(progress))
        self.training.show_progress(progress, curve)
