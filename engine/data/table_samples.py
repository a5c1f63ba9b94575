"""A table as samples: numbers by role, notes on what was recognised, and complaints that name line and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.data.cells import Evidence, MissingWords, NumberFormat, thousands_in
from engine.data.columns import Column
from engine.data.errors import CellError, DataError, DataNote, listed
from engine.data.how_read import AUTO, DECIMALS, THOUSANDS, HowRead, missing_words
from engine.data.kinds import alike, ambiguous_date, date_format, days, kind_of, level_key, truth_of
from engine.data.labels import classes_of, target_notes
from engine.data.raw import Fill, Raw
from engine.data.roles import SPLIT_WORDS, Roles
from engine.data.text_table import Table
from engine.data.unit_choices import sign_notes, without_signs
from engine.numerics.job import JobReport, Steps
from graph.text.messages import _, ngettext
from graph.text.quoting import named, one_line, quoted_path

CODES = (-9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0)
"""Numbers that often stand for "not measured"."""
ONE_HOT_MOST = 50
"""With more values than this, a category becomes an index by itself."""
FEATURES_MOST = 20_000
ROWS_AT_ONCE = 2048


@dataclass(slots=True)
class Plan:
    """What one column is: its cells, kind and role with the reason for them, and what is done with it."""

    name: str
    column: Column
    kind: str
    role: str = "ignore"
    filling: str = "drop"
    code: str = ""
    decimal: str = "."
    evidence: str = ""
    title: str = ""
    """What it is called here; `name` is what the file calls it."""
    unit: str = ""
    """What becomes of the signs beside its numbers, one of `how_read.UNITS`; empty where there are none."""


class TableReader:
    """One table under one reading: `plans` says what its columns are, `samples` makes numbers of them."""

    def __init__(self, path: str, table: Table, how: HowRead) -> None:
        """Raises DataError where a column that was named is not there."""
        self.path, self.table, self.how = quoted_path(path), table, how
        self.notes: list[DataNote] = list(table.notes)
        self.missing = MissingWords(*missing_words(how.missing_words))
        self.thousands = None if how.thousands == AUTO else THOUSANDS[how.thousands]
        self._columns = dict(zip(table.names, table.columns, strict=True))
        self.plans: dict[str, Plan] = {}
        self.unsure: dict[str, DataError] = {}
        """Columns of which a number can mean two things."""
        self.fill_names: dict[str, tuple[str, ...]] = {}
        """The features that a column makes, by its name; after `samples`."""

    @property
    def _titles(self) -> list[str]:
        """What the targets are called here."""
        return [self.plans[name].title for name in self.targets]

    def _check_titles(self) -> None:
        """Raises DataError where two columns would have one name."""
        titles = Counter(map(self.how.title, self._columns))
        if twice := [title for title, count in titles.items() if count > 1]:
            raise DataError(_("{path}: two columns would be called {name}").format(path=self.path, name=named(twice[0])))

    def planning(self) -> Steps:
        """Find out what the columns are, one after the other. Raises DataError."""
        kinds: dict[str, tuple[str, str]] = {}
        self._check_titles()
        chosen = without_signs(self.path, self._columns, self.table.lines, self.how, self.missing)
        units = {name: unit for name, (_column, unit) in chosen.items()}
        self._columns |= {name: column for name, (column, _unit) in chosen.items()}
        for at, (name, column) in enumerate(self._columns.items()):
            yield JobReport(at, len(self._columns), _("column {done:,} of {total:,}").format(done=at + 1, total=len(self._columns)))
            kind = self.how.choice(name).kind
            kinds[name] = (kind, _("Its kind was chosen.")) if kind else kind_of(column, self.missing)
        roles = Roles(self.path, self.table, self.how, {name: kind for name, (kind, _why) in kinds.items()}, self.missing)
        self.features, self.targets = roles.features, roles.targets
        self.notes += roles.notes
        for name, column in self._columns.items():
            kind, why = kinds[name]
            plan = self.plans[name] = Plan(name, column, kind, roles.of[name], title=self.how.title(name), unit=units.get(name, ""))
            plan.evidence = " ".join(filter(None, (why, roles.why.get(name, ""))))
            if plan.role == "split" and not self.how.choice(name).kind:
                plan.kind = "category"
            self._propose_class(plan, roles.fresh)
            choice = self.how.choice(name)
            plan.filling = choice.missing or "drop"
            if kind == "category" or (kind == "yes/no" and plan.filling == "category"):
                plan.code = choice.code or ("one_hot" if len(self._levels(plan)) <= ONE_HOT_MOST else "index")
        for plan in self.plans.values():
            self.notes += sign_notes(plan.name, plan.kind, plan.unit, plan.column, self.how, self.missing)
        self._decimal_signs()

    def _propose_class(self, plan: Plan, fresh: bool) -> None:
        """In a new table, a target of few whole numbers that occur several times each is taken for classes."""
        new = fresh and not self.how.choice(plan.name).kind
        if not new or plan.role != "target" or plan.kind != "number" or len(self.targets) > 1:
            return
        if not plan.column.few(50):
            return
        counts = {cell: n for cell, n in plan.column.counts.items() if not self.missing(cell)}
        numbers = {NumberFormat(".").value(cell) for cell in counts}
        if 2 <= len(numbers) <= 10 and all(n is not None and n >= 0 and n == round(n) for n in numbers) and min(counts.values()) > 1:
            plan.kind = "category"
            text = _("target {name} has only {levels} values, all whole numbers; they are taken for classes").format(
                name=named(plan.title), levels=len(numbers)
            )
            plan.evidence = _("It holds only {levels} whole numbers, each several times.").format(levels=len(numbers))
            offer = (_("Read them as numbers"), {"columns": {plan.name: {"kind": "number"}}})
            self.notes.append(DataNote(text, (offer,), meant_as_classes=True))

    # Signs of numbers

    def _decimal_signs(self) -> None:
        """The decimal sign of every column: its own cells prove it, else those of the other columns, else the file's separator."""
        numeric = [plan for plan in self.plans.values() if plan.kind == "number"]
        if self.how.decimal != AUTO:
            for plan in self.plans.values():
                plan.decimal = DECIMALS[self.how.decimal]
            return
        proofs = {plan.name: plan.column.signs for plan in self.plans.values() if plan.kind in ("number", "category", "text")}
        points = sum(proof.point > 0 for proof in proofs.values())
        commas = sum(proof.comma > 0 for proof in proofs.values())
        common = "." if points and not commas else "," if commas and not points else ""
        for plan in numeric:
            try:
                plan.decimal = self._sign(plan.name, proofs[plan.name], common, bool(points and commas))
            except DataError as unsure:
                self.unsure[plan.name] = unsure
        used = [plan for plan in numeric if plan.role in ("feature", "target") and plan.name not in self.unsure]
        if any(proofs[plan.name].comma for plan in used if plan.decimal == ","):
            self.notes.append(DataNote(_("numbers are written with a decimal comma")))
        for plan in used:
            self._say_thousands(plan, proofs[plan.name])

    def _sign(self, name: str, proof: Evidence, common: str, both: bool) -> str:
        if proof.point or proof.comma:
            return "." if proof.point >= proof.comma else ","
        if not proof.either or self.table.typed:
            return "." if self.table.typed else common or "."
        if common:
            return common
        if self.how.thousands != AUTO and (grouping := THOUSANDS[self.how.thousands]) in (".", ","):
            return "," if grouping == "." else "."
        if self.table.separator == "," and not both:
            return "."
        if "," not in proof.either and self.table.separator != ";" and not both:
            return "."
        readings = [NumberFormat(sign).value(proof.either) for sign in ".,"]
        raise CellError(
            _("{path}: line {line}, column {column} has {cell}, which can mean {first:g} or {second:g}").format(
                path=self.path, line=self._line(name, proof.either), column=named(name), cell=one_line(proof.either, 40),
                first=readings[0], second=readings[1],
            ),
            [(_("The decimal sign is the point"), {"decimal": "point"}), (_("The decimal sign is the comma"), {"decimal": "comma"})],
        )  # fmt: skip

    def _say_thousands(self, plan: Plan, proof: Evidence) -> None:
        cell, sign = proof.either, plan.decimal
        if not cell or proof.comma + proof.point:
            return
        opposite = "." if sign == "," else ","
        if NumberFormat(sign).value(cell) != NumberFormat(opposite).value(cell) and opposite in cell:
            other = "point" if sign == "," else "comma"
            offer = (_("The {other} is the decimal sign").format(other=other), {"decimal": other})
            text = _("column {column}: the {sign} separates thousands, {cell} is {number:.10g}").format(
                column=named(plan.title), sign=other, cell=one_line(cell, 40), number=NumberFormat(sign).value(cell)
            )
            self.notes.append(DataNote(text, (offer,)))

    def format_of(self, plan: Plan) -> NumberFormat:
        return NumberFormat(plan.decimal, self.thousands)

    def grouping(self) -> str:
        """The sign that stands between thousands in a column of numbers; empty where none does."""
        for plan in self.plans.values():
            if plan.kind != "number" or plan.column.plain and plan.decimal == ".":
                continue
            for cell in plan.column.counts:
                if (value := self.format_of(plan).value(cell)) is not None and np.isfinite(value):
                    kinds = thousands_in(cell, plan.decimal)
                    if found := next((letter for letter in cell if letter in kinds or (" " in kinds and letter.isspace())), ""):
                        return found
                    if kinds:
                        return kinds.pop()
        return ""

    # Samples

    def samples(self, coding: str = AUTO) -> Steps:
        """The `Raw` samples; `coding` as in the Data node. Raises DataError."""
        if not self.targets:
            raise DataError(_("{path}: no column is the target; choose one").format(path=self.path))
        if not self.features:
            words = [plan for plan in self.plans.values() if plan.role == "ignore" and plan.kind == "text" and plan.column.filled()]
            if words and not self.how.columns:
                raise self._text_feature(words[0])
            raise DataError(_("{path}: no column is left for the features").format(path=self.path))
        for name in [*self.features, *self.targets]:
            if name in self.unsure:
                raise self.unsure[name]
        targets = [self.plans[name] for name in self.targets]
        classes = len(targets) == 1 and targets[0].kind != "number"
        usable = self._usable(targets, classes)
        blocks, names, fills = [], list[str](), list[Fill]()
        together = self._together(usable)
        if together is not None:
            names = [self.plans[name].title for name in self.features]
            self.fill_names = {name: (self.plans[name].title,) for name in self.features}
        for at, name in enumerate(self.features if together is None else ()):
            total = len(self.features)
            yield JobReport(at, total, _("numbers of column {done:,} of {total:,}").format(done=at + 1, total=total))
            plan = self.plans[name]
            block, titles = self._feature(plan, usable)
            if plan.filling in ("mean", "median", "most frequent") and np.isnan(block[usable]).any():
                fills.append(Fill(plan.title, len(names), len(names) + len(titles), plan.filling))
            blocks.append(block)
            names += titles
            self.fill_names[name] = tuple(titles)
            if len(names) > FEATURES_MOST:
                raise DataError(_("{path}: the categories make more than {most:,} features").format(path=self.path, most=FEATURES_MOST))
        x = _joined(blocks) if together is None else together
        parts = self._parts(usable)
        if classes:
            raw = self._classified(targets[0], x, usable)
        else:
            if others := [plan for plan in targets if plan.kind != "number"]:
                raise DataError(_("{path}: column {column} is no number; several targets must be numbers").format(
                    path=self.path, column=named(others[0].name)))  # fmt: skip
            y = np.stack([self._numbers(plan, usable, "target") for plan in targets], axis=1)
            used = slice(None) if usable.all() else usable
            self.notes += target_notes(self._titles, x[used], y[used], names, None, usable)
            raw = Raw(x, y, None, (), tuple(names), tuple(self._titles), usable)
            if coding not in (AUTO, "real") and y.shape[1] == 1:
                raw = self._as_classes(raw, y[:, 0], usable)
        return replace(raw, feature_names=tuple(names), notes=tuple(self.notes), parts=parts, fills=tuple(fills))

    def _together(self, usable: np.ndarray) -> np.ndarray | None:
        """The features of a large table of plain numbers, all at once; None for any other."""
        plans = [self.plans[name] for name in self.features]
        if self.missing.added or not usable.all() or any(plan.kind != "number" or plan.decimal != "." or plan.unit for plan in plans):
            return None
        x = plans[0].column.beside([plan.column for plan in plans])
        if x is not None:
            for at, plan in enumerate(plans):
                if set(plan.column.ends() or ()) & set(CODES):
                    self._flag_codes(plan, x[:, at])
        return x

    def _line(self, name: str, cell: str) -> int:
        cells = self._columns[name].cells
        return self.table.lines[next(at for at in range(len(cells)) if cells[at] == cell)]

    def _usable(self, targets: Sequence[Plan], words: bool) -> np.ndarray:
        """Mask of the rows that have a target, and a value in all features whose rows are dropped without one; notes count the others."""
        absent = np.zeros(len(self.table.lines), dtype=bool)
        for plan in targets:
            absent |= self.absent(plan, not words)
        if absent.all():
            raise DataError(_("{path}: column {column} has no value in any row").format(path=self.path, column=named(self._titles[0])))
        if absent.any():
            text = ngettext(
                "1 row has no value in {targets} (line {lines}) and cannot be used for training",
                "{rows:,} rows have no value in {targets} (lines {lines}) and cannot be used for training",
                int(absent.sum()),
            ).format(rows=int(absent.sum()), targets=_listed([plan.title for plan in targets]), lines=self._lines(absent))
            used = _("{reason}; {used:,} of {rows:,} rows are used").format(reason=text, used=int((~absent).sum()), rows=len(absent))
            self.notes.append(DataNote(used, warning=True))
        usable = ~absent
        for name in self.features:
            plan = self.plans[name]
            if plan.filling == "drop" and (dropped := self.absent(plan, plan.kind in ("number", "date")) & ~absent).any():
                usable &= ~dropped
                self.notes.append(self._dropped(plan, dropped))
        if not usable.any():
            text = _("{path}: every row lacks a value in some column; choose what takes the place of missing values")
            raise DataError(text.format(path=self.path))
        return usable

    def absent(self, plan: Plan, number: bool) -> np.ndarray:
        """Mask of the rows without a value."""
        column = plan.column
        if column.plain:
            codes = [value for word in self.missing.added if (value := NumberFormat(".").value(word)) is not None]
            return np.isin(column.numbers(), codes) if codes else np.zeros(len(column), dtype=bool)
        known = {cell: self.missing(cell, number) for cell in column.counts}
        if not any(known.values()):
            return np.zeros(len(column), dtype=bool)
        return np.fromiter((known[cell] for cell in column.cells), bool, len(column))

    def _lines(self, mask: np.ndarray) -> str:
        rows = np.flatnonzero(mask)
        return ", ".join(str(self.table.lines[at]) for at in rows[:5]) + (" …" if len(rows) > 5 else "")

    def _dropped(self, plan: Plan, rows: np.ndarray) -> DataNote:
        text = ngettext(
            "column {column}: {n:,} row has no value (line {lines}) and is not used",
            "column {column}: {n:,} rows have no value (lines {lines}) and are not used",
            int(rows.sum()),
        ).format(column=named(plan.title), n=int(rows.sum()), lines=self._lines(rows))
        return DataNote(text, tuple(self._fillings(plan)), warning=not self.how.choice(plan.name).missing)

    def _fillings(self, plan: Plan) -> list[tuple[str, Mapping[str, object]]]:
        """Buttons for what else can be done with missing values."""
        ways = ["mean", "median"] if plan.kind == "number" else ["category", "most frequent"]
        titles = {
            "mean": _("Use the mean for {name}"), "median": _("Use the median for {name}"),
            "category": _("Make it a category of its own in {name}"), "most frequent": _("Use the most frequent value for {name}"),
        }  # fmt: skip
        offers: list[tuple[str, Mapping[str, object]]] = []
        for way in ways:
            columns = {name: choice.to_json() for name, choice in self.how.columns}
            columns[plan.name] = {**columns.get(plan.name, {}), "missing": way}
            offers.append((titles[way].format(name=plan.title), {"columns": columns}))
        return offers

    def _feature(self, plan: Plan, usable: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The features (N, k) that one column makes, NaN where a value is to be filled in, and their names."""
        if plan.kind in ("number", "date"):
            if plan.filling == "category":
                raise DataError(_("{path}: column {column} holds numbers; that a value is missing cannot be a category of it").format(
                    path=self.path, column=named(plan.title)))  # fmt: skip
            return (self._numbers(plan, usable) if plan.kind == "number" else self._days(plan)).reshape(-1, 1), [plan.title]
        if plan.kind == "text":
            raise self._text_feature(plan)
        if not plan.code:
            return self._truths(plan).reshape(-1, 1), [plan.title]
        return self._categories(plan)

    def _text_feature(self, plan: Plan) -> DataError:
        cells = [cell for cell in plan.column.counts if not self.missing(cell)]
        cell = next((cell for cell in cells if not NumberFormat().may_be(cell)), cells[0] if cells else "")
        if not cell:
            return DataError(_("{path}: column {column} has no value in any row").format(path=self.path, column=named(plan.title)))
        left = [name for name in self.features if name != plan.name]
        offers: list[tuple[str, Mapping[str, object]]] = []
        if left:
            offers.append((_("Leave out {words}").format(words=plan.title), {"feature_columns": listed(left)}))
        text = _("{path}: line {line}, column {column} has {cell}; a feature must be a number or a category")
        return CellError(text.format(path=self.path, line=self._line(plan.name, cell), column=named(plan.title), cell=_short(cell)), offers)

    def _truths(self, plan: Plan) -> np.ndarray:
        """Yes and no as 1 and 0, in whatever words."""
        words = [cell for cell in plan.column.counts if not self.missing(cell, False)]
        truth = truth_of(words) or {cell: value for cell in words if (value := NumberFormat(".").value(cell)) in (0.0, 1.0)}
        if strange := [cell for cell in words if cell not in truth]:
            raise self._strange(plan, strange[0], _("yes or no"))
        meanings = _(" and ").join(_("{word} is {number:g}").format(word=word, number=value) for word, value in truth.items())
        self.notes.append(DataNote(_("column {column}: {meanings}").format(column=named(plan.title), meanings=meanings)))
        return np.fromiter((truth.get(cell, np.nan) for cell in plan.column.cells), float, len(plan.column))

    def _strange(self, plan: Plan, cell: str, expected: str) -> DataError:
        text = _("{path}: line {line}, column {column} has {cell}, which is not {expected}")
        line = self._line(plan.name, cell)
        return CellError(text.format(path=self.path, line=line, column=named(plan.title), cell=_short(cell), expected=expected))

    def _days(self, plan: Plan) -> np.ndarray:
        """Dates as days since 1970-01-01."""
        words = {cell: count for cell, count in plan.column.counts.items() if not self.missing(cell)}
        form = date_format(words)
        if not form:
            raise (
                self._strange(plan, next(cell for cell in words if not date_format({cell: 1})), _("a date like the others"))
                if any(not date_format({cell: 1}) for cell in words)
                else DataError(
                    _("{path}: the dates of column {column} have several forms").format(path=self.path, column=named(plan.title))
                )
            )
        doubt = _(", the day first") if ambiguous_date(words) else ""
        text = _("column {column}: dates are days since 1970-01-01{doubt}").format(column=named(plan.title), doubt=doubt)
        self.notes.append(DataNote(text, warning=bool(doubt)))
        known = {cell: days(cell, form) for cell in words}
        return np.fromiter((np.nan if (day := known.get(cell)) is None else day for cell in plan.column.cells), float, len(plan.column))

    def _levels(self, plan: Plan) -> list[str]:
        words = [cell for cell in plan.column.counts if not self.missing(cell, False)]
        counts = plan.column.counts
        return sorted((max(same, key=lambda word: counts[word]) for same in alike(words).values()), key=level_key)

    def _categories(self, plan: Plan) -> tuple[np.ndarray, list[str]]:
        """A category as one column of 0 and 1 for every value, or as its index."""
        own = plan.filling == "category"
        levels = self._levels(plan)
        joined = [same for same in alike(cell for cell in plan.column.counts if not self.missing(cell, False)).values() if len(same) > 1]
        if joined:
            pairs = "; ".join(_(" and ").join(map(named, same)) for same in joined[:4]) + (" …" if len(joined) > 4 else "")
            text = _("column {name}: {pairs} differ only in case or blanks and are one category")
            self.notes.append(DataNote(text.format(name=named(plan.title), pairs=pairs), warning=True))
        place = {" ".join(level.split()).casefold(): at for at, level in enumerate(levels)}
        known = {cell: -1 if self.missing(cell, False) else place[" ".join(cell.split()).casefold()] for cell in plan.column.counts}
        codes = np.fromiter((known[cell] for cell in plan.column.cells), np.int64, len(plan.column))
        titles = [*levels, *([_("missing")] if own and (codes < 0).any() else [])]
        if own:
            codes[codes < 0] = len(levels)
        if plan.code == "index":
            text = _("column {column} is a category of {n:,} values; its feature is their index, {first} is 0, for an Embedding").format(
                column=named(plan.title), n=len(titles), first=named(titles[0], 30)
            )
            self.notes.append(DataNote(text))
            return np.where(codes < 0, np.nan, codes).astype(float).reshape(-1, 1), [plan.title]
        names = [f"{plan.title} = {one_line(title, 40)}" for title in titles]
        shown = ", ".join(named(name, 50) for name in names[:4]) + (" …" if len(names) > 4 else "")
        text = _("column {column} is a category; it becomes {n:,} features of 0 and 1 (one-hot): {names}")
        self.notes.append(DataNote(text.format(column=named(plan.title), n=len(names), names=shown)))
        block = np.zeros((len(codes), len(titles)))
        block[codes >= 0, codes[codes >= 0]] = 1.0
        block[codes < 0] = np.nan
        return block, names

    def _numbers(self, plan: Plan, usable: np.ndarray, role: str = "feature") -> np.ndarray:
        """The column as numbers, NaN where there is none."""
        column = plan.column
        if column.plain and plan.decimal == ".":
            numbers = column.numbers()
            if (absent := self.absent(plan, True)).any():
                numbers[absent] = np.nan
        else:
            form = self.format_of(plan)
            known = {cell: np.nan if (value := form.value(cell)) is None or self.missing(cell) else value for cell in column.counts}
            numbers = np.fromiter((known[cell] for cell in column.cells), float, len(column))
            absent = self.absent(plan, True)
        finite = np.isfinite(numbers)
        if not finite.all() and len(bad := np.flatnonzero(~finite & usable & ~absent)):
            raise self._bad_cell(plan, role, int(bad[0]))
        if usable.all():
            self._flag_codes(plan, numbers)
        else:
            self._flag_codes(plan, numbers[usable])
            numbers[~usable] = np.nan
        return numbers / 100 if plan.unit == "fraction" else numbers

    def _bad_cell(self, plan: Plan, role: str, at: int) -> DataError:
        cell = plan.column.cells[at]
        left = [name for name in self.features if name != plan.name]
        offers: list[tuple[str, Mapping[str, object]]] = []
        if role == "feature" and left:
            offers.append((_("Leave out {name}").format(name=plan.title), {"feature_columns": listed(left)}))
        words = f"{self.how.missing_words}, {cell}".lstrip(", ")
        if "," not in cell and len(cell) <= 40:
            offers.append((_("{cell} means that there is no value").format(cell=named(cell)), {"missing_words": words}))
        text = _("{path}: line {line}, column {column} has {cell}, and a {role} must be a finite number").format(
            path=self.path, line=self.table.lines[at], column=named(plan.title), cell=_short(cell), role=role
        )
        return CellError(text, offers)

    def _flag_codes(self, plan: Plan, numbers: np.ndarray) -> None:
        if np.isnan(numbers).any():
            numbers = numbers[~np.isnan(numbers)]
        ends = (float(numbers.min()), float(numbers.max())) if len(numbers) else ()
        for code in (code for code in CODES if code in ends):  # what is far from all others is the least or the greatest
            count = int(np.count_nonzero(numbers == code))
            if count == len(numbers):
                continue
            others = numbers[numbers != code]
            span = max(float(np.ptp(others)), 1.0)
            if min(abs(code - float(others.min())), abs(code - float(others.max()))) > 3 * span:
                text = ngettext(
                    "column {name} has {code:g} in {n:,} row, far from all other values: is it a code for a missing value?",
                    "column {name} has {code:g} in {n:,} rows, far from all other values: is it a code for a missing value?",
                    count,
                )
                words = f"{self.how.missing_words}, {code:g}".lstrip(", ")
                offer = (_("{code:g} means that there is no value").format(code=code), {"missing_words": words})
                self.notes.append(DataNote(text.format(name=named(plan.title), code=code, n=count), (offer,), warning=True))

    # Targets and parts

    def _classified(self, plan: Plan, x: np.ndarray, usable: np.ndarray) -> Raw:
        """A target of words, or of numbers that mean classes."""
        raw = Raw(x, None, None, (), (), (plan.title,), usable)
        if plan.column.plain:
            return self._as_classes(raw, np.where(usable, self._numbers(plan, usable, "target"), np.nan), usable)
        labels, notes = classes_of(plan.column.cells, usable, plan.name)
        self.notes += notes
        if self.table.trimmed & set(labels[usable].tolist()):
            self.notes.append(DataNote(_("column {column}: spaces around words removed").format(column=named(plan.title))))
        self.notes += target_notes(self._titles, x[usable], None, self.features, labels, usable)
        return self._as_classes(raw, labels, usable)

    def _as_classes(self, raw: Raw, labels: np.ndarray, usable: np.ndarray) -> Raw:
        """The target as class numbers, in the order of the alphabet or of the numbers."""
        name = self._titles[0]
        self.notes = [note for note in self.notes if not note.meant_as_classes]
        distinct, places = np.unique(labels[usable], return_inverse=True)
        if len(distinct) > max(50, len(places) // 2):
            where = _("{file}: column {column}").format(file=self.path, column=named(name))
            if len(distinct) == len(places):
                raise DataError(_("{where} is different in every row: it identifies the rows and cannot be a target").format(where=where))
            text = _("{where} has {distinct} different values, too many to be classes")
            raise DataError(text.format(where=where, distinct=len(distinct)))
        classes = tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in distinct.tolist())
        numbers = np.full(len(labels), -1)
        numbers[usable] = places
        return Raw(raw.x, None, numbers, classes, raw.feature_names, (name,), usable)

    def _parts(self, usable: np.ndarray) -> np.ndarray | None:
        """The part of every row, "train", "validation" or "test", from the column of that role; rows without a word are not used."""
        names = [name for name, plan in self.plans.items() if plan.role == "split"]
        if not names:
            return None
        if len(names) > 1:
            text = _("{path}: columns {columns} both say which part a row belongs to")
            raise DataError(text.format(path=self.path, columns=_listed(names)))
        plan = self.plans[names[0]]
        known = {cell: SPLIT_WORDS.get(cell.casefold(), "") for cell in plan.column.counts}
        if strange := [cell for cell, part in known.items() if not part and not self.missing(cell)]:
            raise self._strange(plan, strange[0], _("train, validation or test"))
        parts = np.array([known[cell] for cell in plan.column.cells])
        if "train" not in known.values():
            raise DataError(_("{path}: column {column} has no row for training").format(path=self.path, column=named(plan.title)))
        nowhere = (parts == "") & usable
        if nowhere.any():
            usable &= ~nowhere
            text = _("column {column}: {n:,} rows without a word (lines {lines}) belong to no part and are not used")
            text = text.format(column=named(plan.title), n=int(nowhere.sum()), lines=self._lines(nowhere))
            self.notes.append(DataNote(text, warning=True))
        return parts


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    """The columns side by side."""
    if len(blocks) == 1:
        return blocks[0]
    whole = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)))
    for row in range(0, len(whole), ROWS_AT_ONCE):  # few rows at a time stay in the processor's cache
        np.concatenate([block[row : row + ROWS_AT_ONCE] for block in blocks], axis=1, out=whole[row : row + ROWS_AT_ONCE])
    blocks.clear()
    return whole


def _listed(names: Sequence[str]) -> str:
    return ", ".join(one_line(str(name), 40) for name in names[:4]) + (" …" if len(names) > 4 else "")


def _short(cell: str) -> str:
    """A cell in a sentence: on one line, and not too long."""
    return named(cell, 42)
