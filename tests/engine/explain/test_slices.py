"""Local pictures: slices of the objective, tangent, parabola and secants, against calculus done by hand."""

from __future__ import annotations

import math
from pathlib import Path as File

import numpy as np
import pytest
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.explain.slices import Secant, SecantLine, SliceCurve, SliceOf
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from graph.storage.files import load
from tests.engine.explain.test_paths import fan_out
from tests.support.networks import network, product, tanh_net
from tests.support.scalar_graphs import evaluate, objective_of, scalar_graph, values_of

EXAMPLES = File(__file__).parents[3] / "resources/examples"


def situation(graph: Graph) -> ExplainContext:
    return ExplainContext(Model(graph, dtype=torch.float64))


def local(graph: Graph | ExplainContext, place: Address, low: float | None = None, high: float | None = None) -> SliceCurve:
    sliced = answer(graph if isinstance(graph, ExplainContext) else situation(graph), SliceOf(place, low, high))
    assert isinstance(sliced, SliceCurve), sliced
    return sliced


def test_the_slice_of_x_squared_plus_three_sine_squared_is_that_function() -> None:
    sliced = local(fan_out(), output("x"), -3, 3)
    np.testing.assert_allclose(sliced.f, [x * x + 3 * math.sin(x) ** 2 for x in sliced.x], rtol=1e-13, atol=1e-13)
    assert (sliced.at, sliced.x[0], sliced.x[-1]) == (0.7, -3, 3)
    assert 0.7 in sliced.x


def test_its_second_derivative_is_two_plus_six_cosine() -> None:
    sliced = local(fan_out(), output("x"))
    assert sliced.method == "exact"
    assert sliced.curvature == pytest.approx(2 + 6 * math.cos(1.4), rel=1e-13)
    assert sliced.slope == pytest.approx(1.4 + 3 * math.sin(1.4), rel=1e-14)


def test_the_newton_step_on_a_parabola_lands_in_its_minimum() -> None:
    """f = (x − 3)² at 5: slope 4, curvature 2, minimum at 3 with value 0."""
    nodes = {"x": ("source.input", {"value": 5.0}), "c": ("source.constant", {"value": 3.0}), "d": ("math.subtract", {}),
             "f": ("math.square", {})}  # fmt: skip
    sliced = local(network(nodes, "x -> d.a; c -> d.b; d -> f.x"), output("x"))
    assert (sliced.slope, sliced.curvature, sliced.newton, sliced.newton_f, sliced.newton_model) == (4.0, 2.0, 3.0, 0.0, 0.0)
    assert sliced.newton_is == "minimum"
    assert sliced.parabola(4.0) == 1.0
    assert sliced.tangent(4.0) == 0.0


def test_a_negative_curvature_has_a_maximum_and_a_line_has_no_newton_step() -> None:
    cosine = network({"x": ("source.input", {"value": 0.1}), "f": ("math.cos", {})}, "x -> f.x")
    assert local(cosine, output("x")).newton_is == "maximum"
    straight = local(product(), output("x"))
    assert (straight.curvature, straight.newton) == (0.0, None)


def test_a_wire_is_moved_alone() -> None:
    """y = x·x at 3, one wire moved: a line of slope 3."""
    graph = network({"x": ("source.input", {"value": 3.0}), "y": ("math.multiply", {})}, "x -> y.a; x -> y.b")
    sliced = local(graph, wire("e0"), 0, 6)
    np.testing.assert_allclose(sliced.f, [3 * x for x in sliced.x], rtol=1e-14)
    assert local(graph, output("x"), 0, 6).curvature == 2.0


def test_the_secant_turns_into_the_tangent() -> None:
    """(exp(x + ε) − exp(x))/ε − exp(x) ≈ ε/2 · exp(x)."""
    where = situation(network({"x": ("source.input", {"value": 0.5}), "f": ("math.exp", {})}, "x -> f.x"))
    for epsilon in (1.0, 0.1, 0.01, 1e-3, -1e-3):
        line = answer(where, Secant(output("x"), epsilon))
        assert isinstance(line, SecantLine)
        assert line.secant == pytest.approx((math.exp(0.5 + epsilon) - math.exp(0.5)) / epsilon, rel=1e-9)
        assert line.error == pytest.approx(abs(line.secant - math.exp(0.5)), rel=1e-9)
    assert line.error < 1e-3
    assert isinstance(answer(where, Secant(output("x"), 0.0)), Refusal)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_on_random_graphs_slice_and_curvature_are_those_of_plain_torch(seed: int) -> None:
    graph = scalar_graph(seed)
    where = situation(graph)
    for name, value in values_of(graph).items():
        others = {n: torch.tensor(v, dtype=torch.float64) for n, v in values_of(graph).items()}
        sliced = answer(where, SliceOf(output(name), points=9))
        if isinstance(sliced, Refusal):
            continue

        def f(x: torch.Tensor, others: dict[str, torch.Tensor] = others, name: str = name) -> torch.Tensor:
            return evaluate(graph, {**others, name: x})[objective_of(graph)]

        second = torch.autograd.functional.hessian(f, torch.tensor(value, dtype=torch.float64))
        assert sliced.curvature == pytest.approx(float(second), rel=1e-9, abs=1e-10)
        np.testing.assert_allclose(sliced.f, [float(f(torch.tensor(x, dtype=torch.float64))) for x in sliced.x], rtol=1e-10, atol=1e-12)


def test_an_entry_of_a_weight_is_sliced_and_nothing_is_changed() -> None:
    session = Model(tanh_net(), dtype=torch.float64)
    before = session.state.copy()
    sliced = local(ExplainContext(session), parameter("hidden", "W", (1, 0)))
    assert sliced.name == "hidden.W[1, 0]"
    assert session.state.diff(before) == {}
    step = 1e-5
    above, below = (_loss_with(session, (1, 0), sliced.at + s) for s in (step, -step))
    assert sliced.value == pytest.approx(_loss_with(session, (1, 0), sliced.at), rel=1e-14)
    assert sliced.slope == pytest.approx((above - below) / (2 * step), rel=1e-6)
    assert sliced.curvature == pytest.approx((above - 2 * sliced.value + below) / step**2, rel=1e-3)


def _loss_with(session: Model, entry: tuple[int, int], value: float) -> float:
    """The demonstration batch's loss in plain torch."""
    rows = torch.tensor(session.samples())
    p = {name: t.clone() for name, t in session.state.parameters.items()}
    p["hidden.W"][entry] = value
    x, target = session.feeds.train["data", "x"][rows], session.feeds.train["data", "target"][rows]
    hidden = torch.tanh(x @ p["hidden.W"].T + p["hidden.b"])
    return float(torch.nn.functional.cross_entropy(hidden @ p["out.W"].T + p["out.b"], target))


def test_where_the_objective_is_no_number_the_curve_is_missing() -> None:
    sliced = local(network({"x": ("source.input", {"value": 1.0}), "f": ("math.log", {})}, "x -> f.x"), output("x"), -1, 2)
    assert any(math.isnan(f) for f in sliced.f)
    assert "missing" in sliced.note


def test_a_float32_document_is_sliced_in_float64() -> None:
    graph = load(EXAMPLES / "digits-mlp.gradwire", CATALOG)
    layer = next(n for n in graph.nodes if graph.nodes[n].type == "layer.linear")
    sliced = local(ExplainContext(Model(graph)), parameter(layer, "b"))
    assert sliced.method == "exact"
    expected = sliced.value + 1e-3 * sliced.slope + 5e-7 * (sliced.curvature or 0.0)
    assert sliced.parabola(sliced.at + 1e-3) == pytest.approx(expected, rel=1e-15)


def test_odd_ranges_and_lost_places_are_refused() -> None:
    where = situation(product())
    assert isinstance(answer(where, SliceOf(output("x"), 2, 1)), Refusal)
    assert isinstance(answer(where, SliceOf(output("x"), low=math.inf)), Refusal)
    assert isinstance(answer(where, SliceOf(output("gone"))), Refusal)


def test_a_slope_whose_square_is_no_float_is_drawn() -> None:
    """f = 2ˣ at 800: f′ = f · ln 2 and f″ = f · ln² 2, so that the parabola's lowest value is f − f′²/2f″ = f / 2."""
    nodes = {"x": ("source.input", {"value": 800.0}), "c": ("source.constant", {"value": 2.0}), "f": ("math.power", {})}
    sliced = local(network(nodes, "c -> f.a; x -> f.b"), output("x"))
    assert sliced.newton_model == pytest.approx(2.0**799, rel=1e-9)
    assert math.isinf(sliced.parabola(1e300))
