"""The planted fault of gradients that are never set to zero between two steps."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.training.optimizers.base import Optimizer
from engine.training.wrapped import Summing
from graph.model.faults import Fault

SKIPPED = Fault("zero_grad")


class Unzeroed(Summing):
    """An optimizer whose gradients are never set to zero: each step goes along the sum of all gradients so far."""

    prefix = "unzeroed"

    def step(self, gradients: list[Tensor]) -> None:
        torch._foreach_add_(self.sums, gradients)
        self.inner.step(list(self.sums))

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self.inner.gradients_used(list(self.sums))


def with_fault(optimizer: Optimizer, fault: Fault | None) -> Optimizer:
    """The optimizer as the planted fault leaves it; one that evaluates the loss itself sets its own gradients."""
    return Unzeroed(optimizer) if fault == SKIPPED and not optimizer.evaluates_loss else optimizer
