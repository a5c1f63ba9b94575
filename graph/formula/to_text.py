"""A formula from a graph: text that `graph.formula.to_graph` reads back into the same computation.

Every node that is written becomes an operator or a function call inside the node it feeds; one that feeds several, or stands too deep,
becomes a statement of its own, so that nothing is computed twice and any graph can be written. Inputs, Parameters and whatever lies
outside the selection are written by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from graph.formula.reading import CONSTANTS, MAXIMUM, NEGATE, OPERATORS, FormulaError, functions
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.spec import NodeSpec
from graph.model.topology import topological_order
from graph.text.messages import _
from graph.text.quoting import quoted

DEEP = 12
"""Brackets within brackets within one statement; more are hard to read."""
LONG = 60
"""Terms in one chain such as a + b + c + … within one statement."""

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
_STRENGTH: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", SUM), ast.Sub: (" - ", SUM), ast.Mult: ("*", PRODUCT), ast.Div: ("/", PRODUCT), ast.MatMult: (" @ ", PRODUCT),
    ast.Pow: ("^", POWER),
}  # fmt: skip
_SIGNS = {OPERATORS[kind][0]: sign for kind, sign in _STRENGTH.items()}


def formula_text(graph: Graph, ids: Iterable[str]) -> str:
    """The nodes among `ids` as a formula: statements with `;` behind all but the last, one for each result. Raises FormulaError."""
    chosen = {identity for identity in ids if identity in graph.nodes}
    return _Writer(graph, chosen).text()


def formula_of(graph: Graph, node: str) -> str:
    """The formula of one node, with everything it is computed from. Raises FormulaError."""
    return formula_text(graph, cone(graph, node))


def cone(graph: Graph, node: str) -> tuple[str, ...]:
    """A node and all that it is computed from."""
    setting = {node: None}
    waiting = [node]
    while waiting:
        for other in graph.predecessors(waiting.pop()):
            if other not in setting:
                setting[other] = None
                waiting.append(other)
    return tuple(setting)


class _Part:
    """A piece of text: how strongly it binds, and how deep and how long it is."""

    __slots__ = ("binds", "deep", "long", "text")

    def __init__(self, text: str, binds: int = ATOM, deep: int = 0, long: int = 1) -> None:
        self.text, self.binds, self.deep, self.long = text, binds, deep, long

    def within(self, binds: int) -> _Part:
        """The piece where something that binds as strongly as `binds` is needed: in brackets if it has to be."""
        return self if self.binds >= binds else _Part(f"({self.text})", ATOM, self.deep + 1)

    @property
    def is_number(self) -> bool:
        return self.text.lstrip("-")[:1].isdigit() and self.binds in (ATOM, SIGN)


class _Writer:
    def __init__(self, graph: Graph, chosen: set[str]) -> None:
        self._graph, self._chosen = graph, chosen
        self._functions = functions(graph.catalog)
        self._words: dict[str, str] = {}
        for word, spec in self._functions.items():
            if word == spec.key.rpartition(".")[2] or spec.key not in self._words:
                self._words[spec.key] = word
        self._parts: dict[str, _Part] = {}
        self._names: dict[str, str] = {}
        self._own: set[str] = set()
        self._statements: list[str] = []

    def text(self) -> str:
        order = self._order()
        written = [node for node in order if self._is_written(node)]
        calculated = [node for node in written if not self._graph.spec(node).probe] or written
        if not calculated:
            return self._of_names(order)
        self._own = set(calculated)
        results = [node for node in calculated if not self._readers(node)]
        length = 0
        for node in calculated:
            part = self._part(node)
            if node in results or self._stands_alone(node, part):
                alone = len(results) == 1 and node == results[0] and self._is_named_by_itself(self._graph.nodes[node])
                self._statements.append(part.text if alone else f"{self._name(node)} = {part.text}")
                length += len(self._statements[-1]) + 2
                if length > MAXIMUM:
                    raise FormulaError(_("this would be a formula of more than {MAXIMUM:,} characters").format(MAXIMUM=MAXIMUM))
            else:
                self._parts[node] = part
        return ";\n".join(self._statements)

    def _order(self) -> list[str]:
        """The chosen nodes so that every wire among them goes forward."""
        chosen = sorted(self._chosen, key=self._graph._nodes.place)
        inside = {node: [edge for edge in self._graph.inputs_of(node) if edge.source[0] in self._chosen] for node in chosen}
        following: dict[str, list[str]] = {node: [] for node in chosen}
        for node, edges in inside.items():
            for edge in edges:
                following[edge.source[0]].append(node)
        return list(topological_order(chosen, following, {node: len(edges) for node, edges in inside.items()}))

    def _of_names(self, order: list[str]) -> str:
        """A selection in which nothing is calculated."""
        if not order:
            raise FormulaError(_("no node is selected that could be written as a formula"))
        return ";\n".join(self._name(node) for node in order)

    def _is_written(self, node: str) -> bool:
        """Whether a node becomes an operation or a number; others appear by name."""
        role = self._graph.spec(node).role
        if role != "constant":
            return role == "op"
        value = self._graph.setting(node, "value")
        return _is_number(value) and CONSTANTS.get(self._graph.nodes[node].name) != value

    def _readers(self, node: str) -> list[Edge]:
        return [edge for edge in self._graph.outputs_of(node) if edge.target[0] in self._own]

    def _stands_alone(self, node: str, part: _Part) -> bool:
        """Whether a node that feeds others needs a statement of its own."""
        readers = self._readers(node)
        if len(readers) > 1 or part.deep > DEEP or part.long > LONG:
            return True
        spec = self._graph.spec(node)
        if readers[0].source[1] != spec.outputs[0].name:
            return True
        if spec.role != "constant":
            return False
        target, port = readers[0].target
        setting = self._graph.spec(target).setting(port)  # there, a written number would be taken for the setting
        return setting is not None or not self._is_named_by_itself(self._graph.nodes[node])

    def _is_named_by_itself(self, node: Node) -> bool:
        """Whether a node bears the name that a formula gives it unasked, `add_3`."""
        base = self._graph.spec(node).default_name or node.type.rpartition(".")[2]
        return node.name == base or (node.name.startswith(base + "_") and node.name[len(base) + 1 :].isdecimal())

    def _name(self, node: str) -> str:
        """The name by which the statements call a node."""
        if node not in self._names:
            name = self._graph.nodes[node].name
            self._names[node] = name
        return self._names[node]

    def _part(self, node: str) -> _Part:
        spec = self._graph.spec(node)
        if spec.category == "unknown":
            raise FormulaError(
                _("{node}: this version does not know the node type {type}").format(
                    node=self._graph.nodes[node].name, type=quoted(spec.key)
                )
            )
        if spec.role == "constant":
            return _number(self._graph.setting(node, "value"))
        return self._operation(node, spec) or self._call(node, spec)

    def _operation(self, node: str, spec: NodeSpec) -> _Part | None:
        """The node as an operator, where it is one and the operator expresses all of its settings."""
        wired = {edge.target: self._argument(edge) for edge in self._graph.inputs_of(node)}
        given = dict(self._given(node, spec))
        if spec.key == NEGATE and len(wired) == 1 and not given:
            (part,) = wired.values()
            return None if part.is_number else _sign(part.within(SIGN))
        if spec.key not in _SIGNS:
            return None
        sign, binds = _SIGNS[spec.key]
        a, b = wired.get((node, "a")), wired.get((node, "b"))
        if binds == POWER and b is None and spec.setting("b"):
            given.pop("b", None)
            b = _number(self._graph.setting(node, "b"))
            if not abs(float(b.text)) < 1e300:
                return None
        if a is None or b is None or given or len(wired) > 2:
            return None
        if binds == POWER:
            left, right = a.within(ATOM), b.within(ATOM)
            right = _Part("(T)") if right.text == "T" else right  # x^T is the transpose
        else:
            left, right = a.within(binds), b.within(binds + 1)
            right = right.within(ATOM) if right.text.startswith("-") else right  # a - (-b), not a - -b
        return _Part(f"{left.text}{sign}{right.text}", binds, max(left.deep, right.deep), left.long + right.long)

    def _call(self, node: str, spec: NodeSpec) -> _Part:
        """The node as a function: inputs in order, then those that only their names reach, then settings that are not the default."""
        wired: dict[str, list[_Part]] = {}
        for edge in self._graph.inputs_of(node):
            wired.setdefault(edge.target[1], []).append(self._argument(edge))
        arguments, by_name = [], False
        for port in spec.inputs:
            parts = wired.get(port.name, [])
            if not parts and not port.optional:
                raise FormulaError(
                    _("nothing is connected to the input {port} of {node}").format(port=port.name, node=self._graph.nodes[node].name)
                )
            if port.parameter or by_name:
                arguments += [_Part(f"{port.name}={part.text}", ATOM, part.deep, part.long) for part in parts]
            else:
                arguments += parts
                by_name = not parts  # what follows an input left open cannot be counted off
        arguments += [_Part(f"{name}={text}") for name, text in self._given(node, spec)]
        word = self._words.get(spec.key)
        if word is None or not spec.outputs:
            raise FormulaError(_("{node} cannot be written in a formula").format(node=self._graph.nodes[node].name))
        text = ", ".join(part.text for part in arguments)
        deep, long = max((part.deep for part in arguments), default=0), sum(part.long for part in arguments)
        return _Part(f"{word}({text})", ATOM, deep + 1, long)

    def _argument(self, edge: Edge) -> _Part:
        source, port = edge.source
        if source in self._parts:
            return self._parts[source]
        spec = self._graph.spec(source)
        first = not spec.outputs or port == spec.outputs[0].name
        return _Part(self._name(source) if first else f"{self._name(source)}.{port}")

    def _given(self, node: str, spec: NodeSpec) -> list[tuple[str, str]]:
        """The settings that are not the default, written out. What a file carried beside them does not belong to the formula."""
        values = self._graph.settings_of(node)
        return [(item.name, _written(values[item.name], item.name)) for item in spec.settings if values[item.name] != item.default]


def _sign(part: _Part) -> _Part:
    return _Part(f"-{part.text}", SIGN, part.deep + 1, part.long)


def _number(value: Any) -> _Part:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0"
    text = repr(int(value) if whole else value)
    return _Part(text, SIGN if text.startswith("-") else ATOM)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(value: Any, name: str) -> str:
    """A setting's value as the reader of formulas takes it: only ASCII, and none of the letters that it respells or splits at."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(entry, name) for entry in value) + "]"
    if isinstance(value, str):
        return ascii(value).replace("^", "\\x5e")
    if isinstance(value, int | float):
        return repr(value)
    raise FormulaError(_("the setting {name} cannot be written in a formula").format(name=name))
