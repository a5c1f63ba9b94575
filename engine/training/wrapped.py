"""What stands between the gradients of a mini-batch and an optimizer: a base for wrappers that pass on all but the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.numerics.flat import copied, filled_like, together
from engine.training.optimizers.base import Optimizer
from graph.text.messages import _

TINY = 1e-6
"""Added to the norm that divides, as `torch.nn.utils.clip_grad_norm_` does."""


class Wrapped(Optimizer):
    """An optimizer that treats gradients in some way before the inner one makes its step along them."""

    def __init__(self, inner: Optimizer) -> None:
        self.inner = inner
        self.parameters, self.hyper = inner.parameters, inner.hyper

    @property
    def t(self) -> int:  # type: ignore[override]
        return self.inner.t

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        self.inner.set_hyper(hyper)
        self.hyper = self.inner.hyper

    def set_rate(self, rate: float) -> None:
        self.inner.set_rate(rate)

    def schedule(self, scheduled: bool) -> None:
        self.inner.schedule(scheduled)

    @property
    def random(self) -> bool:  # type: ignore[override]
        return self.inner.random

    def set_random(self, key: Callable[[str], Any]) -> None:
        self.inner.set_random(key)

    @property
    def shared(self) -> list[dict[str, Any]]:  # type: ignore[override]
        return self.inner.shared

    @property
    def undecayed(self) -> frozenset[int]:  # type: ignore[override]
        return self.inner.undecayed

    @property
    def is_ahead(self) -> bool:  # type: ignore[override]
        return self.inner.is_ahead

    def ahead_point(self) -> list[Tensor] | None:
        return self.inner.ahead_point()

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self.inner.gradients_used(gradients)

    @property
    def added(self) -> tuple[int, int] | None:
        return self.inner.added

    @property
    def settings_used(self) -> Mapping[str, Any]:
        return self.inner.settings_used

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        return self.inner.step_note(before, after)

    @property
    def updated(self) -> bool:  # type: ignore[override]
        return self.inner.updated

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.memory(names)

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.state_dict(names)

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        self.inner.load_state_dict(names, captured)


class Summing(Wrapped):
    """A wrapper that keeps a sum of gradients for each parameter, remembered as `<prefix>.<parameter name>`."""

    prefix = ""

    def __init__(self, inner: Optimizer) -> None:
        super().__init__(inner)
        self.sums = filled_like(inner.parameters, 0.0)

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.memory(names) | {f"{self.prefix}.{name}": t for name, t in zip(names, self.sums, strict=True)}

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self.inner.state_dict(names) | {f"{self.prefix}.{name}": t.clone() for name, t in zip(names, self.sums, strict=True)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        self.inner.load_state_dict(names, captured)
        for name, total in zip(names, self.sums, strict=True):
            old = captured.get(f"{self.prefix}.{name}")
            if old is not None and old.shape == total.shape:
                total.copy_(old)
            else:
                total.zero_()


class Clipped(Wrapped):
    """Gradients with every number limited to ± `value`, then scaled down to `norm` where all together are longer; None: not limited."""

    def __init__(self, inner: Optimizer, norm: float | None, value: float | None) -> None:
        super().__init__(inner)
        self.norm, self.value = norm, value

    def step(self, gradients: list[Tensor]) -> None:
        self.inner.step(self.clipped(gradients))

    def clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        """What becomes of these gradients, which are not changed. The arithmetic is that of `torch.nn.utils`."""
        if self.value is None and self.norm is None:
            return gradients
        limited = copied(gradients)
        (numbers,) = together(limited)
        if self.value is not None:
            torch._foreach_clamp_min_(numbers, -self.value)
            torch._foreach_clamp_max_(numbers, self.value)
        if self.norm is not None:
            torch._foreach_mul_(numbers, torch.clamp(self.norm / (norm_of(limited) + TINY), max=1.0))
        return limited

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self.inner.gradients_used(self.clipped(gradients))

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        return f"{self.inner.step_note(before, after)} {_('g is the clipped gradient.')}".strip()


class Accumulating(Summing):
    """Gradients averaged over `count` mini-batches: the inner optimizer makes a step after every so many, also across epochs.

    `done` counts those of the coming update, and is remembered with the sums.
    """

    prefix = "accumulated"
    DONE = "accumulated"
    """The name of the count among what is remembered."""

    def __init__(self, inner: Optimizer, count: int) -> None:
        super().__init__(inner)
        self.count, self.done = count, 0
        self._used: list[Tensor] = []

    def step(self, gradients: list[Tensor]) -> None:
        torch._foreach_add_(*together(self.sums, gradients), alpha=1.0 / self.count)
        self.done += 1
        self._used = []
        if self.done < self.count:
            return
        self._used = copied(self.sums)
        self.inner.step(self._used)
        torch._foreach_zero_(*together(self.sums))
        self.done = 0

    def gradients_used(self, gradients: list[Tensor]) -> list[Tensor]:
        return self.inner.gradients_used(self._used) if self._used else gradients

    @property
    def updated(self) -> bool:  # type: ignore[override]
        return not self.done

    @property
    def added(self) -> tuple[int, int] | None:
        return self.done, self.count

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        if not self.updated:
            text = _("Mini-batch {number} of {count} of an update: its gradient is added, and the weights stay as they are.")
            return text.format(number=self.done, count=self.count)
        own = _("g is the mean gradient of {count} mini-batches.").format(count=self.count)
        return f"{own} {self.inner.step_note(before, after)}".strip()

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return super().state_dict(names) | {self.DONE: torch.tensor(self.done)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        self.done = int(captured[self.DONE]) if self.DONE in captured else 0


def norm_of(gradients: Sequence[Tensor | None]) -> Tensor:
    """The Euclidean norm of all gradients together, a scalar: of the tensors' norms, as torch computes it.

    None is a parameter that the step leaves alone, because another of several objectives has its turn.
    """
    moved = [gradient for gradient in gradients if gradient is not None]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(moved, 2.0)), 2.0)
    return norm
