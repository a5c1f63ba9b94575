"""A table as it would be read, for the import dialog and the command line: decisions with their evidence, columns, doubts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.data.cells import NumberFormat
from engine.data.errors import CellError, DataError, DataNote
from engine.data.files import absolute_path
from engine.data.how_read import AUTO, DECIMALS, FILLINGS, KINDS, SEPARATORS, SETTINGS, THOUSANDS, HowRead
from engine.data.kinds import date_format, iso, truth_of
from engine.data.raw import Raw
from engine.data.table_file import planned
from engine.data.table_reading import ColumnReading, Finding, ReadTable, TableReading
from engine.data.table_samples import Plan, TableReader
from engine.data.units import signs_of
from engine.numerics.job import JobError, Steps, finished, share_of
from graph.text.messages import _, ngettext
from graph.text.quoting import named

DISTINCT = 10_000
"""Up to so many different values are counted."""
FIRST = 12
"""Values of a column that are shown; the command line prints fewer."""


def read_table(_context: object, job: ReadTable) -> Steps:
    """Raises JobError where the file cannot be read at all."""
    try:
        reading = yield from previewing(json.loads(job.settings), job.folder, job.proposed)
    except DataError as error:
        raise JobError(str(error)) from None
    return reading


def preview(settings: Mapping[str, Any], folder: str = "", proposed: bool = True) -> TableReading:
    """The reading of a Data node's table. Raises DataError where the file cannot be read at all."""
    reading: TableReading = finished(previewing(settings, folder, proposed))
    return reading


def previewing(settings: Mapping[str, Any], folder: str = "", proposed: bool = True) -> Steps:
    """The same, a piece at a time."""
    values = {"dataset": "csv", **settings}
    if str(values.get("path") or "").strip():
        values["path"] = absolute_path(str(values["path"]), folder)
    how = HowRead.of(values, proposed)
    reader: TableReader = yield from share_of(planned(values, how), 0, 800)
    planned_notes = list(reader.notes)
    problem: DataError | None = None
    usable, classes = 0, tuple[str, ...]()
    try:
        raw = yield from share_of(reader.samples(str(values.get("coding", AUTO))), 800, 1000)
        usable = len(raw.x) if raw.usable is None else int(raw.usable.sum())
        classes = tuple(raw.classes)
        reader.notes += _rare(raw)
    except DataError as error:
        problem = error
    notes = reader.notes if len(reader.notes) >= len(planned_notes) else planned_notes
    return replace(_reading(reader, settings, notes, problem, usable), classes=classes)


def _rare(raw: Raw) -> list[DataNote]:
    """The classes that only one row has."""
    if raw.labels is None:
        return []
    counts = np.bincount(raw.labels[raw.labels >= 0], minlength=len(raw.classes))
    rare = [named(name, 40) for name, count in zip(raw.classes, counts.tolist(), strict=True) if count == 1]
    if not rare or counts.max() == 1:
        return []
    text = ngettext(
        "class {classes} has only one row, so it cannot be in the training part and in a part that is held out",
        "classes {classes} have only one row each, so they cannot be in the training part and in a part that is held out",
        len(rare),
    )
    return [DataNote(text.format(classes=", ".join(rare[:4]) + (" …" if len(rare) > 4 else "")), warning=True)]


def _reading(
    reader: TableReader, settings: Mapping[str, Any], notes: list[DataNote], problem: DataError | None, usable: int
) -> TableReading:
    table = reader.table
    decimal = _decimal(reader)
    grouping = reader.grouping()
    findings = (*table.findings, *_number_findings(reader, decimal, grouping))
    columns = tuple(_column(reader, plan) for plan in reader.plans.values())
    return TableReading(
        rows=len(table.lines), columns=columns, separator=table.separator, decimal=decimal, thousands=grouping or None,
        header=table.headed, encoding=table.encoding, skipped=table.skipped, findings=findings, notes=tuple(notes),
        problem=str(problem) if problem is not None else "", repairs=problem.repairs if problem is not None else (),
        unreadable=isinstance(problem, CellError), usable=usable, head=tuple(table.head), head_lines=tuple(table.head_lines),
        sheets=table.sheets, settings=_stored(reader, settings, decimal, columns),
    )  # fmt: skip


def _decimal(reader: TableReader) -> str:
    """The decimal sign of the table: that of most columns of numbers."""
    if reader.how.decimal != AUTO:
        return DECIMALS[reader.how.decimal]
    numeric = [plan for plan in reader.plans.values() if plan.kind == "number"]
    proven = [plan for plan in numeric if plan.column.signs.comma or plan.column.signs.point]
    signs = [plan.decimal for plan in proven or numeric] or ["."]
    return max(sorted(set(signs), reverse=True), key=signs.count)


def _number_findings(reader: TableReader, decimal: str, grouping: str) -> list[Finding]:
    """Why the decimal sign and the sign between thousands are what they are."""
    how, found = reader.how, []
    word = "comma" if decimal == "," else "point"
    if how.decimal != AUTO:
        found.append(Finding("decimal", how.decimal, _("The decimal sign was chosen: the {sign}.").format(sign=_sign(decimal)), True))
    else:
        evidence, doubtful = _decimal_evidence(reader, decimal)
        found.append(Finding("decimal", word, evidence, doubtful=doubtful))
    if how.thousands != AUTO:
        sign = _sign(THOUSANDS[how.thousands]) if THOUSANDS[how.thousands] else _("none")
        found.append(Finding("thousands", how.thousands, _("The sign between thousands was chosen: {sign}.").format(sign=sign), True))
    elif grouping:
        words = {sign: name for name, sign in THOUSANDS.items()}
        evidence = _("The sign between thousands is the {sign}.").format(sign=_sign(grouping))
        found.append(Finding("thousands", words.get(grouping, "blank" if grouping.isspace() else "apostrophe"), evidence))
    return found


def _decimal_evidence(reader: TableReader, decimal: str) -> tuple[str, bool]:
    if reader.table.typed:
        return _("The workbook stores numbers as numbers, whatever their decimal sign."), False
    other = "." if decimal == "," else ","
    for plan in reader.plans.values():
        proof = plan.column.signs
        if plan.kind != "number" or plan.decimal != decimal or not (proof.comma if decimal == "," else proof.point):
            continue
        cell = next((c for c in plan.column.first(1000) if decimal in c and NumberFormat(other).value(c) is None), "")
        if cell:
            text = _("{cell} in column {column} is a number only with the {sign} as the decimal sign.")
            return text.format(cell=named(cell, 30), column=named(plan.title), sign=_sign(decimal)), False
    if reader.unsure:
        return _("The decimal sign is not certain: some numbers can be read with either."), True
    if any(plan.kind == "number" and not plan.column.plain for plan in reader.plans.values()) or decimal == ",":
        return _("The decimal sign is the {sign}; the file's separator and other numbers speak for it.").format(sign=_sign(decimal)), True
    return _("No number needs a decimal sign other than the {sign}.").format(sign=_sign(decimal)), False


def _sign(sign: str) -> str:
    return {".": _("point"), ",": _("comma"), "'": _("apostrophe")}.get(sign, _("blank") if sign.isspace() else sign)


def _column(reader: TableReader, plan: Plan) -> ColumnReading:
    number = plan.kind in ("number", "date")
    column = plan.column
    if column.plain:
        missing = int(reader.absent(plan, number).sum())
    else:
        missing = sum(count for cell, count in column.counts.items() if reader.missing(cell, number))
    distinct = len(column.counts) if column.few(DISTINCT) else 0
    choice = reader.how.choice(plan.name)
    chosen = tuple(field for field in ("role", "kind", "missing", "code", "unit", "name") if getattr(choice, field))
    kinds = tuple(kind for kind in KINDS if _possible(reader, plan, kind))
    return ColumnReading(
        plan.name, plan.kind, plan.role, missing, tuple(_values(reader, plan)), plan.filling, plan.code,
        distinct, reader.fill_names.get(plan.name, ()), plan.evidence, chosen, kinds,
        FILLINGS[plan.kind] if plan.role == "feature" else (), plan.unit, plan.title,
    )  # fmt: skip


def _possible(reader: TableReader, plan: Plan, kind: str) -> bool:
    """Whether a column can have a kind at all; text always, the others where its cells can be read so."""
    if plan.column.plain and not plan.column.few(DISTINCT):
        return kind in ("number", "category", "text")
    words = {cell: count for cell, count in plan.column.counts.items() if not reader.missing(cell)}
    if kind == "date":
        return bool(date_format(words))
    if kind == "yes/no":
        return bool(truth_of(words)) or {reader.format_of(plan).value(cell) for cell in words} <= {0.0, 1.0}
    if kind == "number":
        return (
            plan.kind == "number"
            or any(reader.format_of(plan).value(cell) is not None for cell in list(words)[:100])
            or len(signs_of(words, reader.missing)) == 1
        )
    return True


def _values(reader: TableReader, plan: Plan) -> list[Any]:
    """The first values as they are read."""
    cells = list(plan.column.first(FIRST))
    number = plan.kind in ("number", "date")
    if plan.kind == "number" or (plan.kind == "category" and plan.column.plain):
        form = reader.format_of(plan)
        part = 100 if plan.unit == "fraction" else 1
        values = [None if reader.missing(cell) else form.value(cell) for cell in cells]
        return [
            None if reader.missing(cell) else _number(value if value is None or part == 1 else value / part, cell)
            for cell, value in zip(cells, values, strict=True)
        ]
    words = {cell: count for cell, count in plan.column.counts.items() if not reader.missing(cell, number)}
    if plan.kind == "yes/no":
        truth = truth_of(words)
        return [None if reader.missing(cell, False) else bool(truth[cell]) if cell in truth else cell for cell in cells]
    if plan.kind == "date":
        pattern = date_format(words)
        return [None if reader.missing(cell) else iso(cell, pattern) for cell in cells]
    return [None if reader.missing(cell, False) else cell for cell in cells]


def _number(value: float | None, cell: str) -> Any:
    """A number as JSON has it: whole ones without a point; what is none, or infinite, as it is written."""
    if value is None or not math.isfinite(value):
        return cell
    return int(value) if value == int(value) and abs(value) < 2**53 and "." not in cell and "," not in cell else value


def _stored(reader: TableReader, settings: Mapping[str, Any], decimal: str, columns: tuple[ColumnReading, ...]) -> dict[str, Any]:
    """The settings of a Data node that say all of this, so that no later version reads the file otherwise."""
    table = reader.table
    stored = {name: settings[name] for name in ("dataset", "path", "pasted", *SETTINGS) if settings.get(name) is not None}
    stored.setdefault("dataset", "csv")
    words = {sign: word for word, sign in SEPARATORS.items()}
    uniform = len({plan.decimal for plan in reader.plans.values() if plan.kind == "number" and "," in "".join(plan.column.first(50))}) < 2
    if table.separator in words:
        stored["separator"] = words[table.separator]
    if uniform and not reader.unsure:
        stored["decimal"] = "comma" if decimal == "," else "point"
    stored["header"] = next((finding.value for finding in table.findings if finding.setting == "header"), AUTO)
    if stored["dataset"] == "csv" and not table.sheets:
        stored["encoding"] = table.encoding
    stored.pop("feature_columns", None)
    stored.pop("target_columns", None)
    stored["columns"] = {
        column.name: {"role": column.role, "kind": column.kind}
        | ({"missing": column.filling} if column.role == "feature" else {})
        | ({"code": column.code} if column.code and column.role == "feature" else {})
        | ({"unit": column.unit} if column.unit else {})
        | ({"name": column.title} if column.title != column.name else {})
        for column in columns
    }
    return stored
