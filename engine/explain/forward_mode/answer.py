"""Forward mode from a seed, reverse mode from a target: one sweep over the pass shown, node by node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.trace import array_view
from engine.compile.unselected import Mask, all_finite, every
from engine.compile.views import Absent, Gradient
from engine.explain.address import entry_of, gradient_at, number_at
from engine.explain.forward_mode import Adjoints, ForwardMode, ReverseMode, Tangents
from engine.explain.local_products import LocalProducts, PathStep
from engine.explain.question import Unanswerable
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from graph.model.address import Address

K = TypeVar("K")
ROUNDING = 2.0**-52
"""A difference that is this small against the largest tangent on the way is what is left where terms cancel."""
INDEPENDENT, NOT_DIFFERENTIABLE, NOT_COMPUTED = Absent("independent"), Absent("not differentiable"), Absent("not computed")


class ForwardSweep:
    """Tangents of every output along one direction of the value at a place.

    `outputs` are those the seed reaches through differentiable nodes; `contributions` what each wire (or learned tensor, by its
    key) adds to the first output of the node it enters; `blocked` are outputs that depend on the seed, but not differentiably.
    """

    def __init__(self, products: LocalProducts, seed: Address, direction: Tensor) -> None:
        self.products, self.seed, self.direction = products, seed, direction
        self.outputs: dict[Key, Tensor] = {seed.key: direction} if seed.kind == "output" else {}
        self.contributions: dict[str | Key, Tensor] = {}
        self.blocked: set[Key] = set()
        self.order: list[str] = [seed.id] if seed.kind == "output" else []
        for operation in products.plan.operations:
            if any(self.moves(leaf) or (isinstance(leaf, Wire) and leaf.source in self.blocked) for leaf in operation.leaves):
                self._through(operation.node)

    def moves(self, leaf: Wire | Own) -> bool:
        """Whether what arrives at a leaf has a tangent."""
        return self.tangent(leaf) is not None

    def tangent(self, leaf: Wire | Own) -> Tensor | None:
        """What moves along a wire, or a learned tensor of the seed."""
        seed = self.seed
        if isinstance(leaf, Own):
            return self.direction if seed.kind == "parameter" and leaf.key == seed.key else None
        return self.direction if seed.kind == "edge" and leaf.edge == seed.id else self.outputs.get(leaf.source)

    def _through(self, node: str) -> None:
        operation = self.products.operations[node]
        for key in operation.outputs:
            if key == self.seed.key and self.seed.kind == "output":
                continue
            steps = [step for step in self.products.steps_into(key) if self.moves(operation.leaves[step.a])]
            if not steps:
                self.blocked.add(key)
                continue
            self.outputs[key] = self._sum(steps, first=key == operation.outputs[0])
            if node not in self.order:
                self.order.append(node)

    def _sum(self, steps: Iterable[PathStep], first: bool) -> Tensor:
        total: Tensor | None = None
        for step in steps:
            leaf = self.products.leaf(step)
            tangent = self.tangent(leaf)
            assert tangent is not None  # the steps were chosen so
            part = self.products.forward(step, tangent)
            if first:
                self.contributions[leaf.edge if isinstance(leaf, Wire) else leaf.key] = part
            total = part if total is None else total + part
        assert total is not None
        return total


class ReverseSweep:
    """Gradients of ⟨seed, target⟩ by everything before the output `target`: outputs, wires and learned tensors."""

    def __init__(self, products: LocalProducts, target: Key, seed: Tensor) -> None:
        self.products = products
        self._sweep(target, seed, careful=False)
        if not all_finite((*self.outputs.values(), *self.parameters.values())):
            self._sweep(target, seed, careful=True)

    def _sweep(self, target: Key, seed: Tensor, careful: bool) -> None:
        """`careful` follows where a branch was not selected, which then contributes 0 however steep it is."""
        products = self.products
        self.outputs: dict[Key, Tensor] = {target: seed}
        self.wires: dict[str, Tensor] = {}
        self.parameters: dict[Key, Tensor] = {}
        self.order: list[str] = []
        cuts: dict[Key, Mask] = {target: None}
        for operation in reversed(products.plan.operations):
            present = [key for key in operation.outputs if key in self.outputs]
            if present:
                self.order.append(operation.node)
            for step in (step for key in present for step in reversed(products.steps_into(key))):
                leaf, g = products.leaf(step), self.outputs[step.key]
                part, cut = products.careful(step, g, cuts[step.key]) if careful else (products.backward(step, g), None)
                if isinstance(leaf, Own):
                    _add(self.parameters, leaf.key, part)
                else:
                    _add(self.wires, leaf.edge, part)
                    cuts[leaf.source] = every((part, cut), (self.outputs.get(leaf.source), cuts.get(leaf.source)))
                    _add(self.outputs, leaf.source, part)


def _add(sums: dict[K, Tensor], key: K, part: Tensor) -> None:
    sums[key] = sums[key] + part if key in sums else part


# Answers


def tangents(situation: ExplainContext, question: ForwardMode) -> Tangents:
    """Forward mode from a seed. Raises Unanswerable for a seed or direction that there is not."""
    products = LocalProducts(situation)
    graph, seed, trace = products.graph, question.seed, products.trace
    value = number_at(trace, graph, seed)
    direction = _direction(products, question, value)
    sweep = ForwardSweep(products, seed, direction)
    arriving = {leaf.edge: (operation.node, sweep.tangent(leaf)) for operation in products.plan.operations for leaf in operation.leaves
                if isinstance(leaf, Wire)}  # fmt: skip
    objective, reverse, error = _compared(products, sweep, seed, direction)
    parts = {node: tuple(e.id for e in graph.inputs_of(node) if e.id in sweep.contributions) for node in sweep.order}
    return Tangents(
        seed, seed.whole.name(graph), question.direction, array_view(direction), _outputs(products, sweep.outputs, sweep.blocked),
        {e: _edge(products, e, arriving) for e in graph.edges},
        {e: array_view(part) for e, part in sweep.contributions.items() if isinstance(e, str)}, parts, tuple(sweep.order),
        objective, reverse, error,
    )  # fmt: skip


def adjoints(situation: ExplainContext, question: ReverseMode) -> Adjoints:
    """Reverse mode from any output. Raises Unanswerable where it cannot be differentiated."""
    products = LocalProducts(situation)
    graph, target, trace = products.graph, question.target, products.trace
    if target.kind != "output":
        raise Unanswerable(_("Only the output of a node can be the target of reverse mode."))
    value = number_at(trace, graph, target).double().cpu()
    entry = entry_of(graph, target, value)
    seed = torch.ones_like(value) if entry is None else _unit(value, entry)
    sweep = ReverseSweep(products, target.key, seed)
    parameters = {key: array_view(sweep.parameters[key]) if key in sweep.parameters else INDEPENDENT for key in products.plan.parameters}
    return Adjoints(
        target, target.whole.name(graph), float((value * seed).sum()), entry is None, _outputs(products, sweep.outputs, ()),
        {e: array_view(sweep.wires[e]) if e in sweep.wires else _absent(products, edge.source) for e, edge in graph.edges.items()},
        parameters, tuple(sweep.order),
    )  # fmt: skip


def _direction(products: LocalProducts, question: ForwardMode, value: Tensor) -> Tensor:
    graph, seed = products.graph, question.seed
    if question.direction == "ones":
        return torch.ones(value.shape, dtype=torch.float64)
    if question.direction == "gradient":
        gradient = gradient_at(products.trace, graph, seed).double().cpu()
        length = float(gradient.norm())
        if not 0 < length < float("inf"):
            raise Unanswerable(
                _("The gradient of {graph} is {length:g} here and gives no direction.").format(graph=seed.whole.name(graph), length=length)
            )
        return gradient / length
    entry = entry_of(graph, seed, value)
    if entry is None:
        raise Unanswerable(
            _("{graph} is a tensor: choose one of its entries, all of them, or the gradient's direction.").format(
                graph=seed.whole.name(graph)
            )
        )
    return _unit(value, entry)


def _unit(value: Tensor, entry: tuple[int, ...]) -> Tensor:
    seed = torch.zeros(value.shape, dtype=torch.float64)
    seed[entry] = 1.0
    return seed


def _compared(
    products: LocalProducts, sweep: ForwardSweep, seed: Address, direction: Tensor
) -> tuple[float | None, float | None, float | None]:
    """The objective's tangent, the same from reverse mode, and their relative difference."""
    trace = products.trace
    if trace.objective is None or trace.objective not in sweep.outputs:
        return None, None, None
    tangent = float(sweep.outputs[trace.objective].sum())
    try:
        reverse = float((gradient_at(trace, products.graph, seed).double().cpu() * direction).sum())
    except Unanswerable:
        return tangent, None, None
    largest = max(float(t.abs().max()) for t in sweep.outputs.values() if t.numel())
    difference, scale = abs(tangent - reverse), max(abs(tangent), abs(reverse))
    return tangent, reverse, 0.0 if difference <= ROUNDING * largest else difference / scale


def _outputs(products: LocalProducts, values: Mapping[Key, Tensor], blocked: Iterable[Key]) -> dict[Key, Gradient]:
    views: dict[Key, Gradient] = {}
    for key in products.trace.values:
        views[key] = array_view(values[key]) if key in values else NOT_DIFFERENTIABLE if key in blocked else _absent(products, key)
    return views


def _edge(products: LocalProducts, edge: str, arriving: Mapping[str, tuple[str, Tensor | None]]) -> Gradient:
    _, tangent = arriving.get(edge, ("", None))
    return _absent(products, products.graph.edges[edge].source) if tangent is None else array_view(tangent)


def _absent(products: LocalProducts, key: Key) -> Absent:
    shape = products.plan.inference.outputs.get(key)
    return NOT_COMPUTED if shape is None else NOT_DIFFERENTIABLE if shape.dtype == "index" else INDEPENDENT
