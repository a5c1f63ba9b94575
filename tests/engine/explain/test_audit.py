"""The gradient audit on every wire, and the error of difference quotients against their step."""

from __future__ import annotations

import math
from pathlib import Path as File
from typing import Any

import pytest
import torch

from engine.explain.answer import answer
from engine.explain.audit import Audit, AuditPart, AuditRow, ErrorCurve, StepCurve, StepErrors
from engine.explain.audit import curve as audit_curve
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.nodes.activations import Tanh
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.jobs import whole
from tests.support.networks import network, product, tanh_net
from tests.support.scalar_graphs import derivatives, scalar_graph

FOLDER = File(__file__).parents[3] / "resources/examples"
EXAMPLES = sorted(FOLDER.glob("*.gradwire"))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many steps a curve has depends on how busy the machine is; here it has all."""
    monkeypatch.setattr(audit_curve, "SECONDS", 60.0)


def situation(graph: Graph) -> ExplainContext:
    return ExplainContext(Model(graph, dtype=torch.float64))


def audited(where: Graph | ExplainContext) -> tuple[AuditRow, ...]:
    """All rows."""
    part = whole(where if isinstance(where, ExplainContext) else situation(where), Audit())
    assert isinstance(part, AuditPart), part
    return part.rows


def curve_of(function: str, at: float, method: str, dtype: str) -> ErrorCurve:
    graph = network({"x": ("source.input", {"value": at}), "y": (function, {})}, "x -> y.x")
    curves = answer(situation(graph), StepCurve(output("x")))
    assert isinstance(curves, StepErrors)
    return next(c for c in curves.curves if (c.method, c.dtype) == (method, dtype))


def test_each_wire_of_the_product_and_sum_has_its_derivative_twice() -> None:
    rows = {row.address.id: row for row in audited(product())}
    assert {e: row.analytical for e, row in rows.items()} == {"e0": -5.0, "e1": 2.0, "e2": 1.0, "e3": 1.0}
    for row in rows.values():
        assert row.numerical == pytest.approx(row.analytical, rel=1e-9)
        assert row.ok


@pytest.mark.parametrize("seed", range(60))
def test_on_random_scalar_graphs_every_wire_passes_and_numerical_derivatives_are_autograds(seed: int) -> None:
    graph = scalar_graph(seed)
    sums: dict[str, float] = {}
    for row in audited(graph):
        assert row.ok, row
        assert row.numerical is not None
        assert row.analytical is not None
        assert row.numerical == pytest.approx(row.analytical, rel=1e-5, abs=1e-7)
        source = graph.edges[row.address.id].source[0]
        sums[source] = sums.get(source, 0.0) + row.analytical
    for node, derivative in derivatives(graph)[1].items():
        assert sums.get(node, 0.0) == pytest.approx(derivative, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_every_example_passes_its_audit(file: File) -> None:
    rows = audited(ExplainContext(Model(load(str(file), CATALOG))))
    assert rows
    assert [row for row in rows if not row.ok] == []


def test_a_wrong_rule_is_found_on_its_wire_and_on_no_other_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Tanh.gradients, "x", lambda s, g, y, kept, x: g * (1 - y))
    rows = {row.name: row for row in audited(tanh_net())}
    assert not rows["hidden → tanh.x"].ok
    assert rows["tanh → out.x"].ok
    assert rows["out → loss.scores"].ok
    assert rows["hidden → tanh.x"].error > 0.01


def test_the_batch_that_training_shows_is_the_one_audited_with_its_masks() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}), "h": ("layer.linear", {"out_features": 4}),
        "drop": ("layer.dropout", {"p": 0.5}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> h.x; h -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"
    session = Model(network(nodes, wires, batch_size=8, epochs=3), dtype=torch.float64)
    trainer = Run(session)
    trainer.train(max_steps=4)
    where = ExplainContext(session, trainer, training=True)
    for row in audited(where):
        assert row.ok
        if row.address.kind == "edge" and row.analytical is not None:
            gradient = where.trace.edge_gradients[row.address.id]
            assert isinstance(gradient, torch.Tensor)
            assert row.analytical == float(gradient[row.address.index])


def test_a_float32_document_is_audited_in_float64() -> None:
    graph = load(FOLDER / "digits-mlp.gradwire", CATALOG)
    session = Model(graph)
    before = session.state.copy()
    rows = audited(ExplainContext(session))
    assert all(row.ok and row.error < 1e-5 for row in rows)
    assert session.state.diff(before) == {}


def test_wires_without_a_gradient_say_why() -> None:
    rows = audited(load(FOLDER / "iris.gradwire", CATALOG))
    notes = {row.name: row.note for row in rows if row.note}
    assert notes["data.target → loss.target"] == "not differentiable"
    assert all(row.ok and row.analytical is None for row in rows if row.note)


def test_without_an_objective_the_audit_is_refused() -> None:
    graph = network({"x": ("source.input", {}), "y": ("math.exp", {}), "z": ("math.exp", {})}, "x -> y.x; x -> z.x")
    assert isinstance(whole(situation(graph), Audit()), Refusal)
    assert isinstance(answer(situation(graph), StepCurve(output("x"))), Refusal)


# The V curve. Theory: forward ε·f″/2 + 2·eps·|f|/ε, central ε²·f‴/6 + eps·|f|/ε.


@pytest.mark.parametrize("function", ["math.exp", "activation.tanh"])
@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2)])
def test_in_float64_the_slopes_are_those_of_theory(function: str, method: str, order: int) -> None:
    curve = curve_of(function, 0.7, method, "float64")
    assert curve.truncation is not None
    assert curve.round_off is not None
    assert curve.truncation.slope == pytest.approx(order, abs=0.05)
    assert curve.round_off.slope == pytest.approx(-1, abs=0.15)
    assert (curve.truncation.expected, curve.round_off.expected) == (order, -1)


@pytest.mark.parametrize("function", ["math.exp", "activation.tanh"])
@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2)])
def test_in_float32_the_slopes_are_roughly_those_of_theory(function: str, method: str, order: int) -> None:
    curve = curve_of(function, 0.7, method, "float32")
    assert curve.truncation is not None
    assert curve.round_off is not None
    assert curve.truncation.slope == pytest.approx(order, abs=0.15)
    assert curve.round_off.slope == pytest.approx(-1, abs=0.5)


def test_the_remainder_of_exp_is_taylors_next_term() -> None:
    """Forward: relative error ε/2, since f″ = f′; central: ε²/6."""
    for method, order, factor in (("forward", 1, 0.5), ("central", 2, 1 / 6)):
        branch = curve_of("math.exp", 0.7, method, "float64").truncation
        assert branch is not None
        assert 10**branch.intercept * 1e-3**branch.slope == pytest.approx(factor * 1e-3**order, rel=0.1)


def test_the_best_step_is_near_the_one_theory_gives() -> None:
    """Forward: √(4·eps) ≈ 3e-8 for exp; central: ∛(3·eps) ≈ 9e-6."""
    for method, best in (("forward", 2 * math.sqrt(2.2e-16)), ("central", (3 * 2.2e-16) ** (1 / 3))):
        curve = curve_of("math.exp", 0.7, method, "float64")
        assert curve.best_step is not None
        assert abs(math.log10(curve.best_step / best)) < 1.3


def test_a_straight_line_has_no_truncation_error() -> None:
    curves = answer(situation(product()), StepCurve(wire("e0")))
    assert isinstance(curves, StepErrors)
    assert all(c.truncation is None for c in curves.curves)
    assert "exact" in curves.note


def test_of_a_tensor_the_largest_gradient_is_taken() -> None:
    where = situation(tanh_net())
    curves = answer(where, StepCurve(parameter("hidden", "W")))
    gradient = where.trace.parameter_gradients["hidden", "W"]
    assert isinstance(curves, StepErrors)
    assert isinstance(gradient, torch.Tensor)
    assert abs(curves.analytical) == float(gradient.abs().max())


def test_odd_step_sizes_are_refused() -> None:
    where = situation(product())
    assert isinstance(answer(where, StepCurve(output("x"), largest=1e-14, smallest=1e-1)), Refusal)
    assert isinstance(answer(where, StepCurve(Address("output", "gone", "y"))), Refusal)


def test_where_the_objective_is_not_a_number_nothing_is_said_to_be_exact() -> None:
    graph = network({"x": ("source.input", {"value": -1.0}), "y": ("math.log", {})}, "x -> y.x")

    curves = answer(situation(graph), StepCurve(output("x")))

    assert isinstance(curves, Refusal) and "not finite" in curves.text
