"""The gradients of single samples, one backward pass for each, summed up as they come."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.numerics.job import JobReport
from engine.numerics.threads import threads

TURN = 0.002
"""Seconds of work between two places where the job can be left."""
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


class SingleSamples:
    """A mini-batch, taken apart. `own` says which feeds have a row for each sample."""

    def __init__(self, program: Program, feeds: Sequence[Tensor], own: Sequence[bool], random: RandomKey, count: int) -> None:
        self._program, self._feeds, self._own, self._random, self._threads = program, feeds, own, random, count
        self._step = program.stepper()

    def batch(self, point: Point) -> tuple[float, list[Tensor]]:
        """Loss and gradients of all of it, in the order of the program's trainable parameters."""
        return self._differentiated(self._feeds, point)

    def chosen(self, rows: Tensor) -> SingleSamples:
        """Some of its samples."""
        feeds = [feed.index_select(0, rows) if own else feed for feed, own in zip(self._feeds, self._own, strict=True)]
        return SingleSamples(self._program, feeds, self._own, self._random, self._threads)

    def spread(self, point: Point, direction: Tensor | None) -> Generator[JobReport, None, Spread]:
        """Differentiate every sample alone; `direction` (P,) has length 1."""
        count = next(len(feed) for feed, own in zip(self._feeds, self._own, strict=True) if own)
        losses, slopes = torch.zeros(count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
        mean = squares = torch.zeros(0, dtype=torch.float64)
        began = time.perf_counter()
        for i in range(count):
            feeds = [feed[i : i + 1] if own else feed for feed, own in zip(self._feeds, self._own, strict=True)]
            loss, gradients = self._differentiated(feeds, point)
            gradient = flat(gradients)
            if not i:
                mean, squares = torch.zeros_like(gradient), torch.zeros_like(gradient)
            with torch.no_grad(), threads(self._threads):
                away = gradient - mean
                mean = mean + away / (i + 1)
                squares = squares + away * (gradient - mean)
                losses[i], slopes[i] = loss, 0.0 if direction is None else float(gradient @ direction)
            if time.perf_counter() - began >= TURN:
                yield JobReport(i + 1, count)
                began = time.perf_counter()
        return Spread(mean, squares, losses, slopes)

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
