"""A race: competitors as values of one axis, the same start and batches for all, and what it took each of them to get somewhere."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engine.sweep.answer import sweep
from engine.sweep.competitor import Competitor, spelling
from engine.sweep.fairness import fairness
from engine.sweep.placing import placing, usual_target
from engine.sweep.plan import OPTIMIZER, SEED, Axis, PlanError, SweepPlan, Swept, member_graph, named_values
from engine.sweep.results import MemberResult, SweepAnswer, SweepJob
from engine.sweep.tables import as_json, csv_text
from engine.sweep.values import read_values
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

NET = tanh_net(epochs=4)


def swept(graph: Graph, plan: SweepPlan) -> tuple[dict[int, MemberResult], SweepAnswer]:
    rows: dict[int, MemberResult] = {}
    steps = sweep(SimpleNamespace(graph=graph), SweepJob(plan))  # type: ignore[arg-type]
    while True:
        try:
            report = next(steps)
        except StopIteration as end:
            return rows, end.value
        rows |= {row.index: row for row in report.part or ()}


TEXT = "sgd:lr=0.5, adam:lr=0.01:beta1=0.95:schedule=step:30:0.1, momentum:batch_size=all, rmsprop"


def race(text: str = TEXT, graph: Graph = NET, **more: tuple[Any, ...]) -> SweepPlan:
    axes = [Axis(OPTIMIZER, read_values(graph, OPTIMIZER, text)), *(Axis(Swept(name), values) for name, values in more.items())]
    return SweepPlan(tuple(axes)).checked(graph)


def test_a_competitor_is_one_value_with_a_text_of_its_own() -> None:
    plan = race()
    schedule = ("lr_schedule", "step"), ("lr_schedule_hyper", (("every", 30), ("factor", 0.1))), ("warmup", 0)
    values = plan.axes[0].values
    assert values[:2] == (Competitor("sgd", (("lr", 0.5),)), Competitor("adam", (("lr", 0.01), ("beta1", 0.95)), schedule))
    assert (values[2], values[3]) == (Competitor("momentum", (), (("batch_size", None),)), "rmsprop")
    assert read_values(NET, OPTIMIZER, ", ".join(map(spelling, values))) == values
    assert named_values(NET, plan, plan.members()[0]) == "Optimizer SGD η 0.5"
    assert "batch" not in named_values(NET, plan, plan.members()[1]) and "all samples" in named_values(NET, plan, plan.members()[2])


@pytest.mark.parametrize(
    ("text", "said"),
    [("adm:lr=1", "adam"), ("adam:lr=-1", "at least 0"), ("adam:speed=1", "no setting"), ("sgd:lr=fast", "not a number"),
     ("sgd:schedule=cosin", "cosine"), ("sgd:seed=3", "no setting"), ("sgd:lr=1, sgd:lr=1", "twice"), ("sgd:0.1", "setting=value"),
     ("custom", "no update rule"), ("adam:lr=0.1:lr=0.2", "two values")],
)  # fmt: skip
def test_a_competitor_that_cannot_be_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        race(text)


def test_what_a_competitor_sets_cannot_be_swept_too() -> None:
    with pytest.raises(PlanError, match="Leave one of the two out"):
        race("sgd:lr=0.5, adam", lr=(0.1, 1.0))


def test_every_competitor_makes_the_run_that_its_settings_make_alone() -> None:
    plan = race(seed=(0, 3))
    rows, _answer = swept(NET, plan)
    for index, (who, seed) in enumerate(plan.members()):
        graph = NET.copy()
        who = who if isinstance(who, Competitor) else Competitor(who)
        for name, value in (("optimizer", who.optimizer), ("seed", seed), *who.training_values()):
            SetTraining(name, value).apply(graph)
        SetTraining("hyper", dict(who.hyper)).apply(graph)
        run = Run(Model(graph)).prepare()
        run.train()
        assert rows[index].metrics["train_loss"] == pytest.approx(run.metrics()["train_loss"], rel=1e-9)
        assert rows[index].passes == (1.0 if who.optimizer == "momentum" else 1 / 5)


def test_the_same_start_and_batches_are_compared_not_assumed() -> None:
    plan = race("sgd, adam, lbfgs", seed=(0, 1))
    rows, _answer = swept(NET, plan)
    found = fairness(plan, rows)
    assert found is not None and (found.runs, found.same_start, found.same_batches) == (6, True, False)
    assert [plan.members()[index][0] for index in found.odd] == ["lbfgs", "lbfgs"]  # it takes all samples in every step
    first = [Model(member_graph(NET, plan, plan.members()[index])).state.parameters for index in (0, 1, 2)]
    assert all(torch.equal(first[0][name], first[2][name]) for name in first[0])
    assert (rows[0].start == rows[2].start, rows[0].start == rows[1].start) == (True, False)  # sgd and adam; another seed
    assert fairness(plan, {0: rows[0], 1: rows[1]}) is None  # another seed each: nothing to compare
    fair = fairness(plan, {index: rows[index] for index in range(4)})
    assert fair is not None and fair.fair
    spoiled = {**rows, 2: MemberResult(2, "done", start="else", batches=rows[2].batches)}
    unfair = fairness(plan, spoiled)
    assert unfair is not None and not unfair.same_start
    width = SweepPlan((Axis(Swept("out_features", "hidden"), (2, 3)), Axis(SEED, (0, 1)))).checked(NET)
    assert fairness(width, swept(NET, width)[0]) is None


def test_the_steps_and_evaluations_to_a_target() -> None:
    """Mini-batches count by the mean of an epoch; L-BFGS evaluates the loss several times in a step."""
    plan = race("sgd:lr=0.5, sgd:lr=0.5:batch_size=all, lbfgs")
    rows, _answer = swept(NET, plan)
    runs = [Run(Model(member_graph(NET, plan, values))).prepare() for values in plan.members()]
    for run in runs:
        run.train()
    mini, whole, search = ([*run.curve.losses.mean] for run in runs)
    epochs = [sum(mini[at : at + 5]) / 5 for at in range(0, 20, 5)]  # 80 samples in batches of 16
    low = min(epochs)
    assert rows[0].reached(low * (1 + 1e-9)) == (5 * (epochs.index(low) + 1), 5 * (epochs.index(low) + 1))
    target = whole[2] * (1 + 1e-12)
    first = next(step for step, loss in enumerate(whole, 1) if loss <= target)
    assert rows[1].reached(target) == (first, first) and rows[1].reached(min(whole) / 2) is None
    spent = [s.losses for _step, s in sorted(runs[2].steps.spent.items())]
    assert sum(spent) == int(runs[2].capture().optimizer["lbfgs.func_evals"])  # torch's own count
    low = next(step for step, loss in enumerate(search, 1) if loss == min(search))
    assert rows[2].reached(min(search)) == (low, sum(spent[:low])) and sum(spent[:low]) > low
    assert rows[2].evaluations[-1] == sum(spent) and rows[1].evaluations == ()


def test_a_run_that_diverges_is_counted_and_never_clipped() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "plane", "samples": 40}), "out": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target", epochs=150, batch_size=None)
    rows, _answer = swept(graph, race("sgd:lr=1e4, sgd:lr=0.01", graph))
    assert rows[0].how == "diverged" and rows[0].reached(-math.inf) is None and rows[1].how == "done"


def test_tables_have_competitors_by_their_text() -> None:
    plan = race("sgd:lr=0.5, adam", seed=(0, 1))
    rows, answer = swept(NET, plan)
    assert csv_text(NET, plan, rows).splitlines()[1].startswith("sgd:lr=0.5,0,done,")
    assert as_json(NET, plan, rows, "train_loss", answer.ways)["runs"][0]["settings"] == {"optimizer": "sgd:lr=0.5", "seed": 0}


def test_who_reached_the_target_first() -> None:
    """Medians over the seeds by hand; a run that never was there counts as ∞."""

    def row(index: int, *lows: tuple[int, float], how: str = "done") -> MemberResult:
        return MemberResult(index, how, 40, 4, lows[-1][1], passes=0.5, seconds=4.0, lows=tuple((s, x, 2.0 * s) for s, x in lows))  # type: ignore[arg-type]

    plan = race("sgd, adam, rmsprop", seed=(0, 1, 2))
    rows = [row(0, (10, 0.5), (20, 0.2)), row(1, (30, 0.1)), row(2, (40, 0.3)), row(3, (4, 0.15)), row(4, (2, 0.4), (9, 0.2)),
            row(5, (6, 0.1)), row(6, (1, 0.9), how="diverged"), row(7, (40, 0.3)), row(8, (3, 0.2))]  # fmt: skip
    places = placing(plan, dict(enumerate(rows)), 0.2)
    assert [place.values for place in places] == [("adam",), ("sgd",), ("rmsprop",)]
    assert [(p.steps, p.evaluations, p.passes, p.seconds, p.reached, p.diverged) for p in places] == [
        (6, 12, 6, pytest.approx(0.6), 3, 0), (30, 60, 30, 3.0, 2, 0), (math.inf, math.inf, math.inf, math.inf, 1, 1)
    ]  # fmt: skip
    assert usual_target([row(0, (1, 0.0213)), row(1, (1, 0.0304)), row(2, (1, 0.1))]) == 0.031
