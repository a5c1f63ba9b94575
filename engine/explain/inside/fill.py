"""The numbers of a step in the graph of a rule. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.custom import CustomOptimizer
from engine.training.optimizers.wired import COUNT, GIVEN, LOSS, PARAMETER, SETTING, SLOPE, STATE
from graph.model.edits import Compound, Edit, SetParam
from graph.model.graph import Graph

Numbers = float | list[Any]
Value = tuple[str, str, Any]


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """All that enters one step: numbers, or nested lists of one shape for θ, its gradient and its states.

    `states` are by the names of the equations; one number for all parameters is a number. `settings` are by their names; λ may be a
    list too, where some parameters do not decay. `made` is θ after the step; `loss_after` and `gradient_after` are what the network
    gives there.
    """

    theta: Numbers
    gradient: Numbers
    states: Mapping[str, Numbers]
    settings: Mapping[str, Any]
    t: int
    made: Numbers
    loss_after: float
    gradient_after: Numbers
    given: Mapping[str, Numbers] = field(default_factory=dict)
    """What the optimizer was given beside the gradient, and knows of the parameter's shape, by the names of the equations."""


def values(graph: Graph, spec: type[Optimizer], numbers: StepNumbers) -> tuple[Value, ...]:
    """The settings of nodes that hold the numbers of a step, as (node, setting, value)."""
    rows: list[Value] = []
    alike: dict[str, Any] = {PARAMETER: numbers.theta, SLOPE: numbers.gradient, COUNT: float(numbers.t)}
    after = {"value": numbers.loss_after, "at": numbers.made, "gradient": numbers.gradient_after}
    for node in graph.nodes.values():
        if node.type in alike:
            rows.append((node.id, "value", alike[node.type]))
        elif node.type == STATE:
            rows.append((node.id, "value", numbers.states[state_name(spec, node.id)]))
        elif node.type == SETTING:
            rows.append((node.id, "value", numbers.settings[str(graph.setting(node.id, "setting") or node.name)]))
        elif node.type == GIVEN:
            rows.append((node.id, "value", numbers.given[str(graph.setting(node.id, "of"))]))
        elif node.type == LOSS:
            rows += [(node.id, name, value) for name, value in after.items()]
    return tuple(rows)


def state_name(spec: type[Optimizer], node: str) -> str:
    """What the equations call the state of a node."""
    if issubclass(spec, CustomOptimizer):
        return spec.state_nodes[node]
    return next(v.name for v in spec.state_variables if node == state_id(v.name))


def state_id(name: str) -> str:
    """The id of the node that holds a state."""
    return f"state_{name.replace('θ', 'theta')}"


def fill_edit(rows: Iterable[Value]) -> Edit:
    """The edit that gives a graph these numbers."""
    return Compound(tuple(SetParam(*row) for row in rows))
