"""The sweep over depth and width: what naive differentiation and backpropagation cost, counted by hand and timed."""

from __future__ import annotations

import math
from pathlib import Path as File

import numpy as np
import pytest
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.local_products import LocalProducts
from engine.explain.question import Refusal, Unanswerable
from engine.explain.sweep import DEPTHS, WIDTHS, OwnSweep, Sweep, SweepResult
from engine.explain.sweep.answer import Comparison, network, sweep
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.files import load
from tests.support.networks import network as wired
from tests.support.networks import product, tanh_net

EXAMPLES = sorted((File(__file__).parents[3] / "resources/examples").glob("*.gradwire"))


def point(layers: int, width: int) -> SweepResult:
    parts = [report.part for report in sweep(ExplainContext(Model(product())), Sweep(((layers, width),))) if report.part is not None]
    assert len(parts) == 1 and isinstance(parts[0], SweepResult)
    return parts[0]


@pytest.mark.parametrize(("k", "h"), [(1, 4), (2, 4), (3, 5), (8, 16)])
def test_the_multiplications_are_those_counted_by_hand(k: int, h: int) -> None:
    """One sample. Loss h; per layer tanh h, W h², b h; and Wᵀδ h² to the layer before.

    Naively the chain to layer l is the loss, (k − l)(tanh and Wᵀδ), one more tanh, and W or b at its end.
    """
    reverse = h + k * (h + h * h + h) + (k - 1) * h * h
    naive = sum(2 * (h + (k - i) * (h + h * h) + h) + h * h + h for i in range(1, k + 1))
    costs = point(k, h)
    assert (costs.reverse, costs.naive) == (reverse, naive)
    assert reverse == (2 * k - 1) * h**2 + (2 * k + 1) * h
    assert naive == k * k * h * h + (k * k + 4 * k) * h
    assert costs.values == 2 * k


def test_naive_grows_with_the_square_of_the_depth_and_backpropagation_with_the_depth() -> None:
    one, two = point(8, 16), point(16, 16)
    assert 3.5 < two.naive / one.naive < 4.0
    assert 1.9 < two.reverse / one.reverse < 2.1


def test_both_grow_with_the_square_of_the_width() -> None:
    one, two = point(4, 64), point(4, 128)
    assert 3.9 < two.naive / one.naive < 4.0
    assert 3.9 < two.reverse / one.reverse < 4.0


def test_both_give_the_gradients_of_autograd() -> None:
    session = Model(network(3, 6), dtype=torch.float64)
    products = LocalProducts(ExplainContext(session))
    assert products.trace.objective is not None
    comparison = Comparison(products, products.trace.objective)
    p = {name: t.clone().requires_grad_() for name, t in session.state.parameters.items()}
    x = session.feeds.fixed["x", "y"]
    for i in (1, 2, 3):
        x = torch.tanh(p[f"linear_{i}.W"] @ x + p[f"linear_{i}.b"])
    torch.nn.functional.mse_loss(x, session.feeds.fixed["t", "y"]).backward()
    for gradients in (comparison.naive(), comparison.reverse()):
        for (_, (node, name)), gradient in gradients.items():
            if f"{node}.{name}" in p:
                np.testing.assert_allclose(gradient.numpy(), p[f"{node}.{name}"].grad.numpy(), rtol=1e-10, atol=1e-15)
    assert {f"{node}.{name}" for kind, (node, name) in comparison.naive() if kind == "parameter"} == set(p)


def test_every_point_of_the_grid_is_answered_and_timed_where_that_is_quick() -> None:
    for layers in DEPTHS:
        for width in WIDTHS:
            costs = point(layers, width)
            assert costs.reverse_seconds > 0
            assert (costs.naive_seconds is None) == (costs.note != "")
            assert costs.agree is None or costs.agree < 1e-12


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_every_example_is_compared_on_its_own_graph(file: File) -> None:
    costs = answer(ExplainContext(Model(load(str(file), CATALOG), dtype=torch.float64)), OwnSweep())
    assert isinstance(costs, SweepResult)
    assert costs.naive >= costs.reverse
    assert costs.forward >= costs.naive
    assert costs.agree is None or costs.agree < 1e-12


def test_on_the_tanh_network_naive_is_dearer_by_the_chains_done_again() -> None:
    costs = answer(ExplainContext(Model(tanh_net(), dtype=torch.float64)), OwnSweep())
    assert isinstance(costs, SweepResult)
    # 8 samples of 2–4–2: loss 16; out.W, out.x 64 each, out.b 16; tanh 32; hidden.W 64, hidden.b 32.
    assert costs.reverse == 16 + 64 + 64 + 16 + 32 + 64 + 32
    assert costs.naive == (16 + 64) + (16 + 16) + (16 + 64 + 32 + 64) + (16 + 64 + 32 + 32)
    assert math.isclose(costs.forward, (16 + 64) * 8 + (16 + 16) * 2 + (16 + 64 + 32 + 64) * 8 + (16 + 64 + 32 + 32) * 4)


def test_sizes_out_of_range_and_graphs_without_values_are_refused() -> None:
    where = ExplainContext(Model(product()))
    for layers, width in ((0, 4), (4, 0), (10_000, 4), (64, 512)):
        with pytest.raises(Unanswerable):
            next(sweep(where, Sweep(((layers, width),))))
    constant = wired({"c": ("source.constant", {}), "y": ("math.exp", {})}, "c -> y.x")
    assert isinstance(answer(ExplainContext(Model(constant)), OwnSweep()), Refusal)
