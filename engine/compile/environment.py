"""What one node sees when it runs: its settings, and where each argument of its `forward` comes from.

Shape inference and the Program's code are two readers of this one description, so they cannot disagree about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.nodes.base import NodeType, Settings
from graph.model.spec import holds

if TYPE_CHECKING:
    from graph.model.graph import Graph

Key = tuple[str, str]
"""(node id, name of an output port, a parameter or a buffer)"""

FED_ROLES = ("input", "constant", "data")
"""Roles whose outputs are handed to the Program instead of being computed by `forward`."""


@dataclass(frozen=True, slots=True)
class Wire:
    """An argument that arrives along an edge."""

    edge: str
    source: Key
    port: str


@dataclass(frozen=True, slots=True)
class Own:
    """An argument that is a learned tensor of this node, or of another one that this node penalises."""

    key: Key
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """An argument that is a buffer of this node."""

    key: Key


@dataclass(frozen=True, slots=True)
class Several:
    """The tuple that a `many` port receives."""

    port: str
    items: tuple[Wire | Own, ...]


Argument = Wire | Own | Held | Several | None


@dataclass(frozen=True, slots=True)
class Wiring:
    """`arguments[i]` goes to the i-th place of `forward` after the settings; `names[i]` is its port, parameter or buffer."""

    names: tuple[str, ...]
    arguments: tuple[Argument, ...]
    missing: tuple[str, ...] = field(default=())

    def leaves(self) -> Iterator[Wire | Own]:
        """Every wire and every learned tensor consumed, in the order of the arguments."""
        for argument in self.arguments:
            if isinstance(argument, Several):
                yield from argument.items
            elif isinstance(argument, (Wire, Own)):
                yield argument

    def buffers(self) -> Iterator[Held]:
        return (a for a in self.arguments if isinstance(a, Held))


def settings_of(graph: Graph, node: str, *, training: bool, batched: frozenset[str], dtype: Any) -> Settings:
    """The node's settings as its type's functions receive them."""
    producers = {edge.target[1]: graph.nodes[edge.source[0]].type for edge in graph.inputs_of(node)}
    known = {"name": graph.nodes[node].name, "training": training, "batched": batched, "dtype": dtype, "producers": producers}
    return Settings(**{**graph.settings_of(node), **known})


def wiring(graph: Graph, node: str, node_type: NodeType, penalised: tuple[Key, ...] = ()) -> Wiring:
    """Where the arguments of `node` come from. `missing` are required inputs that nothing is wired to."""
    wires: dict[str, list[Wire]] = {}
    for edge in graph.inputs_of(node):
        wires.setdefault(edge.target[1], []).append(Wire(edge.id, edge.source, edge.target[1]))
    settings = graph.settings_of(node)
    names: list[str] = []
    arguments: list[Argument] = []
    missing: list[str] = []
    for port in node_type.inputs:
        arriving: list[Wire | Own] = list(wires.get(port.name, ()))
        if port.parameter:
            continue
        if port.many:
            arriving += [Own(key, port.name) for key in penalised]
        names.append(port.name)
        arguments.append(Several(port.name, tuple(arriving)) if port.many else arriving[0] if arriving else None)
        if not arriving and not port.optional:
            missing.append(port.name)
    for parameter in node_type.parameters:
        names.append(parameter.name)
        if not holds(parameter.when, settings):
            arguments.append(None)
        elif wires.get(parameter.name):
            arguments.append(wires[parameter.name][0])
        else:
            arguments.append(Own((node, parameter.name), parameter.name))
    for buffer in node_type.buffers:
        names.append(buffer.name)
        arguments.append(Held((node, buffer.name)))
    return Wiring(tuple(names), tuple(arguments), tuple(missing))


def frozen(graph: Graph, node: str) -> bool:
    """Whether the optimizer leaves this node's parameters alone."""
    return bool(graph.settings_of(node).get("frozen", False))


def penalised_layers(graph: Graph, node: str, types: Mapping[str, NodeType]) -> tuple[list[str], list[str]]:
    """(ids of the layers whose weights `node` penalises, names in its setting that are no node's)."""
    text = graph.setting(node, "layers")
    names = text if isinstance(text, (list, tuple)) else [part for part in str(text).replace(",", " ").split() if part]
    learned = {n: types[node.type] for n, node in graph.nodes.items() if node.type in types and types[node.type].parameters}
    if list(names) == ["all"]:
        return [n for n, node_type in learned.items() if node_type.role == "op" and not frozen(graph, n)], []
    named = [(name, graph.named(name)) for name in names]
    return ([n.id for _, n in named if n is not None and n.id in learned],
            [name for name, n in named if n is None or n.id not in learned])  # fmt: skip


def is_weight(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a layer's parameter is a weight in the sense of weight decay: it multiplies, and is not a bias, gain or shift."""
    return len(shape) >= 2 or name.startswith("W")
