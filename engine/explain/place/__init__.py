"""Which number of the graph is meant: a node's output, a learned tensor, or what arrives along one wire. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """`output`: `id` is a node, `name` its port. `parameter`: `id` is a node, `name` its learned tensor. `wire`: `id` is an edge.

    `entry` chooses one number of a tensor by its index; None means the whole tensor (or its only number).
    """

    kind: Literal["output", "parameter", "wire"]
    id: str
    name: str = ""
    entry: tuple[int, ...] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """(node id, port or parameter)."""
        return self.id, self.name


def output(node: str, port: str = "y", entry: tuple[int, ...] | None = None) -> Place:
    return Place("output", node, port, entry)


def parameter(node: str, name: str, entry: tuple[int, ...] | None = None) -> Place:
    return Place("parameter", node, name, entry)


def wire(edge: str, entry: tuple[int, ...] | None = None) -> Place:
    return Place("wire", edge, "", entry)
