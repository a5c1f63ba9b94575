"""First values of learned tensors: one function for every type that has some."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("zeros", "ones", "constant", "normal", "uniform", "xavier_uniform", "kaiming_uniform")


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(inputs, outputs) of one unit of a weight `out × in × …`, as torch.nn.init counts them; a vector is one unit's weight."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, 1
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive


def initialise(kind: str, shape: tuple[int, ...], rng: Any, scale: float = 1.0) -> Tensor:
    """A float64 tensor on the CPU. `scale` is the constant, the standard deviation (normal) or the half-width (uniform).

    Xavier: U(±√(6/(in+out))) (Glorot & Bengio 2010). Kaiming: U(±√(6/in)), for ReLU (He et al. 2015).
    """
    if kind == "normal":
        return torch.randn(shape, generator=rng, dtype=torch.float64) * scale
    if kind in ("zeros", "ones", "constant"):
        return torch.full(shape, {"zeros": 0.0, "ones": 1.0}.get(kind, scale), dtype=torch.float64)
    inward, outward = fans(shape)
    width = {"uniform": scale, "xavier_uniform": math.sqrt(6 / max(1, inward + outward)), "kaiming_uniform": math.sqrt(6 / max(1, inward))}
    return (2 * torch.rand(shape, generator=rng, dtype=torch.float64) - 1) * width[kind]
