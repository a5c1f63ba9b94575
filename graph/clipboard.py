"""Nodes as text, for the clipboard: readable, mailable, and checked like a file when it comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from graph.build import BuildError, build
from graph.edits import AddItem, Compound, Edit
from graph.edits.composed import copies
from graph.files import FORMAT, VERSION, dumps
from graph.graph import Graph, GraphError
from graph.migrations import migrate
from graph.model import Frame, Note
from graph.scan import ScanError, parse


def copy_text(graph: Graph, ids: Iterable[str]) -> str:
    """The nodes, frames and notes among `ids`, and the wires between these nodes, as text in the form of a file."""
    chosen = set(ids)
    part = Graph(graph.catalog)
    for node in graph.nodes.values():
        if node.id in chosen:
            part._add_node(replace(node, group=None))
    for edge in graph.edges.values():
        if edge.source[0] in part.nodes and edge.target[0] in part.nodes:
            part._add_edge(edge)
    items: list[Frame | Note] = [*graph.frames.values(), *graph.notes.values()]
    for item in items:
        if item.id in chosen:
            part._add_item(item)
    content = {key: value for key, value in json.loads(dumps(part)).items() if value and key not in ("settings", "training")}
    return json.dumps({"clipboard": True} | content, ensure_ascii=False)


def is_nodes(text: str) -> bool:
    """Whether a clipboard's text is worth trying to paste."""
    return text.lstrip()[:1] == "{" and f'"{FORMAT}"' in text


def paste(graph: Graph, text: str, at: tuple[float, float] | None = None) -> tuple[Edit, tuple[str, ...]]:
    """An edit that adds what `copy_text` wrote, its top left corner at `at`, and the new ids. Raises GraphError for any other text."""
    part = _read(graph, text)
    items: list[Frame | Note] = [*part.frames.values(), *part.notes.values()]
    corners = [(thing.x, thing.y) for thing in (*part.nodes.values(), *items)]
    if not corners:
        raise GraphError("there is nothing to paste in this text")
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    dx, dy = (at[0] - left, at[1] - top) if at else (40.0, 40.0)
    edit, renewed = copies(graph, list(part.nodes.values()), list(part.edges.values()), dx, dy)
    placed = [replace(item, id=graph.fresh_id("f" if isinstance(item, Frame) else "t"), x=item.x + dx, y=item.y + dy) for item in items]
    edits = (*edit.edits, *(AddItem(item) for item in placed))
    return Compound(edits, "Paste"), (*renewed.values(), *(item.id for item in placed))


def _read(graph: Graph, text: str) -> Graph:
    try:
        content: Any = parse(text.encode("utf-8", "replace"))
    except ScanError as problem:
        raise GraphError(f"this text cannot be pasted: {problem}") from None
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise GraphError("this text cannot be pasted: it is not part of a Gradwire document")
    if type(content.get("version")) is not int or not 1 <= content["version"] <= VERSION:
        raise GraphError("this text cannot be pasted: it comes from a newer Gradwire")
    try:
        return build(migrate({**content, "settings": {}, "training": {}}), graph.catalog)
    except BuildError as problem:
        raise GraphError(f"this text cannot be pasted: {problem}") from None
