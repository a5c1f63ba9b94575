"""The number a question asks for, as the canvas has it."""

from __future__ import annotations

from engine.compile.views import ArrayView, TraceView
from graph.lessons.lesson import MEASURED, Question
from graph.lessons.lesson_graph import find
from graph.model.graph import Graph


def shown(graph: Graph, trace: TraceView, question: Question) -> ArrayView | None:
    """The tensor a question is about; None while there is none."""
    item = find(graph, question.of)
    if item is None:
        return None
    value = question.quantity == "value"
    if item.parameter:
        found = (trace.parameters if value else trace.parameter_gradients).get((item.node, item.port))
    elif item.edge:
        found = trace.values.get(graph.edges[item.edge].source) if value else trace.edge_gradients.get(item.edge)
    else:
        outputs = graph.spec(item.node).outputs
        key = (item.node, item.port or (outputs[0].name if outputs else ""))
        found = (trace.values if value else trace.gradients).get(key)
    return found if isinstance(found, ArrayView) else None


def truth(graph: Graph, trace: TraceView | None, question: Question) -> float | None:
    """The right number: `expected`, else the canvas's; None where the canvas has no single one."""
    return question.expected if question.expected is not None else on_canvas(graph, trace, question)


def on_canvas(graph: Graph, trace: TraceView | None, question: Question) -> float | None:
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
