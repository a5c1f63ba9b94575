"""Figures of the lectures against hand calculations and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.compile.visible import Hidden
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.covering import covered
from engine.explain.figures import Figure, FigureOf
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model.address import output
from tests.support.lesson_support import open_lesson


def situation(name: str, step: int = 0) -> ExplainContext:
    from graph.lessons.lesson_graph import graph_at

    lesson, graph = open_lesson(name)
    return ExplainContext(Model(graph_at(graph, lesson, step), dtype=torch.float64))


def drawn(here: ExplainContext, kind: str, node: str, **more: object) -> Figure:
    named = {key: output(here.graph.named(value).id) if isinstance(value, str) else value for key, value in more.items()}
    figure = answer(here, FigureOf(kind, output(here.graph.named(node).id), **named))  # type: ignore[arg-type]
    assert isinstance(figure, Figure), figure
    return figure


def test_all_losses_against_the_margin() -> None:
    """Squared error (y − f)² = (1 − yf)² for y = ±1; the sample has f = 0.3 and y = −1, so its margin is −0.3."""
    figure = drawn(situation("losses", 4), "margins", "hinge")

    curves = {line.name: np.array(line.y) for line in figure.lines if line.role != "quiet"}
    m = np.array(figure.lines[0].x)
    expected = {
        "Squared error": (1 - m) ** 2, "Logistic loss": np.log1p(np.exp(-m)), "Hinge loss": np.maximum(0, 1 - m),
        "Perceptron": np.maximum(0, -m), "Mistakes (0–1)": (m <= 0).astype(float),
    }  # fmt: skip
    assert curves.keys() == expected.keys()
    for name, values in expected.items():
        assert curves[name] == pytest.approx(values), name
    (sample,) = [line for line in figure.lines if line.role == "quiet"]
    assert sample.x == pytest.approx((-0.3, -0.3))


def test_the_perceptrons_line_turns_with_the_update() -> None:
    """w = (1, −1), x = (1, 2), y = +1: a mistake, since w·x = −1; after w ← w + x = (2, 1) the score is 4."""
    figure = drawn(situation("perceptron"), "line", "score", labels="y", rate=1.0)

    now, after = figure.lines
    for line, w in ((now, np.array([1.0, -1.0])), (after, np.array([2.0, 1.0]))):
        assert np.array([line.x, line.y]).T @ w == pytest.approx(0, abs=1e-12)
    (sample,) = figure.points
    assert (sample.x, sample.y, sample.role, sample.name) == (1.0, 2.0, "wrong", "+1")
    assert [(a.name, a.dx, a.dy) for a in figure.arrows] == [("w", 1.0, -1.0), ("Δw", 1.0, 2.0)]


def test_a_step_against_the_gradient_goes_down_until_the_gradient_is_zero() -> None:
    """f = x³ − 3x: at 2 the slope is 9, so d points left; at 1 it is 0 and the tangent is level."""
    for x, slope in ((2.0, 9.0), (-3.0, 24.0), (1.0, 0.0)):
        figure = drawn(ExplainContext(Model(build("x^3 - 3*x", CATALOG, {"x": x}), dtype=torch.float64)), "descent", "x")
        curve, tangent = figure.lines
        assert np.array(curve.y) == pytest.approx(np.array(curve.x) ** 3 - 3 * np.array(curve.x))
        assert (tangent.y[1] - tangent.y[0]) / (tangent.x[1] - tangent.x[0]) == pytest.approx(slope, abs=1e-9)
        if slope:
            (arrow,), below = figure.arrows, figure.points[1]
            assert arrow.dx * slope < 0 and below.y == pytest.approx(below.x**3 - 3 * below.x) and below.y < figure.points[0].y
        else:
            assert not figure.arrows and "= 0" in figure.note


def test_the_secant_of_a_slice() -> None:
    """x³ at 2 with ε = 0.1: (9.261 − 8)/0.1 = 12.61, and the tangent has 12."""
    figure = drawn(situation("derivative"), "slice", "x", epsilon=0.1)

    assert dict(figure.numbers) == pytest.approx({"slope": 12.0, "secant": 12.61, "difference": 0.61})


def test_what_shows_a_hidden_gradient_is_not_drawn() -> None:
    here = situation("perceptron")
    figure = drawn(here, "line", "score", labels="y", rate=1.0)
    place = output(here.graph.named("w").id)

    shown = covered(figure, here, Hidden(asked=frozenset({place.derivative})))

    assert len(shown.lines) == 1 and [arrow.name for arrow in shown.arrows] == ["w"]


def test_the_costs_of_both_modes_against_their_formulas() -> None:
    """k layers of H numbers, W and b in each: naively k²H² + (k² + 4k)H multiplications, in reverse mode (2k − 1)H² + (2k + 1)H."""
    figure = drawn(situation("reverse-mode", 4), "costs", "f")

    naive, reverse = figure.lines
    k, h = np.array(naive.x), 16
    assert naive.y == pytest.approx(k**2 * h**2 + (k**2 + 4 * k) * h) and reverse.y == pytest.approx((2 * k - 1) * h**2 + (2 * k + 1) * h)
    assert [value for _name, value in figure.numbers] == [70656, 8464]
