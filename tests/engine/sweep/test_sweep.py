"""A sweep from its plan to its rows: what runs together, what alone, what diverges, and what the spread over seeds says."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobError, finished
from engine.sweep.answer import estimate, sweep
from engine.sweep.plan import RATE, Axis, PlanError, SweepPlan, Swept, named_setting, sweepable, text_of, title_of
from engine.sweep.results import EstimateJob, MemberResult, SweepAnswer, SweepJob, grouped, spread, without_seed
from engine.sweep.values import read_values
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import network, tanh_net

EXAMPLES = Path(__file__).parents[3] / "resources/examples"
NET = tanh_net(epochs=3)


def plan_of(graph: Graph = NET, paired: bool = False, **texts: Any) -> SweepPlan:
    """`lr="0.1, 1"`, `hidden__out_features="2, 4"`."""
    settings = [(named_setting(graph, name.replace("__", ".")), text) for name, text in texts.items()]
    return SweepPlan(tuple(Axis(of, read_values(graph, of, text)) for of, text in settings), paired)


def swept(graph: Graph, plan: SweepPlan) -> tuple[dict[int, MemberResult], SweepAnswer]:
    rows: dict[int, MemberResult] = {}
    steps = sweep(SimpleNamespace(graph=graph), SweepJob(plan))  # type: ignore[arg-type]
    while True:
        try:
            report = next(steps)
        except StopIteration as end:
            return rows, end.value
        rows |= {row.index: row for row in report.part or ()}


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("lr", "0.001, 0.01, 0.1", (0.001, 0.01, 0.1)),
        ("lr", "0.001 … 1 log, 4 values", (0.001, 0.01, 0.1, 1.0)),
        ("lr", "0.001..1 log 7", (0.001, 0.003162, 0.01, 0.03162, 0.1, 0.3162, 1.0)),
        ("lr", "0 … 1, 5 values, lin", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("lr", "0,001; 0,1", (0.001, 0.1)),
        ("seed", "0..4", (0, 1, 2, 3, 4)),
        ("batch_size", "8, all", (8, None)),
        ("hidden.out_features", "1 … 64 log, 7 values", (1, 2, 4, 8, 16, 32, 64)),
        ("hidden.bias", "yes, no", (True, False)),
        ("optimizer", "sgd, Momentum, adam", ("sgd", "momentum", "adam")),
    ],
)
def test_values_as_people_type_them(name: str, text: str, values: tuple[Any, ...]) -> None:
    assert read_values(NET, named_setting(NET, name), text) == values


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"lr": "fast"}, "not a number"), ({"lr": "-1"}, "at least 0"), ({"lr": "1 … 5"}, "how many values"),
        ({"lr": "0 … 1 log, 3 values"}, "above 0"), ({"seed": "0 … 99999"}, "2,000"), ({"optimizer": "adm"}, "adam"),
        ({"hidden__out_features": "0"}, "at least 1"), ({"hiden__bias": "yes"}, "hidden"),
        ({"optimizer": "sgd, adam", "beta1": "0.5, 0.9"}, "SGD"),
        ({"lr": "0.1, 0.1"}, "twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused_in_words(texts: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        plan_of(**texts).checked(NET)


def test_a_grid_and_pairs() -> None:
    grid = plan_of(lr="0.1, 1", seed="0..2")
    assert grid.count == 6
    assert grid.members()[:4] == ((0.1, 0), (0.1, 1), (0.1, 2), (1.0, 0))
    assert plan_of(paired=True, lr="0.1, 1", seed="4, 7").members() == ((0.1, 4), (1.0, 7))
    repeated = SweepPlan((Axis(RATE, (0.1, 1.0)), Axis(Swept("batch_size"), (8, 8))), paired=True)
    assert repeated.checked(NET).members() == ((0.1, 8), (1.0, 8)), "in pairs a value may come twice, but not a pair"
    with pytest.raises(PlanError, match="same values"):
        SweepPlan((Axis(RATE, (0.1, 0.1)), Axis(Swept("batch_size"), (8, 8))), paired=True).checked(NET)
    with pytest.raises(PlanError):
        plan_of(paired=True, lr="0.1, 1", seed="0..2").checked(NET)


def test_every_setting_offered_can_be_named_and_has_a_title() -> None:
    for of in sweepable(NET):
        assert named_setting(NET, text_of(NET, of)) == of
        assert title_of(NET, of)
    assert Swept("out_features", "hidden") in sweepable(NET)


def test_each_row_is_the_run_that_the_settings_make_alone() -> None:
    """Widths make three kinds of network; L-BFGS evaluates the loss itself, so its runs go one after another."""
    plan = plan_of(optimizer="sgd, lbfgs", hidden__out_features="2, 3", seed="0, 5")
    rows, answer = swept(NET, plan)
    assert sorted(rows) == list(range(8))
    assert (answer.ways.together, answer.ways.alone) == (4, 4)
    assert [count for _why, count in answer.ways.reasons] == [4]
    for index, (optimizer, width, seed) in enumerate(plan.members()):
        graph = NET.copy()
        SetParam("hidden", "out_features", width).apply(graph)
        SetTraining("optimizer", optimizer).apply(graph)
        SetTraining("hyper", {"lr": 0.5} if optimizer == "sgd" else {}).apply(graph)  # its own defaults, for another optimizer
        SetTraining("seed", seed).apply(graph)
        run = Run(Model(graph))
        run.prepare().train()
        row = rows[index]
        assert (row.how, row.step, row.together) == ("done", run.state.step, optimizer == "sgd")
        assert row.metrics == pytest.approx(run.metrics(), abs=1e-10)
        assert row.curve[-1][0] == run.state.step
        assert row.curve[-1][1] == pytest.approx(run.loss, abs=1e-10)
        assert dict(row.measured)[run.state.step]["train_accuracy"] == run.metrics()["train_accuracy"]
    assert NET.training["optimizer"] == "sgd"  # the document is as it was


def test_the_value_of_an_input_is_swept_and_steps_against_the_condition_number_are_those_of_numpy() -> None:
    """½(u² + κv²) along turned axes, gradient descent with η = 2/(1 + κ) until ‖∇f‖ ≤ 10⁻⁴: about κ/2 · ln(‖∇f₀‖/10⁻⁴) steps."""
    graph = load(EXAMPLES / "quadratic.gradwire", CATALOG)
    for name, value in (("optimizer", "gd"), ("steps", 5000), ("stop_gradient", 1e-4)):
        SetTraining(name, value).apply(graph)
    kappas = (5.0, 20.0, 80.0)
    swept_value = named_setting(graph, "kappa.value")
    plan = SweepPlan((Axis(swept_value, kappas), Axis(Swept("lr"), tuple(2 / (1 + k) for k in kappas))), paired=True).checked(graph)
    rows, _answer = swept(graph, plan)
    c, s = math.cos(0.6), math.sin(0.6)
    start = np.array([[c, s], [-s, c]]) @ [-6.0, 5.0]
    for row, kappa in zip((rows[i] for i in range(3)), kappas, strict=True):
        curvatures, steps = np.array([1.0, kappa]), 0
        at = start
        while np.linalg.norm(curvatures * at) > 1e-4:
            at, steps = at * (1 - 2 / (1 + kappa) * curvatures), steps + 1
        assert row.step == pytest.approx(steps, abs=1) and row.value("steps") == row.step
    assert rows[2].step / rows[1].step == pytest.approx(4, rel=0.2)


def test_a_run_that_diverges_counts_as_the_worst() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "plane", "samples": 40}), "out": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target", epochs=150, batch_size=None)
    plan = plan_of(graph, lr="0.01, 1e4", seed="0..2")
    rows, _answer = swept(graph, plan)
    by_rate = grouped(plan, without_seed(plan), rows)
    good, bad = by_rate[0.01,], by_rate[1e4,]
    assert {row.how for row in bad} == {"diverged"}
    assert all("step" in row.text for row in bad)
    losses = [row.metrics["train_loss"] for row in good]
    fine = spread(good, "train_loss")
    assert (fine.median, fine.best, fine.worst) == (statistics.median(losses), min(losses), max(losses))
    lost = spread(bad, "train_loss")
    assert (lost.count, lost.diverged, lost.median, lost.worst) == (3, 3, math.inf, math.inf)
    mixed = spread([*good[:2], bad[0]], "train_loss")
    assert (mixed.count, mixed.diverged, mixed.median, mixed.worst) == (3, 1, max(losses[:2]), math.inf)


def test_a_plan_that_never_ends_or_cannot_be_trained_says_so() -> None:
    endless = tanh_net(epochs=None)
    with pytest.raises(JobError, match="when training ends"):
        finished(sweep(SimpleNamespace(graph=endless), SweepJob(plan_of(endless, seed="0, 1"))))  # type: ignore[arg-type]
    broken = tanh_net()
    rows, answer = swept(broken, plan_of(broken, out__out_features="1, 2", seed="0, 1"))
    assert [rows[i].how for i in range(4)] == ["failed", "failed", "done", "done"]
    assert rows[0].text
    assert answer.ways.together == 2


def test_the_estimate_counts_steps_and_ways() -> None:
    plan = plan_of(optimizer="sgd, lbfgs", seed="0..3")
    result = finished(estimate(SimpleNamespace(graph=NET), EstimateJob(plan)))  # type: ignore[arg-type]
    assert (result.count, result.ways.together, result.ways.alone) == (8, 4, 4)
    assert result.steps == 4 * 3 * 5 + 4 * 3  # 80 samples in mini-batches of 16; L-BFGS takes all at once
    assert result.seconds > 0
