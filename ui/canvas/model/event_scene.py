"""Makes the choreography of one event from the numbers on the canvas and the engine's arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.compile.views import ArrayView, Gradient, PassEvent
from graph.model.elements import End
from ui.canvas.model.arithmetic import NodeRows, Outdated, Piece, Row, Token, quantity, sign, tokens
from ui.canvas.model.choreography import Choreography
from ui.canvas.model.content import Content

MOST_ROWS = 5
"""Rows that are laid out at a time; what further wires carry leaves without them."""


def choreography(event: PassEvent, content: Content, rows: NodeRows | None) -> Choreography | None:
    """What this event looks like with the numbers of `content`, which may be covered; None where nothing moves in it."""
    if content.trace is None or event.node not in content.graph.nodes or not content.graph.spec(event.node).outputs:
        return None
    return _forward(event, content, rows) if event.phase == "forward" else _backward(event, content, rows)


def _value(content: Content, key: End) -> Token:
    view = content.moving_value(key)
    return quantity(view, "value", batched=content.lists_samples(key, view), fraction=content.fraction("output", *key))


def _gradient(content: Content, key: End, gradient: Gradient | None, wire: str = "") -> Token | None:
    """A gradient of an output's shape; None where there is none."""
    shown = content.moving_part(key, gradient) if gradient is not None else None
    if not isinstance(shown, ArrayView):
        return None
    fraction = content.fraction("edge", wire, gradient=True) if wire else content.fraction("output", *key, gradient=True)
    return quantity(shown, "gradient", wire, batched=content.lists_samples(key, shown), fraction=fraction)


def _forward(event: PassEvent, content: Content, rows: NodeRows | None) -> Choreography | None:
    graph = content.graph
    edges = [edge for edge in event.edges if edge in graph.edges]
    if not edges:
        return None
    arriving = tuple(replace(_value(content, graph.edges[edge].source), wire=edge) for edge in edges)
    result = _value(content, (event.node, graph.spec(event.node).outputs[0].name))
    row = _row(rows.forward, rows.formula, result, content, edges) if rows is not None else None
    return Choreography("forward", event.node, arriving, None, (row,) if row is not None else (), (result,))


def _backward(event: PassEvent, content: Content, rows: NodeRows | None) -> Choreography | None:
    graph, trace = content.graph, content.trace
    assert trace is not None
    key = (event.node, graph.spec(event.node).outputs[0].name)
    upstream = _gradient(content, key, trace.gradients.get(key))
    wires = [edge.id for edge in graph.outputs_of(event.node) if edge.source == key]
    arriving = [token for wire in wires if (token := _gradient(content, key, trace.edge_gradients.get(wire), wire)) is not None]
    if trace.objective == key and upstream is not None:
        arriving.insert(0, replace(sign("1"), hue="gradient", number=True))
    total = Row(_added(arriving), upstream) if len(arriving) > 1 and upstream is not None else None
    leaving: list[Token] = []
    worked: list[Row] = []
    for edge in (graph.edges[edge] for edge in event.edges if edge in graph.edges):
        down = _gradient(content, edge.source, trace.edge_gradients.get(edge.id), edge.id)
        if down is None:
            continue
        leaving.append(down)
        row = _row(rows.backward.get(edge.id, ()), rows.rules.get(edge.id, ()), down, content, ()) if rows is not None else None
        if row is not None and len(worked) < MOST_ROWS:
            worked.append(row)
    if not leaving and total is None:
        return None
    return Choreography("backward", event.node, tuple(arriving), total, tuple(worked), tuple(leaving))


def _row(
    numbers: Sequence[Piece], formula: Sequence[Piece], result: Token, content: Content, wires: Sequence[str]
) -> Row | None:
    """The right side with its numbers, and the formula in case there is no room for them."""
    assert content.trace is not None
    try:
        short = tokens(formula, content.trace, content.graph, fractions=content.fractions)
        long = tokens(numbers, content.trace, content.graph, wires, content.fractions) or short
    except Outdated:
        return None
    return Row(long, result, short) if long else None


def _added(contributions: Sequence[Token]) -> tuple[Token, ...]:
    """a + (b) + (c); more than four are cut short in the middle."""
    terms: list[Token] = []
    shown = list(contributions) if len(contributions) <= 4 else [*contributions[:2], sign("⋯"), contributions[-1]]
    for index, token in enumerate(shown):
        if index:
            terms.append(sign("+"))
            if token.text.startswith("−"):
                token = replace(token, runs=(replace(token.runs[0], text=f"({token.text})"),))
        terms.append(token)
    return tuple(terms)
