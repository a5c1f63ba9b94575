"""A graph as readable PyTorch: an `nn.Module`, its current values, its data, and a main program that prints the same loss.

The app computes with pure functions; here the same is written as you would by hand: layers as `nn.Linear` and friends (every node
type declares its line), elementary nodes as expressions, one local variable a node, its shape beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from engine.compile.environment import Held, Key, Own, Several, Wire, Wiring, frozen, settings_of
from engine.export.measured import Measured, Method, Methods
from engine.export.names import RESERVED, python_names
from engine.export.program import Part, PrintedReport, commented, literal, plain, program, without_defaults, zeros
from engine.export.registry import ExportError
from engine.export.scopes import CodeLine, Scope, scopes
from engine.export.searching_class import can_export
from engine.nodes import TYPES
from engine.nodes.base import NodeType, Settings
from engine.training.biases import is_bias
from engine.training.compiled import RunError
from engine.training.optimizers.base import OptimizerError
from engine.training.optimizers.registry import declared
from engine.training.state import state_key
from graph.model.reach import reachable
from graph.model.several_objectives import goals_of
from graph.text.messages import _, translated

if TYPE_CHECKING:
    from engine.training.model import Model

KNOWN_TO_THE_PROGRAM = ("batched", "producers", "shapes", "training")
"""Entries among a node's settings that are not settings."""

UNSELECTED = """# Where a branch is not selected (by max, min, ReLU …) and its slope is infinite at this very point, torch's gradient is NaN
# (0 · inf). The gradient in the app is 0 there.
"""


def export(model: Model, title: str = "") -> str:
    """Python source of the model's graph at its current state. Raises ExportError.

    Run by itself it prints `loss = …`: the objective over the whole training part (or of the graph's own inputs), in evaluation
    mode; with `--train` it trains with the document's optimizer.
    """
    if model.inference.errors:
        raise ExportError(model.inference.errors[0].text)
    if goals_of(model.graph):
        raise ExportError(
            _("an exported program trains one objective, but this graph has several: empty the list of objectives to export it")
        )
    try:
        spec = declared(model.graph.training)
        hyper = spec.with_defaults(model.graph.training.get("hyper") or {})
    except OptimizerError as error:
        raise ExportError(str(error)) from None
    if spec.evaluates_loss and not (spec.torch_code(hyper, "") or spec.follows_equations or can_export(spec, hyper)):
        raise ExportError(_(
            "an exported program cannot run {optimizer} with these settings: choose another optimizer or line search to export this graph"
        ).format(optimizer=spec.title))  # fmt: skip
    try:
        compiled = model.program(training=False)
    except RunError as error:
        raise ExportError(str(error)) from None
    assert compiled.objective is not None  # a program for training has one
    text = _Exporter(model, compiled.objective, title).text()
    return text if not compiled.watched else text.replace("\n", f"\n\n{UNSELECTED}", 1)


class _Exporter:
    def __init__(self, model: Model, objective: Key, title: str) -> None:
        self.model = model
        self.graph = model.graph
        self.inference = model.inference
        self.title = title or str(self.graph.settings.get("title") or "A graph")
        self.objective = objective
        self.measured = Measured.of(model, objective)
        needed = self._on_the_way()
        self.nodes = [n for n in self.inference.order if n in needed]
        self.names = python_names((self.graph.nodes[n].name, n, self._more_names(n)) for n in self.nodes)
        self.inputs: dict[str, Part] = {}
        self.values: dict[str, Tensor] = {}
        self.biases: list[str] = []
        computed = [n for n in self.nodes if self.graph.spec(n).role not in ("input", "data")]
        one_call = self.measured.one_call(self.nodes, self._wiring)
        self.root, self.home = scopes(self.graph, computed, {*RESERVED, *self.names.values()}, one_call)
        self.here = self.root

    def _on_the_way(self) -> set[str]:
        starts = [self.objective[0], *((self.measured.prediction[0],) if self.measured.prediction else ())]
        return reachable(starts, lambda node: [*self.graph.predecessors(node), *(a.key[0] for a in self._own(node))])

    def _more_names(self, node: str) -> list[str]:
        """What stands behind a node's name in further names: a Data's `data_x`, the tensors of a layer in functional form."""
        node_type, outputs = TYPES[self.graph.nodes[node].type], self.graph.spec(node).outputs
        return [
            *(port.name for port in outputs if len(outputs) > 1),
            *(parameter.name for parameter in node_type.parameters), *(buffer.name for buffer in node_type.buffers),
        ]  # fmt: skip

    def _own(self, node: str) -> Iterable[Own]:
        return (leaf for leaf in self._wiring(node).leaves() if isinstance(leaf, Own))

    def _wiring(self, node: str) -> Wiring:
        return self.inference.wirings[node]

    def _settings(self, node: str) -> Settings:
        batched = self.inference.batched.get(node, frozenset())
        return settings_of(self.graph, node, training=False, batched=batched, dtype=self.model.dtype)

    def _arriving(self, node: str) -> dict[str, Any]:
        """The shape at every input port: a tuple at a `many` port, None where nothing is wired."""
        plan = self.inference.wirings[node]
        shapes: dict[str, Any] = {port.name: None for port in TYPES[self.graph.nodes[node].type].inputs}
        for argument in plan.arguments:
            if isinstance(argument, Wire):
                shapes[argument.port] = self.inference.outputs[argument.source]
            elif isinstance(argument, Several):
                shapes[argument.port] = tuple(self.inference.outputs[i.source] for i in argument.items if isinstance(i, Wire))
        return shapes

    def _code(self, node: str) -> tuple[str, str]:
        """(constructor or "", call) of a node, in its functional form where its parameters are wired."""
        node_type = TYPES[self.graph.nodes[node].type]
        code = node_type.code_for(self._settings(node), self._arriving(node))
        if not code:
            raise ExportError(
                _("{node}: {type} has no PyTorch form").format(node=self.graph.nodes[node].name, type=translated(node_type.title))
            )
        names = {p.name for p in node_type.parameters}
        wired = any(isinstance(a, Wire) and a.port in names for a in self._wiring(node).arguments)
        return ("", code[2]) if wired and len(code) > 2 else (code[0], code[1])

    def text(self) -> str:
        for node in self.nodes:
            if node not in self.home:
                self._fed(node)
        self._note_outputs()
        self._scope(self.root)
        return self._write()

    def _note_outputs(self) -> None:
        """What each group's class returns: whatever is used outside of it, and the objective."""
        uses = [(leaf.source, node) for node in self.home for leaf in self._wiring(node).leaves() if isinstance(leaf, Wire)]
        for key, user in [*uses, *((key, "") for key in self.measured.returned(self.objective))]:
            for scope in self.home[key[0]].chain() if key[0] in self.home else ():
                if scope.parent is not None and user not in scope.nodes:
                    scope.outputs[self._variable(key)] = None

    def _scope(self, scope: Scope) -> None:
        """The lines of a class, and of those inside it."""
        for item in scope.items:
            self.here = scope
            if isinstance(item, str):
                self._computed(item)
                continue
            self._scope(item)
            scope.constructors.append(f"self.{item.attribute} = {item.class_name}()")
            if item.outputs:
                scope.lines.append(CodeLine(item))

    def _fed(self, node: str) -> None:
        used = {e.source[1] for n in self.nodes for e in self.graph.inputs_of(n) if e.source[0] == node}
        data = self.graph.spec(node).role == "data"
        for port in self.graph.spec(node).outputs:
            if port.name in used or (node, port.name) == self.objective:
                tensor = self.model.feeds.whole([(node, port.name)], "train")[0]
                about = f"{self.graph.setting(node, 'dataset')}: {'features' if port.name == 'x' else port.name}" if data else ""
                self.inputs[self._variable((node, port.name))] = Part(tensor, about, batched=data)

    def _variable(self, key: tuple[str, str]) -> str:
        name = self.names[key[0]]
        return name if len(self.graph.spec(key[0]).outputs) == 1 else f"{name}_{key[1]}"

    def _computed(self, node: str) -> None:
        node_type = TYPES[self.graph.nodes[node].type]
        s, shapes = self._settings(node), self._arriving(node)
        constructor, call = self._code(node)
        places = self._places(node, node_type, s, shapes)
        self._tensors(node, node_type, constructor, places)
        if constructor:
            built = without_defaults(_fill(constructor, places))
            held = ".requires_grad_(False)" if frozen(self.graph, node) and node_type.role != "parameter" else ""
            self.here.constructors.append(f"self.{self.names[node]} = {built}{held}")
        key = node, node_type.outputs[0].name
        self.here.lines.append(CodeLine(node, f"{self._variable(key)} = {_fill(call, places)}", self._shape(key)))

    def _shape(self, key: Key) -> str:
        """The shape of a value for the eye: `N × 4`; nothing for a single number."""
        shape = self.inference.outputs[key]
        return " × ".join([*(["N"] if shape.batched else []), *map(str, shape.dims)])

    def _places(self, node: str, node_type: NodeType, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        """The text for each `{place}` in a type's code."""
        plan = self._wiring(node)
        places: dict[str, Any] = {name: literal(value) for name, value in vars(s).items() if name not in KNOWN_TO_THE_PROGRAM}
        places |= {"dtype": str(self.model.dtype), "self": f"self.{self.names[node]}"}
        if node_type.role == "constant":
            places["value"] = f"torch.tensor({literal(_floats(s.value))})"
        for name, argument in zip(plan.names, plan.arguments, strict=True):
            if argument is not None:
                places[name] = self._argument(argument)
                if node_type.penalizes:
                    places[name] = f"({places[name]},)" if places[name] else "()"
            elif name not in places:
                places[name] = "None"
        values = node_type.code_values(s, shapes)
        return places | {name: value if isinstance(value, str) else literal(value) for name, value in values.items()}

    def _argument(self, argument: Any) -> str:
        match argument:
            case None:
                return "None"
            case Wire():
                return self._value(argument.source)
            case Several():
                return ", ".join(self._argument(item) for item in argument.items)
            case Own() | Held():
                return self._tensor(argument.key)
        raise TypeError(argument)

    def _value(self, key: tuple[str, str]) -> str:
        """A node's output in the class being written; what is computed outside of it becomes an argument of its `forward`."""
        variable = self._variable(key)
        for scope in self.here.chain():
            if scope.parent is None or key[0] in scope.nodes:
                break
            scope.inputs[variable] = variable
        return variable

    def _tensor(self, key: tuple[str, str]) -> str:
        """A learned tensor or buffer in the class being written; that of a layer outside of it becomes an argument of its `forward`."""
        around, path = list(self.home[key[0]].chain()), self.home[key[0]].path() + self._tensor_name(key)
        argument = f"{self.names[key[0]]}_{key[1]}"
        while argument in self.names.values():
            argument += "_"
        asking = None
        for scope in self.here.chain():
            if scope in around:
                reached = f"self.{path.removeprefix(scope.path())}"
                if asking is None:
                    return reached
                asking.inputs[argument] = reached
                break
            scope.inputs[argument], asking = argument, scope
        return argument

    def _tensor_name(self, key: tuple[str, str]) -> str:
        """Where a learned tensor or buffer lives in its class: `hidden.weight`, `w`, `standardized_mean`."""
        node, name = key
        node_type = TYPES[self.graph.nodes[node].type]
        if node_type.role == "parameter":
            return self.names[node]
        if self._code(node)[0]:
            return f"{self.names[node]}.{node_type.code_parameters.get(name, name)}"
        return f"{self.names[node]}_{name}"

    def _tensors(self, node: str, node_type: NodeType, constructor: str, places: dict[str, Any]) -> None:
        """Note the values of the node's tensors, and make those that no constructor makes."""
        plan, path = self._wiring(node), self.here.path()
        held = ", requires_grad=False" if frozen(self.graph, node) else ""
        for argument in plan.arguments:
            if isinstance(argument, Own) and argument.key[0] == node:
                name, value = self._tensor_name(argument.key), self.model.state.parameters[state_key(argument.key)]
                self.values[path + name] = value
                if is_bias(self.graph, argument.key):
                    self.biases.append(path + name)
                if node_type.role == "parameter":
                    places["value"] = zeros(value.shape)
                elif not constructor:
                    self.here.constructors.append(f"self.{name} = nn.Parameter({zeros(value.shape)}{held})")
            elif isinstance(argument, Held) and (not constructor or argument.key[1] in node_type.code_parameters):
                name, value = self._tensor_name(argument.key), self.model.state.buffers[state_key(argument.key)]
                self.values[path + name] = value
                if not constructor:
                    self.here.constructors.append(f'self.register_buffer("{name}", {zeros(value.shape)})')

    # the file

    def _write(self) -> str:
        classes = [line for scope in self.root.within() for line in self._class(scope, [self._forward(scope)])]
        methods = self._methods()
        classes += self._class(self.root, list(methods.values()))
        return program(
            self.title, str(self.model.dtype), classes, self.values, self.inputs, self.graph.training, self._learned(),
            self._report(methods), self.model.state.step, self.biases,
        )  # fmt: skip

    def _learned(self) -> Literal["all", "some", "none"]:
        """How many of the parameters training changes."""
        held = [frozen(self.graph, own.key[0]) for node in self.nodes for own in self._own(node)]
        return "none" if all(held) else "some" if any(held) else "all"

    def _forward(self, scope: Scope) -> Method:
        return Method("forward", tuple(scope.inputs), tuple(line.written() for line in scope.lines), ", ".join(scope.outputs))

    def _methods(self) -> dict[str, Method]:
        """Those of the model, by name."""
        measured = self.measured
        values = {n for n in self.nodes if self.graph.spec(n).role in ("parameter", "constant")}
        cut = Methods(self.root, list(self.inputs), self._wiring, self._variable, values)
        methods: dict[str, Method] = {}
        if measured.prediction is not None:
            shape = self._shape(measured.prediction)
            methods["predict"] = predict = cut.returning(
                [measured.prediction], self._variable(measured.prediction), "predict", f"The prediction{f', {shape}' if shape else ''}."
            )
            if measured.right is not None:
                code = f"prediction = {predict.call}", ""
                doc = "The number of each sample's predicted class."
                methods["classify"] = Method("classify", predict.arguments, (code,), measured.right.class_code(), doc)
        if measured.penalties and all(self.home[key[0]] is self.root for key, _ in measured.penalties):
            terms = "".join(f" {'-' if sign < 0 else '+'} {self._variable(key)}" for key, sign in measured.penalties)
            keys = [key for key, _ in measured.penalties]
            doc = "The part of the loss that no sample changes."
            methods["penalty_terms"] = cut.returning(keys, terms.removeprefix(" + ").strip(), "penalty_terms", doc)
        methods["forward"] = cut.forward(self.objective, measured.prediction, methods.get("predict"))
        return methods

    def _report(self, methods: dict[str, Method]) -> PrintedReport:
        """What the program can print about its model."""
        measured = self.measured
        target = self._variable(measured.target) if measured.target is not None else ""
        right = measured.right if "predict" in methods and target in self.inputs else None
        arguments = {name: method.arguments for name, method in methods.items()}
        part = self.model.feeds.held_out or "test"
        return PrintedReport(measured.classes, target, right, bool(measured.penalties), arguments, self._held_out(), part)

    def _held_out(self) -> dict[str, Part]:
        """The inputs that are others in the part that judges the model: the validation part where there is one, else the test part."""
        part = self.model.feeds.held_out
        if part is None:
            return {}
        parts = {}
        for (node, port), tensor in self.model.feeds.part(part).items():
            name = self._variable((node, port)) if node in self.names else ""
            if name in self.inputs:
                parts[name] = replace(self.inputs[name], tensor=tensor)
        return parts

    def _class(self, scope: Scope, methods: Sequence[Method]) -> list[str]:
        lines = [f"class {scope.class_name}(nn.Module):"]
        if scope.parent is not None:
            lines += [f'    """{plain(scope.title)}."""', ""]
        if scope.constructors:
            lines += ["    def __init__(self):", "        super().__init__()", *(f"        {line}" for line in scope.constructors), ""]
        for method in methods:
            lines.append(f"    def {method.name}({', '.join(['self', *method.arguments])}):")
            lines += [f'        """{method.doc}"""'] if method.doc else []
            lines += [f"        {line}" for line in commented(method.lines)]
            lines += [*([f"        return {method.returned}"] if method.returned else ["        pass"] * (not method.lines)), ""]
        return [*lines, ""]


def _fill(code: str, places: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(places[match[1]]), code)


def _floats(value: Any) -> Any:
    return [_floats(v) for v in value] if isinstance(value, list) else float(value)
