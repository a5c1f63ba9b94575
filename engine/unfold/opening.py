"""Opening: one edit that puts a group of elementary nodes in a node's place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.unfold.box import Box, Shapes
from engine.unfold.exchange import FOLDED, edge_mark, following, node_mark, reconnected
from engine.unfold.neurons import neurons
from engine.unfold.placing import Size, placed
from engine.unfold.recipes import recipe
from graph.model.edits import AddItem, AddNode, Compound, Connect, Disconnect, Edit, RemoveNode, SetGraphSetting
from graph.model.edits.composed import fresh_group_name
from graph.model.elements import Edge, Group, Node
from graph.model.goal import SETTING
from graph.model.graph import Graph, GraphError
from graph.model.group_view import ENTRIES
from graph.model.objective import Objective, find_objective
from graph.model.several_objectives import goals_of, redirected
from graph.text.messages import _


def unfold(graph: Graph, node_id: str, shapes: Shapes, into_neurons: bool = False, size: Size | None = None) -> tuple[Edit, str]:
    """(edit, id of the group that takes the node's place, and has its id). `size` gives the size of cards.

    The result keeps the node's name, so that formulas and code around it read as before; values, gradients and training are the
    same, and trained values follow. Raises GraphError with the reason where the node cannot be opened.
    """
    if node_id not in graph.nodes:
        raise GraphError(_("Select a node to open"))
    node = graph.nodes[node_id]
    _refuse(graph, node)
    _refuse_problem(graph, node, shapes)
    box = Box(graph, node, shapes)
    (neurons if into_neurons else recipe(node.type, graph.spec(node).title, node.name))(box)
    if lost := [edge.target[1] for edge in graph.inputs_of(node_id) if edge.target[1] not in box.entries]:
        raise GraphError(_("{name} cannot be opened: the wire into {input} would end nowhere").format(name=node.name, input=lost[0]))
    group = Group(node_id, fresh_group_name(graph, node.name), node.group, True, node.x, node.y)
    nodes, groups = placed(box, size)
    first, last, marked = _objective(graph, box, _exchange(graph, box, [group, *groups], nodes))
    entries = {port: list(end) for port, end in box.entries.items()}
    groups = [replace(group, extra={ENTRIES: entries, FOLDED: _remembered(box, marked)}), *groups]
    return Compound((*first, *_exchange(graph, box, groups, nodes), *last), _("Open the box"), box.moves), node_id


def _refuse(graph: Graph, node: Node) -> None:
    """Raise GraphError for what would mean something else once it is opened."""
    if node.bypassed:
        raise GraphError(_("{name} is bypassed: it cannot be opened while its input passes through unchanged").format(name=node.name))
    for other in graph.nodes.values() if graph.spec(node).parameters else ():
        layers = other.params.get("layers")
        if other.type.startswith("penalty.") and isinstance(layers, str):
            names = layers.replace(",", " ").split()
            if node.name in names or names == ["all"]:
                raise GraphError(
                    _(
                        "{name} cannot be opened: {penalty} penalises its weights by the layer's name. "
                        "Take the layer out of {penalty} first"
                    ).format(name=node.name, penalty=other.name)
                )


def _refuse_problem(graph: Graph, node: Node, shapes: Shapes) -> None:
    """Raise GraphError where the sizes of all that reaches the node are known and its own is not: then they do not fit it."""
    arriving = [edge.source for edge in graph.inputs_of(node.id)]
    if arriving and all(source in shapes for source in arriving) and (node.id, graph.spec(node).outputs[0].name) not in shapes:
        raise GraphError(
            _("{name} cannot be opened while it has a problem: its input does not fit. Solve the problem first").format(name=node.name)
        )


def _exchange(graph: Graph, box: Box, groups: list[Group], inside: list[Node]) -> list[Edit]:
    """Wires off, node away, groups and content in its place, wires on again where they were."""
    node = box.node
    outside: dict[str, Edge] = {}
    for edge in graph.inputs_of(node.id):
        outside[edge.id] = replace(edge, target=box.entries[edge.target[1]], slot=0)
    for edge in graph.outputs_of(node.id):
        outside[edge.id] = replace(edge, source=(box.exit, "y"))
    before = following(graph.nodes, {node.id})
    return [
        *map(Disconnect, outside), RemoveNode(node.id), *map(AddItem, groups),
        *(AddNode(node, before) for node in inside), *map(Connect, box.edges), *reconnected(graph, outside),
    ]  # fmt: skip


def _objective(graph: Graph, box: Box, edits: list[Edit]) -> tuple[list[Edit], list[Edit], bool]:
    """What has to be set before and after so that the same number is differentiated, and whether it was not marked until now."""
    if goals_of(graph):
        objectives = redirected(graph, box.node.id, box.exit, "y")
        after: list[Edit] = [] if objectives is None else [SetGraphSetting(SETTING, objectives)]
        if (graph.settings.get("objective") or {}).get("node") != box.node.id:
            return [], after, False
        return [SetGraphSetting("objective", None)], [SetGraphSetting("objective", {"node": box.exit, "port": "y"}), *after], False
    was = find_objective(graph)
    if not isinstance(was, Objective):
        return [], [], False
    wanted = {"node": box.exit, "port": "y"} if was.node == box.node.id else {"node": was.node, "port": was.port}
    mark = SetGraphSetting("objective", wanted)
    if was.marked:
        return ([SetGraphSetting("objective", None)], [mark], False) if was.node == box.node.id else ([], [], False)
    trial = graph.copy()
    Compound(tuple(edits)).apply(trial)
    now = find_objective(trial)
    same = isinstance(now, Objective) and {"node": now.node, "port": now.port} == wanted
    return [], [] if same else [mark], not same


def _remembered(box: Box, marked: bool) -> dict[str, Any]:
    """All that folding needs: the node as it was, where its wires end inside, and what the inside looked like."""
    return {
        "node": box.node.to_json(), "entries": {port: list(end) for port, end in box.entries.items()}, "exit": box.exit,
        "nodes": {node.id: node_mark(node) for node in box.nodes}, "edges": {edge.id: edge_mark(edge) for edge in box.edges},
        "parameters": [[*inner, name] for inner, name in box.parameters], "marked": marked,
    }  # fmt: skip
