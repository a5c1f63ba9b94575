"""What a recipe builds with: nodes, wires and Parameters that will replace one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph.model.edits import StateMove
from graph.model.elements import Edge, End, Group, Node, valid_name
from graph.model.graph import Graph, GraphError
from graph.model.group_view import ENTRIES
from graph.model.settings import dims
from graph.text.messages import _

Shapes = Mapping[End, tuple[tuple[int, ...], bool]]
"""Of every output its sample shape and whether it is batched, as a `TraceView` has them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What comes in at a port of the node that is opened."""

    port: str


Source = str | Entry
"""Where a wire inside begins: a node's id (its output y), or a port of the opened node."""


class Box:
    """Collects the content. The last node that is called "" is the result: it keeps the opened node's name.

    `entries` says for each port of the opened node where its wire ends inside, `parameters` which Parameter inside is which learned
    tensor, or which number of it.
    """

    def __init__(self, graph: Graph, node: Node, shapes: Shapes) -> None:
        self.graph, self.node = graph, node
        self._shapes = shapes
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.entries: dict[str, End] = {}
        self.exit = ""
        self.parameters: list[tuple[End, str]] = []
        self.sizes: dict[str, tuple[int, ...]] = {}
        """The shapes of the opened node's learned tensors; a recipe fills it before it asks for them."""
        self._names: set[str] = set()
        self._group: str | None = node.id

    # What is known of the node

    def setting(self, name: str) -> Any:
        return self.graph.setting(self.node.id, name)

    def wired(self, port: str) -> bool:
        return self.graph.edge_into(self.node.id, port) is not None

    def shape(self, port: str) -> tuple[tuple[int, ...], bool]:
        """Sample shape of what arrives at a port, and whether it is batched. Raises GraphError where they are not known yet."""
        edge = self.graph.edge_into(self.node.id, port)
        if edge is None:
            raise GraphError(
                _("{name} cannot be opened: its input {port} is not connected, so the sizes inside are unknown").format(
                    name=self.node.name, port=port
                )
            )
        if edge.source not in self._shapes:
            source = self.graph.nodes[edge.source[0]].name
            raise GraphError(
                _("{name} cannot be opened: the output size of {source} is not known").format(name=self.node.name, source=source)
            )
        dims, batched = self._shapes[edge.source]
        declared = self.graph.spec(self.node.id).input(port)
        low, high = (0, None) if declared is None else declared.rank
        if len(dims) < low or (high is not None and len(dims) > high):
            problem = _("{port} has {dims} per sample, but it needs {low}").format(port=port, dims=_axes(len(dims)), low=_range(low, high))
            raise GraphError(_("{name} cannot be opened: {problem}").format(name=self.node.name, problem=problem))
        return dims, batched

    # Building

    def add(self, key: str, symbol: str, inputs: Mapping[str, Source] | None = None, **settings: Any) -> str:
        """A node of a type, wired; its id. `symbol` begins its name, as in `W_hidden`."""
        identity = self.graph.fresh_id("n")
        name = self._name(symbol) if symbol else self.node.name
        self.nodes.append(self.graph._checked(Node(identity, key, name, params=settings, group=self._group)))
        if not symbol:
            self.exit = identity
        for port, source in (inputs or {}).items():
            self._wire(source, (identity, port))
        return identity

    def join(self, key: str, symbol: str, port: str, sources: list[str], **settings: Any) -> str:
        """A node whose port takes many wires, in this order."""
        identity = self.add(key, symbol, **settings)
        self.edges += [Edge(self.graph.fresh_id("e"), (source, "y"), (identity, port), slot) for slot, source in enumerate(sources)]
        return identity

    def number(self, value: float, symbol: str) -> str:
        """A Constant."""
        return self.add("source.constant", symbol, value=value)

    def gate(self, port: str) -> str:
        """What comes in at a port, for more than one node: the wire from outside ends once, and its gradient is the whole one."""
        return self.add("activation.identity", port, {"x": Entry(port)})

    def parameter(self, name: str, symbol: str = "", index: tuple[int, ...] = ()) -> Source:
        """A learned tensor of the opened node, or one number of it; where something is wired in its place, that.

        Raises GraphError where one number is asked for of what cannot be taken apart.
        """
        if self.wired(name):
            return Entry(name)
        params: dict[str, Any] = {"initialisation": "layer", "shape": [] if index else list(self.sizes[name])}
        if self.setting("frozen"):
            params["frozen"] = True
        identity = self.add("parameter.parameter", symbol or name, **params)
        self.learned(identity, "value", name, index)
        return identity

    def learned(self, identity: str, own: str, name: str, index: tuple[int, ...] = (), drawn: bool = True) -> None:
        """Record that a node's tensor `own` is the opened node's `name`, or one number of it, and is `drawn` as it was there."""
        place = next(i for i, node in enumerate(self.nodes) if node.id == identity)
        node = self.nodes[place]
        settings = {key: value for key, value in self.node.params.items() if key != "tensors"}
        sizes = {inner: list(size) for inner, size in self.sizes.items() if not self.wired(inner)}  # a bias is drawn by its own weight only
        origin = {"for": identity, "node": self.node.id, "type": self.node.type, "params": settings, "shapes": sizes, "parameter": name}
        params = dict(node.params) | ({"origin": origin | ({"index": list(index)} if index else {})} if drawn else {})
        if (kept := self._kept(name, index)) is not None:
            params["tensors"] = {own: kept}
        self.nodes[place] = Node(node.id, node.type, node.name, params=params, group=node.group)
        self.parameters.append(((identity, own), name + (f"[{','.join(map(str, index))}]" if index else "")))

    def begin_group(self, name: str, collapsed: bool) -> None:
        """What is added from here on lies in a group of its own, until `end_group`."""
        self._group = self.graph.fresh_id("g")
        self.groups.append(Group(self._group, name, self.node.id, collapsed))

    def end_group(self, entries: Mapping[str, End]) -> None:
        """Name what comes into the group: name → the node and port inside."""
        self.groups[-1] = replace(self.groups[-1], extra={ENTRIES: {name: list(end) for name, end in entries.items()}})
        self._group = self.node.id

    @property
    def moves(self) -> tuple[StateMove, ...]:
        """Where trained values go when the node is opened."""
        return tuple(((self.node.id, name), inner) for inner, name in self.parameters)

    def _wire(self, source: Source, target: End) -> None:
        if isinstance(source, str):
            self.edges.append(Edge(self.graph.fresh_id("e"), (source, "y"), target))
        else:
            assert source.port not in self.entries, "a second wire from outside: take a gate"
            self.entries[source.port] = target

    def _name(self, symbol: str) -> str:
        name = f"{symbol}_{self.node.name}"
        free = valid_name(name) and self.graph.named(name) is None and name not in self._names
        name = name if free else self.graph.fresh_name(name, self._names | {self.node.name})
        self._names.add(name)
        return name

    def _kept(self, name: str, index: tuple[int, ...]) -> Any:
        """The trained value that the document keeps for a tensor, or for one number of it."""
        tensors = self.node.params.get("tensors")
        kept = tensors.get(name) if isinstance(tensors, Mapping) else None
        if not index or kept is None:
            return kept
        if isinstance(kept, Mapping):
            raise GraphError(
                _("{name} cannot be opened into neurons: its trained {tensor} is stored beside the document, not in it").format(
                    name=self.node.name, tensor=name
                )
            )
        if dims(kept) != self.sizes[name]:
            return None
        for place in index:
            kept = kept[place]
        return kept


def _axes(count: int) -> str:
    return {0: _("a single number"), 1: _("1 axis")}.get(count, _("{count} axes").format(count=count))


def _range(low: int, high: int | None) -> str:
    """`1 axis`, `1 or 2 axes`, `at least 1 axis`."""
    if high is None:
        return _("at least {low}").format(low=_axes(low))
    return (
        _axes(low)
        if low == high
        else _("{low} to {high} axes").format(low=low, high=high)
        if high - low > 1
        else _("{low} or {high} axes").format(low=low, high=high)
    )
