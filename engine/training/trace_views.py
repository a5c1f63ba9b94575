"""A model's pass as the window gets it: what in it is dead, next to nothing or not finite, and which samples it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.compile.activity import KINDS, Activity, activity
from engine.compile.failure import nonfinite
from engine.compile.negligible import negligible
from engine.compile.trace import Trace, view
from engine.compile.views import FULL_LIMIT, ROWS, TraceView
from engine.data.parts import Part
from graph.model.problem import Problem
from graph.text.messages import ngettext

if TYPE_CHECKING:
    from torch import Tensor

    from graph.model.graph import Graph


def view_of(graph: Graph, trace: Trace, held: Mapping[str, Tensor], problems: Sequence[Problem], **more: Any) -> TraceView:
    """The view of a pass; `held` are tensors that it does not show and that may be the ones that are not finite, `problems` those of the
    model. `more` are fields of the view."""
    result = view(trace, activities=_activities(graph, trace), **more)
    result = replace(result, negligible=gone) if (gone := negligible(trace, result)) else result
    broken = nonfinite(graph, result, held)
    if broken:
        result = replace(result, nonfinite=broken[0].text)
    extra = tuple(problem for problem in (*broken, *problems) if problem not in result.problems)
    return replace(result, problems=(*result.problems, *extra)) if extra else result


def named_rows(part: Part, rows: Sequence[int]) -> dict[str, Any]:
    """Which samples a view is of, as far as they are named."""
    return {"part": part, "rows": tuple(rows) if len(rows) <= ROWS else ()}


def batch_text(part: Part, rows: Sequence[int], total: int) -> str:
    """Which samples these rows are, of so many of the part, in words."""
    if not total:
        return ""
    if list(rows) == list(range(rows[0], rows[0] + len(rows))):
        span = f"{rows[0] + 1}" if len(rows) == 1 else f"{rows[0] + 1}–{rows[-1] + 1}"
    else:
        span = ", ".join(str(row + 1) for row in rows[:8]) + (" …" if len(rows) > 8 else "")
    if part == "validation":
        text = ngettext("validation sample {span} of {total:,}", "validation samples {span} of {total:,}", len(rows))
    elif part == "test":
        text = ngettext("test sample {span} of {total:,}", "test samples {span} of {total:,}", len(rows))
    else:
        text = ngettext("training sample {span} of {total:,}", "training samples {span} of {total:,}", len(rows))
    return text.format(span=span, total=total)


def _activities(graph: Graph, trace: Trace) -> dict[str, Activity]:
    """Dead and saturated units among values that do not travel whole."""
    counted: dict[str, Activity] = {}
    for (node, port), value in trace.values.items():
        if value.numel() > FULL_LIMIT and (key := graph.spec(node).key) in KINDS:
            found = activity(key, value.detach().cpu().numpy(), trace.shapes[node, port][1])
            if found is not None:
                counted[node] = found
    return counted
