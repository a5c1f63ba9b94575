"""Wrong values: what a slip in the forward pass makes of one node's output."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.plan import Operation
from engine.compile.vjp import shaped
from engine.explain.misconceptions.hints import VALUE
from engine.explain.misconceptions.passes import Pass
from graph.model.address import Address
from graph.text.messages import _

Slip = tuple[str, Tensor, str, str, bool]
"""(misconception, wrong tensor, hint, node, whether it is among the likeliest)"""

_ARITHMETIC: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "math.add": lambda a, b: a + b, "math.subtract": lambda a, b: a - b, "math.multiply": lambda a, b: a * b,
    "math.divide": lambda a, b: a / b, "math.power": lambda a, b: a**b,
}  # fmt: skip
Wrong = Callable[..., Any]

_BINARY: dict[str, list[tuple[str, Wrong]]] = {
    "math.add": [("sign", lambda a, b: a - b), ("operation", lambda a, b: a * b)],
    "math.subtract": [("sign", lambda a, b: a + b), ("operation", lambda a, b: a * b)],
    "math.multiply": [("operation", lambda a, b: a + b)],
    "math.divide": [("reversed", lambda a, b: b / a), ("operation", lambda a, b: a * b)],
    "math.power": [("operation", lambda a, b: a * b), ("reversed", lambda a, b: b**a)],
    "math.maximum": [("reversed", torch.minimum)],
    "math.minimum": [("reversed", torch.maximum)],
}
_UNARY: dict[str, list[tuple[str, Wrong]]] = {
    "math.square": [("factor", lambda x: 2 * x), ("sign", lambda x: -x * x)],
    "math.sqrt": [("factor", lambda x: x / 2)],
    "math.reciprocal": [("sign", lambda x: -x)],
    "math.log": [("base", torch.log10)],
    "math.exp": [("base", lambda x: 10**x), ("factor", lambda x: math.e * x)],
    "math.sin": [("degrees", lambda x: torch.sin(torch.deg2rad(x))), ("function", torch.cos)],
    "math.cos": [("degrees", lambda x: torch.cos(torch.deg2rad(x))), ("function", torch.sin)],
    "math.abs": [("activation", lambda x: x)],
    "activation.tanh": [("function", torch.sigmoid)],
    "activation.sigmoid": [("function", torch.tanh), ("sign", lambda x: torch.sigmoid(-x))],
    "activation.relu": [("reversed", lambda x: torch.clamp(x, max=0)), ("function", torch.abs)],
}


def value_slips(run: Pass, key: Key, address: Address) -> Iterator[Slip]:
    """Every wrong value of this output, the likeliest first."""
    operation = run.operations.get(key[0])
    if address.kind == "parameter" or operation is None or operation.fed or operation.alias or key != operation.outputs[0]:
        return
    name = run.graph.nodes[operation.node].name
    other = _first_producer(run, operation)

    def say(cause: str) -> str:
        return VALUE[cause].format(node=name, other=other or _("the node before it"))

    right = run.output(operation)
    for cause, wrong in _own(run, operation):
        if wrong.shape == right.shape:
            yield cause, wrong, say(cause), operation.node, True
    yield "sign", -right, say("sign"), operation.node, True
    gradient = run.trace.edge_gradients.get(address.id, run.trace.gradients.get(key))
    if isinstance(gradient, Tensor) and gradient.shape == right.shape:
        yield "gradient", gradient, say("gradient"), operation.node, False
    yield from _before(run, operation)


def _first_producer(run: Pass, operation: Operation) -> str:
    nodes = (run.graph.nodes[e.source[0]] for e in run.graph.inputs_of(operation.node))
    return next((node.name for node in nodes if node.type in _ARITHMETIC), "")


def _own(run: Pass, operation: Operation) -> Iterator[tuple[str, Tensor]]:
    """Slips in this node's own formula."""
    kind, arguments = operation.type.key, run.arguments(operation)
    for cause, wrong in (*_BINARY.get(kind, ()), *_UNARY.get(kind, ())):
        used = [operation.settings.b if a is None else a for a in arguments] if kind == "math.power" else arguments
        if (wrong_value := _tried(wrong, *used)) is not None:
            yield cause, wrong_value
    if kind in _ARITHMETIC:
        yield from _reordered(run, operation, arguments)
    if kind == "layer.linear":
        yield from _linear(arguments)
    if kind in ("math.mean", "math.sum"):
        x, y = arguments[0], run.output(operation)
        share = x.numel() // max(1, y.numel())
        yield ("mean", y * share) if kind == "math.mean" else ("mean", y / share)
    if operation.type.loss:
        yield from _loss(run, operation)
    if operation.type.category == "activations" or kind in _UNARY:
        yield "activation", arguments[0]
        yield from _slope(run, operation)


def _tried(wrong: Wrong, *arguments: Any) -> Tensor | None:
    try:
        wrong_value = wrong(*arguments)
    except (RuntimeError, ZeroDivisionError, OverflowError):
        return None
    return wrong_value if isinstance(wrong_value, Tensor) else None


def _slope(run: Pass, operation: Operation) -> Iterator[tuple[str, Tensor]]:
    if hasattr(operation.settings, "axis"):
        return
    run.computed += 1
    node = run.node_run(operation).honest()
    product = node.contribution(0, torch.ones_like(run.output(operation)))
    if product is not None:
        yield "derivative", shaped(product, node.leaves[0])


def _reordered(run: Pass, operation: Operation, arguments: list[Any]) -> Iterator[tuple[str, Tensor]]:
    """x · y + z read as x · (y + z), and x + y · z as (x + y) · z: the two nodes in the other order."""
    mine = _ARITHMETIC[operation.type.key]
    for edge in run.graph.inputs_of(operation.node):
        producer = run.operations.get(edge.source[0])
        if producer is None or producer.type.key not in _ARITHMETIC or edge.target[1] not in ("a", "b"):
            continue
        theirs, (u, v) = _ARITHMETIC[producer.type.key], run.arguments(producer)
        a, b = arguments
        if u is None or v is None or a is None or b is None:
            continue
        wrong = (lambda: theirs(u, mine(v, b))) if edge.target[1] == "a" else (lambda: theirs(mine(a, u), v))  # noqa: B023
        if (wrong_value := _tried(wrong)) is not None:
            yield "order", wrong_value


def _linear(arguments: list[Any]) -> Iterator[tuple[str, Tensor]]:
    x, weight, bias = arguments
    if bias is not None:
        yield "bias", x @ weight.T
        yield "sign", x @ weight.T - bias
    if weight.shape[0] == weight.shape[1]:
        yield "transposed", x @ weight + (0 if bias is None else bias)


def _loss(run: Pass, operation: Operation) -> Iterator[tuple[str, Tensor]]:
    """1/N left out; the ½ or the 2 of the squared error; the square left out."""
    from engine.nodes.losses import divisor

    kind, s, y = operation.type.key, operation.settings, run.output(operation)
    kept = run.trace.kept.get(operation.node)
    first = run.arguments(operation)[0]
    n = divisor(s, kept) if isinstance(kept, torch.Size) else first.shape[0] if first.dim() > 1 and s.reduction == "mean" else 1
    if n > 1:
        yield "mean", y * n
    if kind == "loss.squared_error":
        yield "factor", y * (0.5 if s.factor == "full" else 2.0)
        yield "factor", y.clamp(min=0).sqrt()
    if kind == "loss.cross_entropy":
        yield "base", y / math.log(10)
        yield "base", y / math.log(2)
        yield "activation", torch.exp(-y)


def _before(run: Pass, operation: Operation) -> Iterator[Slip]:
    """A slip in one of the nodes that feed this one, carried forward."""
    for index, argument in enumerate(operation.wiring.arguments):
        source = getattr(argument, "source", None)
        producer = run.operations.get(source[0]) if source else None
        if producer is None or producer.fed or producer.alias or operation.type.random or source != producer.outputs[0]:
            continue
        name, right = run.graph.nodes[producer.node].name, run.output(producer)
        wrongs = [*_own(run, producer), ("sign", -right)]
        for cause, wrong in wrongs:
            if wrong.shape != right.shape or cause in ("gradient", "derivative"):
                continue
            used = run.arguments(operation)
            used[index] = wrong
            wrong_value = _tried(lambda: run.node_run(operation).forward(used).outputs[0])  # noqa: B023
            if wrong_value is not None and wrong_value.shape == run.output(operation).shape:
                yield cause, wrong_value, VALUE[cause].format(node=name, other=_first_producer(run, producer) or name), producer.node, False
