"""Numerical against analytical gradient on every wire and every learned tensor, in float64.

Masks and buffers are held: every evaluation draws from the same key and starts from the same buffers. On each wire one random
direction is tried and up to 16 single numbers, the largest gradients and some at random.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from engine.environment import Key
from engine.program import NodeFailure, Program, ProgramError, RandomKey
from engine.reach import reachable
from engine.rng import generator
from engine.views import Absent
from graph.faults import at_work
from graph.problem import Problem

if TYPE_CHECKING:
    from engine.state import State
    from graph.graph import Graph

STEPS = (2.0**-17, 2.0**-20, 2.0**-14, 2.0**-23, 2.0**-11)
"""Step sizes, tried in this order until one agrees: round-off asks for large ones, curvature and nearby corners for small ones."""
ENTRIES = 16
"""Single numbers of a wire that are tried, half of them those with the largest gradients."""
RELATIVE = 1e-5
ALLOWED = 0.01
"""Share of a wire's entries that may be neither smooth nor a kink."""

Verdict = Literal["smooth", "kink", "wrong"]


@dataclass(frozen=True, slots=True)
class WireReport:
    """One wire, or one learned tensor (`edge` is empty, `target` its name).

    `error` is the largest difference, kinks aside, relative to the largest entry of the gradient; `step` the step size it was found
    with. `note` says why nothing was compared.
    """

    source: str
    target: str
    edge: str = ""
    error: float = 0.0
    step: float = 0.0
    smooth: int = 0
    kinks: int = 0
    wrong: int = 0
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.wrong <= ALLOWED * (self.smooth + self.kinks + self.wrong)

    def to_json(self) -> dict[str, Any]:
        return {"from": self.source, "to": self.target, "ok": self.ok, "error": self.error, "step": self.step, "smooth": self.smooth,
                "kinks": self.kinks, "wrong": self.wrong, "note": self.note or None}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """`objective` is a node's name; `problems` are what structure and shapes lack; `failure` why numbers could not be computed.

    A `planted` fault never passes, not even one that no gradient shows.
    """

    objective: str | None = None
    wires: tuple[WireReport, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    planted: bool = False

    @property
    def ok(self) -> bool:
        sound = not self.failure and not self.planted and all(w.ok for w in self.wires)
        return sound and not any(p.severity == "error" for p in self.problems)

    def to_json(self) -> dict[str, Any]:
        """Strict JSON once NaN and infinities are written as text."""
        planted = {"planted": True} if self.planted else {}
        return {"ok": self.ok, **planted, "objective": self.objective, "failure": self.failure or None,
                "problems": [p.text for p in self.problems], "wires": [w.to_json() for w in self.wires]}  # fmt: skip

    @property
    def lines(self) -> tuple[str, ...]:
        """For a person: problems, a table of the wires, and the result."""
        found = [f"{p.severity}: {p.text}" for p in self.problems]
        if self.failure:
            found.append(f"error: {self.failure}")
        width = max((len(f"{w.source} → {w.target}") for w in self.wires), default=0)
        found += [_line(w, width) for w in self.wires]
        compared = [w for w in self.wires if not w.note]
        kinks = sum(w.kinks for w in compared)
        if self.ok:
            corners = f", {kinks} at a kink" if kinks else ""
            worst = max((w.error for w in compared), default=0.0)
            found.append(f"ok: {len(compared)} gradients agree with numerical ones{corners}; largest relative error {worst:.1e}")
        elif self.wires:
            bad = [f"{w.source} → {w.target}" for w in self.wires if not w.ok]
            if bad:
                found.append(f"failed: {len(bad)} of {len(compared)} gradients differ from the numerical ones: {', '.join(bad)}")
        if self.planted:
            found.append("failed: a fault is planted in this graph; some of what it computes is wrong on purpose")
        return tuple(found)


def _line(wire: WireReport, width: int) -> str:
    name = f"{wire.source} → {wire.target}".ljust(width)
    if wire.note:
        return f"{name}  {wire.note}"
    counts = [f"{wire.smooth} smooth", *([f"{wire.kinks} kink{'s' if wire.kinks > 1 else ''}"] if wire.kinks else []),
              *([f"{wire.wrong} WRONG"] if wire.wrong else [])]  # fmt: skip
    return f"{name}  error {wire.error:.1e}  step {wire.step:.1e}  {', '.join(counts)}"


def check(graph: Graph, state: State | None = None, seed: int = 0) -> Report:
    """Check a graph on its demonstration batch, with the document's first values or those of `state`. Never raises for a bad graph."""
    from engine.session import Session

    session = Session(graph, dtype=torch.float64)
    if state is not None:
        session.restore(state)
    problems = tuple(session.problems)
    if any(p.severity == "error" for p in problems):
        return Report(problems=problems)
    try:
        program = session.program(training=True, everything=True)
    except ProgramError as error:
        return Report(problems=(*problems, *error.problems))
    if program.objective is None:
        return Report(problems=(*problems, Problem("error", program.objective_note)))
    rows = torch.tensor(session.samples(), dtype=torch.int64)
    feeds = session.feeds.chosen(program.feeds, rows)
    report = check_program(graph, program, feeds, session.parameters(program), session.buffers(program), seed=seed)
    return replace(report, problems=problems, planted=at_work(graph))


def check_program(
    graph: Graph, program: Program, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], seed: int = 0
) -> Report:
    """Check a float64 program compiled with `wanted="all"` on these numbers.

    Thousands of small evaluations: on one thread, since the threads of a larger pool would only wait for each other.
    """
    objective = program.objective
    name = graph.nodes[objective[0]].name if objective else None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        first_bad = program.trace(feeds, parameters, buffers, RandomKey(seed, 0)).first_bad
        if first_bad is not None:
            return Report(name, failure=f"{graph.nodes[first_bad].name}: its value is not finite, so there is nothing to compare")
        return Report(name, tuple(Checker(graph, program, feeds, parameters, buffers, seed).wires()))
    except NodeFailure as error:
        return Report(name, failure=str(error))
    finally:
        torch.set_num_threads(threads)


class Checker:
    """Compares wire by wire and tensor by tensor, `entries` single numbers of each. `random` is the key the masks are drawn from.

    `kinked` are the nodes in front of which a corner was found; wires are to be asked for in reverse order of computation.
    """

    def __init__(
        self, graph: Graph, program: Program, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], seed: int,
        random: RandomKey | None = None, entries: int = ENTRIES,
    ) -> None:  # fmt: skip
        self.graph, self.program, self.seed, self.entries = graph, program, seed, entries
        self.feeds, self.parameters, self.buffers = list(feeds), list(parameters), list(buffers)
        self.random = random or RandomKey(seed, 0)
        self.trace = program.trace(feeds, parameters, buffers, self.random)
        assert program.objective is not None
        self.base = float(self.trace.values[program.objective])
        self.kinked: set[str] = set()

    def wires(self) -> list[WireReport]:
        """In order of computation; worked out backwards, since a corner is explained by the corners behind it."""
        found = [self.edge(edge) for edge in self.edges()]
        return [*reversed(found), *map(self.parameter, self.layers())]

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
        spec = self.graph.spec(wire.source[0])
        source = self.graph.nodes[wire.source[0]].name + (f".{wire.source[1]}" if len(spec.outputs) > 1 else "")
        port = self.graph.spec(wire.target[0]).input(wire.target[1])
        target = f"{self.graph.nodes[wire.target[0]].name}.{wire.target[1]}" + (f"[{wire.slot}]" if port is not None and port.many else "")
        gradient = self.trace.edge_gradients[edge]
        if isinstance(gradient, Absent):
            return WireReport(source, target, edge, note=gradient.reason)
        return self._compare(WireReport(source, target, edge), self.trace.values[wire.source], gradient, edge, wire.target[0])

    def parameter(self, key: Key) -> WireReport:
        """One learned tensor."""
        name = self.graph.nodes[key[0]].name
        gradient = self.trace.parameter_gradients[key]
        report = WireReport(name, f"{name}.{key[1]}")
        if isinstance(gradient, Absent):
            return replace(report, note=gradient.reason)
        return self._compare(report, self.trace.parameters[key], gradient, key, key[0])

    def evaluate(self, where: str | Key, value: Tensor) -> float:
        """The objective with one wire, or one learned tensor, replaced."""
        if isinstance(where, str):
            return float(self.program.perturbed(where, value, self.feeds, self.parameters, self.buffers, self.random))
        return float(self.program.objective_value(self.feeds, self._with_parameter(where, value), self.buffers, self.random))

    def _with_parameter(self, key: Key, value: Tensor) -> list[Tensor]:
        changed = list(self.parameters)
        changed[self.program.parameter_keys.index(key)] = value
        return changed

    def _compare(self, report: WireReport, value: Tensor, gradient: Tensor, where: str | Key, consumer: str) -> WireReport:
        rng = generator(self.seed, "check", str(where))
        directions = [torch.randn(value.shape, generator=rng, dtype=value.dtype)]
        directions += [_unit(value.shape, i) for i in _chosen(gradient, rng, self.entries)]
        behind = self._kinks_behind(consumer)
        counts: dict[Verdict, int] = {"smooth": 0, "kink": 0, "wrong": 0}
        error, step = 0.0, 0.0
        for number, direction in enumerate(directions):
            verdict, found, size = self._entry(value, gradient, direction, where, whole=number == 0, behind=behind)
            counts[verdict] += 1
            if verdict != "kink" and found >= error:
                error, step = found, size
        return replace(report, error=error, step=step, smooth=counts["smooth"], kinks=counts["kink"], wrong=counts["wrong"])

    def _kinks_behind(self, node: str) -> bool:
        """Whether a wire strictly behind `node` was found to be at a kink."""
        return not self.kinked.isdisjoint(reachable(self.graph.successors(node), self.graph.successors))

    def _entry(
        self, value: Tensor, gradient: Tensor, direction: Tensor, where: str | Key, *, whole: bool, behind: bool
    ) -> tuple[Verdict, float, float]:
        """(verdict, relative error, step). A random direction crosses many corners, a single number few.

        The error is relative to the largest entry of the gradient, or to what round-off lets be seen where that is larger.
        """
        expected = float((gradient * direction).sum())
        scale = max(float(gradient.abs().max()), abs(expected), 1e-300)
        best = (math.inf, STEPS[0])
        for size in STEPS:
            forward, backward, noise = self._one_sided(value, direction, where, size, self.base)
            central = (forward + backward) / 2
            difference = abs(central - expected)
            if not math.isfinite(difference):
                continue
            error = difference / max(scale, noise / RELATIVE)
            if difference <= RELATIVE * max(abs(expected), abs(central)) + noise:
                return "smooth", error, size
            best = min(best, (error, size))
        return self._corner(value, direction, where, expected, whole or behind) or "wrong", *best

    def _corner(self, value: Tensor, direction: Tensor, where: str | Key, expected: float, indirect: bool) -> Verdict | None:
        """A kink has two slopes that stay apart as the step shrinks. The gradient then lies between them.

        Where one change crosses several corners at once (a random direction, or an entry in front of nodes at a kink), the gradients
        chosen at the corners need not add up to something in between: there it has to be right at a point nearby.
        """
        (f1, b1, n1), (f2, b2, n2) = (self._one_sided(value, direction, where, size, self.base) for size in (STEPS[0], STEPS[1]))
        gap, noise = abs(f2 - b2), n1 + n2
        if not (gap > 10 * noise and gap > 0.5 * abs(f1 - b1)):
            return None
        slack = RELATIVE * max(abs(f2), abs(b2)) + noise
        if min(f2, b2) - slack <= expected <= max(f2, b2) + slack:
            return "kink"
        return "kink" if indirect and self._right_nearby(value, where, direction) else None

    def _right_nearby(self, value: Tensor, where: str | Key, direction: Tensor) -> bool:
        """Whether the gradient is right where this value is moved a little, or somewhat more, so that it sits on no corner."""
        rng = generator(self.seed, "check nearby", str(where))
        noise = 2 * torch.rand(value.shape, generator=rng, dtype=value.dtype) - 1
        small = torch.where(value == 0, 1e-3 * noise, value * (1 + 1e-3 * noise))
        return any(self._right_at(moved, where, direction) for moved in (small, value + 0.1 * float(value.abs().max()) * noise))

    def _right_at(self, value: Tensor, where: str | Key, direction: Tensor) -> bool:
        if isinstance(where, str):
            gradient = self.program.gradient_at(where, value, self.feeds, self.parameters, self.buffers, self.random)
        else:
            changed = self._with_parameter(where, value)
            found = self.program.trace(self.feeds, changed, self.buffers, self.random).parameter_gradients[where]
            gradient = None if isinstance(found, Absent) else found
        if gradient is None:
            return False
        expected, base = float((gradient * direction).sum()), self.evaluate(where, value)
        for size in STEPS:
            forward, backward, noise = self._one_sided(value, direction, where, size, base)
            if abs((forward + backward) / 2 - expected) <= RELATIVE * max(abs(expected), abs(forward)) + noise:
                return True
        return False

    def _one_sided(
        self, value: Tensor, direction: Tensor, where: str | Key, size: float, base: float
    ) -> tuple[float, float, float]:
        """Forward and backward difference along `direction`, and the round-off in them."""
        moved = float((value.abs() * (direction != 0)).max()) if value.numel() else 0.0
        h = size * max(1.0, 2.0 ** math.floor(math.log2(moved)) if 0 < moved < math.inf else 1.0)
        above, below = self.evaluate(where, value + h * direction), self.evaluate(where, value - h * direction)
        noise = 64 * torch.finfo(torch.float64).eps * max(abs(base), abs(above), abs(below)) / h
        return (above - base) / h, (base - below) / h, noise


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
