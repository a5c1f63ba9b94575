"""A running bound of the round-off in the objective: from the magnitude of every intermediate value, not from |f| alone.

Every operation's result v carries a relative error of about ε = 2⁻⁵², which reaches the objective multiplied by ∂f/∂v. The bound is
ε Σ |∂f/∂v| |v| over all operations behind the value that is moved (Higham, Accuracy and Stability of Numerical Algorithms, chapter 3).
The ∂f/∂v are autograd's, so that a wrong rule of a node cannot widen the bound it is judged by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

UNIT = torch.finfo(torch.float64).eps
SMALLEST = 2.0**-1074
"""The distance of numbers that underflow."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A computed number and a bound of its absolute error."""

    value: float
    error: float


def bounded(objective: Callable[[Tensor], Tensor], value: Tensor, moved: Tensor) -> Bounded:
    """The objective at `value`. The rounding of `value` itself counts where `moved` is not 0."""
    leaf = value.detach().clone().requires_grad_()
    with torch.enable_grad(), _Magnitudes() as magnitudes:
        f = objective(leaf)
    result = float(f.detach())
    terms = [(leaf, torch.where(moved == 0, 0.0, leaf.detach().abs())), *magnitudes.terms]
    if not f.requires_grad:
        return Bounded(result, UNIT * abs(result))
    slopes = torch.autograd.grad(f, [v for v, _ in terms], allow_unused=True)
    return Bounded(result, UNIT * abs(result) + _weighted([(g, m) for g, (_, m) in zip(slopes, terms, strict=True) if g is not None]))


def _weighted(pairs: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Σ |slope| · (ε · magnitude + the smallest number). An infinite slope at 0, as that of √x, moves nothing."""
    slopes = [slope for slope, _ in pairs]
    rounded = torch._foreach_add(torch._foreach_mul([m for _, m in pairs], UNIT), SMALLEST)
    shares: list[float] = torch.stack(torch._foreach_norm(torch._foreach_mul(slopes, rounded), 1)).tolist()
    return sum(share for share in shares if math.isfinite(share))


class _Magnitudes(TorchFunctionMode):
    """Collects every result that depends on the leaf, with the magnitude of the numbers it was rounded at."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: list[tuple[Tensor, Tensor]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        if func in _READING:
            return func(args[0].detach(), *args[1:])
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            if result.requires_grad:
                self.terms.append((result, _magnitude(func, result, args, kwargs or {})))
        elif isinstance(result, (tuple, list)):
            self.terms += [(v, v.detach().abs()) for v in result if isinstance(v, Tensor) and v.requires_grad]
        return result


def _magnitude(func: Any, result: Tensor, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    """|result|; more where an operation rounds larger numbers inside itself than the one it returns."""
    if func in _MULTILINEAR:
        with torch.no_grad():
            sizes: Tensor = func(*(a.detach().abs() if isinstance(a, Tensor) else a for a in args), **kwargs)
            return sizes
    magnitude = result.detach().abs()
    if func in _LOGARITHMS:
        return magnitude + 1.0  # log of a sum of exponentials, of which the largest is 1
    if func in _CANCELLING:
        first: Tensor = args[0].detach().abs()
        return magnitude + first
    return magnitude


_READING = {torch.Tensor.__float__, torch.Tensor.__int__, torch.Tensor.__bool__, torch.Tensor.item}
"""What makes Python's numbers of tensors: nothing is differentiated through it, and torch would warn that it cannot be."""
_MULTILINEAR = {
    torch.matmul, torch.mm, torch.Tensor.matmul, torch.Tensor.__matmul__, torch.sum, torch.Tensor.sum, torch.mean, torch.Tensor.mean,
    torch.conv2d, torch.einsum, torch.dot, torch.Tensor.dot, F.linear,
}  # fmt: skip
"""Sums of products: rounded at the sum of the terms' absolute values."""
_LOGARITHMS = {torch.log_softmax, torch.Tensor.log_softmax, F.log_softmax, torch.logsumexp, torch.Tensor.logsumexp}
_CANCELLING = {F.binary_cross_entropy_with_logits, torch.binary_cross_entropy_with_logits, F.gelu, F.kl_div, F.huber_loss}
"""Functions that subtract numbers as large as their first argument."""
