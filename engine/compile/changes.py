"""What changed in a document since it was last looked at, as far as it matters to what is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.compile.shapes import Inference
from graph.model.document_settings import decisive
from graph.model.elements import Edge, Node

if TYPE_CHECKING:
    from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Nodes and wires as they were. They are frozen objects, so that comparing them is mostly comparing identities."""

    nodes: Mapping[str, Node]
    edges: Mapping[str, Edge]
    decisive: tuple[Any, ...]

    @classmethod
    def of(cls, graph: Graph) -> Snapshot:
        return cls(dict(graph.nodes), dict(graph.edges), decisive(graph.settings))

    def edited(self, graph: Graph) -> set[str]:
        """Nodes there were before whose settings differ now."""
        both = ((self.nodes.get(identity), node) for identity, node in graph.nodes.items())
        return {new.id for old, new in both if old is not None and old is not new and old.params != new.params}

    def changed(self, graph: Graph, inference: Inference) -> list[str] | None:
        """Nodes with another name or other settings; None when more than that is different: nodes, wires, data, a value's shape."""
        if len(graph.nodes) != len(self.nodes) or len(graph.edges) != len(self.edges) or decisive(graph.settings) != self.decisive:
            return None
        for identity, edge in graph.edges.items():
            before = self.edges.get(identity)
            if before is not edge and (before is None or _ends(before) != _ends(edge)):
                return None
        changed_nodes = []
        for identity, node in graph.nodes.items():
            old = self.nodes.get(identity)
            if old is node:
                continue
            if old is None or old.type != node.type:
                return None
            if old.params != node.params or old.name != node.name:
                if not _value_only(old, node, graph, inference):
                    return None
                changed_nodes.append(identity)
        return changed_nodes


def _ends(edge: Edge) -> tuple[Any, ...]:
    return edge.source, edge.target, edge.slot


def _value_only(old: Node, node: Node, graph: Graph, inference: Inference) -> bool:
    """Whether a change of name or settings leaves shapes and data alone, as far as can be seen without inferring."""
    node_type = inference.types.get(node.type)
    if node_type is None:
        return False
    if old.params == node.params:
        return True
    if node_type.role == "data":
        return False
    if node_type.role in ("input", "constant"):
        shape = inference.outputs.get((node.id, "y"))
        return shape is not None and _shape(graph.setting(node.id, "value")) == shape.dims
    if node_type.role == "parameter":
        differing = {name for name in old.params.keys() | node.params.keys() if old.params.get(name) != node.params.get(name)}
        known = inference.parameters.get((node.id, "value"))
        light = differing <= {"value", "tensors", "minimum", "maximum", "step"}
        return light and known is not None and _shape(graph.setting(node.id, "value")) == known
    return True


def _shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return (len(value), *(_shape(value[0]) if value else ()))
