"""Shapes are known before anything is computed, and what is wrong is said by name with a repair."""

from __future__ import annotations

from typing import Any

import pytest

from engine.compile.shapes import Inference, infer
from engine.compile.trial import Trial
from engine.nodes import TYPES
from graph.model.edits import AddNode, SetParam, edit_from_json
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.problem import Problem
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]


def problem(graph: Graph) -> Problem:
    errors = infer(graph).errors
    assert len(errors) == 1, [p.text for p in errors]
    return errors[0]


def repaired(graph: Graph, which: int = 0) -> Inference:
    for edit in problem(graph).repairs[which].edits:
        edit_from_json(edit).apply(graph)
    return infer(graph)


def linear(into: str = "x", **more: Any) -> Graph:
    return network({"a": ("source.input", {"value": [1.0, 2.0, 3.0]}), "l": ("layer.linear", {"out_features": 5} | more)}, f"a -> l.{into}")


def shared_weight(shape: list[int]) -> Graph:
    nodes: Nodes = {
        "a": ("source.input", {"value": [1, 2, 3]}), "w": ("parameter.parameter", {"initialisation": "normal", "shape": shape}),
        "l": ("layer.linear", {"out_features": 5}),
    }  # fmt: skip
    return network(nodes, "a -> l.x; w -> l.W")


def enormous() -> Graph:
    million = 1_000_000
    nodes: Nodes = {
        "a": ("parameter.parameter", {"initialisation": "zeros", "shape": [million]}), "l": ("layer.linear", {"out_features": million}),
    }  # fmt: skip
    return network(nodes, "a -> l.x")


def test_every_output_of_a_network_has_its_sample_shape_and_batch_flag() -> None:
    inferred = infer(tanh_net())
    shapes = {key: (shape.dims, shape.batched) for key, shape in inferred.outputs.items()}
    assert shapes == {
        ("data", "x"): ((2,), True), ("data", "target"): ((), True), ("hidden", "y"): ((4,), True), ("tanh", "y"): ((4,), True),
        ("out", "y"): ((2,), True), ("loss", "y"): ((), False),
    }  # fmt: skip
    assert inferred.parameters == {("hidden", "W"): (4, 2), ("hidden", "b"): (4,), ("out", "W"): (2, 4), ("out", "b"): (2,)}
    assert not inferred.problems


def test_scalars_without_data_are_not_batched() -> None:
    assert all(shape.dims == () and not shape.batched for shape in infer(product()).outputs.values())


def test_a_target_knows_its_coding_and_the_number_of_classes() -> None:
    target = infer(tanh_net()).outputs["data", "target"]
    assert (target.dtype, target.coding, target.classes) == ("index", "index", 2)


def test_coding_stays_with_a_target_that_is_only_rearranged() -> None:
    nodes: Nodes = {"d": ("source.data", {"dataset": "moons", "coding": "plus_minus"}), "r": ("math.flatten", {})}
    assert infer(network(nodes, "d.target -> r.x")).outputs["r", "y"].coding == "plus_minus"


def test_a_missing_input_names_node_and_port() -> None:
    error = problem(network({"x": ("source.input", {}), "sum": ("math.add", {})}, "x -> sum.a"))
    assert (error.nodes, error.port) == (("sum",), "b")
    assert error.text == "sum: nothing is connected to its input b"


def test_an_unknown_type_is_a_problem_and_the_rest_is_still_inferred() -> None:
    graph = network({"x": ("source.input", {}), "odd": ("later.thing", {}), "s": ("math.sin", {})}, "x -> odd.q; x -> s.x")
    assert "later.thing" in problem(graph).text
    assert ("s", "y") in infer(graph).outputs


def test_only_the_first_of_a_chain_of_nodes_complains() -> None:
    graph = network({"a": ("math.sin", {}), "b": ("math.sin", {}), "c": ("math.sin", {})}, "a -> b.x; b -> c.x")
    assert problem(graph).nodes == ("a",)


def test_vectors_of_different_lengths_do_not_fit_and_both_shapes_are_named() -> None:
    nodes: Nodes = {"p": ("source.input", {"value": [1, 2, 3]}), "q": ("source.input", {"value": [1, 2]}), "s": ("math.add", {})}
    text = problem(network(nodes, "p -> s.a; q -> s.b")).text
    assert text.startswith("s: ") and "(3,)" in text and "(2,)" in text


def test_a_layer_of_the_wrong_width_can_be_repaired() -> None:
    nodes: Nodes = {"d": ("source.data", {"dataset": "sine"}), "l": ("layer.linear", {"out_features": 3}),
                    "k": ("layer.linear", {"out_features": 2}), "s": ("math.add", {})}  # fmt: skip
    graph = network(nodes, "d.x -> l.x; d.x -> k.x; l -> s.a; k -> s.b")
    assert not repaired(graph).errors


def test_a_batch_axis_that_meets_a_feature_axis_is_refused_with_a_repair() -> None:
    nodes: Nodes = {"d": ("source.data", {"dataset": "moons", "coding": "index"}), "e": ("layer.linear", {"out_features": 1}),
                    "m": ("math.mean", {}), "s": ("math.add", {})}  # fmt: skip
    graph = network(nodes, "d.x -> m.x; d.x -> e.x; m -> s.a; e -> s.b")
    error = problem(graph)
    assert error.nodes[0] == "s" and "batch axis" in error.text
    assert not repaired(graph).errors


def test_class_indices_are_not_real_numbers() -> None:
    graph = network({"d": ("source.data", {"dataset": "iris"}), "s": ("math.sin", {})}, "d.target -> s.x")
    assert "class indices" in problem(graph).text and "d.target" in problem(graph).text
    assert repaired(graph).outputs["s", "y"].dtype == "float"


def test_a_matrix_into_a_port_for_vectors_can_be_flattened() -> None:
    graph = network({"d": ("source.data", {"dataset": "digits", "image": True}), "l": ("layer.linear", {})}, "d.x -> l.x")
    assert repaired(graph).parameters["l", "W"] == (8, 64)


def test_a_tensor_of_more_numbers_than_fit_is_refused_before_it_is_made() -> None:
    error = problem(enormous())
    assert "2³¹" in error.text and error.nodes == ("l",)


def test_a_wired_weight_takes_the_place_of_the_layers_own() -> None:
    shapes = infer(shared_weight([5, 3]))
    assert not shapes.problems
    assert shapes.parameters == {("w", "value"): (5, 3), ("l", "b"): (5,)}


def test_a_wired_weight_of_the_wrong_shape_is_named() -> None:
    text = problem(shared_weight([3, 5])).text
    assert "(5, 3)" in text and "(3, 5)" in text


def test_a_wired_bias_that_differs_from_sample_to_sample_is_refused() -> None:
    nodes: Nodes = {"d": ("source.data", {"dataset": "moons"}), "l": ("layer.linear", {"out_features": 2})}
    assert problem(network(nodes, "d.x -> l.x; d.x -> l.b")).text == "l: its parameter b must be (2,), but d.x gives (N, 2)"


def test_a_product_of_more_numbers_than_fit_is_refused() -> None:
    long, zeros = 60_000, {"initialisation": "zeros"}
    nodes: Nodes = {
        "a": ("parameter.parameter", {"shape": [long, 1], **zeros}), "b": ("parameter.parameter", {"shape": [1, long], **zeros}),
        "m": ("math.matmul", {}),
    }  # fmt: skip
    assert "y would have (60000, 60000) numbers" in problem(network(nodes, "a -> m.a; b -> m.b")).text


def test_what_may_be_large_is_tried_without_computing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: Nodes = {"d": ("source.data", {"dataset": "moons"}), "hot": ("math.one_hot", {"classes": 1_000_000})}
    devices, forward = [], type(TYPES["math.one_hot"]).forward
    monkeypatch.setattr(type(TYPES["math.one_hot"]), "forward", lambda self, s, x: (devices.append(x.device.type), forward(self, s, x))[1])
    assert infer(network(nodes, "d.target -> hot.x")).outputs["hot", "y"].dims == (1_000_000,)
    assert devices == ["meta", "meta"]


def test_a_penalty_on_a_layer_takes_the_parameter_wired_in_its_weights_place() -> None:
    graph = shared_weight([5, 3])
    AddNode(Node("p", "penalty.l2", "p", params={"layers": "l"})).apply(graph)
    assert [leaf.key for leaf in infer(graph).wirings["p"].leaves()] == [("w", "value")]


def test_a_penalty_on_all_layers_leaves_frozen_ones_out() -> None:
    nodes: Nodes = {
        "p": ("penalty.l2", {"layers": "all"}), "a": ("source.input", {"value": [1.0]}), "l": ("layer.linear", {"frozen": True}),
    }  # fmt: skip
    assert not list(infer(network(nodes, "a -> l.x")).wirings["p"].leaves())


def test_a_penalty_on_a_layer_that_is_computed_from_it_says_so() -> None:
    nodes: Nodes = {
        "p": ("penalty.l2", {"layers": "l"}), "a": ("source.input", {"value": [1.0, 2.0]}), "m": ("math.multiply", {}),
        "l": ("layer.linear", {}),
    }  # fmt: skip
    assert "computed from the penalty itself" in problem(network(nodes, "p -> m.a; a -> m.b; m -> l.x")).text


def test_a_setting_out_of_range_is_a_problem_of_its_node() -> None:
    graph = linear()
    SetParam("l", "out_features", 0).apply(graph)
    assert problem(graph).nodes == ("l",)


def test_a_penalty_is_ordered_behind_the_layers_it_names() -> None:
    nodes: Nodes = {"p": ("penalty.l2", {"layers": "all"}), "a": ("source.input", {"value": [1.0, 2.0]}), "l": ("layer.linear", {})}
    shapes = infer(network(nodes, "a -> l.x"))
    assert shapes.order.index("p") > shapes.order.index("l")
    assert [leaf.key for leaf in shapes.wirings["p"].leaves()] == [("l", "W")]


def test_a_penalty_on_a_layer_nobody_knows_is_a_problem() -> None:
    assert '"nobody"' in problem(network({"p": ("penalty.l1", {"layers": "nobody"})}, "")).text


@pytest.mark.parametrize("dataset", ["nothing", "csv"])
def test_data_that_cannot_be_described_is_a_problem_of_the_data_node(dataset: str) -> None:
    assert problem(network({"d": ("source.data", {"dataset": dataset})}, "")).nodes == ("d",)


def test_torchs_own_words_never_show() -> None:
    nodes: Nodes = {"p": ("source.input", {"value": [[1, 2, 3]]}), "q": ("source.input", {"value": [[1, 2]]}), "m": ("math.matmul", {})}
    text = problem(network(nodes, "p -> m.a; q -> m.b")).text
    assert "mat1" not in text and "size of tensor" not in text


def test_nodes_that_are_alike_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    run = Trial.run

    def counted(trial: Trial, *how: Any) -> Any:
        tried.append(trial._settings.name)
        return run(trial, *how)

    monkeypatch.setattr(Trial, "run", counted)
    nodes: Nodes = {"a": ("source.input", {"value": [1.0, 2.0]}), "c": ("source.input", {"value": 1.0})}
    nodes |= {f"t{i}": ("activation.softplus", {"beta": 2.0 if i == 3 else 1.0}) for i in range(5)}
    shapes = infer(network(nodes, "a -> t0.x; a -> t1.x; a -> t2.x; a -> t3.x; c -> t4.x")).outputs
    assert [shapes[f"t{i}", "y"].dims for i in range(5)] == [(2,), (2,), (2,), (2,), ()]
    assert sorted(set(tried)) == ["t0", "t3", "t4"]
