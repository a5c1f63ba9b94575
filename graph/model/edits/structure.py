"""Edits that add and remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from graph.model.edits.base import Edit, Kind, find_item
from graph.model.elements import Edge, Frame, Group, Node, Note
from graph.model.graph import Graph, GraphError
from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class AddNode(Edit):
    """Insert a node before another (at the end when `before` is None)."""

    node: Node
    before: str | None = None

    def apply(self, graph: Graph) -> Edit:
        graph._add_node(self.node, self.before)
        return RemoveNode(self.node.id)

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node.to_json(), "before": self.before}


@dataclass(frozen=True, slots=True)
class RemoveNode(Edit):
    """Remove a node without wires; `remove_nodes` takes the wires along."""

    id: str

    def apply(self, graph: Graph) -> Edit:
        node = graph.nodes.get(self.id)
        before = graph._remove_node(self.id)
        assert node is not None
        return AddNode(node, before)

    def _fields(self) -> dict[str, Any]:
        return {"id": self.id}


@dataclass(frozen=True, slots=True)
class Connect(Edit):
    """Add a wire to a free place; `connect` replaces what is there."""

    edge: Edge
    before: str | None = None

    def apply(self, graph: Graph) -> Edit:
        graph._add_edge(self.edge, self.before)
        return Disconnect(self.edge.id)

    def _fields(self) -> dict[str, Any]:
        return {"edge": self.edge.to_json(), "before": self.before}


@dataclass(frozen=True, slots=True)
class Disconnect(Edit):
    """Remove a wire."""

    id: str

    def apply(self, graph: Graph) -> Edit:
        edge = graph.edges.get(self.id)
        before = graph._remove_edge(self.id)
        assert edge is not None
        return Connect(edge, before)

    def _fields(self) -> dict[str, Any]:
        return {"id": self.id}


@dataclass(frozen=True, slots=True)
class AddItem(Edit):
    """Insert a group, frame or note before another of its kind."""

    item: Group | Frame | Note
    before: str | None = None

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        graph._add_item(self.item, self.before)
        return RemoveItem(self.item.id)

    def _fields(self) -> dict[str, Any]:
        return {"kind": type(self.item).__name__.lower(), "item": self.item.to_json(), "before": self.before}


@dataclass(frozen=True, slots=True)
class RemoveItem(Edit):
    """Remove an empty group, a frame or a note."""

    id: str

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        item = find_item(graph, self.id)
        if isinstance(item, Node):
            raise GraphError(_("{name} is a node").format(name=item.name))
        return AddItem(item, graph._remove_item(item))

    def _fields(self) -> dict[str, Any]:
        return {"id": self.id}
