"""The known name that was probably meant by an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graph.text.messages import _
from graph.text.quoting import quoted

_WORDS = re.compile(r"[\s\-_/()…]+")
LONGEST = 60
"""Longer texts are no mistyped names."""


def slips(typed: str, meant: str, limit: int) -> int:
    """How many letters were left out, put in, mistaken or exchanged with their neighbour; more than `limit` may be any larger number.

    This is the distance of Damerau (1964), in which no part is changed twice.
    """
    if abs(len(typed) - len(meant)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        last, before, row = before, row, [i, *[0] * len(meant)]
        for j, other in enumerate(meant, 1):
            row[j] = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(typed: str, known: Iterable[str]) -> str:
    """The known name that takes the fewest slips to become what was typed, at most one to three; nothing where none is so near.

    Among equals the one of the same length, then the one with the same first letter, then the first.
    """
    wanted = typed.casefold().strip()
    limit = 0 if len(wanted) < 3 else 1 if len(wanted) < 5 else 2 if len(wanted) < 9 else 3
    if not wanted or len(wanted) > LONGEST:
        return ""
    best: tuple[int, bool, bool] | None = None
    near = ""
    for name in known:
        folded = name.casefold()
        count = slips(wanted, folded, limit)
        score = (count, len(folded) != len(wanted), folded[:1] != wanted[0])
        if count <= limit and count < len(folded) and (best is None or score < best):
            best, near = score, name
    return near


def words_of(names: Iterable[str]) -> list[str]:
    """The names, and after them the single words of which they are made: a mistyped word of a title means the title."""
    listed = dict.fromkeys(names)
    return [*listed, *dict.fromkeys(word for name in listed for word in _WORDS.split(name) if len(word) > 2 and word not in listed)]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """` Did you mean spiral?`, with the blank before it; nothing where no known name is close."""
    near = nearest(typed, known)
    return " " + _("Did you mean {near}?").format(near=near) if near else ""


def no_match(typed: str, meant: str) -> str:
    """What a search that found nothing says; `meant` is what was found for the nearest name, empty where there is none."""
    shown = quoted(typed.strip())
    if not meant:
        return _("No match for {typed}").format(typed=shown)
    return _("No match for {typed}. Did you mean {near}?").format(typed=shown, near=meant)
