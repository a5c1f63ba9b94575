"""What the columns of a table are for: features, target, the part a row belongs to, or nothing; proposed with a reason, or chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.data.cells import MissingWords, mostly_numbers
from engine.data.columns import Column
from engine.data.errors import DataError, DataNote, listed, names_in
from engine.data.how_read import HowRead
from engine.data.text_table import Table
from engine.data.units import signs_of
from graph.text.messages import _
from graph.text.quoting import named, one_line

TARGET_NAMES = ("label", "labels", "target", "class")
"""A column with one of these names is the target, at any position."""
MORE_TARGET_NAMES = ("survived", "species", "outcome", "diagnosis", "response")
"""So is one of these, in a table that is new here."""
SPLIT_NAMES = ("split", "part", "set", "subset", "fold", "partition", "usage")
SPLIT_WORDS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "validation": "validation", "valid": "validation",
    "val": "validation", "dev": "validation",
}  # fmt: skip
_ID = re.compile(r"(.*[ _.-])?(id|index|idx|nr|no|number|row|key)|.*[a-z]I[dD]|.*_?ID", re.IGNORECASE)
"""Names of columns that number the rows."""


class Roles:
    """The roles of all columns by name, with the reason for each; notes on what was decided."""

    def __init__(self, path: str, table: Table, how: HowRead, kinds: Mapping[str, str], missing: MissingWords) -> None:
        self._path, self._table, self._how, self._kinds, self._missing = path, table, how, kinds, missing
        self._columns: dict[str, Column] = dict(zip(table.names, table.columns, strict=True))
        self.of: dict[str, str] = {}
        self.why: dict[str, str] = {}
        self.notes: list[DataNote] = []
        self.fresh = how.proposed
        """Whether the roles are those of a table that no earlier version could read."""
        self._assign()

    @property
    def features(self) -> list[str]:
        return [name for name in self._order(self._how.feature_columns) if self.of.get(name) == "feature"]

    @property
    def targets(self) -> list[str]:
        return [name for name in self._order(self._how.target_columns) if self.of.get(name) == "target"]

    def _order(self, chosen: str) -> list[str]:
        """Columns in the order in which they were chosen, else in the table's."""
        first = chosen_columns(chosen, self._table.names, self._path)
        return [*first, *(name for name in self._table.names if name not in first)]

    def _assign(self) -> None:
        names = self._table.names
        for name, _choice in self._how.columns:
            if name not in names:
                raise _no_column(self._path, name, names)
        listed_roles = {name: choice.role for name, choice in self._how.columns if choice.role}
        features = chosen_columns(self._how.feature_columns, names, self._path)
        targets = chosen_columns(self._how.target_columns, names, self._path)
        if not listed_roles and (both := [name for name in features if name in targets]):
            raise DataError(_("{path}: column {column} is both a feature and a target").format(path=self._path, column=named(both[0])))
        chosen = dict.fromkeys(features, "feature") | dict.fromkeys(targets, "target") | listed_roles
        complete = "target" in listed_roles.values()  # as the import dialog stores them: then the other columns are new
        if complete and (new := [name for name in names if name not in chosen]):
            self._say(new[0], "ignore", _("The document does not know it."))
            text = _("column {columns} is new in this file and is left out; choose a role for it to use it")
            self.notes.append(DataNote(text.format(columns=", ".join(named(name, 40) for name in new[:4])), warning=True))
            chosen |= dict.fromkeys(new, "ignore")
        if "target" not in chosen.values():
            chosen = self._with_target(chosen, features)
        for name in names:
            if name in chosen:
                self.of[name] = chosen[name]
                self.why.setdefault(name, _("Its role was chosen."))
        if features and not listed_roles:
            for name in names:
                if name not in self.of:
                    self._say(name, "ignore", _("It is not among the chosen features."))
        else:
            self._propose([name for name in names if name not in self.of])

    def _say(self, name: str, role: str, why: str) -> None:
        self.of[name], self.why[name] = role, why

    # Proposals

    def _with_target(self, chosen: dict[str, str], features: Sequence[str]) -> dict[str, str]:
        free = [name for name in self._table.names if name not in chosen]
        name = self._target(free) if self._how.proposed or (not features and not self._worked_before(free)) else self._former_target()
        if name is not None and name not in free:
            raise DataError(_("{path}: column {column} is both a feature and a target").format(path=self._path, column=named(name)))
        return chosen | ({name: "target"} if name is not None else {})

    def _worked_before(self, names: Sequence[str]) -> bool:
        """Whether all columns but the target are numbers, or True and False, without missing values: such tables were always read."""
        target = self._former_target(silent=True)
        for name in names:
            column, kind = self._columns[name], self._kinds[name]
            if name == target or column.plain or (kind == "text" and not column.filled()):
                continue
            if any(self._missing(cell) for cell in column.counts):
                return False
            if kind != "number" and not {cell.lower() for cell in column.counts} <= {"true", "false"}:
                return False
        return True

    def _former_target(self, silent: bool = False) -> str | None:
        """The column called label; in a table without names the only one that holds words; else the last."""
        names = self._table.names
        called = [name for name in names if name.lower() in TARGET_NAMES]
        if len(called) == 1 and called[0] != names[-1]:
            if not silent:
                self._by_name(called[0])
            return called[0]
        if not self._table.headed:
            words = [name for name in names if not self._columns[name].plain and not mostly_numbers(self._columns[name].cells)]
            if len(words) == 1 and words[0] != names[-1] and len(self._columns[words[0]].counts) < len(self._table.lines):
                taken = _("{column} is used as the target: it is the only column that holds words").format(column=words[0])
                if not silent:
                    self.notes.append(DataNote(taken))
                    self.why[words[0]] = _("It is the only column that holds words.")
                return words[0]
        last = next((name for name in reversed(names) if name not in self._table.unnamed), names[-1])
        if not silent:
            self.why[last] = _("It is the last column.")
        return last

    def _by_name(self, name: str) -> None:
        last = self._table.names[-1]
        offer = (_("Use {column} as the target").format(column=last), {"target_columns": listed([last])})
        text = _("column {column} is used as the target because of its name").format(column=named(name))
        self.notes.append(DataNote(text, (offer,)))
        self.why[name] = _("Its name is usual for a target.")

    def _target(self, free: Sequence[str]) -> str | None:
        """The target of a new table: the column with a usual name; without names the only one of words; else the last that can be one."""
        for names in (TARGET_NAMES, MORE_TARGET_NAMES):
            called = [name for name in free if name.lower() in names]
            if len(called) == 1:
                if called[0] != self._table.names[-1]:
                    self._by_name(called[0])
                else:
                    self.why[called[0]] = _("Its name is usual for a target.")
                return called[0]
        possible = [name for name in free if not self._left_out(name) and not self._is_split(name) and name not in self._table.unnamed]
        if not self._table.headed:
            possible = [name for name in free if not self._left_out(name)]
            words = [name for name in possible if self._kinds[name] in ("category", "yes/no")]
            if len(words) == 1:
                self.why[words[0]] = _("It is the only column that holds words.")
                return words[0]
        if not possible:
            return None
        if len(possible) == 1 and len(free) > 1 and self._left_out(free[-1]):
            return None  # the only column left is what the identifier belongs to, not what follows from it
        self.why[possible[-1]] = _("It is the last column that can be one.")
        return possible[-1]

    def _propose(self, free: Sequence[str]) -> None:
        """Roles for columns of which nothing was chosen: features, except what cannot be or only identifies the rows."""
        strict = self.fresh = self._how.proposed or not self._worked_before([*free, *self.targets])
        for name in free:
            if self._is_split(name) and strict:
                self._say(name, "split", _("Its name and its words say which part a row belongs to."))
                text = _("column {column} says which part a row belongs to").format(column=named(self._how.title(name)))
                self.notes.append(DataNote(text))
            elif why := self._left_out(name, strict):
                self._say(name, "ignore", why)
                if self._has_signs(name):
                    continue  # a note of its own offers the choice
                offer = self._offer(name, free) if self._kinds[name] != "text" else ()
                shown, reason = named(self._how.title(name)), why[0].lower() + why[1:].rstrip(".")
                text = _("column {column} is left out: {reason}").format(column=shown, reason=reason)
                if self._is_index(name):
                    text = _("{first} has no name and counts the rows, so it was left out").format(first=self._how.title(name))
                self.notes.append(DataNote(text, offer))
            else:
                self._say(name, "feature", "")

    def _offer(self, name: str, free: Sequence[str]) -> tuple[tuple[str, Mapping[str, object]], ...]:
        title = _("Use {first} as a feature").format(first=self._how.title(name))
        if self._kinds[name] == "date":
            return ((title, {"columns": {**{n: c.to_json() for n, c in self._how.columns}, name: {"role": "feature", "kind": "date"}}}),)
        used = [other for other in self._table.names if other in free and (other == name or not self._left_out(other))]
        return ((title, {"feature_columns": listed(used)}),)

    def _left_out(self, name: str, strict: bool = True) -> str:
        """Why a column is no feature; nothing where it can be one."""
        column, kind = self._columns[name], self._kinds[name]
        if self._is_index(name):
            return _("It has no name and counts the rows.")
        if not strict:
            return ""
        if not column.plain and all(map(self._missing, column.counts)):
            return _("No row has a value.")
        if kind == "date":
            return _("It holds dates; as a feature it would be the number of days.")
        if kind == "text":
            filled = {cell: count for cell, count in column.counts.items() if not self._missing(cell, False)}
            if self._has_signs(name):
                return _("Its numbers have a sign beside them, and what they mean has to be chosen.")
            if len(filled) == sum(filled.values()):
                return _("It is different in every row, so it identifies the rows.")
            return _("It holds texts, too many different ones to be categories.")
        if kind == "number" and len(self._table.names) > 2 and _ID.fullmatch(name) and column.counts_rows():
            return _("It counts the rows, so it identifies them.")
        return ""

    def _has_signs(self, name: str) -> bool:
        """Whether it holds numbers with a sign beside them, and is read as text."""
        return self._kinds[name] == "text" and bool(signs_of(self._columns[name].counts, self._missing))

    def _is_index(self, name: str) -> bool:
        """Whether it has no name and counts the rows: what a spreadsheet or pandas wrote beside the table."""
        unnamed = (self._table.headed and name == self._table.names[0] in self._table.unnamed) or name.lower().startswith("unnamed: 0")
        return unnamed and len(self._table.names) > 2 and self._columns[name].counts_rows()

    def _is_split(self, name: str) -> bool:
        if name.lower() not in SPLIT_NAMES:
            return False
        words = {cell.casefold() for cell in self._columns[name].counts if not self._missing(cell)}
        return bool(words) and words <= set(SPLIT_WORDS)


def chosen_columns(text: str, names: Sequence[str], path: str) -> list[str]:
    """The columns a person named; a name that contains a comma stands in quotation marks."""
    chosen = names_in(text)
    for name in chosen:
        if name not in names:
            raise _no_column(path, name, names)
    return list(dict.fromkeys(chosen))


def _no_column(path: str, name: str, names: Sequence[str]) -> DataError:
    known = ", ".join(one_line(listed([known]), 40) for known in names[:12])
    return DataError(
        _("{path}: has no column {column}; its columns are {columns}{more}").format(
            path=path, column=named(name), columns=known, more=" …" if len(names) > 12 else ""
        )
    )
