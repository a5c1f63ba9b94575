"""What a person chose about numbers with a sign for per cent or a currency, and the notes that say so or offer the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.data.cells import MissingWords, NumberFormat
from engine.data.columns import Column
from engine.data.errors import CellError, DataNote
from engine.data.how_read import HowRead
from engine.data.units import PERCENT, bare_column, parted, signs_of
from graph.text.messages import _
from graph.text.quoting import named


def without_signs(
    path: str, columns: Mapping[str, Column], lines: Sequence[int], how: HowRead, missing: MissingWords
) -> dict[str, tuple[Column, str]]:  # fmt: skip
    """The columns of numbers with a sign that are to be numbers: without the sign, and what becomes of it. Raises DataError."""
    found: dict[str, tuple[Column, str]] = {}
    for name, column in columns.items():
        choice = how.choice(name)
        if choice.kind != "number" or column.plain:
            continue
        signs = signs_of([cell for cell in column.counts if parted(cell) is not None], missing)
        if len(signs) > 1:
            text = _("{path}: column {column} has several signs beside its numbers ({signs}), so they cannot be compared")
            raise CellError(text.format(path=path, column=named(how.title(name)), signs=" ".join(signs[:6])))
        if signs:
            _check_all_have(path, how.title(name), column, lines, signs[0])
            percent = "fraction" if choice.unit == "fraction" else "percent"
            found[name] = bare_column(column, signs[0]), percent if signs[0] == PERCENT else "currency"
    return found


def _check_all_have(path: str, title: str, column: Column, lines: Sequence[int], sign: str) -> None:
    """Of numbers with and without a per cent sign, nobody knows what the latter mean. Raises DataError."""
    bare = next((cell for cell in column.counts if parted(cell) is None and NumberFormat().may_be(cell) and cell.strip("0.,")), "")
    if sign == PERCENT and bare:
        at = next(at for at, cell in enumerate(column.cells) if cell == bare)
        text = _("{path}: line {line}, column {column} has {cell} without the per cent sign of the other cells")
        raise CellError(text.format(path=path, line=lines[at], column=named(title), cell=named(bare, 42)))


def sign_notes(name: str, kind: str, unit: str, column: Column, how: HowRead, missing: MissingWords) -> list[DataNote]:
    """What became of the signs beside the numbers of a column, and what else could."""
    columns, title = {other: choice.to_json() for other, choice in how.columns}, named(how.title(name))

    def offer(words: str, unit: str) -> tuple[str, Mapping[str, object]]:
        return words, {"columns": columns | {name: {**columns.get(name, {}), "kind": "number", "unit": unit}}}

    if kind == "number" and unit:
        text, offers = {
            "percent": (_("column {column}: 12.5 % is read as the number 12.5"), [offer(_("12.5 % is 0.125"), "fraction")]),
            "fraction": (_("column {column}: 12.5 % is read as the number 0.125"), [offer(_("12.5 % is 12.5"), "percent")]),
            "currency": (_("column {column}: the currency signs are left out"), []),
        }[unit]
        return [DataNote(text.format(column=title), tuple(offers))]
    if kind != "text" or not (signs := signs_of(column.counts, missing)):
        return []
    if len(signs) > 1:
        text = _("column {column} is read as text: its numbers have different signs ({signs}), so they cannot be compared")
        return [DataNote(text.format(column=title, signs=" ".join(signs[:6])), warning=True)]
    cell = next(cell for cell in column.counts if not missing(cell))
    text = _("column {column} is read as text: its numbers have a sign, such as {cell}, and what they mean has to be chosen")
    offers = [offer(_("12.5 % is 12.5"), "percent"), offer(_("12.5 % is 0.125"), "fraction")]
    if signs[0] != PERCENT:
        offers = [offer(_("Read them as numbers"), "currency")]
    return [DataNote(text.format(column=title, cell=named(cell, 30)), tuple(offers), warning=True)]
