"""What kind of values a column holds: numbers, categories, yes and no, dates or texts; each with the evidence for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from engine.data.cells import NumberFormat, share_of_numbers
from engine.data.columns import Column
from engine.data.labels import looks_like_classes
from engine.data.units import signs_of
from graph.text.messages import _, ngettext
from graph.text.quoting import named

TRUTHS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"), ("ja", "nein"), ("wahr", "falsch"), ("oui", "non"),
    ("vrai", "faux"), ("sí", "no"), ("si", "no"), ("ja", "nej"),
)  # fmt: skip
"""The words for 1 and for 0."""
MAX_LEVELS = 200
"""A column with more different words is text."""
FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%d.%m.%Y", "%d.%m.%y",
    "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1)

Missing = Callable[..., bool]


def kind_of(column: Column, missing: Missing) -> tuple[str, str]:
    """The kind of a column, and the sentence that says why."""
    if column.plain:
        return "number", _("All cells are numbers.")
    words = {cell: count for cell, count in column.counts.items() if not missing(cell)}
    if not words:
        return "text", _("No row has a value.")
    share = share_of_numbers(column.counts, missing)
    if share > 0.5:
        if looks_like_classes(column.counts, missing):
            return "category", _("It holds words among few whole numbers, so all its values are categories.")
        return "number", _("All values are numbers.") if share == 1 else _("Most values are numbers.")
    words = {cell: count for cell, count in column.counts.items() if not missing(cell, False)}
    if signs := signs_of(words, missing):
        text = ngettext("It holds numbers with the sign {signs}.", "It holds numbers with different signs: {signs}.", len(signs))
        return "text", text.format(signs=" ".join(signs[:6]))
    if truth := truth_of(words):
        yes, no = (named(next((word for word in words if truth[word] == value), "–")) for value in (1.0, 0.0))
        return "yes/no", _("It holds only {yes} and {no}.").format(yes=yes, no=no)
    if date_format(words):
        return "date", _("All values are dates, such as {cell}.").format(cell=named(next(iter(words)), 30))
    filled, distinct = sum(words.values()), len(alike(words))
    if distinct < filled and distinct <= max(2, filled / 2) and distinct <= MAX_LEVELS:
        text = ngettext("It holds {n:,} word.", "It holds {n:,} different words, each of them several times or in few rows.", distinct)
        return "category", text.format(n=distinct)
    if distinct == filled:
        return "text", _("Every row has another text.")
    return "text", _("It holds {distinct:,} different texts in {filled:,} rows.").format(distinct=distinct, filled=filled)


def alike(words: Iterable[str]) -> dict[str, list[str]]:
    """Spellings that differ only in case or blanks, together."""
    spellings: dict[str, list[str]] = {}
    for word in words:
        spellings.setdefault(" ".join(word.split()).casefold(), []).append(word)
    return spellings


def truth_of(words: Iterable[str]) -> dict[str, float]:
    """Every word as 1 or 0, where they are a pair of words for yes and no; else nothing. One word alone has to be unmistakable."""
    words = list(words)
    lower = {word.casefold() for word in words}
    for yes, no in TRUTHS:
        if lower <= {yes, no} and lower and (len(lower) == 2 or (yes, no) in TRUTHS[:2]):
            return {word: float(word.casefold() == yes) for word in sorted(words)}
    return {}


def date_format(words: Mapping[str, int]) -> str:
    """The format in which all words are dates; nothing where there is none. In 03/04/2024 the day comes first."""
    if not words or not all(re.search(r"\d", word) and len(word) < 40 for word in list(words)[:20]):
        return ""
    return next((form for form in FORMATS if all(moment(word, form) is not None for word in words)), "")


def ambiguous_date(words: Mapping[str, int]) -> bool:
    """Whether the day and the month can be taken for each other in all dates."""
    forms = [form for form in FORMATS if all(moment(word, form) is not None for word in words)]
    return len({form[:2] for form in forms} & {"%d", "%m"}) == 2


def moment(word: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(word, form)
    except ValueError:
        return None


def days(word: str, form: str) -> float | None:
    """Days since 1970-01-01."""
    read = moment(word, form)
    return None if read is None else (read - _EPOCH).total_seconds() / 86400


def iso(word: str, form: str) -> str:
    """A date as it is written everywhere: 2024-05-31."""
    read = moment(word, form)
    if read is None:
        return word
    return str(read) if (read.hour, read.minute, read.second) != (0, 0, 0) else str(date(read.year, read.month, read.day))


def level_key(word: str) -> tuple[float, str]:
    """Categories in order: numbers by their value, then words by the alphabet."""
    number = NumberFormat().value(word)
    return (number if number is not None and number == number else float("inf"), word)
