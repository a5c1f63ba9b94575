"""Where NaN or infinity came from, read off a trace: for training that stops, and for what is shown at rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.packed import nonfinite_in
from engine.compile.trace import Trace, array_view
from engine.compile.views import ArrayView, Gradient, TraceView
from graph.model.address import parameter
from graph.model.problem import Problem
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from graph.model.graph import Graph

NAMED = 3
"""Problems of one sort that are listed at most; the others usually follow from these."""


def first_nonfinite(trace: Trace) -> tuple[str | None, str]:
    """(node id, what happened there): the first node in order of computation with such a value, else with such a gradient."""
    for (node, _port), value in trace.values.items():
        if not bool(torch.isfinite(value).all()):
            return node, _("the value became {kind}").format(kind=_kind(value))
    for event in trace.events:
        if event.phase != "backward":
            continue
        for edge in event.edges:
            gradient = trace.edge_gradients[edge]
            if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
                return event.node, _("the gradient became {kind}").format(kind=_kind(gradient))
    for (node, _port), gradient in trace.parameter_gradients.items():
        if isinstance(gradient, Tensor) and not bool(torch.isfinite(gradient).all()):
            return node, _("the gradient became {kind}").format(kind=_kind(gradient))
    return None, _("the loss became infinite or not a number")


def _kind(tensor: Tensor) -> str:
    return _("not a number (NaN)") if bool(torch.isnan(tensor).any()) else _("infinite")


# At rest


def nonfinite(graph: Graph, seen: TraceView, memory: Mapping[str, Tensor] | None = None) -> tuple[Problem, ...]:
    """A warning for each node where NaN or infinity begins: in learned tensors, in values, in gradients, in the optimizer's `memory`
    (buffers included; by names such as `n1.W` behind the kind of memory, `m.n1.W`)."""
    bad = dict(nonfinite_in(seen.parameters))
    owners = {node for node, _name in bad}
    learned = (_learned(graph, key, view) for key, view in bad.items())
    values = (_value(graph, seen, key) for key, _view in nonfinite_in(seen.values) if _begins(graph, seen, key[0], owners))
    held = (_remembered(graph, name, array_view(t)) for name, t in _not_finite(memory or {}).items())
    return tuple(problem for found in (learned, values, _gradients(graph, seen), held) for problem in islice(found, NAMED))


def _not_finite(memory: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The tensors with a number that is not finite. The largest sizes of all of them are read together: with each trace of a training, one
    by one would take as long as a step."""
    together: dict[torch.device, list[Tensor]] = {}
    for tensor in memory.values():
        if tensor.is_floating_point() and tensor.numel():
            together.setdefault(tensor.device, []).append(tensor)
    largest = (torch.stack([size.double() for size in torch._foreach_norm(group, torch.inf)]) for group in together.values())
    if all(bool(torch.isfinite(sizes).all()) for sizes in largest):
        return {}
    return {name: tensor for name, tensor in memory.items() if not bool(torch.isfinite(tensor).all())}


def _begins(graph: Graph, seen: TraceView, node: str, owners: set[str]) -> bool:
    """Whether all that a node's value is computed from is finite; `owners` are the nodes with learned tensors that are not."""
    return node not in owners and all(seen.values[edge.source].finite for edge in graph.inputs_of(node) if edge.source in seen.values)


def _value(graph: Graph, seen: TraceView, key: Key) -> Problem:
    spec, name = graph.spec(key[0]), graph.nodes[key[0]].name
    amount = _amount(seen.values[key])
    message = Message("value-not-finite", "its value is {amount}. What is computed from it can be infinite or NaN too.", amount=amount)
    if arriving := graph.inputs_of(key[0]):
        numbers = {edge.target[1]: view.scalar for edge in arriving if (view := seen.values.get(edge.source)) is not None}
        at = ", ".join(f"{port} = {number:.4g}" for port, number in numbers.items() if number is not None)
        if at and len(numbers) < 4:
            message = Message(
                "operation-not-finite", "{operation} gives {amount} at {inputs}. What is computed from it can be infinite or NaN too.",
                operation=spec.title, amount=amount, inputs=at,
            )  # fmt: skip
        else:
            message = Message(
                "operation-not-finite-anywhere", "{operation} gives {amount}. What is computed from it can be infinite or NaN too.",
                operation=spec.title, amount=amount,
            )  # fmt: skip
    return Problem("warning", message, (key[0],), about=name)


def _learned(graph: Graph, key: Key, view: ArrayView) -> Problem:
    if graph.spec(key[0]).role == "parameter":
        message = Message("learned-value-not-finite", "its value is {amount}. Reset returns to the initial values.", amount=_amount(view))
    else:
        message = _held(key[1], view)
    return Problem("warning", message, (key[0],), about=graph.nodes[key[0]].name)


def _held(name: str, view: ArrayView) -> Message:
    """About a parameter or a buffer of a layer."""
    return Message("tensor-not-finite", "{name} is {amount}. Reset returns to the initial values.", name=name, amount=_amount(view))


def _gradients(graph: Graph, seen: TraceView) -> Iterable[Problem]:
    """Where a gradient is not finite although the one that arrived is, in the order of the backward pass."""
    arrived, learned = _broken(seen.gradients), _broken(seen.parameter_gradients)
    if not arrived and not learned and next(nonfinite_in(seen.edge_gradients), None) is None:
        return
    for node in (event.node for event in seen.events if event.phase == "backward"):
        name, title = graph.nodes[node].name, graph.spec(node).title
        if node in arrived:
            if all(_finite(seen, edge.id) for edge in graph.outputs_of(node)):
                _, gradient = arrived[node]
                arriving = Message(
                    "gradient-sum-not-finite", "the gradients that arrive here add up to {amount}.", amount=_amount(gradient)
                )
                yield Problem("warning", arriving, (node,), about=name)
            continue
        for edge in graph.inputs_of(node):
            if not _finite(seen, edge.id):
                passed = seen.edge_gradients[edge.id]
                assert isinstance(passed, ArrayView)
                there = graph.nodes[edge.source[0]].name
                back = Message(
                    "gradient-not-finite", "the gradient that {operation} passes back to {source} is {amount}.",
                    operation=title, source=there, amount=_amount(passed),
                )  # fmt: skip
                yield Problem("warning", back, (node,), (edge.id,), about=name)
                break
        if node in learned:
            own, gradient = learned[node]
            slope = Message("parameter-gradient-not-finite", "the gradient of {name} is {amount}.", name=own, amount=_amount(gradient))
            yield Problem("warning", slope, (node,), about=name)


def _broken(gradients: Mapping[Key, Gradient]) -> dict[str, tuple[str, ArrayView]]:
    """Of each node the first gradient that is not finite, with its port's or parameter's name."""
    broken: dict[str, tuple[str, ArrayView]] = {}
    for (node, name), gradient in nonfinite_in(gradients):
        broken.setdefault(node, (name, gradient))
    return broken


def _finite(seen: TraceView, edge: str) -> bool:
    gradient = seen.edge_gradients.get(edge)
    return not isinstance(gradient, ArrayView) or gradient.finite


def _remembered(graph: Graph, name: str, view: ArrayView) -> Problem:
    kind, _dot, rest = name.partition(".")
    if kind in graph.nodes:
        return Problem("warning", _held(rest, view), (kind,), about=graph.nodes[kind].name)
    node, _dot, own = rest.partition(".")
    if node not in graph.nodes:
        return Problem("warning", Message(
            "optimizer-memory-not-finite",
            "The optimizer state {kind} is {amount}: all further steps are wrong. Reset clears it.",
            kind=kind, amount=_amount(view),
        ))  # fmt: skip
    message = Message(
        "optimizer-memory-of-tensor-not-finite",
        "The optimizer state {kind} of {tensor} is {amount}: all further steps are wrong. Reset clears it.",
        kind=kind, tensor=parameter(node, own).name(graph), amount=_amount(view),
    )  # fmt: skip
    return Problem("warning", message, (node,))


def _amount(view: ArrayView) -> str:
    """`NaN`, `∞`, `−∞`; of a tensor in how many of its numbers, as far as that is known."""
    low, high = view.minimum, view.maximum
    word = "NaN" if math.isnan(low) or math.isnan(high) else "∞" if high == math.inf else "−∞"
    total = math.prod(view.shape)
    if total == 1:
        return word
    if view.data is None:
        return _("{word} in one or more of its {total:,} numbers").format(word=word, total=total)
    count = int((~np.isfinite(view.data)).sum())
    word = "±∞" if low == -math.inf and high == math.inf else word
    return _("{word} in {count:,} of its {total:,} numbers").format(word=word, count=count, total=total)
