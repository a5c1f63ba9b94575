"""What the update says about its line search: every trial, and the loss along the direction to draw them on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.compile.visible import Hidden
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.covering import covered
from engine.explain.update import UpdateOf, UpdateTable
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address
from graph.model.graph import Graph
from tests.support.networks import network


def logarithm(key: str, **hyper: Any) -> Graph:
    """w − log w from 5, which is not a number for w < 0."""
    nodes: dict[str, Any] = {"w": ("parameter.parameter", {"value": 5.0}), "l": ("math.log", {}), "f": ("math.subtract", {})}
    wires = "w -> f.a; w -> l.x; l -> f.b"
    return network(nodes, wires, optimizer=key, hyper=hyper, steps=20, epochs=None, batch_size=None)


def update_of(graph: Graph, hidden: Hidden | None = None) -> UpdateTable:
    run = Run(Model(graph))
    situation = ExplainContext(run.model, run)
    update = answer(situation, UpdateOf())
    update = update if hidden is None else covered(update, situation, hidden)
    assert isinstance(update, UpdateTable)
    return update


def test_the_trials_and_the_curve_they_lie_on() -> None:
    """It begins along −g = −0.8: w = 5 − 0.8 t is negative for t > 6.25, so 40, 20 and 10 fail, and 5 leads to the minimum w = 1."""
    search = update_of(logarithm("cg", line_search="backtracking", lr=40.0)).search
    assert search is not None
    assert [trial.step for trial in search.trials] == [40.0, 20.0, 10.0, 5.0] and search.taken == 3
    assert [trial.verdict for trial in search.trials] == ["not finite"] * 3 + ["taken"]
    assert (search.loss, search.slope) == pytest.approx((5 - math.log(5), -0.64))
    assert search.trials[3].loss == pytest.approx(1.0) and search.trials[3].slope == pytest.approx(0.0, abs=1e-12)
    assert "3 points where the loss is not finite" in search.why and search.ceiling(5.0) == pytest.approx(5 - math.log(5) - 1e-4 * 5 * 0.64)
    w = 5 - 0.8 * np.array(search.x)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = np.where(w > 0, w - np.log(w), np.nan)
    np.testing.assert_allclose(search.f, wanted, rtol=1e-12)
    assert {0.0, 5.0, 40.0} <= set(search.x) and min(search.x) < 0 and max(search.x) > 40
    assert sum(0 < x < 10 for x in search.x) > 60  # close to the step the curve has points of its own


def test_a_wolfe_search_says_which_trials_were_too_high_and_which_too_steep() -> None:
    search = update_of(logarithm("cg", line_search="wolfe", lr=1.0)).search
    assert search is not None and search.taken == len(search.trials) - 1
    for i, trial in enumerate(search.trials[:-1]):
        w = 5 - 0.8 * trial.step
        high = w <= 0 or w - math.log(w) > search.loss - 1e-4 * trial.step * 0.64
        assert trial.verdict == ("not finite" if w <= 0 else "too high" if high else "too steep"), i


def test_the_exact_search_shows_its_parabola() -> None:
    """φ″(0) = d²/w² = 0.64/25: the minimum of the parabola is at t = 0.64/(0.64/25) = 25, where w < 0; halved twice it is 6.25, w = 0."""
    search = update_of(logarithm("cg", line_search="exact")).search
    assert search is not None and search.curvature == pytest.approx(0.64 / 25)
    assert [trial.step for trial in search.trials] == pytest.approx([25.0, 12.5, 6.25, 3.125])


def test_a_plain_step_has_no_search_and_a_hidden_gradient_takes_it_away() -> None:
    assert update_of(logarithm("sgd")).search is None
    gradient = Address("parameter", "w", "value", True)
    assert update_of(logarithm("bfgs"), Hidden(frozenset({gradient}))).search is None
