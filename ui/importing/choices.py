"""What a person has chosen about a table while the import dialog is open. Every change gives the job that reads the table again. No Qt."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from engine.data.errors import names_in
from engine.data.how_read import AUTO, FILLINGS, LAYOUT, SETTINGS
from engine.data.table_reading import ReadTable, TableReading


class Choices:
    """`settings` are those of a Data node without its columns; `reading` is the last reading of the table, None where there is none.

    What was chosen for a column is kept by its name, also while another separator makes other columns.
    """

    def __init__(self, settings: Mapping[str, Any], fresh: bool) -> None:
        """`fresh`: the table is new here, so roles and kinds are proposed."""
        self.settings = {name: value for name, value in settings.items() if name != "columns" and value is not None}
        self.fresh = fresh
        self.reading: TableReading | None = None
        self.dropped: list[str] = []
        """Columns that the document chose something for, and that the table does not have."""
        stored = settings.get("columns")
        self._columns: dict[str, dict[str, str]] = {
            str(name): {field: value for field, value in choice.items() if value} for name, choice in dict(stored or {}).items()
        }
        self._names: list[str] | None = list(self._columns)
        """The columns that the table has, as far as known: what is chosen for other ones is not sent."""
        self._proposed: dict[str, str] = {}
        """The roles that the reader gives the columns by itself."""

    # what is sent

    def job(self, folder: str) -> ReadTable:
        return ReadTable(json.dumps(self.settings | {"columns": self._sent()}), folder, self.fresh)

    def _sent(self) -> dict[str, dict[str, str]]:
        """As soon as one role is chosen, all are said: else the reader would take the others for columns that it does not know."""
        names = self._names or []
        columns = {name: dict(self._columns[name]) for name in names if self._columns.get(name)}
        if any("role" in choice for choice in columns.values()):
            moved = any(choice.get("role") == "target" for choice in columns.values())
            for name in names:
                role = self._proposed.get(name, "")
                if role and "role" not in columns.get(name, {}):
                    columns.setdefault(name, {})["role"] = self._instead(name) if moved and role == "target" else role
        return columns

    def _instead(self, name: str) -> str:
        """The role of a column that was the target, and is no longer."""
        reading = self.reading
        kind = next((column.kind for column in reading.columns if column.name == name), "") if reading is not None else ""
        return "ignore" if kind == "text" else "feature"

    # what comes back

    def took(self, reading: TableReading) -> bool:
        """Keep an answer; whether to read again, now that the names of the columns are known."""
        self.reading = reading
        names = [column.name for column in reading.columns]
        if self.settings.get("feature_columns") or self.settings.get("target_columns"):
            for column in reading.columns:
                self._columns.setdefault(column.name, {}).setdefault("role", column.role)
            self.settings.pop("feature_columns", None)
            self.settings.pop("target_columns", None)
        unknown, self._names = self._names is None, names
        if unknown or not any("role" in self._columns.get(name, {}) for name in names):
            self._proposed = {column.name: column.role for column in reading.columns}
        return unknown and any(self._columns.get(name) for name in names)

    def failed(self) -> bool:
        """The table could not be read; whether to try again without what the document says about its columns."""
        if self.reading is None and self._names:
            self.dropped, self._names = list(self._names), None
            return True
        return False

    # changes

    def set(self, name: str, value: Any) -> None:
        """A setting of the whole table."""
        self.settings[name] = value
        if name in LAYOUT:
            self._names = None

    def set_columns(self, names: Collection[str], field: str, value: str) -> None:
        """`field` of these columns: role, kind, missing, code, unit or name; an empty text takes the choice back.

        Those that are made the target are the only targets.
        """
        if field == "role" and value == "target":
            for name in self._roles():
                if name not in names and self._roles()[name] == "target":
                    self._columns.setdefault(name, {})["role"] = self._instead(name)
        for name in names:
            choice = self._columns.setdefault(name, {})
            choice[field] = value
            if field == "kind":
                if choice.get("missing") not in FILLINGS[value]:
                    choice.pop("missing", None)
                if value != "category":
                    choice.pop("code", None)
                if value != "number":
                    choice.pop("unit", None)
            if not choice[field]:
                choice.pop(field)

    def _roles(self) -> dict[str, str]:
        return {column.name: column.role for column in self.reading.columns} if self.reading is not None else {}

    def accept(self, offer: Mapping[str, Any]) -> None:
        """A repair: settings that the reader offers."""
        for name, value in offer.items():
            if name == "columns":
                for column, choice in value.items():
                    for field in ("kind", "role", "missing", "code", "unit"):
                        if choice.get(field) and choice[field] != self._columns.get(column, {}).get(field):
                            self.set_columns((column,), field, choice[field])
            elif name == "feature_columns":
                self._only_features(names_in(value))
            elif name == "target_columns":
                self.set_columns(names_in(value), "role", "target")
            else:
                self.set(name, value)

    def _only_features(self, chosen: Collection[str]) -> None:
        for name, role in self._roles().items():
            if name in chosen:
                self.set_columns((name,), "role", "feature")
            elif role == "feature":
                self.set_columns((name,), "role", "ignore")

    def chosen(self, column: str, field: str) -> bool:
        """Whether a person chose this, here or before."""
        return field in self._columns.get(column, {})

    # what is stored

    def stored(self) -> dict[str, Any]:
        """The settings of a Data node that read the table as it was shown."""
        assert self.reading is not None
        return {**({"coding": self.settings["coding"]} if "coding" in self.settings else {}), **self.reading.settings}


def table_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a Data node's settings that say where its table is and how it is read."""
    names = ("dataset", "pasted" if settings.get("dataset") == "pasted" else "path", "coding", *SETTINGS)
    unset = (None, AUTO, "")
    return {name: settings[name] for name in names if settings.get(name) not in unset or (name == "comment" and settings.get(name) == "")}
