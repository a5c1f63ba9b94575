"""The numerical derivative on one wire after the other, or on a layer's learned tensors, compared with the gradient that is there.

Masks and buffers are held: every evaluation draws from the same key and starts from the same buffers. On each wire one random
direction is tried and up to 16 single numbers, the largest gradients and some at random.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import NodeFailure, Program, RandomKey
from engine.compile.views import Absent
from engine.numerics.differences import FINEST, SAFETY, Estimate, central, derivative
from engine.numerics.rng import generator
from engine.numerics.round_off import Bounded, bounded
from graph.model.address import input_name, output_name, parameter
from graph.model.reach import reachable
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

GLANCE = 2.0**-17
"""The one step, as a share of the scale of the point, at which most gradients are seen to be right."""
ENTRIES = 16
"""Single numbers of a wire that are tried, half of them those with the largest gradients."""
RELATIVE = 1e-5
RESOLVED, UNRESOLVED = 1e-4, 1e-3
"""An error below the first share of the largest gradient is small enough; above the second nothing can be said about the gradient."""
UNSTEADY = 0.01
"""A gradient that changes by more than this share within the finest step cannot be measured."""
TINY = 1e-300
LEAST = 1e-290
"""The smallest scale of a number: steps as small as the smallest floats are none."""
ALLOWED = 0.01
"""Share of a wire's entries that may be neither smooth nor a kink."""

Verdict = Literal["smooth", "kink", "wrong", "unresolved"]


@dataclass(frozen=True, slots=True)
class WireReport:
    """One wire, or one learned tensor (`edge` is empty, `target` its name).

    `error` is the largest difference, kinks aside, relative to the largest entry of the gradient; `step` the step size it was found
    with. `smooth`, `kinks` and `wrong` count the directions tried, and `unresolved` those in which round-off hides the derivative:
    what can be measured does not contradict the gradient. `note` says why nothing was compared.
    """

    source: str
    target: str
    edge: str = ""
    error: float = 0.0
    step: float = 0.0
    smooth: int = 0
    kinks: int = 0
    wrong: int = 0
    unresolved: int = 0
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.wrong <= ALLOWED * (self.smooth + self.kinks + self.wrong + self.unresolved)

    def to_json(self) -> dict[str, Any]:
        return {"from": self.source, "to": self.target, "ok": self.ok, "error": self.error, "step": self.step, "smooth": self.smooth,
                "kinks": self.kinks, "wrong": self.wrong, "unresolved": self.unresolved, "note": self.note or None}  # fmt: skip


class Checker:
    """Compares wire by wire and tensor by tensor, `entries` single numbers of each, fewer where those take longer than `seconds`.

    `random` is the key the masks are drawn from.

    `kinked` are the nodes in front of which a corner was found; wires are to be asked for in reverse order of computation.
    """

    def __init__(
        self, graph: Graph, program: Program, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], seed: int,
        random: RandomKey | None = None, entries: int = ENTRIES, seconds: float = math.inf,
    ) -> None:  # fmt: skip
        self.graph, self.program, self.seed, self.entries, self.seconds = graph, program, seed, entries, seconds
        self.feeds, self.parameters, self.buffers = list(feeds), list(parameters), list(buffers)
        self.random = random or RandomKey(seed, 0)
        self.trace = program.trace(feeds, parameters, buffers, self.random)
        self.kinked: set[str] = set()

    def wires(self) -> list[WireReport]:
        """In order of computation; worked out backwards, since a corner is explained by the corners behind it."""
        reports = [self.edge(edge) for edge in self.edges()]
        return [*reversed(reports), *map(self.parameter, self.layers())]

    def edges(self) -> list[str]:
        """The wires, in reverse order of computation."""
        leaves = [leaf for o in self.program.plan.operations for leaf in o.leaves]
        return [edge for leaf in reversed(leaves) if (edge := getattr(leaf, "edge", "")) in self.graph.edges]

    def layers(self) -> list[Key]:
        """The learned tensors of layers; those of Parameter nodes are on their wires."""
        return [key for key in self.program.parameter_keys if self.graph.spec(key[0]).role != "parameter"]

    def edge(self, edge: str) -> WireReport:
        """One wire; those behind it have to be known."""
        report = self._edge(edge)
        if report.kinks:
            self.kinked.add(self.graph.edges[edge].target[0])
        return report

    def _edge(self, edge: str) -> WireReport:
        wire = self.graph.edges[edge]
        source, target = output_name(self.graph, *wire.source), input_name(self.graph, *wire.target, wire.slot)
        return self._compare(WireReport(source, target, edge), edge, wire.target[0])

    def parameter(self, key: Key) -> WireReport:
        """One learned tensor."""
        return self._compare(WireReport(self.graph.nodes[key[0]].name, parameter(*key).name(self.graph)), key, key[0])

    def evaluate(self, where: str | Key, value: Tensor) -> float:
        """The objective with one wire, or one learned tensor, replaced; NaN where a node refuses the value."""
        try:
            if isinstance(where, str):
                return float(self.program.perturbed(where, value, self.feeds, self.parameters, self.buffers, self.random))
            return float(self.program.objective_value(self.feeds, self._with_parameter(where, value), self.buffers, self.random))
        except NodeFailure:
            return math.nan

    def _with_parameter(self, key: Key, value: Tensor) -> list[Tensor]:
        changed = list(self.parameters)
        changed[self.program.parameter_keys.index(key)] = value
        return changed

    def number(self, where: str | Key, entry: tuple[int, ...]) -> float:
        """The numerical derivative by one number."""
        value, gradient = self.numbers(where)
        assert isinstance(gradient, Tensor)
        direction = torch.zeros_like(value)
        direction[entry] = 1.0
        return self._compared(self._along(where, value, gradient, direction, self._round_off(where, value))).numerical

    def numbers(self, where: str | Key) -> tuple[Tensor, Tensor | Absent]:
        """The value and the gradient of a wire or a learned tensor."""
        if isinstance(where, str):
            return self.trace.values[self.graph.edges[where].source], self.trace.edge_gradients[where]
        return self.trace.parameters[where], self.trace.parameter_gradients[where]

    def derivative(self, entry: _Entry) -> Estimate:
        """The numerical derivative of the objective along a direction; looked for no further than where it agrees with the gradient."""

        def objective(t: float) -> Bounded:
            moved = entry.value + t * entry.direction
            if t < 0:  # the round-off is that of the step forward
                return Bounded(self.evaluate(entry.where, moved), 0.0)
            return self._bounded(entry.where, moved, entry.direction)

        return derivative(objective, entry.scale, entry.limit, entry.agrees)

    def _bounded(self, where: str | Key, value: Tensor, direction: Tensor) -> Bounded:
        try:
            return bounded(lambda moved: self._objective(where, moved), value, direction)
        except NodeFailure:
            return Bounded(math.nan, math.nan)

    def _round_off(self, where: str | Key, value: Tensor) -> float:
        return self._bounded(where, value, torch.ones_like(value)).error

    def _objective(self, where: str | Key, value: Tensor) -> Tensor:
        if isinstance(where, str):
            return self.program.replaced(where, value, self.feeds, self.parameters, self.buffers, self.random)
        return self.program.replaced(None, None, self.feeds, self._with_parameter(where, value), self.buffers, self.random)

    def _compare(self, report: WireReport, where: str | Key, consumer: str) -> WireReport:
        value, gradient = self.numbers(where)
        if isinstance(gradient, Absent):
            return replace(report, note=gradient.reason)
        if not bool(torch.isfinite(gradient).all()):
            return replace(report, wrong=1, note=_("its gradient is not finite, so there is nothing to compare"))
        counts: dict[Verdict, int] = {"smooth": 0, "kink": 0, "wrong": 0, "unresolved": 0}
        error, step, until = 0.0, 0.0, time.perf_counter() + self.seconds
        behind, round_off = self._kinks_behind(consumer), self._round_off(where, value)
        for number, direction in enumerate(self._directions(where, value, gradient)):
            compared = self._compared(self._along(where, value, gradient, direction, round_off, whole=number == 0, behind=behind))
            counts[compared.verdict] += 1
            if compared.verdict in ("smooth", "wrong") and compared.error >= error:
                error, step = compared.error, compared.step
            if number > 1 and time.perf_counter() > until:
                break
        return replace(report, error=error, step=step, smooth=counts["smooth"], kinks=counts["kink"], wrong=counts["wrong"],
                       unresolved=counts["unresolved"])  # fmt: skip

    def _directions(self, where: str | Key, value: Tensor, gradient: Tensor) -> Iterator[Tensor]:
        """A random one, in which every number changes by its own scale, and single numbers."""
        rng = generator(self.seed, "check", str(where))
        yield _scales(value) * torch.randn(value.shape, generator=rng, dtype=value.dtype)
        yield from (_unit(value.shape, i) for i in _chosen(gradient, rng, self.entries))

    def _along(
        self, where: str | Key, value: Tensor, gradient: Tensor, direction: Tensor, round_off: float, *, whole: bool = False,
        behind: bool = False,
    ) -> _Entry:  # fmt: skip
        scales = _scales(value)
        scale = 1.0 if whole else float(scales[direction != 0])
        limit = 0.25 if whole else 0.25 * max(scale, _largest(value), 1.0)  # a tiny number may be tiny by accident
        largest = float((gradient * scales if whole else gradient).abs().max())
        return _Entry(where, value, gradient, direction, scale, limit, largest, round_off, whole or behind)

    def _kinks_behind(self, node: str) -> bool:
        """Whether a wire strictly behind `node` was found to be at a kink."""
        return not self.kinked.isdisjoint(reachable(self.graph.successors(node), self.graph.successors))

    def _compared(self, entry: _Entry) -> _Compared:
        """The verdict on one direction. Two evaluations at a usual step settle most of them.

        The error is relative to the largest entry of the gradient, or to what round-off lets be seen where that is larger.
        """
        return self._at_a_glance(entry) or self._measured(entry)

    def _at_a_glance(self, entry: _Entry) -> _Compared | None:
        """Agreement at one step that is too close for chance; None where more samples are needed."""
        h = GLANCE * entry.scale
        above, below = (self.evaluate(entry.where, entry.value + t * entry.direction) for t in (h, -h))
        numerical, noise = central(above, below, h), SAFETY * entry.round_off / h
        difference = abs(numerical - entry.expected)
        if noise <= RESOLVED * entry.largest and difference <= RELATIVE * max(abs(entry.expected), abs(numerical)) + noise:
            return _Compared("smooth", difference / max(entry.largest, TINY), h, numerical)
        return None

    def _measured(self, entry: _Entry) -> _Compared:
        estimate = self.derivative(entry)
        if not math.isfinite(estimate.value):
            return _Compared("unresolved", 0.0, 0.0, math.nan)
        error = abs(estimate.value - entry.expected) / max(entry.largest, estimate.error / RELATIVE, TINY)
        return _Compared(self._verdict(entry, estimate), error, estimate.step, estimate.value)

    def _verdict(self, entry: _Entry, estimate: Estimate) -> Verdict:
        """At a kink the gradient lies between the two slopes, or is right nearby where several corners are crossed at once."""
        if estimate.kink:
            slack = estimate.slack + RELATIVE * max(abs(estimate.low), abs(estimate.high))
            between = estimate.low - slack <= entry.expected <= estimate.high + slack
            return "kink" if between or (entry.indirect and self._right_nearby(entry)) else "wrong"
        if _within(estimate, entry.expected):
            return "unresolved" if estimate.error > UNRESOLVED * entry.largest > 0 else "smooth"
        return "unresolved" if self._changes_between_steps(entry) else "wrong"

    def _changes_between_steps(self, entry: _Entry) -> bool:
        """Whether the gradient is another one at the finest steps already, as that of sin at 1e16: no difference can measure it."""
        for h in (FINEST * entry.scale, -FINEST * entry.scale):
            try:
                gradient = self._gradient_at(entry, entry.value + h * entry.direction)
            except NodeFailure:  # beyond the edge of what a node takes
                continue
            there = float((gradient * entry.direction).sum()) if isinstance(gradient, Tensor) else math.nan
            if not abs(there - entry.expected) <= UNSTEADY * abs(entry.expected):
                return True
        return False

    def _right_nearby(self, entry: _Entry) -> bool:
        """Whether the gradient is right where this value is moved a little, or somewhat more, so that it sits on no corner.

        Where one change crosses several corners at once (a random direction, or an entry in front of nodes at a kink), the gradients
        chosen at the corners need not add up to something between the two slopes.
        """
        value = entry.value
        rng = generator(self.seed, "check nearby", str(entry.where))
        noise = 2 * torch.rand(value.shape, generator=rng, dtype=value.dtype) - 1
        small = torch.where(value == 0, 1e-3 * noise, value * (1 + 1e-3 * noise))
        return any(self._right_at(moved, entry) for moved in (small, value + 0.1 * float(value.abs().max()) * noise))

    def _right_at(self, value: Tensor, entry: _Entry) -> bool:
        gradient = self._gradient_at(entry, value)
        if not isinstance(gradient, Tensor):
            return False
        moved = replace(entry, value=value, gradient=gradient)
        estimate = self.derivative(moved)
        return not estimate.kink and _within(estimate, moved.expected)

    def _gradient_at(self, entry: _Entry, value: Tensor) -> Tensor | Absent | None:
        """The gradient there, by the rules that are checked."""
        if isinstance(entry.where, str):
            return self.program.gradient_at(entry.where, value, self.feeds, self.parameters, self.buffers, self.random)
        changed = self._with_parameter(entry.where, value)
        return self.program.trace(self.feeds, changed, self.buffers, self.random).parameter_gradients[entry.where]


@dataclass(frozen=True, slots=True)
class _Compared:
    verdict: Verdict
    error: float
    step: float
    numerical: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """One direction of one wire.

    `scale` is the step that changes the numbers by about themselves, `limit` the largest that makes sense. `largest` is the largest
    entry of the gradient, `round_off` the bound of the one in the objective. `indirect` says whether several corners may be crossed.
    """

    where: str | Key
    value: Tensor
    gradient: Tensor
    direction: Tensor
    scale: float
    limit: float
    largest: float
    round_off: float
    indirect: bool

    @property
    def expected(self) -> float:
        return float((self.gradient * self.direction).sum())

    def agrees(self, estimate: Estimate) -> bool:
        """Whether this estimate says that the gradient is right, and is accurate enough, or about as accurate as round-off allows."""
        hopeless = SAFETY * self.round_off / self.limit > UNRESOLVED * self.largest
        return _within(estimate, self.expected) and (estimate.error <= RESOLVED * self.largest or hopeless)


def _within(estimate: Estimate, expected: float) -> bool:
    return abs(estimate.value - expected) <= RELATIVE * max(abs(expected), abs(estimate.value)) + estimate.error


def _largest(value: Tensor) -> float:
    """The scale of a tensor: its largest number, or 1."""
    return max((float(value.abs().max()) if value.numel() else 0.0) or 1.0, LEAST)


def _scales(value: Tensor) -> Tensor:
    """By how much each number may change: by itself, or by the tensor's scale where it is 0."""
    return torch.where(value == 0, _largest(value), value.abs().clamp(min=LEAST))


def _unit(shape: torch.Size, index: int) -> Tensor:
    direction = torch.zeros(shape, dtype=torch.float64)
    direction.view(-1)[index] = 1.0
    return direction


def _chosen(gradient: Tensor, rng: torch.Generator, entries: int) -> list[int]:
    """Up to `entries` places: half of them the largest gradients, the others drawn at random."""
    flat = gradient.detach().abs().reshape(-1)
    if flat.numel() <= entries:
        return list(range(flat.numel()))
    largest = [int(i) for i in torch.topk(torch.nan_to_num(flat), entries - entries // 2).indices]
    drawn = [int(i) for i in torch.randperm(flat.numel(), generator=rng)[:entries] if int(i) not in set(largest)]
    return largest + drawn[: entries // 2]
