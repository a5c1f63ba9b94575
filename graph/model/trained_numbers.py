"""Single numbers that an objective depends on, of learned tensors and of Inputs: which there are, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

from graph.model.address import Address
from graph.model.graph import Graph


def first_numbers(shapes: Mapping[tuple[str, str], Sequence[int]], count: int = 2) -> list[Address]:
    """The first `count` numbers of tensors of these shapes, by (node, name); fewer where there are no more."""
    every = (
        Address("parameter", node, name, index=index) for (node, name), shape in shapes.items() for index in product(*map(range, shape))
    )
    return list(islice(every, count))


def trained_name(graph: Graph, place: Address) -> str:
    """What a learned tensor or one of its numbers is called: `w` where a node is the parameter itself, else `hidden.W[0, 1]`."""
    if place.id not in graph.nodes:
        return place.name(graph)
    node, full = graph.nodes[place.id].name, place.at(place.index or None).name(graph)
    return node + full.removeprefix(f"{node}.{place.port}") if graph.spec(place.id).role == "parameter" else full


def number_name(graph: Graph, place: Address) -> str:
    """The same for a value too: `x` or `x[1]` of an Input."""
    return trained_name(graph, place) if place.kind == "parameter" else place.at(place.index or None).name(graph)
