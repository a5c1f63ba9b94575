"""An optimizer's equations as a graph: an elementary node for every operation, laid out from left to right.

The graph has no numbers of a step yet (see `fill`). Ids follow from what a node is for, so that two optimizers have equal ids where
they do the same: `theta`, `g`, `t`, `state_m`, `set_lr`, `next_m`, `m_hat`, and inside an equation the path of ports, `m_hat_b`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.explain.inside.conditions import Assignment, assignments
from engine.explain.inside.fill import state_id
from engine.training.optimizers import equations as names
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.custom import rule_graph
from engine.training.optimizers.wired import COUNT, GIVEN, LOSS, NEXT, PARAMETER, SETTING, SLOPE, STATE
from graph.formula.reading import NEGATE, OPERATORS, exponent, functions
from graph.grouping.layout import layout
from graph.model.edits import AddNode, Connect, Move, SetGraphSetting
from graph.model.elements import Edge, End, Node
from graph.model.graph import Graph
from graph.model.spec import Catalog, Setting

PLUS = "_plus"
"""Behind the name of a value after the step: `m_plus` is m⁺."""
CHANGE = "Δθ"
DTYPE = "float64"
SIGNS = {
    "math.add": "+", "math.subtract": "−", "math.multiply": "×", "math.divide": "÷", "math.negate": "−", "math.sqrt": "√",
    "math.square": "x²", "math.power": "xⁿ", "math.abs": "|x|", "math.reciprocal": "1/x", "math.maximum": "max", "math.minimum": "min",
}  # fmt: skip
"""What stands on the card of an operation without a name of its own. The givens of the rule (θ, g, its memory, its settings) have a card
with their number on it; all other numbers are on the wires, where there is room for them."""
WORDS = {1.0: "one", 2.0: "two", 0.5: "half"}
"""Names of constants that say what they are."""


def structure(spec: type[Optimizer], hyper: Mapping[str, Any], catalog: Catalog, facts: Mapping[str, Any] | None = None) -> Graph:
    """The graph of a rule under these settings, without the numbers of a step: the one that a person wired, where that is the rule."""
    wired = rule_graph(spec, catalog)
    graph = wired if wired is not None else _Builder(spec, hyper, catalog).graph(assignments(spec, hyper, facts or {}))
    loss = next((node.id for node in graph.nodes.values() if node.type == LOSS), None)
    if loss is not None:  # a rule is kept without the settings of its graph
        SetGraphSetting("objective", {"node": loss, "port": "y"}).apply(graph)
    SetGraphSetting("dtype", DTYPE).apply(graph)
    return graph


class _Builder:
    """Collects nodes and wires. `_now` is where a name's present value comes from."""

    def __init__(self, spec: type[Optimizer], hyper: Mapping[str, Any], catalog: Catalog) -> None:
        self.spec, self.hyper, self.catalog = spec, hyper, catalog
        self._graph = Graph(catalog)
        self._words = functions(catalog)
        self._settings = {names.name_of(s.symbol): s for s in spec.settings if s.symbol}
        self._states = {variable.name: variable for variable in spec.state_variables}
        self._now: dict[str, End] = {}

    def graph(self, rows: list[Assignment]) -> Graph:
        last = {row.name: i for i, row in enumerate(rows)}
        defined = {row.name for row in rows}
        self._gradient_name = "gradient" if names.USED in defined else "g"
        for i, row in enumerate(rows):
            if row.name == names.THETA or row.name in self._states:
                self._remembered(row, last[row.name] == i, single=sum(r.name == row.name for r in rows) == 1)
            else:
                base = row.name if last[row.name] == i else f"{row.name}_first"
                self._now[row.name] = self._expression(row.tree, _id(base), self._plain(row.name))
        loss = self._add("loss", LOSS, "L_plus", {})
        self._wire(self._now[names.THETA], loss, "x")
        graph = self._graph
        Move(tuple((node, x, y) for node, (x, y) in layout(graph).items())).apply(graph)
        return graph

    def _remembered(self, row: Assignment, final: bool, single: bool) -> None:
        """θ or a state gets a value: the last one of the step is its next value."""
        what = "theta" if row.name == names.THETA else _id(row.name)
        change = row.tree if row.name == names.THETA and single else None
        if isinstance(change, ast.BinOp) and isinstance(change.op, ast.Sub) and _is(change.left, names.THETA):
            old, moved = self._name(names.THETA), self._expression(change.right, "change_x", "")
            minus = self._add("change", NEGATE, CHANGE, {})
            self._wire(moved, minus, "x")
            value = self._add("next_theta_in", "math.add", "", {})
            self._wire(old, value, "a")
            self._wire((minus, "y"), value, "b")
            end: End = (value, "y")
        else:
            end = self._expression(row.tree, f"next_{what}_in" if final else f"{what}_first", "")
        if final:
            node = self._add(f"next_{what}", NEXT, plus(self._plain(row.name)), {"of": self._plain(row.name)})
            self._wire(end, node, "x")
            end = node, "y"
        self._now[row.name] = end

    def _expression(self, tree: ast.expr, identity: str, name: str) -> End:
        """Nodes for the right side of an equation; the last operation gets `name`."""
        match tree:
            case ast.Name(id=known):
                return self._name(known)
            case ast.Constant(value=int() | float() as number):
                return self._add(identity, "source.constant", WORDS.get(float(number), ""), {"value": float(number)}), "y"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._operation(NEGATE, [operand], identity, name)
            case ast.BinOp(op=ast.Pow(), left=left) if (power := exponent(tree)) is not None:
                if power == 2:
                    return self._operation("math.square", [left], identity, name)
                return self._operation("math.power", [left], identity, name, {"b": power})
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(OPERATORS[type(op)][0], [left, right], identity, name)
            case ast.Call(func=ast.Name(id=word), args=arguments):
                return self._operation(self._words[word].key, arguments, identity, name)
        raise TypeError(ast.unparse(tree))

    def _operation(self, key: str, arguments: Iterable[ast.expr], identity: str, name: str, params: Mapping[str, Any] | None = None) -> End:
        ports = [port.name for port in self.catalog[key].inputs]
        pairs = list(zip(ports, arguments, strict=False))
        ends = [(port, self._expression(argument, f"{identity}_{port}", "")) for port, argument in pairs]
        node = self._add(identity, key, name, params or {})
        for port, end in ends:
            self._wire(end, node, port)
        return node, self.catalog[key].outputs[0].name

    def _name(self, name: str) -> End:
        """Where the present value of a name comes from: a given of the rule is added when it is first used."""
        if name not in self._now:
            self._now[name] = self._given(name), "y"
        return self._now[name]

    def _given(self, name: str) -> str:
        if name == names.THETA:
            return self._add("theta", PARAMETER, "θ", {})
        if name in (names.GRADIENT, names.USED):
            node = self._add("gradient", SLOPE, self._gradient_name, {})
            self._now[names.GRADIENT] = node, "y"
            self._now.setdefault(names.USED, (node, "y"))
            return node
        if name == names.STEP:
            return self._add("t", COUNT, "t", {"value": 1.0})
        if name in self._settings:
            setting = self._settings[name]
            return self._add(f"set_{setting.name}", SETTING, name, self._setting(setting))
        if name not in self._states:
            return self._add(f"given_{name}", GIVEN, self._plain(name), {"of": name})
        variable = self._states[name]
        return self._add(state_id(name), STATE, self._plain(name), self._state(variable))

    def _setting(self, setting: Setting) -> dict[str, Any]:
        value = float(self.hyper[setting.name])
        low, high = slider(value, setting)
        about = {name: getattr(setting, name) for name in ("minimum", "maximum", "title", "help", "logarithmic")}
        kept = {name: given for name, given in about.items() if given not in (None, "", False)}
        return {"value": value, "minimum": low, "maximum": high, "setting": setting.name, "declared": kept}

    def _state(self, variable: StateVariable) -> dict[str, Any]:
        start = float(self.hyper[variable.start] if isinstance(variable.start, str) else variable.start)
        return {"value": start} | ({"start": start} if start else {}) | ({"scalar": True} if variable.scalar else {})

    def _plain(self, name: str) -> str:
        """A name of the equations as a node's name: `largest`, which formulas write as r with a lowered max, is `r_max`."""
        own = self.spec.letters.get(name, "")
        parts = re.fullmatch(r"\\?(\w+)(?:_\{?\\?(\w+)\}?)?", own)
        if parts is None or parts[2] == "infty":  # no letter of a name: ρ_max
            return name
        return parts[1] if parts[2] is None else f"{parts[1]}_{parts[2]}"

    def _add(self, identity: str, key: str, name: str, params: Mapping[str, Any]) -> str:
        spec = self.catalog[key]
        own, count = identity, 2
        while own in self._graph.nodes:
            own, count = f"{identity}_{count}", count + 1
        sign = f"{params['value']:g}" if key == "source.constant" else "" if name else SIGNS.get(key, "")
        small = key not in (SETTING, LOSS, SLOPE, STATE, PARAMETER)
        node = Node(own, spec.key, self._graph.fresh_name(name or spec.default_name), sign, dict(params), collapsed=small)
        AddNode(node).apply(self._graph)
        return own

    def _wire(self, source: End, target: str, port: str) -> None:
        Connect(Edge(f"{target}__{port}", source, (target, port))).apply(self._graph)


def plus(name: str) -> str:
    """The name of a value after the step: `m_plus`, and `r_plus_max` for r_max."""
    stem, mark, below = name.partition("_")
    return f"{stem}{PLUS}{mark}{below}"


def slider(value: float, setting: Setting | None = None) -> tuple[float, float]:
    """Ends of a slider around a setting's value: the allowed range where it is small, else ten times the value."""
    if setting is not None and setting.minimum is not None and setting.maximum is not None and setting.maximum - setting.minimum <= 1:
        return float(setting.minimum), float(setting.maximum)
    return (0.0, 10 * value) if value > 0 else (10 * value, 0.0) if value < 0 else (0.0, 1.0)


def _id(name: str) -> str:
    """A name as part of an id: `θ_tilde` is `theta_tilde`."""
    return name.replace("θ", "theta")


def _is(tree: ast.expr, name: str) -> bool:
    return isinstance(tree, ast.Name) and tree.id == name
