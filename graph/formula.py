"""A graph from a formula such as `x*y + z`: parsed by Python's own parser against a short list of what is allowed, never evaluated."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graph.edits import Move
from graph.graph import Graph, GraphError
from graph.layout import layout
from graph.model import Edge, End, Node, valid_name
from graph.spec import Catalog, NodeSpec

MAXIMUM = 10_000
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("math.add", "+"), ast.Sub: ("math.subtract", "−"), ast.Mult: ("math.multiply", "*"), ast.Div: ("math.divide", "/"),
    ast.Pow: ("math.power", "**"), ast.MatMult: ("math.matmul", "@"),
}  # fmt: skip
_SPELLINGS = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "²": "**2", "³": "**3"}


class FormulaError(Exception):
    """A formula that cannot be built; one line for whoever typed it."""


def build(
    text: str, catalog: Catalog, sets: Mapping[str, float | list[Any]] | None = None, params: Mapping[str, float | list[Any]] | None = None
) -> Graph:
    """The graph of a formula; names in `sets` become Inputs, those in `params` trainable Parameters. Raises FormulaError."""
    sets, params = dict(sets or {}), dict(params or {})
    result, tree = _parse(text)
    for name in (*sets, *params):
        if not valid_name(name) or keyword.iskeyword(name):
            raise FormulaError(f'"{name[:60]}" is not a name: a letter or _, then letters, digits and _')
    if both := sorted(set(sets) & set(params)):
        raise FormulaError(f"{both[0]} is given twice, as an input and as a parameter")
    builder = _Builder(catalog, sets, params)
    try:
        root = builder.expression(tree)
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply") from None
    except GraphError as problem:
        raise FormulaError(str(problem)) from None
    if unused := [name for name in (*sets, *params) if builder.graph.named(name) is None]:
        raise FormulaError(f"{unused[0]} does not occur in the formula")
    builder.finish(root, result)
    return builder.graph


def names_in(text: str) -> tuple[str, ...]:
    """The free names of a formula, in order of appearance. Raises FormulaError."""
    try:
        return tuple(dict.fromkeys(_free_names(_parse(text)[1])))
    except RecursionError:
        raise FormulaError("the formula is nested too deeply") from None


class _Builder:
    """Adds one node for every operation, on the way from the leaves to the root."""

    def __init__(self, catalog: Catalog, sets: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        self.graph = Graph(catalog)
        self._sets, self._params = sets, params
        self._functions = _functions(catalog)

    def expression(self, tree: ast.expr) -> End:
        if isinstance(tree, ast.Name):
            return self._name(tree.id)
        if isinstance(tree, ast.Constant) or (isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant)):
            value = _value(tree)
            if isinstance(value, str | bool):
                raise FormulaError(f"{_place(tree)}only numbers can be calculated with")
            return self._number(value)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.UAdd):
            return self.expression(tree.operand)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            return self._apply(self._spec("math.negate", "−"), [self.expression(tree.operand)])
        if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
            return self._operation(tree)
        if isinstance(tree, ast.Call):
            return self._call(tree)
        raise FormulaError(f"{_place(tree)}only + − * / @ ** ^, numbers, names and functions can stand in a formula")

    def finish(self, root: End, result: str) -> None:
        """Name the result, and lay the graph out."""
        node = self.graph.nodes[root[0]]
        if result and node.name != result:
            if self.graph.named(result):
                raise FormulaError(f"{result} stands on both sides of =")
            self.graph._replace_node(replace(node, name=result))
        Move(tuple((name, x, y) for name, (x, y) in layout(self.graph).items())).apply(self.graph)

    def _operation(self, tree: ast.BinOp) -> End:
        """A left-deep chain such as a + b + c + … is walked, not recursed into: sums may be long."""
        chain: list[ast.BinOp] = []
        left: ast.expr = tree
        while isinstance(left, ast.BinOp) and type(left.op) in _OPERATORS:
            chain.append(left)
            left = left.left
        end = self.expression(left)
        for step in reversed(chain):
            spec = self._spec(*_OPERATORS[type(step.op)])
            exponent = _exponent(step)
            if exponent is not None and spec.setting("b"):
                end = self._apply(spec, [end], {"b": exponent})
            else:
                end = self._apply(spec, [end, self.expression(step.right)])
        return end

    def _name(self, name: str) -> End:
        if node := self.graph.named(name):
            return node.id, self._output(self.graph.spec(node))
        for given, key in ((self._sets, "source.input"), (self._params, "parameter.parameter")):
            if name in given:
                return self._add(self._spec(key, name), name, {"value": given[name]})
        raise FormulaError(f"{name} has no value: give it one with --set {name}=… (an input) or --param {name}=… (a trainable parameter)")

    def _number(self, value: float) -> End:
        spec = self._spec("source.constant", "numbers")
        return self._add(spec, self._fresh(spec), {"value": value})

    def _call(self, tree: ast.Call) -> End:
        if not isinstance(tree.func, ast.Name):
            raise FormulaError(f"{_place(tree)}a function is called by its name")
        name = tree.func.id
        spec = self._functions.get(name) or self._functions.get(name.lower())
        if spec is None:
            near = difflib.get_close_matches(name, self._functions, 1)
            raise FormulaError(f"there is no function called {name}" + (f"; did you mean {near[0]}?" if near else ""))
        settings: dict[str, Any] = {}
        for word in tree.keywords:
            setting = spec.setting(word.arg) if word.arg else None
            if setting is None:
                known = ", ".join(setting.name for setting in spec.settings)
                raise FormulaError(f"{name} has no setting {word.arg or '**'}" + (f"; it has {known}" if known else ""))
            settings[setting.name] = _value(word.value)
        if any(isinstance(argument, ast.Starred) for argument in tree.args):
            raise FormulaError(f"{name}: * cannot stand before an argument")
        return self._apply(spec, [self.expression(argument) for argument in tree.args], settings)

    def _apply(self, spec: NodeSpec, arguments: list[End], settings: Mapping[str, Any] | None = None) -> End:
        ports = [port for port in spec.inputs if not port.parameter]
        if ports and ports[-1].many:
            targets = [(port.name, 0) for port in ports[:-1]]
            targets += [(ports[-1].name, slot) for slot in range(len(arguments) - len(targets))]
        else:
            targets = [(port.name, 0) for port in ports]
        least = sum(not port.optional for port in ports)
        if not least <= len(arguments) <= len(targets):
            names = ", ".join(port.name for port in ports)
            count = f"{len(ports) or 'no'} argument{'s' * (len(ports) != 1)}"
            raise FormulaError(f"{spec.default_name} takes {count} ({names}), not {len(arguments)}")
        end = self._add(spec, self._fresh(spec), settings or {})
        for source, (port, slot) in zip(arguments, targets, strict=False):
            if wrong := self.graph.refusal(source, (end[0], port)):
                raise FormulaError(wrong)
            self.graph._add_edge(Edge(self.graph.fresh_id("e"), source, (end[0], port), slot))
        return end

    def _add(self, spec: NodeSpec, name: str, settings: Mapping[str, Any]) -> End:
        node = Node(self.graph.fresh_id("n"), spec.key, name, params=dict(settings))
        self.graph._add_node(node)
        return node.id, self._output(spec)

    def _output(self, spec: NodeSpec) -> str:
        if not spec.outputs:
            raise FormulaError(f"{spec.default_name} gives no value that a formula could use")
        return spec.outputs[0].name

    def _spec(self, key: str, sign: str) -> NodeSpec:
        if key not in self.graph.catalog:
            raise FormulaError(f"{sign} is not in the node library")
        return self.graph.catalog[key]

    def _fresh(self, spec: NodeSpec) -> str:
        return self.graph.fresh_name(spec.default_name or spec.key.rpartition(".")[2], {*self._sets, *self._params})


def _exponent(tree: ast.BinOp) -> float | None:
    """A number written as exponent belongs to the power node: as a wired value it would ask for a derivative by the exponent,
    which does not exist for a negative base."""
    right = tree.right.operand if isinstance(tree.right, ast.UnaryOp) and isinstance(tree.right.op, ast.USub) else tree.right
    if not isinstance(tree.op, ast.Pow) or not isinstance(right, ast.Constant):
        return None
    value = _value(tree.right)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 else None


def _parse(text: str) -> tuple[str, ast.expr]:
    """The name before `=`, or "", and the expression's tree."""
    if len(text) > MAXIMUM:
        raise FormulaError(f"the formula has {len(text):,} characters; at most {MAXIMUM:,} are read")
    if not text.strip():
        raise FormulaError("the formula is empty")
    head = re.match(r"\s*([A-Za-z_]\w*)\s*=(?!=)", text, re.ASCII)
    body = text[head.end() :] if head else text
    columns, source = [], ""
    for column, letter in enumerate(" " * (len(text) - len(body)) + body):
        spelled = _SPELLINGS.get(letter, " " if letter.isspace() else letter)
        columns += [column + 1] * len(spelled)
        source += spelled
    skipped = len(source) - len(source.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return (head[1] if head else ""), ast.parse(source.lstrip(), mode="eval").body
    except SyntaxError as problem:
        for word, error in (("digits", "a number has too many digits"), ("null bytes", "the formula holds a character that is no text")):
            if word in problem.msg:
                raise FormulaError(error) from None
        place = (problem.offset or 0) - 1 + skipped
        where = f"column {columns[place]}: " if 0 <= place < len(columns) and "nested" not in problem.msg else ""
        reserved = next((word for word in re.findall(r"[A-Za-z_]\w*", source) if keyword.iskeyword(word)), None)
        hint = f' ("{reserved}" is a reserved word and cannot be a name)' if reserved else ""
        raise FormulaError(f"{where}{problem.msg.splitlines()[0]}{hint}") from None
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply") from None
    except ValueError:
        raise FormulaError("the formula holds a character that is no text") from None


def _functions(catalog: Catalog) -> dict[str, NodeSpec]:
    """Every word that names a node type with inputs: its default name first, then its key's last part, title and search words."""
    found: dict[str, NodeSpec] = {}
    specs = [spec for spec in catalog.values() if any(not port.parameter for port in spec.inputs) and spec.outputs]
    for words in (
        lambda spec: [spec.default_name],
        lambda spec: [spec.key.rpartition(".")[2]],
        lambda spec: [spec.title.lower().replace(" ", "_").replace("-", "_")],
        lambda spec: spec.search,
    ):
        for spec in specs:
            for word in words(spec):
                if valid_name(word):
                    found.setdefault(word, spec)
    return found


def _value(tree: ast.expr) -> Any:
    """A literal: a number, a text, true or false, or a list of literals."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd) and isinstance(tree.operand, ast.Constant):
        value = _value(tree.operand)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value if isinstance(tree.op, ast.USub) else value
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, int | float | str):
        return tree.value
    elif isinstance(tree, ast.List | ast.Tuple):
        return [_value(entry) for entry in tree.elts]
    raise FormulaError(f"{_place(tree)}a number was expected")


def _free_names(tree: ast.expr) -> list[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return [node.id for node in sorted(names, key=lambda node: (node.lineno, node.col_offset))]


def _place(tree: ast.expr) -> str:
    try:
        text = ast.unparse(tree)
    except RecursionError:
        return ""
    return f"{text[:40]}{'…' * (len(text) > 40)}: "
