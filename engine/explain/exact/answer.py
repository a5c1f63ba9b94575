"""Computes the pass shown once more in fractions: forward in the order of the operations, then backward from the objective."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.compile.environment import Key, Own, Several, Wire
from engine.compile.plan import Leaf, Operation
from engine.compile.views import Absent
from engine.explain.exact import Exact, ExactNumbers, ExactTensor
from engine.explain.exact.rules import RULES, Array, NotExact, array, fractions, summed_to
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from graph.model.address import Address
from graph.text.messages import _, translated

if TYPE_CHECKING:
    from torch import Tensor

    from engine.explain.context import ExplainContext

MOST_NODES = 200
MOST_ENTRIES = 256
"""Entries of one tensor."""
MOST_DIGITS = 2000
"""Digits of a numerator and a denominator together: from there on a fraction is not computed further."""


def exact_numbers(situation: ExplainContext, question: ExactNumbers) -> Exact:
    """The fractions of the pass shown. Raises Unanswerable where nothing in the graph can be computed in fractions."""
    return _ExactPass(LocalProducts(situation)).answer()


class _ExactPass:
    """`values`, `gradients` and `wires` are arrays of fractions; what is not there is not exact."""

    def __init__(self, products: LocalProducts) -> None:
        self.products, self.trace, self.graph = products, products.trace, products.graph
        self.values: dict[Key, Array] = {}
        self.parameters: dict[Key, Array] = {}
        self.gradients: dict[Key, Array] = {}
        self.parameter_gradients: dict[Key, Array] = {}
        self.wires: dict[str, Array] = {}
        self.inexact: dict[str, str] = {}
        if products.plan.fault is not None:
            raise Unanswerable(_("A fault has been planted in this graph, so its numbers are not those of exact arithmetic."))
        if len(products.plan.operations) > MOST_NODES:
            raise Unanswerable(
                _("Fractions are for graphs of up to {most} nodes; this one has {count}.").format(
                    most=MOST_NODES, count=len(products.plan.operations)
                )
            )

    def answer(self) -> Exact:
        for operation in self.products.plan.operations:
            self._forward(operation)
        if not self.values:
            raise Unanswerable(_("Nothing in this graph can be computed in fractions."))
        objective = self.trace.objective
        if objective in self.values:
            self._backward(objective)
        else:
            objective = None
        return Exact(self._tensors(), self.inexact, None if objective is None else Address("output", *objective))

    # Forward

    def _forward(self, operation: Operation) -> None:
        try:
            for key in operation.outputs:
                self.values[key] = self._value(operation, key)
        except NotExact as why:
            self.inexact[operation.node] = str(why)

    def _value(self, operation: Operation, key: Key) -> Array:
        computed = self.trace.values[key]
        if computed.numel() > MOST_ENTRIES:
            raise NotExact(_("it has more than {most} entries").format(most=MOST_ENTRIES))
        if operation.fed:
            return fractions(_numbers(computed))
        if operation.alias:
            return self._own(operation.leaves[0])
        rule = RULES.get(operation.type.key)
        if rule is None:
            raise NotExact(_("{title} does not give fractions").format(title=translated(operation.type.title)))
        value = array(rule.value(operation.settings, *self._arguments(operation)))
        value = np.reshape(value, tuple(computed.shape)) if value.size == computed.numel() else value
        return _short(value)

    def _arguments(self, operation: Operation) -> list[Any]:
        arguments: list[Any] = []
        for argument in operation.wiring.arguments:
            if isinstance(argument, Several):
                arguments.append(tuple(self._leaf(item) for item in argument.items))
            else:
                arguments.append(None if argument is None else self._leaf(argument))
        return arguments

    def _leaf(self, leaf: Any) -> Array:
        if isinstance(leaf, Own):
            return self._own(leaf)
        if isinstance(leaf, Wire) and leaf.source in self.values:
            return self.values[leaf.source]
        raise NotExact("")

    def _own(self, leaf: Leaf) -> Array:
        assert isinstance(leaf, Own)
        if leaf.key not in self.parameters:
            tensor = self.trace.parameters[leaf.key]
            if tensor.numel() > MOST_ENTRIES:
                raise NotExact(_("it has more than {most} entries").format(most=MOST_ENTRIES))
            self.parameters[leaf.key] = fractions(_numbers(tensor))
        return self.parameters[leaf.key]

    # Backward

    def _backward(self, objective: Key) -> None:
        one = np.empty(self.values[objective].shape, dtype=object)
        one[...] = Fraction(1)
        self.gradients[objective] = one
        lost: set[Key] = set()
        """Outputs one of whose contributions is not exact."""
        for operation in reversed(self.products.plan.operations):
            for key in operation.outputs:
                if key in lost:
                    self.gradients.pop(key, None)
                    lost |= {leaf.source for leaf in operation.leaves if isinstance(leaf, Wire)}
                elif key in self.gradients:
                    self._through(operation, key, lost)

    def _through(self, operation: Operation, key: Key, lost: set[Key]) -> None:
        rule = RULES.get(operation.type.key)
        for step in self.products.steps_into(key):
            leaf = operation.leaves[step.a]
            if operation.alias:
                part = self.gradients[key]
            else:
                assert rule is not None  # its value is a fraction
                try:
                    part = self._part(operation, rule, key, step.a)
                except NotExact:
                    if isinstance(leaf, Wire):
                        lost.add(leaf.source)
                    continue
            if isinstance(leaf, Own):
                _add(self.parameter_gradients, leaf.key, part)
            else:
                self.wires[leaf.edge] = part
                _add(self.gradients, leaf.source, part)

    def _part(self, operation: Operation, rule: Any, key: Key, a: int) -> Array:
        """What one argument contributes, with the argument's shape."""
        name, place = self.products.argument(operation, a)
        arguments = self._arguments(operation)
        mine = arguments[operation.wiring.names.index(name)]
        several = [mine[place]] if place >= 0 else arguments
        gradient = rule.gradients[name](operation.settings, self.gradients[key], self.values[key], *several)
        return _short(summed_to(gradient, (mine[place] if place >= 0 else mine).shape))

    # The answer

    def _tensors(self) -> dict[Address, ExactTensor]:
        trace = self.trace
        found: dict[Address, tuple[Array, Tensor | Absent | None]] = {}
        for key, value in self.values.items():
            found[Address("output", *key)] = value, trace.values[key]
        for key, value in self.parameters.items():
            found[Address("parameter", *key)] = value, trace.parameters[key]
        for key, gradient in self.gradients.items():
            found[Address("output", *key, True)] = gradient, trace.gradients.get(key)
        for key, gradient in self.parameter_gradients.items():
            found[Address("parameter", *key, True)] = gradient, trace.parameter_gradients.get(key)
        for edge, gradient in self.wires.items():
            found[Address("edge", edge, "", True)] = gradient, trace.edge_gradients.get(edge)
        return {
            address: _tensor(address, address.name(self.graph), exact, computed)
            for address, (exact, computed) in found.items()
            if computed is not None and not isinstance(computed, Absent)
        }


def _numbers(tensor: Tensor) -> np.ndarray[Any, Any]:
    numbers: np.ndarray[Any, Any] = tensor.detach().cpu().numpy()
    return numbers


def _short(numbers: Array) -> Array:
    for number in np.ravel(numbers):
        if number.numerator.bit_length() + number.denominator.bit_length() > MOST_DIGITS * 3.33:
            raise NotExact(_("its fraction has more than {most} digits").format(most=MOST_DIGITS))
    return numbers


def _add(sums: dict[Key, Array], key: Key, part: Array) -> None:
    sums[key] = array(sums[key] + part) if key in sums else part


def _tensor(address: Address, name: str, exact: Array, computed: Tensor) -> ExactTensor:
    numbers = tuple(np.ravel(exact))
    floats = tuple(float(entry) for entry in np.ravel(_numbers(computed)))
    errors = tuple(_error(entry, fraction) for entry, fraction in zip(floats, numbers, strict=True))
    return ExactTensor(address, name, tuple(computed.shape), numbers, floats, errors)


def _error(computed: float, exact: Fraction) -> float:
    return float(Fraction(computed) - exact) if np.isfinite(computed) else computed
