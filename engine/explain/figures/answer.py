"""Draws a figure from the pass that the canvas shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.explain.address import gradient_at, number_at
from engine.explain.figures import Arrow, Figure, FigureOf, Line, ObjectiveFigure, Point
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.explain.replay import Replay
from engine.explain.slices import Secant, SliceOf
from engine.explain.slices.answer import local, secant
from engine.explain.sweep.answer import counts
from engine.nodes import TYPES
from engine.nodes.base import Settings
from graph.formula.latex import display_name
from graph.model.address import Address, output
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor

    from engine.explain.context import ExplainContext

POINTS, FAR, HALVINGS = 161, 2.5, 40
COST_DEPTHS, WIDTH = (1, 2, 4, 8, 12, 16), 16
MARGIN_LOSSES = ("loss.squared_error", "loss.logistic", "loss.hinge")
"""Losses of a score and a label ±1 that depend on their product alone, by node type."""


def figure(situation: ExplainContext, question: FigureOf) -> Figure:
    """The figure asked for. Raises Unanswerable where the graph has not what it needs."""
    kinds: dict[str, Callable[[ExplainContext, FigureOf], Figure]] = {
        "slice": _slice, "descent": _descent, "margins": _margins, "line": _line, "costs": _costs,
    }  # fmt: skip
    if question.kind not in kinds:
        raise Unanswerable(_("There is no figure of the kind {kind}.").format(kind=question.kind))
    return kinds[question.kind](situation, question)


# the objective along one number


def _slice(situation: ExplainContext, question: FigureOf) -> Figure:
    curve = local(situation, SliceOf(question.place))
    drawn, ends = curve.drawn(), curve.ends
    lines = [Line(curve.x, curve.f, display_name(curve.objective), "value")]
    numbers = [(_("slope"), curve.slope)]
    points = [Point(curve.at, curve.value, "value")]
    if drawn.tangent is not None:
        lines.append(Line(ends, drawn.tangent, _("tangent"), "gradient"))
    if drawn.parabola and question.epsilon is None:
        lines.append(Line(curve.x, drawn.parabola, _("parabola"), "second", dashed=True))
        points += [Point(*drawn.newton, "second")] if drawn.newton is not None else []
    if question.epsilon is not None:
        chord = secant(situation, Secant(question.place, question.epsilon))
        heights = tuple(chord.value + chord.secant * (x - chord.at) for x in ends)
        lines.append(Line(ends, heights, _("secant"), "third", dashed=True))
        points.append(Point(chord.at + chord.epsilon, chord.other, "third"))
        numbers += [(_("secant"), chord.secant), (_("difference"), chord.error)]
    across = display_name(curve.name)
    room = _room(ends, curve.f)
    return ObjectiveFigure("slice", question.place, across, "", tuple(lines), tuple(points), (), tuple(numbers), room, note=curve.note)


def _descent(situation: ExplainContext, question: FigureOf) -> Figure:
    """Where ∇f is not 0, a short step d = −∇f goes down: so at a minimum ∇f = 0."""
    products = LocalProducts(situation)
    replay = Replay(products, question.place)
    gradient = gradient_at(products.trace, products.graph, question.place).double().cpu()
    size, value = float(gradient.norm()), replay.number(replay.base)
    if not (math.isfinite(size) and math.isfinite(value)):
        raise Unanswerable(_("The objective or its gradient is not finite here, so there is nothing to draw."))
    alone = replay.base.numel() == 1
    direction = gradient / size if size else torch.ones_like(replay.base) / math.sqrt(replay.base.numel())
    at = float(replay.base.reshape(-1)[0]) if alone else 0.0
    sign = float(direction.reshape(-1)[0]) if alone else 1.0
    reach = max(1.0, abs(at)) if alone else max(1.0, float(replay.base.norm()))

    def along(x: float) -> float:
        return replay.number(replay.base + direction * ((x - at) * sign))

    slope = size * sign
    x = tuple(float(v) for v in np.linspace(at - reach, at + reach, POINTS))
    f = tuple(along(v) for v in x)
    name = display_name(question.place.whole.name(products.graph))
    objective = display_name(products.graph.nodes[replay.target[0]].name)
    lines = [Line(x, f, objective, "value")]
    ends = (x[0], x[-1])
    lines.append(Line(ends, tuple(value + slope * (v - at) for v in ends), _("tangent"), "gradient", of_gradient=True))
    points, arrows, note = [Point(at, value, "value")], [], _("∇f = 0: the tangent is level, so no direction goes down at first.")
    if size > 1e-12 * max(1.0, abs(value)):
        step = _downhill(along, at, value, slope, reach)
        points.append(Point(at + step, along(at + step), "right", of_gradient=True))
        arrows.append(Arrow(at, value, step, 0.0, "d = −∇f", "gradient", of_gradient=True))
        note = _("∇f is not 0: a short step d = −∇f goes down, so this is no minimum.")
    across = name if alone else _("t, along ∇f of {name}").format(name=name)
    return ObjectiveFigure("descent", question.place, across, "", tuple(lines), tuple(points), tuple(arrows), (), _room(ends, f), note=note)


def _downhill(along: Callable[[float], float], at: float, value: float, slope: float, reach: float) -> float:
    """A step against the slope, shortened until the objective is smaller there."""
    step = -math.copysign(0.4 * reach, slope)
    for _halving in range(HALVINGS):
        if along(at + step) < value:
            break
        step /= 2
    return step


def _room(ends: tuple[float, float], heights: tuple[float, ...]) -> tuple[float, float, float, float] | None:
    finite = [height for height in heights if math.isfinite(height)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    room = 0.15 * (high - low) or max(abs(high), 1.0) * 0.2
    return ends[0], ends[1], low - room, high + room


# margins


def _margins(situation: ExplainContext, question: FigureOf) -> Figure:
    """Every loss that depends on label · score alone, against that product: computed by the nodes' own forward passes."""
    margins = torch.linspace(-FAR, FAR, POINTS, dtype=torch.float64)
    label = torch.ones_like(margins)
    roles = ("value", "gradient", "second", "third", "fourth")
    curves = {TYPES[key].spec.title: TYPES[key].each(_settings(key), margins, label) for key in MARGIN_LOSSES}  # type: ignore[attr-defined]
    curves[_("Perceptron")] = torch.relu(-margins)
    curves[_("Mistakes (0–1)")] = (margins <= 0).double()
    x = tuple(margins.tolist())
    lines = [
        Line(x, tuple(y.tolist()), name, role, dashed=role == "fourth")  # type: ignore[arg-type]
        for (name, y), role in zip(curves.items(), roles, strict=True)
    ]
    top = 4.0
    shown = _present_margins(situation, question.place)
    lines += [Line((m, m), (0.0, top), _("this sample") if not place else "", "quiet", dashed=True) for place, m in enumerate(shown)]
    across = _("margin y·f")
    return Figure("margins", question.place, across, _("loss"), tuple(lines), numbers=(), room=(-FAR, FAR, 0.0, top))


def _settings(key: str) -> Settings:
    values = {**TYPES[key].spec.defaults(), "name": key, "training": False}
    return Settings(**values, batched=frozenset(), dtype=torch.float64)


def _present_margins(situation: ExplainContext, place: Address) -> list[float]:
    """Label times score, of each sample: the two inputs of the loss at `place`, or the value there."""
    graph, trace = situation.graph, situation.trace
    node = graph.nodes.get(place.id)
    inputs = graph.inputs_of(place.id) if node is not None and graph.spec(place.id).loss else []
    if len(inputs) == 2:
        score, label = (number_at(trace, graph, output(*edge.source)).double().reshape(-1) for edge in inputs)
        product = score * label
    else:
        product = number_at(trace, graph, place).double().reshape(-1)
    return [float(m) for m in product[:50] if math.isfinite(float(m))]


# the separating line


def _line(situation: ExplainContext, question: FigureOf) -> Figure:
    """The points x with w·x + b = 0, for a score that is a product of a vector w and samples x in the plane."""
    graph, trace = situation.graph, situation.trace
    weights, points, bias = _plane(situation, question.place)
    w, b = number_at(trace, graph, weights).double().reshape(-1), _bias(situation, bias)
    samples = number_at(trace, graph, points).double().reshape(-1, 2)
    labels = number_at(trace, graph, question.labels).double().reshape(-1) if question.labels is not None else torch.zeros(len(samples))
    labels = labels.expand(len(samples)) if len(labels) == 1 else labels
    scores = samples @ w + b
    reach = 1.25 * max(1.0, float(samples.abs().max()), float(w.abs().max()))
    lines = [Line(*_through(w, b, reach), _("w·x = 0") if not b else _("w·x + b = 0"), "value")]
    marks = [
        Point(float(x), float(y), "right" if label * score > 0 or not label else "wrong", f"{'+' if label > 0 else '−'}1" if label else "")
        for (x, y), label, score in zip(samples.tolist(), labels.tolist(), scores.tolist(), strict=True)
    ]
    arrows = [Arrow(0.0, 0.0, float(w[0]), float(w[1]), "w", "value")]
    if question.rate is not None:
        gradient = gradient_at(trace, graph, weights).double().reshape(-1)
        step = -question.rate * gradient
        after, moved = w + step, -question.rate * _bias_gradient(situation, bias)
        if float(step.norm()) > 0:
            lines.append(Line(*_through(after, b + moved, reach), _("after the update"), "gradient", dashed=True, of_gradient=True))
            arrows.append(Arrow(float(w[0]), float(w[1]), float(step[0]), float(step[1]), "Δw", "gradient", of_gradient=True))
    wrong = sum(mark.role == "wrong" for mark in marks)
    note = _("{wrong} of {count} on the wrong side").format(wrong=wrong, count=len(marks)) if question.labels is not None else ""
    room = (-reach, reach, -reach, reach)
    return Figure("line", question.place, "x₁", "x₂", tuple(lines), tuple(marks), tuple(arrows), (), room, square=True, note=note)


def _plane(situation: ExplainContext, place: Address) -> tuple[Address, Address, Address | None]:
    """Where w, the samples and b are."""
    graph, trace = situation.graph, situation.trace
    inputs = graph.inputs_of(place.id) if place.id in graph.nodes else []
    if graph.nodes[place.id].type == "layer.linear" and len(inputs) == 1:
        here = Address("parameter", place.id, "W"), output(*inputs[0].source), Address("parameter", place.id, "b")
        if number_at(trace, graph, here[0]).numel() == 2:
            return here[0], here[1], here[2] if (place.id, "b") in trace.parameters else None
    elif len(inputs) == 2:
        ends = [output(*edge.source) for edge in inputs]
        ends.sort(key=lambda end: graph.spec(end.id).category != "parameters")
        if number_at(trace, graph, ends[0]).numel() == 2 and number_at(trace, graph, ends[1]).shape[-1:] == (2,):
            return ends[0], ends[1], None
    raise Unanswerable(_("The line of a score needs two weights and samples of two numbers."))


def _bias(situation: ExplainContext, bias: Address | None) -> float:
    return float(number_at(situation.trace, situation.graph, bias).reshape(-1)[0]) if bias is not None else 0.0


def _bias_gradient(situation: ExplainContext, bias: Address | None) -> float:
    return float(gradient_at(situation.trace, situation.graph, bias).reshape(-1)[0]) if bias is not None else 0.0


def _through(w: Tensor, b: float, reach: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two points of the line w·x + b = 0, far outside the picture; none where w is 0."""
    size = float(w.norm())
    if size == 0:
        return (), ()
    foot, along = -b / size * (w / size), torch.stack((-w[1], w[0])) / size
    ends = [foot - along * 3 * reach, foot + along * 3 * reach]
    return tuple(float(end[0]) for end in ends), tuple(float(end[1]) for end in ends)


# what differentiation costs


def _costs(situation: ExplainContext, question: FigureOf) -> Figure:
    """Multiplications counted on networks of growing depth, each layer of WIDTH numbers."""
    counted = [(depth, *counts(depth, WIDTH)) for depth in COST_DEPTHS]
    depths, naive, reverse = (tuple(float(entry) for entry in column) for column in zip(*counted, strict=True))
    lines = (Line(depths, naive, _("naive"), "value"), Line(depths, reverse, _("backpropagation"), "gradient"))
    points = tuple(Point(depths[-1], line.y[-1], line.role) for line in lines)
    numbers = tuple((_("{mode} at k = {depth}").format(mode=line.name, depth=COST_DEPTHS[-1]), line.y[-1]) for line in lines)
    room = (0.0, depths[-1] * 1.04, 0.0, naive[-1] * 1.08)
    return Figure("costs", question.place, _("depth k, for H = {width}").format(width=WIDTH), "", lines, points, (), numbers, room)
