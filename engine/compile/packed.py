"""How the numbers of a trace travel: single numbers in one row, of which a view is made when someone looks at it.

The window of a huge graph would otherwise make a hundred thousand views after every edit, and show a few hundred.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, TypeVar, cast

import numpy as np

from engine.compile.views import Absent, ArrayView, TraceView, single

TABLES = ("values", "gradients", "edge_gradients", "parameters", "parameter_gradients", "buffers", "inner")

K = TypeVar("K")
E = TypeVar("E", bound=ArrayView | Absent)


class Packed(Mapping[K, E]):
    """The entries of one table of a trace by key, in their order. The view of a single number is made once, when it is asked for."""

    __slots__ = ("_dtype", "_held")

    def __init__(self, held: dict[K, E | float], dtype: str) -> None:
        self._held, self._dtype = held, dtype

    def __getitem__(self, key: K) -> E:
        entry = self._held[key]
        if entry.__class__ is float:
            entry = self._held[key] = cast(E, single(entry, self._dtype))
        return cast(E, entry)

    def get(self, key: K, default: Any = None) -> Any:
        return self[key] if key in self._held else default

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def keys(self) -> KeysView[K]:
        return self._held.keys()

    def __repr__(self) -> str:
        return f"Packed({self.items()!r})"

    def plain(self) -> ItemsView[K, E | float]:
        """The entries as they are held: single numbers, unless somebody looked at them, are plain ones."""
        return self._held.items()

    def items(self) -> ItemsView[K, E]:
        return {key: self[key] for key in self._held}.items()

    def __reduce__(self) -> tuple[Any, ...]:
        numbers = np.array([e if e.__class__ is float else 0.0 for e in self._held.values()], np.float64)
        others = {key: entry for key, entry in self._held.items() if entry.__class__ is not float}
        return _unpacked, (tuple(self._held), numbers, others, self._dtype)


def _unpacked(keys: tuple[K, ...], numbers: np.ndarray, others: dict[K, E], dtype: str) -> Packed[K, E]:
    held: dict[K, E | float] = dict(zip(keys, numbers.tolist(), strict=True))
    return Packed(held | others, dtype)


def plain(table: Mapping[K, E]) -> ItemsView[K, E | float]:
    """The entries of a table, single numbers as plain ones where they are held so: for a look at all of them."""
    return table.plain() if isinstance(table, Packed) else cast(ItemsView[K, E | float], table.items())


def nonfinite_in(table: Mapping[K, E]) -> Iterator[tuple[K, ArrayView]]:
    """The entries that hold NaN or infinity."""
    for key, entry in plain(table):
        if not isfinite(entry) if entry.__class__ is float else entry.__class__ is ArrayView and not entry.finite:
            yield key, cast(ArrayView, table[key])


def packed(trace: TraceView) -> TraceView:
    """The same trace, ready to travel."""
    tables: dict[str, Any] = {name: _packed(getattr(trace, name), trace.dtype) for name in TABLES}
    return replace(trace, **tables)


def _packed(entries: Mapping[K, E], dtype: str) -> Mapping[K, E]:
    """The same entries, single numbers of this precision as plain ones; as they are where there is none."""
    if isinstance(entries, Packed):
        return entries
    singles = ((key, entry.data) for key, entry in entries.items() if entry.__class__ is ArrayView and _single(entry, dtype))
    plain = {key: number.item() for key, number in singles if number is not None}
    return Packed({**entries, **plain}, dtype) if plain else entries


def _single(view: ArrayView, dtype: str) -> bool:
    """Whether a view holds nothing but one number of this precision."""
    return not view.shape and view.data is not None and view.dtype == dtype
