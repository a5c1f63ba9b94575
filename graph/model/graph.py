"""The document's graph: nodes and wires in one space of stable ids, acyclic at all times.

Reading is public. All changes go through `graph.model.edits`, which alone calls the methods with an underscore;
each of these either does the whole change or raises GraphError and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from graph.model.document_settings import document_defaults, setting_refusal
from graph.model.elements import NAME_RULE, Edge, End, Frame, Group, Node, Note, valid_name
from graph.model.membership import Membership, move
from graph.model.names import Names, stem
from graph.model.ordered import Ordered
from graph.model.settings import coerce, finite_json
from graph.model.spec import Catalog, NodeSpec, Port
from graph.model.topology import Ranks, topological_order
from graph.model.training_settings import training_defaults, training_refusal
from graph.model.wire_ends import all_exist, disagreement, missing, order_with
from graph.text.messages import _
from graph.text.quoting import quoted


class GraphError(Exception):
    """A change that the graph refuses; the text is for the user."""


class Missing:
    """The type of MISSING, which stands for "not set" where None is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Graph:
    """Nodes, edges, groups, frames and notes in insertion order, document settings and training settings."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._nodes: Ordered[Node] = Ordered()
        self._edges: Ordered[Edge] = Ordered()
        self._groups: Ordered[Group] = Ordered()
        self._frames: Ordered[Frame] = Ordered()
        self._notes: Ordered[Note] = Ordered()
        self._settings: dict[str, Any] = document_defaults()
        self._training: dict[str, Any] = training_defaults()
        self.extra: Mapping[str, Any] = {}
        self.attachments: dict[str, bytes] = {}
        self.folder = ""  # of the file it came from, where relative paths begin; no part of the document
        self._names = Names()
        self._types: dict[str, dict[str, None]] = {}
        self._into: dict[str, dict[tuple[str, int], str]] = {}
        self._out: dict[str, dict[str, None]] = {}
        self._membership = Membership()
        self._ranks = Ranks(self._following, self._preceding)
        self._order: tuple[str, ...] | None = None
        self._counters: dict[str, int] = {}

    # Reading

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self._nodes

    @property
    def edges(self) -> Mapping[str, Edge]:
        return self._edges

    @property
    def groups(self) -> Mapping[str, Group]:
        return self._groups

    @property
    def frames(self) -> Mapping[str, Frame]:
        return self._frames

    @property
    def notes(self) -> Mapping[str, Note]:
        return self._notes

    @property
    def settings(self) -> Mapping[str, Any]:
        return MappingProxyType(self._settings)

    @property
    def training(self) -> Mapping[str, Any]:
        return MappingProxyType(self._training)

    def nodes_of(self, ids: Iterable[str]) -> list[Node]:
        """These nodes, ten thousand as quickly as can be."""
        return list(map(self._nodes.table.__getitem__, ids))

    def edges_of(self, ids: Iterable[str]) -> list[Edge]:
        """These wires."""
        return list(map(self._edges.table.__getitem__, ids))

    def spec(self, node: Node | str) -> NodeSpec:
        """The node's declaration; for an unknown type, one with the ports its edges mention."""
        node = self._nodes[node] if isinstance(node, str) else node
        return self.catalog.find(node.type) or self._unknown_spec(node)

    def having(self, test: Callable[[NodeSpec], object]) -> tuple[str, ...]:
        """The nodes whose declaration passes a test that does not ask for ports, in insertion order. It is asked once a type, not once
        a node: a test that few nodes pass costs the same however many there are."""
        ids = [node for some in self._types.values() if test(self.spec(next(iter(some)))) for node in some]
        return tuple(sorted(ids, key=self._nodes.place))

    def has(self, test: Callable[[NodeSpec], object]) -> bool:
        """Whether the declaration of any node passes a test that does not ask for ports."""
        return any(test(self.spec(next(iter(some)))) for some in self._types.values())

    def named(self, name: str) -> Node | None:
        identity = self._names.table.get(name)
        return None if identity is None else self._nodes[identity]

    def fresh_name(self, base: str, taken: Container[str] = ()) -> str:
        """`base`, or `base_2`, `base_3` … the first that no node has and that is not in `taken`."""
        return self._names.fresh(base, taken)

    def fresh_id(self, prefix: str = "n") -> str:
        """An id that nothing here has or had; every call gives another."""
        identity = self.free_id(prefix)
        self._counters[prefix] = int(identity[len(prefix) :])
        return identity

    def free_id(self, prefix: str = "n") -> str:
        """The id that `fresh_id` would give next; asking for it changes nothing."""
        count = self._counters.get(prefix, 0) + 1
        while self.has_id(f"{prefix}{count}"):
            count += 1
        return f"{prefix}{count}"

    def has_id(self, identity: str) -> bool:
        """Whether a node, edge, group, frame or note has this id."""
        if identity in self._nodes or identity in self._edges:
            return True
        return identity in self._groups or identity in self._frames or identity in self._notes

    def setting(self, node_id: str, name: str) -> Any:
        """The node's value of a setting, or the declared default. Raises KeyError when there is no such setting."""
        node = self._nodes[node_id]
        if name in node.params:
            return node.params[name]
        setting = self.spec(node).setting(name)
        if setting is None:
            raise KeyError(name)
        return node.params.get(setting.name, setting.default)

    def settings_of(self, node_id: str) -> dict[str, Any]:
        """All settings of a node: the declared ones in their order, then what else the file carried."""
        node = self._nodes[node_id]
        return self.spec(node).defaults() | dict(node.params)

    def inputs_of(self, node_id: str) -> tuple[Edge, ...]:
        """The wires into a node, by declared port order, then slot."""
        into, edges = self._into[node_id], self._edges.table
        if len(into) < 2:
            return tuple([edges[edge] for edge in into.values()])
        order = self.spec(node_id).input_order
        keys = sorted([(order[port], slot, port) for port, slot in into])
        return tuple([edges[into[port, slot]] for _, slot, port in keys])

    def wired(self, node_id: str) -> Mapping[tuple[str, int], str]:
        """The wires into a node by port and slot, in no order."""
        return self._into[node_id]

    def outputs_of(self, node_id: str) -> tuple[Edge, ...]:
        """The wires out of a node, in insertion order."""
        out, edges = self._out[node_id], self._edges
        return tuple([edges[edge] for edge in (sorted(out, key=edges.place) if len(out) > 1 else out)])

    def fan_out(self, node_id: str) -> int:
        """How many wires leave a node."""
        return len(self._out[node_id])

    def edge_into(self, node: str, port: str, slot: int = 0) -> Edge | None:
        edge = self._into[node].get((port, slot))
        return None if edge is None else self._edges[edge]

    def members(self, group: str) -> tuple[str, ...]:
        """The nodes directly in a group, in insertion order."""
        return tuple(sorted(self._membership.nodes.get(group, ()), key=self._nodes.place))

    def subgroups(self, group: str) -> tuple[str, ...]:
        """The groups directly in a group, in insertion order."""
        return tuple(sorted(self._membership.groups.get(group, ()), key=self._groups.place))

    def predecessors(self, node_id: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.source[0] for edge in self.inputs_of(node_id)))

    def successors(self, node_id: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.target[0] for edge in self.outputs_of(node_id)))

    def order(self) -> tuple[str, ...]:
        """Node ids so that every wire goes forward; where there is a choice, the node inserted first goes first."""
        if self._order is None:
            indegree = {node: len(into) for node, into in self._into.items()}
            self._order = tuple(topological_order(self._nodes, self._following, indegree))
        return self._order

    def refusal(self, source: End, target: End) -> str | None:
        """Why a wire from an output to an input is refused; None when it may be drawn (an occupied input is replaced)."""
        if wrong := missing(self._nodes, self.catalog, source, target):
            return wrong
        start, end = self._nodes[source[0]], self._nodes[target[0]]
        if wrong := disagreement(start, self.spec(start).output(source[1]), end, self.spec(end).input(target[1])):
            return wrong
        if self._ranks.closes_cycle(source[0], target[0]):
            return _("the wire from {source} to {target} would close a cycle").format(source=start.name, target=end.name)
        return None

    def setting_refusal(self, name: str, value: Any) -> str | None:
        """Why a value cannot be this setting of the document; None when it can."""
        if (wrong := setting_refusal(name, value)) or name != "objective" or value is None:
            return wrong
        if value["node"] not in self._nodes:
            return _("the objective is set to a node that does not exist, {node}").format(node=quoted(value["node"]))
        spec = self.spec(value["node"])
        if spec.category != "unknown" and spec.output(value["port"]) is None:
            return _("the objective is set to an output that does not exist, {output}").format(output=quoted(value["port"]))
        return None

    def copy(self) -> Graph:
        """An equal graph that shares nothing that can change."""
        twin = Graph(self.catalog)
        twin._nodes, twin._edges = self._nodes.copy(), self._edges.copy()
        twin._groups, twin._frames, twin._notes = self._groups.copy(), self._frames.copy(), self._notes.copy()
        twin._settings, twin._training = dict(self._settings), dict(self._training)
        twin.extra, twin.attachments, twin.folder = self.extra, dict(self.attachments), self.folder
        twin._membership = self._membership.copy()
        twin._names, twin._order = self._names.copy(), self._order
        twin._types = {kind: dict(ids) for kind, ids in self._types.items()}
        twin._into = {node: dict(into) for node, into in self._into.items()}
        twin._out = {node: dict(out) for node, out in self._out.items()}
        twin._ranks.fill(self.order())
        twin._counters = dict(self._counters)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._contents() == other._contents()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Graph of {len(self._nodes)} nodes and {len(self._edges)} edges>"

    # Changing: for graph.edits and graph.files only

    def _add_node(self, node: Node, before: str | None = None) -> None:
        self._require_new(node.id)
        self._require_name(node.name)
        self._require_group(node.group)
        node = self._checked(node)
        self._nodes.put(node.id, node, before)
        self._names.table[node.name] = node.id
        self._types.setdefault(node.type, {})[node.id] = None
        self._into[node.id], self._out[node.id] = {}, {}
        move(self._membership.nodes, node.id, None, node.group)
        self._ranks.add(node.id)
        self._order = None

    def _fill_nodes(self, nodes: Sequence[Node]) -> bool:
        """Add nodes that were read from rows, all at once, to a graph that has none. False, and none is added, where one is refused."""
        table, names = {node.id: node for node in nodes}, {node.name: node.id for node in nodes}
        if self._nodes or self._edges or not len(table) == len(names) == len(nodes) or self._has_any(table):
            return False
        specs = {kind: self.catalog.find(kind) for kind in {node.type for node in nodes}}
        former = {kind for kind, spec in specs.items() if spec is not None and spec.key != kind}
        members = [node for node in nodes if node.group is not None]
        if not all([node.group in self._groups for node in members]):
            return False
        try:
            table |= {node.id: self._checked(node) for node in nodes if node.params or node.type in former}
        except GraphError:
            return False
        self._nodes.fill(table)
        self._names.table = names
        self._into, self._out = {node: {} for node in table}, {node: {} for node in table}
        for identity, node in table.items():
            self._types.setdefault(node.type, {})[identity] = None
        for node in members:
            move(self._membership.nodes, node.id, None, node.group)
        self._ranks.fill(table)
        self._order = None
        return True

    def _fill_edges(self, edges: Sequence[Edge]) -> bool:
        """Add wires that were read from rows, all at once, to a graph that has none. False, and none is added, where one of them is refused
        or names a port in an unusual way."""
        table = {edge.id: edge for edge in edges}
        if self._edges or len(table) < len(edges) or self._has_any(table):
            return False
        if not all_exist(edges, {node.id: node.type for node in self._nodes.values()}, self.catalog):
            return False
        order = order_with(self._nodes, edges)
        if len({(edge.target, edge.slot) for edge in edges}) < len(edges) or len(order) < len(self._nodes):
            return False
        into, out = self._into, self._out
        for identity, edge in table.items():
            node, port = edge.target
            into[node][port, edge.slot] = identity
            out[edge.source[0]][identity] = None
        self._edges.fill(table)
        self._ranks.fill(order)
        self._order = order
        return True

    def _place_nodes(self, nodes: Iterable[Node]) -> None:
        """Put nodes of this graph, which are elsewhere now, in the place of themselves."""
        self._nodes.replace_all({node.id: node for node in nodes})

    def _remove_node(self, identity: str) -> str | None:
        node = self._node(identity)
        if self._into[identity] or self._out[identity]:
            raise GraphError(_("{name} still has wires").format(name=node.name))
        if (objective := self._settings.get("objective")) and objective["node"] == identity:
            raise GraphError(_("{name} is still the objective").format(name=node.name))
        self._names.drop(node.name)
        del self._into[identity], self._out[identity]
        del self._types[node.type][identity]
        if not self._types[node.type]:
            del self._types[node.type]
        move(self._membership.nodes, identity, node.group, None)
        self._ranks.drop(identity)
        self._order = None
        return self._nodes.drop(identity)

    def _replace_node(self, node: Node) -> Node:
        """Put a node in the place of the one with its id and type; returns the old one."""
        old = self._node(node.id)
        if node.name != old.name:
            self._require_name(node.name)
        if node.group != old.group:
            self._require_group(node.group)
        if node.params is not old.params:
            node = self._checked(node)
        self._nodes.replace(node.id, node)
        move(self._membership.nodes, node.id, old.group, node.group)
        if node.name != old.name:
            self._names.drop(old.name)
            self._names.table[node.name] = node.id
        return old

    def _add_edge(self, edge: Edge, before: str | None = None, known: bool = False) -> None:
        """`known`: the caller has found both its ports, and ranked the nodes so that it goes upwards."""
        self._require_new(edge.id)
        source, (target, port) = edge.source[0], edge.target
        if not known and (wrong := missing(self._nodes, self.catalog, edge.source, edge.target)):
            raise GraphError(wrong)
        if edge.slot and (edge.slot < 0 or ((declared := self._port(target, port)) is not None and not declared.many)):
            raise GraphError(
                _("{node}.{port} takes one wire, so it has no slot {slot}").format(node=self._nodes[target].name, port=port, slot=edge.slot)
            )
        if (port, edge.slot) in self._into[target]:
            raise GraphError(_("{node}.{port} already has a wire").format(node=self._nodes[target].name, port=port))
        if not known:
            if self._ranks.closes_cycle(source, target):
                raise GraphError(
                    _("the wire from {source} to {target} would close a cycle").format(
                        source=self._nodes[source].name, target=self._nodes[target].name
                    )
                )
            self._ranks.connect(source, target)
        self._edges.put(edge.id, edge, before)
        self._into[target][port, edge.slot] = edge.id
        self._out[source][edge.id] = None
        self._order = None

    def _remove_edge(self, identity: str) -> str | None:
        edge = self._edge(identity)
        del self._into[edge.target[0]][edge.target[1], edge.slot]
        del self._out[edge.source[0]][identity]
        self._order = None
        return self._edges.drop(identity)

    def _replace_edge(self, edge: Edge) -> Edge:
        """Change a wire's course; its ends stay."""
        old = self._edge(edge.id)
        self._edges.replace(edge.id, edge)
        return old

    def _add_item(self, item: Group | Frame | Note, before: str | None = None) -> None:
        self._require_new(item.id)
        if isinstance(item, Group):
            self._require_parent(item)
            move(self._membership.groups, item.id, None, item.parent)
        self._table(item).put(item.id, item, before)

    def _remove_item(self, item: Group | Frame | Note) -> str | None:
        if isinstance(item, Group):
            if item.id in self._membership.nodes or item.id in self._membership.groups:
                raise GraphError(_("the group {name} is not empty").format(name=quoted(item.name)))
            move(self._membership.groups, item.id, item.parent, None)
        return self._table(item).drop(item.id)

    def _replace_item(self, item: Group | Frame | Note) -> None:
        if isinstance(item, Group):
            self._require_parent(item)
            move(self._membership.groups, item.id, self._groups[item.id].parent, item.parent)
        self._table(item).replace(item.id, item)

    def _set_setting(self, name: str, value: Any) -> Any:
        if value is not MISSING and (wrong := self.setting_refusal(name, value)):
            raise GraphError(wrong)
        return _set(self._settings, name, value)

    def _set_training(self, name: str, value: Any) -> Any:
        if value is not MISSING and (wrong := training_refusal(name, value)):
            raise GraphError(wrong)
        return _set(self._training, name, value)

    # Helpers

    def _contents(self) -> tuple[Any, ...]:
        tables = (self._nodes, self._edges, self._groups, self._frames, self._notes)
        return *(list(table.values()) for table in tables), self._settings, self._training, self.extra, self.attachments

    def _following(self, node: str) -> Iterator[str]:
        return (self._edges[edge].target[0] for edge in self._out[node])

    def _preceding(self, node: str) -> Iterator[str]:
        return (self._edges[edge].source[0] for edge in self._into[node].values())

    def _has_any(self, ids: Iterable[str]) -> bool:
        tables = (self._nodes, self._edges, self._groups, self._frames, self._notes)
        return not all([table.keys().isdisjoint(ids) for table in tables])

    def _node(self, identity: str) -> Node:
        if identity not in self._nodes:
            raise GraphError(_("there is no node {identity}").format(identity=quoted(identity)))
        return self._nodes[identity]

    def _edge(self, identity: str) -> Edge:
        if identity not in self._edges:
            raise GraphError(_("there is no wire {identity}").format(identity=quoted(identity)))
        return self._edges[identity]

    def _require_new(self, identity: str) -> None:
        if not identity or self.has_id(identity):
            raise GraphError(_("the id {identity} is used twice").format(identity=quoted(identity)))

    def _require_name(self, name: str) -> None:
        if not valid_name(name):
            raise GraphError(_("{name} is not a name: {NAME_RULE}").format(name=quoted(name), NAME_RULE=NAME_RULE))
        if name in self._names.table:
            raise GraphError(_("there is already a node called {name}").format(name=quoted(name)))

    def _require_group(self, group: str | None) -> None:
        if group is not None and group not in self._groups:
            raise GraphError(_("there is no group {group}").format(group=quoted(group)))

    def _require_parent(self, group: Group) -> None:
        self._require_group(group.parent)
        above = group.parent
        while above is not None:
            if above == group.id:
                raise GraphError(_("the group {name} would lie inside itself").format(name=quoted(group.name)))
            above = self._groups[above].parent

    def _table(self, item: Group | Frame | Note) -> Ordered[Any]:
        return self._groups if isinstance(item, Group) else self._frames if isinstance(item, Frame) else self._notes

    def _checked(self, node: Node) -> Node:
        """The node with its settings under their present names and in plain form. Raises GraphError for a value of the wrong kind."""
        spec = self.catalog.find(node.type)
        params: dict[str, Any] = {}
        for name, value in node.params.items():
            if not finite_json(value):
                raise GraphError(
                    _("{node}: {setting} holds something that is not a finite number").format(node=node.name, setting=quoted(name))
                )
            setting = spec.setting(name) if spec else None
            try:
                params[setting.name if setting else name] = coerce(setting, value) if setting else value
            except ValueError as wrong:
                raise GraphError(f"{node.name}: {wrong}") from None
        kind = spec.key if spec else node.type
        if kind == node.type and params == node.params and list(map(type, params.values())) == list(map(type, node.params.values())):
            return node
        return replace(node, type=kind, params=params)

    def _port(self, node: str, port: str) -> Port | None:
        """The declared input; None for an unknown type."""
        spec = self.catalog.find(self._nodes[node].type)
        return spec.input(port) if spec else None

    def _unknown_spec(self, node: Node) -> NodeSpec:
        slots: dict[str, bool] = {}
        for port, slot in self._into.get(node.id, ()):
            slots[port] = slots.get(port, False) or slot > 0
        inputs = tuple(Port(name, "any", many=many, optional=True) for name, many in sorted(slots.items()))
        names = dict.fromkeys(edge.source[1] for edge in self.outputs_of(node.id)) if node.id in self._out else {}
        outputs = tuple(Port(name, "any") for name in sorted(names))
        return NodeSpec(node.type, node.type, "unknown", inputs=inputs, outputs=outputs, default_name=stem(node.name))


def _set(table: dict[str, Any], name: str, value: Any) -> Any:
    """Set or, with MISSING, remove a key; returns what was there."""
    old = table.pop(name, MISSING) if value is MISSING else table.get(name, MISSING)
    if value is not MISSING:
        table[name] = value
    return old
