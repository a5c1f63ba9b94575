"""What a `Place` holds: its number, its gradient, its name for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.views import Absent
from engine.explain import labels
from engine.explain.question import Unanswerable

if TYPE_CHECKING:
    from engine.compile.trace import TensorGradient, Trace
    from engine.explain.place import Place
    from graph.model.graph import Graph

WHY_ABSENT = {
    "not computed": "it was not computed",
    "independent": "the objective does not depend on it",
    "not differentiable": "what lies behind it cannot be differentiated",
    "no objective": "there is no objective",
}


def output_name(graph: Graph, node: str, port: str) -> str:
    """`hidden`, or `data.x` where the node has several outputs."""
    return labels.output_name(graph, (node, port))


def place_name(graph: Graph, place: Place) -> str:
    """`x`, `hidden.W`, `x → d.a`."""
    if place.kind == "wire":
        edge = graph.edges[place.id]
        return f"{output_name(graph, *edge.source)} → {graph.nodes[edge.target[0]].name}.{edge.target[1]}"
    if place.kind == "output":
        return output_name(graph, place.id, place.name)
    return f"{graph.nodes[place.id].name}.{place.name}"


def require(graph: Graph, place: Place) -> None:
    """Raises Unanswerable for a place that is no longer there."""
    if place.id not in (graph.edges if place.kind == "wire" else graph.nodes):
        raise Unanswerable("What was asked about is no longer on the canvas.")


def number_at(trace: Trace, graph: Graph, place: Place) -> Tensor:
    """The tensor at a place, as the trace holds it. Raises Unanswerable where there is none."""
    require(graph, place)
    found = trace.parameters.get(place.key) if place.kind == "parameter" else trace.values.get(_source(graph, place))
    if found is None:
        raise Unanswerable(f"{place_name(graph, place)} has no value yet.")
    if not found.is_floating_point():
        raise Unanswerable(f"{place_name(graph, place)} holds class indices; these cannot be moved a little, so they have no derivative.")
    return found


def _source(graph: Graph, place: Place) -> tuple[str, str]:
    return graph.edges[place.id].source if place.kind == "wire" else place.key


def gradient_at(trace: Trace, graph: Graph, place: Place) -> Tensor:
    """The gradient there, from the trace. Raises Unanswerable with the reason where there is none."""
    found: TensorGradient | None
    if place.kind == "wire":
        found = trace.edge_gradients.get(place.id)
    else:
        found = (trace.parameter_gradients if place.kind == "parameter" else trace.gradients).get(place.key)
    if trace.objective is None:
        raise Unanswerable(trace.objective_note or "There is no objective.")
    if found is None or isinstance(found, Absent):
        why = WHY_ABSENT[found.reason if found is not None else "not computed"]
        raise Unanswerable(f"{place_name(graph, place)} has no gradient: {why}.")
    return found


def entry_of(graph: Graph, place: Place, tensor: Tensor) -> tuple[int, ...] | None:
    """The chosen entry's index, (0, …) for a single number, None where a tensor came without. Raises Unanswerable outside of it."""
    if place.entry is None:
        return (0,) * tensor.dim() if tensor.numel() == 1 else None
    if len(place.entry) != tensor.dim() or not all(0 <= i < n for i, n in zip(place.entry, tensor.shape, strict=True)):
        raise Unanswerable(f"{place_name(graph, place)} has no entry {list(place.entry)}; its shape is {list(tensor.shape)}.")
    return place.entry


def single_entry(graph: Graph, place: Place, tensor: Tensor, gradient: Tensor | None = None) -> tuple[int, ...]:
    """The chosen entry, or the one with the largest gradient (the first, without a gradient)."""
    chosen = entry_of(graph, place, tensor)
    if chosen is not None:
        return chosen
    if tensor.numel() == 0:
        raise Unanswerable(f"{place_name(graph, place)} is empty.")
    return largest_entry(gradient if gradient is not None else torch.zeros(tensor.shape))


def largest_entry(tensor: Tensor) -> tuple[int, ...]:
    """Where the number with the largest magnitude stands (the first of several) in a tensor that is not empty."""
    flat = torch.nan_to_num(tensor.detach().abs()).argmax()
    return tuple(int(i) for i in torch.unravel_index(flat, tensor.shape))
