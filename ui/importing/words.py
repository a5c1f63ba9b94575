"""What roles, kinds and treatments of columns are called in the import dialog."""

from __future__ import annotations

from engine.data.table_reading import ColumnReading, TableReading
from graph.text.messages import _, ngettext

ROLES = {"feature": _("feature"), "target": _("target"), "ignore": _("ignore"), "split": _("split")}
KINDS = {"number": _("number"), "category": _("category"), "yes/no": _("yes/no"), "date": _("date"), "text": _("text")}
MISSING = {
    "drop": _("drop the row"), "mean": _("use the mean"), "median": _("use the median"), "most frequent": _("use the most frequent"),
    "category": _("a category of its own"),
}  # fmt: skip
CODES = {"one_hot": _("one-hot"), "index": _("index, for an Embedding")}
UNITS = {"percent": _("{kind}, in per cent"), "fraction": _("{kind}, 1 % is 0.01"), "currency": _("{kind}, without the currency")}
"""The kind of numbers with a sign beside them."""
EXPLAINED = {
    "role": _("Feature: an input of the network. Target: what it predicts. Ignore: not used. Split: says which rows train and which test."),
    "kind": _("How the cells are understood."),
    "missing": _("What happens to rows without a value here. Mean, median and most frequent value are those of the training part."),
    "code": _("The features that the column becomes: one of 0 and 1 per value, or one number, the value's index."),
}
ROWS = (("role", _("Role")), ("kind", _("Kind")), ("missing", _("Missing values")), ("code", _("Becomes")))
"""The choices for each column, with the headings of their lines."""


def options(column: ColumnReading, field: str) -> dict[str, str]:
    """The values that a column can have, with their words; none where there is nothing to choose."""
    if field == "role":
        return ROLES
    if field == "kind":
        return {kind: KINDS[kind] for kind in column.kinds}
    if column.role != "feature":
        return {}
    if field == "missing":
        return {way: MISSING[way] for way in column.fillings} if column.missing else {}
    return CODES if column.kind == "category" else {}


def said(column: ColumnReading, field: str, classes: int = 0) -> str:
    """What is shown for a column; `classes` counts those of the target, where that is known."""
    if field == "role":
        return ROLES[column.role]
    if field == "kind":
        return UNITS[column.unit].format(kind=KINDS[column.kind]) if column.unit else KINDS[column.kind]
    if field == "missing":
        if not column.missing:
            return _("none missing")
        lost = ngettext("{n:,} missing", "{n:,} missing", column.missing).format(n=column.missing)
        if column.role == "ignore":
            return lost
        way = MISSING[column.filling] if column.role == "feature" else MISSING["drop"]
        return _("{count}: {treatment}").format(count=lost, treatment=way)
    return _becomes(column, classes)


def _becomes(column: ColumnReading, classes: int) -> str:
    if column.role == "target":
        if column.kind == "number":
            return _("the target, a number")
        return ngettext("{n:,} class", "{n:,} classes", classes).format(n=classes) if classes else _("the target, classes")
    if column.role == "split":
        return _("the parts")
    if column.role == "ignore":
        return _("not used")
    if column.code == "index":
        return _("1 feature, its index")
    count = len(column.features)
    if column.code == "one_hot":
        return ngettext("{n:,} feature, one-hot", "{n:,} features, one-hot", count).format(n=count)
    if column.kind == "yes/no":
        return _("1 feature, 0 or 1")
    if column.kind == "date":
        return _("1 feature, in days")
    return _("1 feature")


def summary(reading: TableReading) -> str:
    """The table in one line."""
    features = sum(len(column.features) for column in reading.columns if column.role == "feature")
    targets = [column for column in reading.columns if column.role == "target"]
    rows = ngettext("{n:,} row", "{n:,} rows", reading.rows).format(n=reading.rows)
    if reading.usable and reading.usable < reading.rows:
        rows = _("{rows}, {usable:,} usable").format(rows=rows, usable=reading.usable)
    parts = [rows, ngettext("{n:,} column", "{n:,} columns", len(reading.columns)).format(n=len(reading.columns))]
    if features and targets:
        inputs = ngettext("{n:,} feature", "{n:,} features", features).format(n=features)
        names = ", ".join(column.title for column in targets[:3]) + (" …" if len(targets) > 3 else "")
        if count := len(reading.classes):
            names = ngettext("{target} ({n:,} class)", "{target} ({n:,} classes)", count).format(target=names, n=count)
        parts.append(_("{features} → {target}").format(features=inputs, target=names))
    return " · ".join(parts)
