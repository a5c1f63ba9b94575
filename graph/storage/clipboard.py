"""Nodes as text, for the clipboard: readable, mailable, and checked like a file when it comes back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from graph.model.build import BuildError, add_groups, build
from graph.model.edits import AddItem, Compound, Edit, StateMove
from graph.model.edits.composed import copies, state_moves
from graph.model.elements import Frame, Group, Note
from graph.model.graph import Graph, GraphError
from graph.model.group_view import expand, members, path
from graph.model.membership import depths
from graph.storage.files import FORMAT, VERSION, dumps
from graph.storage.migrations import migrate
from graph.storage.scan import ScanError, parse
from graph.text.messages import _


def copy_text(graph: Graph, ids: Iterable[str], inside: str | None = None, origin: str = "") -> str:
    """The nodes, groups (with all they hold), frames and notes among `ids`, and the wires between these nodes, in the form of a file.

    `inside` is the group in which the selection was made: groups below it of which everything is chosen come along as well, others
    do not, so what is copied out of a group does not bring that group with it. `origin` identifies the open document.
    """
    chosen = set(expand(graph, ids))
    part = Graph(graph.catalog)
    kept = _whole_groups(graph, chosen, inside)
    add_groups(part, [replace(group, parent=group.parent if group.parent in kept else None) for group in kept.values()])
    for node in graph.nodes.values():
        if node.id in chosen:
            part._add_node(replace(node, group=node.group if node.group in kept else None))
    for edge in graph.edges.values():
        if edge.source[0] in part.nodes and edge.target[0] in part.nodes:
            part._add_edge(edge)
    items: list[Frame | Note] = [*graph.frames.values(), *graph.notes.values()]
    for item in items:
        if item.id in chosen:
            part._add_item(item)
    content = {key: value for key, value in json.loads(dumps(part)).items() if value and key not in ("settings", "training")}
    return json.dumps({"clipboard": True} | ({"origin": origin} if origin else {}) | content, ensure_ascii=False)


def paste(
    graph: Graph, text: str, at: tuple[float, float] | None = None, inside: str | None = None, origin: str = ""
) -> tuple[Edit, tuple[str, ...]]:  # fmt: skip
    """An edit that adds what `copy_text` wrote to the group `inside`, its top left corner at `at`, and the new ids of nodes, groups,
    frames and notes. Trained values follow within one document (of one `origin`), those of nodes that were cut too.

    Raises GraphError for any other text.
    """
    part = _read(graph, text)
    items: list[Frame | Note] = [*part.frames.values(), *part.notes.values()]
    hidden = {node for group in part.groups.values() if group.collapsed for node in members(part, group.id)}
    seen = [node for node in part.nodes.values() if node.id not in hidden]
    corners = [(thing.x, thing.y) for thing in (*seen, *part.groups.values(), *items)]
    if not corners:
        raise GraphError(_("there is nothing to paste in this text"))
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    dx, dy = (at[0] - left, at[1] - top) if at else (40.0, 40.0)
    depth = depths(part.groups.values())
    groups = sorted(part.groups.values(), key=lambda group: depth[group.id])
    edit, renewed = copies(graph, list(part.nodes.values()), list(part.edges.values()), dx, dy, groups, inside)
    placed = [replace(item, id=graph.fresh_id("f" if isinstance(item, Frame) else "t"), x=item.x + dx, y=item.y + dy) for item in items]
    edits = (*edit.edits, *(AddItem(item) for item in placed))
    moves: tuple[StateMove, ...] = ()
    if origin and part.extra.get("origin") == origin:
        moves = state_moves(graph, part.nodes.values(), renewed)
    return Compound(edits, _("Paste"), moves), (*renewed.values(), *(item.id for item in placed))


def _whole_groups(graph: Graph, chosen: Collection[str], inside: str | None) -> dict[str, Group]:
    """The groups that are chosen, and those below `inside` that hold something of which everything is chosen, in the document's order."""
    depth = depths(graph.groups.values())
    whole: set[str] = set()
    for group in sorted(graph.groups, key=lambda group: -depth[group]):
        holds = (*graph.members(group), *graph.subgroups(group))
        below = inside is None or inside in (above.id for above in path(graph, graph.groups[group].parent))
        if group in chosen or (below and holds and all(member in chosen or member in whole for member in holds)):
            whole.add(group)
    return {identity: group for identity, group in graph.groups.items() if identity in whole}


def _read(graph: Graph, text: str) -> Graph:
    try:
        content: Any = parse(text.encode("utf-8", "replace"))
    except ScanError as problem:
        raise GraphError(_("this text cannot be pasted: {problem}").format(problem=problem)) from None
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise GraphError(_("this text cannot be pasted: it is not part of a Gradwire document"))
    if type(content.get("version")) is not int or not 1 <= content["version"] <= VERSION:
        raise GraphError(_("this text cannot be pasted: it comes from a newer Gradwire"))
    try:
        return build(migrate({**content, "settings": {}, "training": {}}), graph.catalog)
    except BuildError as problem:
        raise GraphError(_("this text cannot be pasted: {problem}").format(problem=problem)) from None
