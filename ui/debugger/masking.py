"""A trace as far as playback has come: what the panels may show while the canvas still waits for its numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.compile.views import Absent, TraceView

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from ui.shell.workspace.playback import Playhead

HELD = Absent("not computed")


def seen(trace: TraceView | None, playhead: Playhead, graph: Graph) -> TraceView | None:
    """The trace itself at rest; else without the values and gradients that are still to come, or forgotten again.

    What a person typed into a source is known before anything is computed, and so are parameters.
    """
    if trace is None or playhead.at_rest:
        return trace
    has_value, has_gradient = playhead.node_has_value, playhead.node_has_gradient
    given = {node for node in graph.nodes if not graph.spec(node).inputs}
    return replace(
        trace,
        values={key: value for key, value in trace.values.items() if key[0] in given or has_value(key[0])},
        gradients={key: entry if has_gradient(key[0]) else HELD for key, entry in trace.gradients.items()},
        edge_gradients={edge: entry if playhead.arrived_gradients(edge) else HELD for edge, entry in trace.edge_gradients.items()},
        parameter_gradients={key: entry if has_gradient(key[0]) else HELD for key, entry in trace.parameter_gradients.items()},
    )
