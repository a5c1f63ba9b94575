"""(1 − w₂w₁)²: where gradient descent ends from (0.2, 5.01) at three rates, and from w₁ = −w₂ with and without noise over 100 seeds."""

from __future__ import annotations

from typing import Any

from engine.nodes.catalog import CATALOG
from engine.sweep.plan import Axis, SweepPlan, Swept, member_graph
from engine.sweep.stack import Stack
from engine.training.compiled import Compiled
from engine.training.model import Model
from engine.training.run import Run
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from graph.model.graph import Graph

RATES = (0.03, 0.06, 0.1)
WITHOUT_NOISE = {"gd": 0.05, "momentum": 0.02, "nesterov": 0.02, "adam": 0.02}
NOISE: dict[str, dict[str, Any]] = {
    "in every step": {"lr": 0.05, "radius": 0.1},
    "only at small gradients": {"lr": 0.05, "radius": 0.1, "only_small": True, "threshold": 0.1},
}
NEAR = 0.1
"""How far w₁w₂ may be from 1 where a run counts as escaped; the noise itself moves it by about 0.02."""


def document(w1: float, w2: float, optimizer: str, steps: int, hyper: dict[str, Any]) -> Graph:
    graph = build("f = (1 - w2*w1)^2", CATALOG, params={"w1": w1, "w2": w2})
    for name, value in (("optimizer", optimizer), ("hyper", hyper), ("steps", steps), ("epochs", None)):
        SetTraining(name, value).apply(graph)
    return graph


def weights(run: Run) -> tuple[float, float]:
    by_name = {run.model.graph.nodes[key.partition(".")[0]].name: float(tensor) for key, tensor in run.state.parameters.items()}
    return by_name["w1"], by_name["w2"]


def trained(graph: Graph) -> Run:
    run = Run(Model(graph)).prepare()
    run.train()
    return run


def escapes(hyper: dict[str, Any], seeds: int, steps: int) -> list[float]:
    """w₁w₂ at the end of a run from (1, −1) with every seed, all trained as one batch."""
    graph = document(1.0, -1.0, "perturbed", steps, hyper)
    plan = SweepPlan((Axis(Swept("seed"), tuple(range(seeds))),)).checked(graph)
    graphs = [member_graph(graph, plan, values) for values in plan.members()]
    base = Compiled(graphs[0], "cpu")
    stack = Stack([Run(Model(base.changed_to(member).compiled)).prepare() for member in graphs])
    stack.train()
    stack.finish()
    ends = [weights(run) for run in stack.runs]
    return [w1 * w2 for w1, w2 in ends]


def run() -> dict[str, Any]:
    result: dict[str, Any] = {}
    for rate in RATES:
        made = trained(document(0.2, 5.01, "gd", 2000, {"lr": rate}))
        w1, w2 = weights(made)
        end = f"w1 = {w1:.4f}, w2 = {w2:.4f}, w1² + w2² = {w1 * w1 + w2 * w2:.3f}"
        result[f"from (0.2, 5.01), rate {rate}"] = end if made.problem is None else made.problem.text
    for optimizer, rate in WITHOUT_NOISE.items():
        w1, w2 = weights(made := trained(document(1.0, -1.0, optimizer, 2000, {"lr": rate})))
        result[f"from (1, -1), {optimizer}"] = f"w1 = {w1:.1e}, w2 = {w2:.1e}, loss {made.loss}"
    for name, hyper in NOISE.items():
        products = escapes(hyper, 100, 600)
        result[f"from (1, -1), noise {name}"] = (
            f"{sum(abs(p - 1) < NEAR for p in products)} of 100 seeds escape; w1·w2 from {min(products):.3f} to {max(products):.3f}"
        )
    return result
