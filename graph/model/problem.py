"""A problem with a graph, as the person at the canvas is told it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
GRAVITY: dict[str, int] = {"error": 0, "warning": 1, "note": 2}
"""The gravest first. An error keeps something from being computed, a warning is probably a mistake, a note is worth knowing."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One click that mends a problem: `edits` are edits in their JSON form (see `graph.model.edits`)."""

    title: str
    edits: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`text` names nodes and ports by the names on the canvas; `nodes` and `edges` hold ids, the first node is where the badge goes."""

    severity: Severity
    text: str
    nodes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    port: str = ""
    repairs: tuple[Repair, ...] = ()
