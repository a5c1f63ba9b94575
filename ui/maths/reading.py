"""What the panels read out of a graph and a trace: names at ports, scalars, gradients, and what a problem says."""

from __future__ import annotations

from engine.compile.views import Absent, ArrayView, Gradient, TraceView
from graph.model.graph import Graph
from graph.text.messages import _
from ui.look.numbers import exact, number, shape_text


def port_names(graph: Graph, node: str) -> dict[str, str]:
    """The names that stand for a node's ports in its formula: producers at inputs, the node itself at its output."""
    spec = graph.spec(node)
    names = {edge.target[1]: _source_name(graph, edge.source) for edge in graph.inputs_of(node) if edge.slot == 0}
    if len(spec.outputs) == 1:
        names[spec.outputs[0].name] = graph.nodes[node].name
    return names


def _source_name(graph: Graph, end: tuple[str, str]) -> str:
    """A producer's name; of one with several outputs, the output's."""
    return end[1] if len(graph.spec(end[0]).outputs) > 1 else graph.nodes[end[0]].name


def scalar(view: Gradient | None) -> float | None:
    """The number of a one-element tensor; None for everything else."""
    return view.scalar if isinstance(view, ArrayView) else None


def port_values(graph: Graph, trace: TraceView, node: str) -> dict[str, float] | None:
    """Scalars at all of a node's inputs by port; None where one of them is not a scalar."""
    values: dict[str, float] = {}
    for edge in graph.inputs_of(node):
        value = scalar(trace.values.get(edge.source))
        if value is None or edge.slot:
            return None
        values[edge.target[1]] = value
    return values or None


def glance(view: Gradient) -> str:
    """A tensor in a line; of an absent gradient, why there is none."""
    if isinstance(view, Absent):
        return view.why
    if view.covered:
        return f"{shape_text(view.shape)} · {exact(view.norm)}" if view.shape else exact(view.norm)
    if view.scalar is not None:
        return number(view.scalar)
    return _("{shape} · mean {mean} · norm {norm}").format(shape=shape_text(view.shape), mean=number(view.mean), norm=number(view.norm))
