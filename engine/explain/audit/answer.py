"""Answers the audit wire by wire, with the machinery of `engine.check.check` on the pass that the canvas shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.check.checker import ENTRIES, Checker, WireReport
from engine.compile.environment import Key
from engine.compile.program import NodeFailure
from engine.explain.address import largest_entry
from engine.explain.audit import Audit, AuditPart, AuditRow
from engine.explain.question import Unanswerable
from engine.explain.shown_pass import ShownPass, shown_pass
from graph.model.address import Address, output_name, parameter, wire

if TYPE_CHECKING:
    from engine.explain.context import Situation

PART_SECONDS = 0.1


def audit(situation: Situation, question: Audit) -> AuditPart:
    """As many wires as fit into one answer, one at least."""
    shown = shown_pass(situation)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # many small evaluations only wait for a pool
    try:
        return _part(shown, question)
    except NodeFailure as failure:
        raise Unanswerable(str(failure)) from failure
    finally:
        torch.set_num_threads(threads)


def _part(shown: ShownPass, question: Audit) -> AuditPart:
    checker = Checker(
        shown.graph, shown.program, shown.feeds, shown.parameters, shown.buffers, shown.random.seed, shown.random, _entries(shown),
        PART_SECONDS,
    )  # fmt: skip
    if checker.trace.first_bad is not None:
        name = shown.graph.nodes[checker.trace.first_bad].name
        raise Unanswerable(f"{name}: its value is not finite, so there is nothing to compare.")
    checker.kinked.update(question.kinked)
    todo: list[str | Key] = [*checker.edges(), *checker.layers()]
    rows: list[AuditRow] = []
    until = time.perf_counter() + PART_SECONDS
    for where in todo[question.start :]:
        rows.append(_row(checker, where))
        if time.perf_counter() > until:
            break
    end = question.start + len(rows)
    objective = shown.program.objective
    assert objective is not None  # `shown_pass` refuses without one
    return AuditPart(
        output_name(shown.graph, *objective), tuple(rows), len(todo), end if end < len(todo) else None, tuple(sorted(checker.kinked))
    )


def _entries(shown: ShownPass) -> int:
    """How many single numbers of a wire can be tried in the time of an answer; half of that where evaluations are dear."""
    started = time.perf_counter()
    shown.program.objective_value(shown.feeds, shown.parameters, shown.buffers, shown.random)
    seconds = max(time.perf_counter() - started, 1e-6)
    return max(2, min(ENTRIES, int(PART_SECONDS / (2 * seconds))))


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
