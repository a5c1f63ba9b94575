"""Random numbers that follow from what they are for, so that any step can be run again without a stored generator.

Every draw is seeded by (seed, purpose, node id, step): adding a node changes no other node's numbers, and step 5,000
needs no steps before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def seed_for(seed: int, purpose: str, *more: Any) -> int:
    """A seed in [0, 2⁶³) for one purpose, from the document's seed and whatever else distinguishes two draws."""
    text = "\x1f".join([str(int(seed)), purpose, *map(str, more)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, purpose: str, *more: Any, device: Any = "cpu") -> torch.Generator:
    """A torch generator on `device`, seeded by `seed_for`."""
    import torch

    return torch.Generator(device=device).manual_seed(seed_for(seed, purpose, *more))


@dataclass(frozen=True, slots=True)
class RowsOf:
    """In place of a generator: it gives some rows of a mini-batch the numbers that they have in a draw for all `total` rows."""

    generator: torch.Generator
    first: int
    total: int


def uniform(like: torch.Tensor, rng: Any, rows: bool = False) -> torch.Tensor:
    """Numbers from [0, 1) in the shape of `like`, drawn from `rng`; a tensor in its place holds them already.

    `rows`: axis 0 counts samples.
    """
    import torch

    if isinstance(rng, torch.Tensor):
        return rng
    return drawn(torch.rand, tuple(like.shape), rng, rows, device=like.device, dtype=like.dtype)


def drawn(draw: Callable[..., torch.Tensor], shape: tuple[int, ...], rng: Any, rows: bool, **more: Any) -> torch.Tensor:
    """What `torch.rand` or `torch.randn` draws in this shape from `rng`, a generator or `RowsOf`. `rows`: axis 0 counts samples."""
    if not isinstance(rng, RowsOf):
        return draw(shape, generator=rng, **more)
    if not rows:
        return draw(shape, generator=rng.generator, **more)
    return draw((rng.total, *shape[1:]), generator=rng.generator, **more)[rng.first : rng.first + shape[0]]
