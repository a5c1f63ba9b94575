"""How two states are compared: the model goes to each, its trace is kept, and it comes back exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from engine.compile.trace import TensorGradient, Trace, array_view
from engine.compile.views import Absent, ArrayView
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.comparison import CompareMoments, Comparison, Difference, Identity, Moment
from engine.training.compiled import RunError
from engine.training.state import PARTS, State
from graph.model.address import Address, output, parameter, wire
from graph.text.messages import _

Seen = tuple[Trace, dict[str, float], State]


def compare(context: ExplainContext, question: CompareMoments) -> Comparison:
    """Raises Unanswerable where a step is out of reach, or something is trained now."""
    if context.live:
        raise Unanswerable(_("Pause training to compare two runs."))
    first, second = _seen(context, question.first), _seen(context, question.second)
    wires: list[Difference] = []
    parameters: list[Difference] = []
    for place, one, other in _pairs(first[0], second[0]):
        (parameters if place.kind == "parameter" else wires).append(difference(place, one, other))
    return Comparison(
        question.first, question.second, tuple(wires), tuple(parameters), _losses(first[0], second[0]), (first[1], second[1]),
        identity(first[2], second[2]), _inner(first[0], second[0]),
    )  # fmt: skip


def _seen(context: ExplainContext, moment: Moment) -> Seen:
    run = context.run
    if run is None:
        raise Unanswerable(_("Nothing has been trained yet."))
    try:
        seen = run.history.visit(moment.step, moment.run, lambda: (_kept(context.model.trace()), dict(run.metrics()), run.capture()))
    except RunError as error:
        raise Unanswerable(str(error)) from error
    if seen is None:
        raise unreachable(moment)
    return seen


def unreachable(moment: Moment) -> Unanswerable:
    """There is no way to this state."""
    return Unanswerable(_("Step {step:,} of that run is no longer stored, or the run trained another graph.").format(step=moment.step))


def _kept(trace: Trace) -> Trace:
    """A trace that stays as it is when the model moves on; the output of a Parameter node is the learned tensor itself."""
    values, parameters = ({key: tensor.clone() for key, tensor in table.items()} for table in (trace.values, trace.parameters))
    return replace(trace, values=values, parameters=parameters)


def _pairs(first: Trace, second: Trace) -> Iterator[tuple[Address, TensorGradient | None, TensorGradient | None]]:
    """Every number of a trace at both moments, by its address."""
    for make, gradient, one, other in (
        (output, False, first.values, second.values), (output, True, first.gradients, second.gradients),
        (parameter, False, first.parameters, second.parameters),
        (parameter, True, first.parameter_gradients, second.parameter_gradients),
    ):  # fmt: skip
        for key in [*one, *(key for key in other if key not in one)]:
            yield replace(make(*key), gradient=gradient), one.get(key), other.get(key)
    for edge, gradient_there in first.edge_gradients.items():
        yield replace(wire(edge), gradient=True), gradient_there, second.edge_gradients.get(edge)


def difference(place: Address, first: TensorGradient | None, second: TensorGradient | None) -> Difference:
    """One tensor at two moments."""
    one, other = _tensor(first), _tensor(second)
    views = None if one is None else array_view(one), None if other is None else array_view(other)
    if one is None or other is None or one.shape != other.shape:
        return Difference(place, *views, None, math.inf if (one is None) != (other is None) else 0.0)
    change = other.double() - one.double()
    largest = float(change.abs().max()) if change.numel() else 0.0
    norm, moved = float(torch.linalg.vector_norm(one.double())), float(torch.linalg.vector_norm(change))
    relative = moved / norm if norm else (math.inf if moved else 0.0)
    return Difference(place, *views, array_view(change), largest, relative)


def _tensor(value: TensorGradient | None) -> Tensor | None:
    return None if value is None or isinstance(value, Absent) else value.detach()


def identity(first: State, second: State) -> Identity:
    """Which bits are the same; the step and the place in the data, which differ between two steps, aside."""
    differing = {name.partition("/")[0] for name in bits_differ(first, second)}
    return "" if differing & {"parameters", "buffers"} else "numbers" if differing else "state"


def bits_differ(first: State, second: State) -> list[str]:
    """The tensors whose bits differ, as `parameters/n1.W`: −0 is not 0, and a NaN is the same only with the same bits."""
    return [
        f"{part}/{name}" for part in PARTS for one, other in [(getattr(first, part), getattr(second, part))]
        for name in [*one, *(name for name in other if name not in one)] if not _same_bits(one.get(name), other.get(name))
    ]  # fmt: skip


def _same_bits(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None or one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(torch.equal(*(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other))))


def _inner(first: Trace, second: Trace) -> dict[tuple[str, str], ArrayView]:
    both = [(key, one, second.inner[key]) for key, one in first.inner.items() if key in second.inner]
    return {key: array_view(other.double() - one.double()) for key, one, other in both if one.shape == other.shape}


def _losses(first: Trace, second: Trace) -> tuple[float, float] | None:
    if first.objective is None or second.objective is None:
        return None
    return float(first.values[first.objective]), float(second.values[second.objective])
