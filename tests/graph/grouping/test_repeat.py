"""A block in series: against torch, by hand, and undone."""

from __future__ import annotations

import pytest
import torch

from engine.training.model import Model
from graph.grouping.groups import group
from graph.grouping.repeat import block_of, repeat
from graph.model.edits import SetGraphSetting
from graph.model.graph import Graph, GraphError
from tests.support.networks import network, product, tanh_net


def deep(graph: Graph, ids: list[str], count: int) -> tuple[Graph, list[dict[str, str]]]:
    """The repeated graph, and that undo leads back."""
    before = graph.copy()
    repeated = repeat(graph, block_of(graph, ids), count, 400.0)
    undo = repeated.edit.apply(graph)
    after = graph.copy()
    undo.apply(graph)
    assert graph == before
    return after, list(repeated.copies)


def test_a_layer_and_its_activation_repeated_compute_what_torch_does_with_weights_of_their_own() -> None:
    graph, copies = deep(tanh_net(), ["hidden", "tanh"], 3)

    model = Model(graph)
    trace, weights = model.trace(), model.state.parameters
    h = trace.values["data", "x"]
    for node in ("hidden", *(copy["hidden"] for copy in copies)):
        h = torch.tanh(torch.nn.functional.linear(h, weights[f"{node}.W"], weights[f"{node}.b"]))
    torch.testing.assert_close(trace.values[copies[-1]["tanh"], "y"], h, rtol=1e-12, atol=0)
    assert graph.edge_into("out", "x").source == (copies[-1]["tanh"], "y")
    square = [weights[f"{copy['hidden']}.W"] for copy in copies]  # 4 × 4, where the first is 4 × 2
    assert all(tensor.shape == (4, 4) for tensor in square)
    assert not any(torch.equal(a, b) for i, a in enumerate(square) for b in square[:i])


def test_copies_are_named_in_order_and_stand_in_a_row() -> None:
    graph, copies = deep(tanh_net(), ["hidden", "tanh"], 2)
    assert [graph.nodes[copy["hidden"]].name for copy in copies] == ["hidden_2", "hidden_3"]
    assert [graph.nodes[copy["tanh"]].x for copy in copies] == [400.0, 800.0]


def test_a_block_with_a_shortcut_has_one_way_in_though_two_wires_enter() -> None:
    nodes = {"x": ("source.input", {"value": 0.5}), "t": ("math.square", {}), "s": ("math.add", {})}
    graph = network(nodes, "x -> t.x; t -> s.a; x -> s.b")  # s = x² + x
    graph, copies = deep(graph, ["t", "s"], 2)
    x = 0.5
    for _number in range(3):
        x = x * x + x
    assert Model(graph).trace().values[copies[-1]["s"], "y"].item() == pytest.approx(x, rel=1e-15)


def test_the_objective_goes_to_the_last_copy() -> None:
    graph = network({"x": ("source.input", {}), "f": ("math.sin", {})}, "x -> f.x")
    SetGraphSetting("objective", {"node": "f", "port": "y"}).apply(graph)
    graph, copies = deep(graph, ["f"], 2)
    assert graph.settings["objective"] == {"node": copies[-1]["f"], "port": "y"}


def test_a_group_is_repeated_with_its_card() -> None:
    graph = tanh_net()
    edit, held = group(graph, ["hidden", "tanh"], "block")
    edit.apply(graph)
    graph, copies = deep(graph, [held], 2)
    assert [graph.groups[copy[held]].name for copy in copies] == ["block_2", "block_3"]
    assert all(graph.nodes[copy["tanh"]].group == copy[held] for copy in copies)


def test_a_block_that_nothing_is_wired_into_waits_at_its_one_free_input() -> None:
    graph, copies = deep(network({"u": ("layer.linear", {})}, ""), ["u"], 1)
    assert graph.edge_into(copies[0]["u"], "x").source == ("u", "y")


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        ([], "Select the nodes to repeat"),
        (["d"], "The block has 2 ways in, from x and y; in series it needs exactly one"),
        (["x"], "Nothing is wired into the block, and it has 0 free inputs; in series it needs exactly one way in"),
        (["d", "z", "f"], "The block has 2 ways in, from x and y; in series it needs exactly one"),
    ],
)
def test_what_cannot_stand_in_series_says_why(ids: list[str], why: str) -> None:
    with pytest.raises(GraphError) as refused:
        block_of(product(), ids)
    assert str(refused.value) == why


def test_two_ways_out_and_an_output_that_ignores_what_comes_in_are_refused() -> None:
    kinds = {"x": "source.input", "a": "math.sin", "b": "math.cos", "c": "source.constant", "f": "math.add"}
    nodes: dict[str, tuple[str, dict[str, float]]] = {name: (kind, {}) for name, kind in kinds.items()}
    graph = network(nodes, "x -> a.x; a -> b.x; a -> f.a; b -> f.b")
    with pytest.raises(GraphError, match="2 ways out, a and b"):
        block_of(graph, ["a", "b"])
    graph = network(nodes, "x -> a.x; c -> b.x; b -> f.b")
    with pytest.raises(GraphError, match="c, which leaves the block, does not depend"):
        block_of(graph, ["a", "c"])
