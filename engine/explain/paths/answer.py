"""Answers the path ledger: the paths listed with their factors, their sum, and what counting costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.environment import Key, Own
from engine.compile.trace import array_view
from engine.explain import symbols
from engine.explain.address import entry_of, gradient_at, number_at
from engine.explain.local_products import LocalProducts, PathStep
from engine.explain.paths import LISTED, SUMMED, Factor, Ledger, PartialSum, Path, PathLedger, PathSum
from engine.explain.paths.cost import cost
from engine.explain.paths.ways import Carried, Ways
from engine.explain.question import Unanswerable
from graph.model.address import output_name, parameter
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.compile.views import ArrayView
    from engine.explain.context import ExplainContext
    from graph.model.address import Address

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LISTING_SECONDS, SUMMING_SECONDS = 0.08, 0.08
LISTED_NUMBERS = 200_000
"""Entries that the products in one list may have together."""


def ledger(situation: ExplainContext, question: PathLedger) -> Ledger:
    """The ledger of a place. Raises Unanswerable where there is no gradient."""
    ways, value, gradient = _ways(situation, question.place)
    graph, place = situation.graph, question.place
    entry = entry_of(graph, place, value)
    paths = _list(ways, question.start, min(question.limit, LISTED), entry)
    total, rest = _sum(ways, 0, SUMMING_SECONDS) if ways.count <= SUMMED else (None, 0)
    total = total if rest is None else None
    sweeps = 1 if place.index is not None else value.numel()
    return Ledger(
        place, place.whole.name(graph), output_name(graph, *ways.target), ways.count, question.start, paths,
        None if total is None else array_view(total), array_view(gradient), None if total is None else _error(total, gradient, paths),
        ways.count <= SUMMED, entry, None if total is None or entry is None else float(total[entry]),
        None if entry is None else float(gradient[entry]), ways.counts(sweeps), _note(ways.count),
    )  # fmt: skip


def partial_sum(situation: ExplainContext, question: PathSum) -> PartialSum:
    """The sum of as many paths as fit into one answer."""
    ways, _, _ = _ways(situation, question.place)
    if ways.count > SUMMED:
        raise Unanswerable(_note(ways.count))
    total, after = _sum(ways, question.start, SUMMING_SECONDS)
    return PartialSum(question.start, after, ways.count, array_view(total))


def _ways(situation: ExplainContext, place: Address) -> tuple[Ways, Tensor, Tensor]:
    products = LocalProducts(situation)
    value = number_at(products.trace, products.graph, place)
    gradient = gradient_at(products.trace, products.graph, place).double().cpu()
    assert products.trace.objective is not None  # where there is a gradient there is an objective
    return Ways(products, place, products.trace.objective), value, gradient


def _note(count: int) -> str:
    return (
        _("There are {count} paths, too many to add up one by one; the reverse pass needs none of them.").format(count=_many(count))
        if count > SUMMED
        else ""
    )


def _many(count: int) -> str:
    """`1,048,576`, or `about 1.27·10³⁰`."""
    digits = str(count)
    if len(digits) <= 15:
        return f"{count:,}"
    return _("about {whole}.{decimals}·10{exponent}").format(
        whole=digits[0], decimals=digits[1:3], exponent=str(len(digits) - 1).translate(_RAISED)
    )


def _sum(ways: Ways, start: int, seconds: float) -> tuple[Tensor, int | None]:
    """(sum of the paths from `start` on, the number of the first path left out or None)."""
    total = torch.zeros(_shape(ways), dtype=torch.float64)
    number, until, plain = start, time.perf_counter() + seconds, 0.0
    for _first, carried in ways.follow(start):
        last = carried[-1]
        if isinstance(last, Tensor):
            total += last
        else:
            plain += last
        number += 1
        if number % 16 == 0 and time.perf_counter() > until:
            break
    return total + plain, number if number < ways.count else None


def _shape(ways: Ways) -> tuple[int, ...]:
    trace, place = ways.products.trace, ways.place
    return tuple(number_at(trace, ways.products.graph, place).shape)


def _error(total: Tensor, gradient: Tensor, paths: Sequence[Path]) -> float:
    """The largest difference, relative to the largest number that was added up."""
    largest = max([_largest(gradient), *(max(abs(p.product.minimum), abs(p.product.maximum)) for p in paths)])
    return _largest(total - gradient) / largest if largest else _largest(total - gradient)


def _largest(tensor: Tensor) -> float:
    return float(tensor.abs().max()) if tensor.numel() else 0.0


# Writing paths down


def _list(ways: Ways, start: int, limit: int, entry: tuple[int, ...] | None) -> tuple[Path, ...]:
    if not 0 <= start <= ways.count:
        raise Unanswerable(_("There are {count} paths, and no number {start}.").format(count=_many(ways.count), start=_many(start)))
    writer = _Writer(ways, entry)
    paths: list[Path] = []
    numbers, until = 0, time.perf_counter() + LISTING_SECONDS
    for steps, carried in ways.follow(start):
        if len(paths) >= limit or (paths and (numbers > LISTED_NUMBERS or time.perf_counter() > until)):
            break
        numbers += sum(c.numel() for c in carried if isinstance(c, Tensor))
        paths.append(writer.path(start + len(paths), steps, carried))
    return tuple(paths)


class _Writer:
    def __init__(self, ways: Ways, entry: tuple[int, ...] | None) -> None:
        self.ways, self.entry, self.products = ways, entry, ways.products
        self._templates: dict[PathStep, Factor] = {}
        self._names: dict[Key, str] = {}

    def path(self, number: int, steps: Sequence[PathStep], carried: Sequence[Carried]) -> Path:
        place, graph = self.ways.place, self.products.graph
        factors = tuple(self.factor(step, c) for step, c in zip(reversed(steps), reversed(carried[1:]), strict=True))
        edges = tuple(f.edge for f in factors if f.edge)
        first = (place.node(graph),)
        nodes = tuple(dict.fromkeys((*first, *(f.node for f in factors))))
        product = self.view(carried[-1], _shape(self.ways))
        if self.entry is None:
            value = None
        else:
            last = carried[-1]
            value = float(last[self.entry]) if isinstance(last, Tensor) else last
        return Path(number, edges, nodes, factors, product, value, _text(factors, value, self.entry))

    def factor(self, step: PathStep, carried: Carried) -> Factor:
        if step not in self._templates:
            self._templates[step] = self._template(step, carried)
        template = self._templates[step]
        return replace(template, reaching=self.view(carried, template.input_shape))

    def _template(self, step: PathStep, carried: Carried) -> Factor:
        products = self.products
        operation, leaf = products.operations[step.node], products.leaf(step)
        port, place = products.argument(operation, step.a)
        coming, going = tuple(products.value_of(leaf).shape), tuple(products.output(step.key).shape)
        return Factor(
            step.node, step.key[1], port, max(place, 0), "" if isinstance(leaf, Own) else leaf.edge, products.slope(step), going, coming,
            self.view(carried, coming), cost(products, step), self._fraction(step),
        )  # fmt: skip

    def _fraction(self, step: PathStep) -> str:
        """`∂d/∂x`; by the wire, `∂d/∂(x→d.a)`, where x reaches d in several ways."""
        products = self.products
        leaf = products.leaf(step)
        if isinstance(leaf, Own):
            return symbols.total(self._name(step.key), parameter(*leaf.key).name(products.graph))
        return symbols.local(products.graph, step.key, products.graph.edges[leaf.edge])

    def _name(self, key: Key) -> str:
        return output_name(self.products.graph, *key)

    def view(self, carried: Carried, shape: tuple[int, ...]) -> ArrayView:
        return array_view(carried if isinstance(carried, Tensor) else torch.full(shape, carried, dtype=torch.float64))


def _text(factors: Sequence[Factor], value: float | None, entry: tuple[int, ...] | None) -> str:
    """Factors from the objective to the value, as the chain rule is written: `∂f/∂d · ∂d/∂x = 1 · (−5) = −5`."""
    if not factors:
        return "1"
    words = " · ".join(f.text for f in reversed(factors))
    numbers = [f.derivative for f in reversed(factors)]
    if value is None:
        return words
    if any(n is None for n in numbers):
        place = f"[{', '.join(map(str, entry))}]" if entry else ""
        return (
            _("{description}, entry {index} = {number}").format(description=words, index=place, number=_number(value))
            if place
            else f"{words} = {_number(value)}"
        )
    product = " · ".join(f"({_number(n)})" if n < 0 else _number(n) for n in numbers if n is not None)
    return f"{words} = {product} = {_number(value)}" if len(numbers) > 1 else f"{words} = {_number(value)}"


def _number(value: float) -> str:
    """Four significant digits, with the minus of mathematics."""
    return f"{value:.4g}".replace("-", "−")
