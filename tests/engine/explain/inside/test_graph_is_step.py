"""The graph of an optimizer makes the step that training makes, and as a custom optimizer it does so too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.explain.inside import NEXT, SETTING, STATE
from engine.explain.inside.answer import why_none
from engine.explain.inside.derive import structure
from engine.explain.inside.fill import state_name
from engine.explain.inside.rule import rule_of
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.custom import custom
from engine.training.optimizers.registry import OPTIMIZERS
from graph.model.graph import Graph

STEPS = 100
WITH_GRAPH = [key for key, spec in OPTIMIZERS.items() if not why_none(spec)]


def variants(spec: type[Optimizer]) -> list[dict[str, Any]]:
    """The defaults; every switch turned over, every choice taken; every number that is 0 set to something."""
    found: list[dict[str, Any]] = [{}]
    for setting in spec.settings:
        if setting.kind == "bool":
            found += [{setting.name: not setting.default} | ({"weight_decay": 0.1} if setting.name == "decoupled" else {})]
        elif setting.kind == "choice":
            found += [{setting.name: choice} for choice in setting.choices if choice != setting.default]
            found += [{setting.name: choice, "weight_decay": 0.1} for choice in setting.choices if spec.setting("weight_decay")]
        elif setting.kind == "float" and setting.default == 0:
            found += [{setting.name: 0.3}]
    return found


CASES = [(key, hyper) for key in WITH_GRAPH for hyper in variants(OPTIMIZERS[key])]


def slope(theta: Tensor) -> Tensor:
    """The gradient of ½ θᵀAθ + Σ cos θ with A = diag(1 … 6)."""
    return torch.arange(1.0, 7.0, dtype=torch.float64).reshape(theta.shape) * theta - torch.sin(theta)


class Wired:
    """A graph of a rule, run by its compiled program alone: from what it gives in one step it makes the next one."""

    def __init__(self, graph: Graph, spec: type[Optimizer], hyper: dict[str, Any], theta: Tensor) -> None:
        self.graph, self.t = graph, 0
        model = Model(graph)
        self.next = {str(graph.setting(n.id, "of")): n.id for n in graph.nodes.values() if n.type == NEXT}
        self.outputs = [(node, "y") for node in self.next.values()]
        self.program = model.program(training=False, outputs=self.outputs)
        self.fixed = dict(model.feeds.fixed)
        for node in graph.nodes.values():
            if node.type == SETTING:
                self.fixed[node.id, "y"] = torch.tensor(float(hyper[graph.setting(node.id, "setting")]), dtype=torch.float64)
        self.theta = theta.clone()
        starts = {v.name: float(hyper[v.start] if isinstance(v.start, str) else v.start) for v in spec.state_variables}
        rows = [node for node in graph.nodes.values() if node.type == STATE]
        self.states = {node.name: node.id for node in rows}
        for node in rows:
            start = torch.tensor(starts[state_name(spec, node.id)], dtype=torch.float64)
            self.fixed[node.id, "y"] = start if graph.setting(node.id, "scalar") else start.expand_as(theta)

    def step(self, gradient: Tensor) -> None:
        self.t += 1
        given = {"theta": self.theta, "gradient": gradient, "t": torch.tensor(float(self.t), dtype=torch.float64)}
        fixed = self.fixed | {(node, "y"): value for node, value in given.items()}
        values = dict(zip(self.next, self.program.evaluate([fixed[key] for key in self.program.feeds], [], [], None), strict=True))
        self.theta = values.pop("θ")
        self.fixed |= {(self.states[name], "y"): value for name, value in values.items()}


@pytest.mark.parametrize(("key", "given"), CASES, ids=str)
def test_the_graph_makes_the_steps_of_the_optimizer_and_so_does_the_rule_read_from_it(key: str, given: dict[str, Any]) -> None:
    spec = OPTIMIZERS[key]
    hyper = spec.with_defaults(given)
    theta = torch.linspace(-2.0, 1.5, 6, dtype=torch.float64)
    graph = structure(spec, hyper, CATALOG)
    fast, wired = spec(hyper, [theta.clone()]), Wired(graph, spec, hyper, theta)
    own = custom(rule_of(graph, "own", key))
    again = own({s.name: hyper[s.name] for s in own.settings if s.name in hyper}, [theta.clone()])
    for _ in range(STEPS):
        ahead = fast.ahead_point()
        gradient = slope(fast.parameters[0] if ahead is None else ahead[0])
        for optimizer in (fast, again):
            optimizer.step([gradient])
        wired.step(gradient)
        torch.testing.assert_close(wired.theta, fast.parameters[0], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(again.parameters[0], fast.parameters[0], rtol=1e-12, atol=1e-12)


