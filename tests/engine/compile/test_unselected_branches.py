"""0 · ∞: a branch that was not selected contributes 0, whatever its slopes are; a zero that is only a slope's value does not."""

from __future__ import annotations

import math
from builtins import compile as compile_python
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.compile.program import RandomKey, compile
from engine.compile.shapes import infer
from engine.compile.views import Absent
from engine.export.export import export
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build as from_formula
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network

CASES = Path(__file__).parents[2] / "data/cases/graphs"


def gradients(graph: Graph) -> dict[str, list[float]]:
    """The gradient of every node and wire of a trace, flat, by name."""
    trace = Model(graph).trace()
    named: dict[str, Any] = {graph.nodes[node].name: g for (node, _), g in trace.gradients.items()}
    named |= {f"{graph.nodes[e.source[0]].name}→{graph.nodes[e.target[0]].name}": trace.edge_gradients[e.id] for e in graph.edges.values()}
    return {name: g.flatten().tolist() for name, g in named.items() if not isinstance(g, Absent)}


def of(formula: str, **inputs: float) -> dict[str, float]:
    """The gradients by the inputs of a formula."""
    gradient_of = gradients(from_formula(formula, CATALOG, inputs))
    return {name: gradient_of[name][0] for name in inputs}


@pytest.mark.parametrize(
    "name, inputs", [("12a_relu_of_log", "x"), ("12b_max_of_norm", "xy"), ("12c_min_of_exp", "x"), ("12d_min_of_reciprocal", "x")]
)
def test_a_branch_that_was_not_selected_contributes_nothing(name: str, inputs: str) -> None:
    graph = load(CASES / f"{name}.gradwire", CATALOG)
    gradient_of = gradients(graph)
    assert all(gradient_of[x] == [0.0] for x in inputs)
    assert all(math.isfinite(v) for values in gradient_of.values() for v in values)


@pytest.mark.parametrize(
    "formula, inputs, expected",
    [
        ("max(sqrt(x), 1) + 3*x", {"x": 0.0}, {"x": 3.0}),
        ("min(x*exp(y), 5)", {"x": 2.0, "y": 800.0}, {"x": 0.0, "y": 0.0}),
        ("relu(-exp(x)*y)", {"x": 800.0, "y": 2.0}, {"x": 0.0, "y": 0.0}),
        ("relu(log(x)) * relu(log(x)) + max(1/x - 1/y, 0) * 0", {"x": 0.0, "y": 1.0}, None),
        ("w*sqrt(x)", {"w": 0.0, "x": 0.0}, {"w": 0.0, "x": 0.0}),
        ("max(-(x^-2), y)", {"x": 0.0, "y": 1.0}, {"x": 0.0, "y": 1.0}),
        ("relu(x - 1/y)", {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
        ("min(log(x)*y, y)", {"x": 0.0, "y": 2.0}, {"x": math.inf, "y": -math.inf}),
    ],
)
def test_the_neighbours_of_such_a_branch(formula: str, inputs: dict[str, float], expected: dict[str, float] | None) -> None:
    """By hand: where the selected branch is a constant near the point, the derivative is 0; where log is selected, it is what it is."""
    gradient_of = of(formula, **inputs)
    assert expected is None or gradient_of == expected


@pytest.mark.parametrize(
    "formula, inputs",
    [
        ("sqrt(x)^2", {"x": 0.0}),  # is x: the derivative is 1, and 0 · ∞ does not know it
        ("sqrt(x)*sqrt(x)", {"x": 0.0}),
        ("log(exp(x))", {"x": 800.0}),  # is x
        ("1/(1+exp(-x))", {"x": -800.0}),
        ("x*sqrt(x)", {"x": 0.0}),
        ("sqrt(x*x + y*y)", {"x": 0.0, "y": 0.0}),
        ("max(sqrt(x*x + y*y), x)", {"x": 0.0, "y": 0.0}),  # a tie selects both
        ("relu(sqrt(x))", {"x": 0.0}),  # at the kink nothing is cut for certain
    ],
)
def test_a_zero_that_is_only_the_value_of_a_slope_stays_nan(formula: str, inputs: dict[str, float]) -> None:
    assert any(math.isnan(v) for v in of(formula, **inputs).values())


def test_entries_that_were_not_taken_contribute_nothing() -> None:
    """y = Σ first of log x for x = (1, 0): the second entry is left out by the slice."""
    graph = network(
        {"x": ("source.input", {"value": [1.0, 0.0]}), "log": ("math.log", {}), "part": ("math.slice", {}), "y": ("math.sum", {})},
        "x -> log.x; log -> part.x; part -> y.x",
    )
    assert gradients(graph)["x"] == [1.0, 0.0]


def test_one_row_of_a_product_may_be_cut_and_the_other_not() -> None:
    """relu(W log x) with log x = (−∞, 0): the first unit is off; the second does not look at the infinite entry."""
    graph = network(
        {
            "x": ("source.input", {"value": [0.0, 1.0]}), "log": ("math.log", {}),
            "W": ("source.input", {"value": [[1.0, 2.0], [0.0, 3.0]]}), "u": ("math.matmul", {}),
            "relu": ("activation.relu", {}), "y": ("math.sum", {}),
        },
        "x -> log.x; W -> u.a; log -> u.b; u -> relu.x; relu -> y.x",
    )  # fmt: skip
    trace = Model(graph).trace()
    values = {graph.nodes[node].name: value for (node, _), value in trace.values.items()}
    assert values["u"][0] == -math.inf and torch.isnan(values["u"][1])  # 0 · −∞ in the forward pass stays what it is
    graph = network(
        {
            "x": ("source.input", {"value": [0.0, 1.0]}), "log": ("math.log", {}),
            "W": ("source.input", {"value": [[1.0, 2.0], [2.0, 3.0]]}), "b": ("source.input", {"value": [0.0, 1.0]}),
            "u": ("math.matmul", {}), "v": ("math.add", {}), "relu": ("activation.relu", {}), "y": ("math.sum", {}),
        },
        "x -> log.x; W -> u.a; log -> u.b; u -> v.a; b -> v.b; v -> relu.x; relu -> y.x",
    )  # fmt: skip
    gradient_of = gradients(graph)
    assert gradient_of["x"] == [0.0, 0.0] and gradient_of["W"] == [0.0] * 4 and gradient_of["b"] == [0.0, 0.0]


def learning() -> Graph:
    """Mean over rows of relu(log(w + b)) with w + b = 0 for one of them: the mini-batch step of what 12a shows."""
    graph = network(
        {
            "w": ("parameter.parameter", {"shape": [3], "value": [0.0, 2.0, 3.0]}), "log": ("math.log", {}),
            "relu": ("activation.relu", {}), "y": ("math.sum", {}),
        },
        "w -> log.x; log -> relu.x; relu -> y.x",
        optimizer="sgd", hyper={"lr": 0.1}, steps=3,
    )  # fmt: skip
    return graph


def test_training_is_not_stopped_by_it() -> None:
    session = Model(learning())
    trainer = Run(session)
    trainer.train()
    assert trainer.problem is None and session.state.step == 3
    (trained,) = session.state.parameters.values()
    w = [0.0, 2.0, 3.0]
    for _ in range(3):
        w = [0.0, *(x - 0.1 / x for x in w[1:])]
    assert trained.tolist() == pytest.approx(w, rel=1e-14)


def test_a_step_and_a_trace_say_the_same_and_autograd_is_left_as_torch_has_it() -> None:
    graph = learning()
    inference = infer(graph)
    w = torch.tensor([0.0, 2.0, 3.0], dtype=torch.float64)
    program = compile(graph, inference, training=True)
    assert program.step([], [w], [], RandomKey())[1][0].tolist() == [0.0, 0.5, 1 / 3]
    assert program.stepper()([], [w], [], RandomKey())[1][0].tolist() == [0.0, 0.5, 1 / 3]
    leaf = w.clone().requires_grad_()
    torch.relu(torch.log(leaf)).sum().backward()
    reference = compile(graph, inference, training=True, method="autograd").step([], [w], [], RandomKey())[1][0]
    assert leaf.grad is not None and torch.isnan(leaf.grad[0]) and torch.equal(torch.isnan(reference), torch.isnan(leaf.grad))


def test_a_plain_network_pays_nothing_for_it() -> None:
    """Where no slope can be infinite before a choice, training runs the bare generated function."""
    plain = network(
        {
            "x": ("source.input", {"value": [0.5, 1.0]}), "hidden": ("layer.linear", {"out_features": 3}), "relu": ("activation.relu", {}),
            "out": ("layer.linear", {"out_features": 1}), "y": ("math.sum", {}),
        },
        "x -> hidden.x; hidden -> relu.x; relu -> out.x; out -> y.x",
    )  # fmt: skip
    assert compile(plain, infer(plain), training=True).stepper().__code__.co_filename.startswith("<gradwire program>")


def test_exported_code_says_where_torch_differs() -> None:
    text = export(Model(learning()))
    assert text.splitlines()[2].startswith("# Where a branch is not selected") and "0 · inf" in text
    compile_python(text, "exported", "exec")
    assert "0 · inf" not in export(Model(network({"w": ("parameter.parameter", {}), "y": ("activation.relu", {})}, "w -> y.x")))
