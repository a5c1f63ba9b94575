"""Precision, recall and F1 of each class, and their averages."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.readouts.classification import Averages, ClassScores, notes
from graph.text.messages import _
from ui.look.afar import enlarge
from ui.look.numbers import count, exact, percent
from ui.look.theme import Theme
from ui.look.widgets import label
from ui.readouts.text_table import TextTable

WIDEST = 900
"""Columns further apart are hard to follow."""
HEADINGS = (
    (_("class"), ""),
    (_("samples"), _("How many samples belong to the class")),
    (_("right"), _("Recall: of the samples of this class, the share that is predicted as this class (its accuracy)")),
    (_("precision"), _("Of the samples predicted as this class, the share that belongs to it")),
    (_("F1"), _("The harmonic mean of precision and recall")),
)
AVERAGES = (
    ("macro", _("macro mean"), _("The mean over the classes, each counted once")),
    ("weighted", _("weighted mean"), _("The mean over the classes, each weighted by its number of samples")),
    ("micro", _("micro mean"), _("From all samples together; with one class for each sample it equals the accuracy")),
)


class ClassScoresView(QWidget):
    """A row for each class, then one for each way to average."""

    def __init__(self) -> None:
        super().__init__()
        self.table = TextTable(_("Scores of each class"))
        self.note = label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.table.setMaximumWidth(WIDEST)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)

    def show_scores(self, scores: ClassScores, classes: tuple[str, ...], theme: Theme) -> None:
        averages = [(title, why, getattr(scores, key)) for key, title, why in AVERAGES]

        def value(row: int, column: int) -> float:
            if row < len(classes):
                columns = (scores.recall, scores.precision, scores.f1)
                return float(columns[column - 2][row])
            mean: Averages = averages[row - len(classes)][2]
            return (mean.recall, mean.precision, mean.f1)[column - 2]

        def cell(row: int, column: int) -> str:
            if column == 0:
                return classes[row] if row < len(classes) else averages[row - len(classes)][0]
            if column == 1:
                return count(int(scores.support[row])) if row < len(classes) else count(scores.samples)
            return percent(value(row, column))

        def tip(row: int, column: int) -> str:
            if column >= 2:
                return exact(value(row, column))
            return averages[row - len(classes)][1] if row >= len(classes) and column == 0 else ""

        self.table.model_.show_rows(HEADINGS, len(classes) + len(averages), cell, tip, frozenset({0}))
        self.table.dress(theme)
        enlarge(self.note, theme)
        lines = notes(scores, classes)
        self.note.setText("\n".join(lines))
        self.note.setVisible(bool(lines))
