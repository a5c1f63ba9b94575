"""Which number of a graph is meant: one type for questions, links, lessons, probes, predictions, reports and breakpoints.

An address is a value: it can be compared, hashed, sent to another process and written as one line of text. It holds ids, so it stays
right when a node is renamed; `name` is the number's display name now. `engine.compile` looks the number up in a trace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from graph.text.messages import _
from graph.text.quoting import quoted

if TYPE_CHECKING:
    from graph.model.graph import Graph

Kind = Literal["output", "edge", "parameter", "buffer", "setting"]
Quantity = Literal["value", "gradient"]
Index = tuple[int, ...]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
WITH_GRADIENT: Final = ("output", "edge", "parameter")
MOST: Final = 10**18
"""No axis of a tensor is as long."""
GONE: Final = "?"
"""The name of what is no longer in the graph."""
_TEXT: Final = re.compile(r"(gradient:)?(\w+):([^:\[]+)(?::([^:\[]+))?(?:\[((?:\d{1,18}(?:,\d{1,18})*)?)\])?", re.ASCII)
_ESCAPES: Final[Mapping[str, str]] = {"%": "%25", ":": "%3A", "[": "%5B"}


@dataclass(frozen=True, slots=True)
class Address:
    """`id` is a node, or the wire of an `edge`; `port` is the name of the output, learned tensor, buffer or setting, and empty for a wire.

    With `gradient` the derivative of the objective by this number is meant; a wire's is what comes back along this wire alone.
    `index` chooses one entry of a tensor, counted from 0 (`()` for a tensor without axes), or with fewer places the part there, such as
    the row of a sample; None means the whole tensor.
    Raises ValueError for a combination that names nothing, such as the gradient of a setting.
    """

    kind: Kind
    id: str
    port: str = ""
    gradient: bool = False
    index: Index | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                _("there is no address of the kind {kind}; the kinds are {kinds}").format(kind=quoted(self.kind), kinds=", ".join(KINDS))
            )
        if not self.id:
            raise ValueError(_("it has no id"))
        if bool(self.port) != (self.kind != "edge"):
            raise ValueError(
                _("a wire has no port") if self.kind == "edge" else _("it does not say which {kind} of the node").format(kind=self.kind)
            )
        if self.gradient and self.kind not in WITH_GRADIENT:
            raise ValueError(_("an address of the kind {kind} has no gradient").format(kind=self.kind))
        if self.index and not 0 <= min(self.index) <= max(self.index) < MOST:
            raise ValueError(_("an index counts from 0"))

    @property
    def key(self) -> tuple[str, str]:
        """(node id, name of the port, tensor or setting), as traces and states have it. A wire has none."""
        return self.id, self.port

    @property
    def quantity(self) -> Quantity:
        return "gradient" if self.gradient else "value"

    @property
    def value(self) -> Address:
        """The number itself, where this is its gradient."""
        return replace(self, gradient=False) if self.gradient else self

    @property
    def derivative(self) -> Address:
        """The gradient of this number."""
        return self if self.gradient else replace(self, gradient=True)

    @property
    def whole(self) -> Address:
        """The tensor that the entry is in."""
        return self if self.index is None else replace(self, index=None)

    def at(self, index: Index | None) -> Address:
        """An entry of the same tensor."""
        return self if index == self.index else replace(self, index=index)

    def exists(self, graph: Graph) -> bool:
        """Whether the node or wire is in the graph."""
        return self.id in (graph.edges if self.kind == "edge" else graph.nodes)

    def node(self, graph: Graph) -> str:
        """The id of the node that the number belongs to: of a wire, the one it starts at. Raises KeyError for a wire that is gone."""
        return graph.edges[self.id].source[0] if self.kind == "edge" else self.id

    def name(self, graph: Graph, entry: str | None = None) -> str:
        """What a person calls it: `hidden`, `data.x`, `hidden.W[0, 1]`, `x → d.a`, `gradient of x → d.a`; "?" for what is gone.

        An entry of a wire's value is written at the value: `x[2] → d.a`. Of a port that takes several wires the slot is written, too.
        `entry` is another way of writing the index, such as `₂₁`.
        """
        if not self.exists(graph):
            return GONE
        entry = _brackets(self.index) if entry is None else entry
        name = _edge_name(graph, self, entry) if self.kind == "edge" else _node_name(graph, self) + entry
        return _("gradient of {name}").format(name=name) if self.gradient else name

    def text(self) -> str:
        """One line of text that `parse` turns back into this address: `output:n1:y`, `gradient:edge:e3[0,1]`."""
        parts = [self.kind, _escaped(self.id), *([_escaped(self.port)] if self.port else [])]
        index = "" if self.index is None else f"[{','.join(map(str, self.index))}]"
        return ("gradient:" if self.gradient else "") + ":".join(parts) + index


def parse(text: str) -> Address:
    """The address that `Address.text` wrote. Raises ValueError for any other text."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(
            _("{address} is not the address of a number; addresses look like output:n1:y or gradient:edge:e3[0,1]").format(
                address=quoted(text)
            )
        )
    gradient, kind, identity, port, index = match.groups()
    entry = None if index is None else tuple(int(place) for place in index.split(",") if place)
    kind_: Any = kind
    try:
        address = Address(kind_, _unescaped(identity), _unescaped(port or ""), gradient is not None, entry)
    except ValueError as problem:
        raise ValueError(_("{address} is not the address of a number: {problem}").format(address=quoted(text), problem=problem)) from None
    if address.text() != text:
        raise ValueError(
            _("{address} is not the address of a number; it would be written {spelling}").format(
                address=quoted(text), spelling=quoted(address.text())
            )
        )
    return address


def output(node: str, port: str = "y", index: Index | None = None) -> Address:
    return Address("output", node, port, False, index)


def wire(identity: str, index: Index | None = None) -> Address:
    return Address("edge", identity, "", False, index)


def parameter(node: str, name: str, index: Index | None = None) -> Address:
    return Address("parameter", node, name, False, index)


def first_output(graph: Graph, node: str) -> Address:
    """The number that a node stands for. A node without outputs (of an unknown type) has one in name only."""
    outputs = graph.spec(node).outputs
    return output(node, outputs[0].name if outputs else "y")


def output_name(graph: Graph, node: str, port: str) -> str:
    """`hidden`, or `data.x` where the node has several outputs."""
    name = graph.nodes[node].name
    return f"{name}.{port}" if len(graph.spec(node).outputs) > 1 else name


def input_name(graph: Graph, node: str, port: str, slot: int = 0) -> str:
    """The end of a wire: `d.a`, `join.xs[1]`."""
    declared = graph.spec(node).input(port)
    return f"{graph.nodes[node].name}.{port}" + (f"[{slot}]" if declared is not None and declared.many else "")


def _edge_name(graph: Graph, address: Address, entry: str) -> str:
    edge = graph.edges[address.id]
    return f"{output_name(graph, *edge.source)}{entry} → {input_name(graph, *edge.target, edge.slot)}"


def _node_name(graph: Graph, address: Address) -> str:
    if address.kind == "output":
        return output_name(graph, address.id, address.port)
    node = graph.nodes[address.id].name
    if address.kind != "setting":
        return f"{node}.{address.port}"
    setting = graph.spec(address.id).setting(address.port)
    return _("{setting} of {node}").format(setting=setting.label.lower() if setting is not None else address.port, node=node)


def _brackets(index: Index | None) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _unescaped(text: str) -> str:
    for letter, escape in reversed([*_ESCAPES.items()]):
        text = text.replace(escape, letter)
    return text
