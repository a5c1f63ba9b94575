"""The figures of the lesson on saddle points, by SymPy and by walking away from them step by step."""

from __future__ import annotations

import math

import pytest
import sympy

from engine.curvature.spectrum import HessianFigure
from engine.curvature.spectrum.figure import figure
from engine.explain.context import ExplainContext
from graph.lessons.lesson_graph import resolve
from tests.support.lesson_support import Played, asked, close, says


def test_saddle_points() -> None:
    x, y, s, t = sympy.symbols("x y s t")
    turned = (1 - (s**2 - t**2) / 2) ** 2

    def lowest(f: sympy.Expr, at: dict[sympy.Symbol, float]) -> float:
        return float(min(sympy.re(value) for value in sympy.hessian(f, tuple(at)).subs(at).eigenvals()))

    assert sympy.simplify(turned - (1 - (s + t) * (s - t) / 2) ** 2) == 0, "w₁w₂ in the turned axes"
    along = sympy.diff(turned, s, 2).subs(t, 0)
    assert sympy.expand(along) == 3 * s**2 - 2 and sympy.expand(sympy.diff(turned, t, 2).subs(t, 0)) == 2 - s**2
    zero, half = (float(next(root for root in sympy.solve(along - level, s) if root > 0)) for level in (0, -1))
    monkey = x**3 - 3 * x * y**2
    steps = [0.01]
    while steps[-1] < 1:
        steps.append(steps[-1] + 3 * 0.1 * steps[-1] ** 2)
    assert 300 < len(steps) - 1 < 400, "away from the monkey saddle"
    assert asked("saddle-points") == close([
        lowest(x**2 - y**2, {x: 0, y: 0}), -2 / 2, 2 / 2, -lowest(turned, {s: 0, t: 0}), lowest(turned, {s: 0.5, t: 0}), zero, half,
        float(monkey.subs({x: 0.1, y: 0.2})), math.log(100) / math.log(1.2), 3 * 0.1 * 0.01**2,
    ])  # fmt: skip
    says("saddle-points", "0.8165", "0.5774", "-1.25", "25.26")


def test_the_eigenvalues_that_the_lessons_show() -> None:
    """x² − y²; (1 − w₂w₁)² at s = 0.5; a³ − 3ab²; ½zᵀAz with A = ((2, 1), (1, 3))."""
    shown = (
        ("saddle-points", 1, "saddle", [2, -2]), ("saddle-points", 3, "f", [1.75, -1.25]), ("saddle-points", 4, "monkey", [0, 0]),
        ("gradients", 6, "z", [(5 + math.sqrt(5)) / 2, (5 - math.sqrt(5)) / 2]),
    )  # fmt: skip
    for lesson, step, of, values in shown:
        played = Played(lesson, step)
        assert {"do": "figure", "kind": "hessian", "of": of} in [{"do": action.do, **action.args} for action in played.step.run]
        drawn = figure(ExplainContext(played.session), HessianFigure(resolve(played.graph, of)))
        assert [row.numbers[0] for row in drawn.rows] == pytest.approx(values, abs=1e-12)
        assert [line.y[40] for line in drawn.lines] == pytest.approx([played.value(played.graph.nodes[played.trace.objective[0]].name)] * 2)  # type: ignore[index]
