"""The paths from a value to a target as a graph of steps: counted by dynamic programming, followed one by one, added up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.explain.local_products import LocalProducts, PathStep
from engine.explain.paths import Counts
from engine.explain.paths.cost import cost

if TYPE_CHECKING:
    from graph.model.address import Address

Carried = float | Tensor


class Ways:
    """All paths from `place` to the output `target`.

    `into[key]` are the steps that end at an output and lie on a path, each with the number of paths from the value through it to
    there. Paths are numbered as they are found from the target backwards: those that share their last factors follow each other.
    """

    def __init__(self, products: LocalProducts, place: Address, target: Key) -> None:
        self.products, self.place, self.target = products, place, target
        self.arriving: dict[Key, int] = {place.key: 1} if place.kind == "output" else {}
        self.into: dict[Key, list[tuple[PathStep, int]]] = {}
        for operation in products.plan.operations:
            for key in operation.outputs:
                if key not in self.arriving:
                    self._arrive(key)
        self.count = self.arriving.get(target, 0)
        self.leaving = self._leaving()
        steps = [step for key, ways in self.into.items() if self.leaving.get(key) for step, _ in ways]
        self.scalar = all(products.single(step) for step in steps)

    def _arrive(self, key: Key) -> None:
        ways = [(step, self._before(step)) for step in self.products.steps_into(key)]
        self.into[key] = [(step, count) for step, count in ways if count]
        self.arriving[key] = sum(count for _, count in self.into[key])

    def _before(self, step: PathStep) -> int:
        """The number of paths from the value to the beginning of a step."""
        if self.begins(step):
            return 1
        leaf = self.products.leaf(step)
        return self.arriving.get(leaf.source, 0) if isinstance(leaf, Wire) else 0

    def begins(self, step: PathStep) -> bool:
        """Whether the step starts at the value itself."""
        leaf, place = self.products.leaf(step), self.place
        if isinstance(leaf, Own):
            return place.kind == "parameter" and leaf.key == place.key
        return leaf.edge == place.id if place.kind == "edge" else place.kind == "output" and leaf.source == place.key

    def _leaving(self) -> dict[Key, int]:
        """The number of paths from every output to the target."""
        leaving: dict[Key, int] = {self.target: 1}
        for operation in reversed(self.products.plan.operations):
            for key in operation.outputs:
                onward = leaving.get(key, 0)
                for step, _ in self.into.get(key, ()) if onward else ():
                    leaf = self.products.leaf(step)
                    if isinstance(leaf, Wire) and not self.begins(step):
                        leaving[leaf.source] = leaving.get(leaf.source, 0) + onward
        return leaving

    # Following

    def follow(self, start: int = 0) -> Iterator[tuple[tuple[PathStep, ...], tuple[Carried, ...]]]:
        """The paths from number `start` on, each as its steps from the target back to the value, and what is carried: the seed,
        then the product behind every step. A number where every step is between single numbers, else a tensor."""
        seed: Carried = 1.0 if self.scalar else torch.ones_like(self.products.output(self.target))
        if self.target == self.place.key and self.place.kind == "output":
            if start == 0:
                yield (), (seed,)
            return
        skip, carried = start, [seed]
        trail: list[PathStep] = []
        stack = [iter(self.into.get(self.target, ()))]
        while stack:
            step, count = next(stack[-1], (None, 0))
            if step is None:
                stack.pop()
                if stack:
                    trail.pop()
                    carried.pop()
                continue
            if skip >= count:
                skip -= count
                continue
            product = self._back(step, carried[-1], trail)
            if self.begins(step):
                yield (*trail, step), (*carried, product)
                continue
            trail.append(step)
            carried.append(product)
            stack.append(iter(self.into[self.products.leaf(step).source]))  # type: ignore[union-attr]

    def _back(self, step: PathStep, carried: Carried, trail: Sequence[PathStep]) -> Carried:
        """The product behind one more step of the path that has come to the end of `trail`."""
        if isinstance(carried, Tensor):
            product = self.products.backward(step, carried)
            return product if bool(torch.isfinite(product).all()) else self._careful(step, trail)
        slope = self.products.slope(step)
        assert slope is not None  # between single numbers there is one
        return carried * slope if math.isfinite(carried * slope) else float(self._careful(step, trail))

    def _careful(self, last: PathStep, trail: Sequence[PathStep]) -> Tensor:
        """The same from the beginning, with branches cut that the path goes down although they were not selected."""
        g, cut = torch.ones_like(self.products.output(self.target)), None
        for step in (*trail, last):
            g, cut = self.products.careful(step, g, cut)
        return g

    # Counting

    def counts(self, sweeps: int) -> Counts:
        """See `Counts`."""
        costs = {step: cost(self.products, step) for key, ways in self.into.items() if self.leaving.get(key) for step, _ in ways}
        once = sum(costs.values())
        on_paths = sum(n * self.leaving[key] * costs[step] for key, ways in self.into.items() if self.leaving.get(key) for step, n in ways)
        return Counts(on_paths, sweeps * once, once, sweeps, *count_all(self.products, self.target))


def count_all(products: LocalProducts, target: Key) -> tuple[int, int, int, int]:
    """(path by path, forward, reverse, sweeps) for the derivatives by every Input and every learned tensor together."""
    numbers = _values(products)
    place = {value: i for i, value in enumerate(numbers)}
    arriving: dict[Key, int] = {}
    reached: dict[Key, int] = {}  # a bit for every value that reaches an output
    sources: list[tuple[PathStep, int, int]] = []
    for operation in products.plan.operations:
        for key in operation.outputs:
            arriving[key], reached[key] = (1, 1 << place["output", key]) if ("output", key) in place else (0, 0)
            for step in products.steps_into(key):
                leaf = products.leaf(step)
                if isinstance(leaf, Own):
                    count, bits = (1, 1 << place["parameter", leaf.key]) if ("parameter", leaf.key) in place else (0, 0)
                else:
                    count, bits = arriving[leaf.source], reached[leaf.source]
                if count:
                    arriving[key] += count
                    reached[key] |= bits
                    sources.append((step, count, bits))
    return _totals(products, target, sources, list(numbers.values()), reached)


def _totals(
    products: LocalProducts, target: Key, sources: list[tuple[PathStep, int, int]], numbers: list[int], reached: dict[Key, int]
) -> tuple[int, int, int, int]:
    leaving: dict[Key, int] = {target: 1}
    on_paths = forward = reverse = 0
    sizes: dict[int, int] = {}

    def size(bits: int) -> int:
        if bits not in sizes:
            sizes[bits] = sum(n for i, n in enumerate(numbers) if bits >> i & 1)
        return sizes[bits]

    for step, count, bits in reversed(sources):
        onward = leaving.get(step.key, 0)
        if not onward:
            continue
        price, leaf = cost(products, step), products.leaf(step)
        on_paths, forward, reverse = on_paths + count * onward * price, forward + size(bits) * price, reverse + price
        if isinstance(leaf, Wire):
            leaving[leaf.source] = leaving.get(leaf.source, 0) + onward
    return on_paths, forward, reverse, size(reached.get(target, 0))


def _values(products: LocalProducts) -> dict[tuple[str, Key], int]:
    """Every Input and every learned tensor, and how many numbers it holds."""
    sizes = {("output", key): products.output(key).numel() for o in products.plan.operations if o.type.role == "input" for key in o.outputs}
    return sizes | {("parameter", key): products.trace.parameters[key].numel() for key in products.plan.parameters}
