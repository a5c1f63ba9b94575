"""The last few things that were read, and what was wrong with those that could not be."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from engine.data.errors import DataError

V = TypeVar("V")


class Recent(Generic[V]):
    """At most `most` results by key; the one that was not asked for longest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, V | DataError] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def find(self, key: Hashable) -> V | None:
        """What was read; None where nothing was. Raises the DataError where it could not be."""
        known = self._known.get(key)
        if known is None:
            return None
        self._known.move_to_end(key)
        if isinstance(known, DataError):
            raise known.with_traceback(None)
        return known

    def keep(self, key: Hashable, result: V | DataError) -> None:
        self._known[key] = result
        self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
