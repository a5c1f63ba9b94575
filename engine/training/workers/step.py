"""A training step that all workers make together: each computes its rows, and one sum joins losses and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from engine.compile.program import NodeFailure, Program, Random
from engine.nodes.base import NodeError
from engine.numerics.flat import Flat, length
from engine.training.workers.group import Workers, WorkersApart
from engine.training.workers.shard import Shard
from engine.training.workers.synchronised import Together

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


def joined(program: Program, workers: Workers, reused: bool = False, parameters: list[Tensor] | None = None) -> Step:
    """The step of `program`, with the loss and the gradients of the whole mini-batch.

    It is fed with a `Shard`. The objective has to be the mean of those of the workers' rows, weighted by how many rows each has (see
    `dividing`). One row of numbers goes around: weight · (gradients, objective, further objectives), and the flags. `reused`: what a
    call returns lies in that row, and holds until the next call. With the `parameters` that every call will get, gradients are written
    into the row right away.
    """
    join = Join(program, workers, reused)
    alone = not any(isinstance(operation.type, Together) for operation in program.plan.operations)  # a step of those is not made twice
    in_place = reused and alone and parameters is not None
    step = program.stepper_in_place(parameters, join.row_for(parameters).gradients) if in_place and parameters else program.stepper()

    def together(feeds: Shard, parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> tuple[Any, ...]:
        before, workers.shard = workers.shard, feeds
        try:
            result = step(feeds, parameters, buffers, feeds.key(random))
        except FAILURES as error:
            join.failed(program.failure(error), parameters)
            raise
        except WorkersApart as apart:  # within a step of nodes that add up themselves: a worker failed before it came there
            raise join.elsewhere() or apart from None
        finally:
            workers.shard = before
        return join(feeds.cut.weight, result, parameters)

    return together


class Row:
    """The numbers of one step, one after another: gradients, objective, further objectives, flags."""

    def __init__(self, trained: Sequence[Tensor], objectives: int) -> None:
        count = length(trained)
        self.numbers = trained[0].new_zeros(count + objectives + FLAGS)
        self.gradients = Flat(self.numbers[:count], [tensor.shape for tensor in trained])
        self.objectives = list(self.numbers[count:-FLAGS])
        self.flags = self.numbers[-FLAGS:]


class Join:
    """Sends what a step gave, and takes apart what comes back."""

    def __init__(self, program: Program, workers: Workers, reused: bool) -> None:
        self._program, self._workers, self._reused = program, workers, reused
        self._also = len(program.plan.also)
        self._row: Row | None = None
        self._said: tuple[bool, bool] | None = None
        self._flags: Tensor | None = None

    def row_for(self, parameters: Sequence[Tensor]) -> Row:
        """The row of a step with these parameters."""
        if self._row is None or not self._reused:
            self._row = Row([parameters[i] for i in self._program.trainable], 1 + self._also)
        return self._row

    def __call__(self, weight: float, result: tuple[Any, ...], parameters: Sequence[Tensor]) -> tuple[Any, ...]:
        loss, gradients, buffers = result[:3]
        row = self.row_for(parameters)
        if gradients is not row.gradients:
            torch._foreach_copy_(list(row.gradients), gradients)
        row.objectives[0].copy_(loss.reshape(()))
        for place, value in zip(row.objectives[1:], result[3] if self._also else (), strict=True):
            place.copy_(value.reshape(()))
        row.flags.copy_(self._says(row.flags))
        self._workers.sum(row.numbers, weight)
        self._hear(row.flags)
        whole = row.objectives[0], row.gradients, buffers
        return (*whole, row.objectives[1:]) if self._also else whole

    def failed(self, failure: NodeFailure, parameters: Sequence[Tensor]) -> None:
        """Tell the others, who wait for this worker's part."""
        row = self.row_for(parameters)
        row.numbers.zero_()
        row.flags[-1] = 1.0
        with suppress(WorkersApart):
            self._workers.sum(row.numbers)
        self._workers.gather((failure.node, str(failure)))

    def _says(self, like: Tensor) -> Tensor:
        """What this worker has to say beside its numbers."""
        said = self._workers.says()
        if said != self._said or self._flags is None:
            self._said, self._flags = said, like.new_tensor([*map(float, said), 0.0])
        return self._flags

    def _hear(self, flags: Tensor) -> None:
        asked, late, failed = flags.tolist()
        self._workers.asked |= asked > 0
        self._workers.late |= late > 0
        if failed and (failure := self.elsewhere()) is not None:
            raise failure

    def elsewhere(self) -> FailedElsewhere | None:
        """What happened on another worker, by its own word."""
        said = next((said for said in self._workers.gather(None) if said is not None), None)
        return None if said is None else FailedElsewhere(NodeFailure(*said))
