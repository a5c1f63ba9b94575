"""The nodes and wires of a file, read a column at a time: ten thousand rows are checked by a few calls each.

What is written as nearly every row is, is read here; a row with anything else in it, or with anything wrong, by `Node.from_json` or
`Edge.from_json`, which say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
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
    plain = [type(row) is dict and row.keys() == keys for row in rows]
    together = usual(rows if all(plain) else [row for row, is_plain in zip(rows, plain, strict=True) if is_plain])
    if together is None:
        return [read(row) for row in rows]
    if len(together) == len(rows):
        return together
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
    settings = [dict(some) for some in params]
    return list(map(Node, ids, kinds, names, repeat(""), settings, map(float, xs), map(float, ys), groups))


def _usual_edges(rows: Sequence[dict[str, Any]]) -> list[Edge] | None:
    """Straight wires without anything unusual; None where a row has."""
    ids, sources, targets, vias = _columns(rows, _EDGE_KEYS)
    if not (_short_texts(ids) and _are((*sources, *targets, *vias), list) and not any(vias)):
        return None
    if not (set(map(len, sources)) <= {2} and set(map(len, targets)) <= {3}):
        return None
    starts = list(map(tuple, sources))
    ends = [(node, port) for node, port, _slot in targets]
    slots = [slot for _node, _port, slot in targets]
    if not (_are([text for end in (*starts, *ends) for text in end], str) and _are(slots, int) and min(slots, default=0) >= 0):
        return None
    return list(map(Edge, ids, starts, ends, slots))


def _columns(rows: Sequence[dict[str, Any]], keys: tuple[str, ...]) -> Iterable[Sequence[Any]]:
    return zip(*map(itemgetter(*keys), rows), strict=True) if rows else repeat((), len(keys))


def _are(values: Iterable[Any], *kinds: type) -> bool:
    """Whether each value is of one of these types, none derived from them."""
    return set(map(type, values)) <= set(kinds)


def _short_texts(values: Sequence[Any]) -> bool:
    """Whether these are texts, none empty and none long."""
    return _are(values, str) and all(values) and max(map(len, values), default=0) <= 200
