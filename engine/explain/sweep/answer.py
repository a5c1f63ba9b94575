"""Counts and times the same local products twice: once chain by chain with nothing reused, once as backpropagation does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.explain.context import ExplainContext
from engine.explain.local_products import LocalProducts, PathStep
from engine.explain.paths.cost import cost
from engine.explain.question import Unanswerable
from engine.explain.sweep import OwnSweep, Sweep, SweepResult
from engine.numerics.job import JobReport, Steps, finished
from engine.numerics.threads import threads
from engine.training.model import Model
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

SECONDS = 0.03
"""Time for the repetitions of each of the two."""
LONGEST = 0.15
"""A naive run that would take longer is counted and not timed."""
LARGEST_DEPTH, LARGEST_WIDTH, LARGEST_WEIGHTS = 64, 512, 3_000_000


class Comparison:
    """What naive differentiation and backpropagation do on the pass shown, for the values `wanted`: learned tensors or Inputs.

    Both multiply the same vectors with the same Jacobians. Backpropagation does each step once, from the objective to the values.
    Naively every value gets a pass of its own, in which only the steps between the objective and it are done.
    """

    def __init__(self, products: LocalProducts, target: Key) -> None:
        self.products, self.target = products, target
        self.steps = self._steps()
        self.wanted = self._wanted()
        self.chains = {value: self._chain(value) for value in self.wanted}
        needed = {step for chain in self.chains.values() for step in chain}
        self.all = [step for step in self.steps if step in needed]
        self.costs = {step: cost(products, step) for step in self.all}

    def counts(self) -> tuple[int, int, int]:
        """(naive, reverse, forward) multiplications. Forward mode makes a sweep for every number of every value."""
        naive = {value: sum(self.costs[step] for step in chain) for value, chain in self.chains.items()}
        sizes = {(kind, key): self._tensor(kind, key).numel() for kind, key in self.wanted}
        return sum(naive.values()), sum(self.costs.values()), sum(sizes[value] * count for value, count in naive.items())

    def reverse(self) -> dict[tuple[str, Key], Tensor]:
        """All gradients in one sweep."""
        return self._sweep(self.all)

    def naive(self) -> dict[tuple[str, Key], Tensor]:
        """Each gradient in a sweep of its own."""
        return {value: self._sweep(chain)[value] for value, chain in self.chains.items()}

    def _sweep(self, steps: list[PathStep]) -> dict[tuple[str, Key], Tensor]:
        gradients: dict[tuple[str, Key], Tensor] = {("output", self.target): torch.ones_like(self.products.output(self.target))}
        for step in steps:
            leaf = self.products.leaf(step)
            part = self.products.backward(step, gradients["output", step.key])
            place = ("parameter", leaf.key) if isinstance(leaf, Own) else ("output", leaf.source)
            gradients[place] = gradients[place] + part if place in gradients else part
        return gradients

    def _tensor(self, kind: str, key: Key) -> Tensor:
        return self.products.output(key) if kind == "output" else self.products.trace.parameters[key]

    def _steps(self) -> list[PathStep]:
        """Every step the objective depends on, in the order of the reverse pass."""
        reached, steps = {self.target}, []
        for operation in reversed(self.products.plan.operations):
            for step in (s for key in operation.outputs if key in reached for s in self.products.steps_into(key)):
                steps.append(step)
                leaf = self.products.leaf(step)
                if isinstance(leaf, Wire):
                    reached.add(leaf.source)
        return steps

    def _wanted(self) -> list[tuple[str, Key]]:
        """The learned tensors the objective depends on; where there are none, the Inputs."""
        leaves = [self.products.leaf(step) for step in self.steps]
        learned = [("parameter", leaf.key) for leaf in leaves if isinstance(leaf, Own)]
        inputs = [("output", leaf.source) for leaf in leaves if isinstance(leaf, Wire)
                  and self.products.operations[leaf.source[0]].type.role == "input"]  # fmt: skip
        return list(dict.fromkeys(learned or inputs))

    def _chain(self, value: tuple[str, Key]) -> list[PathStep]:
        """The steps between the objective and one value, in the order of the reverse pass."""
        kind, key = value
        depends: set[Key] = {key} if kind == "output" else set()
        steps = []
        for step in reversed(self.steps):
            leaf = self.products.leaf(step)
            starts = kind == "parameter" and leaf.key == key if isinstance(leaf, Own) else leaf.source in depends
            if starts:
                depends.add(step.key)
                steps.append(step)
        return steps[::-1]


def sweep(situation: ExplainContext, job: Sweep) -> Steps:
    """Generated networks, one after the other. The graph on the canvas has no part in it."""
    for layers, width in job.networks:
        _check(layers, width)
    total = len(job.networks)
    for done, (layers, width) in enumerate(job.networks):
        text = _("depth {k}, width {h}: {done} of {total} networks").format(k=layers, h=width, done=done, total=total)
        report = JobReport(done, total, text)
        yield report
        context = ExplainContext(Model(network(layers, width), device="cpu", dtype=torch.float64))
        result = yield from _measured(context, layers, width, report)
        yield replace(report, done=done + 1, part=result)


def _check(layers: int, width: int) -> None:
    if not (1 <= layers <= LARGEST_DEPTH and 1 <= width <= LARGEST_WIDTH):
        raise Unanswerable(_("The sweep goes up to {k} layers and up to a width of {h}.").format(k=LARGEST_DEPTH, h=LARGEST_WIDTH))
    if layers * width**2 > LARGEST_WEIGHTS:
        text = _("{k} layers of width {h} have more than {most:,} weights, too many for a quick answer.")
        raise Unanswerable(text.format(k=layers, h=width, most=LARGEST_WEIGHTS))


def own(situation: ExplainContext, question: OwnSweep) -> SweepResult:
    """The graph on the canvas."""
    result: SweepResult = finished(_measured(situation, None, 0, JobReport()))
    return result


@lru_cache(maxsize=64)
def counts(layers: int, width: int) -> tuple[int, int]:
    """(naive, reverse) multiplications for a generated network."""
    products = LocalProducts(ExplainContext(Model(network(layers, width), device="cpu", dtype=torch.float64)))
    assert products.trace.objective is not None
    naive, reverse, _forward = Comparison(products, products.trace.objective).counts()
    return naive, reverse


def _measured(situation: ExplainContext, layers: int | None, width: int, report: JobReport) -> Steps:
    """One comparison, which can be left after every run that is timed; returns a `SweepResult`."""
    products = LocalProducts(situation)
    target = products.trace.objective
    if target is None:
        raise Unanswerable(products.trace.objective_note or _("There is no objective."))
    comparison = Comparison(products, target)
    if not comparison.wanted:
        raise Unanswerable(_("The objective depends on no learned tensor and no Input."))
    naive, reverse, forward = comparison.counts()
    yield report
    gradients, reverse_seconds = yield from _timed(comparison.reverse, report)
    expected = reverse_seconds * naive / max(reverse, 1)
    again, naive_seconds = (yield from _timed(comparison.naive, report)) if expected <= LONGEST else (None, None)
    agree = None if again is None else max(_difference(again[value], gradients[value]) for value in comparison.wanted)
    note = "" if again is not None else _("Differentiating naively would take too long here; it is counted, not timed.")
    count = len(comparison.wanted)
    return SweepResult(
        layers if layers is not None else count, width, naive, reverse, forward, naive_seconds, reverse_seconds, agree, count, note
    )


def _timed(run: Callable[[], Any], report: JobReport) -> Steps:
    """(the result, the shortest of several runs in seconds), the first one for warming up."""
    best, spent = math.inf, -math.inf
    while True:
        with threads(1):  # set for each run alone: training continues in between and keeps its threads
            started = time.perf_counter()
            result = run()
            seconds = time.perf_counter() - started
        if spent < 0:
            spent = 0.0
        else:
            best, spent = min(best, seconds), spent + seconds
        if spent > SECONDS:
            return result, best
        yield report


def _difference(one: Tensor, other: Tensor) -> float:
    largest = float(other.abs().max()) if other.numel() else 0.0
    difference = float((one - other).abs().max()) if other.numel() else 0.0
    return difference / largest if largest else difference


def network(layers: int, width: int) -> Graph:
    """x → (Linear → Tanh) · layers → squared error, one sample of `width` numbers, through the ordinary graph."""
    from engine.nodes.catalog import CATALOG
    from graph.model.build import build

    values = [0.5 - (i % 7) / 7 for i in range(width)]
    rows: list[dict[str, Any]] = [
        {"id": "x", "type": "source.input", "name": "x", "params": {"value": values}, "x": 0, "y": 0},
        {"id": "t", "type": "source.constant", "name": "t", "params": {"value": values[::-1]}, "x": 0, "y": 0},
    ]
    edges: list[dict[str, Any]] = []
    before = "x"

    def wire(source: str, target: str, port: str) -> None:
        edges.append({"id": f"e{len(edges)}", "from": [source, "y"], "to": [target, port, 0]})

    for i in range(1, layers + 1):
        linear, tanh = f"linear_{i}", f"tanh_{i}"
        rows.append({"id": linear, "type": "layer.linear", "name": linear, "params": {"out_features": width}, "x": i, "y": 0})
        rows.append({"id": tanh, "type": "activation.tanh", "name": tanh, "params": {}, "x": i, "y": 1})
        wire(before, linear, "x")
        wire(linear, tanh, "x")
        before = tanh
    rows.append({"id": "loss", "type": "loss.squared_error", "name": "loss", "params": {}, "x": layers + 1, "y": 0})
    wire(before, "loss", "prediction")
    wire("t", "loss", "target")
    return build({"nodes": rows, "edges": edges, "settings": {}, "training": {}}, CATALOG)
