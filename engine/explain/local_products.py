"""Products of a vector with one node's Jacobian, from either side, at the numbers of a trace and in float64.

What a node's forward drew or kept (a mask, indices) is the trace's own: nothing random is drawn anew. A planted fault that spoils
gradients does not spoil these products, so that it can be found by comparing; one that changes what is computed is part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.environment import Argument, Held, Key, Own, Several, Wire
from engine.explain.question import Unanswerable
from engine.faults import doubled, twice
from engine.nodes.base import Result
from engine.plan import Leaf, Operation, Plan, differentiable_leaf
from engine.session import SessionError
from engine.state import state_key
from engine.trace import Trace
from engine.unselected import Cut, Mask, ancestors, apart, shrunk

if TYPE_CHECKING:
    from engine.explain.situation import Situation
    from graph.graph import Graph


@dataclass(frozen=True, slots=True)
class Step:
    """From the leaf `a` of an operation (a wire into it, or a learned tensor) to its output `key`."""

    node: str
    a: int
    key: Key


class LocalProducts:
    """The operations of the pass shown, each differentiated on its own.

    `trace` holds the numbers, `plan` the operations in order of computation. Raises Unanswerable where there is no pass.
    """

    def __init__(self, situation: Situation) -> None:
        self.graph: Graph = situation.graph
        self.trace: Trace = situation.trace
        session = situation.session
        try:
            program = session.program(training=situation.training, everything=True)
        except SessionError as error:
            raise Unanswerable(str(error)) from error
        self.plan: Plan = program.plan
        self.operations = {o.node: o for o in self.plan.operations}
        self._buffers = session.state.buffers
        self._random = session.random(situation.batch[1])
        self._exact = self.trace.dtype == "float64" and self.trace.device == "cpu"
        self._doubles: dict[Any, Tensor] = {}
        self._kept: dict[str, Any] = {}
        self._forwards: dict[str, tuple[tuple[Tensor, ...], dict[int, Tensor]]] = {}
        self._slopes: dict[Step, float | None] = {}
        self._before: dict[Key, frozenset[Key]] = {}

    # The structure

    def differentiable(self, operation: Operation) -> list[int]:
        """The leaves that an operation can be differentiated by."""
        if operation.fed or not operation.type.differentiable:
            return []
        return [a for a, leaf in enumerate(operation.leaves) if differentiable_leaf(self.plan.inference, operation, leaf)]

    def steps_into(self, key: Key) -> list[Step]:
        """Every step that ends at this output, in the order of the arguments."""
        if self.plan.inference.outputs[key].dtype != "float":
            return []
        return [Step(key[0], a, key) for a in self.differentiable(self.operations[key[0]])]

    def leaf(self, step: Step) -> Leaf:
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

    def single(self, step: Step) -> bool:
        """Whether both ends are single numbers."""
        return self.value_of(self.leaf(step)).numel() == 1 == self.output(step.key).numel()

    # Products

    def slope(self, step: Step) -> float | None:
        """The local derivative as a number, where both ends are single numbers."""
        if step not in self._slopes:
            self._slopes[step] = float(self.backward(step, torch.ones_like(self.output(step.key)))) if self.single(step) else None
        return self._slopes[step]

    def backward(self, step: Step, g: Tensor) -> Tensor:
        """gᵀJ, of the leaf's shape: by the type's rule, else by autograd over the node's own forward."""
        operation = self.operations[step.node]
        if operation.alias:
            return g
        value = self.value_of(operation.leaves[step.a])
        with torch.no_grad():
            found = self._by_rule(operation, step, g)
        if found is None:
            found = self._by_autograd(operation, step, g)
        return found if found.shape == value.shape else found.sum_to_size(value.shape)

    def careful(self, step: Step, g: Tensor, cut: Mask) -> tuple[Tensor, Mask]:
        """`backward` where 0 · ∞ may come from a branch that was not selected (see `engine.unselected`), and where g is cut then."""
        operation = self.operations[step.node]
        name, place = self.argument(operation, step.a)
        rule = operation.type.gradients.get(name)
        if operation.alias or rule is None or step.key != operation.outputs[0] or twice(self.plan.fault, operation):
            return self.backward(step, g), cut if operation.alias else None
        self._before = self._before or ancestors(self.plan)
        one = Cut(operation, name, place, rule, apart(self._before, operation, step.a))
        with torch.no_grad():
            arguments = self._arguments(operation, {})
            found = one(operation.settings, g, cut, self.output(step.key), self._kept_by(operation.node), *arguments)
            return shrunk(*found, self.value_of(operation.leaves[step.a]).shape)

    def forward(self, step: Step, t: Tensor) -> Tensor:
        """J t, of the output's shape; 0 where the output does not depend on this branch, however steep what comes before it is."""
        found = self._forward_product(step, t)
        operation = self.operations[step.node]
        unselected = operation.type.unselected.get(self.argument(operation, step.a)[0])
        if unselected is None or bool(torch.isfinite(found).all()):
            return found
        mask = unselected(operation.settings, self.output(step.key), self._kept_by(operation.node), *self._arguments(operation, {}))
        return found.masked_fill(mask, 0.0) if mask.shape == found.shape else found

    def _forward_product(self, step: Step, t: Tensor) -> Tensor:
        """The derivative of vᵀJt with respect to v, which costs no forward-mode formula.

        vᵀJ comes from autograd over the node's own forward, which is another way than its rule.
        """
        operation = self.operations[step.node]
        if operation.alias:
            return t
        if self.single(step):
            return (self._by_autograd(operation, step, torch.ones_like(self.output(step.key))) * t).reshape(self.output(step.key).shape)
        v = torch.zeros_like(self.output(step.key)).requires_grad_()
        with torch.enable_grad():
            product = self._by_autograd(operation, step, v, create_graph=True)
            if product.shape != t.shape:
                product = product.sum_to_size(t.shape)
            if not product.requires_grad:
                return torch.zeros_like(v)
            (found,) = torch.autograd.grad((product * t).sum(), v, allow_unused=True)
        return torch.zeros_like(v) if found is None else found.detach()

    def _by_rule(self, operation: Operation, step: Step, g: Tensor) -> Tensor | None:
        name, place = self.argument(operation, step.a)
        rule = operation.type.gradients.get(name)
        if rule is None or step.key != operation.outputs[0] or twice(self.plan.fault, operation):
            return None
        arguments = self._arguments(operation, {})
        found = rule(operation.settings, g, self.output(step.key), self._kept_by(operation.node), *arguments)
        result: Tensor = found if place < 0 else found[place]
        return result

    def _by_autograd(self, operation: Operation, step: Step, g: Tensor, create_graph: bool = False) -> Tensor:
        outputs, leaves = self._forward(operation)
        y, leaf = outputs[operation.outputs.index(step.key)], leaves[step.a]
        if not y.requires_grad:
            return torch.zeros_like(leaf)
        (found,) = torch.autograd.grad(y, leaf, g, retain_graph=True, create_graph=create_graph, allow_unused=True)
        return torch.zeros_like(leaf) if found is None else found

    def _forward(self, operation: Operation) -> tuple[tuple[Tensor, ...], dict[int, Tensor]]:
        """(outputs, leaves) of the node's forward on leaves of its own."""
        if operation.node not in self._forwards:
            leaves = {a: self.value_of(operation.leaves[a]).detach().requires_grad_() for a in self.differentiable(operation)}
            with torch.enable_grad():
                outputs = self.run(operation, self._arguments(operation, leaves))
            self._forwards[operation.node] = (outputs, leaves)
        return self._forwards[operation.node]

    def run(self, operation: Operation, arguments: list[Any], dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        """The outputs of a node's forward on other arguments, with what the trace's forward drew."""
        if operation.alias:
            return (arguments[0],)
        kind, settings = operation.type, operation.settings
        if not kind.random:
            forward = doubled(operation) if twice(self.plan.fault, operation) else kind.forward
            run = forward(settings, *arguments)
            return run.outputs if isinstance(run, Result) else (run,)
        kept = self._kept_by(operation.node)
        repeated = kind.repeat(settings, kept.to(dtype) if isinstance(kept, Tensor) else kept, *arguments)
        if repeated is not None:
            return (repeated,)
        run = kind.forward(settings, *arguments, rng=self._random(operation.node))
        return run.outputs if isinstance(run, Result) else (run,)

    # Arguments

    def argument(self, operation: Operation, a: int) -> tuple[str, int]:
        """The name of a leaf's argument, and its place in the tuple of a `many` port (−1 for a plain one)."""
        return next(found for number, found in enumerate(_names(operation)) if number == a)

    def _arguments(self, operation: Operation, leaves: dict[int, Tensor]) -> list[Any]:
        numbers = iter(range(len(operation.leaves)))

        def resolve(argument: Argument) -> Any:
            if argument is None:
                return None
            if isinstance(argument, Held):
                return self.buffer(argument.key)
            if isinstance(argument, Several):
                return tuple(resolve(item) for item in argument.items)
            a = next(numbers)
            return leaves[a] if a in leaves else self.value_of(argument)

        return [resolve(argument) for argument in operation.wiring.arguments]

    def _double(self, key: Any, tensor: Tensor) -> Tensor:
        if self._exact:
            return tensor
        if key not in self._doubles:
            self._doubles[key] = _double(tensor)
        return self._doubles[key]

    def _kept_by(self, node: str) -> Any:
        if self._exact:
            return self.trace.kept.get(node)
        if node not in self._kept:
            self._kept[node] = _double(self.trace.kept.get(node))
        return self._kept[node]


def _names(operation: Operation) -> Iterator[tuple[str, int]]:
    for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
        if isinstance(argument, Several):
            yield from ((name, place) for place in range(len(argument.items)))
        elif isinstance(argument, (Wire, Own)):
            yield name, -1


def _double(item: Any) -> Any:
    """The same with every float tensor in float64 on the CPU; a forward keeps tensors, and tuples of them."""
    if isinstance(item, Tensor):
        item = item.detach().cpu()
        return item.double() if item.is_floating_point() else item
    if isinstance(item, tuple) and not isinstance(item, torch.Size):
        parts: Iterable[Any] = map(_double, item)
        return type(item)(*parts) if hasattr(item, "_fields") else tuple(parts)
    return item
