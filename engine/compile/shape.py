"""The shape of one output, as far as it is known before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.compile.environment import Key


@dataclass(frozen=True, slots=True)
class Shape:
    """What an output carries. `dims` are one sample's; `batched` puts the batch in front of them.

    `coding` says how a target is written (`real`, `index`, `zero_one`, `plus_minus`, `one_hot`; empty when it is no target), and
    `classes` how many there are (0: unknown). `source` is the output itself, for error texts.
    """

    dims: tuple[int, ...]
    batched: bool = False
    dtype: Literal["float", "index"] = "float"
    source: Key = ("", "")
    coding: str = ""
    classes: int = 0

    def full(self, batch: int) -> tuple[int, ...]:
        return (batch, *self.dims) if self.batched else self.dims
