"""What derivatives are called, as plain text; `engine.explain.cards.symbols` writes the same as LaTeX. No torch here.

A value that feeds several wires has one derivative for all of them together, ∂f/∂x, and one along each wire, ∂f/∂(x→d): what f would
change by if only d received a changed x. The first is the sum of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.model.address import output_name

if TYPE_CHECKING:
    from graph.model.elements import Edge, End
    from graph.model.graph import Graph

SHORT = 3
"""An objective with a name up to this long keeps it (∂f/∂x); one with a longer name, and every loss, is L."""


def total(objective: str, name: str) -> str:
    """The derivative by a value, along all its wires: `∂f/∂x`. Also the local derivative of a node by what reaches it."""
    return f"∂{objective}/∂{f'({name})' if '→' in name else name}"


def wire_name(graph: Graph, edge: Edge) -> str:
    """A value as it arrives along one wire: `x→d`, with the port where two wires from one output end at one node: `x→d.a`."""
    return f"{output_name(graph, *edge.source)}→{'.'.join(filter(None, wire_end(graph, edge)))}"


def wire_end(graph: Graph, edge: Edge) -> tuple[str, str]:
    """The node a wire ends at, and the port (of several alike its number) where this is needed to tell two wires apart."""
    consumer = graph.nodes[edge.target[0]].name
    if sum(e.target[0] == edge.target[0] for e in rivals(graph, edge)) < 2:
        return consumer, ""
    port = graph.spec(edge.target[0]).input(edge.target[1])
    return consumer, str(edge.slot + 1) if port is not None and port.many else edge.target[1]


def rivals(graph: Graph, edge: Edge) -> list[Edge]:
    """The wires from the same output along which a gradient can come back, this one among them: not those to probes."""
    return [e for e in graph.outputs_of(edge.source[0]) if e.source == edge.source and graph.spec(e.target[0]).differentiable]


def is_one_of_several(graph: Graph, edge: Edge, objective: End | None = None) -> bool:
    """Whether the derivative along this wire is only a part of the one by the value; so also where the value is the objective."""
    return len(rivals(graph, edge)) > 1 or edge.source == objective


def meets_again(graph: Graph, edge: Edge) -> bool:
    """Whether the value reaches the node at this wire's end along another wire, too: then ∂d/∂x is not what d does with this wire."""
    others = {e.target[0] for e in rivals(graph, edge) if e.id != edge.id}
    seen: set[str] = set()
    while others:
        node = others.pop()
        if node == edge.target[0]:
            return True
        seen.add(node)
        others |= set(graph.successors(node)) - seen
    return False


def local(graph: Graph, end: End, edge: Edge) -> str:
    """How a node's output answers to one wire: `∂d/∂x`, `∂d/∂(x→d.a)` where x reaches d in several ways."""
    below = wire_name(graph, edge) if meets_again(graph, edge) else output_name(graph, *edge.source)
    return total(output_name(graph, *end), below)


def objective_name(graph: Graph, objective: End | None) -> str:
    """What stands above in ∂f/∂x: the objective's name where that is short, else L; the name in full where something else is called L."""
    if objective is None or objective[0] not in graph.nodes:
        return "L"
    node = graph.nodes[objective[0]]
    if len(node.name) <= SHORT and not graph.spec(node).loss:
        return node.name
    return node.name if any(n.name == "L" for n in graph.nodes.values()) else "L"
