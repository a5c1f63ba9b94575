"""Columns of numbers as a CSV file with all their digits, written as a job: a run may have millions of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.numerics.job import Job, JobError, JobReport, Steps
from graph.storage.paths import reason
from graph.storage.writing import replace_file
from graph.text.messages import _

AT_ONCE = 5000
"""Rows between two points where writing can be left: some milliseconds' work."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """`dense` columns have a number in every row, but the last of them none in the rows `absent`. Then follow the `sparse` ones: the rows
    in which each has a number, ascending, and the numbers. `names` are those of all columns."""

    names: tuple[str, ...]
    dense: tuple[np.ndarray, ...]
    absent: np.ndarray
    sparse: tuple[tuple[np.ndarray, np.ndarray], ...] = ()

    def __len__(self) -> int:
        return len(self.dense[0])

    def blocks(self) -> Iterator[str]:
        """The lines of the file, some thousands at a time."""
        yield ",".join(self.names) + "\n"
        empty = "," * len(self.sparse)
        for start in range(0, len(self), AT_ONCE):
            stop = min(start + AT_ONCE, len(self))
            rows = [",".join(map(repr, row)) for row in zip(*(column[start:stop].tolist() for column in self.dense), strict=True)]
            for at in _between(self.absent, start, stop):
                rows[at - start] = rows[at - start].rpartition(",")[0] + ","
            tails: dict[int, list[str]] = {}
            for place, (where, values) in enumerate(self.sparse):
                first, last = np.searchsorted(where, (start, stop))
                for at, value in zip(where[first:last].tolist(), values[first:last].tolist(), strict=True):
                    tails.setdefault(at, [""] * len(self.sparse))[place] = repr(value)
            lines = [row + empty for row in rows]
            for at, cells in tails.items():
                lines[at - start] = ",".join([rows[at - start], *cells])
            yield "\n".join(lines) + "\n"

    def text(self) -> str:
        return "".join(self.blocks())


def _between(places: np.ndarray, start: int, stop: int) -> list[int]:
    first, last = np.searchsorted(places, (start, stop))
    found: list[int] = places[first:last].tolist()
    return found


@dataclass(frozen=True, slots=True)
class SaveNumbers(Job):
    """Writes them to the file `path`, which is replaced at the end. JobError says why that cannot be."""

    done_by: ClassVar[str] = "engine.training.saved_numbers:save_numbers"
    about_document: ClassVar[bool] = False
    path: str
    numbers: Numbers


def save_numbers(_context: object, job: SaveNumbers) -> Steps:
    """A part at a time; a job that is left leaves the file as it was."""
    blocks, total = list[bytes](), len(job.numbers)
    for done, block in enumerate(job.numbers.blocks()):
        blocks.append(block.encode())
        rows = min(done * AT_ONCE, total)
        yield JobReport(rows, total, _("{done:,} of {total:,} rows written").format(done=rows, total=total))
    try:
        replace_file(job.path, b"".join(blocks))
    except OSError as error:
        raise JobError(reason(error)) from None
