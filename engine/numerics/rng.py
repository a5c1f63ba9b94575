"""Random numbers that follow from what they are for, so that any step can be run again without a stored generator.

Every draw is seeded by (seed, purpose, node id, step): adding a node changes no other node's numbers, and step 5,000
needs no steps before it.
"""

from __future__ import annotations

import hashlib
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


def uniform(like: torch.Tensor, rng: Any) -> torch.Tensor:
    """Numbers from [0, 1) in the shape of `like`, drawn from the generator `rng`; a tensor in its place holds them already."""
    import torch

    if isinstance(rng, torch.Tensor):
        return rng
    return torch.rand(like.shape, generator=rng, device=like.device, dtype=like.dtype)
