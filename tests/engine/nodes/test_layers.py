"""Layers against torch.nn, first values, running statistics, and what they say about inputs they cannot take."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.compile.shapes import Inference, infer
from engine.export.export import export
from engine.nodes import TYPES
from engine.nodes.base import NodeError, Result, Settings
from engine.nodes.convolution import MANY_CHANNELS, MaxPool2d
from engine.training.initial import initial_values
from engine.training.model import Model
from graph.model.edits import edit_from_json
from graph.model.graph import Graph
from graph.model.problem import Problem
from tests.engine.compile.test_node_code import fill, shape
from tests.engine.node_cases import Case, all_cases
from tests.support.networks import network
from tests.support.node_call import Call

BATCH = frozenset({"x"})


def settings(key: str, training: bool = True, batched: frozenset[str] = BATCH, **values: Any) -> Settings:
    return Settings(**{**TYPES[key].spec.defaults(), **values}, name="node", training=training, batched=batched, dtype=torch.float64)


def draw(key: str, name: str, shape: tuple[int, ...], others: dict[str, tuple[int, ...]] | None = None, **values: Any) -> torch.Tensor:
    s = settings(key, **values, shapes=others or {})
    return TYPES[key].initial(s, name, shape, torch.Generator().manual_seed(0))


def only_error(graph: Graph) -> Problem:
    (problem,) = infer(graph).errors
    return problem


def repaired(graph: Graph, problem: Problem, title: str) -> Inference:
    """What is inferred after pressing the repair of that title."""
    (repair,) = [r for r in problem.repairs if r.title == title]
    for edit in repair.edits:
        edit_from_json(edit).apply(graph)
    return infer(graph)


# first values


@pytest.mark.parametrize("shape", [(300, 200), (64, 32, 3, 3)])
def test_default_weights_lie_within_one_over_the_root_of_the_inputs(shape: tuple[int, ...]) -> None:
    """As torch.nn.init.kaiming_uniform_ with a = √5 draws them: the bound is 1/√fan_in."""
    key = "layer.linear" if len(shape) == 2 else "layer.conv2d"
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    drawn, theirs = draw(key, "W", shape), nn.init.kaiming_uniform_(torch.empty(shape, dtype=torch.float64), a=math.sqrt(5))
    assert 0.99 * bound < drawn.abs().max() < bound and 0.99 * bound < theirs.abs().max() < bound
    assert drawn.std() == pytest.approx(float(theirs.std()), rel=0.03)


@pytest.mark.parametrize(
    ("kind", "init"),
    [
        ("kaiming_uniform", lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu")),
        ("kaiming_normal", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
        ("xavier_uniform", nn.init.xavier_uniform_),
        ("xavier_normal", nn.init.xavier_normal_),
    ],
)
def test_named_initialisations_have_torchs_spread(kind: str, init: Any) -> None:
    drawn = draw("layer.linear", "W", (400, 100), initialisation=kind)
    theirs = init(torch.empty(400, 100, dtype=torch.float64))
    assert drawn.std() == pytest.approx(float(theirs.std()), rel=0.03)
    assert drawn.abs().max() == pytest.approx(float(theirs.abs().max()), rel=0.25)


def test_default_bias_is_drawn_by_the_weights_width() -> None:
    drawn = draw("layer.linear", "b", (5000,), {"W": (5000, 16)})
    assert 0.24 < drawn.abs().max() < 0.25


def test_bias_starts_at_zero_under_any_other_initialisation() -> None:
    assert not draw("layer.linear", "b", (50,), {"W": (50, 16)}, initialisation="xavier_uniform").any()


def test_recurrent_weights_start_within_one_over_the_root_of_the_state() -> None:
    assert 0.24 < draw("layer.recurrent", "W", (16, 300), hidden=16).abs().max() < 0.25


def test_a_document_draws_the_bias_of_its_layers() -> None:
    graph = network({"x": ("source.input", {"value": [1, 2, 3, 4]}), "l": ("layer.linear", {"out_features": 200})}, "x -> l.x")
    values, problems = initial_values(graph, infer(graph), seed=0)
    assert not problems
    bias = values["l", "b"]
    assert 0.45 < bias.abs().max() <= 0.5


# batch norm


def test_batch_norm_learns_the_running_statistics_torch_learns() -> None:
    theirs = nn.BatchNorm1d(3, momentum=0.3).double()
    s, mean, var = settings("layer.batch_norm1d", momentum=0.3), torch.zeros(3).double(), torch.ones(3).double()
    for seed in range(3):
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        result = TYPES["layer.batch_norm1d"].forward(s, x, theirs.weight, theirs.bias, mean, var)
        torch.testing.assert_close(result.outputs[0], theirs(x))
        mean, var = result.buffers["running_mean"], result.buffers["running_var"]
    torch.testing.assert_close(mean, theirs.running_mean)
    torch.testing.assert_close(var, theirs.running_var)


def test_batch_norm_in_evaluation_changes_no_statistics() -> None:
    s = settings("layer.batch_norm1d", training=False)
    ones = torch.ones(3).double()
    assert not TYPES["layer.batch_norm1d"].forward(s, torch.randn(5, 3).double(), ones, ones, ones, ones).buffers


def test_a_batch_of_one_leaves_the_running_statistics_as_they_are() -> None:
    ones = torch.ones(3).double()
    result = TYPES["layer.batch_norm1d"].forward(settings("layer.batch_norm1d"), torch.randn(1, 3).double(), ones, 0 * ones, ones, 2 * ones)
    assert torch.equal(result.buffers["running_mean"], ones) and torch.equal(result.buffers["running_var"], 2 * ones)
    assert not result.outputs[0].any()


# dropout


def dropped(p: float, seed: int = 0, training: bool = True) -> Result:
    s = settings("layer.dropout", training, p=p)
    result = TYPES["layer.dropout"].forward(s, torch.ones(100, 100).double(), rng=torch.Generator().manual_seed(seed))
    assert isinstance(result, Result)
    return result


def test_dropout_keeps_the_mean_by_scaling_what_is_left() -> None:
    y = dropped(0.2).outputs[0]
    assert set(y.unique().tolist()) == {0.0, 1.25}
    assert y.mean() == pytest.approx(1, abs=0.02)


def test_dropout_shows_its_mask() -> None:
    result = dropped(0.2)
    assert torch.equal(result.kept, result.outputs[0])  # the input was all ones


def test_dropout_draws_the_same_mask_from_the_same_seed() -> None:
    assert torch.equal(dropped(0.5, seed=3).kept, dropped(0.5, seed=3).kept)
    assert not torch.equal(dropped(0.5, seed=3).kept, dropped(0.5, seed=4).kept)


# recurrence


def test_unrolled_steps_with_shared_weights_are_torchs_rnn() -> None:
    rnn: Any = nn.RNN(3, 4, batch_first=True).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    s, h = settings("layer.recurrent", hidden=4, batched=frozenset({"x", "h"})), None
    for t in range(5):
        h = TYPES["layer.recurrent"].forward(s, x[:, t], h, rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0 + rnn.bias_hh_l0)
    torch.testing.assert_close(h, rnn(x)[0][:, -1])


# what does not fit


def test_linear_behind_images_offers_to_flatten() -> None:
    graph = network({"d": ("source.data", {"dataset": "digits", "image": True}), "l": ("layer.linear", {})}, "d.x -> l.x")
    problem = only_error(graph)
    assert "Linear needs a vector" in problem.text and "(1, 8, 8)" in problem.text
    shapes = repaired(graph, problem, "Insert Flatten before x")
    assert not shapes.errors and shapes.parameters["l", "W"] == (8, 64)


def test_convolution_of_rows_offers_to_reshape_them_to_square_images() -> None:
    graph = network({"d": ("source.data", {"dataset": "digits"}), "c": ("layer.conv2d", {})}, "d.x -> c.x")
    problem = only_error(graph)
    assert "images" in problem.text
    shapes = repaired(graph, problem, "Insert Reshape to (1, 8, 8) before x")
    assert not shapes.errors and shapes.outputs["c", "y"].dims == (8, 6, 6)


def test_a_window_larger_than_the_image_offers_one_that_fits() -> None:
    nodes = {"d": ("source.data", {"dataset": "digits", "image": True}), "p": ("layer.max_pool2d", {"kernel_size": 9})}
    graph = network(nodes, "d.x -> p.x")
    shapes = repaired(graph, only_error(graph), "Make the window 8 × 8")
    assert not shapes.errors and shapes.outputs["p", "y"].dims == (1, 1, 1)


def test_too_much_padding_is_refused_before_torch_does() -> None:
    nodes = {"d": ("source.data", {"dataset": "digits", "image": True}), "p": ("layer.avg_pool2d", {"kernel_size": 3, "padding": 2})}
    graph = network(nodes, "d.x -> p.x")
    assert not repaired(graph, only_error(graph), "Set padding to 1").errors


def test_batch_norm_of_a_single_sample_is_refused() -> None:
    graph = network({"x": ("source.input", {"value": [1, 2, 3]}), "n": ("layer.batch_norm1d", {})}, "x -> n.x")
    assert "single sample" in only_error(graph).text


def test_a_wire_into_a_switched_off_bias_offers_to_switch_it_on() -> None:
    nodes = {"x": ("source.input", {"value": [1, 2]}), "w": ("parameter.parameter", {"value": [1, 2, 3]}),
             "l": ("layer.linear", {"out_features": 3, "bias": False})}  # fmt: skip
    graph = network(nodes, "x -> l.x; w -> l.b")
    assert not repaired(graph, only_error(graph), "Switch b on").errors


def test_a_previous_state_of_another_size_offers_that_size() -> None:
    nodes = {"x": ("source.input", {"value": [1, 2]}), "h": ("source.input", {"value": [0, 0, 0]}), "r": ("layer.recurrent", {})}
    graph = network(nodes, "x -> r.x; h -> r.h")
    assert not repaired(graph, only_error(graph), "Set the state size to 3").errors


def test_an_index_beyond_the_table_says_how_long_it_has_to_be() -> None:
    s = settings("layer.embedding", batched=frozenset(), count=3)
    with pytest.raises(NodeError, match="rows 0 to 2.*from 0 to 5") as caught:
        TYPES["layer.embedding"].forward(s, torch.tensor([0, 5]), torch.zeros(3, 2))
    assert caught.value.repairs == (("Give the table 6 rows", {"count": 6}),)


# export


WITH_WEIGHTS = [case for case in all_cases() if len(TYPES[case.type].code) > 2]


@pytest.mark.parametrize("case", WITH_WEIGHTS, ids=str)
def test_functional_code_for_wired_parameters_gives_the_same_value(case: Case) -> None:
    call = Call(case)
    shapes = {name: shape(value, name in case.batched) for name, value in call.arguments.items()}
    places = {name: repr(value) for name, value in vars(call.s).items()}
    places |= {name: v if isinstance(v, str) else repr(v) for name, v in call.type.code_values(call.s, shapes).items()}
    places |= {name: f"arguments[{name!r}]" for name in call.arguments}
    scope = {"torch": torch, "F": nn.functional, "arguments": call.arguments, "self": nn.Module().train(case.training)}
    with torch.no_grad():
        value = eval(fill(call.type.code_for(call.s, shapes)[2], places), scope)
        torch.testing.assert_close(value, call.result().outputs[0], rtol=1e-10, atol=1e-12)


def test_a_network_with_wired_norm_parameters_exports_them() -> None:
    nodes = {"d": ("source.data", {"dataset": "moons"}), "w": ("parameter.parameter", {"value": [2.0, 3.0]}), "n": ("layer.layer_norm", {}),
             "l": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {})}  # fmt: skip
    graph = network(nodes, "d.x -> n.x; w -> n.gamma; n -> l.x; l -> loss.scores; d.target -> loss.target")
    assert "F.layer_norm(d_x, [2], w, self.n_beta, 1e-05)" in export(Model(graph))


@pytest.mark.parametrize("window", [(2, 0, 0), (3, 2, 1)])
def test_pooling_many_channels_side_by_side_finds_the_same_numbers_and_places(window: tuple[int, int, int]) -> None:
    kernel, stride, padding = window
    x = torch.relu(torch.randn(3, MANY_CHANNELS + 3, 7, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))).round()
    x[0, 0, 0, 1], x[1, 2, 3, 3], x[2, 1] = torch.nan, torch.inf, -torch.inf  # ties, too: most numbers are 0
    pooled = MaxPool2d().forward(Settings(kernel_size=kernel, stride=stride, padding=padding), x)
    y, places = F.max_pool2d(x, kernel, stride or kernel, padding, return_indices=True)
    torch.testing.assert_close(pooled.outputs[0], y, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(pooled.kept, places)
    assert pooled.outputs[0].is_contiguous() and pooled.kept.is_contiguous()
