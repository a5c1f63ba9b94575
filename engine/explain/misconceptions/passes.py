"""The backward pass of a trace, gone through again one contribution at a time, so that a slip in one place can be followed.

A backward pass is linear in the gradients it carries: a wrong contribution changes the gradient asked for by its own error, carried
back through the nodes in between. Only those are computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Leaf, Operation, Plan
from engine.compile.vjp import NodeRun, argument_names, arguments_of, shaped
from engine.explain.context import ExplainContext


@dataclass(frozen=True, slots=True)
class NodeArgument:
    """One argument of one node: the `a`-th leaf, its name among the node's arguments, its place in a `many` port (−1 if none)."""

    operation: Operation
    a: int
    name: str
    place: int

    @property
    def leaf(self) -> Wire | Own:
        return self.operation.leaves[self.a]

    @property
    def edge(self) -> str:
        return self.leaf.edge if isinstance(self.leaf, Wire) else ""

    @property
    def node(self) -> str:
        return self.operation.node


class Pass:
    """The numbers of one trace and the rules that made its gradients."""

    def __init__(self, situation: ExplainContext) -> None:
        self.graph = situation.graph
        self.trace = situation.trace
        model = situation.model
        program = situation.program()
        self.plan: Plan = program.plan
        self._buffers = dict(zip(program.buffer_keys, model.buffers(program), strict=True))
        self.operations = {o.node: o for o in self.plan.operations}
        self._runs: dict[str, NodeRun] = {}
        self.computed = 0
        """How many contributions have been computed: what an answer costs."""
        self.consumers: dict[Key, list[NodeArgument]] = {}
        self.learned: dict[Key, list[NodeArgument]] = {}
        for operation in self.plan.operations:
            for step in steps_of(operation):
                leaf = step.leaf
                if isinstance(leaf, Own):
                    self.learned.setdefault(leaf.key, []).append(step)
                else:
                    self.consumers.setdefault(leaf.source, []).append(step)

    # Numbers

    def node_run(self, operation: Operation) -> NodeRun:
        """The node as it ran, with the planted fault if there is one: what it passes back is what the trace has."""
        if operation.node not in self._runs:
            outputs = [self.trace.values[key] for key in operation.outputs]
            kept = self.trace.kept.get(operation.node)
            self._runs[operation.node] = NodeRun(operation, self._arguments(operation), outputs, kept, fault=self.plan.fault)
        return self._runs[operation.node]

    def _arguments(self, operation: Operation) -> list[Any]:
        def value(leaf: Leaf) -> Tensor:
            return self.trace.parameters[leaf.key] if isinstance(leaf, Own) else self.trace.values[leaf.source]

        return arguments_of(operation, value, self._buffers.__getitem__)

    def input(self, step: NodeArgument) -> Tensor:
        return self.node_run(step.operation).leaves[step.a]

    def arguments(self, operation: Operation) -> list[Any]:
        """What the node's forward received."""
        return list(self.node_run(operation).arguments)

    def output(self, operation: Operation) -> Tensor:
        return self.trace.values[operation.outputs[0]]

    def gradient(self, operation: Operation) -> Tensor | None:
        """∂L/∂y of the node's first output."""
        gradient = self.trace.gradients.get(operation.outputs[0])
        return gradient if isinstance(gradient, Tensor) else None

    # One contribution

    def contribution(self, step: NodeArgument, g: Tensor) -> Tensor | None:
        """What the node passes to this leaf when `g` arrives at its output; None where nothing does."""
        return self.pull(step, [g, *[None] * (len(step.operation.outputs) - 1)])

    def pull(self, step: NodeArgument, gradients: list[Tensor | None]) -> Tensor | None:
        """The contribution to a leaf from the changes of all outputs' gradients; None where nothing arrives."""
        return self._passed(self.node_run(step.operation), step, gradients)

    def elsewhere(self, step: NodeArgument, g: Tensor, arguments: list[Any]) -> Tensor | None:
        """The contribution if the node had received other arguments. Not for nodes that draw random numbers."""
        return self._passed(self.node_run(step.operation).again(arguments), step, [g])

    def _passed(self, run: NodeRun, step: NodeArgument, gradients: list[Tensor | None]) -> Tensor | None:
        if all(g is None for g in gradients):
            return None
        self.computed += 1
        product = run.combined(step.a, gradients)
        return None if product is None else shaped(product, run.leaves[step.a])

    # From a slip back to what is asked

    def between(self, start: list[NodeArgument]) -> dict[str, int]:
        """The nodes that these leaves lead to on the way to the objective, by the fewest wires to them."""
        distance: dict[str, int] = {}
        front, level = start, 0
        while front:
            new = {step.node: step.operation for step in front if step.a in step.operation.needed and step.node not in distance}
            distance |= dict.fromkeys(new, level)
            front = [s for operation in new.values() for key in operation.outputs for s in self.consumers.get(key, ())]
            level += 1
        return distance

    def carried(self, change: Callable[[Key], Tensor | None], start: list[NodeArgument], on_the_way: dict[str, int]) -> Tensor | None:
        """How the sum over the `start` leaves changes when the gradients of outputs change by `change(key)`.

        Only the nodes in `on_the_way` are gone through.
        """
        delta: dict[Key, Tensor] = {}
        total: Tensor | None = None
        starting = {(s.node, s.a) for s in start}
        for operation in sorted((self.operations[node] for node in on_the_way), key=lambda o: -o.index):
            gradients = [_sum(delta.get(key), change(key)) for key in operation.outputs]
            if all(g is None for g in gradients):
                continue
            for step in steps_of(operation):
                begins = (step.node, step.a) in starting
                leaf = step.leaf
                if not begins and not (isinstance(leaf, Wire) and leaf.source[0] in on_the_way):
                    continue
                part = self.pull(step, gradients)
                if part is None:
                    continue
                if begins:
                    total = part if total is None else total + part
                elif isinstance(leaf, Wire):
                    delta[leaf.source] = part if leaf.source not in delta else delta[leaf.source] + part
        return total


def steps_of(operation: Operation) -> list[NodeArgument]:
    """Every wire and learned tensor the node consumes, by argument."""
    return [NodeArgument(operation, a, name, place) for a, (name, place) in enumerate(argument_names(operation))]


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return b if a is None else a if b is None else a + b
