"""Shapes of everything in a graph before anything is computed, and the problems with them, worded for the user.

Every node's own `forward` runs on the meta device, which computes shapes and nothing else, at two batch sizes that no layer is
likely to have. An output that varies with the batch on axis 0 alone is batched; one that varies elsewhere lost its batch axis in
a broadcast. Dtypes, ranks and sizes are checked before: meta tensors accept wrong dtypes and 10¹⁸ elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import torch

from engine.compile.environment import FED_ROLES, Held, Key, Own, Several, Wire, Wiring, frozen, is_weight, penalised_layers, settings_of
from engine.compile.environment import wiring as wiring_of
from engine.compile.shape import Shape
from engine.compile.shape_problems import Complaints
from engine.compile.trial import Size, Trial
from engine.nodes.base import NodeError, NodeType, Result, Settings
from engine.numerics.memory import memory
from graph.model.problem import Problem
from graph.model.reach import reachable
from graph.model.structure import setting_problems
from graph.model.topology import topological_order
from graph.text.messages import Message

if TYPE_CHECKING:
    from graph.model.graph import Graph

BATCHES = (97, 101)
MAXIMUM_ELEMENTS = 2**31
COPIES = 3
"""A tensor is there with its gradient, and once more while it is made, updated or shown."""
KINDS, LIGHT = 256, 10_000
"""So many answers of nodes are kept for others that are alike, of at most so many numbers each."""
DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True, slots=True)
class Form:
    """How a node's `forward` answers in one mode: a bare tensor, or a `Result` with these new buffer values."""

    result: bool = False
    buffers: tuple[str, ...] = ()


@dataclass(slots=True)
class Inference:
    """Everything known about a graph without computing it. A node that is not in `wirings` could not be inferred.

    `forms[node]` is (in training mode, in evaluation mode).
    """

    types: Mapping[str, NodeType]
    dtype: torch.dtype
    order: tuple[str, ...] = ()
    outputs: dict[Key, Shape] = field(default_factory=dict)
    parameters: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    buffers: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    wirings: dict[str, Wiring] = field(default_factory=dict)
    batched: dict[str, frozenset[str]] = field(default_factory=dict)
    forms: dict[str, tuple[Form, Form]] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "error"]

    def ancestors(self, nodes: Iterable[str]) -> set[str]:
        """The nodes that `nodes` are computed from, themselves included, as far as they could be inferred."""

        def before(node: str) -> list[str]:
            return [leaf.source[0] for leaf in self.wirings[node].leaves() if isinstance(leaf, Wire) and leaf.source[0] in self.wirings]

        return reachable((node for node in nodes if node in self.wirings), before)


class Refused(Exception):
    """A node cannot be inferred; its problem has been noted."""


def infer(graph: Graph, types: Mapping[str, NodeType] | None = None, dtype: torch.dtype | None = None) -> Inference:
    """Shapes, parameters, buffers and problems of a graph. Never raises for a bad graph."""
    if types is None:
        from engine.nodes import TYPES

        types = TYPES
    chosen = dtype or DTYPES.get(str(graph.settings.get("dtype", "float64")), torch.float64)
    return _Inferrer(graph, Inference(types, chosen)).run()


class _Inferrer:
    def __init__(self, graph: Graph, inference: Inference) -> None:
        self.graph = graph
        self.inference = inference
        self.say = Complaints(graph)
        self.penalised: dict[str, list[str]] = {}
        self.held = 0
        """Bytes of all parameters and buffers so far."""
        self.tried: dict[Any, tuple[Any, Any]] = {}
        """How nodes answered that are alike in all that `forward` is given."""

    def run(self) -> Inference:
        inference = self.inference
        inference.problems += setting_problems(self.graph)
        broken = {node for problem in inference.problems for node in problem.nodes}
        inference.order = self._order()
        with torch.no_grad():
            for node in inference.order:
                if node in broken:
                    continue
                try:
                    self._node(node)
                except Refused:
                    continue
        inference.problems += self.say.problems
        return inference

    def _order(self) -> tuple[str, ...]:
        """The graph's order, where a penalty also comes after the layers whose weights it takes."""
        types, graph = self.inference.types, self.graph
        for node in graph.nodes.values():
            if node.type in types and types[node.type].penalizes:
                layers, unknown = penalised_layers(graph, node.id, types)
                self.penalised[node.id] = layers
                if unknown:
                    self.say.unknown_layers(node.id, unknown)
        if not any(self.penalised.values()):
            return graph.order()
        after: dict[str, list[str]] = {node: list(graph.successors(node)) for node in graph.nodes}
        for penalty, layers in self.penalised.items():
            for layer in layers:
                after[layer].append(penalty)
        indegree = dict.fromkeys(graph.nodes, 0)
        for following in after.values():
            for other in following:
                indegree[other] += 1
        order = tuple(topological_order(graph.nodes, after, indegree))
        if len(order) == len(graph.nodes):
            return order
        for penalty, layers in self.penalised.items():
            if layers and not set(order) >= {penalty, *layers}:
                self.say.penalty_cycle(penalty)
                self.penalised[penalty] = []
        return graph.order()

    def _node(self, node: str) -> None:
        inference, graph = self.inference, self.graph
        node_type = inference.types.get(graph.nodes[node].type)
        if node_type is None:
            self.say.unknown_type(node)
            raise Refused
        if node_type.role in FED_ROLES:
            self._fed(node, node_type)
            return
        wiring = wiring_of(graph, node, node_type, self._penalised_keys(node))
        if wiring.missing:
            for port in wiring.missing:
                self.say.missing_input(node, port)
            raise Refused
        if any(isinstance(leaf, Wire) and leaf.source not in inference.outputs for leaf in wiring.leaves()):
            raise Refused  # the problem is shown at the node that has it
        self._refuse_fitting_what_is_learned(node, node_type, wiring)
        shapes = self._arriving(node, node_type, wiring)
        batched = frozenset(p for p, s in shapes.items() if _any_batched(s))
        settings = settings_of(graph, node, training=True, batched=batched, dtype=inference.dtype)
        try:
            self._refuse_misfits(node, node_type, settings, shapes)
            own = self._own_shapes(node, node_type, settings, wiring, shapes)
            runs = self._trials(node, node_type, settings, wiring, own)
        except NodeError as error:
            self.say.node_error(node, error, shapes)
            raise Refused from None
        outputs = self._outputs(node, node_type, shapes, runs)
        inference.outputs.update(outputs)
        inference.wirings[node], inference.batched[node] = wiring, batched
        inference.forms[node] = (_form(runs[0]), _form(runs[1]))
        for key, shape in own.items():
            (inference.buffers if any(key[1] == b.name for b in node_type.buffers) else inference.parameters)[key] = shape

    def _fed(self, node: str, node_type: NodeType) -> None:
        if node_type.role == "data":
            shapes = self._data(node)
        else:
            from engine.nodes.parameters import shape_of

            try:
                shapes = {node_type.outputs[0].name: Shape(shape_of(self.graph.setting(node, "value")))}
            except NodeError as error:
                self.say.node_error(node, error, {})
                raise Refused from None
        for port, shape in shapes.items():
            self._room(node, port, shape.full(BATCHES[0]))
            self.inference.outputs[node, port] = replace(shape, source=(node, port))
        self.inference.wirings[node] = Wiring((), ())

    def _data(self, node: str) -> dict[str, Shape]:
        from engine.data import DataError, describe

        try:
            about = describe(self.graph.settings_of(node), self.graph.folder)
        except DataError as error:
            self.say.say(node, Message("data-not-read", "{reason}", reason=str(error)), repairs=self.say.offers(node, error.repairs))
            raise Refused from None
        for note in about.notes:
            self.say.note(node, note)
        kinds = len(about.classes) or about.levels
        target = Shape(about.target, True, "index" if about.coding == "index" else "float", coding=about.coding, classes=kinds)
        return {"x": Shape(about.features, True), "target": target}

    def _penalised_keys(self, node: str) -> tuple[Key, ...]:
        """The weights a penalty takes: those of its layers, or the Parameter that is wired in a weight's place."""
        keys: dict[Key, None] = {}
        types, graph = self.inference.types, self.graph
        for layer in self.penalised.get(node, ()):
            wiring = self.inference.wirings.get(layer)
            for name, leaf in zip(wiring.names, wiring.arguments, strict=True) if wiring else ():
                key = leaf.key if isinstance(leaf, Own) else None
                if isinstance(leaf, Wire) and leaf.port in {p.name for p in types[graph.nodes[layer].type].parameters}:
                    origin = leaf.source[0]
                    shared = types[graph.nodes[origin].type]
                    key = (origin, shared.parameters[0].name) if shared.role == "parameter" and not frozen(graph, origin) else None
                own = types[graph.nodes[layer].type].role == "parameter"
                if key is not None and (own or is_weight(name, self.inference.parameters[key])):
                    keys[key] = None
        return tuple(keys)

    def _refuse_fitting_what_is_learned(self, node: str, node_type: NodeType, wiring: Wiring) -> None:
        """Buffers fitted once, from the training part, would be out of date after the first step of the parameters they depend on."""
        if not _is_fitted(node_type):
            return
        before = self.inference.ancestors(leaf.source[0] for leaf in wiring.leaves() if isinstance(leaf, Wire))
        for other, _ in (*self.inference.parameters, *self.inference.buffers):
            if other in before and not _is_fitted(self.inference.types[self.graph.nodes[other].type]):
                self.say.fitted_behind_learned(node, other)
                raise Refused

    def _arriving(self, node: str, node_type: NodeType, wiring: Wiring) -> dict[str, Any]:
        """The shape at every input port, wires into a layer's parameters included."""
        shapes: dict[str, Any] = {}
        outputs = self.inference.outputs
        for name, argument in zip(wiring.names, wiring.arguments, strict=True):
            if isinstance(argument, Several):
                own = self.inference.parameters
                shapes[name] = tuple(outputs[i.source] if isinstance(i, Wire) else Shape(own[i.key], source=i.key) for i in argument.items)
            elif isinstance(argument, Wire):
                shapes[name] = outputs[argument.source]
        for port in node_type.inputs:
            if port.parameter:
                edge = self.graph.edge_into(node, port.name)
                shapes[port.name] = outputs.get(edge.source) if edge is not None else None
                continue
            shapes.setdefault(port.name, None)
        return shapes

    def _refuse_misfits(self, node: str, node_type: NodeType, settings: Settings, shapes: dict[str, Any]) -> None:
        """Refuse wrong dtypes and ranks: in the type's own words where it has some for that port, else in general ones."""
        for port in (p for p in node_type.inputs if not p.parameter):
            arriving = shapes[port.name]
            for shape in arriving if isinstance(arriving, tuple) else (arriving,) if arriving else ():
                low, high = port.rank
                fits = len(shape.dims) >= low and (high is None or len(shape.dims) <= high)
                kind = port.dtype in ("any", shape.dtype)
                if fits and kind:
                    continue
                if kind or port.name == "target":  # a loss says more about its target: the coding
                    _complain_itself(node_type, settings, shapes, port.name)
                if kind:
                    self.say.wrong_rank(node, port, shape)
                else:
                    self.say.wrong_dtype(node, port, shape)
                raise Refused

    def _own_shapes(
        self, node: str, node_type: NodeType, settings: Settings, wiring: Wiring, shapes: dict[str, Any]
    ) -> dict[Key, tuple[int, ...]]:
        """Shapes of the node's own parameters and buffers, after the type's own check; wired parameters must have theirs."""
        ports = {p.name: shapes[p.name] for p in node_type.inputs if not p.parameter}
        node_type.check(settings, shapes)
        declared: dict[str, tuple[int, ...]] = {}
        if node_type.parameters or node_type.buffers:
            dims: dict[str, Any] = {name: _dims(shape) for name, shape in ports.items()}
            declared = {name: tuple(shape) for name, shape in node_type.parameter_shapes(settings, **dims).items()}
        own: dict[Key, tuple[int, ...]] = {}
        for name, argument in zip(wiring.names, wiring.arguments, strict=True):
            if isinstance(argument, (Own, Held)):
                self._room(node, name, declared[name])
                self.held += COPIES * self.inference.dtype.itemsize * math.prod(declared[name])
                own[argument.key] = declared[name]
            elif isinstance(argument, Wire) and name in declared:
                shape = shapes[name]
                if shape.batched or shape.dims != declared[name] or shape.dtype != "float":
                    self.say.wired_parameter(node, name, declared[name], shape)
                    raise Refused
        return own

    def _room(self, node: str, what: str, shape: tuple[int, ...]) -> None:
        if math.prod(shape) > MAXIMUM_ELEMENTS:
            self.say.too_large(node, what, shape)
            raise Refused
        needed = COPIES * self.inference.dtype.itemsize * math.prod(shape)
        if self.held + needed > memory():
            self.say.too_much_memory(node, what, shape, needed, memory())
            raise Refused

    def _trials(
        self, node: str, node_type: NodeType, settings: Settings, wiring: Wiring, own: dict[Key, tuple[int, ...]]
    ) -> tuple[Any, Any]:
        """`forward` at both batch sizes: the smaller one in training mode, the larger one in evaluation mode."""

        def form(leaf: Wire | Own | Held) -> tuple[Size, str]:
            if isinstance(leaf, Wire):
                shape = self.inference.outputs[leaf.source]
                return shape.full, shape.dtype
            dims = own.get(leaf.key, self.inference.parameters.get(leaf.key, ()))
            return (lambda batch: dims), "float"

        trial = Trial(node_type, settings, wiring, form, self.inference.dtype)
        alike = trial.alike()
        if alike in self.tried:
            return self.tried[alike]
        where = trial.device(self.graph.settings_of(node).values(), BATCHES[1])
        try:
            runs = trial.run(BATCHES[0], True, where), trial.run(BATCHES[1], False, where)
            if alike is not None and len(self.tried) < KINDS and all(y.numel() <= LIGHT for run in runs for y in _answers(run)):
                self.tried[alike] = runs
            return runs
        except NodeError:
            raise
        except Exception:  # torch's own text is about tensors, not about the graph
            named = zip(wiring.names, wiring.arguments, strict=True)
            self.say.does_not_fit(node, {name: self.inference.outputs[a.source] for name, a in named if isinstance(a, Wire)})
            raise Refused from None

    def _outputs(self, node: str, node_type: NodeType, shapes: dict[str, Any], runs: tuple[Any, Any]) -> dict[Key, Shape]:
        small, large = map(_answers, runs)
        shapes_by_key: dict[Key, Shape] = {}
        for port, a, b in zip(node_type.outputs, small, large, strict=True):
            first, second = tuple(a.shape), tuple(b.shape)
            varies = [i for i, (p, q) in enumerate(zip(first, second, strict=False)) if p != q]
            if len(first) != len(second) or varies not in ([], [0]) or (varies and (first[0], second[0]) != BATCHES):
                self.say.batch_lost(node, {n: s for n, s in shapes.items() if isinstance(s, Shape)})
                raise Refused
            self._room(node, port.name, first)
            dtype: Literal["float", "index"] = "float" if a.is_floating_point() else "index"
            shape = Shape(first[1:] if varies else first, bool(varies), dtype, (node, port.name))
            shapes_by_key[node, port.name] = _with_coding(shape, node_type, shapes)
        return shapes_by_key


KEEPS_CODING = ("math.reshape", "math.flatten", "activation.identity", "probe.value")


def _with_coding(shape: Shape, node_type: NodeType, shapes: dict[str, Any]) -> Shape:
    """A target stays a target through nodes that only rearrange it, and becomes one-hot in One-hot."""
    arriving = [s for s in shapes.values() if isinstance(s, Shape)]
    if node_type.key == "math.one_hot":
        return replace(shape, coding="one_hot", classes=shape.dims[-1] if shape.dims else 0)
    if node_type.key in KEEPS_CODING and len(arriving) == 1:
        return replace(shape, coding=arriving[0].coding, classes=arriving[0].classes)
    return shape


def _complain_itself(node_type: NodeType, settings: Settings, shapes: dict[str, Any], port: str) -> None:
    """Let a type refuse what reaches `port` in its own words, where it has some."""
    try:
        node_type.check(settings, shapes)
    except NodeError as error:
        if error.port == port:
            raise
    except (LookupError, TypeError, ValueError):
        pass  # a check may rely on the ranks that its ports declare


def _is_fitted(node_type: NodeType) -> bool:
    return any(buffer.fitted for buffer in node_type.buffers)


def _answers(run: Any) -> Sequence[Any]:
    """What a `forward` gave, one tensor for each output."""
    return run.outputs if isinstance(run, Result) else (run,)


def _any_batched(shape: Any) -> bool:
    return any(s.batched for s in shape) if isinstance(shape, tuple) else shape is not None and shape.batched


def _dims(shape: Any) -> Any:
    return None if shape is None else tuple(s.dims for s in shape) if isinstance(shape, tuple) else shape.dims


def _form(run: Any) -> Form:
    return Form(True, tuple(run.buffers)) if isinstance(run, Result) else Form()
