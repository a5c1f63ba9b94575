"""Numbers that were typed into a graph: which setting one stands in, and the setting with another number in its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.model.address import Address
from graph.model.edits import SetParam
from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """One number in the value of an Input or a Parameter."""

    node: str
    index: tuple[int, ...]

    def of(self, graph: Graph) -> float:
        value = graph.setting(self.node, "value")
        for i in self.index:
            value = value[i]
        return float(value)

    def set_to(self, number: float, graph: Graph) -> SetParam:
        """The edit that puts a number in its place."""
        return SetParam(self.node, "value", replaced(graph.setting(self.node, "value"), self.index, number))


def typed_value(graph: Graph, node: str) -> Any:
    """The value, a number or nested lists, that is typed into an Input or a Parameter; None for any other node."""
    if node not in graph.nodes or graph.nodes[node].bypassed:
        return None
    spec = graph.spec(node)
    typed = spec.role == "input" or (spec.role == "parameter" and graph.setting(node, "initialisation") == "value")
    return graph.setting(node, "value") if typed else None


def behind(graph: Graph, place: Address) -> TypedNumber | None:
    """The typed number that an address shows; None where the number is computed, drawn at random, or comes from data."""
    node = graph.edges[place.id].source[0] if place.kind == "edge" and place.id in graph.edges else place.id
    if place.gradient or typed_value(graph, node) is None:
        return None
    found = TypedNumber(node, tuple(place.index or ()))
    try:
        value = found.of(graph)
    except (TypeError, IndexError, KeyError):
        return None
    return found if math.isfinite(value) else None


def rounded(x: float, width: float) -> float:
    """A number as it is dragged in a plot of this width: no finer than can be seen."""
    if not (width > 0 and math.isfinite(x)):
        return x
    return round(x, max(0, math.ceil(-math.log10(width / 400)))) + 0.0


def replaced(value: Any, index: Sequence[int], number: float) -> Any:
    """Nested lists with another number at one place."""
    if not index:
        return number
    return [replaced(part, index[1:], number) if i == index[0] else part for i, part in enumerate(value)]
