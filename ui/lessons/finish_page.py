"""The end of a lesson: the score, what was missed, and the next lesson."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from graph.text.messages import _, ngettext
from ui.lessons.questions import TextButton
from ui.lessons.score import LessonScore, Outcome, right_at_first
from ui.lessons.shelf import ShelfEntry
from ui.look.theme import Theme
from ui.look.widgets import button, clear, label, set_property

MARKS: dict[Outcome, str] = {"first": "✓", "later": "✓", "missed": "✕", "open": "–"}


class MissedRow(TextButton):
    """A question that was missed; a click leads back to its step."""

    def __init__(self, title: str, question: str, theme: Theme) -> None:
        super().__init__(f"**{title}**\n\n{question}", theme)
        self.setAccessibleName(_("Back to {title}: {question}").format(title=title, question=question))
        self.setToolTip(_("Back to this step"))


class FinishPage(QWidget):
    """Shown in place of the last step. `step_chosen` carries the step of a missed question."""

    step_chosen = Signal(int)
    again_clicked = Signal()
    gallery_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.score: LessonScore | None = None
        self.missed: list[MissedRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 14, 12)
        self._column.setSpacing(10)

    def show_score(self, score: LessonScore, best: int, following: ShelfEntry | None, theme: Theme) -> None:
        """Build the page for a lesson that came to its end; `best` is the largest score so far."""
        self.score, self.missed = score, []
        clear(self._column)
        self._column.addWidget(label(_("Lesson finished"), "heading", wrap=True))
        count = len(score.answers)
        if count:
            self._column.addWidget(label(score.text, "strong", wrap=True))
            self._column.addWidget(_ScoreBar(score, theme))
            if score.rest:
                self._column.addWidget(label(score.rest, "secondary", wrap=True))
            if best > score.first:
                self._column.addWidget(label(_("Your best: {score}").format(score=right_at_first(best, count)), "small", wrap=True))
        if score.missed:
            missed = len(score.missed)
            self._column.addSpacing(6)
            self._column.addWidget(label(ngettext("This question was missed", "These questions were missed", missed), "section"))
        for answer in score.missed:
            row = MissedRow(answer.title, answer.question.text, theme)
            row.clicked.connect(lambda _clicked=False, step=answer.step: self.step_chosen.emit(step))
            self.missed.append(row)
            self._column.addWidget(row)
        self._column.addSpacing(6)
        if following is not None:
            self._column.addWidget(label(_("Next lesson"), "section"))
            self._column.addWidget(label(following.lesson.title, "strong", wrap=True))
            self._column.addWidget(label(following.lesson.summary, "secondary", wrap=True))
        self._column.addLayout(self._others())
        self._column.addStretch(1)

    def _others(self) -> QHBoxLayout:
        again = button(_("Repeat this lesson"), tip=_("Begin again with all questions open; your best score stays"))
        again.clicked.connect(self.again_clicked)
        gallery = button(_("All lessons …"), tip=_("Choose another lesson"))
        gallery.clicked.connect(self.gallery_clicked)
        row = QHBoxLayout()
        row.addWidget(again)
        row.addWidget(gallery)
        row.addStretch(1)
        return row


class _ScoreBar(QFrame):
    """One mark a question, in their order."""

    def __init__(self, score: LessonScore, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        hues = {"first": theme.success, "later": theme.secondary, "missed": theme.error, "open": theme.secondary}
        for answer in score.answers:
            mark = label(MARKS[answer.outcome], "strong")
            mark.setToolTip(answer.title)
            mark.setStyleSheet(f"color: {hues[answer.outcome]};")
            set_property(mark, "outcome", answer.outcome)
            row.addWidget(mark)
        row.addStretch(1)
