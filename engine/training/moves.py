"""Tensors that follow an edit: from one (node, parameter) to another, whole or number by number.

The parameter's name may end in an index, `W[2,0]`: that number of W. From there to a tensor's name: the number as a tensor without axes.
From a tensor without axes to there: once all numbers of W have come, they are W.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from engine.compile.environment import Key

Index = tuple[int, ...]


def follow(moves: Iterable[tuple[Key, Key]], shelf: dict[str, Tensor], *held: Mapping[str, Tensor]) -> None:
    """Lay copies of what moves onto `shelf` under the new names. A tensor is looked for on the shelf, then in `held` from the last on."""
    pieces: dict[str, dict[Index, Tensor]] = {}
    for old, new in moves:
        (source, taken), (target, given) = _split(old), _split(new)
        tensor = next((place[source] for place in (shelf, *reversed(held)) if source in place), None)
        if tensor is None or (taken and (len(taken) != tensor.dim() or any(i >= n for i, n in zip(taken, tensor.shape, strict=True)))):
            continue
        tensor = tensor[taken].clone() if taken else tensor.clone()
        if not given:
            shelf[target] = tensor
        elif tensor.dim() == 0:
            numbers = pieces.setdefault(target, {})
            numbers[given] = tensor
            if (whole := _whole(numbers)) is not None:
                shelf[target] = whole


def moved_memory(moves: Iterable[tuple[Key, Key]], memory: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What an optimizer remembers under `<kind>.<node>.<parameter>`, under the names it moved to."""
    renamed: dict[str, Tensor] = {}
    moves = list(moves)
    kinds = {name.partition(".")[0] for name in memory if "." in name} if moves else set()
    for kind in kinds:
        mine = {name.partition(".")[2]: tensor for name, tensor in memory.items() if name.startswith(f"{kind}.")}
        shelf: dict[str, Tensor] = {}
        follow(moves, shelf, mine)
        renamed |= {f"{kind}.{name}": tensor for name, tensor in shelf.items()}
    return renamed


def _split(key: Key) -> tuple[str, Index]:
    """`("n1", "W[2,0]")` → `"n1.W", (2, 0)`."""
    match = re.fullmatch(r"(.*)\[(\d+(?:,\d+)*)\]", key[1])
    if match is None:
        return f"{key[0]}.{key[1]}", ()
    return f"{key[0]}.{match[1]}", tuple(map(int, match[2].split(",")))


def _whole(numbers: Mapping[Index, Tensor]) -> Tensor | None:
    """The tensor, when every number up to the largest index is there."""
    sizes = [1 + max(index) for index in zip(*numbers, strict=True)]
    if math.prod(sizes) != len(numbers):
        return None
    return torch.stack([numbers[index] for index in sorted(numbers)]).reshape(sizes)
