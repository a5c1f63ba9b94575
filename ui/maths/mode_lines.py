"""What forward and reverse mode found, as mathematics: a line for each node."""

from __future__ import annotations

from collections.abc import Collection

from engine.compile.views import ArrayView, Gradient
from engine.explain.forward_mode import Adjoints, Tangents
from engine.explain.symbols import Symbols
from graph.model.elements import End
from graph.model.graph import Graph
from ui.look.numbers import exact, number
from ui.maths.sheet import SheetLine
from ui.maths.typesetting import Expr, Ink, Text, read, relation, row


def derivative_lines(answer: Tangents | Adjoints, graph: Graph, seen: Collection[str]) -> list[SheetLine]:
    """∂a₁/∂x = 2 of each node that was reached and is among these, in the order they were reached in."""
    ink: Ink = "forward" if isinstance(answer, Tangents) else "backward"
    lines = []
    for node in (n for n in answer.order if n in seen and n in graph.nodes):
        port = graph.spec(node).outputs[0].name if graph.spec(node).outputs else ""
        value = answer.outputs.get((node, port))
        if isinstance(value, ArrayView):
            amount = Text(size_of(value), ink, "", exact(value.scalar) if value.scalar is not None else "")
            lines.append(SheetLine(row(derivative_symbol((node, port), answer, graph), relation(), amount)))
    return lines


def derivative_symbol(end: End, answer: Tangents | Adjoints, graph: Graph) -> Expr:
    """∂y/∂x of a seed x and of a target y; of a seed that moves in a direction v, the derivative along it, D with v below."""
    symbols = Symbols(graph, None)
    here = symbols.value(end)
    if isinstance(answer, Adjoints):
        above = symbols.at(answer.target)
        return read(symbols.fraction(rf"\sum {above}" if answer.summed else above, here))
    if answer.direction != "entry":
        return read(rf"D_v {here}")
    return read(symbols.fraction(here, symbols.at(answer.seed)))


def size_of(view: Gradient) -> str:
    """A number, or a tensor's norm."""
    if not isinstance(view, ArrayView):
        return ""
    return number(view.scalar) if view.scalar is not None else f"‖·‖ {number(view.norm)}"
