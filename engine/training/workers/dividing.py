"""Whether the steps of a model can be divided among workers: tried on a few samples before the first step, not assumed.

The objective of a mini-batch has to be the mean of the objectives of the workers' rows, weighted by their numbers, and so has its gradient.
That holds where every node treats each sample by itself, up to the mean over all of them.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import NodeFailure, Program, RandomKey
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.workers.group import Workers
from engine.training.workers.shard import Shard, cut
from engine.training.workers.step import FAILURES, joined
from engine.training.workers.synchronised import synchronised
from graph.model.problem import Problem
from graph.text.messages import Message

ROWS = 7
"""Samples that are tried, at least; an odd number, so that parts are unequal."""
AGREE = 1e-6
"""Largest relative difference that is round-off, in float64; a thousand times that in lower precision."""
SPREAD = 0.1
"""Standard deviation of what is added to the parameters the second time, because at special values, such as 0, much looks alike."""


def divide(model: Model, workers: Workers) -> None:
    """Let `workers` make the steps of this model together. Raises RunError where their parts do not add up to the whole."""
    model.workers = workers
    model.compiled.threads = max(1, min(model.compiled.threads, (os.cpu_count() or 1) // workers.place.here))
    model.inference.types = synchronised(model.inference.types, workers)
    program = model.program(training=True)
    members = [member.program for member in program.members] if isinstance(program, JointProgram) else [program]
    rows = model.feeds.rows["train"]
    if not any(key in model.feeds.train for each in members for key in each.feeds):
        nothing = Message(
            "nothing-to-divide", "This graph trains on no data, so there is nothing to divide among workers: train in one process."
        )
        raise RunError([Problem("error", nothing)])
    _refuse_missing_gpu(model, workers)
    size = model.graph.training.get("batch_size") or rows
    if min(size, rows) < workers.size:
        few = Message(
            "batch-too-small-to-divide",
            "A mini-batch of {rows} cannot be divided among {workers} workers: start at most {rows}, or choose a larger mini-batch.",
            rows=min(size, rows), workers=workers.size,
        )  # fmt: skip
        raise RunError([Problem("error", few)])
    for each in members:
        _Trial(model, each, workers).check()


def _refuse_missing_gpu(model: Model, workers: Workers) -> None:
    gpus = torch.cuda.device_count() if model.device.startswith("cuda") else workers.place.here
    if workers.place.here > gpus:
        few = Message(
            "too-few-gpus",
            "Every worker needs a GPU of its own, but this machine has {gpus} for {workers} workers: start fewer, or add --device cpu.",
            gpus=gpus, workers=workers.place.here,
        )  # fmt: skip
        raise RunError([Problem("error", few)])


class _Trial:
    """One objective of a model, computed on a few samples by every worker alone, and by all together as their steps are made."""

    def __init__(self, model: Model, program: Program, workers: Workers) -> None:
        self._model, self._program, self._workers = model, program, workers
        every = model.feeds.rows["train"]
        count = min(max(ROWS, 2 * workers.size + 1), every)
        self._rows = torch.linspace(0, every - 1, count).round().to(torch.int64).to(model.device)
        self._cut = cut(count, workers.rank, workers.size)
        self._key = RandomKey(model.seed, 0, model.device)
        self._agree = AGREE if model.dtype == torch.float64 else 1000 * AGREE

    def check(self) -> None:
        """Raises RunError, on all workers, where the parts do not add up to the whole."""
        for spread in (0.0, SPREAD):
            values = self._values(spread)
            with torch.no_grad(), threads(self._model.compiled.threads):
                alone = self._alone(values)
                if failed := [found for found in self._workers.gather(alone if isinstance(alone, Problem) else None) if found is not None]:
                    raise RunError(failed[:1])
                assert not isinstance(alone, Problem)
                if not all(self._workers.gather(self._adds_up(alone, values))):
                    raise RunError([self._problem(self._mixing_node(values))])

    def _values(self, spread: float) -> dict[Key, Tensor]:
        """The parameters and buffers to try."""
        values, rng = self._model.values(), torch.Generator().manual_seed(0)
        if not spread:
            return values
        learned = self._model.inference.parameters
        return {k: t + spread * torch.randn(t.shape, generator=rng).to(t) if k in learned else t for k, t in values.items()}

    def _feeds(self, program: Program) -> tuple[list[Tensor], Shard]:
        """Those of all samples, and those of this worker's."""
        feeds, first = self._model.feeds, self._cut.first
        whole, rows = feeds.chosen(program.feeds, self._rows), slice(first, first + self._cut.count)
        return whole, Shard((t[rows] if key in feeds.train else t for key, t in zip(program.feeds, whole, strict=True)), self._cut)

    def _tensors(self, program: Program, values: dict[Key, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        return [values[key] for key in program.parameter_keys], [values[key] for key in program.buffer_keys]

    def _alone(self, values: dict[Key, Tensor]) -> tuple[Any, ...] | Problem:
        """The step over all samples, or why it cannot be computed."""
        program = self._program
        try:
            return program.step(self._feeds(program)[0], *self._tensors(program, values), self._key)
        except NodeFailure as failure:
            return self._model.compiled.explain(failure)

    def _adds_up(self, alone: tuple[Any, ...], values: dict[Key, Tensor]) -> bool:
        """Whether all together find the objective, the gradients and the new buffers that this process found alone."""
        program = self._program
        try:
            together = joined(program, self._workers)(self._feeds(program)[1], *self._tensors(program, values), self._key)
        except FAILURES:
            return False
        pairs = zip(_tensors(alone), _tensors(together), strict=True)
        size = max(map(_size, alone[1]))  # a gradient can be 0 up to round-off, such as that of a bias before batch norm
        return all(self._equal(mine, ours, size) for mine, ours in pairs)

    def _equal(self, one: Tensor, other: Tensor, size: float = 0.0) -> bool:
        """Whether they differ by round-off at most, of numbers of their own size or of this one."""
        if one.shape != other.shape or not one.dtype.is_floating_point:
            return bool(torch.equal(one, other))
        least = self._agree * max(size, _size(one))
        return bool(torch.allclose(one, other, rtol=self._agree, atol=least, equal_nan=True))

    def _mixing_node(self, values: dict[Key, Tensor]) -> str | None:
        """The first node whose output for all samples does not follow from its outputs for parts of them."""
        model, workers = self._model, self._workers
        program = model.program(training=True, everything=True, objective=self._program.objective)
        tensors = self._tensors(program, values)
        whole, shard = self._feeds(program)
        alone = program.trace(whole, *tensors, self._key)
        with workers.at_work_on(shard):
            part = program.trace(shard, *tensors, shard.key(self._key))
        wrong = []
        for operation in program.plan.operations:
            if operation.node in self._program.plan.for_objective:
                same = [self._follows(key, alone.values[key], part.values[key]) for key in operation.outputs]
                wrong += [] if all(same) else [operation.node]
        first = [found[0] for found in workers.gather(wrong) if found]
        return next((o.node for o in program.plan.operations if o.node in first), None)

    def _follows(self, key: Key, whole: Tensor, part: Tensor) -> bool:
        """Whether this worker's part of a value is that of all samples: its rows, or, of one value for all, a share of their mean."""
        if self._model.inference.outputs[key].batched:
            return self._equal(whole[self._cut.first : self._cut.first + self._cut.count], part)
        return whole.shape == part.shape and self._equal(whole, self._workers.sum(part * self._cut.weight))

    def _problem(self, node: str | None) -> Problem:
        graph = self._model.graph
        if node is None:
            apart = Message(
                "cannot-be-divided", "The gradients of parts of a mini-batch do not add up to that of all of it: train in one process."
            )
            return Problem("error", apart)
        mixes = Message(
            "node-mixes-samples",
            "{title} computes something else for a part of a mini-batch than for all of it, so workers cannot divide the steps: "
            "train in one process.",
            title=graph.spec(node).title,
        )  # fmt: skip
        return Problem("error", mixes, (node,), about=graph.nodes[node].name)


def _size(tensor: Tensor) -> float:
    """The largest of its finite numbers, without sign."""
    finite = tensor[torch.isfinite(tensor)]
    return float(finite.abs().max()) if finite.numel() else 0.0


def _tensors(result: Any) -> list[Tensor]:
    """All that a step gave: objective, gradients, buffers, further objectives."""
    loss, gradients, buffers, *also = result
    return [loss, *gradients, *buffers, *(also[0] if also else ())]
