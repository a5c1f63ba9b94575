"""The V curve: the error of a difference quotient against its step, and the straight pieces on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.explain.address import gradient_at, number_at, single_entry
from engine.explain.audit import ErrorCurve, StepCurve, StepErrors, StraightPiece
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.explain.replay import Replay
from engine.numerics.differences import central, forward
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext

ORDERS = {"forward": 1, "central": 2}
"""Order of the Taylor remainder (f(x+ε) − f(x))/ε = f′ + εf″/2 + …, (f(x+ε) − f(x−ε))/2ε = f′ + ε²f‴/6 + …"""
LEAST_POINTS = 4
FEWEST_STEPS, SECONDS = 27, 0.15
"""Where evaluations are dear, fewer steps are taken: so few at least, as many as fit into this time otherwise."""


def step_errors(situation: ExplainContext, question: StepCurve) -> StepErrors:
    """Four curves for one entry. Raises Unanswerable where there is no gradient."""
    products = LocalProducts(situation)
    place, graph, trace = question.place, products.graph, products.trace
    value = number_at(trace, graph, place)
    gradient = gradient_at(trace, graph, place).double().cpu()
    entry = single_entry(graph, place, value, gradient)
    double = Replay(products, place)
    analytical = float(gradient[entry]) if trace.dtype == "float64" else float(double.gradient(double.base)[entry])
    if not math.isfinite(analytical):
        raise Unanswerable(
            _("The gradient of {graph} is {analytical:g} here.").format(graph=place.whole.name(graph), analytical=analytical)
        )
    affordable = int(SECONDS / (4 * double.seconds()))
    steps = _steps(question, max(FEWEST_STEPS, affordable))
    curves = []
    for replay in (double, Replay(products, place, torch.float32)):
        estimates = _estimates(replay, entry, steps)
        curves += [_curve(method, replay.dtype, steps, estimates[method], analytical) for method in ORDERS]
    if all(curve.best_step is None for curve in curves):
        raise Unanswerable(
            _("The objective is not finite around {graph}: there are no difference quotients.").format(graph=place.whole.name(graph))
        )
    curves = [curves[2], curves[3], curves[0], curves[1]]  # float32 first
    at = float(double.base[entry])
    return StepErrors(place, place.whole.name(graph), at, analytical, analytical != 0, tuple(steps), tuple(curves), _note(curves))


def _steps(question: StepCurve, most: int) -> list[float]:
    """From the largest to the smallest, evenly on a logarithmic scale."""
    if not (0 < question.smallest < question.largest and 2 <= question.steps <= 400):
        raise Unanswerable(_("Step sizes go from a larger to a smaller positive number, in 2 to 400 steps."))
    return [float(e) for e in np.geomspace(question.largest, question.smallest, min(question.steps, most))]


def _estimates(replay: Replay, entry: tuple[int, ...], steps: Sequence[float]) -> dict[str, list[float]]:
    """Difference quotients in the replay's own precision; ε is divided by as it is, so that lost digits of x ± ε show."""
    x, base = replay.base[entry], replay.number(replay.base)
    rounded = np.float32 if replay.dtype == torch.float32 else np.float64
    quotients: dict[str, list[float]] = {"forward": [], "central": []}
    for step in steps:
        above, below = (replay.number(replay.moved(entry, float(x + sign * step))) for sign in (1, -1))
        with np.errstate(all="ignore"):
            quotients["forward"].append(forward(rounded(above), rounded(base), rounded(step)))
            quotients["central"].append(central(rounded(above), rounded(below), rounded(step)))
    return quotients


def _curve(method: str, dtype: torch.dtype, steps: Sequence[float], estimates: Sequence[float], analytical: float) -> ErrorCurve:
    scale = abs(analytical) or 1.0
    errors = [abs(e - analytical) / scale for e in estimates]
    shown = tuple(e if 0 < e < math.inf else None for e in errors)
    known = [(e, i) for i, e in enumerate(errors) if math.isfinite(e)]
    if not known:
        return ErrorCurve(method, _name(dtype), shown, tuple(estimates), None, None, None)
    truncation, round_off = _branches(method, dtype, steps, shown)
    _best, i = min(known)
    return ErrorCurve(method, _name(dtype), shown, tuple(estimates), truncation, round_off, steps[i])


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _branches(
    method: str, dtype: torch.dtype, steps: Sequence[float], errors: Sequence[float | None]
) -> tuple[StraightPiece | None, StraightPiece | None]:
    """The piece where the remainder rules and the one where round-off does: on either side of the V's point.

    Points next to it belong to neither. Round-off is not fitted where x ± ε has lost ε altogether and the error stands at 100 %.
    """
    order = ORDERS[method]
    log_step = np.log10(np.array(steps))
    log_error = np.array([math.nan if e is None else math.log10(e) for e in errors])
    bottom, place = _bottom(log_error), np.arange(len(steps))
    known = np.isfinite(log_error)
    lost = log_step < math.log10(torch.finfo(dtype).eps) + 1.5
    truncation = _fit(
        _("truncation, ε{power}").format(power="²" if order == 2 else ""), order, log_step, log_error, known & (place < bottom - 1)
    )
    round_off = _fit(_("round-off, 1/ε"), -1, log_step, log_error, known & (place > bottom + 1) & ~lost & (log_error < -0.3))
    return truncation, round_off


def _bottom(log_error: np.ndarray) -> int:
    """Where the V has its point: the smallest median of five neighbours, since single points fall to 0 by luck."""
    filled = np.where(np.isfinite(log_error), log_error, np.inf)
    smooth = [float(np.median(filled[max(0, i - 2) : i + 3])) for i in range(len(filled))]
    return int(np.argmin(smooth))


def _fit(name: str, expected: int, log_step: np.ndarray, log_error: np.ndarray, chosen: np.ndarray) -> StraightPiece | None:
    """The median of the slopes between all pairs of points (Theil 1950, Sen 1968): a lucky point does not turn it."""
    x, y = log_step[chosen], log_error[chosen]
    if len(x) < LEAST_POINTS:
        return None
    first, second = np.triu_indices(len(x), 1)
    slope = float(np.median((y[second] - y[first]) / (x[second] - x[first])))
    return StraightPiece(name, slope, float(np.median(y - slope * x)), float(10 ** x.min()), float(10 ** x.max()), expected)


def _note(curves: Sequence[ErrorCurve]) -> str:
    if all(c.truncation is None for c in curves):
        return _("The difference quotient is exact here up to round-off: the Taylor remainder is 0.")
    return ""
