"""Answers the audit wire by wire, with the machinery of `engine.check.check` on the pass that the canvas shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from torch import Tensor

from engine.check.checker import ENTRIES, Checker, WireReport
from engine.compile.environment import Key
from engine.compile.program import NodeFailure
from engine.explain.address import largest_entry
from engine.explain.audit import Audit, AuditPart, AuditRow
from engine.explain.question import Unanswerable
from engine.explain.shown_pass import ShownPass, shown_pass
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from graph.model.address import Address, output_name, parameter, wire
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext

WIRE_SECONDS = 0.1
"""Time for one wire: where evaluations are dear, fewer directions are tried."""


def audit(situation: ExplainContext, job: Audit) -> Steps:
    """One wire after the other; can be left after each. Raises Unanswerable where there is nothing to compare."""
    shown = shown_pass(situation)
    try:
        yield from _rows(shown)
    except NodeFailure as failure:
        raise Unanswerable(str(failure)) from failure


def _rows(shown: ShownPass) -> Steps:
    with threads(1):  # many small evaluations only wait for a pool; training in between keeps its threads
        checker = _checker(shown)
        todo: list[str | Key] = [*checker.edges(), *checker.layers()]
    objective = shown.program.objective
    assert objective is not None  # `shown_pass` refuses without one
    name = output_name(shown.graph, *objective)
    yield JobReport(0, len(todo), part=AuditPart(name, (), len(todo)))
    for done, where in enumerate(todo, 1):
        with threads(1):
            row = _row(checker, where)
        text = _("{done} of {total} gradients compared").format(done=done, total=len(todo))
        yield JobReport(done, len(todo), text, AuditPart(name, (row,), len(todo)))


def _checker(shown: ShownPass) -> Checker:
    checker = Checker(
        shown.graph, shown.program, shown.feeds, shown.parameters, shown.buffers, shown.random.seed, shown.random, _entries(shown),
        WIRE_SECONDS,
    )  # fmt: skip
    if checker.trace.first_bad is not None:
        name = shown.graph.nodes[checker.trace.first_bad].name
        raise Unanswerable(_("{name}: its value is not finite, so there is nothing to compare.").format(name=name))
    return checker


def _entries(shown: ShownPass) -> int:
    """How many single numbers of a wire can be tried in its time; half of that where evaluations are dear."""
    started = time.perf_counter()
    shown.program.objective_value(shown.feeds, shown.parameters, shown.buffers, shown.random)
    seconds = max(time.perf_counter() - started, 1e-6)
    return max(2, min(ENTRIES, int(WIRE_SECONDS / (2 * seconds))))


def _row(checker: Checker, where: str | Key) -> AuditRow:
    report = checker.edge(where) if isinstance(where, str) else checker.parameter(where)
    address = wire(where) if isinstance(where, str) else parameter(*where)
    _, gradient = checker.numbers(where)
    if report.note or not isinstance(gradient, Tensor) or not gradient.numel():
        return _as_row(checker, report, address, None, None)
    entry = largest_entry(gradient)
    return _as_row(checker, report, address.at(entry), float(gradient[entry]), checker.number(where, entry))


def _as_row(checker: Checker, report: WireReport, address: Address, analytical: float | None, numerical: float | None) -> AuditRow:
    name = (address.whole if address.kind == "edge" else address).name(checker.graph)
    return AuditRow(
        address, name, report.error, report.step, report.smooth, report.kinks, report.wrong, report.ok, report.unresolved, report.note,
        analytical, numerical,
    )  # fmt: skip
