"""A graph from a formula such as `x*y + z`.

Several statements stand after one another with `;` between them, each with a name that the following ones can use:
`u = w*x + b; loss = (u - t)^2`. Functions are the node library's, called with their settings by keyword: `dense(x, out_features=3)`; an
input can be given by its name too, `linear(x, W=shared)`, and an output other than the first is asked for by its name: `data.target`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from graph.formula.parser import Transposed, source
from graph.formula.reading import (
    CONSTANTS,
    NEGATE,
    NO_FUNCTIONS,
    OPERATORS,
    FormulaError,
    Statement,
    exponent,
    free_names,
    functions,
    literal,
    misread,
    place,
    read,
)
from graph.grouping.layout import layout
from graph.model.edits import AddNode, Compound, Connect, Edit, Move
from graph.model.elements import NAME_RULE, Edge, End, Node, valid_name
from graph.model.graph import Graph, GraphError
from graph.model.spec import Catalog, NodeSpec
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted
from graph.text.suggest import nearest

__all__ = ["FormulaError", "build", "insert_formula", "likely_parameter", "names_in"]


def build(
    text: str, catalog: Catalog, sets: Mapping[str, float | list[Any]] | None = None, params: Mapping[str, float | list[Any]] | None = None
) -> Graph:
    """The graph of a formula; names in `sets` become Inputs, those in `params` trainable Parameters. Raises FormulaError."""
    sets, params = dict(sets or {}), dict(params or {})
    statements = read(text, lambda name: name in sets or name in params)
    for name in (*sets, *params):
        if not valid_name(name):
            raise FormulaError(_("{name} is not a name: {NAME_RULE}").format(name=quoted(name), NAME_RULE=NAME_RULE))
    if both := sorted(set(sets) & set(params)):
        raise FormulaError(_("{name} is given twice, as an input and as a parameter").format(name=both[0]))
    graph = Graph(catalog)

    def leaf(builder: _Builder, name: str) -> End:
        for given, key in ((sets, "source.input"), (params, "parameter.parameter")):
            if name in given:
                return builder.add(builder.spec(key, name), name, {"value": given[name]})
        if wrong := misread(name):
            raise FormulaError(wrong)
        raise FormulaError(
            _("{name} has no value: give it one with --set {name}=… (an input) or --param {name}=… (a trainable parameter)").format(
                name=name
            )
        )

    builder = _Builder(graph, graph, leaf, {*sets, *params}, lambda name: name in sets or name in params)
    builder.run(statements)
    if unused := [name for name in (*sets, *params) if name not in builder.leaves]:
        raise FormulaError(_("{name} does not occur in the formula").format(name=unused[0]))
    Move(tuple((name, x, y) for name, (x, y) in layout(graph).items())).apply(graph)
    return graph


def insert_formula(
    graph: Graph, text: str, at: tuple[float, float], inside: str | None = None, parameters: Collection[str] | None = None
) -> tuple[Edit, tuple[str, ...]]:
    """One edit that adds a formula's graph, laid out from its top left corner `at` on, to the group `inside`, and the new nodes' ids.

    A name that a node of the document has means that node. Other names become new Inputs, or Parameters where they are among
    `parameters` (None: those `likely_parameter` takes for weights). Raises FormulaError.
    """
    statements = read(text, lambda name: graph.named(name) is not None)
    scratch = Graph(graph.catalog)  # the new nodes, and copies of the old ones they are wired to

    def leaf(builder: _Builder, name: str) -> End:
        if there := graph.named(name):
            scratch._add_node(replace(there, group=None))
            return there.id, builder.output(graph.spec(there))
        if wrong := misread(name):
            raise FormulaError(wrong)
        trained = likely_parameter(name) if parameters is None else name in parameters
        return builder.add(builder.spec("parameter.parameter" if trained else "source.input", name), name, {})

    builder = _Builder(scratch, graph, leaf, known=lambda name: graph.named(name) is not None)
    builder.run(statements)
    new = [node for node in scratch.nodes if node not in graph.nodes]
    if not new:
        raise FormulaError(_("everything in this formula is on the canvas already"))
    edits: list[Edit] = []
    for node, (x, y) in sorted(layout(scratch, ids=new).items(), key=lambda row: scratch._nodes.place(row[0])):
        edits.append(AddNode(replace(scratch.nodes[node], x=x + at[0], y=y + at[1], group=inside)))
    return Compound((*edits, *map(Connect, scratch.edges.values())), _("Insert formula")), tuple(new)


def likely_parameter(name: str) -> bool:
    """Whether a name is one that lectures give to weights and biases: w, W1, b_2, theta, weight …"""
    return re.fullmatch(r"(w|W|b|B|theta|θ|weight|bias)_?\d*", name) is not None


def names_in(text: str, constants: bool = False, known: Callable[[str], bool] = lambda name: False) -> tuple[str, ...]:
    """The names of a formula that it does not define itself, in order of appearance. Raises FormulaError.

    `constants`: e and pi too, which stand for their numbers unless something of that name is there. `known`: the document's names.
    """
    free: dict[str, None] = {}
    defined: set[str] = set()
    try:
        for statement in read(text, known):
            names = [name for name in free_names(statement.tree) if constants or name not in CONSTANTS]
            free |= dict.fromkeys(name for name in names if name not in defined)
            defined.add(statement.name)
    except RecursionError:
        raise FormulaError(_("the formula is nested too deeply")) from None
    return tuple(free)


_OF_ENTRIES = {"math.maximum": "math.largest", "math.minimum": "math.smallest"}
"""Functions of two values, and those of the entries of one value, which a formula calls by the same name."""


class _Builder:
    """Adds one node for every operation to `graph`, on the way from the leaves to the root; ids and names are new in `host` as well."""

    def __init__(
        self, graph: Graph, host: Graph, leaf: Callable[[_Builder, str], End], reserved: Collection[str] = (),
        known: Callable[[str], bool] = lambda name: False,
    ) -> None:  # fmt: skip
        self.graph, self._host, self._leaf, self._known = graph, host, leaf, known
        self._functions = functions(graph.catalog)
        self._reserved = set(reserved)
        self._counts: dict[str, int] = {}
        self._defined: dict[str, End] = {}
        self.leaves: dict[str, End] = {}
        self._constants: dict[str, End] = {}
        self._text = ""

    def run(self, statements: list[Statement]) -> None:
        """Build every statement. Raises FormulaError."""
        try:
            for statement in statements:
                self._reserved |= {statement.name, *free_names(statement.tree)}
            for statement in statements:
                self._run(statement)
        except (RecursionError, MemoryError):
            raise FormulaError(_("the formula is nested too deeply")) from None
        except GraphError as problem:
            raise FormulaError(str(problem)) from None

    def _run(self, statement: Statement) -> None:
        name, before, self._text = statement.name, len(self.graph.nodes), statement.text
        end = self.expression(statement.tree)
        if not name:
            return
        if name in self.leaves:
            own = name in free_names(statement.tree)
            raise FormulaError(
                _("{name} appears on both sides of =").format(name=name)
                if own
                else _("{name} is used before it is defined").format(name=name)
            )
        self._defined[name] = end
        node = self.graph.nodes[end[0]]
        if len(self.graph.nodes) > before and node.id not in {leaf for leaf, _ in self.leaves.values()}:
            if self._taken(name):
                others = {other.name for other in self.graph.nodes.values() if other is not node}
                name = self._host.fresh_name(name, self._reserved | others)
            self.graph._replace_node(replace(node, name=name))

    def expression(self, tree: ast.expr) -> End:
        if isinstance(tree, ast.Name):
            return self._name(tree.id)
        if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name):
            return self._port(tree, tree.value.id)
        if isinstance(tree, ast.Constant) or (isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant)):
            value = literal(tree, self._text)
            if isinstance(value, str | bool):
                raise FormulaError(place(tree, self._text) + _("only numbers can be used in a computation"))
            return self._number(value)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.UAdd):
            return self.expression(tree.operand)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            return self._apply(self.spec(NEGATE, "−"), [self.expression(tree.operand)])
        if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
            return self._operation(tree)
        if isinstance(tree, Transposed):
            self._refuse_power_of_t(tree)
        if isinstance(tree, ast.Call):
            return self._call(tree)
        raise self._not_allowed(tree)

    def add(self, spec: NodeSpec, name: str, settings: Mapping[str, Any]) -> End:
        node = Node(self._host.fresh_id("n"), spec.key, name, params=dict(settings))
        self.graph._add_node(node)
        return node.id, self.output(spec)

    def output(self, spec: NodeSpec) -> str:
        if not spec.outputs:
            raise FormulaError(_("{default_name} gives no value that a formula could use").format(default_name=spec.default_name))
        return spec.outputs[0].name

    def spec(self, key: str, sign: str) -> NodeSpec:
        if key not in self.graph.catalog:
            raise FormulaError(_("{sign} is not in the node library").format(sign=sign))
        return self.graph.catalog[key]

    def _operation(self, tree: ast.BinOp) -> End:
        """A left-deep chain such as a + b + c + … is walked, not recursed into: sums may be long."""
        chain: list[ast.BinOp] = []
        left: ast.expr = tree
        while isinstance(left, ast.BinOp) and type(left.op) in OPERATORS:
            chain.append(left)
            left = left.left
        natural = isinstance(chain[-1].op, ast.Pow) and isinstance(left, ast.Name) and left.id == "e" and self._is_constant("e")
        end = ("", "") if natural else self.expression(left)
        for step in reversed(chain):
            if natural and step is chain[-1]:  # e^x is the function, to its last digit
                end = self._apply(self.spec("math.exp", "exp"), [self.expression(step.right)])
                continue
            spec = self.spec(*OPERATORS[type(step.op)])
            number = exponent(step)
            if number is not None and spec.setting("b"):
                end = self._apply(spec, [end], {"b": number})
            else:
                end = self._apply(spec, [end, self.expression(step.right)])
        return end

    def _refuse_power_of_t(self, tree: Transposed) -> None:
        if self._known("T") or "T" in self._defined or "T" in self.leaves:
            base = source(tree.args[0], self._text)
            raise FormulaError(
                _("{base}^T can mean the transpose or {base} to the power T: write transpose({base}) or {base}^(T)").format(base=base)
            )

    def _is_constant(self, name: str) -> bool:
        return name in CONSTANTS and name not in self._defined and not self._known(name)

    def _constant(self, name: str) -> End:
        if name not in self._constants:
            spec = self.spec("source.constant", "numbers")
            self._constants[name] = self.add(spec, self._fresh(spec) if self._taken(name) else name, {"value": CONSTANTS[name]})
        return self._constants[name]

    def _name(self, name: str) -> End:
        if name in self._defined:
            return self._defined[name]
        if self._is_constant(name):
            return self._constant(name)
        if name not in self.leaves:
            self.leaves[name] = self._leaf(self, name)
        return self.leaves[name]

    def _port(self, tree: ast.Attribute, name: str) -> End:
        node, _ = self._name(name)
        port = self.graph.spec(node).output(tree.attr)
        if port is None:
            raise self._not_allowed(tree)
        return node, port.name

    def _number(self, value: float) -> End:
        spec = self.spec("source.constant", "numbers")
        return self.add(spec, self._fresh(spec), {"value": value})

    def _call(self, tree: ast.Call) -> End:
        if not isinstance(tree.func, ast.Name):
            raise FormulaError(place(tree, self._text) + _("a function is called by its name"))
        name = tree.func.id
        spec = self._functions.get(name) or self._functions.get(name.lower())
        if spec is None:
            raise FormulaError(_("there is no function called {name}").format(name=name) + self._instead(name, tree))
        if spec.key in _OF_ENTRIES and len(tree.args) > 2 and not tree.keywords:
            return self._in_turn(spec, tree.args)
        if spec.key in _OF_ENTRIES and len(tree.args) == 1 and _OF_ENTRIES[spec.key] in self.graph.catalog:
            spec = self.graph.catalog[_OF_ENTRIES[spec.key]]
        settings: dict[str, Any] = {}
        wired: dict[str, ast.expr] = {}
        for word in tree.keywords:
            setting, port = (spec.setting(word.arg), spec.input(word.arg)) if word.arg else (None, None)
            if setting is not None and (port is None or self._is_literal(word.value)):
                settings[setting.name] = literal(word.value, self._text)
            elif port is not None:
                wired[port.name] = word.value
            else:
                known = ", ".join(setting.name for setting in spec.settings)
                raise FormulaError(
                    _("{function} has no setting {setting}").format(function=name, setting=word.arg or "**")
                    + (_("; it has {known}").format(known=known) if known else "")
                )
        given = list(tree.args)
        numbers, given = self._as_settings(spec, given)
        arguments = [self.expression(argument) for argument in given]
        return self._apply(spec, arguments, settings | numbers, {port: self.expression(value) for port, value in wired.items()})

    def _in_turn(self, spec: NodeSpec, given: list[ast.expr]) -> End:
        """max(x, y, z): two at a time."""
        end = self.expression(given[0])
        for argument in given[1:]:
            end = self._apply(spec, [end, self.expression(argument)])
        return end

    def _as_settings(self, spec: NodeSpec, given: list[ast.expr]) -> tuple[dict[str, Any], list[ast.expr]]:
        """Numbers written for inputs that a setting of that name can stand for, as in clip(x, 0, 1); from the end on, so that the
        others keep their places."""
        ports = [port for port in spec.inputs if not port.parameter]
        settings: dict[str, Any] = {}
        while 0 < len(given) <= len(ports):
            port = ports[len(given) - 1]
            if not port.optional or spec.setting(port.name) is None or not self._is_literal(given[-1]):
                break
            settings[port.name] = literal(given[-1], self._text)
            given = given[:-1]
        return settings, given

    def _apply(
        self, spec: NodeSpec, arguments: list[End], settings: Mapping[str, Any] | None = None, wired: Mapping[str, End] | None = None
    ) -> End:
        ports = [port for port in spec.inputs if not port.parameter and port.name not in (wired or {})]
        if ports and ports[-1].many:
            targets = [(port.name, 0) for port in ports[:-1]]
            targets += [(ports[-1].name, slot) for slot in range(len(arguments) - len(targets))]
        else:
            targets = [(port.name, 0) for port in ports]
        least = sum(not port.optional for port in ports)
        if not least <= len(arguments) <= len(targets):
            names = ", ".join(port.name for port in ports)
            count = ngettext("{n} argument", "{n} arguments", len(ports)).format(n=len(ports)) if ports else _("no arguments")
            hint = _("; decimals in its brackets are written with a point") if re.search(r"\d,\d", self._text) else ""
            raise FormulaError(
                _("{default_name} takes {count} ({names}), not {arguments}{hint}").format(
                    default_name=spec.default_name, count=count, names=names, arguments=len(arguments), hint=hint
                )
            )
        end = self.add(spec, self._fresh(spec), settings or {})
        pairs = [*zip(arguments, targets, strict=False), *((given, (port, 0)) for port, given in (wired or {}).items())]
        for given, (port, slot) in pairs:
            if wrong := self.graph.refusal(given, (end[0], port)):
                raise FormulaError(wrong)
            self.graph._add_edge(Edge(self._host.fresh_id("e"), given, (end[0], port), slot))
        return end

    def _fresh(self, spec: NodeSpec) -> str:
        """A name for a node that the formula does not name: `add`, `add_2` …"""
        base = spec.default_name or spec.key.rpartition(".")[2]
        count = self._counts.get(base, 1)
        name = base if count == 1 else f"{base}_{count}"
        while name in self._reserved or self._taken(name):
            count += 1
            name = f"{base}_{count}"
        self._counts[base] = count
        return name

    def _taken(self, name: str) -> bool:
        return self.graph.named(name) is not None or self._host.named(name) is not None

    def _instead(self, name: str, tree: ast.Call) -> str:
        """What to write for a call of something that is no function."""
        if name in NO_FUNCTIONS:
            return f"; {NO_FUNCTIONS[name]}"
        if name in self._defined or name in self.leaves or self._known(name):
            return _("; for a product write {product}").format(product=f"{name}*{source(tree, self._text)[len(name) :]}")
        near = nearest(name, self._functions)
        return (
            _("; did you mean {near}?").format(near=near)
            if near
            else _("; for a product write {name}*(…)").format(name=name)
            if len(name) == 1
            else ""
        )

    def _is_literal(self, tree: ast.expr) -> bool:
        try:
            literal(tree, self._text)
        except FormulaError:
            return False
        return True

    def _not_allowed(self, tree: ast.expr) -> FormulaError:
        return FormulaError(place(tree, self._text) + _("a formula may contain only + − * / @ ^, numbers, names and functions"))
