"""A table as it is read, as a value: what was detected and why, and what every column is. The window and the command line show it.

No numpy here: both processes import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.data.errors import DataNote, Offer
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class Finding:
    """One decision about the file: a `setting` of the Data node, its `value` in that setting's own words, and the evidence, a sentence.

    `chosen`: by a person. `doubtful`: the file does not prove it.
    """

    setting: str
    value: Any
    evidence: str
    chosen: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """One column. `values` are the first ones as they were read: numbers, true or false, texts; None where there is none.

    `filling` is what happens to a row without a value, `code` how a category becomes numbers; `features` are the features that it makes.
    `distinct` counts its values, 0 where they are too many to be counted. `evidence` says why it has its kind and role. `chosen` are the
    fields that a person chose, of role, kind, missing and code. `kinds` and `fillings` are those it can have.
    """

    name: str
    kind: str
    role: str
    missing: int
    values: tuple[Any, ...]
    filling: str = "drop"
    code: str = ""
    distinct: int = 0
    features: tuple[str, ...] = ()
    evidence: str = ""
    chosen: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    fillings: tuple[str, ...] = ()
    unit: str = ""
    """What becomes of the signs beside its numbers, one of `how_read.UNITS`; empty where there are none."""
    title: str = ""
    """What it is called here; `name` is what the file calls it."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """`separator`, `decimal` and `thousands` are the signs themselves (`thousands` None where there is none), `header` whether a line names
    the columns, `skipped` the lines above the table that are not part of it.

    `head` are the first rows as text, before anything is interpreted, with the numbers of their lines in the file in `head_lines`.
    `problem` says why the rows cannot be used as they are, with `repairs`; else it is empty. `usable` counts the rows that can.
    `settings` are the settings of a Data node that store exactly this reading.
    """

    rows: int
    columns: tuple[ColumnReading, ...]
    separator: str
    decimal: str
    thousands: str | None
    header: bool
    encoding: str
    skipped: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[DataNote, ...] = ()
    problem: str = ""
    repairs: tuple[Offer, ...] = ()
    unreadable: bool = False
    """Whether the problem is a cell that is not what its column is, and not only a choice that is left to make."""
    usable: int = 0
    classes: tuple[str, ...] = ()
    """The classes of the target, in their order; none where it is a number, or where there is a problem."""
    head: tuple[tuple[str, ...], ...] = ()
    head_lines: tuple[int, ...] = ()
    sheets: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """What was detected, decided or is doubtful, a sentence each."""
        return [*(finding.evidence for finding in self.findings), *(note.text for note in self.notes)]

    def to_json(self) -> dict[str, Any]:
        """What the command line prints."""
        columns = [
            {
                "name": column.title or column.name, "kind": column.kind, "role": column.role, "missing": column.missing,
                "values": list(column.values[:5]),
            }
            for column in self.columns
        ]  # fmt: skip
        return {
            "rows": self.rows, "columns": columns, "separator": self.separator, "decimal": self.decimal, "thousands": self.thousands,
            "header": self.header, "encoding": self.encoding, "skipped": self.skipped,
            "notes": [*self.sentences(), *([self.problem] if self.problem else [])],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadTable(Job):
    """Reads a table for its preview. `settings` are those of a Data node as JSON; `proposed` as in `HowRead`.

    The answer is a `TableReading`; JobError says why the file cannot be read at all.
    """

    done_by: ClassVar[str] = "engine.data.preview:read_table"
    about_document: ClassVar[bool] = False
    settings: str
    folder: str = ""
    proposed: bool = True
