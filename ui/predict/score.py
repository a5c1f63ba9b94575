"""What was predicted in this session: every answer a row, counted, kept in the settings' folder and written out as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from graph.model.covered import ASKED
from graph.storage.writing import replace_file

KEPT = 50
"""Number of session files that are kept."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One answer, or one number that was revealed instead (`right` is yes, no, coarse, revealed or void)."""

    time: str
    name: str
    graph: str
    item: str
    typed: str
    truth: str
    right: str
    cause: str


@dataclass(slots=True)
class ScoreCounts:
    """`later` counts what was right after a wrong answer; `hints` the answers that were answered with one."""

    asked: int = 0
    first: int = 0
    later: int = 0
    revealed: int = 0
    hints: int = 0


class Score:
    """One session's answers. `folder` is where its file is kept; without one nothing is written."""

    def __init__(self, folder: Path | None) -> None:
        self.rows: list[ScoreRow] = []
        self.counts = ScoreCounts()
        self.name = ""
        self.waiting: Callable[[], Collection[str]] = tuple
        """The items that are still to be found out: their right numbers are not written yet."""
        began = datetime.now().strftime("%Y-%m-%d %H%M%S")
        self._path = None if folder is None else folder / f"{began}.csv"

    def add(self, graph: str, item: str, typed: str, truth: float | None, right: str, cause: str = "") -> None:
        """Note one answer, in the file at once. A folder that cannot be written to costs the file, not the answer."""
        shown = "" if truth is None else repr(truth)
        self.rows.append(ScoreRow(datetime.now().isoformat(timespec="seconds"), self.name, graph, item, typed, shown, right, cause))
        self.keep()

    def keep(self) -> None:
        """Bring the file up to date."""
        with suppress(OSError):
            self._keep()

    def _keep(self) -> None:
        if self._path is None or not self.rows:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            for old in sorted(self._path.parent.glob("*.csv"))[: -KEPT + 1]:
                old.unlink()
        self._path.write_text(self.csv(), encoding="utf-8")

    def csv(self) -> str:
        """A header and a row for each answer; what a spreadsheet would take for a formula is marked as text.

        Of an item that is still to be found out the right number is a question mark.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([field.name for field in fields(ScoreRow)])
        waiting = self.waiting()
        rows = [replace(row, truth=str(ASKED)) if row.item in waiting else row for row in self.rows]
        writer.writerows([[_safe(cell) for cell in astuple(row)] for row in rows])
        return out.getvalue()

    def save(self, path: Path) -> None:
        """Raises OSError."""
        replace_file(path, self.csv().encode("utf-8-sig"))


def _safe(text: str) -> str:
    if not text or text[0] not in "=+-@\t\r":
        return text
    try:
        float(text.replace(",", "."))
    except ValueError:
        return "'" + text
    return text
