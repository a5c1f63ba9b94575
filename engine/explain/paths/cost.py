"""What one product with a local derivative costs: the entries of its Jacobian that can be other than 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.compile.environment import Wire
from engine.nodes.activations import Activation, AlongAxis
from engine.nodes.base import NodeType, sample_axis
from engine.nodes.math_elementwise import Binary, Unary
from engine.nodes.math_reduce import Reduction
from engine.nodes.normalization import Normalization, Normalized
from engine.nodes.sources import Standardize

if TYPE_CHECKING:
    from engine.explain.local_products import LocalProducts, PathStep

_LINEAR = {
    "layer.linear": {"x": "W", "W": "W"}, "layer.conv2d": {"x": "W", "W": "W"},
    "layer.recurrent": {"x": "W", "W": "W", "h": "U", "U": "U"},
}  # fmt: skip
"""By type: for each argument the weight that says how many terms the sums have that it stands in."""


def cost(products: LocalProducts, step: PathStep) -> int:
    """Multiplications of one product with the Jacobian of this step.

    Entrywise functions: one for each number that goes out. Rearrangements and sums: one for each that comes in, because it reaches one
    number that goes out (overlapping windows aside). Linear, matrix
    products and convolutions: the terms of their sums (at a padded edge too). Normalization: as many as numbers share a mean.
    Anything else: a full Jacobian, for each sample where both ends have one.
    """
    operation = products.operations[step.node]
    leaf, kind = operation.leaves[step.a], operation.type
    coming, going = products.value_of(leaf), products.output(step.key)
    if operation.alias or _selects(kind):
        return going.numel()
    if coming.numel() == 1 or going.numel() == 1:
        return max(coming.numel(), going.numel())
    if isinstance(kind, (Binary, Unary)) or (isinstance(kind, Activation) and not isinstance(kind, AlongAxis)):
        return max(going.numel(), coming.numel())
    if isinstance(kind, Reduction) or kind.flow == "sums":
        return coming.numel()
    if isinstance(kind, AlongAxis):
        return going.numel() * going.shape[sample_axis(operation.settings, "x", operation.settings.axis, going.dim())]
    terms = _terms(products, step)
    if terms is not None:
        return going.numel() * terms
    samples = going.shape[0] if _batched(products, step) and going.shape[0] == coming.shape[0] else 1
    return going.numel() * coming.numel() // samples


def _selects(kind: NodeType) -> bool:
    """Whether each number that goes out comes from one number that came in."""
    return (kind.flow == "selection" and not isinstance(kind, Reduction)) or isinstance(kind, Standardize)


def _terms(products: LocalProducts, step: PathStep) -> int | None:
    """How many numbers of the leaf one number of the output depends on; None where nothing is known."""
    operation = products.operations[step.node]
    name = products.argument(operation, step.a)[0]
    if operation.type.key == "math.matmul":
        a = products.value_of(operation.leaves[0])
        return a.shape[-1] if a.dim() else 1
    if operation.type.key in _LINEAR:
        weight = _LINEAR[operation.type.key].get(name)
        weight_value = next((products.value_of(operation.leaves[a]) for n, a in _named(products, step) if n == weight), None)
        return 1 if weight_value is None else weight_value[0].numel()
    if isinstance(operation.type, Normalization):
        kept = products.trace.kept.get(operation.node)
        together = kept.axes if name == "x" and isinstance(kept, Normalized) else ()
        return math.prod(products.output(step.key).shape[axis] for axis in together)
    return None


def _named(products: LocalProducts, step: PathStep) -> list[tuple[str, int]]:
    """(name of the argument, number of the leaf)."""
    operation = products.operations[step.node]
    return [(products.argument(operation, a)[0], a) for a in range(len(operation.leaves))]


def _batched(products: LocalProducts, step: PathStep) -> bool:
    leaf = products.leaf(step)
    outputs = products.plan.inference.outputs
    return isinstance(leaf, Wire) and outputs[leaf.source].batched and outputs[step.key].batched
