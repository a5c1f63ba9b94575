"""Products of a vector with the Jacobians of a trace's nodes, from either side, at the numbers of the trace and in float64.

What a node's forward drew or kept (a mask, indices) is the trace's own: nothing random is drawn again. A planted fault that spoils
gradients does not spoil these products, so that it can be found by comparing; one that changes what is computed is part of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key, Own
from engine.compile.plan import Leaf, Operation, Plan, differentiable_leaf
from engine.compile.trace import Trace
from engine.compile.unselected import Mask, ancestors, apart
from engine.compile.vjp import NodeRun, argument_names, arguments_of, changes_values
from engine.explain.question import Unanswerable
from engine.training.compiled import RunError
from engine.training.state import state_key

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class PathStep:
    """From the leaf `a` of an operation (a wire into it, or a learned tensor) to its output `key`."""

    node: str
    a: int
    key: Key


class LocalProducts:
    """The operations of the pass shown, each differentiated on its own.

    `trace` holds the numbers, `plan` the operations in order of computation. Raises Unanswerable where there is no pass.
    """

    def __init__(self, situation: ExplainContext) -> None:
        self.graph: Graph = situation.graph
        self.trace: Trace = situation.trace
        model = situation.model
        try:
            program = situation.program()
        except RunError as error:
            raise Unanswerable(str(error)) from error
        self.plan: Plan = program.plan
        self.operations = {o.node: o for o in self.plan.operations}
        self._buffers = model.state.buffers
        self._random = model.random(situation.batch[1])
        self._exact = self.trace.dtype == "float64" and self.trace.device == "cpu"
        self._doubles: dict[Any, Tensor] = {}
        self._runs: dict[str, NodeRun] = {}
        self._slopes: dict[PathStep, float | None] = {}
        self._before: dict[Key, frozenset[Key]] = {}

    # The structure

    def differentiable(self, operation: Operation) -> list[int]:
        """The leaves that an operation can be differentiated by."""
        if operation.fed or not operation.type.differentiable:
            return []
        return [a for a, leaf in enumerate(operation.leaves) if differentiable_leaf(self.plan.inference, operation, leaf)]

    def steps_into(self, key: Key) -> list[PathStep]:
        """Every step that ends at this output, in the order of the arguments."""
        if self.plan.inference.outputs[key].dtype != "float":
            return []
        return [PathStep(key[0], a, key) for a in self.differentiable(self.operations[key[0]])]

    def leaf(self, step: PathStep) -> Leaf:
        return self.operations[step.node].leaves[step.a]

    def value_of(self, leaf: Leaf) -> Tensor:
        """The number at a leaf, in float64 (class indices stay what they are)."""
        if isinstance(leaf, Own):
            return self._double(("parameter", leaf.key), self.trace.parameters[leaf.key])
        return self._double(leaf.source, self.trace.values[leaf.source])

    def buffer(self, key: Key) -> Tensor:
        return self._double(("buffer", key), self._buffers[state_key(key)])

    def output(self, key: Key) -> Tensor:
        return self._double(key, self.trace.values[key])

    def single(self, step: PathStep) -> bool:
        """Whether both ends are single numbers."""
        return self.value_of(self.leaf(step)).numel() == 1 == self.output(step.key).numel()

    # Products

    def slope(self, step: PathStep) -> float | None:
        """The local derivative as a number, where both ends are single numbers."""
        if step not in self._slopes:
            self._slopes[step] = float(self.backward(step, torch.ones_like(self.output(step.key)))) if self.single(step) else None
        return self._slopes[step]

    def backward(self, step: PathStep, g: Tensor) -> Tensor:
        """gᵀJ, of the leaf's shape."""
        return self._run(step).vjp(step.a, g, self._port(step))

    def careful(self, step: PathStep, g: Tensor, cut: Mask) -> tuple[Tensor, Mask]:
        """`backward` where 0 · ∞ may come from a branch that was not selected (`engine.compile.unselected`), and where g is cut then."""
        return self._run(step).careful(step.a, g, cut, lambda: self._apart(step), self._port(step))

    def forward(self, step: PathStep, t: Tensor) -> Tensor:
        """J t, of the output's shape."""
        return self._run(step).jvp(step.a, t, self._port(step))

    def run(self, operation: Operation, arguments: list[Any], dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        """The outputs of a node's forward on other arguments, with what the trace's forward drew."""
        return self.node_run(operation).forward(arguments, dtype).outputs

    def node_run(self, operation: Operation) -> NodeRun:
        """The operation at the numbers of the trace."""
        if operation.node not in self._runs:
            self._runs[operation.node] = NodeRun(
                operation, arguments_of(operation, self.value_of, self.buffer), [self.output(key) for key in operation.outputs],
                self._kept_by(operation.node), fault=changes_values(self.plan.fault), rng=lambda: self._random(operation.node),
            )  # fmt: skip
        return self._runs[operation.node]

    def _run(self, step: PathStep) -> NodeRun:
        return self.node_run(self.operations[step.node])

    def _port(self, step: PathStep) -> int:
        return self.operations[step.node].outputs.index(step.key)

    def _apart(self, step: PathStep) -> frozenset[str]:
        self._before = self._before or ancestors(self.plan)
        return apart(self._before, self.operations[step.node], step.a)

    # Arguments

    def argument(self, operation: Operation, a: int) -> tuple[str, int]:
        """The name of a leaf's argument, and its place in the tuple of a `many` port (−1 for a plain one)."""
        return argument_names(operation)[a]

    def _double(self, key: Any, tensor: Tensor) -> Tensor:
        if self._exact:
            return tensor
        if key not in self._doubles:
            self._doubles[key] = _double(tensor)
        return self._doubles[key]

    def _kept_by(self, node: str) -> Any:
        kept = self.trace.kept.get(node)
        return kept if self._exact else _double(kept)


def _double(item: Any) -> Any:
    """The same with every float tensor in float64 on the CPU; a forward keeps tensors, and tuples of them."""
    if isinstance(item, Tensor):
        item = item.detach().cpu()
        return item.double() if item.is_floating_point() else item
    if isinstance(item, tuple) and not isinstance(item, torch.Size):
        parts: Iterable[Any] = map(_double, item)
        return type(item)(*parts) if hasattr(item, "_fields") else tuple(parts)
    return item
