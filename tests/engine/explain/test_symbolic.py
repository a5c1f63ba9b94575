"""Formulas of scalar graphs: what SymPy writes is what the graph computes, and its derivatives are autograd's."""

from __future__ import annotations

import math
from pathlib import Path as File
from typing import Any

import pytest
import sympy
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.explain.symbolic import Derivative, Formulas, Symbolic
from engine.explain.symbolic.brackets import plain_brackets
from engine.explain.symbolic.table import FORMULAS
from engine.nodes import TYPES
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build as from_formula
from graph.model.graph import Graph
from graph.storage.files import load
from tests.engine.explain.test_paths import fan_out
from tests.support.networks import network, product, tanh_net
from tests.support.scalar_graphs import derivatives, scalar_graph

x, y, z, w1, w2 = sympy.symbols("x y z w1 w2", real=True)
Nodes = dict[str, tuple[str, dict[str, Any]]]


def formulas(graph: Graph, **more: Any) -> Formulas:
    written = answer(ExplainContext(Model(graph, dtype=torch.float64)), Symbolic(**more))
    assert isinstance(written, Formulas), written
    return written


def derivative(written: Formulas, name: str) -> Derivative:
    return next(d for d in written.derivatives if d.name == name)


def same(text: str, expected: sympy.Expr) -> bool:
    """Whether two formulas are equal; in a test, of our own text, SymPy may read."""
    names = {s.name: s for s in (x, y, z, w1, w2)}
    return bool(sympy.simplify(sympy.sympify(text, locals=names) - expected) == 0)


def valley(a: float = 0.2, b: float = 5.01) -> Graph:
    nodes: Nodes = {"w1": ("parameter.parameter", {"value": a}), "w2": ("parameter.parameter", {"value": b}), "p": ("math.multiply", {}),
                    "one": ("source.constant", {"value": 1.0}), "d": ("math.subtract", {}), "f": ("math.square", {})}  # fmt: skip
    return network(nodes, "w2 -> p.a; w1 -> p.b; one -> d.a; p -> d.b; d -> f.x")


def test_x_squared_plus_three_sine_squared_is_written_as_in_the_lecture() -> None:
    written = formulas(fan_out())
    assert written.f.latex == r"x^{2} + 3 \sin^{2}{(x )}"
    assert same(derivative(written, "x").formula.text, 2 * x + 3 * sympy.sin(2 * x))
    assert derivative(written, "x").left == r"\frac{\partial f}{\partial x}"
    assert derivative(written, "x").value == pytest.approx(1.4 + 3 * math.sin(1.4), rel=1e-14)


def test_the_valley_and_its_gradient_are_those_calculated_by_hand() -> None:
    written = formulas(valley())
    assert same(written.f.text, (1 - w1 * w2) ** 2)
    assert same(derivative(written, "w1").formula.text, -2 * w2 * (1 - w1 * w2))
    assert same(derivative(written, "w2").formula.text, -2 * w1 * (1 - w1 * w2))
    assert written.values == (("w1", 0.2), ("w2", 5.01))


def test_x_times_y_plus_z_is_written_with_its_three_derivatives() -> None:
    written = formulas(product())
    assert [d.formula.text for d in written.derivatives] == ["y", "x", "1"]
    assert (written.value, written.traced) == (-7.0, -7.0)


@pytest.mark.parametrize("seed", range(60))
def test_on_random_scalar_graphs_formula_ledger_and_autograd_agree(seed: int) -> None:
    graph = scalar_graph(seed)
    value, expected = derivatives(graph)
    written = formulas(graph)
    assert written.value == pytest.approx(value, rel=1e-10, abs=1e-12)
    assert {d.place.id for d in written.derivatives} <= expected.keys()
    for partial in written.derivatives:
        assert partial.value == pytest.approx(expected[partial.place.id], rel=1e-9, abs=1e-11), partial
        if abs(expected[partial.place.id]) > 1e-9:
            assert partial.error is not None
            assert partial.error < 1e-9


@pytest.mark.parametrize("simplify", [False, True])
def test_simplifying_changes_no_value(simplify: bool) -> None:
    for seed in range(20):
        graph = scalar_graph(seed, largest=15)
        value, expected = derivatives(graph)
        written = formulas(graph, simplify=simplify)
        assert written.value == pytest.approx(value, rel=1e-10)
        assert all(d.value == pytest.approx(expected[d.place.id], rel=1e-9, abs=1e-11) for d in written.derivatives)


def test_a_long_formula_names_the_nodes_that_are_used_twice() -> None:
    """Twenty squarings by x·x: written out, f would have 2²⁰ factors."""
    nodes: Nodes = {"x": ("source.input", {"value": 1.0001})} | {f"a{i}": ("math.multiply", {}) for i in range(20)}
    names = ["x", *(f"a{i}" for i in range(20))]
    written = formulas(network(nodes, ";".join(f"{s} -> {t}.a; {s} -> {t}.b" for s, t in zip(names, names[1:], strict=False))))
    assert [d[0] for d in written.definitions[:19]] == [f"a{i}" for i in range(19)]
    assert written.definitions[0][3].text == "x**2"
    assert written.value == pytest.approx(1.0001 ** (2**20), rel=1e-9)
    assert derivative(written, "x").value == pytest.approx(2**20 * 1.0001 ** (2**20 - 1), rel=1e-9)
    assert "too long" in written.note


def test_kinks_have_the_slopes_that_the_graph_gives_them() -> None:
    for kind, at in [("activation.relu", 0.0), ("activation.relu", 2.0), ("math.abs", 0.0), ("math.abs", -2.0), ("activation.elu", -1.0),
                     ("activation.leaky_relu", -1.0), ("activation.leaky_relu", 1.0), ("activation.gelu", 0.5)]:  # fmt: skip
        (slope,) = formulas(network({"x": ("source.input", {"value": at}), "f": (kind, {})}, "x -> f.x")).derivatives
        assert slope.value == pytest.approx(slope.gradient, rel=1e-12, abs=1e-15), (kind, at)


def test_at_a_tie_each_of_two_values_gets_half() -> None:
    for kind in ("math.maximum", "math.minimum"):
        nodes: Nodes = {"x": ("source.input", {"value": 2.0}), "y": ("source.input", {"value": 2.0}), "f": (kind, {})}
        written = formulas(network(nodes, "x -> f.a; y -> f.b"))
        assert [(d.value, d.gradient) for d in written.derivatives] == [(0.5, 0.5), (0.5, 0.5)]


@pytest.mark.parametrize("kind", [k for k in FORMULAS if k.startswith("loss.")])
def test_every_loss_of_one_number_is_the_formula_of_its_node(kind: str) -> None:
    first = TYPES[kind].spec.inputs[0].name
    for p, t in ((0.3, 1.0), (0.8, 0.0), (0.4, 0.7)):
        nodes: Nodes = {"p": ("parameter.parameter", {"value": p}), "t": ("source.input", {"value": t}), "f": (kind, {})}
        written = answer(ExplainContext(Model(network(nodes, f"p -> f.{first}; t -> f.target"))), Symbolic("p"))
        assert isinstance(written, Formulas)
        if written.value is not None:  # 0 · log 0 has no value in a formula
            assert written.value == pytest.approx(written.traced, rel=1e-12)
        assert written.derivatives[0].value == pytest.approx(written.derivatives[0].gradient, rel=1e-12)


@pytest.mark.parametrize("kind", [k for k in FORMULAS if k.startswith(("math.", "activation.")) and "softmax" not in k
                                  and k not in ("math.matmul", "math.transpose", "math.flatten", "math.reshape")])  # fmt: skip
def test_every_function_in_the_table_is_its_node(kind: str) -> None:
    inputs = [port.name for port in TYPES[kind].spec.inputs if not port.many]
    nodes: Nodes = {n: ("source.input", {"value": v}) for n, v in zip(inputs, (0.7, 1.3), strict=False)} | {"f": (kind, {})}
    written = formulas(network(nodes, ";".join(f"{n} -> f.{n}" for n in inputs)))
    assert written.value == pytest.approx(written.traced, rel=1e-13)
    assert [d.value for d in written.derivatives] == pytest.approx([d.gradient for d in written.derivatives], rel=1e-12)


def test_names_that_mean_something_to_sympy_are_only_names() -> None:
    nodes: Nodes = {"E": ("source.input", {"value": 2.0}), "pi": ("source.input", {"value": 3.0}), "lambda_": ("math.multiply", {}),
                    "S": ("math.add", {}), "__import__": ("math.exp", {})}  # fmt: skip
    written = formulas(network(nodes, "E -> lambda_.a; pi -> lambda_.b; lambda_ -> S.a; E -> S.b; S -> __import__.x"))
    assert written.value == pytest.approx(math.exp(8), rel=1e-14)
    assert derivative(written, "E").value == pytest.approx(4 * math.exp(8), rel=1e-14)
    assert "\\pi" in written.f.latex


def test_only_the_derivative_asked_for_is_given() -> None:
    assert [d.name for d in formulas(product(), only="y").derivatives] == ["y"]
    assert isinstance(answer(ExplainContext(Model(product())), Symbolic("d")), Refusal)


def test_tensors_and_types_without_a_formula_are_refused_by_name() -> None:
    refusal = answer(ExplainContext(Model(tanh_net())), Symbolic())
    assert refusal == Refusal("Formulas are for graphs of single numbers, and data gives a tensor of shape [8, 2].")
    assert isinstance(answer(ExplainContext(Model(network({}, ""))), Symbolic()), Refusal)


@pytest.mark.parametrize("name", ["fan-out", "saddle", "sigmoid-neuron", "valley", "xy-plus-z"])
def test_the_formulas_of_scalar_examples_have_the_values_of_the_canvas(name: str) -> None:
    written = formulas(load(File(__file__).parents[3] / "resources/examples" / f"{name}.gradwire", CATALOG))
    assert written.value == pytest.approx(written.traced, rel=1e-12)
    assert written.derivatives
    assert all(d.error is not None and d.error < 1e-10 for d in written.derivatives)
    assert all(d.formula.latex and d.formula.text for d in written.derivatives)


def test_brackets_grow_around_what_is_tall_only() -> None:
    assert plain_brackets(r"\sin{\left(x \right)}") == r"\sin{(x )}"
    assert plain_brackets(r"\left(a + \left|b\right|\right) \left(\frac{1}{x}\right)") == r"(a + |b|) \left(\frac{1}{x}\right)"
    assert plain_brackets(r"\left[\left(\frac{1}{x}\right) > 0\right]") == r"\left[\left(\frac{1}{x}\right) > 0\right]"


@pytest.mark.parametrize(
    "formula, at, expected",
    [
        ("leaky_relu(x)", 0.0, 0.01), ("elu(x)", 0.0, 1.0), ("gelu(x)", -30.0, None), ("relu(x)", 0.0, 0.0), ("sigmoid(x)", 40.0, None),
        ("exp(x)*(0.1+0.2) - exp(x)*0.3", 1.0, None), ("sin(x)*sin(x) + cos(x)*cos(x) + x*0.1*3 - x*0.3", 0.7, None),
        ("(x+1)*(x+1) - x*x - 2*x", 1e8 / 3, None), ("tanh(x)*x - tanh(x)*x", 21.0, 0.0),
    ],
)  # fmt: skip
def test_where_the_derivative_is_0_or_at_a_corner_formula_and_gradient_agree(formula: str, at: float, expected: float | None) -> None:
    """What is left of terms that cancel is round-off on both sides, and no error of 100 %."""
    slope = derivative(formulas(from_formula(formula, CATALOG, {"x": at})), "x")
    assert slope.error == 0.0 and (expected is None or slope.gradient == expected)


def test_a_wrong_formula_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMULAS, "math.sin", lambda s, x: sympy.sin(x) * sympy.Rational(1001, 1000))
    error = derivative(formulas(from_formula("sin(x)*x", CATALOG, {"x": 0.7})), "x").error
    assert error is not None and error == pytest.approx(1e-3, rel=0.02)
