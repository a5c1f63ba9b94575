"""Structure, shapes, and numerical against analytical gradient on every wire and every learned tensor, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.check.checker import Checker, WireReport
from engine.compile.program import NodeFailure, Program, ProgramError, RandomKey
from engine.compile.views import ABSENT_WORD
from engine.numerics.threads import threads
from graph.model.faults import at_work
from graph.model.problem import Problem
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from engine.training.state import State
    from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class CheckReport:
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
        lines = [f"{p.severity}: {p.text}" for p in self.problems]
        if self.failure:
            lines.append(f"error: {self.failure}")
        width = max((len(f"{w.source} → {w.target}") for w in self.wires), default=0)
        lines += [_line(w, width) for w in self.wires]
        lines += self._result()
        if self.planted:
            lines.append(_("failed: a fault is planted in this graph; some of its numbers are wrong on purpose"))
        return tuple(lines)

    def _result(self) -> list[str]:
        """How many gradients agree, or which ones do not."""
        compared = [w for w in self.wires if not w.note]
        if not self.ok:
            infinite = [w for w in self.wires if w.note and not w.ok]
            bad = [w for w in compared if not w.ok]
            notes = (
                [
                    _("failed: {bad} of {compared} gradients differ from the numerical ones: {bad2}").format(
                        bad=len(bad), compared=len(compared), bad2=_names(bad)
                    )
                ]
                if bad
                else []
            )
            return notes + ([_("failed: the gradient is not finite on {infinite}").format(infinite=_names(infinite))] if infinite else [])
        seen = [w for w in compared if w.smooth or w.kinks]
        kinks, hidden = sum(w.kinks for w in seen), len(compared) - len(seen)
        corners = _(", {kinks} at a kink").format(kinks=kinks) if kinks else ""
        unseen = _("; {hidden} too small to measure above round-off").format(hidden=hidden) if hidden else ""
        worst = max((w.error for w in seen), default=0.0)
        return [
            _("ok: {seen} gradients agree with numerical ones{corners}{unseen}; largest relative error {worst:.1e}").format(
                seen=len(seen), corners=corners, unseen=unseen, worst=worst
            )
        ]


def _names(wires: Sequence[WireReport]) -> str:
    return ", ".join(f"{w.source} → {w.target}" for w in wires)


def _line(wire: WireReport, width: int) -> str:
    name = _names([wire]).ljust(width)
    if wire.note:
        return f"{name}  {ABSENT_WORD.get(wire.note, wire.note)}"
    counted = {"smooth": wire.smooth, "kinks" if wire.kinks > 1 else "kink": wire.kinks, "WRONG": wire.wrong,
               "too small to measure": wire.unresolved}  # fmt: skip
    measured = _("  error {error:.1e}  step {step:.1e}").format(error=wire.error, step=wire.step) if wire.smooth or wire.wrong else ""
    return f"{name}{measured}  {', '.join(f'{count} {what}' for what, count in counted.items() if count)}"


def check(graph: Graph, state: State | None = None, seed: int = 0) -> CheckReport:
    """Check a graph on its demonstration batch, with the document's first values or those of `state`. Never raises for a bad graph."""
    from engine.training.model import Model

    model = Model(graph, dtype=torch.float64)
    if state is not None:
        model.restore(state)
    problems = tuple(model.problems)
    if any(p.severity == "error" for p in problems):
        return CheckReport(problems=problems)
    try:
        program = model.program(training=True, everything=True)
    except ProgramError as error:
        return CheckReport(problems=(*problems, *error.problems))
    if program.objective is None:
        return CheckReport(problems=(*problems, Problem("error", Message("no-objective", "{reason}", reason=program.objective_note))))
    rows = torch.tensor(model.samples(), dtype=torch.int64)
    feeds = model.feeds.chosen(program.feeds, rows)
    report = check_program(graph, program, feeds, model.parameters(program), model.buffers(program), seed=seed)
    return replace(report, problems=problems, planted=at_work(graph))


def check_program(
    graph: Graph, program: Program, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], seed: int = 0
) -> CheckReport:
    """Check a float64 program compiled with `wanted="all"` on these numbers.

    Thousands of small evaluations: on one thread, since the threads of a larger pool would only wait for each other.
    """
    objective = program.objective
    name = graph.nodes[objective[0]].name if objective else None
    with threads(1):
        try:
            first_bad = program.trace(feeds, parameters, buffers, RandomKey(seed, 0)).first_bad
            if first_bad is not None:
                text = _("{name}: its value is not finite, so there is nothing to compare")
                return CheckReport(name, failure=text.format(name=graph.nodes[first_bad].name))
            return CheckReport(name, tuple(Checker(graph, program, feeds, parameters, buffers, seed).wires()))
        except NodeFailure as error:
            return CheckReport(name, failure=str(error))
