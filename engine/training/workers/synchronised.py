"""Nodes that look at a whole mini-batch, for workers that have a part of it each: they exchange what they need of the others' rows.

A gradient on a worker is that of the mean over its own rows, and enters the sum of all with the worker's weight w = rows / all rows. So
a number that belongs to all samples is Σ w · (its mean over own rows); and of a gradient that comes back to all samples from all, a worker
takes Σ w · (its own part).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.nodes.base import NodeType, Result, Rule, Settings
from engine.nodes.math_reduce import Sum
from engine.nodes.normalization import BatchNorm, Normalized

if TYPE_CHECKING:
    from engine.training.workers.group import Workers


class Together:
    """Marks a node type that computes with the samples of all workers."""


def synchronised(types: Mapping[str, NodeType], workers: Workers) -> dict[str, NodeType]:
    """The node types; those that mix or add up samples do so for all workers while a step of theirs is made."""
    made: dict[str, NodeType] = dict(types)
    for key, node_type in types.items():
        if isinstance(node_type, BatchNorm):
            made[key] = _normalizing(type(node_type), workers)
        elif isinstance(node_type, Sum) or any(setting.name == "reduction" for setting in node_type.spec.settings):
            made[key] = _summing(type(node_type), workers)
    return made


def _sums_samples(s: Settings) -> bool:
    """Whether a node with these settings adds up the samples of a mini-batch."""
    return bool(s.batched) and (getattr(s, "over_batch", False) or getattr(s, "reduction", "") == "sum")


def _summing(base: type[NodeType], workers: Workers) -> NodeType:
    """A sum over samples as a multiple of their mean: divided by the weight that its worker's part enters the sum of all with."""

    def factor(s: Settings) -> float:
        shard = workers.shard
        return 1.0 / shard.cut.weight if shard is not None and shard.cut.weight and _sums_samples(s) else 1.0

    def scaled(rule: Rule) -> Rule:
        return lambda s, g, *rest: rule(s, g if (own := factor(s)) == 1.0 else g * own, *rest)

    class Summing(base):  # type: ignore[valid-type, misc]
        gradients = {name: scaled(rule) for name, rule in base.gradients.items()}

        def replaceable(self, s: Settings) -> bool:
            return not _sums_samples(s)

        def forward(self, s: Settings, *arguments: Any, **more: Any) -> Tensor | Result:
            found: Tensor | Result = super().forward(s, *arguments, **more)
            own = factor(s)
            if own == 1.0:
                return found
            return found * own if isinstance(found, Tensor) else replace(found, outputs=tuple(y * own for y in found.outputs))

    return Summing()


def _normalizing(base: type[BatchNorm], workers: Workers) -> NodeType:
    """A batch norm over the mini-batch of all workers: mean and variance of all its samples, and gradients through both."""

    def x_rule(s: Settings, g: Tensor, y: Tensor, kept: Normalized, x: Tensor, gamma: Tensor | None, *rest: Any) -> Tensor:
        own: Tensor = base.gradients["x"](s, g, y, kept, x, gamma, *rest)
        if workers.shard is None or not kept.axes:
            return own
        weight = workers.shard.cut.weight
        v = g if gamma is None else g * gamma.view(kept.shape)
        both = torch.stack((v.mean(kept.axes, keepdim=True), (v * kept.values).mean(kept.axes, keepdim=True)))
        mean, along = workers.sum(both * weight**2) / weight if weight else workers.sum(both * 0.0)
        back: Tensor = (v - mean - kept.values * along) * kept.inverse
        return back

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
