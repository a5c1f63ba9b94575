"""From what generated code returns to a Trace: names for the numbers, reasons for the gradients that are absent, and the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from engine.compile.codegen import Writer
from engine.compile.environment import FED_ROLES, Key, Own, Wire
from engine.compile.plan import Leaf, Operation, Plan
from engine.compile.trace import TensorGradient, Trace
from engine.compile.views import Absent, PassEvent, Reason, absent
from engine.compile.vjp import arguments_of
from graph.model.problem import Problem
from graph.model.reach import reachable

if TYPE_CHECKING:
    from graph.model.graph import Graph

INDEPENDENT = absent("independent")


class Tracer:
    """Everything about a trace that is known before it runs: keys, absences, events. One call then only pairs them up."""

    def __init__(self, graph: Graph, plan: Plan, writer: Writer, intended: Key | None, note: str, problems: tuple[Problem, ...]) -> None:
        self._plan = plan
        self._problems = problems
        self._note = note
        self._may_lack = bool(writer.maybe)
        self._kept = list(writer.kept)
        self._values = [key for o in plan.operations for key in o.outputs]
        self._names = (list(writer.gradient_names.outputs), list(writer.gradient_names.wires), list(writer.gradient_names.parameters))
        self._apart = _apart(plan)
        self._leading = _leading(graph, intended, self._apart)
        self._intended = intended
        inference = plan.inference
        self._output_order = {key: self._output_reason(key) for key in self._values}
        self._edge_order = {
            e.id: INDEPENDENT if e.id in self._apart else self._edge_reason(e.source, e.target) for e in graph.edges.values()
        }
        self._parameter_order = {key: INDEPENDENT if key in self._apart else absent(self._why(key[0])) for key in plan.parameters}
        self._shapes = {key: (shape.dims, shape.batched) for key, shape in inference.outputs.items()}
        self._events = _events(plan, writer)
        self._inner = [(operation, sign, rule) for operation in plan.operations for sign, rule in operation.type.inner.items()]
        self._dtype = str(inference.dtype).removeprefix("torch.")

    def trace(self, results: Sequence[tuple[Any, ...]], parameters: Sequence[Tensor], buffers: Sequence[Tensor]) -> Trace:
        values, outputs, wires, learned, kept = results
        named = dict(zip(self._values, values, strict=True))
        device = values[0].device.type if values else "cpu"
        learned_values, noted = dict(zip(self._plan.parameters, parameters, strict=True)), dict(zip(self._kept, kept, strict=True))
        return Trace(
            named, self._filled(self._output_order, self._names[0], outputs), self._filled(self._edge_order, self._names[1], wires),
            learned_values, self._filled(self._parameter_order, self._names[2], learned), noted, self._events, self._plan.objective,
            self._note, self._problems, self._shapes, self._dtype, device, dict(zip(self._plan.buffers, buffers, strict=True)),
            self._plan.operations, self._made_inside(named, learned_values, noted),
        )  # fmt: skip

    def _made_inside(self, values: dict[Key, Tensor], learned: dict[Key, Tensor], kept: dict[str, Any]) -> dict[Key, Tensor]:
        """The numbers that operations make on their way, as far as their types name some."""
        made: dict[Key, Tensor] = {}

        def value(leaf: Leaf) -> Tensor:
            return learned[leaf.key] if isinstance(leaf, Own) else values[leaf.source]

        for operation, sign, rule in self._inner:
            arguments = arguments_of(operation, value, _no_buffer)
            number = rule(operation.settings, kept.get(operation.node), *arguments)
            if number is not None:
                made[operation.node, sign] = number
        return made

    def _filled(self, absences: dict[Any, Absent], keys: list[Any], gradients: tuple[Tensor | None, ...]) -> dict[Any, TensorGradient]:
        filled: dict[Any, TensorGradient] = dict(absences)
        if self._may_lack:
            filled.update((key, INDEPENDENT if g is None else g) for key, g in zip(keys, gradients, strict=True))
        else:
            filled.update(zip(keys, gradients, strict=True))  # type: ignore[arg-type]
        return filled

    def _why(self, node: str) -> Reason:
        """Why a float that `node` gives or holds has no gradient."""
        if self._plan.objective is None:
            return "no objective" if self._intended is None else "not computed"
        return "not differentiable" if node in self._leading else "independent"

    def _output_reason(self, key: Key) -> Absent:
        return absent("not differentiable" if self._plan.inference.outputs[key].dtype == "index" else self._why(key[0]))

    def _edge_reason(self, source: Key, target: Key) -> Absent:
        shape = self._plan.inference.outputs.get(source)
        if shape is None:
            return absent("not computed")
        return absent("not differentiable" if shape.dtype == "index" else self._why(target[0]))


def _no_buffer(key: Key) -> Tensor:
    raise KeyError(key)


def _apart(plan: Plan) -> set[str | Key]:
    """Wires and learned tensors that the node they arrive at does not depend on at all."""
    return {
        leaf.edge if isinstance(leaf, Wire) else leaf.key
        for operation in plan.operations
        for leaf in operation.leaves
        if not operation.type.depends(operation.settings, leaf.port if isinstance(leaf, Wire) else leaf.name, operation.connected)
    }


def _leading(graph: Graph, objective: Key | None, apart: set[str | Key]) -> set[str]:
    """The nodes from which a path of wires leads to the objective, itself included."""
    if objective is None or objective[0] not in graph.nodes:
        return set()
    return reachable([objective[0]], lambda node: [edge.source[0] for edge in graph.inputs_of(node) if edge.id not in apart])


def _events(plan: Plan, writer: Writer) -> tuple[PassEvent, ...]:
    """Forward in order of computation, sources included; backward in reverse, the nodes on the way only."""
    inference = plan.inference

    def arriving(operation: Operation) -> tuple[str, ...]:
        leaves = inference.wirings[operation.node].leaves() if operation.type.role not in FED_ROLES else ()
        return tuple(leaf.edge for leaf in leaves if hasattr(leaf, "edge"))

    forward = [PassEvent("forward", o.node, arriving(o)) for o in plan.operations]
    backward = [
        PassEvent("backward", o.node, tuple(edge for edge in arriving(o) if edge in writer.gradient_names.wires))
        for o in reversed(plan.operations)
        if any(key in writer.gradient_names.outputs for key in o.outputs)
    ]
    return (*forward, *backward)
