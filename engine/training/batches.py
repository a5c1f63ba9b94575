"""Mini-batches: every epoch in a new order that follows from the seed, laid out before the epoch starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.feeds import Feeds
from engine.numerics.rng import generator
from engine.training.rates import steps_per_epoch
from engine.training.workers.shard import Shard, cut

if TYPE_CHECKING:
    from engine.training.workers.group import Workers


class Batches:
    """The feeds of every step of one epoch. `size` None (or all) takes the whole training part, in its own order.

    `drop_last` leaves out the last batch of an epoch where it is smaller than the others. With `workers`, every step is fed with this
    worker's rows of its batch; sizes, counts and rows are those of whole batches all the same.
    """

    def __init__(
        self, feeds: Feeds, keys: Sequence[Key], size: int | None, seed: int, drop_last: bool = False, workers: Workers | None = None
    ) -> None:
        self._workers = workers
        self._feeds, self._keys, self._seed = feeds, list(keys), seed
        rows = feeds.rows["train"] if any(key in feeds.train for key in keys) else 0
        self.whole = not rows or size is None or size >= rows
        self.rows = rows
        self.size = rows if self.whole or size is None else size
        self.count = steps_per_epoch(rows, size, drop_last)
        self.epoch = -1
        self.feeds: list[list[Tensor]] = []
        self._sizes = [min(self.size, rows - start) for start in range(0, rows, max(self.size, 1))]
        self._order = torch.arange(rows)
        self._foreseen: tuple[int, Tensor] | None = None
        self._laid: list[Tensor | None] = []

    def lay_out(self, epoch: int) -> list[list[Tensor]]:
        """The feeds of all steps of this epoch; the last batch holds what is left, unless it is dropped."""
        if epoch == self.epoch or (self.whole and self.epoch >= 0):
            self.epoch = epoch
            return self.feeds
        self.epoch = epoch
        if self.whole:
            self.feeds = [self._own(self._feeds.whole(self._keys, "train"))]
            return self.feeds
        foreseen, self._foreseen = self._foreseen, None
        self._order = foreseen[1] if foreseen is not None and foreseen[0] == epoch else self.order(epoch)
        columns: list[Sequence[Tensor]] = []
        self._laid = []
        for key in self._keys:
            data = self._feeds.train.get(key)
            if data is None:
                self._laid.append(None)
                columns.append([self._feeds.fixed[key]] * self.count)
            else:
                self._laid.append(rows := data.index_select(0, self._order.to(data.device)))
                columns.append(rows.split_with_sizes(self._sizes)[: self.count])
        self.feeds = [self._own(list(feeds)) for feeds in zip(*columns, strict=True)]
        return self.feeds

    def _own(self, feeds: list[Tensor]) -> list[Tensor]:
        """Of the feeds of a whole batch those of this worker."""
        if self._workers is None:
            return feeds
        own = [key in self._feeds.train for key in self._keys]
        total = next(len(feed) for feed, rows in zip(feeds, own, strict=True) if rows)
        part = cut(total, self._workers.rank, self._workers.size)
        return Shard((f[part.first : part.first + part.count] if rows else f for f, rows in zip(feeds, own, strict=True)), part)

    def order(self, epoch: int) -> Tensor:
        """The order in which an epoch takes the rows of the training part."""
        return torch.randperm(self.rows, generator=generator(self._seed, "shuffle", epoch))

    def foresee(self) -> None:
        """Find the order of the next epoch while there is nothing else to do."""
        if not self.whole and self._foreseen is None:
            self._foreseen = self.epoch + 1, self.order(self.epoch + 1)

    def alike(self, position: int) -> int:
        """How many mini-batches of the epoch laid out, from this position on, have as many rows as the one there."""
        full = self.rows // self.size if self.size else 0
        return full - position if position < full else 1

    def rows_at(self, position: int) -> int:
        """How many rows the mini-batch at this position has; 0 where there are no data."""
        return min(self.size, self.rows - position * self.size) if not self.whole else self.rows

    def block(self, position: int, count: int) -> list[Tensor | None]:
        """The rows of `count` mini-batches from this position of the epoch laid out, one after the other, for each source; None for what
        every step is given the same."""
        if self.whole:
            return [None] * len(self._keys)
        start = position * self.size
        return [None if rows is None else rows[start : start + count * self.size] for rows in self._laid]

    def place(self, epoch: int, position: int) -> tuple[int, int]:
        """Where the coming batch lies, for a state that came to this place with batches of any size: an epoch that has no further batch of
        this size is complete."""
        return (epoch, position) if position < self.count else (epoch + 1, 0)

    def single(self, epoch: int, position: int) -> list[Tensor]:
        """The feeds of one step, where nothing else of its epoch is needed."""
        if self.whole:
            return self.lay_out(epoch)[0]
        rows = self.order(epoch)[position * self.size : (position + 1) * self.size]
        given = ((key, self._feeds.train.get(key)) for key in self._keys)
        return [self._feeds.fixed[key] if data is None else data.index_select(0, rows.to(data.device)) for key, data in given]

    def rows_of(self, position: int) -> Tensor:
        """The rows of the training part in the batch at this position of the epoch laid out."""
        return self._order if self.whole else self._order[position * self.size : (position + 1) * self.size]
