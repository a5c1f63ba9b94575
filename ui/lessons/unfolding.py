"""What a lesson's "unfold" and "fold" do to the document."""

from __future__ import annotations

from graph.edits import Edit
from graph.graph import Graph, GraphError
from graph.lesson import Action


def unfold(graph: Graph, action: Action) -> Edit:
    """The edit of such an action. Raises GraphError."""
    raise GraphError(f'"{action.do}" cannot be done to {graph.nodes[next(iter(graph.nodes))].name}')
