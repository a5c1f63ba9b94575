"""What a lesson's "unfold" and "fold" do to the document."""

from __future__ import annotations

from engine.unfold import fold, folded_around
from engine.unfold import unfold as opened
from graph.lessons.lesson import Action
from graph.lessons.lesson_graph import resolve_node
from graph.model.edits import Edit
from graph.model.graph import Graph, GraphError
from graph.text.messages import _


def unfold(graph: Graph, action: Action) -> Edit:
    """The edit of such an action. Raises GraphError, also where a node can only be opened once its shapes are known."""
    node = resolve_node(graph, action.args["node"])
    if action.do == "unfold":
        return opened(graph, node, {}, action.args.get("neurons", False))[0]
    around = folded_around(graph, node)
    if around is None:
        raise GraphError(_("{name} is not part of an opened node").format(name=graph.nodes[node].name))
    return fold(graph, around)[0]
