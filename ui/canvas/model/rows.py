"""Which row of an array belongs to which card or wire, kept in step with a document without renumbering the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import numpy as np

LOOK = 64
"""How many empty rows are looked through for one that is in the right place."""


def columns(rows: int, count: int) -> np.ndarray:
    """An array of NaN, shape (rows, count), whose columns lie in one piece each: queries compare one after the other."""
    return np.full((count, rows), np.nan).T


def longer(array: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """`fresh`, which has more rows, with what `array` holds in the first of them."""
    fresh[: len(array)] = array
    return fresh


class Rows:
    """Ids in the document's order, a row each. What is removed leaves its row empty and has it again when it comes back; what is new
    comes last. So an edit of one costs the same however many there are."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self.slots: list[str] = list(ids)
        """The id of every row; empty where there is none now."""
        self.row: dict[str, int] = {identity: row for row, identity in enumerate(self.slots)}
        self._left: dict[str, int] = {}
        """The rows of what was removed, to come back to."""
        self._empty: set[int] = set()
        self._ids: list[str] | None = self.slots

    @property
    def ids(self) -> list[str]:
        """All there are now, in order; not to be changed."""
        if self._ids is None:
            self._ids = [identity for identity in self.slots if identity]
        return self._ids

    def of(self, ids: Sequence[str]) -> np.ndarray:
        """The rows of these; of all of them at once when they are `ids`."""
        if ids is not self._ids:
            return np.fromiter(map(self.row.__getitem__, ids), np.intp, len(ids))
        every = np.arange(len(self.slots))
        return np.delete(every, list(self._empty)) if self._empty else every

    def named(self, rows: np.ndarray) -> list[str]:
        """What these rows belong to."""
        return list(map(self.slots.__getitem__, rows.tolist()))

    def without(self, rows: np.ndarray, ids: Iterable[str]) -> np.ndarray:
        """These rows, in order, but for those of `ids`."""
        left_out = list({self.row[identity] for identity in ids if identity in self.row})
        return np.setdiff1d(rows, left_out, assume_unique=True) if left_out else rows

    def index(self, identity: str) -> int:
        """At which place among `ids` something is."""
        row = self.row[identity]
        return row - bisect_left(sorted(self._empty), row) if self._empty else row

    def remove(self, identity: str) -> int:
        """Take out one; the row that is empty now."""
        row = self.row.pop(identity)
        self.slots[row] = ""
        self._left[identity], self._ids = row, None
        self._empty.add(row)
        return row

    def add(self, identity: str, after: Callable[[str], str | None]) -> int | None:
        """Put in one, before the one that `after` names; its row, None where there is no row in the right place.

        Of several, the last one comes first, so that what follows is there.
        """
        following = after(identity)
        if following is not None and following not in self.row:
            return None
        end = self.row[following] if following is not None else len(self.slots)
        row = self._left.get(identity)
        if row is not None and row < end <= row + LOOK and not any(self.slots[row:end]):
            del self._left[identity]
            self._empty.remove(row)
        elif following is None:
            row = len(self.slots)
            self._left.pop(identity, None)
            self.slots.append("")
        else:
            return None
        self.slots[row], self.row[identity] = identity, row
        self._ids = None if len(self.row) < len(self.slots) else self.slots
        return row
