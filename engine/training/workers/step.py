"""A training step that all workers make together: each computes its rows, and one sum joins losses and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from engine.compile.program import NodeFailure, Program, Random
from engine.nodes.base import NodeError
from engine.training.workers.group import Workers
from engine.training.workers.shard import Shard

Step = Callable[..., Any]
FAILURES = (RuntimeError, ValueError, IndexError, TypeError, NodeError)
"""What a step raises where a node cannot be computed from its numbers."""
FLAGS = 3
"""Numbers at the end of the sum: workers that were asked to stop, that say the time is over, that failed."""


class FailedElsewhere(RuntimeError):
    """A node failed on the rows of another worker; `failure` is what happened there."""

    def __init__(self, failure: NodeFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def joined(program: Program, workers: Workers, reused: bool = False) -> Step:
    """The step of `program`, with the loss and the gradients of the whole mini-batch.

    It is fed with a `Shard`. The objective has to be the mean of those of the workers' rows, weighted by how many rows each has (see
    `dividing`). One row of numbers goes around: weight · (gradients, objective, further objectives), and the flags. `reused`: what a
    call returns lies in that row, and holds until the next call.
    """
    step = program.stepper()
    join = Join(program, workers, reused)

    def together(feeds: Shard, parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> tuple[Any, ...]:
        before, workers.shard = workers.shard, feeds
        try:
            result = step(feeds, parameters, buffers, feeds.key(random))
        except FAILURES as error:
            join.failed(program.failure(error), parameters)
            raise
        finally:
            workers.shard = before
        return join(feeds.cut.weight, result)

    return together


def stepper_for(workers: Workers | None) -> Callable[[Program], Step] | None:
    """What makes the step of a program for these workers; None where there is one process."""
    return None if workers is None else partial(joined, workers=workers, reused=True)


class Join:
    """Sends what a step gave, and takes apart what comes back."""

    def __init__(self, program: Program, workers: Workers, reused: bool) -> None:
        self._program, self._workers, self._reused = program, workers, reused
        self._also = len(program.plan.also)
        self._flags: tuple[bool, bool] | None = None
        self._tail = torch.zeros(FLAGS)
        self._row: Tensor | None = None
        self._places: list[Tensor] = []
        """Where in the row the tensors of a step lie, in their shapes, and the flags."""

    def __call__(self, weight: float, result: tuple[Any, ...]) -> tuple[Any, ...]:
        loss, gradients, buffers = result[:3]
        parts = [*gradients, loss, *(result[3] if self._also else ()), self._said(loss)]
        if self._row is None or not self._reused:
            row = self._row = torch.empty(sum(part.numel() for part in parts), dtype=loss.dtype, device=loss.device)
            pieces = torch.split(row, [part.numel() for part in parts])
            self._places = [piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True)]
        torch._foreach_copy_(self._places, parts)
        self._workers.sum(self._row.mul_(weight))
        self._heard(self._places[-1])
        count = len(gradients)
        whole = self._places[count], self._places[:count], buffers
        return (*whole, self._places[count + 1 : -1]) if self._also else whole

    def failed(self, failure: NodeFailure, parameters: Sequence[Tensor]) -> None:
        """Tell the others, who wait for this worker's part."""
        sizes = [parameters[i].numel() for i in self._program.trainable]
        row = torch.zeros(sum(sizes) + 1 + self._also + FLAGS, dtype=parameters[0].dtype, device=parameters[0].device)
        row[-1] = 1.0
        self._workers.sum(row)
        self._workers.gather((failure.node, str(failure)))

    def _said(self, like: Tensor) -> Tensor:
        """What this worker has to say beside its numbers."""
        flags = self._workers.says()
        if flags != self._flags or self._tail.device != like.device or self._tail.dtype != like.dtype:
            self._flags = flags
            self._tail = torch.tensor([*map(float, flags), 0.0], device=like.device, dtype=like.dtype)
        return self._tail

    def _heard(self, flags: Tensor) -> None:
        asked, late, failed = flags.tolist()
        self._workers.asked |= asked > 0
        self._workers.late |= late > 0
        if failed:
            node, text = next(said for said in self._workers.gather(None) if said is not None)
            raise FailedElsewhere(NodeFailure(node, text))
