"""The planted fault of gradients that are never set to zero between two steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.training.optimizers.base import Optimizer
from graph.model.faults import Fault

SKIPPED = Fault("zero_grad")


class Unzeroed(Optimizer):
    """An optimizer whose gradients are never set to zero: each step goes along the sum of all gradients so far."""

    def __init__(self, inner: Optimizer) -> None:
        self.inner = inner
        self.parameters, self.hyper = inner.parameters, inner.hyper
        self.sums = [torch.zeros_like(p) for p in inner.parameters]

    @property
    def t(self) -> int:  # type: ignore[override]
        return self.inner.t

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        self.inner.set_hyper(hyper)
        self.hyper = self.inner.hyper

    def step(self, gradients: list[Tensor]) -> None:
        torch._foreach_add_(self.sums, gradients)
        self.inner.step(list(self.sums))

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self.sums

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.memory(names) | {f"unzeroed.{name}": t for name, t in zip(names, self.sums, strict=True)}

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.state_dict(names) | {f"unzeroed.{name}": t.clone() for name, t in zip(names, self.sums, strict=True)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        self.inner.load_state_dict(names, captured)
        for name, total in zip(names, self.sums, strict=True):
            old = captured.get(f"unzeroed.{name}")
            if old is not None and old.shape == total.shape:
                total.copy_(old)
            else:
                total.zero_()


def with_fault(optimizer: Optimizer, fault: Fault | None) -> Optimizer:
    """The optimizer as the planted fault leaves it; one that evaluates the loss itself sets its own gradients."""
    return Unzeroed(optimizer) if fault == SKIPPED and not optimizer.evaluates_loss else optimizer
