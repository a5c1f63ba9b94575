"""A trace without the numbers that someone is to find out: what panels may show while the canvas shows question marks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.compile.views import Absent, TraceView

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from ui.canvas.model.content import Hidden

ASKED = Absent("asked")


def covered(trace: TraceView | None, hidden: Hidden, graph: Graph) -> TraceView | None:
    """The trace itself where nothing is hidden. A hidden value is missing; a hidden gradient is absent, with this as the reason."""
    if trace is None or not (hidden.values or hidden.gradients):
        return trace
    wires = {graph.edges[i].source for i in hidden.values if i in graph.edges}
    values, gradients = hidden.values, hidden.gradients
    return replace(
        trace,
        values={key: view for key, view in trace.values.items() if key not in wires and key[0] not in values},
        gradients={key: ASKED if key[0] in gradients else entry for key, entry in trace.gradients.items()},
        edge_gradients={edge: ASKED if edge in gradients else entry for edge, entry in trace.edge_gradients.items()},
        parameter_gradients={key: ASKED if key[0] in gradients else entry for key, entry in trace.parameter_gradients.items()},
    )
