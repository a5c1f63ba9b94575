"""The automatic layout of a whole canvas: frames, notes, lines, and wires that keep clear of cards."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from graph.grouping import curves
from graph.grouping.arrange import Arranged, Rect, arrange
from graph.grouping.layout import arranged
from graph.grouping.packing import GAP_X, shown_at
from graph.model.edits import Move
from graph.model.graph import Graph
from tests.support.catalog import CATALOG, add, wire

SIZE = (128.0, 96.0)


def rects(graph: Graph, found: Arranged, notes: dict[str, Rect]) -> dict[str, Rect]:
    sizes = {node: SIZE for node in graph.nodes} | {note: rect[2:] for note, rect in notes.items()} | found.frames
    return {item: (*found.places[item], *sizes[item]) for item in found.places}


def apart(a: Rect, b: Rect) -> bool:
    return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


def inside(inner: Rect, outer: Rect) -> bool:
    return all(outer[i] <= inner[i] and inner[i] + inner[i + 2] <= outer[i] + outer[i + 2] for i in (0, 1))


@pytest.mark.parametrize("seed", range(12))
def test_frames_keep_their_own_and_swallow_nothing_else(seed: int) -> None:
    """Nodes on a coarse grid, wired at random; two frames side by side, a third in the first of them, notes above and below."""
    draw, graph = random.Random(seed), Graph(CATALOG)
    nodes = [add(graph, "math.concatenate") for _ in range(24)]
    Move(tuple((node, 300.0 * (i % 6), 200.0 * (i // 6)) for i, node in enumerate(nodes))).apply(graph)
    for target in range(1, 24):
        for source in draw.sample(range(target), min(target, draw.choice([0, 1, 1, 2]))):
            wire(graph, nodes[source], nodes[target], "xs")
    frames = {"big": (-20.0, -20.0, 900.0, 560.0), "small": (-10.0, -10.0, 250.0, 350.0), "right": (880.0, -20.0, 560.0, 350.0)}
    notes = {"top": (0.0, -300.0, 240.0, 120.0), "in": (600.0, 120.0, 200.0, 60.0), "last": (0.0, 2000.0, 240.0, 90.0)}
    before = {node: (graph.nodes[node].x, graph.nodes[node].y, *SIZE) for node in nodes} | notes | frames

    after = rects(graph, arrange(graph, dict.fromkeys(nodes, SIZE), (1280.0, 640.0), None, frames, notes), notes)

    assert after.keys() == before.keys()
    for frame, item in itertools.product(frames, before):
        if item != frame:
            assert inside(after[item], after[frame]) == inside(before[item], before[frame]), (frame, item)
    for a, b in itertools.combinations(before, 2):
        held = (a in frames and inside(after[b], after[a])) or (b in frames and inside(after[a], after[b]))
        assert held or apart(after[a], after[b]), (a, b)
    assert after["top"][1] < min(after[node][1] for node in nodes) and after["last"][1] > max(after[node][1] for node in nodes)
    assert min(x for x, *_ in after.values()) == pytest.approx(min(x for x, *_ in before.values()), abs=8)


@pytest.mark.parametrize("seed", range(20))
def test_no_wire_runs_under_a_card(seed: int) -> None:
    """Every point of every wire, the ends aside, against every card of the other nodes."""
    draw, graph = random.Random(seed), Graph(CATALOG)
    nodes = [add(graph, "math.concatenate") for _ in range(12)]
    for target in range(1, 12):
        for source in draw.sample(range(target), min(target, draw.choice([1, 1, 2]))):
            wire(graph, nodes[source], nodes[target], "xs")
    found = arranged(graph, dict.fromkeys(nodes, SIZE), canvas=(1280.0, 640.0))
    for edge in graph.edges.values():
        (x, y), (x2, y2) = found.places[edge.source[0]], found.places[edge.target[0]]
        into = sorted(graph.inputs_of(edge.target[0]), key=lambda other: other.slot).index(edge)
        end = (x2, y2 + SIZE[1] / 2 + 24 * (into - (len(graph.inputs_of(edge.target[0])) - 1) / 2))
        path = np.array(list(curves.along(curves.cubics((x + SIZE[0], y + SIZE[1] / 2), end, found.via[edge.id]))))
        for other in set(nodes) - {edge.source[0], edge.target[0]}:
            left, top = found.places[other]
            under = (path > (left, top)).all(axis=1) & (path < (left + SIZE[0], top + SIZE[1])).all(axis=1)
            assert not under.any(), (seed, edge, other)


def test_a_long_chain_is_broken_into_lines_that_fill_the_canvas() -> None:
    graph, canvas = Graph(CATALOG), (1280.0, 640.0)
    nodes = [add(graph, "source.input"), *(add(graph, "math.exp") for _ in range(11))]
    for source, target in itertools.pairwise(nodes):
        wire(graph, source, target)
    sizes = dict.fromkeys(nodes, SIZE)
    one, many = arranged(graph, sizes), arranged(graph, sizes, canvas=canvas)
    assert one.size == (12 * SIZE[0] + 11 * GAP_X, SIZE[1]) and not any(one.via.values())
    assert shown_at(many.size, canvas) > 1.8 * shown_at(one.size, canvas)
    lines = sorted({y for _, y in many.places.values()})
    read = [node for y in lines for node in sorted((n for n in nodes if many.places[n][1] == y), key=lambda n: many.places[n][0])]
    assert read == nodes, "line by line as a text is read"
    turned = [edge for edge, points in many.via.items() if points]
    assert len(turned) == len(lines) - 1


def test_a_chain_that_can_be_read_stays_one_line() -> None:
    graph = Graph(CATALOG)
    nodes = [add(graph, "source.input"), *(add(graph, "math.exp") for _ in range(4))]
    for source, target in itertools.pairwise(nodes):
        wire(graph, source, target)
    assert len({y for _, y in arranged(graph, dict.fromkeys(nodes, SIZE), canvas=(1280.0, 640.0)).places.values()}) == 1
