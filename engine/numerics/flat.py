"""Tensors that lie one after another in one: what happens to every number of all of them is then one operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.numerics.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


ALIGNED = 64
"""Bytes: where memory of its own would begin at a multiple of. Products of matrices can depend on it in the last bit."""


class Flat(list["Tensor"]):
    """Tensors that are views of `row` (numbers,), one after another. As a list it holds the views, and is not changed.

    Each begins where memory of its own would. The numbers between the end of one and the beginning of the next mean nothing.
    """

    def __init__(self, row: Tensor, shapes: Iterable[Sequence[int]]) -> None:
        self.row, start = row, 0
        for shape in map(torch.Size, shapes):
            self.append(row[start : start + shape.numel()].view(shape))
            start += _room(shape, row.dtype)

    @property
    def shapes(self) -> list[torch.Size]:
        return [tensor.shape for tensor in self]

    def full(self, value: float) -> Flat:
        """Tensors of the same shapes with this number everywhere."""
        return Flat(torch.full_like(self.row, value), self.shapes)


def _room(shape: torch.Size, dtype: torch.dtype) -> int:
    """The numbers from the beginning of a tensor to that of the next."""
    unit = ALIGNED // dtype.itemsize
    return -(-shape.numel() // unit) * unit


def length(tensors: Sequence[Tensor]) -> int:
    """How many numbers a row has in which these tensors lie."""
    return sum(_room(tensor.shape, tensor.dtype) for tensor in tensors)


def laid_out(tensors: Sequence[Tensor]) -> Flat:
    """Copies of these tensors, at least one, which have one dtype and device."""
    flat = Flat(tensors[0].new_zeros(length(tensors)), [tensor.shape for tensor in tensors])
    torch._foreach_copy_(list(flat), [tensor.detach() for tensor in tensors])
    return flat


def filled_like(tensors: Sequence[Tensor], value: float) -> list[Tensor]:
    """Tensors of the same shapes with this number everywhere, laid out as these are."""
    return tensors.full(value) if isinstance(tensors, Flat) else [torch.full_like(tensor, value) for tensor in tensors]


def copied(tensors: list[Tensor]) -> list[Tensor]:
    """Copies, laid out as these are."""
    return Flat(tensors.row.clone(), tensors.shapes) if isinstance(tensors, Flat) else [tensor.clone() for tensor in tensors]


def together(*lists: list[Tensor]) -> list[list[Tensor]]:
    """These lists for `torch._foreach_*`: where each is laid out flat, each as a list of its one row.

    The numbers are the same to the last bit: these operations look at every number alone.
    """
    for tensors in lists:
        if not isinstance(tensors, Flat):
            return list(lists)
    return [[tensors.row] for tensors in lists]  # type: ignore[attr-defined]
