"""A graph as the rules about its meaning see it: what feeds what, past the nodes that pass their input on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from heapq import merge
from typing import TYPE_CHECKING, Any

from engine.compile.environment import Own, Wire
from graph.model.edits import AddNode, Compound, Connect, Disconnect, Edit, SetParam, remove_nodes
from graph.model.elements import Edge, End, Node
from graph.model.objective import Objective, find_objective
from graph.model.problem import Problem, Repair, Severity
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from engine.compile.feeds import Feeds
    from engine.compile.shape import Shape
    from engine.compile.shapes import Inference
    from engine.nodes.base import NodeType
    from graph.model.graph import Graph

PASSING = {"activation.identity", "math.reshape", "math.flatten", "probe.value"}
"""Types that pass the numbers on as they are."""
EFFORT = 20_000
"""Nodes that are copied at most in all, to try repairs."""
LEARNING = {"layer.linear", "layer.conv2d", "layer.embedding", "layer.recurrent"}
"""Layers whose outputs are free to take any value."""


class Network:
    """`graph` is the one that runs; rules read it, its shapes and its data, and build repairs here."""

    def __init__(self, graph: Graph, inference: Inference, feeds: Feeds, batch_size: int | None) -> None:
        self.graph, self.inference, self.feeds, self.batch_size = graph, inference, feeds, batch_size
        self._tried = 0

    # What there is

    def type(self, node: str) -> NodeType:
        return self.inference.types[self.graph.nodes[node].type]

    def key(self, node: str) -> str:
        """The key of a node's type, by its present name."""
        return self.type(node).key

    def title(self, node: str) -> str:
        return self.type(node).title

    def name(self, node: str) -> str:
        return self.graph.nodes[node].name

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that could be inferred, in the order of computation."""
        return tuple(node for node in self.inference.order if node in self.inference.wirings)

    @cached_property
    def losses(self) -> tuple[str, ...]:
        return tuple(node for node in self.nodes if self.type(node).loss)

    @cached_property
    def _by_key(self) -> dict[str, list[tuple[int, str]]]:
        """By type the nodes that could be inferred, with their places in the order of computation."""
        places: dict[str, list[tuple[int, str]]] = {}
        for place, node in enumerate(self.nodes):
            places.setdefault(self.key(node), []).append((place, node))
        return places

    def of(self, *keys: str) -> Iterator[str]:
        """The nodes of these types, in the order of computation."""
        return (node for _place, node in merge(*(self._by_key.get(key, ()) for key in keys)))

    def shape(self, end: End | None) -> Shape | None:
        return self.inference.outputs.get(end) if end is not None else None

    @cached_property
    def objective(self) -> str | None:
        objective = find_objective(self.graph)
        return objective.node if isinstance(objective, Objective) and objective.node in self.inference.wirings else None

    # What feeds what

    def edge(self, node: str, port: str) -> Edge | None:
        """The wire into an input that takes one."""
        return self.graph.edge_into(node, port)

    def first_edge(self, node: str) -> Edge | None:
        """The wire into a node's first input."""
        inputs = self.type(node).inputs
        return self.edge(node, inputs[0].name) if inputs else None

    def origin(self, edge: Edge | None) -> End | None:
        """The output that a wire's numbers come from, past nodes that only pass them on."""
        while edge is not None:
            node = edge.source[0]
            if node not in self.inference.wirings:
                return None
            before = self.first_edge(node) if self.key(node) in PASSING else None
            if before is None:
                return edge.source
            edge = before
        return None

    def before(self, node: str) -> str | None:
        """The node that feeds the first input of `node`, past those that only pass on."""
        end = self.origin(self.first_edge(node))
        return end[0] if end is not None else None

    def leaves(self, node: str) -> Iterator[End]:
        return (leaf.source for leaf in self.inference.wirings[node].leaves() if isinstance(leaf, Wire))

    @cached_property
    def learned(self) -> frozenset[str]:
        """The nodes whose values depend on something that is learned."""
        nodes: set[str] = set()
        for node in self.nodes:
            own = any(isinstance(leaf, Own) for leaf in self.inference.wirings[node].leaves())
            if own or any(source[0] in nodes for source in self.leaves(node)):
                nodes.add(node)
        return frozenset(nodes)

    @cached_property
    def reached(self) -> dict[str, frozenset[End]]:
        """By node: the outputs of Data nodes that its values depend on."""
        data_ends: dict[str, frozenset[End]] = {}
        if not any(self.type(nodes[0][1]).role == "data" for nodes in self._by_key.values()):
            return dict.fromkeys(self.nodes, frozenset())
        for node in self.nodes:
            if self.type(node).role == "data":
                data_ends[node] = frozenset()
                continue
            sources = list(self.leaves(node))
            ends = [frozenset({end}) if self.type(end[0]).role == "data" else data_ends.get(end[0], frozenset()) for end in sources]
            data_ends[node] = frozenset().union(*ends)
        return data_ends

    def is_data(self, end: End | None, port: str) -> bool:
        return end is not None and self.type(end[0]).role == "data" and end[1] == port

    # What is said, and the repairs

    def say(self, severity: Severity, message: Message, *nodes: str, repairs: tuple[Repair | None, ...] = (), port: str = "") -> Problem:
        """A problem on the first of `nodes`; the message follows its name."""
        edges = tuple(e.id for e in self.graph.inputs_of(nodes[0]) if port and e.target[1] == port)
        offered = tuple(repair for repair in repairs if repair is not None)
        return Problem(severity, message, nodes, edges, port, offered, self.name(nodes[0]))

    def repair(self, title: str, *edits: Edit) -> Repair:
        return Repair(title, tuple(edit.to_json() for edit in edits))

    def remove(self, node: str, edge: Edge | None, title: str = "") -> Repair | None:
        """Lead what feeds `node` past it to where `edge` ends; the node goes, where nothing else needs it."""
        into = self.first_edge(node)
        if into is None or edge is None:
            return None
        out = self.graph.outputs_of(node)
        if edge.source[0] != node:  # nodes that pass on lie between: they stay
            edge = next((wire for wire in out if self._leads(wire, edge)), None)
            if edge is None:
                return None
        alone = len(out) == 1
        cut: Edit = remove_nodes(self.graph, [node]) if alone else Disconnect(edge.id)
        joined = Connect(Edge("joined", into.source, edge.target, edge.slot))
        return self.safe_repair(title or f"{_('Remove') if alone else _('Go past')} {self.name(node)}", cut, joined)

    def _leads(self, edge: Edge, to: Edge) -> bool:
        """Whether a wire reaches another one through nodes that only pass on."""
        before: Edge | None = to
        while before is not None and before.id != edge.id:
            source = before.source[0]
            before = self.first_edge(source) if self.key(source) in PASSING else None
        return before is not None

    def insert(self, edge: Edge | None, key: str, title: str = "", **settings: Any) -> Repair | None:
        """Put a new node of a type on a wire."""
        if edge is None:
            return None
        spec = self.graph.catalog[key]
        node = self._new(key, edge, settings)
        edits = (
            AddNode(node), Disconnect(edge.id), Connect(Edge("in", edge.source, (node.id, spec.inputs[0].name))),
            Connect(Edge("out", (node.id, spec.outputs[0].name), edge.target, edge.slot)),
        )  # fmt: skip
        return self.safe_repair(title or _("Insert {title}").format(title=spec.title), *edits)

    def replace(self, node: str, edge: Edge | None, key: str, **settings: Any) -> Repair | None:
        """Put a node of another type in the place of `node` on its way to where `edge` ends."""
        into = self.first_edge(node)
        if into is None or edge is None or edge.source[0] != node:
            return None
        spec = self.graph.catalog[key]
        new = self._new(key, edge, settings)
        cut: Edit = remove_nodes(self.graph, [node]) if len(self.graph.outputs_of(node)) == 1 else Disconnect(edge.id)
        edits = (
            cut, AddNode(new), Connect(Edge("in", into.source, (new.id, spec.inputs[0].name))),
            Connect(Edge("out", (new.id, spec.outputs[0].name), edge.target, edge.slot)),
        )  # fmt: skip
        return self.safe_repair(f"Use {spec.title} in place of {self.name(node)}", *edits)

    def setting(self, title: str, node: str, **settings: Any) -> Repair:
        return self.repair(title, *(SetParam(node, name, value) for name, value in settings.items()))

    def delete(self, node: str) -> Repair:
        return self.repair(f"Remove {self.name(node)}", remove_nodes(self.graph, [node]))

    def _new(self, key: str, edge: Edge, settings: dict[str, Any]) -> Node:
        ends = [self.graph.nodes[edge.source[0]], self.graph.nodes[edge.target[0]]]
        x, y = sum(n.x for n in ends) / 2, sum(n.y for n in ends) / 2
        name = self.graph.fresh_name(self.graph.catalog[key].default_name)
        return Node("new", key, name, params=settings, x=x, y=y, group=ends[0].group if ends[0].group == ends[1].group else None)

    def safe_repair(self, title: str, *edits: Edit) -> Repair | None:
        """The repair, where the graph takes it; in a large graph with many problems only the first get one, as each is tried on a copy."""
        from graph.model.edits import GraphError

        self._tried += 1
        if self._tried > max(1, EFFORT // len(self.graph.nodes)):
            return None
        try:
            Compound(edits).apply(self.graph.copy())
        except GraphError:
            return None
        return self.repair(title, *edits)
