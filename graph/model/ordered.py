"""A mapping that remembers insertion order and lets a removed entry come back to its old place."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Ordered(Mapping[str, T], Generic[T]):
    """Entries by id, in order. Reading is public; only the graph that owns it calls `put`, `replace` and `drop`.

    Every change costs the same however many entries there are: the order is a linked list, and the dictionary that is
    iterated is put in order again only when something was inserted before its end.
    """

    __slots__ = ("_items", "_last", "_next", "_places", "_previous", "_sorted")

    def __init__(self) -> None:
        self._items: dict[str, T] = {}
        self._next: dict[str, str | None] = {}
        self._previous: dict[str, str | None] = {}
        self._places: dict[str, float] = {}
        self._last: str | None = None
        self._sorted = True

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    @property
    def table(self) -> Mapping[str, T]:
        """The entries in no order, for looking up many; valid until the next change."""
        return self._items

    def get(self, key: str, default: Any = None) -> Any:
        return self._items.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._in_order())

    def keys(self) -> KeysView[str]:
        return self._in_order().keys()

    def values(self) -> ValuesView[T]:
        return self._in_order().values()

    def items(self) -> ItemsView[str, T]:
        return self._in_order().items()

    def __repr__(self) -> str:
        return f"Ordered({dict(self)!r})"

    def after(self, key: str) -> str | None:
        """The id that follows `key`; None at the end."""
        return self._next[key]

    def place(self, key: str) -> float:
        """A number that grows along the order; comparable until the next change."""
        return self._places[key]

    def put(self, key: str, item: T, before: str | None = None) -> None:
        """Insert a new entry before another one, or at the end when `before` is None or not there."""
        if before is None or before not in self._items:
            before, previous = None, self._last
            self._last = key
        else:
            previous = self._previous[before]
            self._previous[before] = key
            self._sorted = False
        if previous is not None:
            self._next[previous] = key
        self._next[key], self._previous[key] = before, previous
        self._items[key] = item
        low = self._places[previous] if previous is not None else -1.0
        high = self._places[before] if before is not None else low + 2.0
        if previous is None and before is not None:
            low = high - 2.0
        self._places[key] = (low + high) / 2
        if not low < self._places[key] < high:  # no float left in between
            self._places = {name: float(place) for place, name in enumerate(self)}

    def fill(self, items: dict[str, T]) -> None:
        """Put all of these into what is empty, in their order."""
        keys = list(items)
        self._items = dict(items)
        self._next = dict(zip(keys, [*keys[1:], None], strict=False))
        self._previous = dict(zip(keys, [None, *keys], strict=False))
        self._places = dict(zip(keys, map(float, range(len(keys))), strict=True))
        self._last, self._sorted = keys[-1] if keys else None, True

    def replace(self, key: str, item: T) -> None:
        self._items[key] = item

    def replace_all(self, items: dict[str, T]) -> None:
        self._items.update(items)

    def drop(self, key: str) -> str | None:
        """Take an entry out; returns the id before which it stood."""
        del self._items[key], self._places[key]
        following, previous = self._next.pop(key), self._previous.pop(key)
        if previous is not None:
            self._next[previous] = following
        if following is not None:
            self._previous[following] = previous
        else:
            self._last = previous
        return following

    def copy(self) -> Ordered[T]:
        twin: Ordered[T] = Ordered()
        twin._items, twin._next, twin._previous = dict(self._items), dict(self._next), dict(self._previous)
        twin._places = dict(self._places)
        twin._last, twin._sorted = self._last, self._sorted
        return twin

    def _in_order(self) -> dict[str, T]:
        """The dictionary itself: iterating it costs a tenth of what `Mapping`'s own views cost."""
        if not self._sorted:
            self._sort()
        return self._items

    def _sort(self) -> None:
        keys: list[str] = []
        key = self._last
        while key is not None:
            keys.append(key)
            key = self._previous[key]
        self._items = {key: self._items[key] for key in reversed(keys)}
        self._sorted = True
