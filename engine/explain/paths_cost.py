"""What one product with a local derivative costs: the entries of its Jacobian that can be other than 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.environment import Wire
from engine.nodes.activations import Activation, AlongAxis
from engine.nodes.base import sample_axis
from engine.nodes.math_elementwise import Binary, Unary

if TYPE_CHECKING:
    from engine.explain.local_products import LocalProducts, Step

_ENTRYWISE_KEYS = ("layer.dropout", "source.standardize")
_MOVING = ("math.sum", "math.mean", "math.reshape", "math.flatten", "math.concatenate", "math.slice", "math.transpose",
           "layer.max_pool2d", "layer.avg_pool2d")  # fmt: skip
"""Each number that comes in reaches one number that goes out (overlapping windows aside)."""


def cost(products: LocalProducts, step: Step) -> int:
    """Multiplications of one product with the Jacobian of this step.

    Entrywise functions: one for each number that goes out. Rearrangements and sums: one for each that comes in. Linear, matrix
    products and convolutions: the terms of their sums. Anything else: a full Jacobian, for each sample where both ends have one.
    """
    operation = products.operations[step.node]
    leaf, kind = operation.leaves[step.a], operation.type
    coming, going = products.value_of(leaf), products.output(step.key)
    if coming.numel() == 1 or going.numel() == 1:
        return max(coming.numel(), going.numel())
    if isinstance(kind, (Binary, Unary)) or (isinstance(kind, Activation) and not isinstance(kind, AlongAxis)):
        return max(going.numel(), coming.numel())
    if kind.key in _ENTRYWISE_KEYS or operation.alias:
        return going.numel()
    if kind.key in _MOVING:
        return coming.numel()
    name = next(n for n, argument in _named(products, step) if argument == step.a)
    terms = _terms(products, step, name)
    if terms is not None:
        return going.numel() * terms
    if isinstance(kind, AlongAxis):
        return going.numel() * going.shape[sample_axis(operation.settings, "x", operation.settings.axis, going.dim())]
    samples = going.shape[0] if _batched(products, step) and going.shape[0] == coming.shape[0] else 1
    return going.numel() * coming.numel() // samples


def _terms(products: LocalProducts, step: Step, name: str) -> int | None:
    """How many numbers of the leaf one number of a linear map's output depends on."""
    operation = products.operations[step.node]
    if operation.type.key == "math.matmul":
        a = products.value_of(operation.leaves[0])
        return a.shape[-1] if a.dim() else 1
    if operation.type.key in ("layer.linear", "layer.conv2d"):
        if name == "b":
            return 1
        weight = next(products.value_of(operation.leaves[a]) for n, a in _named(products, step) if n == "W")
        return weight[0].numel()
    return None


def _named(products: LocalProducts, step: Step) -> list[tuple[str, int]]:
    """(name of the argument, number of the leaf)."""
    operation = products.operations[step.node]
    return [(products.argument(operation, a)[0], a) for a in range(len(operation.leaves))]


def _batched(products: LocalProducts, step: Step) -> bool:
    leaf = products.leaf(step)
    outputs = products.plan.inference.outputs
    return isinstance(leaf, Wire) and outputs[leaf.source].batched and outputs[step.key].batched
