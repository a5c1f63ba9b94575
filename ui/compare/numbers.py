"""What is shown of a comparison: traces of the differences for the canvas, and rows for tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.compile.views import Absent, ArrayView, TraceView
from engine.learned.comparison import Comparison, Difference
from graph.model.graph import Graph
from graph.storage.run_history import flat_settings, metric_title, setting_text, setting_title
from graph.text.messages import _
from ui.canvas.model.compared import Compared, largest
from ui.look.numerals import number

SIDES = ("change", "first", "second")


def compared(answer: Comparison, names: tuple[str, str], trace: TraceView) -> Compared:
    """The differences as traces for the canvas; `trace` says why a gradient is absent."""
    change, first, second = (_trace(answer, side, trace) for side in SIDES)
    return Compared(_("B − A"), names, replace(change, inner=dict(answer.inner)), first, second)


def _trace(answer: Comparison, side: str, trace: TraceView) -> TraceView:
    tables: dict[tuple[str, bool], dict[Any, Any]] = {
        ("output", False): {}, ("output", True): _absent(trace.gradients), ("edge", True): _absent(trace.edge_gradients),
        ("parameter", False): {}, ("parameter", True): _absent(trace.parameter_gradients),
    }  # fmt: skip
    for row in (*answer.wires, *answer.parameters):
        view = getattr(row, side)
        if view is not None:
            tables[row.place.kind, row.place.gradient][row.place.id if row.place.kind == "edge" else row.place.key] = view
    values, gradients, edges, learned, slopes = tables.values()
    return replace(
        trace, values=values, gradients=gradients, edge_gradients=edges, parameters=learned, parameter_gradients=slopes, inner={},
        negligible={}, activities={},
    )  # fmt: skip


def _absent(entries: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: entry for key, entry in entries.items() if isinstance(entry, Absent)}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is about, A, B, what to say of the difference, and whether there is one. `item` can be selected."""

    name: str
    texts: tuple[str, ...]
    differs: bool
    item: str = ""


def number_rows(answer: Comparison, graph: Graph) -> list[Row]:
    """Learned tensors, outputs and their gradients, those that changed most first; of a tensor ‖A‖, ‖B‖ and its largest change."""
    rows = [row for row in (*answer.parameters, *answer.wires) if row.place.kind != "edge" and row.place.id in graph.nodes]
    rows = [row for row in rows if row.first is not None or row.second is not None]
    order = sorted(range(len(rows)), key=lambda at: (-_rank(rows[at]), at))
    return [_number_row(rows[at], graph) for at in order]


def _rank(row: Difference) -> float:
    return math.inf if math.isnan(row.relative) or row.change is None else row.relative


def _number_row(row: Difference, graph: Graph) -> Row:
    name, texts = row.place.name(graph), [_size(row.first), _size(row.second)]
    if row.change is None:
        return Row(name, (*texts, _("another shape"), ""), True, row.place.id)
    scalar = row.change.scalar
    change = number(scalar) if scalar is not None else number(largest(row.change))
    return Row(name, (*texts, change, _relative(row)), not row.same, row.place.id)


def _relative(row: Difference) -> str:
    """Against ‖A‖, in per cent; more than a thousand per cent as a multiple."""
    if row.same or math.isinf(row.relative):
        return "0" if row.same else "∞"
    return f"{row.relative:.2%}" if row.relative < 10 else f"{number(row.relative)} ×"


def _size(view: ArrayView | None) -> str:
    if view is None:
        return "–"
    scalar = view.scalar
    return number(scalar if scalar is not None else view.norm)


def setting_rows(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Row]:
    """Settings side by side, those that differ first."""
    mine, other = flat_settings(first), flat_settings(second)
    rows = []
    for name in dict.fromkeys((*mine, *other)):
        texts = tuple(setting_text(side[name]) if name in side else _("off") for side in (mine, other))
        rows.append(Row(setting_title(name), (*texts, ""), mine.get(name) != other.get(name)))
    return sorted(rows, key=lambda row: not row.differs)


def metric_rows(answer: Comparison) -> list[Row]:
    """What was measured of both over whole parts of the data, and the objective over the samples shown."""
    one, two = answer.metrics
    rows = [_metric_row(metric_title(name), one.get(name), two.get(name)) for name in dict.fromkeys((*one, *two))]
    if answer.loss is not None:
        rows.append(_metric_row(_("objective, samples on the canvas"), *answer.loss))
    return rows


def _metric_row(name: str, one: float | None, two: float | None) -> Row:
    texts = tuple("–" if value is None else number(value) for value in (one, two))
    change = number(two - one) if one is not None and two is not None else ""
    return Row(name, (*texts, change), one != two)

