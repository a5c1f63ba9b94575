"""A person's CSV: read, with roles for its columns, notes on what was recognised, and complaints that name line and column."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.data.cells import Evidence, NumberFormat, all_plain, evidence, is_missing, mostly_numbers
from engine.data.errors import DataError, DataNote, Unreadable, listed
from engine.data.labels import classes_of, looks_like_classes, target_notes
from engine.data.raw import Raw
from engine.data.recent import Recent
from engine.data.text_table import Table, reading_table
from engine.numerics.job import JobReport, Steps, share_of
from graph.storage.paths import reason
from graph.text.messages import _, ngettext
from graph.text.quoting import named, one_line, quoted_path

TARGET_NAMES = ("label", "labels", "target", "class")
"""A column with one of these names is the target, at any position."""
CODES = (-9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0)
"""Numbers that often stand for "not measured"."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers by role, for every row of the file; `usable` are the rows that have a target.

    `labels` is the one target column as text, when it is not numbers.
    """

    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray | None
    labels: np.ndarray | None
    usable: np.ndarray
    notes: tuple[DataNote, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReading:
    """The settings of a Data node that say how a file is read."""

    feature_columns: str = ""
    target_columns: str = ""
    header: str = "auto"
    decimal: str = "auto"


_TABLES: Recent[Table] = Recent(2)


def reading_columns(path: str, reading: FileReading) -> Steps:
    """Returns the `Columns`. Raises DataError, in words for the file's owner. The tables read last are kept while their files stay."""
    if not path.strip():
        raise DataError(_("choose a CSV file"))
    try:
        stamp = os.stat(path)
    except (OSError, ValueError) as error:
        raise Unreadable(_("{file}: cannot be read: {error}").format(file=quoted_path(path), error=reason(error))) from None
    key = (path, stamp.st_mtime_ns, stamp.st_size, reading.header)
    table = _TABLES.find(key)
    if table is None:
        table = yield from share_of(reading_table(path, reading.header), 0, 700)
        _TABLES.keep(key, table)
    reader = _Reader(path, table, reading)
    columns = yield from share_of(reader.columns(), 700, 1000)
    return columns


class _Reader:
    """One file under one reading."""

    def __init__(self, path: str, table: Table, reading: FileReading) -> None:
        self._path, self._table, self._reading = quoted_path(path), table, reading
        self._cells = dict(zip(table.names, table.columns, strict=True))
        self._plain: dict[str, bool] = {}
        self._notes = list(table.notes)

    def columns(self) -> Steps:
        """One column after the other; returns the `Columns`."""
        count = len(self._cells)
        for at, (name, cells) in enumerate(self._cells.items()):
            yield JobReport(at, 2 * count, _("column {done:,} of {total:,}").format(done=at + 1, total=count))
            self._plain[name] = all_plain(cells)
        features, targets = self._roles()
        signs = self._decimal_signs([*features, *targets])
        self._refuse_text(features)
        words = len(targets) == 1 and not self._plain[targets[0]] and looks_like_classes(self._cells[targets[0]])
        usable = self._labelled(targets, words)
        taken = []
        for at, name in enumerate(features):
            yield JobReport(count + at, 2 * count, _("numbers of column {done:,} of {total:,}").format(done=at + 1, total=len(features)))
            taken.append(self._numbers(name, signs[name], "feature", usable, features))
        x = np.stack(taken, axis=1)
        labels, y = None, None
        if words:
            labels, notes = classes_of(self._cells[targets[0]], usable, targets[0])
            self._notes += notes
            if self._table.trimmed & set(labels[usable].tolist()):
                self._notes.append(DataNote(_("column {column}: spaces around words removed").format(column=named(targets[0]))))
        else:
            y = np.stack([self._numbers(name, signs[name], "target", usable) for name in targets], axis=1)
        self._notes += target_notes(targets, x[usable], None if y is None else y[usable], features, labels, usable)
        return Columns(tuple(features), tuple(targets), x, y, labels, usable, tuple(self._notes))

    # Roles

    def _roles(self) -> tuple[list[str], list[str]]:
        names, path = self._table.names, self._path
        targets = _chosen(self._reading.target_columns, names, path) or [self._target()]
        features = _chosen(self._reading.feature_columns, names, path)
        if not features:
            features = [name for name in names if name not in targets]
            features = self._without_index(features)
        if not features:
            raise DataError(_("{path}: no column is left for the features").format(path=path))
        if both := [name for name in features if name in targets]:
            raise DataError(_("{path}: column {column} is both a feature and a target").format(path=path, column=named(both[0])))
        return features, targets

    def _target(self) -> str:
        """The column called label; in a table without names the only one that holds words; else the last."""
        names = self._table.names
        called = [name for name in names if name.lower() in TARGET_NAMES]
        if len(called) == 1 and called[0] != names[-1]:
            offer = (_("Use {column} as the target").format(column=names[-1]), {"target_columns": listed(names[-1:])})
            taken = _("column {column} is used as the target because of its name").format(column=named(called[0]))
            self._notes.append(DataNote(taken, (offer,)))
            return called[0]
        if not self._table.headed:
            words = [name for name in names if not mostly_numbers(self._cells[name])]
            if len(words) == 1 and words[0] != names[-1] and len(set(self._cells[words[0]])) < len(self._table.lines):
                taken = _("{column} is used as the target: it is the only column that holds words").format(column=words[0])
                self._notes.append(DataNote(taken))
                return words[0]
        return next((name for name in reversed(names) if name not in self._table.unnamed), names[-1])

    def _without_index(self, features: list[str]) -> list[str]:
        """A column without a name that counts the rows is what a spreadsheet or pandas wrote beside the table."""
        first = self._table.names[0]
        unnamed = (self._table.headed and first in self._table.unnamed) or first.lower().startswith("unnamed: 0")
        if first not in features or len(features) < 2 or not unnamed or not _counts(self._cells[first]):
            return features
        offer = ((_("Use {first} as a feature").format(first=first), {"feature_columns": listed(features)}),)
        self._notes.append(DataNote(_("{first} has no name and counts the rows, so it was left out").format(first=first), offer))
        return [name for name in features if name != first]

    def _refuse_text(self, features: Sequence[str]) -> None:
        """Columns of words cannot be features; the others can, with one click."""
        words = [name for name in features if not self._plain[name] and not mostly_numbers(self._cells[name])]
        words = [name for name in words if not _truth(self._cells[name]) and any(not is_missing(cell) for cell in self._cells[name])]
        if not words:
            return
        cell = next(cell for cell in self._cells[words[0]] if not is_missing(cell) and not NumberFormat().may_be(cell))
        left = [name for name in features if name not in words]
        offers = [(_("Leave out {words}").format(words=_listed(words)), {"feature_columns": listed(left)})] if left else []
        more = _(" (and {columns} too)").format(columns=_listed(words[1:])) if words[1:] else ""
        raise DataError(
            _("{path}: line {line}, column {column} has {cell}{more}; a feature must be a number").format(
                path=self._path,
                line=self._table.lines[self._cells[words[0]].index(cell)],
                column=named(words[0]),
                cell=_short(cell),
                more=more,
            ),
            offers,
        )

    def _labelled(self, targets: Sequence[str], words: bool) -> np.ndarray:
        """Mask of the rows that have a target; a note says that the others are not used."""
        missing = np.zeros(len(self._table.lines), dtype=bool)
        for name in (name for name in targets if not self._plain[name]):
            known = {cell: is_missing(cell, not words) for cell in set(self._cells[name])}
            missing |= np.fromiter((known[cell] for cell in self._cells[name]), bool, len(missing))
        if missing.all():
            raise DataError(_("{path}: column {column} has no value in any row").format(path=self._path, column=named(targets[0])))
        if missing.any():
            rows = np.flatnonzero(missing)
            lines = ", ".join(str(self._table.lines[at]) for at in rows[:5]) + (" …" if len(rows) > 5 else "")
            text = ngettext(
                "1 row has no value in {targets} (line {lines}) and cannot be used for training",
                "{rows:,} rows have no value in {targets} (lines {lines}) and cannot be used for training",
                len(rows),
            ).format(rows=len(rows), targets=_listed(targets), lines=lines)
            self._notes.append(
                DataNote(
                    _("{reason}; {used:,} of {rows:,} rows are used").format(
                        reason=text, used=len(missing) - len(rows), rows=len(missing)
                    ),
                    warning=True,
                )
            )
        return ~missing

    # Numbers

    def _decimal_signs(self, names: Sequence[str]) -> dict[str, str]:
        """The decimal sign of every column: its own cells prove it, else those of the other columns, else the file's separator."""
        if self._reading.decimal in ("point", "comma"):
            return dict.fromkeys(names, "." if self._reading.decimal == "point" else ",")
        evidences = {name: evidence(self._cells[name], self._plain[name]) for name in self._table.names}
        points = sum(column.point > 0 for column in evidences.values())
        commas = sum(column.comma > 0 for column in evidences.values())
        common = "." if points and not commas else "," if commas and not points else ""
        signs = {name: self._sign(name, evidences[name], common, bool(points and commas)) for name in names}
        grouped = [name for name in names if evidences[name].either and evidences[name].comma + evidences[name].point == 0]
        self._say_signs([name for name in names if signs[name] == ","], grouped, signs, evidences)
        return signs

    def _sign(self, name: str, proof: Evidence, common: str, both: bool) -> str:
        if proof.point or proof.comma:
            return "." if proof.point >= proof.comma else ","
        if not proof.either:
            return common or "."
        if common:
            return common
        if self._table.separator == "," and not both:
            return "."
        if "," not in proof.either and self._table.separator != ";" and not both:
            return "."
        readings = [NumberFormat(sign).value(proof.either) for sign in ".,"]
        line = self._table.lines[self._cells[name].index(proof.either)]
        raise DataError(
            _("{path}: line {line}, column {column} has {cell}, which can mean {first:g} or {second:g}").format(
                path=self._path, line=line, column=named(name), cell=one_line(proof.either, 40), first=readings[0], second=readings[1]
            ),
            [(_("The decimal sign is the point"), {"decimal": "point"}), (_("The decimal sign is the comma"), {"decimal": "comma"})],
        )

    def _say_signs(self, commas: Sequence[str], grouped: Sequence[str], signs: Mapping[str, str], proofs: Mapping[str, Evidence]) -> None:
        if any(proofs[name].comma for name in commas):
            self._notes.append(DataNote(_("numbers are written with a decimal comma")))
        for name in grouped:
            cell, sign = proofs[name].either, signs[name]
            opposite = "." if sign == "," else ","
            if NumberFormat(sign).value(cell) != NumberFormat(opposite).value(cell) and opposite in cell:
                value = NumberFormat(sign).value(cell)
                other = "point" if sign == "," else "comma"
                offer = (_("The {other} is the decimal sign").format(other=other), {"decimal": other})
                text = _("column {column}: the {sign} separates thousands, {cell} is {number:.10g}").format(
                    column=named(name), sign=other, cell=one_line(cell, 40), number=value
                )
                self._notes.append(DataNote(text, (offer,)))

    def _numbers(self, name: str, sign: str, role: str, usable: np.ndarray, features: Sequence[str] = ()) -> np.ndarray:
        """The column as numbers, NaN in rows that are not used."""
        cells = self._cells[name]
        plain = self._plain[name] and sign == "."
        numbers = np.fromiter(map(float, cells), float, len(cells)) if plain else self._by_cell(name, sign, role)
        bad = np.flatnonzero(~np.isfinite(numbers) & usable)
        if len(bad):
            raise self._bad_cell(name, role, bad, usable, features)
        self._flag_codes(name, role, numbers[usable])
        numbers[~usable] = np.nan
        return numbers

    def _by_cell(self, name: str, sign: str, role: str) -> np.ndarray:
        """The column as numbers, each distinct cell read once; NaN for what is none."""
        cells = self._cells[name]
        distinct = list(dict.fromkeys(cells))
        known = dict(zip(distinct, NumberFormat(sign).values(distinct), strict=True))
        if role == "feature" and (truth := _truth(cells)):
            known |= truth
            self._notes.append(
                DataNote(
                    _("column {column}: {meanings}").format(
                        column=named(name),
                        meanings=" and ".join(_("{word} is {number:g}").format(word=word, number=value) for word, value in truth.items()),
                    )
                )
            )
        return np.fromiter((np.nan if (v := known[cell]) is None else v for cell in cells), float, len(cells))

    def _bad_cell(self, name: str, role: str, bad: np.ndarray, usable: np.ndarray, features: Sequence[str]) -> DataError:
        cells, lines = self._cells[name], self._table.lines
        left = [feature for feature in features if feature != name]
        offers = [(_("Leave out {name}").format(name=name), {"feature_columns": listed(left)})] if left else []
        missing = [at for at in bad if is_missing(cells[at])]
        wrong = next((at for at in bad if not is_missing(cells[at])), None)
        if wrong is not None:
            return DataError(
                _("{path}: line {line}, column {column} has {cell}, and a {role} must be a finite number").format(
                    path=self._path, line=lines[wrong], column=named(name), cell=_short(cells[wrong]), role=role
                ),
                offers,
            )
        at = missing[0]
        lacks = _("has no value ({cell})").format(cell=named(cells[at])) if cells[at] else _("is empty")
        several = (
            _("; {missing:,} of {rows:,} rows lack one").format(missing=len(missing), rows=int(usable.sum())) if len(missing) > 1 else ""
        )
        text = _("{path}: line {line}, column {column} {lacks}{several}. Fill it in or leave the column out").format(
            path=self._path, line=lines[at], column=named(name), lacks=lacks, several=several
        )
        return DataError(text, offers)

    def _flag_codes(self, name: str, role: str, numbers: np.ndarray) -> None:
        for code in CODES:
            others = numbers[numbers != code]
            if not len(others) or len(others) == len(numbers):
                continue
            span = max(float(np.ptp(others)), 1.0)
            if min(abs(code - float(others.min())), abs(code - float(others.max()))) > 3 * span:
                count = len(numbers) - len(others)
                text = ngettext(
                    "column {name} has {code:g} in {n:,} row, far from all other values: is it a code for a missing value?",
                    "column {name} has {code:g} in {n:,} rows, far from all other values: is it a code for a missing value?",
                    count,
                )
                self._notes.append(DataNote(text.format(name=named(name), code=code, n=count), warning=True))


def raw_of(columns: Columns, path: str, coding: str) -> Raw:
    """The samples of a table: its one target column as classes where it holds words, or where the coding asks for classes."""
    labels, targets = columns.labels, columns.target_names
    wants_classes = coding not in ("auto", "real")
    notes = columns.notes
    if labels is None and wants_classes and columns.y is not None and columns.y.shape[1] == 1:
        labels = columns.y[:, 0]
        notes = tuple(note for note in notes if not note.meant_as_classes)
    if labels is None:
        return Raw(columns.x, columns.y, None, (), columns.feature_names, targets, columns.usable, notes)
    distinct, places = np.unique(labels[columns.usable], return_inverse=True)
    if len(distinct) > max(50, len(places) // 2):
        where = _("{file}: column {column}").format(file=quoted_path(path), column=named(targets[0]))
        if len(distinct) == len(places):
            raise DataError(_("{where} is different in every row: it identifies the rows and cannot be a target").format(where=where))
        raise DataError(_("{where} has {distinct} different values, too many to be classes").format(where=where, distinct=len(distinct)))
    classes = tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in distinct.tolist())
    numbers = np.full(len(labels), -1)
    numbers[columns.usable] = places
    return Raw(columns.x, None, numbers, classes, columns.feature_names, targets, columns.usable, notes)


def _counts(cells: Sequence[str]) -> bool:
    """Whether a column is 0, 1, 2 … or 1, 2, 3 …."""
    if not cells or cells[0] not in ("0", "1"):
        return False
    return all(cell == str(number) for number, cell in enumerate(cells, int(cells[0])))


def _truth(cells: Sequence[str]) -> dict[str, float | None]:
    """True and False as 1 and 0, where a column holds nothing else."""
    words = {cell for cell in set(cells) if not is_missing(cell)}
    if words and {word.lower() for word in words} <= {"true", "false"}:
        return {word: float(word.lower() == "true") for word in sorted(words)}
    return {}


def _chosen(text: str, names: list[str], path: str) -> list[str]:
    """The columns a person named; a name that contains a comma stands in quotation marks."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    chosen = [part.strip() for row in rows for part in row if part.strip()]
    for name in chosen:
        if name not in names:
            known = ", ".join(one_line(listed([known]), 40) for known in names[:12])
            raise DataError(
                _("{path}: has no column {column}; its columns are {columns}{more}").format(
                    path=path, column=named(name), columns=known, more=" …" if len(names) > 12 else ""
                )
            )
    return list(dict.fromkeys(chosen))


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(one_line(str(name), 40) for name in names[:4]) + (" …" if len(names) > 4 else "")


def _short(cell: str) -> str:
    """A cell in a sentence: on one line, and not too long."""
    return named(cell, 42)
