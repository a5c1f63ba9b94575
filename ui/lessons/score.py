"""How a lesson's questions were answered, counted at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from graph.lessons.lesson import Lesson, LessonQuestion
from graph.text.messages import ngettext

Outcome = Literal["first", "later", "missed", "open"]
"""Right at the first try; right after a hint or another try; never right, or given up; not answered."""
OUTCOMES: Final = ("first", "later", "missed", "open")


@dataclass(frozen=True, slots=True)
class Answered:
    """One question that counts, with its step's index."""

    step: int
    title: str
    question: LessonQuestion
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LessonScore:
    """All questions of a lesson that count; those for discussion have no right answer."""

    answers: tuple[Answered, ...]

    @classmethod
    def of(cls, lesson: Lesson, given: Mapping[str, Outcome]) -> LessonScore:
        """`given` has an outcome for each `step.question` that was answered."""
        rows = [
            Answered(place, step.title, question, given.get(f"{place}.{number}", "open"))
            for place, step in enumerate(lesson.steps)
            for number, question in enumerate(step.ask)
            if question.kind != "text"
        ]
        return cls(tuple(rows))

    def count(self, outcome: Outcome) -> int:
        return sum(answer.outcome == outcome for answer in self.answers)

    @property
    def first(self) -> int:
        return self.count("first")

    @property
    def missed(self) -> tuple[Answered, ...]:
        return tuple(answer for answer in self.answers if answer.outcome == "missed")

    @property
    def text(self) -> str:
        """The score in one line."""
        return right_at_first(self.first, len(self.answers))

    @property
    def rest(self) -> str:
        """What was not right at the first try, in one line; empty where everything was."""
        later, missed, unanswered = self.count("later"), len(self.missed), self.count("open")
        tried = ngettext("{count} right after a hint or another try", "{count} right after a hint or another try", later)
        lacking = ngettext("{count} missed", "{count} missed", missed)
        passed_over = ngettext("{count} not answered", "{count} not answered", unanswered)
        counted = ((tried, later), (lacking, missed), (passed_over, unanswered))
        return " · ".join(text.format(count=count) for text, count in counted if count)


def right_at_first(right: int, count: int) -> str:
    """So many of all questions."""
    text = ngettext("{right} of {count} right at the first try", "{right} of {count} right at the first try", count)
    return text.format(right=right, count=count)
