"""Kinds of pictures that a graph can be painted into, one file each; see `engine.export.registry`. Listing them needs no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.model.graph import Graph
    from ui.canvas.model.gradient_size import Look
    from ui.canvas.model.samples import Choice
    from ui.look.theme import Theme


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is painted: the whole graph, with the numbers of `trace` where given, of one `sample` of its batch where that is chosen."""

    graph: Graph
    trace: TraceView | None
    theme: Theme
    scale: float = 1.0
    sample: Choice = None
    look: Look = ""
    """How the wires show the size of their gradients."""
