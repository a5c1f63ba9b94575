"""One node as it ran in the trace: what reached it, and the chain rule at each of its leaves.

A Jacobian is read out row by row: the rule applied to each unit vector. Of a batch the block of one sample is taken, because a node
treats every sample alike; where it does not (batch norm while training) the tensors are taken whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Leaf, Operation
from engine.compile.trace import Trace
from engine.compile.views import FULL_LIMIT
from engine.compile.vjp import NodeRun, arguments_of
from engine.explain.cards import LocalKind
from engine.explain.context import ExplainContext
from engine.training.state import state_key
from graph.model.faults import Fault


@dataclass(slots=True)
class LeafProduct:
    """upstream · local = downstream for one leaf, of the chosen sample where `sample` is not None.

    `local` is a matrix (numbers out × numbers in), the diagonal of one in the output's shape, or None. `product` is upstream ⊙ local
    before the sum over broadcast axes, for a diagonal. `whole` is the leaf's gradient as the trace has it.
    """

    upstream: Tensor
    downstream: Tensor
    whole: Tensor
    kind: LocalKind
    local: Tensor | None
    jacobian: tuple[int, int]
    sample: int | None
    summed: tuple[int, ...]


class LocalDerivative:
    """The operation of one node in the trace of a situation; `run` with the planted fault, if there is one."""

    def __init__(self, situation: ExplainContext, operation: Operation, fault: Fault | None) -> None:
        self.operation = operation
        self.trace: Trace = situation.trace
        buffers = situation.model.state.buffers
        self.inference = situation.model.inference
        self.outputs = [self.trace.values[key] for key in operation.outputs]
        self.batched = self.inference.outputs[operation.outputs[0]].batched if operation.outputs else False
        arguments = arguments_of(operation, self._value, lambda key: buffers[state_key(key)])
        self.run = NodeRun(operation, arguments, self.outputs, self.trace.kept.get(operation.node), fault=fault)
        self._honest = self.run.honest()
        self.arguments, self.names = self.run.arguments, self.run.names

    @property
    def output(self) -> Tensor:
        return self.outputs[0]

    @property
    def kept(self) -> Any:
        return self.run.kept

    @property
    def samples(self) -> int:
        """How many samples the batch has that passes through; 0 where nothing is batched."""
        if self.batched:
            return self.output.shape[0]
        sizes = [self.leaf(a).shape[0] for a, leaf in enumerate(self.operation.leaves) if self.leaf_batched(leaf)]
        return max(sizes, default=0)

    def leaf(self, a: int) -> Tensor:
        """The tensor of the a-th wire or learned tensor that the node consumes."""
        return self.run.leaves[a]

    def _value(self, leaf: Leaf) -> Tensor:
        return self.trace.parameters[leaf.key] if isinstance(leaf, Own) else self.trace.values[leaf.source]

    def leaf_batched(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Wire) and self.inference.outputs[leaf.source].batched

    def argument(self, name: str) -> Any:
        """What arrived at the port, parameter or buffer `name`: a tensor, a tuple of them, or None."""
        return dict(zip(self.operation.wiring.names, self.arguments, strict=True)).get(name)

    def argument_batched(self, name: str) -> bool:
        return name in self.operation.settings.batched

    def as_declared(self, a: int | None = None) -> bool:
        """Whether the node computed what its type's formula says; of a leaf, whether it passed back what the type's rule says."""
        return self.run.as_declared(a)

    def differentiable(self, a: int) -> bool:
        """Whether the derivative with respect to the a-th leaf can be written down: one output, and no new random numbers."""
        if len(self.outputs) != 1 or not self.output.is_floating_point():
            return False
        return self.run.differentiable(a) and (self.run.ruled(a) or not self.operation.type.random)

    def _alone(self, sample: int) -> NodeRun | None:
        """The same with a batch of this one sample; None where the saved values cannot be separated by sample."""
        if self.kept is not None:
            return None
        batched = self.operation.settings.batched
        if any(name in batched and isinstance(t, tuple) for name, t in zip(self.operation.wiring.names, self.arguments, strict=True)):
            return None
        rows = slice(sample, sample + 1)
        arguments = [
            t[rows] if name in batched and t is not None else t for name, t in zip(self.operation.wiring.names, self.arguments, strict=True)
        ]
        return self.run.at(arguments, [self.output[rows]])

    def step(self, a: int, upstream: Tensor, whole: Tensor, sample: int) -> LeafProduct:
        """The chain rule at this leaf, for one sample of a batch where the node treats each by itself."""
        leaf, y = self.leaf(a), self.output
        inward = self.leaf_batched(self.operation.leaves[a])
        chosen: int | None = sample if self.batched or inward else None
        if self.batched and inward and self._mixes(a, sample):
            chosen = None
        if chosen is None:
            g, x, part = upstream, leaf, whole
        else:
            g = upstream[sample] if self.batched else upstream
            x = leaf[sample] if inward else leaf
            part = whole[sample] if inward else self.of_sample(a, upstream, sample)
        size = (g.numel(), x.numel())
        summed = _summed(self.output.shape, leaf.shape, self.batched and not inward)
        diagonal = self.diagonal(a)
        if diagonal is not None:
            local = diagonal if chosen is None or not self.batched else diagonal[sample]
            kind: LocalKind = "number" if size == (1, 1) and not summed[self.batched :] else "diagonal"
            return LeafProduct(g, part, whole, kind, local, size, chosen, summed)
        summed = (0,) if self.batched and not inward and y.shape[0] > 1 else ()
        if size[0] * size[1] > FULL_LIMIT:
            return LeafProduct(g, part, whole, "too large", None, size, chosen, summed)
        kind = "number" if size == (1, 1) else "matrix"
        return LeafProduct(g, part, whole, kind, self._matrix(a, chosen, inward), size, chosen, summed)

    def of_sample(self, a: int, upstream: Tensor, sample: int) -> Tensor:
        """What one sample's output alone gives to the gradient of a leaf that all samples share."""
        g = torch.zeros_like(upstream)
        g[sample] = upstream[sample]
        return self.run.vjp(a, g)

    def diagonal(self, a: int) -> Tensor | None:
        """The factors d where the rule multiplies entry by entry, g ⊙ d in the output's shape; None where it does not.

        Tried on two random g: a linear map that acts on both as the diagonal does is that diagonal, with probability 1.
        """
        y = self.output
        if not self.run.ruled(a):
            return None
        d = self._honest.contribution(a, torch.ones_like(y))
        if d is None or d.shape != y.shape:
            return None
        rng = torch.Generator().manual_seed(1)
        tolerance = 1e-12 if y.dtype == torch.float64 else 1e-5
        for _round in range(2):
            g = (torch.rand(y.shape, generator=rng, dtype=torch.float64) + 0.5).to(y)
            contribution = self._honest.contribution(a, g)
            if y.numel() > 1 and (contribution is None or not torch.allclose(contribution, g * d, rtol=tolerance, atol=0, equal_nan=True)):
                return None
        return d if self.run.as_declared(a) else self.run.contribution(a, torch.ones_like(y))

    def _mixes(self, a: int, sample: int) -> bool:
        """Whether this sample's output depends on the other samples."""
        if self.output.shape[0] < 2:
            return False
        g = torch.zeros_like(self.output)
        g[sample] = torch.linspace(0.5, 1.5, g[sample].numel(), dtype=g.dtype, device=g.device).view_as(g[sample])
        product = self._honest.vjp(a, g).clone()
        product[sample] = 0
        return bool((product != 0).any())

    def _matrix(self, a: int, sample: int | None, inward: bool) -> Tensor:
        """Every unit vector through the rule: numbers out × numbers in. A sample goes alone where it can: that is quicker."""
        alone = self._alone(sample) if sample is not None and self.batched else None
        run = alone or self.run
        y = run.outputs[0]
        if alone is not None:
            sample = 0
        rows = []
        for i in range(y[sample].numel() if sample is not None and self.batched else y.numel()):
            g = torch.zeros(y.shape, dtype=y.dtype, device=y.device)  # rows behind each other, whatever the strides of y
            (g[sample] if sample is not None and self.batched else g).view(-1)[i] = 1
            row = run.vjp(a, g)
            rows.append((row[sample] if sample is not None and inward else row).reshape(-1))
        return torch.stack(rows)


def _summed(out: torch.Size, into: torch.Size, batch: bool) -> tuple[int, ...]:
    """The axes of the output along which an input of shape `into` was repeated."""
    missing = len(out) - len(into)
    repeated = [i for i in range(len(out)) if i < missing or into[i - missing] != out[i]]
    return tuple(i for i in repeated if out[i] != 1 or (batch and i == 0))


def gradient_of(trace: Trace, key: Key) -> Tensor | None:
    """The gradient of an output, None where it is absent."""
    gradient = trace.gradients.get(key)
    return gradient if isinstance(gradient, Tensor) else None
