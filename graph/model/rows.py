"""The nodes and wires of a file, read a column at a time: ten thousand rows are checked by a few calls each.

What is written as nearly every row is, is read here; a row with anything else in it, or with anything wrong, by `Node.from_json` or
`Edge.from_json`, which say what is wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, TypeVar

from graph.model.elements import LIMIT, Edge, Node, valid_name

_NODE_KEYS, _EDGE_KEYS = ("id", "type", "name", "params", "x", "y", "group"), ("id", "from", "to", "via")
Item = TypeVar("Item", Node, Edge)


def nodes_of(rows: Sequence[Any]) -> list[Node]:
    """One node per row. Raises ValueError for the first row that is none."""
    return _read(rows, frozenset(_NODE_KEYS), _usual_nodes, Node.from_json)


def edges_of(rows: Sequence[Any]) -> list[Edge]:
    """One wire per row. Raises ValueError for the first row that is none."""
    return _read(rows, frozenset(_EDGE_KEYS), _usual_edges, Edge.from_json)


def _read(
    rows: Sequence[Any], keys: frozenset[str], usual: Callable[[Sequence[dict[str, Any]]], list[Item] | None], read: Callable[[Any], Item]
) -> list[Item]:  # fmt: skip
    if _are(rows, dict) and set(map(len, rows)) <= {len(keys)} and all(map(keys.issubset, rows)):
        return usual(rows) or [read(row) for row in rows]
    plain = [type(row) is dict and row.keys() == keys for row in rows]
    together = usual([row for row, is_plain in zip(rows, plain, strict=True) if is_plain])
    if together is None:
        return [read(row) for row in rows]
    taken = iter(together)
    return [next(taken) if is_plain else read(row) for row, is_plain in zip(rows, plain, strict=True)]


def _usual_nodes(rows: Sequence[dict[str, Any]]) -> list[Node] | None:
    """Nodes without anything unusual; None where a row has."""
    ids, kinds, names, params, xs, ys, groups = _columns(rows, _NODE_KEYS)
    if not (_short_texts(ids) and _are(kinds, str) and all(kinds) and _are(params, dict) and _are(groups, str, type(None))):
        return None
    if not (_short_texts(names) and all(map(str.isascii, names)) and all(map(str.isidentifier, names)) or all(map(valid_name, names))):
        return None
    if not (_are((*xs, *ys), int, float) and all([-LIMIT <= place <= LIMIT for place in (*xs, *ys)])):
        return None
    head = {"id": ids, "type": kinds, "name": names, "params": map(dict, params)}
    return _made(Node, head | {"x": map(float, xs), "y": map(float, ys), "group": groups}, len(rows))


def _usual_edges(rows: Sequence[dict[str, Any]]) -> list[Edge] | None:
    """Straight wires without anything unusual; None where a row has."""
    ids, sources, targets, vias = _columns(rows, _EDGE_KEYS)
    if not (_short_texts(ids) and all([_are(column, list) for column in (sources, targets, vias)]) and not any(vias)):
        return None
    if not (set(map(len, sources)) <= {2} and set(map(len, targets)) <= {3}):
        return None
    nodes, ports, slots = zip(*targets, strict=True) if targets else ((), (), ())
    if not (_are(chain(chain.from_iterable(sources), nodes, ports), str) and _are(slots, int) and min(slots, default=0) >= 0):
        return None
    starts, ends = map(tuple, sources), zip(nodes, ports, strict=True)
    return _made(Edge, {"id": ids, "source": starts, "target": ends, "slot": slots}, len(rows))


def _made(kind: type[Item], columns: Mapping[str, Iterable[Any]], count: int) -> list[Item]:
    """Nodes or wires with these fields, the others as declared: each field of all of them in one go, a fifth of the work of making one
    after the other, whose fields are set by a call each because they are frozen."""
    items: list[Item] = list(map(kind.__new__, repeat(kind, count)))
    for declared in fields(kind):
        if declared.name in columns:
            values = columns[declared.name]
        elif declared.default_factory is not MISSING:
            values = [declared.default_factory() for _item in items]
        else:
            values = repeat(declared.default)
        deque(map(getattr(kind, declared.name).__set__, items, values), maxlen=0)
    return items


def _columns(rows: Sequence[dict[str, Any]], keys: tuple[str, ...]) -> Iterable[Sequence[Any]]:
    return [list(map(itemgetter(key), rows)) for key in keys]


def _are(values: Iterable[Any], *kinds: type) -> bool:
    """Whether each value is of one of these types, none derived from them."""
    return set(map(type, values)) <= set(kinds)


def _short_texts(values: Sequence[Any]) -> bool:
    """Whether these are texts, none empty and none long."""
    return _are(values, str) and all(values) and max(map(len, values), default=0) <= 200
