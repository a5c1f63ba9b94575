r"""The symbols of a card: values by the names on the canvas, gradients in the notation asked for. No torch here.

leibniz  \frac{\partial L}{\partial x}; the part that comes along one of several wires: the same with a bar and the consumer below
bar      \bar{x}, the adjoint; one wire's part: \bar{x}_{\to d}
delta    \delta^{(l)} for the outputs of layers with weights (the pre-activations), l counted from the input; else as leibniz
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.explain.cards import Kind, Notation
from graph.latex import latex_name

if TYPE_CHECKING:
    from graph.graph import Graph
    from graph.model import Edge, End
    from graph.spec import NodeSpec

SHORT = 3
"""An objective with a name up to this long keeps it (∂f/∂x); one with a longer name, and every loss, is L."""


class Symbols:
    """`objective` is the output that is differentiated, None where there is none."""

    def __init__(self, graph: Graph, objective: End | None, notation: Notation = "leibniz") -> None:
        self.graph, self.objective, self.notation = graph, objective, notation
        self.top = self._top()
        self._levels = levels(graph) if notation == "delta" else {}

    def _top(self) -> str:
        if self.objective is None or self.objective[0] not in self.graph.nodes:
            return "L"
        node = self.graph.nodes[self.objective[0]]
        return "L" if self.graph.spec(node).loss or len(node.name) > SHORT else latex_name(node.name)

    # Values

    def name(self, end: End) -> str:
        """What a person calls an output: the node's name; of a node with several outputs the output's own."""
        return end[1] if len(self.graph.spec(end[0]).outputs) > 1 else self.graph.nodes[end[0]].name

    def value(self, end: End) -> str:
        return latex_name(self.name(end))

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
        """The part of a wire's own: the producer's symbol where it is the only wire there, else with the consumer below."""
        total = self.gradient(edge.source, entry)
        rivals = [e for e in self.graph.outputs_of(edge.source[0]) if e.source == edge.source and self._answers(e)]
        if len(rivals) < 2 and edge.source != self.objective:
            return total
        consumer = latex_name(self.graph.nodes[edge.target[0]].name)
        twice = sum(e.target[0] == edge.target[0] for e in rivals) > 1
        slot = f", {self._port(edge)}" if twice else ""
        if self.notation == "bar":
            return rf"{self.gradient(edge.source)}_{{{entry + ', ' if entry else ''}\to {consumer}{slot}}}"
        if edge.source[0] in self._levels:
            return rf"{self.gradient(edge.source)}_{{{entry + ', ' if entry else ''}{consumer}{slot}}}"
        return rf"\left.{total}\right|_{{{consumer}{slot}}}"

    def _answers(self, edge: Edge) -> bool:
        """Whether a gradient can come back along a wire: not from a probe."""
        return self.graph.spec(edge.target[0]).differentiable

    def _port(self, edge: Edge) -> str:
        port = self.graph.spec(edge.target[0]).input(edge.target[1])
        return str(edge.slot + 1) if port is not None and port.many else latex_name(edge.target[1])

    def adjoint(self, symbol: str, entry: str = "") -> str:
        """The gradient of what `symbol` stands for."""
        if self.notation == "bar":
            return _below(barred(symbol), entry)
        return rf"\frac{{\partial {self.top}}}{{\partial {_below(symbol, entry)}}}"

    def local(self, out: str, into: str) -> str:
        return rf"\frac{{\partial {out}}}{{\partial {into}}}"


def symbol(graph: Graph, objective: End | None, kind: Kind, identity: str, name: str = "", notation: Notation = "leibniz") -> str:
    """The gradient's symbol for a node (`name` an output; empty: its first), an edge, or the parameter `name` of a node, as LaTeX."""
    symbols = Symbols(graph, objective, notation)
    if kind == "edge":
        return symbols.along(graph.edges[identity])
    if kind == "parameter":
        return symbols.of_learned((identity, name), owner=True)
    return symbols.gradient((identity, name or graph.spec(identity).outputs[0].name))


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
    found = {node: depth[node] for node in depth if weighs(graph.spec(node))}
    alone = {level for level in found.values() if list(found.values()).count(level) == 1}
    return {node: str(level) if level in alone else latex_name(graph.nodes[node].name) for node, level in found.items()}


def entry_text(entry: tuple[int, ...]) -> str:
    """An index as mathematics writes it, counted from 1: `2, 1`."""
    return r",\,".join(str(i + 1) for i in entry)
