"""Where NaN or infinity came from, read off a trace: for training that stops, and for what is shown at rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.trace import Trace, array_view
from engine.compile.views import ArrayView, Gradient, TraceView
from graph.model.problem import Problem

if TYPE_CHECKING:
    from graph.model.graph import Graph

NAMED = 3
"""Problems of one sort that are listed at most; the others usually follow from these."""


def first_nonfinite(trace: Trace) -> tuple[str | None, str]:
    """(node id, what happened there): the first node in order of computation with such a value, else with such a gradient."""
    for (node, _), value in trace.values.items():
        if not bool(torch.isfinite(value).all()):
            return node, "the value became " + _kind(value)
    for event in trace.events:
        if event.phase != "backward":
            continue
        for edge in event.edges:
            gradient = trace.edge_gradients[edge]
            if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
                return event.node, "the gradient became " + _kind(gradient)
    for (node, _), gradient in trace.parameter_gradients.items():
        if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
            return node, "the gradient became " + _kind(gradient)
    return None, "the loss became infinite or not a number"


def _kind(tensor: Tensor) -> str:
    return "not a number (NaN)" if bool(torch.isnan(tensor).any()) else "infinite"


# At rest


def nonfinite(graph: Graph, seen: TraceView, memory: Mapping[str, Tensor] | None = None) -> tuple[Problem, ...]:
    """A warning for each node where NaN or infinity begins: in learned tensors, in values, in gradients, in the optimizer's `memory`
    (buffers included; by names such as `n1.W` behind the kind of memory, `m.n1.W`)."""
    learned = [_learned(graph, key, view) for key, view in seen.parameters.items() if not view.finite]
    values = [_value(graph, seen, key) for key in seen.values if _begins(graph, seen, key)]
    held = [_remembered(graph, name, array_view(t)) for name, t in (memory or {}).items() if not bool(torch.isfinite(t).all())]
    return (*learned[:NAMED], *values[:NAMED], *list(_gradients(graph, seen))[:NAMED], *held[:NAMED])


def _begins(graph: Graph, seen: TraceView, key: Key) -> bool:
    """Whether a value is not finite although all that it is computed from is."""
    node = key[0]
    if seen.values[key].finite or any(not view.finite for (owner, _), view in seen.parameters.items() if owner == node):
        return False
    return all(seen.values[edge.source].finite for edge in graph.inputs_of(node) if edge.source in seen.values)


def _value(graph: Graph, seen: TraceView, key: Key) -> Problem:
    spec, name = graph.spec(key[0]), graph.nodes[key[0]].name
    what = f"its value is {_amount(seen.values[key])}"
    if arriving := graph.inputs_of(key[0]):
        numbers = {edge.target[1]: view.scalar for edge in arriving if (view := seen.values.get(edge.source)) is not None}
        at = ", ".join(f"{port} = {number:.4g}" for port, number in numbers.items() if number is not None)
        what = f"{spec.title} gives {_amount(seen.values[key])}{f' at {at}' if at and len(numbers) < 4 else ''}"
    return Problem("warning", f"{name}: {what}. What is computed from it can be infinite or NaN too.", (key[0],))


def _learned(graph: Graph, key: Key, view: ArrayView) -> Problem:
    own = "its value" if graph.spec(key[0]).role == "parameter" else key[1]
    return Problem("warning", f"{graph.nodes[key[0]].name}: {own} is {_amount(view)}. Reset returns to the document's values.", (key[0],))


def _gradients(graph: Graph, seen: TraceView) -> Iterable[Problem]:
    """Where a gradient is not finite although the one that arrived is, in the order of the backward pass."""
    arrived, learned = _broken(seen.gradients), _broken(seen.parameter_gradients)
    for node in (event.node for event in seen.events if event.phase == "backward"):
        name, title = graph.nodes[node].name, graph.spec(node).title
        if node in arrived:
            if all(_finite(seen, edge.id) for edge in graph.outputs_of(node)):
                _, gradient = arrived[node]
                yield Problem("warning", f"{name}: the gradients that arrive here add up to {_amount(gradient)}.", (node,))
            continue
        for edge in graph.inputs_of(node):
            if not _finite(seen, edge.id):
                passed = seen.edge_gradients[edge.id]
                assert isinstance(passed, ArrayView)
                there = graph.nodes[edge.source[0]].name
                yield Problem(
                    "warning", f"{name}: the gradient that {title} passes back to {there} is {_amount(passed)}.", (node,), (edge.id,)
                )
                break
        if node in learned:
            own, gradient = learned[node]
            yield Problem("warning", f"{name}: the gradient of {own} is {_amount(gradient)}.", (node,))


def _broken(gradients: Mapping[Key, Gradient]) -> dict[str, tuple[str, ArrayView]]:
    """Of each node the first gradient that is not finite, with its port's or parameter's name."""
    found: dict[str, tuple[str, ArrayView]] = {}
    for (node, name), gradient in gradients.items():
        if isinstance(gradient, ArrayView) and not gradient.finite:
            found.setdefault(node, (name, gradient))
    return found


def _finite(seen: TraceView, edge: str) -> bool:
    gradient = seen.edge_gradients.get(edge)
    return not isinstance(gradient, ArrayView) or gradient.finite


def _remembered(graph: Graph, name: str, view: ArrayView) -> Problem:
    kind, _, rest = name.partition(".")
    if kind in graph.nodes:
        return Problem("warning", f"{graph.nodes[kind].name}: {rest} is {_amount(view)}. Reset returns to the document's values.", (kind,))
    node, _, own = rest.partition(".")
    where = f" of {graph.nodes[node].name}.{own}" if node in graph.nodes else ""
    text = f"the optimizer's memory {kind}{where} is {_amount(view)}: the steps it makes from here on are not right. Reset clears it."
    return Problem("warning", text[0].upper() + text[1:], (node,) if node in graph.nodes else ())


def _amount(view: ArrayView) -> str:
    """`NaN`, `∞`, `−∞`; of a tensor in how many of its numbers, as far as that is known."""
    low, high = view.minimum, view.maximum
    word = "NaN" if math.isnan(low) or math.isnan(high) else "∞" if high == math.inf else "−∞"
    total = math.prod(view.shape)
    if total == 1:
        return word
    if view.data is None:
        return f"{word} in one or more of its {total:,} numbers"
    count = int((~np.isfinite(view.data)).sum())
    return f"{'±∞' if low == -math.inf and high == math.inf else word} in {count:,} of its {total:,} numbers"
