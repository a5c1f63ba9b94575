"""Nodes that look at a whole mini-batch, for workers that have a part of it each: they exchange what they need of the others' rows.

A gradient on a worker is that of the mean over its own rows, and enters the sum of all with the worker's weight w = rows / all rows. So
a number that belongs to all samples is Σ w · (its mean over own rows); and of a gradient that comes back to all samples from all, a worker
takes Σ w · (its own part).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.nodes.base import NodeType, Result, Settings
from engine.nodes.normalization import BatchNorm, BatchNorm1d, BatchNorm2d, Normalized

if TYPE_CHECKING:
    from engine.training.workers.group import Workers


class Together:
    """Marks a node type that computes with the samples of all workers."""


def synchronised(types: Mapping[str, NodeType], workers: Workers) -> dict[str, NodeType]:
    """The node types, those that mix samples with one that does so for all workers while a step of theirs is made."""
    made: dict[str, NodeType] = dict(types)
    for base in (BatchNorm1d, BatchNorm2d):
        made[base.key] = _for(base, workers)
    return made


def _for(base: type[BatchNorm], workers: Workers) -> NodeType:
    """A batch norm over the mini-batch of all workers: mean and variance of all its samples, and gradients through both."""

    def x_rule(s: Settings, g: Tensor, y: Tensor, kept: Normalized, x: Tensor, gamma: Tensor | None, *rest: Any) -> Tensor:
        own: Tensor = base.gradients["x"](s, g, y, kept, x, gamma, *rest)
        if workers.shard is None or not kept.axes:
            return own
        weight = workers.shard.cut.weight
        v = g if gamma is None else g * gamma.view(kept.shape)
        both = torch.stack((v.mean(kept.axes, keepdim=True), (v * kept.values).mean(kept.axes, keepdim=True)))
        mean, along = workers.sum(both * weight**2) / weight if weight else workers.sum(both * 0.0)
        return (v - mean - kept.values * along) * kept.inverse

    class Synchronised(Together, base):  # type: ignore[valid-type, misc]
        gradients = {**base.gradients, "x": x_rule}

        def forward(
            self, s: Settings, x: Tensor, gamma: Tensor | None, beta: Tensor | None, running_mean: Tensor, running_var: Tensor
        ) -> Result:
            if workers.shard is None or not s.training:
                alone: Result = super().forward(s, x, gamma, beta, running_mean, running_var)
                return alone
            cut, shape, axes = workers.shard.cut, (x.shape[1], *(1,) * (x.dim() - 2)), (0, *range(2, x.dim()))
            mean = workers.sum(x.mean(axes, keepdim=True) * cut.weight)
            centred = x - mean
            var = workers.sum((centred * centred).mean(axes, keepdim=True) * cut.weight)
            y, kept = self.result(s, centred, var, axes, shape, gamma, beta)
            count = x.numel() // x.shape[1] // len(x) * cut.total
            return Result((y,), kept, self.averages(s, count, mean, var, running_mean, running_var))

    return Synchronised()
