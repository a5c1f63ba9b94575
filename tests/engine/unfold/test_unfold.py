"""An opened node computes what the closed one does: the same values and gradients, of torch as well, whatever its settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.unfold import RECIPES, unfold
from graph.model.build import build
from graph.model.edits import AddNode, SetBypassed, connect, duplicate
from graph.model.elements import Node
from graph.model.graph import Graph, GraphError
from tests.support.networks import network
from tests.support.unfolding import assert_same_numbers, near, opened, shapes_of

Oracle = Callable[[Tensor, Tensor | None, dict[str, Tensor]], Tensor]


@dataclass(frozen=True)
class Case:
    """A type with its settings on samples of a shape, and what torch makes of them. `target` is the kind of the second input."""

    type: str
    oracle: Oracle
    sample: tuple[int, ...] = (3,)
    settings: dict[str, Any] = field(default_factory=dict)
    target: str = ""
    neurons: bool = False
    training: bool = False

    @property
    def only_batched(self) -> bool:
        """A class index comes from data alone, and batch norm compares samples."""
        return self.target == "index" or "batch_norm" in self.type

    def __str__(self) -> str:
        settings = "-".join(f"{name}={value}" for name, value in self.settings.items())
        marks = "neurons" * self.neurons, "training" * self.training
        return "-".join(filter(None, (self.type, "x".join(map(str, self.sample)), settings, *marks)))


def linear(x: Tensor, _: Tensor | None, p: dict[str, Tensor]) -> Tensor:
    return F.linear(x, p["W"], p.get("b"))


def softmax(axis: int) -> Oracle:
    return lambda x, t, p: torch.softmax(x, axis)


def log_softmax(axis: int) -> Oracle:
    return lambda x, t, p: torch.log_softmax(x, axis)


def cross_entropy(reduction: str) -> Oracle:
    def oracle(x: Tensor, t: Tensor | None, p: dict[str, Tensor]) -> Tensor:
        assert t is not None
        return F.cross_entropy(x, t.long(), reduction=reduction)

    return oracle


def number_loss(loss: Callable[..., Tensor], reduction: str, factor: float = 1.0) -> Oracle:
    def oracle(x: Tensor, t: Tensor | None, p: dict[str, Tensor]) -> Tensor:
        if reduction == "batch_mean":
            return factor * loss(x, t, reduction="sum") / (ROWS if ROWS in x.shape else 1)
        return factor * loss(x, t, reduction=reduction)

    return oracle


def batch_norm(training: bool) -> Oracle:
    def oracle(x: Tensor, t: Tensor | None, p: dict[str, Tensor]) -> Tensor:
        mean, var = p["running_mean"].detach().clone(), p["running_var"].detach().clone()
        return F.batch_norm(x, mean, var, p.get("gamma"), p.get("beta"), training, 0.1, 1e-3)

    return oracle


ROWS = 5
"""Samples in a batch; no sample has an axis of this length."""
REDUCTIONS = ("mean", "sum", "batch_mean")
CASES = [
    *(
        Case("layer.linear", linear, sample, {"out_features": out, "bias": bias}, neurons=neurons)
        for sample in ((3,), (1,), (2, 3))
        for out in (1, 4)
        for bias in (True, False)
        for neurons in (False, True)
        if not (neurons and len(sample) > 1)
    ),
    Case("layer.linear", linear, (7,), {"out_features": 9, "initialisation": "xavier_normal"}, neurons=True),
    Case("layer.linear", linear, (11,), {"out_features": 2}, neurons=True),
    *(Case("activation.tanh", lambda x, t, p: torch.tanh(x), sample) for sample in ((), (3,), (2, 3))),
    *(Case("activation.sigmoid", lambda x, t, p: torch.sigmoid(x), sample) for sample in ((), (3,), (2, 3))),
    *(Case("activation.softmax", softmax(-1), sample) for sample in ((3,), (2, 3))),
    Case("activation.softmax", softmax(-2), (2, 3), {"axis": 0}),
    Case("activation.softmax", softmax(-2), (4, 3), {"axis": -2}),
    Case("activation.log_softmax", log_softmax(-1), (3,)),
    Case("activation.log_softmax", log_softmax(-2), (2, 3), {"axis": 0}),
    *(
        Case(key, batch_norm(training), sample, {"eps": 1e-3, "affine": affine}, training=training)
        for key, sample in (("layer.batch_norm1d", (3,)), ("layer.batch_norm1d", (3, 2)), ("layer.batch_norm2d", (2, 3, 4)))
        for affine in (True, False)
        for training in (True, False)
    ),
    *(Case("loss.cross_entropy", cross_entropy(kind), (3,), {"reduction": kind}, "index") for kind in ("mean", "sum")),
    *(
        Case("loss.squared_error", number_loss(F.mse_loss, kind, factor), sample, {"reduction": kind, "factor": name}, "real")
        for kind in REDUCTIONS
        for name, factor in (("full", 1.0), ("half", 0.5))
        for sample in ((), (3,), (2, 3))
    ),
    *(
        Case("loss.bce_logits", number_loss(F.binary_cross_entropy_with_logits, kind), sample, {"reduction": kind}, "zero_one")
        for kind in REDUCTIONS
        for sample in ((), (3,))
    ),
]


def draw(case: Case, batched: bool) -> tuple[Tensor, Tensor | None]:
    rng = torch.Generator().manual_seed(7)
    shape = (ROWS, *case.sample) if batched else case.sample
    x = torch.randn(shape, generator=rng, dtype=torch.float64) * 1.5
    if case.target == "index":
        return x, torch.randint(0, case.sample[-1], shape[:-1], generator=rng)
    if case.target:
        t = torch.randn(shape, generator=rng, dtype=torch.float64)
        return x, (t > 0).double() if case.target == "zero_one" else t
    return x, None


def graph_of(case: Case, batched: bool, **more: Any) -> Graph:
    """x (data or an input) → the node; where it is no loss, a weighted sum of all it gives is differentiated."""
    x, target = draw(case, batched)
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"it": (case.type, {**case.settings, **more})}
    port = CATALOG[case.type].inputs[0].name
    if batched:
        size, index = math.prod(case.sample), case.target == "index"
        features = [x.reshape(ROWS, -1)] + ([target.reshape(ROWS, -1)] if target is not None and not index else [])
        targets = target.tolist() if target is not None and index else [0.0] * ROWS
        rows = {"dataset": "table", "features": torch.cat(features, 1).tolist(), "targets": targets, "test_fraction": 0.0}
        nodes |= {
            "data": ("source.data", rows | {"coding": "index" if index else "real"}),
            "first": ("math.slice", {"length": size}), "x": ("math.reshape", {"shape": list(case.sample)}),
        }  # fmt: skip
        wires = [f"data.x -> first.x; first -> x.x; x -> it.{port}"]
        if index:
            wires.append("data.target -> it.target")
        elif target is not None:
            nodes |= {"last": ("math.slice", {"start": size, "length": size}), "target": ("math.reshape", {"shape": list(case.sample)})}
            wires.append("data.x -> last.x; last -> target.x; target -> it.target")
    else:
        nodes["x"] = ("source.input", {"value": x.tolist()})
        wires = [f"x -> it.{port}"]
        if target is not None:
            nodes["target"] = ("source.input", {"value": target.tolist()})
            wires.append("target -> it.target")
    if not case.target:
        nodes |= {"square": ("math.square", {}), "sin": ("math.sin", {}), "f": ("math.sum", {"over_batch": True})}
        wires.append("it -> sin.x; sin -> square.x; square -> f.x")
    return network(nodes, ";".join(wires), settings={"demo": list(range(ROWS))})


def expected(case: Case, batched: bool, parameters: dict[str, Tensor]) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """What torch gives: the output, the gradient of x, and those of the parameters."""
    x, target = draw(case, batched)
    x = x.requires_grad_()
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    y = case.oracle(x, target, leaves)
    f = y if case.target else (y.sin() ** 2).sum()
    gx, *others = torch.autograd.grad(f, [x, *leaves.values()], allow_unused=True)
    return y.detach(), gx, dict(zip(leaves, others, strict=True))


SITUATIONS = [(case, batched) for case in CASES for batched in (False, True) if batched or not case.only_batched]


@pytest.mark.parametrize(("case", "batched"), SITUATIONS, ids=str)
def test_values_and_gradients_are_those_of_the_closed_node_and_of_torch(case: Case, batched: bool) -> None:
    graph = graph_of(case, batched)
    parameters = {key[1]: value for key, value in Model(graph).values().items()}
    y, gx, gradients = expected(case, batched, parameters)

    unfolded, edit = opened(graph, "it", case.neurons)

    assert_same_numbers(graph, unfolded, edit, case.training)
    trace = Model(unfolded).trace(training=case.training)
    result = unfolded.named("it")
    assert result is not None and result.type not in RECIPES
    assert near(trace.values[result.id, "y"], y)
    into = next(edge.id for edge in graph.edges.values() if edge.source[0] == "x")
    actual = trace.edge_gradients[into]
    assert isinstance(actual, Tensor) and near(actual, gx)
    if not case.neurons:
        for (_, name), inner in edit.state_moves:
            gradient = trace.parameter_gradients.get(inner)
            assert gradient is None or (isinstance(gradient, Tensor) and near(gradient, gradients[name]))


def test_every_type_that_can_be_opened_is_tried() -> None:
    assert {case.type for case in CASES} == set(RECIPES)


def test_a_saturated_tanh_keeps_the_digits_of_its_gradient() -> None:
    values = [6.0, -9.0, 14.0, -17.0]
    rows = {"nodes": [{"id": "x", "type": "source.input", "name": "x", "params": {"value": values}},
                      {"id": "h", "type": "activation.tanh", "name": "h"}, {"id": "s", "type": "math.sum", "name": "s"}],
            "edges": [{"id": "e1", "from": ["x", "y"], "to": ["h", "x"]}, {"id": "e2", "from": ["h", "y"], "to": ["s", "x"]}]}  # fmt: skip
    unfolded, _ = opened(build(rows, CATALOG), "h")

    gradient = Model(unfolded).trace().edge_gradients["e1"]

    exact = torch.tensor(values, dtype=torch.float64).cosh() ** -2  # d tanh = 1 / cosh²
    assert isinstance(gradient, Tensor)
    assert float(((gradient - exact) / exact).abs().max()) < 1e-12


def test_a_wired_weight_stays_the_other_node_s() -> None:
    nodes = {
        "x": ("source.input", {"value": [1.0, 2.0]}), "theta": ("parameter.parameter", {"value": [[1.0, -2.0], [0.5, 3.0]]}),
        "first": ("layer.linear", {"out_features": 2}), "second": ("layer.linear", {"out_features": 2}), "f": ("math.sum", {}),
    }  # fmt: skip
    graph = network(nodes, "x -> first.x; theta -> first.W; first -> second.x; theta -> second.W; second -> f.x")

    for name in ("first", "second"):
        unfolded, edit = opened(graph, name)
        assert_same_numbers(graph, unfolded, edit)
        assert [old[1] for old, _ in edit.state_moves] == ["b"]
        with pytest.raises(GraphError, match="its W is wired, and belongs to another node"):
            opened(graph, name, neurons=True)


@pytest.mark.parametrize("neurons", [False, True])
def test_a_frozen_layer_stays_frozen(neurons: bool) -> None:
    graph = graph_of(Case("layer.linear", linear, (3,), {"out_features": 2, "frozen": True}), True)

    unfolded, edit = opened(graph, "it", neurons)

    assert_same_numbers(graph, unfolded, edit)
    assert all(unfolded.setting(inner, "frozen") is True for _, (inner, _) in edit.state_moves)


@pytest.mark.parametrize("neurons", [False, True])
@pytest.mark.parametrize("kind", ["default", "kaiming_normal", "xavier_uniform", "normal", "zeros"])
def test_weights_are_drawn_as_the_layer_draws_them_whatever_the_seed(kind: str, neurons: bool) -> None:
    graph = graph_of(Case("layer.linear", linear, (3,), {"out_features": 2, "initialisation": kind}), True)
    unfolded, edit = opened(graph, "it", neurons)
    for seed in (0, 1, 77):
        for version in (graph, unfolded):
            version._set_training("seed", seed)
        assert_same_numbers(graph, unfolded, edit)


def test_a_copy_of_an_opened_layer_draws_weights_of_its_own() -> None:
    graph = graph_of(Case("layer.linear", linear, (3,), {"out_features": 2}), True)
    unfolded, edit = opened(graph, "it")
    (_, first), *_ = edit.state_moves

    duplicate(unfolded, ["it"]).apply(unfolded)

    weights = [value for key, value in Model(unfolded).values().items() if value.shape == (2, 3)]
    assert len(weights) == 2 and not torch.equal(weights[0], weights[1])
    assert torch.equal(Model(unfolded).values()[first], Model(graph).values()["it", "W"])


@pytest.mark.parametrize("neurons", [False, True])
def test_trained_values_that_the_document_keeps_are_kept_inside(neurons: bool) -> None:
    kept = {"W": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "b": [7.0, 8.0]}
    graph = graph_of(Case("layer.linear", linear, (3,), {"out_features": 2}), True, tensors=kept)

    unfolded, edit = opened(graph, "it", neurons)

    assert_same_numbers(graph, unfolded, edit)
    weight = torch.tensor(kept["W"], dtype=torch.float64)
    assert torch.equal(Model(graph).values()["it", "W"], weight)


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_goes_on_with_the_statistics_it_has(training: bool) -> None:
    kept = {"gamma": [2.0, -1.0, 0.5], "beta": [0.1, 0.2, 0.3], "running_mean": [0.5, -0.5, 1.0], "running_var": [2.0, 0.25, 1.5]}
    graph = graph_of(Case("layer.batch_norm1d", batch_norm(training), (3,)), True, tensors=kept)

    unfolded, edit = opened(graph, "it")

    assert_same_numbers(graph, unfolded, edit, training)
    values = Model(unfolded).values()
    assert {old[1]: values[new].tolist() for old, new in edit.state_moves} == kept


def test_batch_norm_with_a_wired_scale_stays_wired() -> None:
    graph = graph_of(Case("layer.batch_norm1d", batch_norm(True), (3, 2)), True)
    AddNode(Node("g", "parameter.parameter", "g", params={"value": [1.0, 2.0, 3.0]})).apply(graph)
    connect(graph, ("g", "y"), ("it", "gamma")).apply(graph)
    unfolded, edit = opened(graph, "it")
    assert_same_numbers(graph, unfolded, edit, training=True)
    assert [old[1] for old, _ in edit.state_moves if "running" not in old[1]] == ["beta"]


def test_it_is_said_why_a_node_cannot_be_opened() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons"}), "hidden": ("layer.linear", {"out_features": 40}), "relu": ("activation.relu", {}),
        "loose": ("layer.linear", {}), "penalty": ("penalty.l2", {"layers": "hidden"}), "far": ("activation.softmax", {}),
        "wide": ("layer.linear", {"out_features": 40}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> hidden.x; hidden -> relu.x; data.x -> wide.x")
    shapes = shapes_of(Model(graph))

    def refusal(name: str, neurons: bool = False, **known: Any) -> str:
        with pytest.raises(GraphError) as refused:
            unfold(graph, name, known.get("shapes", shapes), neurons)
        return str(refused.value)

    assert "penalty penalises its weights by the layer's name" in refusal("hidden")
    assert "ReLU is not made of smaller nodes here" in refusal("relu")
    assert "its input x is not connected" in refusal("loose")
    assert "40 × 2 = 80 weights; up to 64" in refusal("wide", neurons=True)
    assert "the output size of data is not known" in refusal("wide", shapes={})
    assert "has no neurons" in refusal("far", neurons=True)
    assert refusal("nobody") == "Select a node to open"


def test_a_bypassed_node_is_not_opened() -> None:
    graph = graph_of(Case("activation.tanh", lambda x, t, p: x, (3,)), True)
    SetBypassed("it", True).apply(graph)
    with pytest.raises(GraphError, match="it is bypassed"):
        unfold(graph, "it", shapes_of(Model(graph)))
