"""Methods that torch does not have (all of them, or with decoupled weight decay), written down by hand from their papers.

Each function says what becomes of one parameter along these gradients under these settings.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.engine.training.optimizers.forms import Settings, Tensor, decayed


def descent(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    for gradient in gradients:
        g, theta = decayed(theta, gradient, h)
        theta = theta - h["lr"] * g
    return theta


def adamax(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Kingma and Ba 2015, Algorithm 2; ε is PyTorch's addition."""
    m, u = torch.zeros_like(theta), torch.zeros_like(theta)
    for t, gradient in enumerate(gradients, 1):
        g, theta = decayed(theta, gradient, h)
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        u = torch.maximum(h["beta2"] * u, g.abs() + h["eps"])
        theta = theta - h["lr"] / (1 - h["beta1"] ** t) * m / u
    return theta


def signum(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Bernstein et al. 2018, Algorithm 1: the sign of the gradient, or of its running mean."""
    m = torch.zeros_like(theta)
    for g in gradients:
        m = h["momentum"] * m + (1 - h["momentum"]) * g
        theta = theta - h["lr"] * (torch.sign(m) + h["weight_decay"] * theta)
    return theta


def lion(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Chen et al. 2023, Algorithm 2: the sign of an interpolation, then the momentum with the other constant."""
    m = torch.zeros_like(theta)
    for g in gradients:
        theta = theta - h["lr"] * (torch.sign(h["beta1"] * m + (1 - h["beta1"]) * g) + h["weight_decay"] * theta)
        m = h["beta2"] * m + (1 - h["beta2"]) * g
    return theta


BY_HAND: dict[str, Callable[[Tensor, list[Tensor], Settings], Tensor]] = {
    "gd": descent, "adamax": adamax, "signsgd": signum, "lion": lion,
}  # fmt: skip
