"""No avoidable crossing: small layered graphs against all orders there are, counted pair by pair."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.grouping.crossings import Layers, Links, crossings, ordered

Pair = tuple[str, int, str, int]


@st.composite
def layered(draw: st.DrawFn) -> tuple[Layers, list[list[Pair]]]:
    """Two to four layers of one to four nodes; links between neighbouring layers, each with the ranks of its ports."""
    layers = [[f"{i}.{j}" for j in range(draw(st.integers(1, 4)))] for i in range(draw(st.integers(2, 4)))]
    links = []
    for left, right in pairwise(layers):
        ends = st.tuples(st.sampled_from(left), st.integers(0, 1), st.sampled_from(right), st.integers(0, 2))
        links.append(draw(st.lists(ends, max_size=8, unique=True)))
    return layers, links


def counted(layers: Layers, links: list[list[Pair]]) -> int:
    """By the definition: one link begins above another and ends below it."""
    total = 0
    for (left, right), between in zip(pairwise(layers), links, strict=True):
        ends = [((left.index(a), out), (right.index(b), into)) for a, out, b, into in between]
        total += sum((a < c and b > d) or (a > c and b < d) for (a, b), (c, d) in combinations(ends, 2))
    return total


def as_links(layers: Layers, links: list[list[Pair]]) -> tuple[Links, Links]:
    before: dict[str, list[tuple[str, int, int]]] = {node: [] for layer in layers for node in layer}
    after: dict[str, list[tuple[str, int, int]]] = {node: [] for layer in layers for node in layer}
    for a, out, b, into in (link for between in links for link in between):
        after[a].append((b, out, into))
        before[b].append((a, into, out))
    return before, after


@given(layered())
@settings(max_examples=150, deadline=None)
def test_no_order_has_fewer_crossings(case: tuple[Layers, list[list[Pair]]]) -> None:
    layers, links = case
    before, after = as_links(layers, links)
    found = ordered(layers, before, after)
    assert [sorted(layer) for layer in found] == [sorted(layer) for layer in layers]
    assert crossings(found, after) == counted(found, links)
    first, *others = links
    ways = product(*(permutations(layer) for layer in layers))
    if sum(map(len, layers)) <= 9:
        assert counted(found, links) == min(counted([list(layer) for layer in way], links) for way in ways)
    else:  # of two layers the first alone: a bound that no order of all beats
        least = min(counted([list(a), list(b)], [first]) for a, b in product(permutations(layers[0]), permutations(layers[1])))
        assert counted(found, links) >= least


def test_wires_into_one_node_stand_in_the_order_of_its_inputs() -> None:
    layers = [["x", "y"], ["d"]]
    before, after = as_links(layers, [[("x", 0, "d", 1), ("y", 0, "d", 0)]])
    assert crossings(layers, after) == 1
    assert ordered(layers, before, after) == [["y", "x"], ["d"]]
