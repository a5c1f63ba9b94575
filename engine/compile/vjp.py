"""One node's derivative: an operation at the numbers of a pass, and the products of a vector with its Jacobian from either side.

The type's own rule answers first, autograd over the node's forward where there is none. A planted fault is part of the node: it is
differentiated as it was computed, and passes back what its backward pass passes back. Give `changes_values(fault)` for the true
derivative of what was computed, with which a spoiled gradient can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Argument, Held, Key, Own, Several, Wire
from engine.compile.faults import doubled, rule_of, spoiled, twice
from engine.compile.plan import Leaf, Operation
from engine.compile.unselected import Cut, Mask, shrunk
from engine.nodes.base import Result
from graph.model.faults import Fault


def changes_values(fault: Fault | None) -> Fault | None:
    """The fault where it changes what is computed; None where it spoils gradients only, or nothing."""
    return fault if fault is not None and fault.kind == "softmax" else None


def argument_names(operation: Operation) -> list[tuple[str, int]]:
    """For every leaf the name of its argument, and its place in the tuple of a `many` port (−1 for a plain argument)."""
    arguments: list[tuple[str, int]] = []
    for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
        if isinstance(argument, Several):
            arguments += [(name, place) for place in range(len(argument.items))]
        elif isinstance(argument, (Wire, Own)):
            arguments.append((name, -1))
    return arguments


def arguments_of(operation: Operation, value: Callable[[Leaf], Tensor], buffer: Callable[[Key], Tensor]) -> list[Any]:
    """What the node's forward receives: tensors, tuples of them, and None where nothing is connected."""

    def resolve(argument: Argument) -> Any:
        if argument is None:
            return None
        if isinstance(argument, Several):
            return tuple(resolve(item) for item in argument.items)
        return buffer(argument.key) if isinstance(argument, Held) else value(argument)

    return [resolve(argument) for argument in operation.wiring.arguments]


class NodeRun:
    """An operation as it ran: `leaves` are the tensors of its wires and learned tensors, `arguments` all that its forward received,
    `outputs` what it returned, `kept` what its forward kept for its rules.

    `rng` gives the generator that its forward drew from; without it, autograd has no derivative of a random node.
    """

    def __init__(
        self,
        operation: Operation,
        arguments: Sequence[Any],
        outputs: Sequence[Tensor],
        kept: Any = None,
        *,
        fault: Fault | None = None,
        rng: Callable[[], Any] | None = None,
    ) -> None:
        self.operation, self.arguments, self.outputs, self.kept = operation, list(arguments), tuple(outputs), kept
        self.fault, self._rng = fault, rng
        self.names = argument_names(operation)
        self.leaves: list[Tensor] = [self._argument(name) if place < 0 else self._argument(name)[place] for name, place in self.names]
        self._twice = twice(fault, operation)
        self._recorded: tuple[tuple[Tensor, ...], dict[int, Tensor]] | None = None

    def _argument(self, name: str) -> Any:
        return self.arguments[self.operation.wiring.names.index(name)]

    def at(self, arguments: Sequence[Any], outputs: Sequence[Tensor], kept: Any = None) -> NodeRun:
        """The same operation at other numbers."""
        return NodeRun(self.operation, arguments, outputs, kept, fault=self.fault, rng=self._rng)

    def honest(self) -> NodeRun:
        """The same with the true derivative of what was computed, whatever a fault passes back."""
        return NodeRun(self.operation, self.arguments, self.outputs, self.kept, fault=changes_values(self.fault), rng=self._rng)

    def again(self, arguments: Sequence[Any]) -> NodeRun:
        """The same operation, computed on other arguments."""
        with torch.no_grad():
            run = self.forward(arguments)
        return self.at(arguments, run.outputs, run.kept)

    # What can be asked

    def differentiable(self, a: int) -> bool:
        """Whether the output can have a derivative by the a-th leaf: it depends on this leaf, which holds real numbers."""
        operation, leaf = self.operation, self.operation.leaves[a]
        if operation.fed or not operation.type.differentiable:
            return False
        if not operation.type.depends(operation.settings, self.names[a][0], operation.connected):
            return False
        port = next((p for p in operation.type.inputs if isinstance(leaf, Wire) and p.name == leaf.port), None)
        return self.leaves[a].is_floating_point() and (port is None or port.dtype != "index")

    def ruled(self, a: int, output: int = 0) -> bool:
        """Whether the type's own rule gives the derivative of this output: one that was computed otherwise needs autograd."""
        if self.operation.alias:
            return True
        return output == 0 and not self._twice and self.names[a][0] in self.operation.type.gradients

    def as_declared(self, a: int | None = None) -> bool:
        """Whether no planted fault changes the output, nor (of a leaf) what is passed back to it."""
        if a is None or self._twice:
            return not self._twice
        declared = self.operation.type.gradients.get(self.names[a][0])
        same = declared is None or rule_of(self.fault, self.operation, self.names[a][0]) is declared
        return same and spoiled(self.fault, self.operation, a) is None

    # Products

    def vjp(self, a: int, g: Tensor, output: int = 0) -> Tensor:
        """gᵀJ in the leaf's shape; 0 where the output does not depend on the leaf."""
        product = self.contribution(a, g, output)
        return torch.zeros_like(self.leaves[a]) if product is None else shaped(product, self.leaves[a])

    def contribution(self, a: int, g: Tensor, output: int = 0) -> Tensor | None:
        """gᵀJ as a rule answers, perhaps in the shape the leaf was broadcast to; None where the output does not depend on the leaf."""
        if self.ruled(a, output):
            return self._spoiled(a, g if self.operation.alias else self._by_rule(a, g))
        return self.combined(a, self._only(g, output))

    def combined(self, a: int, gradients: Sequence[Tensor | None]) -> Tensor | None:
        """The contribution from the gradients of all outputs together; None where they do not depend on the leaf."""
        first, *others = gradients
        if first is not None and all(g is None for g in others) and self.ruled(a):
            return self.contribution(a, first)
        return self._spoiled(a, self._by_autograd(a, gradients))

    def careful(self, a: int, g: Tensor, cut: Mask, independent: Callable[[], frozenset[str]], output: int = 0) -> tuple[Tensor, Mask]:
        """`vjp` where 0 · ∞ may come from a branch that was not selected (see `engine.compile.unselected`), and where it is cut then.

        `independent` gives the arguments that depend on nothing this leaf depends on.
        """
        if self.operation.alias or not self.ruled(a, output):
            return self.vjp(a, g, output), cut if self.operation.alias else None
        name, place = self.names[a]
        rule = Cut(self.operation, name, place, rule_of(self.fault, self.operation, name), independent())
        with torch.no_grad():
            value, mask = rule(self.operation.settings, g, cut, self.outputs[0], self.kept, *self.arguments)
            value, mask = shrunk(value, mask, self.leaves[a].shape)
        passed = self._spoiled(a, value)
        assert passed is not None  # a fault makes something else of a tensor, not nothing
        return passed, mask

    def jvp(self, a: int, t: Tensor, output: int = 0) -> Tensor:
        """J t in the output's shape; 0 where the output does not depend on this branch, however steep what comes before it is."""
        product = self._forward_product(a, t, output)
        unselected = self.operation.type.unselected.get(self.names[a][0])
        if unselected is None or bool(torch.isfinite(product).all()):
            return product
        mask = unselected(self.operation.settings, self.outputs[output], self.kept, *self.arguments)
        return product.masked_fill(mask, 0.0) if mask.shape == product.shape else product

    def _forward_product(self, a: int, t: Tensor, output: int) -> Tensor:
        """The derivative of vᵀJt with respect to v, which costs no forward-mode formula.

        vᵀJ comes from autograd over the node's own forward, which is another way than its rule.
        """
        y = self.outputs[output]
        if self.operation.alias:
            return t
        if self.leaves[a].numel() == 1 == y.numel():
            slope = self._by_autograd(a, self._only(torch.ones_like(y), output))
            return torch.zeros_like(y) if slope is None else (slope * t).reshape(y.shape)
        v = torch.zeros_like(y).requires_grad_()
        with torch.enable_grad():
            product = self._by_autograd(a, self._only(v, output), create_graph=True)
            if product is None or not product.requires_grad:
                return torch.zeros_like(y)
            (derivative,) = torch.autograd.grad((shaped(product, t) * t).sum(), v, allow_unused=True)
        return torch.zeros_like(y) if derivative is None else derivative.detach()

    def _only(self, g: Tensor, output: int) -> list[Tensor | None]:
        return [g if k == output else None for k in range(len(self.outputs))]

    def _spoiled(self, a: int, contribution: Tensor | None) -> Tensor | None:
        spoil = spoiled(self.fault, self.operation, a)
        return contribution if spoil is None else spoil(contribution)

    def _by_rule(self, a: int, g: Tensor) -> Tensor:
        name, place = self.names[a]
        with torch.no_grad():
            answer = rule_of(self.fault, self.operation, name)(self.operation.settings, g, self.outputs[0], self.kept, *self.arguments)
        product: Tensor = answer if place < 0 else answer[place]
        return product

    def _by_autograd(self, a: int, gradients: Sequence[Tensor | None], create_graph: bool = False) -> Tensor | None:
        if self.operation.type.random and self._rng is None:
            return None
        if self._recorded is None:
            self._recorded = self._record()
        outputs, leaves = self._recorded
        pairs = [(y, g.expand_as(y)) for y, g in zip(outputs, gradients, strict=True) if g is not None and y.requires_grad]
        if a not in leaves or not pairs:
            return None
        (product,) = torch.autograd.grad(
            [y for y, _ in pairs], leaves[a], [g for _, g in pairs], retain_graph=True, create_graph=create_graph, allow_unused=True
        )
        return product

    def _record(self) -> tuple[tuple[Tensor, ...], dict[int, Tensor]]:
        """(outputs, leaves) of the node's forward on leaves of its own."""
        leaves = {a: t.detach().requires_grad_() for a, t in enumerate(self.leaves) if self.differentiable(a)}
        numbers = iter(range(len(self.leaves)))
        value = {a: leaves.get(a, t) for a, t in enumerate(self.leaves)}
        arguments = [
            tuple(value[next(numbers)] for _ in argument.items) if isinstance(argument, Several)
            else value[next(numbers)] if isinstance(argument, (Wire, Own)) else given
            for argument, given in zip(self.operation.wiring.arguments, self.arguments, strict=True)
        ]  # fmt: skip
        with torch.enable_grad():
            outputs = self.forward(arguments).outputs
        return outputs, leaves

    def forward(self, arguments: Sequence[Any], dtype: torch.dtype | None = None) -> Result:
        """The node's forward on other arguments, with the fault and with what the pass drew; `dtype` is that of the arguments."""
        if self.operation.alias:
            return Result((arguments[0],))
        kind, settings = self.operation.type, self.operation.settings
        if not kind.random:
            run = (doubled(self.operation) if self._twice else kind.forward)(settings, *arguments)
            return run if isinstance(run, Result) else Result((run,))
        kept = self.kept.to(dtype or self.outputs[0].dtype) if isinstance(self.kept, Tensor) else self.kept
        repeated = kind.repeat(settings, kept, *arguments)
        if repeated is not None:
            return Result((repeated,), self.kept)
        run = kind.forward(settings, *arguments, rng=None if self._rng is None else self._rng())
        return run if isinstance(run, Result) else Result((run,))


def shaped(product: Tensor, wanted: Tensor) -> Tensor:
    """A rule's answer with the axes summed away along which the leaf was broadcast."""
    return product if product.shape == wanted.shape else product.sum_to_size(wanted.shape)
