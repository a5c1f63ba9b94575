"""What a Program computes, before it is written as code: which nodes, in what order, and whose gradients on the way.

A plan is static: it follows from the graph and its shapes alone, so everything decided here costs nothing per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from engine.compile.environment import FED_ROLES, Key, Own, Wire, Wiring, frozen, settings_of
from engine.compile.shapes import Form, Inference
from engine.nodes.base import NodeType, Settings
from graph.model.faults import Fault, planted

if TYPE_CHECKING:
    from graph.model.graph import Graph

Wanted = Literal["parameters", "all"]
Leaf = Wire | Own


@dataclass(slots=True)
class Operation:
    """One node of a plan. `leaves` are the wires and learned tensors it consumes; `needed` those whose contribution is needed."""

    index: int
    node: str
    type: NodeType
    settings: Settings
    wiring: Wiring
    form: Form
    leaves: tuple[Leaf, ...]
    outputs: tuple[Key, ...]
    needed: tuple[int, ...] = ()

    @property
    def connected(self) -> frozenset[str]:
        """The names of inputs and parameters that something arrives at."""
        return frozenset(name for name, argument in zip(self.wiring.names, self.wiring.arguments, strict=True) if argument is not None)

    @property
    def fed(self) -> bool:
        return self.type.role in FED_ROLES

    @property
    def alias(self) -> bool:
        """A Parameter node: its output is its parameter."""
        return self.type.role == "parameter" and len(self.leaves) == 1 and isinstance(self.leaves[0], Own)


@dataclass(slots=True)
class Plan:
    """`active` holds the outputs and the parameters whose gradient is computed; `trainable` is a part of `parameters`."""

    inference: Inference
    training: bool
    wanted: Wanted
    objective: Key | None
    outputs: tuple[Key, ...]
    operations: list[Operation] = field(default_factory=list)
    feeds: list[Key] = field(default_factory=list)
    parameters: list[Key] = field(default_factory=list)
    buffers: list[Key] = field(default_factory=list)
    reaching: set[Key] = field(default_factory=set)
    reaching_parameters: set[Key] = field(default_factory=set)
    active: set[Key] = field(default_factory=set)
    active_parameters: set[Key] = field(default_factory=set)
    trainable: list[Key] = field(default_factory=list)
    for_objective: set[str] = field(default_factory=set)
    for_outputs: set[str] = field(default_factory=set)
    fault: Fault | None = None
    moves: frozenset[str] | None = None
    """The nodes whose parameters the objective moves; None: all."""
    also: tuple[Key, ...] = ()
    """Other numbers that a training step gives beside the objective."""
    for_also: set[str] = field(default_factory=set)
    updates: int = 0
    """How often values of settings were replaced; all else stays as it was planned."""

    def operation(self, node: str) -> Operation:
        return next(o for o in self.operations if o.node == node)


def make_plan(
    graph: Graph, inference: Inference, *, training: bool, wanted: Wanted, objective: Key | None, outputs: Sequence[Key], everything: bool,
    moves: frozenset[str] | None = None, also: Sequence[Key] = (),
) -> Plan:  # fmt: skip
    """The plan for these targets; `everything` adds all nodes that can be computed, whether or not a target needs them."""
    plan = Plan(inference, training, wanted, objective, tuple(outputs), fault=planted(graph), moves=moves, also=tuple(also))
    plan.for_objective = inference.ancestors([objective[0]] if objective else [])
    plan.for_outputs = inference.ancestors(node for node, _ in outputs)
    plan.for_also = inference.ancestors(node for node, _ in also)
    kept = set(inference.wirings) if everything else plan.for_objective | plan.for_outputs | plan.for_also
    for index, node in enumerate(n for n in inference.order if n in kept):
        plan.operations.append(_operation(graph, inference, index, node, training))
    for operation in plan.operations:
        if operation.fed:
            plan.feeds += operation.outputs
        for leaf in operation.leaves:
            if isinstance(leaf, Own) and leaf.key not in plan.parameters:
                plan.parameters.append(leaf.key)
        plan.buffers += [held.key for held in operation.wiring.buffers()]
    _reach(plan)
    learned = (key for key in plan.parameters if key in plan.reaching_parameters and not frozen(graph, key[0]))
    plan.trainable = [key for key in learned if moves is None or key[0] in moves]
    _activate(plan)
    return plan


def _operation(graph: Graph, inference: Inference, index: int, node: str, training: bool) -> Operation:
    node_type = inference.types[graph.nodes[node].type]
    batched = inference.batched.get(node, frozenset())
    settings = settings_of(graph, node, training=training, batched=batched, dtype=inference.dtype)
    wiring = inference.wirings[node]
    forms = inference.forms.get(node, (Form(), Form()))
    outputs = tuple((node, port.name) for port in node_type.outputs)
    return Operation(index, node, node_type, settings, wiring, forms[0 if training else 1], tuple(wiring.leaves()), outputs)


def differentiable_leaf(inference: Inference, operation: Operation, leaf: Leaf) -> bool:
    """Whether this argument can have a gradient: a learned tensor, or real numbers at a port that does not want class indices, and
    the output depends on it."""
    name = leaf.name if isinstance(leaf, Own) else leaf.port
    if not operation.type.depends(operation.settings, name, operation.connected):
        return False
    if isinstance(leaf, Own):
        return True
    port = next((p for p in operation.type.inputs if p.name == leaf.port), None)
    return inference.outputs[leaf.source].dtype == "float" and (port is None or port.dtype != "index")


def _reach(plan: Plan) -> None:
    """Mark what the objective depends on through differentiable operations."""
    if plan.objective is None or plan.inference.outputs[plan.objective].dtype != "float":
        return
    plan.reaching.add(plan.objective)
    for operation in reversed(plan.operations):
        if operation.fed or not operation.type.differentiable or not plan.reaching.intersection(operation.outputs):
            continue
        for leaf in operation.leaves:
            if differentiable_leaf(plan.inference, operation, leaf):
                (plan.reaching_parameters.add(leaf.key) if isinstance(leaf, Own) else plan.reaching.add(leaf.source))


def _activate(plan: Plan) -> None:
    """Of what the objective depends on, keep what leads to a wanted gradient."""
    if plan.wanted == "all":
        plan.active, plan.active_parameters = set(plan.reaching), set(plan.reaching_parameters)
    else:
        plan.active_parameters = set(plan.trainable)
        for operation in plan.operations:
            if any(_is_active(plan, leaf) for leaf in operation.leaves) and not operation.fed:
                plan.active |= plan.reaching.intersection(operation.outputs)
    for operation in plan.operations:
        if operation.fed or not operation.type.differentiable or not plan.active.intersection(operation.outputs):
            continue
        operation.needed = tuple(
            a for a, leaf in enumerate(operation.leaves) if _is_active(plan, leaf) and differentiable_leaf(plan.inference, operation, leaf)
        )


def _is_active(plan: Plan, leaf: Leaf) -> bool:
    return leaf.key in plan.active_parameters if isinstance(leaf, Own) else leaf.source in plan.active
