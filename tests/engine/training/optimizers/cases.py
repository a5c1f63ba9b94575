"""What the tests of optimizers share: settings to try, and a small problem to step on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import OPTIMIZERS

Loss = Any

OTHER: dict[str, Any] = {
    "lr": 0.03, "weight_decay": 0.1, "momentum": 0.5, "dampening": 0.3, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-4,
    "alpha": 0.8, "rho": 0.8, "beta1": 0.5, "beta2": 0.9, "momentum_decay": 0.1,
    "decay": 0.8, "gamma_max": 1.2, "other_lr": 0.02,
    "radius": 0.5, "threshold": 0.3, "eta_minus": 0.4, "eta_plus": 1.3, "step_min": 1e-3, "step_max": 0.5,
}  # fmt: skip
"""A second value of every setting that is a number."""
WITHOUT = [("momentum", 0.0), ("weight_decay", 0.0)]
"""Values at which something is left out."""


def variants(optimizer: type[Optimizer]) -> Iterator[dict[str, Any]]:
    """Every combination of the switches, each with every number at its default and at its second value; other forms with the second."""
    switches = {s.name: s.choices or (False, True) for s in optimizer.settings if s.kind in ("bool", "choice")}
    numbers = [s.name for s in optimizer.settings if s.kind == "float"]
    for chosen in itertools.product(*switches.values()):
        base = dict(zip(switches, chosen, strict=True))
        others = {name: OTHER[name] for name in numbers}
        other_form = base.get("form", "pytorch") != "pytorch"
        if not (other_form and base.get("decoupled")):
            yield base | others
        if other_form or base.get("decoupled"):
            continue
        yield base
        yield from (base | others | {name: value} for name, value in WITHOUT if name in numbers)


ALONG_GRADIENTS = [key for key, optimizer in OPTIMIZERS.items() if not optimizer.evaluates_loss]
VARIANTS = [(key, hyper) for key in ALONG_GRADIENTS for hyper in variants(OPTIMIZERS[key])]
ANY_LOSS = [key for key, optimizer in OPTIMIZERS.items() if not optimizer.needs_residuals]
"""Those that train with every loss, not with squared ones alone."""
NAMES = ["w", "b", "c"]


def slopes(steps: int) -> list[list[torch.Tensor]]:
    """Gradients of a matrix, a vector and a number, large and small, for every step: given, so that no difference is magnified."""
    rng = torch.Generator().manual_seed(11)
    sizes = [10.0 ** (i % 5 - 2) for i in range(steps)]
    return [[size * torch.randn(shape, generator=rng, dtype=torch.float64) for shape in ((3, 2), (3,), ())] for size in sizes]


def problem() -> tuple[list[torch.Tensor], Loss]:
    """A small non-quadratic function of a matrix, a vector and a number, and its start."""
    rng = torch.Generator().manual_seed(5)
    start = [torch.randn(shape, generator=rng, dtype=torch.float64) for shape in ((3, 2), (3,), ())]
    x = torch.randn(7, 2, generator=rng, dtype=torch.float64)

    def loss(w: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return ((torch.tanh(x @ w.T + b).sum(1) - c) ** 2).mean() + 0.01 * (w**4).sum()

    return start, loss


def evaluate(parameters: list[torch.Tensor], loss: Loss) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The loss and its gradients by autograd."""
    leaves = [p.detach().clone().requires_grad_() for p in parameters]
    value = loss(*leaves)
    return value.detach(), list(torch.autograd.grad(value, leaves))
