"""An update rule that was wired, as the declaration of an optimizer: settings, states and equations read off the graph.

Every node with a name of its own becomes an equation, the others are written into the equation that reads them. Equations are carried
out in order, so a state is overwritten only after all that read its old value; where that is not possible, its new value waits under
another name until the end of the step.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.training.optimizers.base import AHEAD, OptimizerError, StateVariable
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation, name_of
from engine.training.optimizers.settings import learning_rate
from graph.formula.functions import RESERVED
from graph.formula.latex import display_name, latex_name
from graph.formula.reading import CONSTANTS, FormulaError
from graph.model.bypass import effective
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.spec import Setting
from graph.text.messages import _
from graph.text.quoting import quoted

PARAMETER, SLOPE, STATE, COUNT, SETTING, NEXT, LOSS, GIVEN = (
    f"update.{name}" for name in ("parameter", "gradient", "state", "step", "setting", "next", "loss", "given")
)
"""Types of the nodes that only such a graph has (see `engine.nodes.update`)."""
NUMBERS_SHOWN: Mapping[str, tuple[str, ...]] = {
    PARAMETER: ("value", "minimum", "maximum", "step"), SLOPE: ("value", "minimum", "maximum", "step"),
    STATE: ("value", "minimum", "maximum", "step"), COUNT: ("value", "minimum", "maximum", "step"), SETTING: ("minimum", "maximum", "step"),
    GIVEN: ("value", "minimum", "maximum", "step"), LOSS: ("value", "at", "gradient"),
}  # fmt: skip
"""By node type: the settings that hold numbers of the step that is shown, and how they are dragged."""

TAKEN = frozenset({*keyword.kwlist, "self", "torch", "parameters", "parameter", "theta", "p", "i", "t"})
"""Names that mean something else in the class that is exported."""
Written = Callable[..., str]
_WRITTEN: dict[str, Written] = {
    "math.add": "({a} + {b})".format, "math.subtract": "({a} - {b})".format, "math.multiply": "({a}*{b})".format,
    "math.divide": "({a}/{b})".format, "math.negate": "(-{x})".format, "math.square": "({x}^2)".format,
    "math.reciprocal": "(1/{x})".format, "math.sqrt": "sqrt({x})".format, "math.abs": "abs({x})".format, "math.exp": "exp({x})".format,
    "math.log": "log({x})".format, "activation.tanh": "tanh({x})".format, "math.sign": "sign({x})".format,
    "math.maximum": "max({a}, {b})".format, "math.minimum": "min({a}, {b})".format, "math.where": "where({condition}, {a}, {b})".format,
    "activation.relu": "max({x}, 0)".format, "activation.sigmoid": "(1/(1 + exp(-{x})))".format,
}  # fmt: skip
"""By node type: its formula, of what its inputs are."""
WHOLE: dict[str, Written] = {"math.norm": "norm({x})".format}
"""The same for what needs a whole tensor at once."""


class RuleError(OptimizerError):
    """A graph that is no update rule. `complaints` are sentences with the nodes that each is about."""

    def __init__(self, complaints: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        self.complaints = tuple(complaints)
        super().__init__(" ".join(text for text, _nodes in self.complaints))


@dataclass(frozen=True, slots=True)
class WiredRule:
    """What an optimizer declares. `elementwise`: every number is updated from what is kept for it alone."""

    settings: tuple[Setting, ...]
    states: tuple[StateVariable, ...]
    equations: tuple[Equation, ...]
    letters: Mapping[str, str]
    elementwise: bool
    state_nodes: Mapping[str, str]
    """What the equations call each state, by the node that holds it."""
    given: tuple[str, ...]
    """The names of what it is given beside the gradient."""


def read_rule(graph: Graph, given: Mapping[str, bool] | None = None) -> WiredRule:
    """The declaration of the rule that a graph computes. Raises RuleError.

    `given` are the names of what it may be given beside the gradient, and whether each is one number for all.
    """
    try:
        return _Reader(effective(graph), given or {}).read()
    except (RecursionError, FormulaError):
        raise RuleError([(_("The rule is nested too deeply: give some nodes on the way names of their own."), ())]) from None


@dataclass(slots=True)
class _Reader:
    graph: Graph
    given: Mapping[str, bool]
    complaints: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    states: dict[str, StateVariable] = field(default_factory=dict)
    """By the node that holds the old value."""
    next: dict[str, str] = field(default_factory=dict)
    """The node with the next value, by the name of the state; that of θ under θ."""
    variable: dict[str, str] = field(default_factory=dict)
    """What a node's value is called in the equations, by node: of those that have a name there."""
    number: dict[str, bool] = field(default_factory=dict)
    """Whether a node's value is one number for all parameters."""
    elementwise: bool = True

    def read(self) -> WiredRule:
        self._givens()
        self._results()
        self._stop()
        needed = self._needed()
        for node in needed:
            self._check(self.graph.nodes[node])
        self._stop()
        self._shapes()
        self._stop()
        equations = self._equations(needed)
        if not any(setting.name == "lr" for setting in self.settings):
            self.settings.insert(0, learning_rate(1.0))
        letters = {name: latex_name(name) for name in self.variable.values() if "_" not in name and len(name) > 1 and not name.isascii()}
        given = tuple(self.variable[node] for node in needed if self.graph.nodes[node].type == GIVEN)
        nodes = {node: state.name for node, state in self.states.items()}
        self.settings.sort(key=lambda setting: setting.name != "lr")  # η first, as everywhere
        return WiredRule(tuple(self.settings), tuple(self.states.values()), tuple(equations), letters, self.elementwise, nodes, given)

    def _stop(self) -> None:
        if self.complaints:
            raise RuleError(self.complaints)

    def _complain(self, text: str, *nodes: str) -> None:
        self.complaints.append((text, nodes))

    # What is given, and what results

    def _givens(self) -> None:
        known = {node.name for node in self.graph.nodes.values() if node.type not in (SLOPE, NEXT)}
        slope = GRADIENT if USED in known else USED
        for node in self._of_type(PARAMETER):
            self.variable[node.id] = THETA
        for node in self._of_type(SLOPE):
            self.variable[node.id] = slope
        for node in self._of_type(COUNT):
            self.variable[node.id] = STEP
        for node in self._of_type(GIVEN):
            name = str(self.graph.setting(node.id, "of"))
            if name not in self.given:
                text = _("{node}: the optimizer that this rule was made of is not given {name}.")
                self._complain(text.format(node=display_name(node.name), name=quoted(name)), node.id)
            self.variable[node.id] = name
        for node in self._of_type(SETTING):
            self._setting(node)
        for node in self._of_type(STATE):
            start, scalar = self.graph.setting(node.id, "start"), bool(self.graph.setting(node.id, "scalar"))
            name = self.variable[node.id] = self._free(node.name)
            self.states[node.id] = StateVariable(name, float(start), scalar=scalar)

    def _of_type(self, kind: str) -> list[Node]:
        return [node for node in self.graph.nodes.values() if node.type == kind]

    def _setting(self, node: Node) -> None:
        symbol = display_name(node.name)
        name, value = str(self.graph.setting(node.id, "setting") or node.name), self.graph.setting(node.id, "value")
        if any(setting.name == name for setting in self.settings):
            text = _("{node} is the setting {name} once more: wire the other node instead.")
            self._complain(text.format(node=node.name, name=name), node.id)
            return
        if not name.isidentifier() or name in TAKEN:
            text = _("{node}: a setting needs a name of letters, digits and _ that means nothing else; {name} cannot be used.")
            self._complain(text.format(node=node.name, name=quoted(name)), node.id)
            return
        if not isinstance(value, int | float):
            self._complain(_("{node} is an optimizer's setting, so it is one number.").format(node=node.name), node.id)
            return
        if _reads_as(symbol) is None or _reads_as(symbol) in self.variable.values():
            symbol = self._free(node.name)
        about = self.graph.setting(node.id, "declared")
        kinds: dict[str, Any] = {"minimum": (int, float), "maximum": (int, float), "title": str, "help": str, "logarithmic": bool}
        about = about if isinstance(about, Mapping) else {}
        given = {key: about[key] for key, kind in kinds.items() if isinstance(about.get(key), kind)}
        self.settings.append(Setting(name, "float", float(value), symbol=symbol, **given))
        self.variable[node.id] = name_of(symbol)

    def _results(self) -> None:
        names = {self.graph.nodes[node].name: node for node in self.states}
        for node in self._of_type(NEXT):
            of = str(self.graph.setting(node.id, "of")).strip()
            what = THETA if of in ("", THETA, "theta") else of
            if what != THETA and what not in names:
                text = _("{node} is the next value of {state}, and there is no state of that name.")
                self._complain(text.format(node=display_name(node.name), state=of), node.id)
            elif what in self.next:
                text = _("{what} has two next values, {first} and {second}.").format(
                    what=display_name(what), first=display_name(self.graph.nodes[self.next[what]].name), second=display_name(node.name)
                )
                self._complain(text, self.next[what], node.id)
            else:
                self.next[what] = node.id
        if THETA not in self.next:
            self._complain(_("The rule gives θ no next value: add a node “Next value” of θ and wire the new θ to it."))
        for name, state in names.items():
            if name not in self.next:
                text = _("The state {state} has no next value: add a node “Next value” of {state}, or delete the state.")
                self._complain(text.format(state=display_name(name)), state)

    # What the results depend on

    def _needed(self) -> list[str]:
        """The nodes that are computed, in an order in which every wire goes forward."""
        waiting = [*self.next.values(), *(node.id for node in self.graph.nodes.values() if node.name == AHEAD)]
        found: set[str] = set()
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self.graph.predecessors(node)
        return [node for node in self.graph.order() if node in found]

    def _check(self, node: Node) -> None:
        """What keeps one node from being part of a rule."""
        name, spec = display_name(node.name), self.graph.spec(node)
        for port in spec.inputs:
            if not port.optional and not port.parameter and self.graph.edge_into(node.id, port.name) is None:
                text = _("Nothing is connected to the input {port} of {node}.").format(port=port.name, node=name)
                self._complain(text, node.id)
        if node.type in ("source.constant", "source.input"):
            if not isinstance(self.graph.setting(node.id, "value"), int | float):
                text = _("{node} holds several numbers. A number in a rule is for every weight, so it is a single one.")
                self._complain(text.format(node=name), node.id)
        elif node.type in WHOLE:
            self.elementwise = False
            if any(value != item.default for item in spec.settings for value in [self.graph.setting(node.id, item.name)]):
                self._complain(_("{node}: in a rule it is taken over all numbers, with its usual settings.").format(node=name), node.id)
        elif node.id not in self.variable and node.type not in (*_WRITTEN, NEXT, LOSS, "math.power", "math.clamp", "activation.identity"):
            text = _("{node}: {type} cannot be part of an update rule, which computes every weight's step from its own numbers.")
            self._complain(text.format(node=name, type=spec.title), node.id)

    def _shapes(self) -> None:
        """Which values are one number for all parameters; a state that is one has to stay one."""
        for node in self.graph.order():
            kind, sources = self.graph.nodes[node].type, self.graph.predecessors(node)
            alone = kind in (COUNT, SETTING, "source.constant", "source.input") or (node in self.states and self.states[node].scalar)
            alone = alone or (kind == GIVEN and self.given.get(self.variable[node], False))
            self.number[node] = alone or (bool(sources) and all(self.number[source] for source in sources))
        for what, node in self.next.items():
            name, after = display_name(what), display_name(self.graph.nodes[node].name)
            if what == THETA and self.number[node]:
                self._complain(_("{after} depends neither on θ nor on its gradient, so it has no shape.").format(after=after), node)
            state = next((s for s in self.states if self.graph.nodes[s].name == what), None)
            if state is None or self.number[node] == self.states[state].scalar:
                continue
            if self.number[node]:
                text = _("{state} is kept for every weight, but {after} is one number for all. Tick “One number for all” of {state}.")
            else:
                text = _("{state} is one number for all weights, but {after} is another number for each.")
            self._complain(text.format(state=name, after=after), state, node)

    # Equations

    def _equations(self, needed: list[str]) -> list[Equation]:
        """One for every value that has a name, in an order in which old values are read before they are overwritten."""
        state_of = {self.next[what]: variable for what, variable in self._targets()}
        named = [node for node in needed if node in state_of or self._is_named(node)]
        rows, waiting, late = [], list(named), list[Equation]()
        ahead = next((node for node in named if self.graph.nodes[node].name == AHEAD), None)
        if ahead is not None:
            rows.append(self._ahead(ahead))
            waiting.remove(ahead)
        reads = {node: self._reads(node, named) for node in waiting}
        while waiting:
            ready = [node for node in waiting if not reads[node] & {*waiting} - {node}]
            old = {other: self._old(other, named) for other in waiting}
            free = [n for n in ready if n not in state_of or not any(state_of[n] in old[other] for other in waiting if other != n)]
            node = (free or ready)[0]
            waiting.remove(node)
            text = self._text(node, top=True)
            target = state_of.get(node)
            if target is None or not free:
                self.variable[node] = self._free(self.graph.nodes[node].name)
                late += [] if target is None else [Equation(f"{target} = {self.variable[node]}")]
            else:
                self.variable[node] = target
            rows.append(Equation(f"{self.variable[node]} = {text}"))
        return rows + late

    def _targets(self) -> list[tuple[str, str]]:
        """What has a next value, and what that is called in the equations."""
        names = {self.graph.nodes[node].name: variable.name for node, variable in self.states.items()}
        return [(what, names.get(what, THETA)) for what in self.next]

    def _is_named(self, node: str) -> bool:
        """Whether a node's value gets an equation: it bears a name that a person would give, or several nodes read it."""
        item, spec = self.graph.nodes[node], self.graph.spec(node)
        if node in self.variable or spec.role != "op" or item.type in (NEXT, LOSS):
            return False
        return has_own_name(self.graph, node) or self.graph.fan_out(node) > 1

    def _ahead(self, node: str) -> Equation:
        """Where the gradient is taken: from what is there before the step."""
        text = self._text(node, top=True)
        self.variable[node] = AHEAD
        row = Equation(f"{AHEAD} = {text}")
        if row.names & {USED, GRADIENT}:
            self._complain(_("{node} says where the gradient is taken, so it cannot depend on it.").format(node=display_name(AHEAD)), node)
            self._stop()
        return row

    def _inside(self, node: str, named: list[str]) -> set[str]:
        """The nodes that are read by one equation: up to those that have equations of their own."""
        found: set[str] = set()
        waiting = [*self.graph.predecessors(node)]
        while waiting:
            other = waiting.pop()
            if other not in found:
                found.add(other)
                waiting += () if other in named else self.graph.predecessors(other)
        return found

    def _reads(self, node: str, named: list[str]) -> set[str]:
        return self._inside(node, named) & {*named}

    def _old(self, node: str, named: list[str]) -> set[str]:
        """The names of old values that an equation reads: of θ and of states."""
        inside = self._inside(node, named)
        return {self.variable[other] for other in inside if self.graph.nodes[other].type in (PARAMETER, STATE)}

    def _text(self, node: str, top: bool = False) -> str:
        """A node's value in the equations' language: its name, or what it is computed of."""
        if not top and node in self.variable:
            return self.variable[node]
        item = self.graph.nodes[node]
        if item.type in ("source.constant", "source.input"):
            return _number(float(self.graph.setting(node, "value")))
        wired = {edge.target[1]: self._text(edge.source[0]) for edge in self._wires(node)}
        if item.type == "math.power":
            power = wired.get("b") or _number(float(self.graph.setting(node, "b")))
            return f"({wired['a']}^({power}))"
        if item.type == "math.clamp":
            return self._clamped(node, wired)
        if item.type in (NEXT, "activation.identity"):
            return wired["x"]
        return (_WRITTEN.get(item.type) or WHOLE[item.type])(**wired)

    def _clamped(self, node: str, wired: Mapping[str, str]) -> str:
        text = wired["x"]
        for port, word in (("low", "max"), ("high", "min")):
            bound = self.graph.setting(node, port)
            limit = wired.get(port) or (None if bound is None else _number(float(bound)))
            text = text if limit is None else f"{word}({text}, {limit})"
        return text

    def _wires(self, node: str) -> tuple[Edge, ...]:
        return self.graph.inputs_of(node)

    def _free(self, name: str) -> str:
        """A name for the equations, like a node's name where that can be read and means nothing else."""
        taken = {*self.variable.values(), THETA, GRADIENT, USED, STEP, AHEAD} - {self._slope_alias()}
        base = name if _reads_as(name) == name and name not in {*RESERVED, *CONSTANTS, *TAKEN} else "u"
        free, count = base, 2
        while free in taken:
            free, count = f"{base}_{count}", count + 1
        return free

    def _slope_alias(self) -> str:
        """`g`, where the raw gradient has another name and a node may be called so."""
        slopes = {self.variable[node.id] for node in self._of_type(SLOPE) if node.id in self.variable}
        return "" if USED in slopes else USED


def has_own_name(graph: Graph, node: str) -> bool:
    """Whether an operation bears a name that a person would give, not that of its type, `add_2`."""
    name, spec = graph.nodes[node].name, graph.spec(node)
    stem, _mark, count = name.rpartition("_")
    return spec.role == "op" and name != spec.default_name and not (stem == spec.default_name and count.isdecimal())


def _reads_as(name: str) -> str | None:
    """How a name is read in an equation; None where it is no single name."""
    try:
        return name_of(name)
    except (AssertionError, FormulaError, ValueError):
        return None


def _number(value: float) -> str:
    text = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return f"({text})" if value < 0 else text
