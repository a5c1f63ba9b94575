"""Errors about the user's data."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.text.quoting import one_line

LONGEST_TEXT = 600


def listed(names: Iterable[str]) -> str:
    """Column names as they are typed into a setting: one that contains a comma stands in quotation marks."""
    return ", ".join(f'"{name}"' if "," in name else name for name in names)


def names_in(text: str) -> list[str]:
    """The column names in such a setting, in any order and on several lines."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return [part.strip() for row in rows for part in row if part.strip()]


Offer = tuple[str, Mapping[str, Any]]
"""A repair: its title, and the settings that it gives the Data node."""


class DataError(Exception):
    """The text is one sentence: which file, which line or column or setting, and what is expected."""

    def __init__(self, text: str, repairs: Sequence[Offer] = ()) -> None:
        super().__init__(one_line(text, LONGEST_TEXT))
        self.repairs = tuple(repairs)


class Unreadable(DataError):
    """The system does not let the file be read: that may be over at any time."""


class CellError(DataError):
    """A cell of a table cannot be read as what its column is."""


@dataclass(frozen=True, slots=True)
class DataNote:
    """A note about how the data were read, with buttons to read them differently."""

    text: str
    repairs: tuple[Offer, ...] = ()
    warning: bool = False
    """Whether it may well be a mistake, rather than information."""
    meant_as_classes: bool = False
    """Whether it asks if a target of numbers is one of classes, which the coding may have answered."""
