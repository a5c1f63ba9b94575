"""The number a question asks for, as the canvas has it."""

from __future__ import annotations

from engine.compile.views import ArrayView, TraceView
from graph.lessons.lesson import MEASURED, LessonQuestion
from graph.lessons.lesson_graph import address_of
from graph.model.graph import Graph


def shown(graph: Graph, trace: TraceView, question: LessonQuestion) -> ArrayView | None:
    """The tensor a question is about; None while there is none."""
    address = address_of(graph, question)
    value = trace.at(address.whole, graph) if address is not None else None
    return value if isinstance(value, ArrayView) else None


def truth(graph: Graph, trace: TraceView | None, question: LessonQuestion) -> float | None:
    """The right number: `expected`, else the canvas's; None where the canvas has no single one."""
    return question.expected if question.expected is not None else on_canvas(graph, trace, question)


def on_canvas(graph: Graph, trace: TraceView | None, question: LessonQuestion) -> float | None:
    """The number that the canvas has for a question; None where it has no single one."""
    if trace is None or not question.of or question.quantity in MEASURED:
        return None
    view = shown(graph, trace, question)
    if view is None or view.data is None:
        return None
    if not question.index:
        return view.scalar
    try:
        return float(view.data[question.index])
    except (IndexError, TypeError):
        return None
