"""Builds the formulas of a scalar graph: f written out where it is short, else by definitions named after nodes, and the chain
rule through them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, Symbol

from engine.compile.environment import Key, Own, Several, Wire
from engine.compile.views import Absent
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.explain.symbolic import Derivative, Expression, Formulas, Symbolic
from engine.explain.symbolic.brackets import plain_brackets
from engine.explain.symbolic.numbers import evaluate
from engine.explain.symbolic.simplify import simplified
from engine.explain.symbolic.table import FORMULAS, number
from engine.nodes.activations import Activation
from graph.formula.latex import latex_name
from graph.model.address import Address
from graph.text.messages import _, translated

if TYPE_CHECKING:
    from engine.compile.plan import Operation
    from engine.explain.context import ExplainContext

WRITTEN_OUT = 30
"""Operations up to which f is written out; beyond, and for its derivatives, nodes get symbols of their own."""
PIECE = 12
"""Operations of one definition, at most, where nodes have symbols."""
LARGEST = 200
"""Nodes of a graph that formulas are made for."""
SECONDS = 0.12
"""Time for simplifying in one answer; what is left is shown as it comes."""


def formulas(situation: ExplainContext, question: Symbolic) -> Formulas:
    """The formulas of the pass shown. Raises Unanswerable for tensors and for types without a formula."""
    return _Builder(LocalProducts(situation), question).formulas()


@dataclass(slots=True)
class _Chain:
    """`names` LaTeX by symbol; `values` numbers by symbol; `definitions` in an order in which they can be worked out."""

    names: dict[Symbol, str] = field(default_factory=dict)
    values: dict[Symbol, float | None] = field(default_factory=dict)
    definitions: list[tuple[Symbol, str, Expr]] = field(default_factory=list)


ROUNDING = 2.0**-46
"""Of the numbers that were added up, what their last digits may come to over a formula."""


class _Builder:
    def __init__(self, products: LocalProducts, question: Symbolic) -> None:
        self.products, self.question = products, question
        self.trace, self.graph = products.trace, products.graph
        if self.trace.objective is None:
            raise Unanswerable(self.trace.objective_note or _("There is no objective."))
        self.target: Key = self.trace.objective
        wanted = products.plan.for_objective
        self.operations = [o for o in products.plan.operations if o.node in wanted]
        self.chain = _Chain()
        self.leaves: dict[Symbol, Address] = {}
        self.expressions: dict[Key, Expr] = {}
        self.until = time.perf_counter() + SECONDS
        self.cut_short = False
        self._sizes: dict[Key, float] = {}
        self._check()

    def formulas(self) -> Formulas:
        long = self._written_size() > WRITTEN_OUT
        self._forward(long)
        f = self.expressions[self.target]
        for symbol, _name, expression in self.chain.definitions:
            self.chain.values[symbol] = evaluate(expression, self.chain.values)
        derivatives = self._by_chain_rule(f) if self.chain.definitions else {x: sympy.diff(f, x) for x in self._asked()}
        chosen = tuple(self._derivative(x, e) for x, e in derivatives.items())
        return Formulas(
            self.graph.nodes[self.target[0]].name, self._name(self.target[0]), self._write(f), evaluate(f, self.chain.values),
            float(self.trace.values[self.target]), tuple(self._definition(*d) for d in self.chain.definitions), chosen,
            tuple((x.name, float(self.chain.values[x] or 0.0)) for x in self.leaves), self._note(long),
        )  # fmt: skip

    # What can be written at all

    def _check(self) -> None:
        if len(self.operations) > LARGEST:
            raise Unanswerable(
                _("Formulas are written for graphs of up to {largest} nodes; this graph has {count}.").format(
                    largest=LARGEST, count=len(self.operations)
                )
            )
        for operation in self.operations:
            name = self.graph.nodes[operation.node].name
            for key in operation.outputs:
                value = self.trace.values[key]
                if value.numel() != 1 or not value.is_floating_point():
                    raise Unanswerable(
                        _("Formulas are for graphs of single numbers, and {name} gives {shape}.").format(
                            name=name, shape=_shape(tuple(value.shape))
                        )
                    )
            if not operation.fed and not operation.alias and operation.type.key not in FORMULAS:
                raise Unanswerable(
                    _("{name} ({title}) has no formula in single numbers.").format(name=name, title=translated(operation.type.title))
                )

    def _written_size(self) -> int:
        """Operations of f when nothing is shared, counted without writing it."""
        size: dict[Key, int] = {}
        for operation in self.operations:
            arriving = [size[leaf.source] for leaf in operation.leaves if isinstance(leaf, Wire)]
            size.update({key: 0 if operation.fed or operation.alias else 1 + sum(arriving) for key in operation.outputs})
        return size[self.target]

    # Forward: expressions

    def _forward(self, long: bool) -> None:
        for operation in self.operations:
            if operation.type.role in ("input", "data"):
                for key in operation.outputs:
                    self.expressions[key] = self._leaf(Address("output", *key), self.graph.nodes[key[0]].name, self.trace.values[key])
            elif operation.type.role == "constant":
                self.expressions[operation.outputs[0]] = number(float(self.trace.values[operation.outputs[0]]))
            elif operation.alias:
                place = Address("parameter", operation.node, "value")
                value = self.trace.values[operation.outputs[0]]
                self.expressions[operation.outputs[0]] = self._leaf(place, self.graph.nodes[operation.node].name, value)
            else:
                self._operation(operation, long)

    def _leaf(self, place: Address, name: str, value: Any, latex: str = "") -> Symbol:
        symbol = Symbol(name, real=True)
        self.leaves[symbol] = place
        self.chain.names[symbol] = latex or latex_name(name)
        self.chain.values[symbol] = float(value)
        return symbol

    def _operation(self, operation: Operation, long: bool) -> None:
        arguments = [self._argument(argument) for argument in operation.wiring.arguments]
        key = operation.outputs[0]
        expression = FORMULAS[operation.type.key](operation.settings, *arguments)
        named = long and key != self.target and not expression.is_number and not isinstance(expression, Symbol)
        if named and (self.graph.fan_out(operation.node) > 1 or _size(expression) > PIECE):
            symbol = Symbol(self.graph.nodes[operation.node].name, real=True)
            self.chain.names[symbol] = self._name(operation.node)
            self.chain.definitions.append((symbol, operation.node, expression))
            expression = symbol
        self.expressions[key] = expression

    def _argument(self, argument: Any) -> Any:
        if argument is None:
            return None
        if isinstance(argument, Several):
            return tuple(self._argument(item) for item in argument.items)
        if isinstance(argument, Wire):
            return self.expressions[argument.source]
        if isinstance(argument, Own):
            return self._own(argument.key)
        raise Unanswerable(_("A node with statistics of its own has no formula in single numbers."))

    def _own(self, key: Key) -> Symbol:
        """The symbol of a layer's learned number."""
        node = self.graph.nodes[key[0]]
        known = Symbol(f"{node.name}.{key[1]}" if self.products.operations[key[0]].type.role != "parameter" else node.name, real=True)
        if known in self.leaves:
            return known
        latex = rf"{{{latex_name(key[1])}}}^{{({self._name(key[0])})}}"
        return self._leaf(Address("parameter", *key), known.name, self.trace.parameters[key], latex if "." in known.name else "")

    def _name(self, node: str) -> str:
        return latex_name(self.graph.nodes[node].name)

    # Backward

    def _asked(self) -> list[Symbol]:
        """The symbols that f is differentiated by: the data are given."""
        data = {o.node for o in self.operations if o.type.role == "data"}
        symbols = [x for x, place in self.leaves.items() if place.id not in data]
        chosen = [x for x in symbols if self.question.only in ("", self.leaves[x].id)]
        if not chosen and self.question.only:
            raise Unanswerable(_("Formulas of derivatives are for Inputs and Parameters that the objective depends on."))
        return chosen

    def _by_chain_rule(self, f: Expr) -> dict[Symbol, Expr]:
        """∂f/∂ every definition as a further definition, in reverse order; then ∂f/∂x in terms of these."""
        forward = list(self.chain.definitions)
        users: dict[Symbol, list[tuple[Expr, Expr]]] = {}  # by symbol: (∂f/∂ what is made of it, the formula of that)
        _use(users, sympy.Integer(1), f)
        for symbol, node, formula in reversed(forward):
            slope = _total(users.get(symbol, []), symbol)
            bar = Symbol(f"∂{self.graph.nodes[self.target[0]].name}/∂{symbol.name}", real=True)
            self.chain.names[bar] = rf"\frac{{\partial {self._name(self.target[0])}}}{{\partial {self.chain.names[symbol]}}}"
            self.chain.values[bar] = evaluate(slope, self.chain.values)
            self.chain.definitions.append((bar, node, slope))
            _use(users, bar, formula)
        return {x: _total(users.get(x, []), x) for x in self._asked()}

    # Writing

    def _derivative(self, x: Symbol, expression: Expr) -> Derivative:
        place = self.leaves[x]
        value = evaluate(expression, self.chain.values)
        gradient = self._gradient(place)
        error = None
        if value is not None and gradient is not None and math.isfinite(value) and math.isfinite(gradient):
            difference, scale = abs(value - gradient), max(abs(value), abs(gradient))
            error = 0.0 if difference <= ROUNDING * self._added_up().get(place.key, 0.0) else difference / scale
        left = rf"\frac{{\partial {self._name(self.target[0])}}}{{\partial {self.chain.names[x]}}}"
        return Derivative(place, x.name, left, self._write(expression), value, gradient, error)

    def _added_up(self) -> dict[Key, float]:
        """For every value the sum of the absolute products of all its paths: what is left where they cancel is round-off of this.

        A slope such as 1 − y² is a difference too, of numbers up to 1.
        """
        if not self._sizes:
            self._sizes = {self.target: 1.0}
            for operation in reversed(self.operations):
                least = 1.0 if isinstance(operation.type, Activation) else 0.0
                for step in (step for key in operation.outputs for step in self.products.steps_into(key)):
                    leaf = self.products.leaf(step)
                    key = leaf.source if isinstance(leaf, Wire) else leaf.key
                    size = self._sizes.get(step.key, 0.0) * max(abs(self.products.slope(step) or 0.0), least)
                    self._sizes[key] = self._sizes.get(key, 0.0) + size
        return self._sizes

    def _gradient(self, place: Address) -> float | None:
        gradients = self.trace.parameter_gradients if place.kind == "parameter" else self.trace.gradients
        gradient = gradients.get(place.key)
        return None if gradient is None or isinstance(gradient, Absent) else float(gradient)

    def _definition(self, symbol: Symbol, node: str, expression: Expr) -> tuple[str, str, str, Expression]:
        return symbol.name, node, self.chain.names[symbol], self._write(expression)

    def _write(self, expression: Expr) -> Expression:
        shorter, done = simplified(expression, self.until) if self.question.simplify else (expression, False)
        self.cut_short |= self.question.simplify and not done
        return Expression(plain_brackets(sympy.latex(shorter, symbol_names=self.chain.names)), sympy.sstr(shorter), done)

    def _note(self, long: bool) -> str:
        notes = []
        if long:
            notes.append(_("Written out, f would be too long: nodes that are used more than once have symbols of their own."))
        if self.cut_short:
            notes.append(_("Not everything was simplified: it would take too long."))
        return " ".join(notes)


def _use(users: dict[Symbol, list[tuple[Expr, Expr]]], outer: Expr, formula: Expr) -> None:
    for symbol in formula.free_symbols:
        users.setdefault(symbol, []).append((outer, formula))


def _total(users: list[tuple[Expr, Expr]], x: Symbol) -> Expr:
    """The chain rule: Σ ∂f/∂user · ∂user/∂x."""
    return sympy.Add(*(outer * sympy.diff(formula, x) for outer, formula in users))


def _size(expression: Expr) -> int:
    return int(sympy.count_ops(expression))


def _shape(shape: tuple[int, ...]) -> str:
    return _("a tensor of shape {shape}").format(shape=list(shape)) if shape else _("a class index")
