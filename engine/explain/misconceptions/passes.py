"""The backward pass of a trace, gone through again one contribution at a time, so that a slip in one place can be followed.

A backward pass is linear in the gradients it carries: a wrong contribution changes the gradient asked for by its own error, carried
back through the nodes in between. Only those are computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.environment import Held, Key, Own, Several, Wire
from engine.explain.situation import Situation
from engine.nodes.base import Result
from engine.plan import Operation, Plan


@dataclass(frozen=True, slots=True)
class Step:
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

    def __init__(self, situation: Situation) -> None:
        self.graph = situation.graph
        self.trace = situation.trace
        session = situation.session
        program = session.program(training=situation.training, everything=True)
        self.plan: Plan = program.plan
        self._buffers = dict(zip(program.buffer_keys, session.buffers(program), strict=True))
        self.operations = {o.node: o for o in self.plan.operations}
        self.computed = 0
        """How many contributions have been computed: what an answer costs."""
        self.consumers: dict[Key, list[Step]] = {}
        self.learned: dict[Key, list[Step]] = {}
        for operation in self.plan.operations:
            for step in steps_of(operation):
                leaf = step.leaf
                if isinstance(leaf, Own):
                    self.learned.setdefault(leaf.key, []).append(step)
                else:
                    self.consumers.setdefault(leaf.source, []).append(step)

    # Numbers

    def input(self, step: Step) -> Tensor:
        leaf = step.leaf
        return self.trace.parameters[leaf.key] if isinstance(leaf, Own) else self.trace.values[leaf.source]

    def arguments(self, operation: Operation) -> list[Any]:
        """What the node's forward received."""

        def one(argument: Any) -> Any:
            if isinstance(argument, Several):
                return tuple(one(item) for item in argument.items)
            if isinstance(argument, Held):
                return self._buffers[argument.key]
            if isinstance(argument, Own):
                return self.trace.parameters[argument.key]
            return self.trace.values[argument.source] if isinstance(argument, Wire) else None

        return [one(argument) for argument in operation.wiring.arguments]

    def output(self, operation: Operation) -> Tensor:
        return self.trace.values[operation.outputs[0]]

    def gradient(self, operation: Operation) -> Tensor | None:
        """∂L/∂y of the node's first output."""
        found = self.trace.gradients.get(operation.outputs[0])
        return found if isinstance(found, Tensor) else None

    def forward(self, operation: Operation, arguments: list[Any]) -> tuple[Tensor, Any]:
        """(first output, what the forward keeps for the rules) on other arguments. Not for nodes that draw random numbers."""
        with torch.no_grad():
            run = operation.type.forward(operation.settings, *arguments)
        return (run.outputs[0], run.kept) if isinstance(run, Result) else (run, None)

    # One contribution

    def contribution(self, step: Step, g: Tensor, *, arguments: list[Any] | None = None, y: Tensor | None = None,
                     kept: Any = None) -> Tensor | None:  # fmt: skip
        """What the node passes to this leaf when `g` arrives at its output, by its rule or else by autograd over its forward."""
        operation = step.operation
        self.computed += 1
        if operation.alias:
            return g
        rule = operation.type.gradients.get(step.name)
        if rule is None:
            return self._by_autograd(step, [g, *[None] * (len(operation.outputs) - 1)], arguments)
        used = self.arguments(operation) if arguments is None else arguments
        if y is None:
            y, kept = self.output(operation), self.trace.kept.get(operation.node)
        with torch.no_grad():
            found = rule(operation.settings, g, y, kept, *used)
            found = found[step.place] if step.place >= 0 else found
            return shaped(found, self.input(step))

    def pull(self, step: Step, gradients: list[Tensor | None]) -> Tensor | None:
        """The contribution to a leaf from the changes of all outputs' gradients; None where nothing arrives."""
        if all(g is None for g in gradients):
            return None
        if gradients[0] is not None and all(g is None for g in gradients[1:]):
            return self.contribution(step, gradients[0])
        return self._by_autograd(step, gradients, None)

    def _by_autograd(self, step: Step, gradients: list[Tensor | None], arguments: list[Any] | None) -> Tensor | None:
        operation = step.operation
        if operation.type.random:
            return None
        used = self.arguments(operation) if arguments is None else list(arguments)
        where = operation.wiring.names.index(step.name)
        given = used[where][step.place] if step.place >= 0 else used[where]
        leaf = given.detach().requires_grad_()
        used[where] = tuple(leaf if i == step.place else t for i, t in enumerate(used[where])) if step.place >= 0 else leaf
        with torch.enable_grad():
            run = operation.type.forward(operation.settings, *used)
        outputs = run.outputs if isinstance(run, Result) else (run,)
        pairs = [(o, g.expand_as(o)) for o, g in zip(outputs, gradients, strict=True) if g is not None and o.requires_grad]
        if not pairs:
            return None
        found: Tensor | None = torch.autograd.grad([o for o, _ in pairs], leaf, [g for _, g in pairs], allow_unused=True)[0]
        return found

    # From a slip back to what is asked

    def between(self, start: list[Step]) -> dict[str, int]:
        """The nodes that these leaves lead to on the way to the objective, by the fewest wires to them."""
        distance: dict[str, int] = {}
        front, level = start, 0
        while front:
            new = {step.node: step.operation for step in front if step.a in step.operation.needed and step.node not in distance}
            distance |= dict.fromkeys(new, level)
            front = [s for operation in new.values() for key in operation.outputs for s in self.consumers.get(key, ())]
            level += 1
        return distance

    def carried(self, change: Callable[[Key], Tensor | None], start: list[Step], on_the_way: dict[str, int]) -> Tensor | None:
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


def steps_of(operation: Operation) -> list[Step]:
    """Every wire and learned tensor the node consumes, by argument."""
    found: list[Step] = []
    for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
        if isinstance(argument, Several):
            found += [Step(operation, len(found) + i, name, i) for i in range(len(argument.items))]
        elif isinstance(argument, (Wire, Own)):
            found.append(Step(operation, len(found), name, -1))
    return found


def shaped(found: Tensor, wanted: Tensor) -> Tensor:
    """A rule's answer with the axes summed away along which the leaf was broadcast."""
    return found if found.shape == wanted.shape else found.sum_to_size(wanted.shape)


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return b if a is None else a if b is None else a + b
