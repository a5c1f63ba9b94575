"""From a repair that a problem offers to the edit that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graph.model.edits import AddItem, AddNode, Compound, Connect, Edit, GraphError, SetParam, edit_from_json
from graph.model.elements import Edge
from graph.model.graph import Graph
from graph.model.problem import Problem, Repair
from graph.text.messages import _


def apply_repair(graph: Graph, repair: Repair) -> Edit:
    """The repair as one edit, one step of undo. Applying it raises GraphError where the graph has changed too much meanwhile.

    Problems are found in another process, in a copy of the graph: whatever the repair adds gets an id of this graph, and another name
    where its own was given away since. Raises GraphError for a repair that cannot be read.
    """
    try:
        edits = [edit_from_json(row) for row in repair.edits]
    except ValueError as problem:
        raise GraphError(_("this repair cannot be made: {problem}").format(problem=problem)) from None
    renewed = _renewed(graph, edits)
    names: set[str] = set()
    return Compound(tuple(_with(graph, edit, renewed, names) for edit in edits), repair.title)


def merged(first: list[Problem], second: list[Problem]) -> list[Problem]:
    """Both lists without what they say twice: a problem that is the same keeps the repairs of whichever offers more."""
    by_key: dict[object, Problem] = {}
    for problem in (*first, *second):
        key = problem.identity
        if key not in by_key or len(problem.repairs) > len(by_key[key].repairs):
            by_key[key] = problem
    return list(by_key.values())


def _renewed(graph: Graph, edits: list[Edit]) -> dict[str, str]:
    """New ids for what the edits add."""
    added: dict[str, str] = {}
    for edit in _flat(edits):
        match edit:
            case AddNode(node):
                added[node.id] = "n"
            case Connect(edge):
                added[edge.id] = "e"
            case AddItem(item):
                added[item.id] = "i"
    return {identity: graph.fresh_id(prefix) for identity, prefix in added.items()}


def _flat(edits: list[Edit] | tuple[Edit, ...]) -> Iterator[Edit]:
    for edit in edits:
        if isinstance(edit, Compound):
            yield from _flat(edit.edits)
        else:
            yield edit


def _with(graph: Graph, edit: Edit, renewed: dict[str, str], names: set[str]) -> Edit:
    """The edit with renewed ids, and with fresh names for the nodes it adds."""

    def new(identity: str) -> str:
        return renewed.get(identity, identity)

    match edit:
        case Compound(edits, text, moves):
            return Compound(tuple(_with(graph, inner, renewed, names) for inner in edits), text, moves)
        case AddNode(node, before):
            name = graph.fresh_name(node.name, names) if graph.named(node.name) or node.name in names else node.name
            names.add(name)
            return AddNode(replace(node, id=new(node.id), name=name), before)
        case Connect(edge, before):
            source, target = (new(edge.source[0]), edge.source[1]), (new(edge.target[0]), edge.target[1])
            return Connect(Edge(new(edge.id), source, target, edge.slot, edge.via, edge.extra), before)
        case SetParam(node_id, name, value):
            return SetParam(new(node_id), name, value)
        case AddItem(item, before):
            return AddItem(replace(item, id=new(item.id)), before)
    return edit
