"""The rows of a sweep as tables: CSV and plain JSON. No torch here."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.plain import number_json
from engine.sweep.competitor import Competitor, spelling
from engine.sweep.placing import placing
from engine.sweep.plan import SweepPlan, text_of
from engine.sweep.results import MemberResult, Spread, SweepWays, grouped, loss_name, measures_of, spread, without_seed

if TYPE_CHECKING:
    from graph.model.graph import Graph


def csv_text(graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult]) -> str:
    """A line for each run: its settings, how it ended, its steps, and all that was measured at its end. Numbers are written in full."""
    measures = measures_of(rows.values())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(text_of(graph, axis.of) for axis in plan.axes), "how", "steps", "epochs", *measures])
    for index, values in enumerate(plan.members()):
        row = rows.get(index, MemberResult(index))
        cells = [row.value(measure) for measure in measures] if row.ended else [None] * len(measures)
        writer.writerow([*map(_cell, values), row.how, row.step, row.epoch, *map(_cell, cells)])
    return out.getvalue()


def curves_csv(graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult]) -> str:
    """The curves, a line for each point: run, its settings, step, loss, evaluations of the gradient so far."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", *(text_of(graph, axis.of) for axis in plan.axes), "step", loss_name(rows.values()), "evaluations"])
    for index, values in enumerate(plan.members()):
        row = rows.get(index, MemberResult(index))
        spent = row.evaluations or [step for step, _loss in row.curve]
        for (step, loss), evaluations in zip(row.curve, spent, strict=True):
            writer.writerow([index + 1, *map(_cell, values), _cell(step), _cell(loss), _cell(evaluations)])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, Competitor):
        return spelling(value)
    return "" if value is None else repr(value) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    return spelling(value) if isinstance(value, Competitor) else value


def as_json(
    graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult], measure: str, ways: SweepWays, target: float | None = None
) -> dict[str, Any]:
    """The object that `sweep --json` prints; with a `target`, who was as low as that, the fastest first."""
    members = []
    for index, values in enumerate(plan.members()):
        row = rows.get(index, MemberResult(index))
        settings = {text_of(graph, axis.of): _plain(value) for axis, value in zip(plan.axes, values, strict=True)}
        end = {**_losses(row), "metrics": dict(row.metrics)} if row.ended else {}
        members.append({"settings": settings, "how": row.how, "steps": row.step, "epochs": row.epoch, **end,
                        **({"reason": row.text} if row.text else {})})  # fmt: skip
    by = without_seed(plan)
    summary = [
        {"settings": {text_of(graph, of): _plain(value) for of, value in zip(by, values, strict=True)}, **_spread(spread(group, measure))}
        for values, group in grouped(plan, by, rows).items()
    ]
    reasons = {why: count for why, count in ways.reasons}
    result = {"runs": members, "measure": measure, "summary": summary, "together": ways.together, "alone": ways.alone, "why_alone": reasons}
    return result if target is None else result | {"target": target, "first": _first(graph, plan, rows, target)}


def _first(graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult], target: float) -> list[dict[str, Any]]:
    by = without_seed(plan)
    return [
        {"settings": {text_of(graph, of): _plain(value) for of, value in zip(by, place.values, strict=True)}, "runs": place.runs,
         "reached": place.reached, **{name: number_json(value) if value is not None else None for name, value in
                                      (("steps", place.steps), ("evaluations", place.evaluations), ("epochs", place.passes))}}
        for place in placing(plan, rows, target)
    ]  # fmt: skip


def _losses(row: MemberResult) -> dict[str, Any]:
    """The loss without penalties, and the objective where that is another number."""
    if not row.penalised:
        return {"loss": row.loss}
    return {"loss": row.metrics.get("train_loss"), "objective": row.loss}


def _spread(found: Spread) -> dict[str, Any]:
    return {"runs": found.count, "diverged": found.diverged, "median": found.median, "best": found.best, "worst": found.worst}
