"""The names of a graph's nodes: an index, so that finding one, or the next that is free, costs the same however many there are."""

from __future__ import annotations

import re
from collections.abc import Container

from graph.model.elements import normal_name, valid_name


class Names:
    """Ids of nodes by name, in `table`."""

    __slots__ = ("_suffixes", "table")

    def __init__(self) -> None:
        self.table: dict[str, str] = {}
        self._suffixes: dict[str, int] = {}
        """By the beginning of a name, the number from which on the next free one is looked for."""

    def copy(self) -> Names:
        twin = Names()
        twin.table, twin._suffixes = dict(self.table), dict(self._suffixes)
        return twin

    def drop(self, name: str) -> None:
        """The name is free again."""
        del self.table[name]
        start, _, count = name.rpartition("_")
        if start in self._suffixes and count.isdecimal():
            self._suffixes[start] = max(2, min(self._suffixes[start], int(count[:9])))

    def fresh(self, base: str, taken: Container[str]) -> str:
        """`base`, or `base_2`, `base_3` … the first that no node has and that is not in `taken`."""
        base = stem(re.sub(r"\W|\u00b7", "_", normal_name(base)) or "node")
        base = base if valid_name(base) else f"_{base}"[:190]
        if base not in self.table and base not in taken:
            return base
        count = self._suffixes.get(base, 2)
        while f"{base}_{count}" in self.table:
            count += 1
        self._suffixes[base] = count
        while f"{base}_{count}" in taken or f"{base}_{count}" in self.table:
            count += 1
        return f"{base}_{count}"


def stem(name: str) -> str:
    """`add` for `add_2`."""
    start, _, count = name.rpartition("_")
    return start if start and count.isdecimal() and valid_name(start) else name
