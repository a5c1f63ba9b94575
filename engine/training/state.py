"""What training makes of a document: parameters, buffers, the optimizer's memory, and the place in the data.

One object, so that pause, resume, rewind and comparison are copies of it. Keys are `<node id>.<parameter>`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from engine.compile.environment import Key

PARTS = ("parameters", "buffers", "optimizer")


def state_key(key: Key) -> str:
    """`("n1", "W")` → `"n1.W"`."""
    return f"{key[0]}.{key[1]}"


@dataclass(slots=True)
class State:
    """Ordered name → tensor for parameters and buffers, the optimizer's memory by its own names, and three counters.

    `step` counts updates, `epoch` finished passes through the training part, `position` the batches done in the current one.
    """

    parameters: dict[str, Tensor] = field(default_factory=dict)
    buffers: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    step: int = 0
    epoch: int = 0
    position: int = 0

    def copy(self) -> State:
        """An equal state that shares no memory."""
        twin = State(step=self.step, epoch=self.epoch, position=self.position)
        for part in PARTS:
            getattr(twin, part).update((name, t.detach().clone()) for name, t in getattr(self, part).items())
        return twin

    @property
    def counters(self) -> tuple[int, int, int]:
        return self.step, self.epoch, self.position

    def diff(self, other: State) -> dict[str, float]:
        """The largest absolute difference by name, for everything that differs; infinite where a name or shape is on one side only."""
        differences: dict[str, float] = {}
        for part in PARTS:
            mine, theirs = getattr(self, part), getattr(other, part)
            for name in [*mine, *(n for n in theirs if n not in mine)]:
                a, b = mine.get(name), theirs.get(name)
                if a is None or b is None or a.shape != b.shape:
                    differences[f"{part}/{name}"] = float("inf")
                elif not _equal(a, b):
                    differences[f"{part}/{name}"] = float((a.double() - b.double()).abs().max())
        for counter, one, two in zip(("step", "epoch", "position"), self.counters, other.counters, strict=True):
            if one != two:
                differences[counter] = float(abs(one - two))
        return differences

    def first_bad(self) -> str | None:
        """The name of the first parameter or buffer that holds NaN or infinity."""
        named = [(n, t) for tensors in (self.parameters, self.buffers) for n, t in tensors.items() if t.is_floating_point()]
        if named and named[0][1].is_cuda and bool(torch.stack([torch.isfinite(t).all() for _, t in named]).all()):
            return None  # one answer from the card instead of one for each tensor
        return next((name for name, tensor in named if not bool(torch.isfinite(tensor).all())), None)


def _equal(a: Tensor, b: Tensor) -> bool:
    """Bit for bit, with NaN equal to NaN."""
    if torch.equal(a, b):
        return True
    return torch.equal(torch.isnan(a), torch.isnan(b)) and torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
