"""Layout: wires go right, nothing overlaps, crossings are few."""

from __future__ import annotations

import itertools
import random
import time

from graph.grouping.layout import SIZE, STEP, layout
from graph.grouping.packing import GRID
from graph.model.graph import Graph
from tests.support.catalog import CATALOG, add, wire, xy_plus_z

Places = dict[str, tuple[float, float]]


def _random_graph(seed: int, size: int) -> Graph:
    draw, graph = random.Random(seed), Graph(CATALOG)
    nodes = [add(graph, "math.concatenate") for _ in range(size)]
    for target in range(1, size):
        for source in draw.sample(range(target), min(target, draw.choice([0, 1, 1, 2]))):
            wire(graph, nodes[source], nodes[target], "xs")
    return graph


def _overlaps(places: Places, sizes: dict[str, tuple[float, float]]) -> list[tuple[str, str]]:
    return [
        (a, b) for a, b in itertools.combinations(places, 2)
        if abs(places[a][0] + sizes[a][0] / 2 - places[b][0] - sizes[b][0] / 2) < (sizes[a][0] + sizes[b][0]) / 2
        and abs(places[a][1] + sizes[a][1] / 2 - places[b][1] - sizes[b][1] / 2) < (sizes[a][1] + sizes[b][1]) / 2
    ]  # fmt: skip


def test_wires_go_right_and_nodes_do_not_overlap() -> None:
    for seed in range(30):
        graph, draw = _random_graph(seed, 25), random.Random(seed)
        sizes = {node: (draw.uniform(60, 300), draw.uniform(40, 260)) for node in graph.nodes}
        places = layout(graph, sizes)
        assert places.keys() == graph.nodes.keys()
        assert _overlaps(places, sizes) == []
        for edge in graph.edges.values():
            assert places[edge.source[0]][0] + sizes[edge.source[0]][0] < places[edge.target[0]][0]


def test_places_lie_on_the_grid_and_are_repeatable() -> None:
    graph = _random_graph(5, 40)
    places = layout(graph)
    assert all(x % GRID == 0 and y % STEP == 0 for x, y in places.values())
    assert layout(graph.copy()) == places


def test_a_chain_is_straight() -> None:
    graph = Graph(CATALOG)
    nodes = [add(graph, "source.input"), *(add(graph, "math.exp") for _ in range(6))]
    for source, target in itertools.pairwise(nodes):
        wire(graph, source, target)
    assert len({y for _, y in layout(graph).values()}) == 1


def test_two_parallel_chains_do_not_cross() -> None:
    graph = Graph(CATALOG)
    tops = [add(graph, "source.input"), add(graph, "source.input")]
    last = list(tops)
    for _ in range(4):
        new = [add(graph, "math.exp"), add(graph, "math.exp")][::-1]
        for source, target in zip(last, new, strict=True):
            wire(graph, source, target)
        last = new
    end = add(graph, "math.add")
    for source, port in zip(last, "ab", strict=True):
        wire(graph, source, end, port)
    places = layout(graph)
    above = {places[a][1] < places[b][1] for a, b in [tuple(tops), tuple(last)]}
    assert len(above) == 1


def test_inputs_stand_next_to_what_they_feed() -> None:
    places = layout(xy_plus_z())
    assert places["n3"][0] == places["n4"][0] > places["n1"][0]


def test_only_the_chosen_nodes_are_placed_and_their_corner_stays() -> None:
    graph = xy_plus_z()
    from graph.model.edits import Move

    Move((("n1", 400.0, 80.0), ("n2", 480.0, 240.0), ("n4", 720.0, 160.0))).apply(graph)
    places = layout(graph, ids=["n1", "n2", "n4"])
    assert places.keys() == {"n1", "n2", "n4"}
    assert (min(x for x, _ in places.values()), min(y for _, y in places.values())) == (400.0, 80.0)


def test_separate_parts_stand_below_each_other() -> None:
    graph = _random_graph(1, 3)
    lone = add(graph, "source.input")
    places = layout(graph)
    assert places[lone][1] >= max(y for node, (_, y) in places.items() if node != lone) + SIZE[1]


def test_an_empty_graph_has_an_empty_layout() -> None:
    assert layout(Graph(CATALOG)) == {}


def test_a_thousand_nodes_are_placed_in_seconds() -> None:
    graph = _random_graph(2, 1000)
    start = time.perf_counter()
    assert len(layout(graph)) == 1000
    assert time.perf_counter() - start < 10
