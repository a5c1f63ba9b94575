"""Where lessons are kept: those that come with Gradwire, and how far one came in each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.lessons import lesson as lesson_files
from graph.lessons.lesson import ENDING, Lesson, LessonError
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
    """Progress in one lesson: the last step shown, the steps seen, and for each `step.question` whether it was answered right."""

    step: int = 0
    seen: set[int] = field(default_factory=set)
    answers: dict[str, bool] = field(default_factory=dict)

    @property
    def right(self) -> int:
        return sum(self.answers.values())


def entries(folder: Path = LESSONS) -> list[ShelfEntry]:
    """All lessons that can be read, in the order of their rows of the course, then by name."""
    lessons: list[ShelfEntry] = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            lessons.append(ShelfEntry(path, lesson_files.load(path)))
        except LessonError:
            continue
    return sorted(lessons, key=lambda entry: (entry.lesson.order, entry.path.stem))


class LessonProgress:
    """What is remembered of each lesson, in the settings; a lesson that was moved starts from the beginning."""

    def __init__(self, session: UserSettings) -> None:
        self._session = session

    def of(self, path: Path) -> Standing:
        row = self._read().get(_key(path))
        try:
            seen = {int(step) for step in row["seen"]} if row else set()
            answers = {str(name): bool(right) for name, right in row["answers"].items()} if row else {}
            return Standing(int(row["step"]) if row else 0, seen, answers)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Standing()

    def keep(self, path: Path, standing: Standing) -> None:
        rows, key = self._read(), _key(path)
        rows.pop(key, None)
        rows[key] = {"step": standing.step, "seen": sorted(standing.seen), "answers": standing.answers}
        self._session.set(_SETTING, json.dumps(dict([*rows.items()][-KEPT:])))

    def _read(self) -> dict[str, Any]:
        try:
            rows = json.loads(self._session.text(_SETTING, "{}"))
        except ValueError:
            return {}
        return rows if isinstance(rows, dict) else {}


def _key(path: Path) -> str:
    place = path.resolve()
    return f"lesson:{place.stem}" if place.parent == LESSONS else str(place)
