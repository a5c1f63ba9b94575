"""What a planted fault does to the code that a Program is compiled to. Without one nothing of this runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Wire
from engine.compile.plan import Operation
from engine.nodes.base import Result, Rule, sample_axis
from graph.model.faults import LINEAR, SOFTMAX, Fault


def twice(fault: Fault | None, operation: Operation) -> bool:
    """Whether this node's softmax is applied twice."""
    return fault is not None and fault.kind == "softmax" and fault.place == operation.node and operation.type.key in SOFTMAX


def doubled(operation: Operation) -> Callable[..., Tensor | Result]:
    """The node's forward on the softmax of its scores."""
    forward = operation.type.forward

    def run(s: Any, x: Tensor, *rest: Any) -> Tensor | Result:
        axis = sample_axis(s, "x", s.axis, x.dim()) if hasattr(s, "axis") else -1
        return forward(s, torch.softmax(x, axis), *rest)

    return run


def rule_of(fault: Fault | None, operation: Operation, name: str) -> Rule:
    """The node's rule for one of its arguments; of a linear layer with this fault, the gradient by x with W where Wᵀ belongs."""
    if fault is not None and fault.kind == "transposed" and (fault.place, operation.type.key, name) == (operation.node, LINEAR, "x"):
        return _untransposed
    return operation.type.gradients[name]


def _untransposed(s: Any, g: Tensor, y: Tensor, kept: Any, x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
    """W δ in place of Wᵀ δ; a weight that is not square leaves no choice."""
    return g @ (W.T if W.shape[0] == W.shape[1] else W)


def spoiled(fault: Fault | None, operation: Operation, a: int) -> Callable[[Tensor | None], Tensor | None] | None:
    """What becomes of the contribution to this leaf; None where it stays what it is."""
    if fault is None:
        return None
    leaf = operation.leaves[a]
    if fault.kind == "branch":
        return _nothing if isinstance(leaf, Wire) and leaf.edge == fault.place else None
    if fault.place != operation.node:
        return None
    return {"sign": _opposite, "detached": _nothing}.get(fault.kind)


def _nothing(contribution: Tensor | None) -> Tensor | None:
    return None if contribution is None else torch.zeros_like(contribution)


def _opposite(contribution: Tensor | None) -> Tensor | None:
    return None if contribution is None else -contribution
