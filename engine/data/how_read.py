"""How a table is read: what the settings of a Data node say about it, each chosen or `auto`. No numpy: the window makes these too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from engine.data.errors import DataError
from graph.text.listing import alternatives
from graph.text.messages import _
from graph.text.quoting import named

AUTO: Final = "auto"
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "colon": ":", "blanks": " "}
"""The sign between two cells, by the setting's word; any number of blanks and tabs is one separator."""
DECIMALS = {"point": ".", "comma": ","}
THOUSANDS = {"none": "", "point": ".", "comma": ",", "blank": " ", "apostrophe": "'"}
ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
KINDS = ("number", "category", "yes/no", "date", "text")
ROLES = ("feature", "target", "ignore", "split")
MISSING_CHOICES = ("drop", "mean", "median", "most frequent", "category")
"""What happens to a row without a value: it is not used; or the column's mean, median or most frequent value in the training part takes
the place; or that there is none is a category of its own."""
FILLINGS = {
    "number": ("drop", "mean", "median", "most frequent"), "date": ("drop", "mean", "median", "most frequent"),
    "category": ("drop", "most frequent", "category"), "yes/no": ("drop", "most frequent", "category"), "text": ("drop",),
}  # fmt: skip
"""Which of these there are for a column of each kind."""
CODES = ("one_hot", "index")
UNITS = ("percent", "fraction", "currency")
"""What becomes of numbers with a sign for per cent or for a currency: 12.5 % is 12.5, or it is 0.125; € 3.50 is 3.5."""
CHOICES: dict[str, tuple[str, ...]] = {"role": ROLES, "kind": KINDS, "missing": MISSING_CHOICES, "code": CODES, "unit": UNITS}
LONGEST_NAME = 200
"""Letters of a column's name."""
SETTINGS = (
    "feature_columns", "target_columns", "header", "decimal", "separator", "thousands", "skip_rows", "comment", "encoding", "missing_words",
    "sheet", "columns",
)  # fmt: skip
"""The settings of a Data node that say how a table is read."""
LAYOUT = ("header", "separator", "skip_rows", "comment", "encoding", "sheet")
"""Those that decide how the text becomes cells, and so which columns there are; the others are about columns."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What was chosen for one column; an empty text leaves it to the reader."""

    role: str = ""
    kind: str = ""
    missing: str = ""
    code: str = ""
    """How a category becomes numbers: a column of 0 and 1 for every value, or its index, for an embedding."""
    unit: str = ""
    """What becomes of numbers with a sign beside them."""
    name: str = ""
    """What the column is called here, if not as in the file."""

    def to_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class HowRead:
    """The settings by their names. `columns` has the choices for columns, by name, in a form that can be a key.

    `proposed`: roles and kinds are proposed for a table that is new here. Else, where nothing is chosen, a table of numbers keeps the roles
    that earlier versions gave it, so that a document never changes.
    """

    feature_columns: str = ""
    target_columns: str = ""
    header: str = AUTO
    decimal: str = AUTO
    separator: str = AUTO
    thousands: str = AUTO
    skip_rows: int = 0
    comment: str = AUTO
    encoding: str = AUTO
    missing_words: str = ""
    sheet: str = ""
    columns: tuple[tuple[str, ColumnChoice], ...] = ()
    proposed: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any], proposed: bool = False) -> HowRead:
        """From the settings of a Data node; what is absent is left to the reader. Raises DataError."""
        known = {field.name for field in fields(cls)} - {"columns", "proposed"}
        chosen = {name: settings[name] for name in SETTINGS if name in known and settings.get(name) is not None}
        return cls(**chosen, columns=column_choices(settings.get("columns")), proposed=proposed)

    @property
    def layout(self) -> tuple[Any, ...]:
        """The values of `LAYOUT`."""
        return tuple(getattr(self, name) for name in LAYOUT)

    def choice(self, name: str) -> ColumnChoice:
        return dict(self.columns).get(name, ColumnChoice())

    def title(self, name: str) -> str:
        """What the column that the file calls `name` is called here."""
        return self.choice(name).name or name


def column_choices(value: Any) -> tuple[tuple[str, ColumnChoice], ...]:
    """The choices for columns, from a setting `{"Age": {"role": "feature", "kind": "number", "missing": "mean"}, …}`. Raises DataError."""
    if value in (None, {}):
        return ()
    if not isinstance(value, Mapping):
        raise DataError(_("the choices for columns must be a JSON object with the columns' names"))
    choices = []
    for name, entries in value.items():
        if not isinstance(entries, Mapping):
            raise DataError(_("the choices for column {column} must be a JSON object").format(column=named(name)))
        for field, entry in entries.items():
            if field == "name":
                if not isinstance(entry, str) or len(entry) > LONGEST_NAME:
                    text = _("column {column}: its new name must be a text of at most {most} letters")
                    raise DataError(text.format(column=named(name), most=LONGEST_NAME))
                continue
            allowed = CHOICES.get(str(field))
            if allowed is None:
                raise DataError(
                    _("column {column}: there is no choice called {field}; there are {known}").format(
                        column=named(name), field=named(field), known=alternatives((*CHOICES, "name"))
                    )
                )
            if entry not in ("", *allowed):
                raise DataError(
                    _("column {column}: {field} is {known}, not {entry}").format(
                        column=named(name), field=field, known=alternatives(allowed), entry=named(entry)
                    )
                )
        choices.append((str(name), ColumnChoice(**{str(field): str(entry).strip() for field, entry in entries.items()})))
    return tuple(choices)


def missing_words(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words that mean "no value" beside the usual ones, and the usual ones that do not: `-999, !NA`. Lower case."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    return frozenset(word for word in words if word[0] != "!"), frozenset(word[1:] for word in words if word[0] == "!")
