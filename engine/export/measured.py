"""What an exported program can report besides its loss: the prediction, the predicted class, the penalty, and the app's metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.compile.environment import Key, Wire, Wiring
from engine.data import DataError, describe
from engine.export.scopes import CodeLine, Scope
from engine.training.compiled import RunError
from engine.training.measures import Decide

if TYPE_CHECKING:
    from engine.training.model import Model

Wirings = Callable[[str], Wiring]


@dataclass(frozen=True, slots=True)
class Measured:
    """`prediction` is what the loss compares with `target`; `right` decides on classes, whose names are `classes`.

    `penalties` are the terms of the objective that do not depend on the data, each with its sign.
    """

    prediction: Key | None = None
    target: Key | None = None
    right: Decide | None = None
    classes: tuple[str, ...] = ()
    penalties: tuple[tuple[Key, int], ...] = ()

    @classmethod
    def of(cls, model: Model, objective: Key) -> Measured:
        """What the model itself measures; where no loss node says what is predicted, the value that meets the target."""
        try:
            measures = model.measures
        except RunError:
            return cls()
        prediction, target, right = measures.prediction, measures.target, measures.right
        if prediction is None:
            prediction, target = _meeting(model, objective)
        graph = model.graph
        if prediction is not None and graph.spec(prediction[0]).role in ("data", "input", "constant"):
            prediction = None
        penalties = tuple((a.key, a.sign) for a in measures.addends if a.penalty)
        return cls(prediction, target, right, _classes(model, target), penalties)

    def returned(self, objective: Key) -> list[Key]:
        """The values that the model's own methods return."""
        return [objective, *([self.prediction] if self.prediction else []), *(key for key, _ in self.penalties)]

    def one_call(self, order: Sequence[str], wirings: Wirings) -> Callable[[Collection[str]], bool]:
        """Whether a group can be one call: not where it holds part of `predict` and something that needs the target as well."""
        if self.prediction is None or self.target is None:
            return lambda inside: True
        inside_predict = _ancestors(self.prediction[0], wirings)
        after_target: set[str] = set()
        for node in order:
            sources = [leaf.source for leaf in wirings(node).leaves() if isinstance(leaf, Wire)]
            if any(source == self.target or source[0] in after_target for source in sources):
                after_target.add(node)
        after_target -= inside_predict
        return lambda inside: not (inside_predict.intersection(inside) and after_target.intersection(inside))


def _ancestors(node: str, wirings: Wirings) -> set[str]:
    """This node and all whose values it is computed from."""
    reached, waiting = {node}, [node]
    while waiting:
        more = {leaf.source[0] for leaf in wirings(waiting.pop()).leaves() if isinstance(leaf, Wire)} - reached
        reached |= more
        waiting += more
    return reached


def _meeting(model: Model, objective: Key) -> tuple[Key | None, Key | None]:
    """The one value computed from the features that meets the target on the way to the objective, and that target; else None."""
    inference, graph = model.inference, model.graph
    from_features: set[Key] = set()
    from_target: set[Key] = set()
    meetings: list[tuple[Key, Key]] = []
    for node in inference.order:
        sources = [leaf.source for leaf in inference.wirings[node].leaves() if isinstance(leaf, Wire)]
        outputs = [(node, port.name) for port in graph.spec(node).outputs]
        if graph.spec(node).role == "data":
            from_features.add((node, "x"))
            from_target.add((node, "target"))
            continue
        targets = [source for source in sources if source in from_target]
        features = {source for source in sources if source in from_features} - from_target
        if targets and len(features) == 1:
            meetings.append((features.pop(), targets[0]))
        if targets:
            from_target.update(outputs)
        if any(source in from_features for source in sources):
            from_features.update(outputs)
    return meetings[0] if len(meetings) == 1 and meetings[0][0][0] in inference.ancestors([objective[0]]) else (None, None)


def _classes(model: Model, target: Key | None) -> tuple[str, ...]:
    graph = model.graph
    if target is None or graph.spec(target[0]).role != "data":
        return ()
    try:
        return describe(graph.settings_of(target[0]), graph.folder).classes
    except DataError:
        return ()


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the model: what it takes, its lines, what it returns."""

    name: str
    arguments: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    returned: str
    doc: str = ""

    @property
    def call(self) -> str:
        return f"self.{self.name}({', '.join(self.arguments)})"


class Methods:
    """Cuts the lines of the model into its methods. `variable` names a value, `plain` are nodes without inputs.

    A value inside `predict` that the loss needs too makes `forward` compute all of it itself.
    """

    def __init__(self, root: Scope, inputs: Sequence[str], wirings: Wirings, variable: Callable[[Key], str], plain: set[str]) -> None:
        self._root, self._inputs, self._wirings, self._variable, self._plain = root, list(inputs), wirings, variable, plain

    def returning(self, keys: Sequence[Key], returned: str, name: str, doc: str) -> Method:
        """A method that computes the values `keys` and returns an expression of them."""
        lines = self._lines(keys)
        used = {name for line in lines for name in self._uses(line)} | {self._variable(key) for key in keys}
        arguments = tuple(name for name in self._inputs if name in used)
        return Method(name, arguments, tuple(line.written() for line in lines), returned, doc)

    def forward(self, objective: Key, prediction: Key | None, predict: Method | None) -> Method:
        lines, returned = self._lines([objective]), self._variable(objective)
        whole = Method("forward", tuple(self._inputs), tuple(line.written() for line in lines), returned)
        if predict is None or prediction is None or prediction == objective:
            return whole
        inside = self._lines([prediction])
        if not all(line in lines for line in inside):
            return whole
        rest = [line for line in lines if line not in inside]
        used = {name for line in rest for name in self._uses(line)} | {returned}
        again = [line for line in inside if line.of in self._plain and self._defines(line) & used]
        hidden = {name for line in inside if line not in again for name in self._defines(line)} - {self._variable(prediction)}
        if hidden & used:
            return whole
        call = f"{self._variable(prediction)} = {predict.call}", ""
        return Method("forward", whole.arguments, (call, *(line.written() for line in [*again, *rest])), returned)

    def _lines(self, keys: Sequence[Key]) -> list[CodeLine]:
        """Those that the values need, in order."""
        needed = {self._variable(key) for key in keys}
        lines: list[CodeLine] = []
        for line in reversed(self._root.lines):
            if self._defines(line) & needed:
                needed |= self._uses(line)
                lines.append(line)
        return lines[::-1]

    def _uses(self, line: CodeLine) -> set[str]:
        if isinstance(line.of, Scope):
            return set(line.of.inputs.values())
        return {self._variable(leaf.source) for leaf in self._wirings(line.of).leaves() if isinstance(leaf, Wire)}

    def _defines(self, line: CodeLine) -> set[str]:
        return set(line.of.outputs) if isinstance(line.of, Scope) else {line.code.partition(" = ")[0]}
