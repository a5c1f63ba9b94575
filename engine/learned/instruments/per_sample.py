"""The gradients of single samples, many in one pass where torch can vectorize the program, else one backward pass for each."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport
from engine.numerics.threads import threads

TURN = 0.002
"""Seconds of work between two places where the job can be left."""
NUMBERS = 2**20
"""Numbers in the gradients that one vectorized pass computes."""
AGREE = 1e-6
"""Largest relative difference between a batch's loss and the mean of its samples' losses, in float64; a thousand times that otherwise."""


@dataclass(slots=True)
class Point:
    """A place from which single samples are differentiated: all parameters and buffers of the program."""

    parameters: list[Tensor]
    buffers: list[Tensor]


@dataclass(slots=True)
class Spread:
    """Over single samples: mean and sum of squared deviations of the gradient (P,), losses (N,) and slopes along a direction (N,)."""

    mean: Tensor
    squares: Tensor
    losses: Tensor
    slopes: Tensor


class Merged:
    """Mean and sum of squared deviations (P,) of rows that come in pieces, merged as Chan, Golub and LeVeque do."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean, self.squares = torch.zeros(size, dtype=torch.float64), torch.zeros(size, dtype=torch.float64)

    def add(self, rows: Tensor) -> None:
        """More rows (n, P), at least one."""
        before, self.count = self.count, self.count + len(rows)
        middle = rows.mean(0)
        away = middle - self.mean
        self.squares = self.squares + (rows - middle).square().sum(0) + away.square() * (before * len(rows) / self.count)
        self.mean = self.mean + away * (len(rows) / self.count)


class SingleSamples:
    """A mini-batch, taken apart. `own` says which feeds have a row for each sample."""

    def __init__(self, program: Program, feeds: Sequence[Tensor], own: Sequence[bool], random: RandomKey, count: int) -> None:
        self._program, self._feeds, self._own, self._random, self._threads = program, feeds, own, random, count
        self._step, self._unwatched = program.stepper(), program.unwatched_stepper()

    def batch(self, point: Point) -> tuple[float, list[Tensor]]:
        """Loss and gradients of all of it, in the order of the program's trainable parameters."""
        return self._differentiated(self._feeds, point)

    def chosen(self, rows: Tensor) -> SingleSamples:
        """Some of its samples."""
        feeds = [feed.index_select(0, rows) if own else feed for feed, own in zip(self._feeds, self._own, strict=True)]
        return SingleSamples(self._program, feeds, self._own, self._random, self._threads)

    def spread(self, point: Point, direction: Tensor | None) -> Generator[JobReport, None, Spread]:
        """Differentiate every sample alone; `direction` (P,) has length 1."""
        count = self.count
        size = sum(point.parameters[place].numel() for place in self._program.trainable)
        losses, slopes = torch.zeros(count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
        merged = Merged(size)
        began = time.perf_counter()
        for first, last, some, gradients in self.pieces(point):
            with torch.no_grad(), threads(self._threads):
                merged.add(gradients)
                losses[first:last] = some
                slopes[first:last] = 0.0 if direction is None else gradients @ direction
            if time.perf_counter() - began >= TURN:
                yield JobReport(last, count)
                began = time.perf_counter()
        return Spread(merged.mean, merged.squares, losses, slopes)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return next(len(feed) for feed, own in zip(self._feeds, self._own, strict=True) if own)

    def pieces(self, point: Point) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        """Every sample differentiated alone, some at a time: (first, last, losses (n,), gradients (n, P)) of `first` to `last` − 1."""
        count, done, together = self.count, 0, True
        size = sum(point.parameters[place].numel() for place in self._program.trainable)
        piece = max(1, min(count, NUMBERS // max(size, 1)))
        while done < count:
            last = min(done + (piece if together else 1), count)
            found = self._pass(point, done, last) if together else self._alone(point, done)
            if found is None:
                together = False
                continue
            yield done, last, *found
            done = last

    def _pass(self, point: Point, first: int, last: int) -> tuple[Tensor, Tensor] | None:
        """Losses and gradients of some samples in one pass; None where torch cannot vectorize the program, or a branch that was
        not selected spoils a gradient."""

        def single(*own: Tensor) -> tuple[Tensor, Tensor]:
            mine = iter(own)
            feeds = [next(mine).unsqueeze(0) if batched else feed for feed, batched in zip(self._feeds, self._own, strict=True)]
            loss, gradients, _buffers = self._unwatched(feeds, point.parameters, point.buffers, self._random)
            return loss.reshape(()), torch.cat([gradient.reshape(-1) for gradient in gradients])

        own = [feed[first:last] for feed, batched in zip(self._feeds, self._own, strict=True) if batched]
        try:
            with torch.no_grad(), threads(self._threads):
                losses, gradients = torch.func.vmap(single)(*own)
        except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError, NodeError):
            return None
        if self._program.watched and not bool(torch.isfinite(gradients).all()):
            return None
        return losses.to("cpu", torch.float64), gradients.to("cpu", torch.float64)

    def _alone(self, point: Point, row: int) -> tuple[Tensor, Tensor]:
        feeds = [feed[row : row + 1] if own else feed for feed, own in zip(self._feeds, self._own, strict=True)]
        loss, gradients = self._differentiated(feeds, point)
        return torch.tensor([loss], dtype=torch.float64), flat(gradients).unsqueeze(0)

    def _differentiated(self, feeds: Sequence[Tensor], point: Point) -> tuple[float, list[Tensor]]:
        with torch.no_grad(), threads(self._threads):
            loss, gradients, _buffers = self._step(list(feeds), point.parameters, point.buffers, self._random)
            return float(loss), list(gradients)


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All numbers in a row, (P,), in float64."""
    return torch.cat([tensor.detach().reshape(-1).to("cpu", torch.float64) for tensor in tensors])


def adds_up(loss: float, gradient: Tensor, spread: Spread, dtype: torch.dtype) -> bool:
    """Whether loss and gradient of the batch are the means of those of its samples: not where a layer mixes samples."""
    agree = AGREE if dtype == torch.float64 else 1000 * AGREE
    size = max(float(spread.losses.abs().mean()), abs(loss), 1e-300)
    close = abs(float(spread.losses.mean()) - loss) <= agree * size
    length = max(float(gradient.norm()), float(spread.squares.sum().sqrt()), 1e-300)
    return close and float((spread.mean - gradient).norm()) <= agree * length
