"""What a group remembers of the node it was opened from (see `engine.unfold`), in a copy of the group: under the copy's ids and names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from graph.model.group_view import ENTRIES

FOLDED = "folded"
"""The key in a group's `extra` under which an opened node is kept."""
_DAMAGED = KeyError, TypeError, ValueError, AttributeError, IndexError
ORIGIN = "origin"
"""The key in a node's settings that says which learned tensor of the opened node it holds."""


def copied_memory(
    extra: Mapping[str, Any], own: str, nodes: Mapping[str, str], edges: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """A group's `extra` for its copy with the id `own`; the mappings lead from old ids to new ones, and to the copies' new names.

    What was copied only in part, or is damaged, is not remembered: the copy is a group like any other.
    """
    kept = {key: value for key, value in extra.items() if key not in (ENTRIES, FOLDED)}
    with suppress(*_DAMAGED):
        kept[ENTRIES] = _entries(extra[ENTRIES], nodes)
    with suppress(*_DAMAGED):
        kept[FOLDED] = _folded(extra[FOLDED], own, nodes, edges, names)
    return kept


def copied_settings(params: Mapping[str, Any], new: str, homes: Mapping[str, str]) -> Mapping[str, Any]:
    """A node's settings for its copy: with its group copied as well, it comes from what the copied group folds into."""
    origin = params.get(ORIGIN)
    if not isinstance(origin, Mapping) or origin.get("node") not in homes:
        return params
    return {**params, ORIGIN: {**origin, "for": new, "node": homes[origin["node"]]}}


def _entries(row: Mapping[str, Any], nodes: Mapping[str, str]) -> dict[str, Any]:
    return {name: [nodes[node], port] for name, (node, port) in row.items()}


def _folded(
    row: Mapping[str, Any], own: str, nodes: Mapping[str, str], edges: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """`names` has the old name and the new one of each node by its old id; a node renamed since it was opened stays so."""
    marks = {nodes[node]: [names.get(name, name), digest] for node, (name, digest) in row["nodes"].items()}
    ends = {edges[edge]: [nodes[a], give, nodes[b], take, slot] for edge, (a, give, b, take, slot) in row["edges"].items()}
    return {
        **row, "node": {**row["node"], "id": own, "name": names[row["node"]["name"]]}, "entries": _entries(row["entries"], nodes),
        "exit": nodes[row["exit"]], "nodes": marks, "edges": ends, "marked": False,
        "parameters": [[nodes[node], inner, name] for node, inner, name in row["parameters"]],
    }  # fmt: skip
