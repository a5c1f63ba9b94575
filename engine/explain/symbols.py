r"""What numbers and derivatives are called in mathematics, as plain text and as LaTeX. No torch here.

A value that feeds several wires has one derivative for all of them together, ∂f/∂x, and one along each wire, ∂f/∂(x→d): what f would
change by if only d received a changed x. The first is the sum of the others. Values have the names on the canvas
(`graph.model.address`), gradients the notation asked for:

leibniz  \frac{\partial L}{\partial x}; along one of several wires: \frac{\partial L}{\partial (x \to d)}
bar      \bar{x}, the adjoint; along one of several wires: \bar{x}_{\to d}
delta    \delta^{(l)} for the outputs of layers with weights (the pre-activations), l counted from the input; else as leibniz
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from engine.explain.cards import Notation
from graph.formula.latex import LOWERED_DIGITS, display_name, latex_name
from graph.model.address import Address, output_name

if TYPE_CHECKING:
    from graph.model.elements import Edge, End
    from graph.model.graph import Graph
    from graph.model.spec import NodeSpec


TO = r"\to "
SHORT = 3
"""An objective with a name up to this long keeps it (∂f/∂x); one with a longer name, and every loss, is L."""


# What both forms ask of the graph


def wire_end(graph: Graph, edge: Edge) -> tuple[str, str]:
    """The node a wire ends at, and the port (of several alike its number) where this is needed to tell two wires apart."""
    consumer = graph.nodes[edge.target[0]].name
    if sum(e.target[0] == edge.target[0] for e in rivals(graph, edge)) < 2:
        return consumer, ""
    port = graph.spec(edge.target[0]).input(edge.target[1])
    return consumer, str(edge.slot + 1) if port is not None and port.many else edge.target[1]


def rivals(graph: Graph, edge: Edge) -> list[Edge]:
    """The wires from the same output along which a gradient can come back, this one among them: not those to probes."""
    return [e for e in graph.outputs_of(edge.source[0]) if e.source == edge.source and graph.spec(e.target[0]).differentiable]


def is_one_of_several(graph: Graph, edge: Edge, objective: End | None = None) -> bool:
    """Whether the derivative along this wire is only a part of the one by the value; so also where the value is the objective."""
    return len(rivals(graph, edge)) > 1 or edge.source == objective


def meets_again(graph: Graph, edge: Edge) -> bool:
    """Whether the value reaches the node at this wire's end along another wire, too: then ∂d/∂x is not what d does with this wire."""
    others = {e.target[0] for e in rivals(graph, edge) if e.id != edge.id}
    seen: set[str] = set()
    while others:
        node = others.pop()
        if node == edge.target[0]:
            return True
        seen.add(node)
        others |= set(graph.successors(node)) - seen
    return False


def objective_name(graph: Graph, objective: End | None) -> str:
    """The numerator in ∂f/∂x: the objective's name where that is short, else L; the name in full where something else is called L."""
    if objective is None or objective[0] not in graph.nodes:
        return "L"
    node = graph.nodes[objective[0]]
    if len(node.name) <= SHORT and not graph.spec(node).loss:
        return node.name
    return node.name if any(n.name == "L" for n in graph.nodes.values()) else "L"


# Plain text


def total(objective: str, name: str) -> str:
    """The derivative by a value, along all its wires: `∂f/∂x`. Also the local derivative of a node by what reaches it."""
    return f"∂{objective}/∂{f'({name})' if '→' in name else name}"


def wire_name(graph: Graph, edge: Edge) -> str:
    """A value as it arrives along one wire: `x→d`, with the port where two wires from one output end at one node: `x→d.a`."""
    return f"{output_name(graph, *edge.source)}→{'.'.join(filter(None, wire_end(graph, edge)))}"


def local(graph: Graph, end: End, edge: Edge) -> str:
    """How a node's output answers to one wire: `∂d/∂x`, `∂d/∂(x→d.a)` where x reaches d in several ways."""
    below = wire_name(graph, edge) if meets_again(graph, edge) else output_name(graph, *edge.source)
    return total(output_name(graph, *end), below)


# LaTeX


class Symbols:
    """`objective` is the output that is differentiated, None where there is none."""

    def __init__(self, graph: Graph, objective: End | None, notation: Notation = "leibniz") -> None:
        self.graph, self.objective, self.notation = graph, objective, notation
        self._alike = self._symbols_of_several()
        self.top = latex_name(objective_name(graph, objective))
        self._levels = levels(graph) if notation == "delta" else {}

    def _symbols_of_several(self) -> set[str]:
        """The symbols that more than one output would have: `x_1` of x1 and x_1, `x` of two Data nodes."""
        ends = [(node, port.name) for node in self.graph.nodes for port in self.graph.spec(node).outputs]
        counted = Counter(latex_name(self.name(end)) for end in ends)
        return {symbol for symbol, count in counted.items() if count > 1}

    # Values

    def name(self, end: End) -> str:
        """Name of an output: the node's name; for a node with several outputs, the output's own."""
        return end[1] if len(self.graph.spec(end[0]).outputs) > 1 else self.graph.nodes[end[0]].name

    def value(self, end: End) -> str:
        """The output's symbol; where another one would look the same, its name in full."""
        symbol = latex_name(self.name(end))
        if symbol not in self._alike:
            return symbol
        return r"\mathrm{" + output_name(self.graph, *end).replace("_", r"\_") + "}"

    def arriving(self, edge: Edge, entry: str = "") -> str:
        r"""A value as it arrives along one wire: `x \to d`, `x_{1} \to d.a`."""
        return rf"{_below(self.value(edge.source), entry)} \to {self._consumer(edge)}"

    def _consumer(self, edge: Edge) -> str:
        consumer, port = wire_end(self.graph, edge)
        return latex_name(consumer) + (f".{port if port.isdigit() else latex_name(port)}" if port else "")

    def at(self, place: Address) -> str:
        """The variable of a derivative at a place: a value, a learned tensor, or a value along one of several wires."""
        entry = entry_text(place.index or ())
        if place.kind == "parameter":
            return _below(self.learned(place.key, owner=True), entry)
        if place.kind == "output":
            return _below(self.value(place.key), entry)
        edge = self.graph.edges[place.id]
        if is_one_of_several(self.graph, edge, self.objective):
            return self.arriving(edge, entry)
        return _below(self.value(edge.source), entry)

    def learned(self, key: End, owner: bool = False) -> str:
        r"""A learned tensor: `W`, or with its owner `W_{\mathrm{hidden}}`. That of a Parameter node is called as the node is."""
        node = self.graph.nodes[key[0]]
        if self.graph.spec(node).role == "parameter":
            return latex_name(node.name)
        return f"{{{latex_name(key[1])}}}_{{{latex_name(node.name)}}}" if owner else latex_name(key[1])

    # Gradients

    def gradient(self, end: End, entry: str = "") -> str:
        """The sum that arrives at an output. `entry` is an index to be written below the symbol, such as `1, 2`."""
        if end[0] in self._levels:
            return _below(rf"\delta^{{({self._levels[end[0]]})}}", entry)
        return self.adjoint(self.value(end), entry)

    def of_learned(self, key: End, entry: str = "", owner: bool = False) -> str:
        return self.adjoint(self.learned(key, owner), entry)

    def along(self, edge: Edge, entry: str = "") -> str:
        """The derivative along one wire; by the producer's symbol alone where no other wire leaves it."""
        if not is_one_of_several(self.graph, edge, self.objective):
            return self.gradient(edge.source, entry)
        if self.notation == "bar" or edge.source[0] in self._levels:
            return self._to(self.gradient(edge.source), self._consumer(edge), entry)
        return self.adjoint(self.arriving(edge, entry))

    def part_of_learned(self, key: End, consumer: str, entry: str = "", owner: bool = False) -> str:
        """What one of several nodes that use a learned tensor gives to its gradient."""
        user = latex_name(self.graph.nodes[consumer].name)
        if self.notation == "bar":
            return self._to(self.of_learned(key, "", owner), user, entry)
        return self.adjoint(rf"{_below(self.learned(key, owner), entry)} \to {user}")

    def _to(self, symbol: str, consumer: str, entry: str) -> str:
        base = f"{{{symbol}}}" if "_" in symbol else symbol
        return rf"{base}_{{{entry + ', ' if entry else ''}\to {consumer}}}"

    def adjoint(self, symbol: str, entry: str = "") -> str:
        """The derivative of the objective with respect to `symbol`."""
        if self.notation == "bar":
            return _below(barred(symbol), entry)
        return self.fraction(self.top, _below(symbol, entry))

    def local(self, end: End, edge: Edge) -> str:
        """How a node's output answers to one wire that reaches it."""
        into = self.arriving(edge) if meets_again(self.graph, edge) else self.value(edge.source)
        return self.fraction(self.value(end), into)

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{\partial {above}}}{{\partial {f'({below})' if ' ' + TO in below else below}}}"


def symbol(graph: Graph, objective: End | None, address: Address, notation: Notation = "leibniz") -> str:
    """The symbol of the gradient at an address, as LaTeX."""
    symbols = Symbols(graph, objective, notation)
    if address.kind == "edge":
        return symbols.along(graph.edges[address.id])
    return symbols.of_learned(address.key, owner=True) if address.kind == "parameter" else symbols.gradient(address.key)


def barred(text: str) -> str:
    r"""A bar as wide as what it is over; an index below stays outside it: `\bar{w}_{1}`."""
    stem, mark, index = text.partition("_{")
    if mark and not stem.endswith("\\") and "{" not in stem:
        return rf"{barred(stem)}_{{{index}"
    return rf"\bar{{{text}}}" if len(text) == 1 or re.fullmatch(r"\\[a-zA-Z]+", text) else rf"\overline{{{text}}}"


def _below(text: str, entry: str) -> str:
    if not entry:
        return text
    if re.fullmatch(r"[A-Za-z]_\{\w+\}", text):
        return f"{text[:-1]},\\,{entry}}}"
    return f"{{{text}}}_{{{entry}}}"


def weighs(spec: NodeSpec) -> bool:
    """Whether a node is a layer with weights whose output is a pre-activation: Linear and convolution, not a whole recurrent step."""
    rule = spec.local_derivatives.get("W", "")
    return spec.category == "layers" and rule != "" and r"\delta" not in rule and all(p.dtype != "index" for p in spec.inputs)


def levels(graph: Graph) -> dict[str, str]:
    """For every layer with weights what stands in δ⁽ˡ⁾: its number, counted along the longest way from the inputs; where two layers
    share a number, their names."""
    depth: dict[str, int] = {}
    for node in graph.order():
        before = max((depth[n] for n in graph.predecessors(node)), default=0)
        depth[node] = before + weighs(graph.spec(node))
    depths = {node: depth[node] for node in depth if weighs(graph.spec(node))}
    alone = {level for level in depths.values() if list(depths.values()).count(level) == 1}
    return {node: str(level) if level in alone else latex_name(graph.nodes[node].name) for node, level in depths.items()}


def entry_text(entry: tuple[int, ...]) -> str:
    """An index as mathematics writes it, counted from 1: `2, 1`."""
    return r",\,".join(str(i + 1) for i in entry)


def entry_lowered(entry: tuple[int, ...], shape: tuple[int, ...] = ()) -> str:
    """An index as plain text, counted from 1: `₂₁`, or `₁₂,₁`. The only sample of a batch, the first axis of `shape`, is left out."""
    places = [str(i + 1) for i in (entry[1:] if len(entry) > 1 and shape[:1] == (1,) else entry)]
    return ("," if any(len(place) > 1 for place in places) else "").join(places).translate(LOWERED_DIGITS)


def entry_name(name: str, lowered: str) -> str:
    """An entry of what has this name: `u₂`, `ŷ₁`; `x1₂` where the name itself would end in a lowered digit."""
    shown = display_name(name)
    return (name if lowered and "₀" <= shown[-1] <= "₉" else shown) + lowered
