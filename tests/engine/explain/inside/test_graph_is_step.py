"""The graph of an optimizer makes the step that training makes, and as a custom optimizer it does so too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.compile.program import RandomKey
from engine.explain.inside.answer import why_none
from engine.explain.inside.derive import structure
from engine.explain.inside.fill import state_name
from engine.explain.inside.rule import rule_of
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.custom import custom
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.optimizers.wired import GIVEN, NEXT, SETTING, STATE
from graph.model.graph import Graph

STEPS, FEW = 100, 6
"""Of every optimizer with its defaults and, by hand, of all its variants; the few are with everything turned over."""
THETA = torch.linspace(-2.0, 1.5, 6, dtype=torch.float64)
FIRST_ORDER = {key: spec for key, spec in OPTIMIZERS.items() if not spec.evaluates_loss}
WITH_GRAPH = [key for key, spec in FIRST_ORDER.items() if not why_none(spec, spec.with_defaults({}), spec.facts(THETA))]


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


DEFAULTS: list[tuple[str, dict[str, Any], int]] = [(key, {}, STEPS) for key in WITH_GRAPH]
VARIANTS = [(key, hyper) for key in WITH_GRAPH for hyper in variants(OPTIMIZERS[key])[1:]]
TURNED = [(key, {name: value for hyper in variants(OPTIMIZERS[key]) for name, value in hyper.items()}) for key in WITH_GRAPH]
"""Everything at once, the last choice of each."""
CASES: list[Any] = [
    *DEFAULTS, *((key, hyper, FEW) for key, hyper in TURNED),
    *(pytest.param(key, hyper, STEPS, marks=pytest.mark.long) for key, hyper in VARIANTS),
]  # fmt: skip


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

    def step(self, gradient: Tensor, shared: Mapping[str, Any]) -> None:
        self.t += 1
        for node in self.graph.nodes.values():
            if node.type == GIVEN:
                self.fixed[node.id, "y"] = torch.as_tensor(shared[self.graph.setting(node.id, "of")], dtype=torch.float64)
        given = {"theta": self.theta, "gradient": gradient, "t": torch.tensor(float(self.t), dtype=torch.float64)}
        fixed = self.fixed | {(node, "y"): value for node, value in given.items()}
        values = dict(zip(self.next, self.program.evaluate([fixed[key] for key in self.program.feeds], [], [], RandomKey()), strict=True))
        self.theta = values.pop("θ")
        self.fixed |= {(self.states[name], "y"): value for name, value in values.items()}


@pytest.mark.parametrize(("key", "given", "steps"), CASES)
def test_the_graph_makes_the_steps_of_the_optimizer_and_so_does_the_rule_read_from_it(key: str, given: dict[str, Any], steps: int) -> None:
    spec = OPTIMIZERS[key]
    hyper = spec.with_defaults(given)
    theta = THETA
    graph = structure(spec, hyper, CATALOG, spec.facts(theta))
    fast, wired = spec(hyper, [theta.clone()]), Wired(graph, spec, hyper, theta)
    own = custom(rule_of(graph, "own", key), spec)
    again = own({s.name: hyper[s.name] for s in own.settings if s.name in hyper}, [theta.clone()])
    for _ in range(steps):
        ahead = fast.ahead_point()
        gradient = slope(fast.parameters[0] if ahead is None else ahead[0])
        for optimizer in (fast, again):
            optimizer.step([gradient])
        wired.step(gradient, fast.shared[0])
        torch.testing.assert_close(wired.theta, fast.parameters[0], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(again.parameters[0], fast.parameters[0], rtol=1e-12, atol=1e-12)


