"""Wrong local derivatives: what a slip makes of the contribution of one node to one of its inputs.

A slip is a function of what the right rule is given. It returns the wrong contribution, or None where it cannot be made. Which slips
are possible follows from the node's type; that of `argument` needs nothing but the type's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.compile.vjp import shaped
from engine.explain.misconceptions.passes import NodeArgument, Pass
from engine.nodes.math_elementwise import Unary

CONSTANT_SLOPES = ("math.negate", "math.sign")
"""Functions of one number whose slope depends on nothing: it cannot be taken at a wrong place."""


@dataclass(frozen=True, slots=True)
class SlipInputs:
    """One node's part in a backward pass: gradient `g` at its output `y`, the leaf's value `x`, all arguments by name."""

    settings: Any
    g: Tensor
    y: Tensor
    x: Tensor
    right: Tensor
    arguments: dict[str, Any]
    kept: Any


Wrong = Callable[[SlipInputs], "Tensor | None"]


def _other(name: str) -> Wrong:
    """The product's own factor in place of the other one."""
    return lambda at: at.g * at.arguments[name]


def _transposed(x: Tensor, wanted: Tensor) -> Tensor | None:
    return x if x.shape == wanted.shape else None


def _weight_for_input(at: SlipInputs) -> Tensor | None:
    """∂L/∂W with W where x belongs: δᵢ Wᵢⱼ."""
    g = at.g.flatten(0, -2).sum(0) if at.g.dim() > 1 else at.g
    return g.unsqueeze(-1) * at.x


def _input_for_weight(at: SlipInputs) -> Tensor | None:
    """∂L/∂x with x where W belongs: xⱼ Σᵢ δᵢ."""
    return at.g.sum(-1, keepdim=True) * at.x


def _outer_transposed(at: SlipInputs) -> Tensor | None:
    """x δᵀ for δ xᵀ."""
    x = at.arguments["x"]
    g2, x2 = (t.reshape(-1, t.shape[-1]) for t in (at.g, x))
    return _transposed(x2.T @ g2, at.x)


def _weight_transposed(at: SlipInputs) -> Tensor | None:
    """W δ for Wᵀ δ."""
    weight = at.arguments["W"]
    return at.g @ weight.T if weight.shape[0] == weight.shape[1] else None


def _matrix_transposed(name: str) -> Wrong:
    def wrong(at: SlipInputs) -> Tensor | None:
        a, b = at.arguments["a"], at.arguments["b"]
        if any(t.dim() != 2 for t in (a, b, at.g)):
            return None
        left, right = (at.g, b) if name == "a" else (a, at.g)
        return left @ right if left.shape[1] == right.shape[0] and (left @ right).shape == at.x.shape else None

    return wrong


def _share(at: SlipInputs) -> float:
    """What the reduction of a loss divides by."""
    from engine.nodes.losses import divisor

    if isinstance(at.kept, torch.Size):
        return divisor(at.settings, at.kept)
    return at.x.shape[0] if at.settings.reduction == "mean" and at.x.dim() > 1 else 1


def _loss_part(part: Callable[[SlipInputs], Tensor]) -> Wrong:
    """A wrong slope of a loss, with its right share of the reduction."""
    return lambda at: (part(at) * at.g / _share(at)).expand_as(at.x)


def _one_hot(at: SlipInputs) -> Tensor:
    return torch.nn.functional.one_hot(at.arguments["target"], at.x.shape[-1]).to(at.x.dtype)


def _residual(at: SlipInputs) -> Tensor:
    first = next(iter(at.arguments.values()))
    sign = 1.0 if at.x is first else -1.0
    residual: Tensor = sign * (first - at.arguments["target"])
    return residual


def _times(factor: float) -> Wrong:
    return lambda at: at.right * factor


def _if(setting: str, wanted: Any, wrong: Wrong) -> Wrong:
    return lambda at: wrong(at) if getattr(at.settings, setting) == wanted else None


def _exponent(at: SlipInputs) -> Any:
    return at.settings.b if at.arguments["b"] is None else at.arguments["b"]


SLIPS: dict[tuple[str, str], list[tuple[str, Wrong]]] = {
    ("math.multiply", "a"): [("partner", _other("a"))],
    ("math.multiply", "b"): [("partner", _other("b"))],
    ("math.divide", "a"): [("partner", lambda at: at.g * at.arguments["b"]), ("partner", lambda at: at.g / at.arguments["a"]),
                           ("function", lambda at: at.g * at.y)],
    ("math.divide", "b"): [("partner", lambda at: at.g / at.arguments["b"]), ("partner", lambda at: at.g * at.arguments["a"]),
                           ("factor", lambda at: -at.g * at.y), ("factor", lambda at: -at.g / at.arguments["b"] ** 2)],
    ("math.power", "a"): [("factor", lambda at: at.g * at.arguments["a"] ** (_exponent(at) - 1)),
                          ("argument", lambda at: at.g * _exponent(at) * at.y), ("function", lambda at: at.g * at.y)],
    ("math.power", "b"): [("factor", lambda at: at.g * at.y),
                          ("argument", lambda at: at.g * at.x * at.arguments["a"] ** (at.x - 1))],
    ("math.maximum", "a"): [("partner", lambda at: at.g - at.right)],
    ("math.maximum", "b"): [("partner", lambda at: at.g - at.right)],
    ("math.minimum", "a"): [("partner", lambda at: at.g - at.right)],
    ("math.minimum", "b"): [("partner", lambda at: at.g - at.right)],
    ("math.square", "x"): [("factor", _times(0.5))],
    ("math.sqrt", "x"): [("argument", lambda at: at.g / (2 * at.x)), ("factor", _times(2.0))],
    ("math.reciprocal", "x"): [("factor", lambda at: -at.g * at.y)],
    ("math.exp", "x"): [("argument", lambda at: at.g * at.x), ("factor", lambda at: at.g * at.x * torch.exp(at.x - 1))],
    ("math.mean", "x"): [("mean", lambda at: at.right * (at.x.numel() // max(1, at.g.numel())))],
    ("math.norm", "x"): [("factor", _if("p", "2", _times(2.0)))],
    ("math.matmul", "a"): [("transposed", _matrix_transposed("a"))],
    ("math.matmul", "b"): [("transposed", _matrix_transposed("b"))],
    ("activation.tanh", "x"): [("argument", lambda at: at.g * (1 - at.x**2)), ("factor", lambda at: at.g * (1 - at.y))],
    ("activation.sigmoid", "x"): [("argument", lambda at: at.g * at.x * (1 - at.x)), ("factor", lambda at: at.g * (1 - at.y))],
    ("activation.relu", "x"): [("argument", lambda at: at.g * at.x)],
    ("activation.softmax", "x"): [("jacobian", lambda at: at.g * at.y * (1 - at.y)), ("jacobian", lambda at: at.g * at.y)],
    ("activation.log_softmax", "x"): [("jacobian", lambda at: at.g - torch.exp(at.y)),
                                      ("jacobian", lambda at: at.g * (1 - torch.exp(at.y)))],
    ("layer.linear", "x"): [("transposed", _weight_transposed), ("partner", _input_for_weight)],
    ("layer.linear", "W"): [("transposed", _outer_transposed), ("partner", _weight_for_input)],
    ("layer.linear", "b"): [],
    ("loss.squared_error", "prediction"): [("factor", _if("factor", "full", _times(0.5))), ("factor", _if("factor", "half", _times(2.0)))],
    ("loss.squared_error", "target"): [("factor", _if("factor", "full", _times(0.5))), ("factor", _if("factor", "half", _times(2.0)))],
    ("loss.huber", "prediction"): [("factor", _loss_part(_residual))],
    ("loss.cross_entropy", "scores"): [
        ("one_hot", _loss_part(lambda at: torch.softmax(at.x, -1))), ("jacobian", _loss_part(lambda at: at.x - _one_hot(at))),
        ("jacobian", _loss_part(lambda at: -_one_hot(at)))],
    ("loss.bce_logits", "scores"): [
        ("one_hot", _loss_part(lambda at: torch.sigmoid(at.x))), ("jacobian", _loss_part(_residual)),
        ("jacobian", _loss_part(lambda at: (p := torch.sigmoid(at.x)) * (1 - p) * (p - at.arguments["target"])))],
    ("loss.bce", "probabilities"): [("jacobian", _loss_part(_residual))],
}  # fmt: skip
"""By node type and argument: the misconception and the wrong contribution. Those of every type are made in `slips`."""


def slips(run: Pass, step: NodeArgument) -> Iterator[tuple[str, Tensor]]:
    """Every wrong contribution of this node to this leaf: its misconception's key, and the tensor in the leaf's shape."""
    operation = step.operation
    g, right = run.gradient(operation), _right(run, step)
    if g is None or right is None or operation.alias:
        return
    arguments = dict(zip(operation.wiring.names, run.arguments(operation), strict=True))
    at = SlipInputs(operation.settings, g, run.output(operation), run.input(step), right, arguments, run.trace.kept.get(step.node))
    local = run.contribution(step, torch.ones_like(g))
    if local is not None:
        yield "upstream", local
    for key, wrong in SLIPS.get((operation.type.key, step.name), ()):
        if (wrong_value := _tried(wrong, at)) is not None:
            yield key, wrong_value
    yield from _reductions(operation.type, at)
    yield from _arguments(run, step, at)
    if g.shape == right.shape:
        yield "inner", g
        if local is not None and g.numel() and _is_curve(operation.type):
            yield "added", g + local
        if _entrywise(operation.type) and at.y.shape == g.shape:
            yield "function", g * at.y
    elif operation.type.key == "layer.linear" and step.name == "W":
        yield "inner", (g.flatten(0, -2).sum(0) if g.dim() > 1 else g).unsqueeze(-1).expand_as(right)


def _right(run: Pass, step: NodeArgument) -> Tensor | None:
    if step.edge:
        gradient = run.trace.edge_gradients.get(step.edge)
        return gradient if isinstance(gradient, Tensor) else None
    g = run.gradient(step.operation)
    return None if g is None else run.contribution(step, g)


def _tried(wrong: Wrong, at: SlipInputs) -> Tensor | None:
    """A slip that these shapes do not allow is none."""
    try:
        wrong_value = wrong(at)
        return None if wrong_value is None else shaped(wrong_value, at.x)
    except RuntimeError:
        return None


def _is_curve(node_type: Any) -> bool:
    """Whether this is a function of one number whose slope changes along it."""
    return isinstance(node_type, Unary) and node_type.key not in CONSTANT_SLOPES


def _entrywise(node_type: Any) -> bool:
    return _is_curve(node_type) or (node_type.category == "activations" and not hasattr(node_type, "axis"))


def _reductions(node_type: Any, at: SlipInputs) -> Iterator[tuple[str, Tensor]]:
    """1/N left out; and, where a parameter sums over the samples, their number divided by once more."""
    if node_type.loss and hasattr(at.settings, "reduction") and (n := _share(at)) != 1:
        yield "mean", at.right * n
    if node_type.key == "layer.linear" and at.x is not at.arguments["x"] and (samples := at.g.numel() // at.g.shape[-1]) > 1:
        yield "samples", at.right / samples


def _arguments(run: Pass, step: NodeArgument, at: SlipInputs) -> Iterator[tuple[str, Tensor]]:
    """f′(y) for f′(x), where f works on every entry alone."""
    operation = step.operation
    if not _entrywise(operation.type) or operation.type.random:
        return
    wrong_value = run.elsewhere(step, at.g, [at.y])
    if wrong_value is not None:
        yield "argument", wrong_value
