"""The lessons, by the chapters of the course, with how far one came in each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QProgressBar, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.lessons.shelf import LESSONS, LessonProgress, ShelfEntry, Standing, entries
from ui.look.choice_card import ChoiceCard
from ui.look.theme import Theme
from ui.look.widgets import button, label

COLUMNS = 3
CHAPTERS = {
    1: _("Derivatives and local models"),
    2: _("Computational graphs and backpropagation"),
    3: _("Optimizers"),
    4: _("Landscapes and convergence"),
    5: _("Learning"),
}
OTHER = _("More lessons")


class LessonCard(ChoiceCard):
    """One lesson to click on."""

    def __init__(self, entry: ShelfEntry, standing: Standing, theme: Theme) -> None:
        super().__init__(entry, f"{entry.lesson.title}. {entry.lesson.summary}")
        self.entry = entry
        lesson = entry.lesson
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(6)
        layout.addWidget(label(lesson.title, "strong", wrap=True))
        summary = label(lesson.summary, "small", wrap=True)
        summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(summary, 1)
        count, seen = len(lesson.steps), len([step for step in standing.seen if step < len(lesson.steps)])
        row = QHBoxLayout()
        row.addWidget(label(_stands(count, seen, standing), "small"))
        row.addStretch(1)
        layout.addLayout(row)
        bar = QProgressBar()
        bar.setRange(0, count)
        bar.setValue(seen)
        bar.setTextVisible(False)
        bar.setAccessibleName(_("{seen} of {count} steps seen").format(seen=seen, count=count))
        layout.addWidget(bar)


def _stands(count: int, seen: int, standing: Standing) -> str:
    text = (
        _("{count} steps").format(count=count)
        if not seen
        else _("Finished")
        if seen >= count
        else _("{seen} of {count} steps").format(seen=seen, count=count)
    )
    return (
        _("{state} · {right} of {answers} right").format(state=text, right=standing.right, answers=len(standing.answers))
        if standing.answers
        else text
    )


class LessonGallery(QDialog):
    """Choose a lesson; `chosen` is its path, `browse` is emitted when you want to open a lesson of your own."""

    def __init__(self, progress: LessonProgress, theme: Theme, parent: QWidget | None = None, folder: Path = LESSONS) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Lessons"))
        self.chosen: Path | None = None
        self.browse = False
        self.cards = [LessonCard(entry, progress.of(entry.path), theme) for entry in entries(folder)]
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(24, 20, 24, 24)
        grid.setSpacing(14)
        grid.addWidget(label(_("Lessons"), "heading"), 0, 0, 1, COLUMNS - 1)
        other = button(_("Open a lesson file …"), tip=_("Open a lesson of your own, or one you were given"))
        other.clicked.connect(self._browse)
        grid.addWidget(other, 0, COLUMNS - 1, Qt.AlignmentFlag.AlignRight)
        intro = _("Each lesson opens its own graph. Try things out at any time: one click returns you to the step.")
        grid.addWidget(label(intro, "secondary", wrap=True), 1, 0, 1, COLUMNS)
        row = 2
        for chapter, cards in self._chapters().items():
            grid.addWidget(label(chapter, "section"), row, 0, 1, COLUMNS)
            for place, card in enumerate(cards):
                grid.addWidget(card, row + 1 + place // COLUMNS, place % COLUMNS)
                card.chosen.connect(self._take)
            row += 1 + (len(cards) + COLUMNS - 1) // COLUMNS
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(row, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        room = parent.size() - QSize(40, 40) if parent is not None and parent.width() > 400 else QSize(1200, 900)
        self.resize(QSize(round(940 * theme.scale), round(660 * theme.scale)).boundedTo(room))

    def _chapters(self) -> dict[str, list[LessonCard]]:
        chapters: dict[str, list[LessonCard]] = {}
        for card in self.cards:
            chapters.setdefault(CHAPTERS.get(int(card.entry.lesson.order), OTHER), []).append(card)
        return chapters

    def _take(self, entry: ShelfEntry) -> None:
        self.chosen = entry.path
        self.accept()

    def _browse(self) -> None:
        self.browse = True
        self.accept()
