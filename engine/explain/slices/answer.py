"""Draws local pictures: the objective along one number, its linear and quadratic model there, and secants."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engine.explain.address import gradient_at, number_at, single_entry
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.explain.replay import Replay
from engine.explain.slices import Secant, SecantLine, SliceCurve, SliceOf
from engine.explain.symbols import Symbols
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from graph.model.address import Address

SECONDS, FEWEST_POINTS = 0.12, 15
"""Where the objective is dear, a slice has fewer points: as many as fit into this time."""
FLAT = 1e-12
"""A curvature this small against its own rounding counts as 0: then the parabola is a line."""


class _Line:
    """The objective as a function of one number, everything else held."""

    def __init__(self, situation: ExplainContext, place: Address) -> None:
        products = LocalProducts(situation)
        graph, trace = products.graph, products.trace
        value = number_at(trace, graph, place)
        gradient = gradient_at(trace, graph, place).double().cpu()
        self.entry = single_entry(graph, place, value, gradient)
        self.replay = Replay(products, place)
        shown = place.at(self.entry if value.numel() > 1 else None)
        self.name = shown.name(graph)
        self.symbol = Symbols(graph, self.replay.target).at(shown)
        self.objective = graph.nodes[self.replay.target[0]].name
        self.at = float(self.replay.base[self.entry])
        self.value = self.replay.number(self.replay.base)
        exact = trace.dtype == "float64"
        self.slope = float(gradient[self.entry]) if exact else float(self.replay.gradient(self.replay.base)[self.entry])
        if not (math.isfinite(self.value) and math.isfinite(self.slope) and math.isfinite(self.at)):
            raise Unanswerable(
                _("The objective or its slope at {name} is not finite here, so there is nothing to draw.").format(name=self.name)
            )

    def __call__(self, x: float) -> float:
        return self.replay.number(self.replay.moved(self.entry, x))

    def slope_at(self, x: float) -> float:
        return float(self.replay.gradient(self.replay.moved(self.entry, x))[self.entry])


def local(situation: ExplainContext, question: SliceOf) -> SliceCurve:
    """The slice through one number. Raises Unanswerable where there is no gradient."""
    line = _Line(situation, question.place)
    curvature, method = _curvature(line)
    newton, kind = _newton(line, curvature)
    low, high = _bounds(line, question, newton)
    x = _points(line, low, high, question.points)
    f = tuple(line(v) for v in x)
    model = None if newton is None or curvature is None else line.value - 0.5 * line.slope * (line.slope / curvature)
    note = "" if all(map(math.isfinite, f)) else _("Where the curve is missing, the objective is not a finite number.")
    return SliceCurve(
        question.place, line.name, line.objective, x, f, line.at, line.value, line.slope, curvature, method, newton,
        None if newton is None else line(newton), model, kind, line.symbol, note,
    )  # fmt: skip


def secant(situation: ExplainContext, question: Secant) -> SecantLine:
    """The line through the present point and one a step further."""
    if not (math.isfinite(question.epsilon) and question.epsilon != 0):
        raise Unanswerable(_("A secant needs a second point: choose a step that is not 0."))
    line = _Line(situation, question.place)
    other = line(line.at + question.epsilon)
    slope = (other - line.value) / question.epsilon
    return SecantLine(
        question.place, line.name, line.at, line.value, question.epsilon, other, slope, line.slope, abs(slope - line.slope)
    )  # fmt: skip


def _curvature(line: _Line) -> tuple[float | None, str]:
    """(second derivative, how it was found)."""
    exact = line.replay.second(line.replay.base, line.entry)
    if exact is not None:
        return (exact, "exact") if math.isfinite(exact) else (None, "exact")
    h = 2.0**-14 * max(1.0, abs(line.at))
    second = (line.slope_at(line.at + h) - line.slope_at(line.at - h)) / (2 * h)
    return (second if math.isfinite(second) else None), _("central difference")


def _newton(line: _Line, curvature: float | None) -> tuple[float | None, str]:
    """(the parabola's stationary point x − f′/f″, whether it is a minimum or a maximum)."""
    if curvature is None or abs(curvature) <= FLAT * abs(line.slope):
        return None, ""
    stationary = line.at - line.slope / curvature
    return (stationary, "minimum" if curvature > 0 else "maximum") if math.isfinite(stationary) else (None, "")


def _bounds(line: _Line, question: SliceOf, newton: float | None) -> tuple[float, float]:
    """The range asked for; else around the present value, with the Newton step in it where that is near."""
    if question.low is not None and question.high is not None:
        if not (math.isfinite(question.low) and math.isfinite(question.high) and question.low < question.high):
            raise Unanswerable(_("A slice needs a range from a smaller to a larger number."))
        return question.low, question.high
    reach = max(1.0, abs(line.at))
    if newton is not None and 0 < abs(newton - line.at) < 4 * reach:
        reach = max(reach, 1.5 * abs(newton - line.at))
    low = line.at - reach if question.low is None else question.low
    high = line.at + reach if question.high is None else question.high
    if not low < high:
        raise Unanswerable(_("A slice needs a range from a smaller to a larger number."))
    return low, high


def _points(line: _Line, low: float, high: float, wanted: int) -> tuple[float, ...]:
    """Evenly spread, with the present value among them where it lies inside."""
    affordable = int(SECONDS / line.replay.seconds())
    count = max(2, min(wanted, max(FEWEST_POINTS, affordable), 2001))
    points = [float(v) for v in np.linspace(low, high, count)]
    if low < line.at < high:
        points = sorted({*points, line.at})
    return tuple(points)
