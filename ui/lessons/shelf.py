"""Where lessons are kept: those that come with Gradwire, the order of the curriculum, and how far the user came in each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import Lesson
from ui.lessons.score import OUTCOMES, Outcome
from ui.shell.workspace.settings import UserSettings

LESSONS = Path(__file__).resolve().parents[2] / "resources" / "lessons"
_SETTING = "lessons"
KEPT = 200


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """One lesson on the shelf."""

    path: Path
    lesson: Lesson


@dataclass(slots=True)
class Standing:
    """Progress in one lesson: the last step shown, the steps seen, and for each `step.question` how it was answered.

    `finished`: this time the lesson came to its end. `best` is the largest score of all times that it did; None before the first.
    """

    step: int = 0
    seen: set[int] = field(default_factory=set)
    answers: dict[str, Outcome] = field(default_factory=dict)
    finished: bool = False
    best: int | None = None

    def answered(self, step: int, question: int, outcome: Outcome) -> None:
        """The first answer counts; one that was missed first can still be found later."""
        key = f"{step}.{question}"
        if key not in self.answers:
            self.answers[key] = outcome
        elif self.answers[key] == "missed" and outcome != "missed":
            self.answers[key] = "later"

    def finish(self, score: int) -> None:
        """The lesson came to its end, with so many questions right at the first try."""
        self.finished = True
        self.best = score if self.best is None else max(self.best, score)

    def begin_again(self) -> None:
        """From the first step, with all questions open; the best score stays."""
        self.step, self.seen, self.answers, self.finished = 0, set(), {}, False


def entries(folder: Path = LESSONS) -> list[ShelfEntry]:
    """All lessons of a folder that can be read, in the order of the curriculum."""
    return [ShelfEntry(path, lesson) for path, lesson in lesson_files.shelf(folder)]


def following(path: Path) -> ShelfEntry | None:
    """The lesson after this one; None after the last."""
    there = entries(path.parent)
    places = [place for place, entry in enumerate(there) if entry.path.resolve() == path.resolve()]
    return there[places[0] + 1] if places and places[0] + 1 < len(there) else None


class LessonProgress:
    """What is remembered of each lesson, in the settings; a lesson that was moved starts from the beginning."""

    def __init__(self, session: UserSettings) -> None:
        self._session = session

    def of(self, path: Path) -> Standing:
        row = self._read().get(_key(path))
        try:
            return _standing(row) if row else Standing()
        except (KeyError, TypeError, ValueError, AttributeError):
            return Standing()

    def keep(self, path: Path, standing: Standing) -> None:
        rows, key = self._read(), _key(path)
        rows.pop(key, None)
        rows[key] = {
            "step": standing.step, "seen": sorted(standing.seen), "answers": standing.answers,
            "finished": standing.finished, "best": standing.best,
        }  # fmt: skip
        self._session.set(_SETTING, json.dumps(dict([*rows.items()][-KEPT:])))

    def _read(self) -> dict[str, Any]:
        try:
            rows = json.loads(self._session.text(_SETTING, "{}"))
        except ValueError:
            return {}
        return rows if isinstance(rows, dict) else {}


def _standing(row: dict[str, Any]) -> Standing:
    best = row.get("best")
    answers = {str(name): _outcome(answer) for name, answer in row["answers"].items()}
    seen = {int(step) for step in row["seen"]}
    return Standing(int(row["step"]), seen, answers, bool(row.get("finished", False)), None if best is None else int(best))


def _outcome(answer: object) -> Outcome:
    """Before there were three outcomes, a file said whether the first try was right."""
    if isinstance(answer, bool):
        return "first" if answer else "missed"
    if answer not in OUTCOMES:
        raise ValueError(answer)
    return answer


def _key(path: Path) -> str:
    place = path.resolve()
    return f"lesson:{place.stem}" if place.parent == LESSONS else str(place)
