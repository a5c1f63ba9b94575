"""The rows of a mini-batch that one worker computes, and where they are among all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import Generator, Tensor

from engine.compile.program import Random
from engine.numerics.rng import RowsOf


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows `first` to `first + count` − 1 of `total`. `weight` is their share of the mini-batch.

    A worker for which nothing is left computes the first row too, with the weight 0: so all make the same calls.
    """

    first: int
    count: int
    total: int
    weight: float


def cut(total: int, rank: int, size: int) -> Cut:
    """The rows of a mini-batch of `total` that the worker `rank` of `size` computes: as many as the others, or one more or less."""
    first, end = total * rank // size, total * (rank + 1) // size
    return Cut(first, end - first, total, (end - first) / total) if end > first else Cut(0, 1, total, 0.0)


class Shard(list[Tensor]):
    """What a program is fed with in one step, of the rows of `cut` only."""

    __slots__ = ("cut",)

    def __init__(self, tensors: Iterable[Tensor], cut: Cut) -> None:
        super().__init__(tensors)
        self.cut = cut

    def key(self, random: Random) -> Random:
        """Where these rows draw their random numbers from: they get what the whole mini-batch would give them."""
        first, total = self.cut.first, self.cut.total

        def of(node: str) -> Generator:
            return RowsOf(random(node), first, total)  # type: ignore[return-value]  # what draws rows of samples knows both

        return of


def chosen_of(feeds: Sequence[Tensor], places: Iterable[int]) -> list[Tensor]:
    """The feeds at these places: a shard of them, where they are one."""
    some = [feeds[i] for i in places]
    return Shard(some, feeds.cut) if isinstance(feeds, Shard) else some


def shard_of(feeds: Sequence[Tensor]) -> Shard:
    """The feeds of a step that several workers make."""
    assert isinstance(feeds, Shard)
    return feeds
