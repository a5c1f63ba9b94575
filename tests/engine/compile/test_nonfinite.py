"""NaN and infinity are said at rest, with the node and the operation they begin at, wherever they are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.compile.failure import nonfinite
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build as from_formula
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network

CASES = Path(__file__).parents[2] / "data/cases/graphs"


def said(graph: Graph) -> list[tuple[str, str]]:
    """(node, text) of every warning of that kind."""
    view = Model(graph).trace_view()
    warnings = [p for p in view.problems if any(word in p.text for word in ("NaN", "∞"))]
    assert view.nonfinite == (warnings[0].text if warnings else "") and all(p.severity == "warning" for p in warnings)
    return [(graph.nodes[p.nodes[0]].name, p.text) for p in warnings]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("12a_relu_of_log", [("log", "Logarithm gives −∞ at x = 0")]),
        ("12b_max_of_norm", []),
        ("12c_min_of_exp", [("exp", "Exponential gives ∞ at x = 800")]),
        ("12d_min_of_reciprocal", [("divide", "Divide gives ∞ at a = 1, b = 0")]),
        ("12e_handwritten_norm", [("sqrt", "the gradient that Square root passes back to sum is ∞")]),
        (
            "12f_handwritten_sigmoid",
            [("exp", "Exponential gives ∞ at x = 800"), ("exp", "the gradient that Exponential passes back to negate is NaN")],
        ),
        ("12g_tanh_to_open", []),
    ],
)
def test_the_first_node_and_its_operation_are_named(name: str, expected: list[tuple[str, str]]) -> None:
    warnings = said(load(CASES / f"{name}.gradwire", CATALOG))
    assert [node for node, _ in warnings] == [node for node, _ in expected]
    assert all(text.startswith(f"{node}: {words}") for (node, text), (_, words) in zip(warnings, expected, strict=True))


def test_one_entry_of_a_large_tensor_is_enough() -> None:
    rows = [[1.0] * 100 for _ in range(100)]
    rows[37][81] = 0.0
    graph = network(
        {"x": ("source.input", {"value": rows}), "log": ("math.log", {}), "relu": ("activation.relu", {}), "y": ("math.mean", {})},
        "x -> log.x; log -> relu.x; relu -> y.x",
    )
    assert said(graph) == [
        ("log", "log: Logarithm gives −∞ in one or more of its 10,000 numbers. What is computed from it can be infinite or NaN too.")
    ]


def test_of_two_branches_each_is_named_and_what_follows_is_not() -> None:
    graph = from_formula("log(x) * exp(y) + sin(log(x))", CATALOG, {"x": 0.0, "y": 1000.0})
    warnings = {text.split(" gives")[0] for _, text in said(graph) if " gives" in text}
    assert warnings == {"log: Logarithm", "exp: Exponential", "log_2: Logarithm"}


def test_gradients_that_add_up_to_infinity_are_named_where_they_meet() -> None:
    graph = from_formula("x*a + x*b", CATALOG, {"x": 1e-10, "a": 1.5e308, "b": 1.5e308})
    assert [text for _, text in said(graph)] == ["x: the gradients that arrive here add up to ∞."]


def net(**training: Any) -> Graph:
    return network(
        {
            "data": ("source.data", {"dataset": "moons", "samples": 20}), "norm": ("layer.batch_norm1d", {}),
            "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
        },
        "data.x -> norm.x; norm -> out.x; out -> loss.scores; data.target -> loss.target",
        **{"optimizer": "adagrad", "hyper": {"lr": 0.01}, "steps": 3, "batch_size": None, **training},
    )  # fmt: skip


@pytest.mark.parametrize(
    "part, name, words",
    [
        ("parameters", "out.W", "out: W is NaN in 1 of its 4 numbers"),
        ("buffers", "norm.running_var", "norm: running_var is ∞ in 1 of its 2 numbers"),
    ],
)
def test_learned_tensors_and_buffers(part: str, name: str, words: str) -> None:
    session = Model(net())
    tensor = getattr(session.state, part)[name]
    tensor.view(-1)[1] = math.nan if part == "parameters" else math.inf
    assert any(p.text.startswith(words) for p in session.trace_view().problems)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam", "rmsprop", "lbfgs"])
def test_the_optimizers_memory(optimizer: str) -> None:
    """1e200² is infinite: the mean of squares stays so for ever, and every step after it is 0 or NaN."""
    hyper = {"lr": 1e-300} if optimizer != "lbfgs" else {"lr": 1e-3, "max_iter": 1}
    graph = network(
        {"w": ("parameter.parameter", {"value": 2.0}), "c": ("source.constant", {"value": 1e200}), "y": ("math.multiply", {})},
        "w -> y.a; c -> y.b",
        optimizer=optimizer, hyper=hyper, steps=1,
    )  # fmt: skip
    session = Model(graph)
    trainer = Run(session)
    trainer.train()
    if optimizer == "lbfgs":
        session.memory = lambda: {"lbfgs.d": torch.tensor([math.nan])}
    texts = [p.text for p in session.trace_view().problems]
    assert any(text.startswith("The optimizer state ") and ("of w.value" in text or optimizer == "lbfgs") for text in texts), texts
    session.reset()
    assert session.trace_view().nonfinite == ""


def test_a_graph_without_any_says_nothing() -> None:
    session = Model(net())
    Run(session).train()
    view = session.trace_view()
    assert nonfinite(session.graph, view, session.held()) == () and view.nonfinite == ""
