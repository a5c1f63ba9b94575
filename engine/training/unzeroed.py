"""Gradients that are never set to zero between two updates: chosen in the training settings, or a planted fault."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.numerics.flat import together
from engine.training.optimizers.base import Optimizer
from engine.training.wrapped import Clipped, Summing
from graph.model.faults import Fault
from graph.text.messages import ngettext

SKIPPED = Fault("zero_grad")


class Unzeroed(Summing):
    """An optimizer whose gradients are never set to zero: each step goes along the sum of all gradients so far.

    `said`: a note of each step says so; a fault that is to be found does not.
    """

    prefix = "unzeroed"

    def __init__(self, inner: Optimizer, said: bool = True) -> None:
        super().__init__(inner)
        self._said = said

    def step(self, gradients: list[Tensor]) -> None:
        torch._foreach_add_(*together(self.sums, gradients))
        if isinstance(self.inner, Clipped):  # as clip_grad_norm_ does, in place: what was cut off is not added again
            sums, limited = together(self.sums, self.inner.clipped(self.sums))
            torch._foreach_copy_(sums, limited)
        self._moving.step(self.sums)

    @property
    def _moving(self) -> Optimizer:
        return self.inner.inner if isinstance(self.inner, Clipped) else self.inner

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self._moving.gradients_used(list(self.sums))

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        own = self.inner.step_note(before, after)
        if not self._said:
            return own
        text = ngettext(
            "g is the gradient of this step: it will not be set to zero.",
            "g is the sum of the gradients of {count:,} steps: they are not set to zero in between.",
            self.t,
        )
        return f"{text.format(count=self.t)} {own}".strip()


def with_fault(optimizer: Optimizer, fault: Fault | None) -> Optimizer:
    """The optimizer as the planted fault leaves it; one that evaluates the loss itself sets its own gradients."""
    return Unzeroed(optimizer, said=False) if fault == SKIPPED and not optimizer.evaluates_loss else optimizer
