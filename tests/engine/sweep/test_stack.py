"""Runs trained together are the runs they would be alone: curves, weights, memory and measurements, for every optimizer."""

from __future__ import annotations

from typing import Any

import pytest

from engine.sweep.plan import Axis, SweepPlan, Swept, member_graph
from engine.sweep.stack import CannotStack, Stack
from engine.sweep.training import groups
from engine.training.compiled import Compiled
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

FIRST_ORDER = [key for key, spec in OPTIMIZERS.items() if not spec.evaluates_loss and spec.elementwise]


def everything(bias: bool = False, **training: Any) -> Graph:
    """Batch norm, dropout, a penalty and a frozen layer; 70 samples in mini-batches of 16, so the last one is smaller."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 100, "test_fraction": 0.3}),
        "scale": ("layer.linear", {"out_features": 3, "frozen": True}),
        "hidden": ("layer.linear", {"out_features": 5, "bias": bias}), "norm": ("layer.batch_norm1d", {}), "relu": ("activation.relu", {}),
        "drop": ("layer.dropout", {"p": 0.3}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
        "decay": ("penalty.l2", {"lam": 0.01, "layers": "all"}), "f": ("math.add", {}),
    }  # fmt: skip
    wires = (
        "data.x -> scale.x; scale -> hidden.x; hidden -> norm.x; norm -> relu.x; relu -> drop.x; drop -> out.x; out -> loss.scores; "
        "data.target -> loss.target; loss -> f.a; decay -> f.b"
    )
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "epochs": 4, "batch_size": 16, **training})


def both(graph: Graph, *axes: Axis) -> tuple[list[Run], list[Run], Stack]:
    """The runs of a plan trained together, and each alone."""
    plan = SweepPlan(axes).checked(graph)
    graphs = [member_graph(graph, plan, values) for values in plan.members()]
    base = Compiled(graphs[0], "cpu")
    together, alone = ([Run(Model(base.changed_to(g).compiled)).prepare() for g in graphs] for _ in range(2))
    stack = Stack(together)
    stack.train()
    stack.finish()
    for run in alone:
        run.train()
    return together, alone, stack


def assert_equal(one: Run, other: Run) -> None:
    assert one.state.counters == other.state.counters
    apart = one.capture().diff(other.capture())
    assert max(apart.values(), default=0.0) < 1e-10, apart
    assert one.curve.losses.low == pytest.approx(other.curve.losses.low, abs=1e-10)
    mine, theirs = ([(p.step, p.measured) for p in run.curve.points] for run in (one, other))
    assert [step for step, _ in mine] == [step for step, _ in theirs]
    for (_, a), (_, b) in zip(mine, theirs, strict=True):
        assert a == pytest.approx(b, abs=1e-10)


@pytest.mark.parametrize("key", FIRST_ORDER)
def test_runs_with_other_seeds_and_rates_are_the_single_runs(key: str) -> None:
    graph = everything(optimizer=key, hyper={"weight_decay": 0.02})
    together, alone, stack = both(graph, Axis(Swept("lr"), (0.002, 0.01)), Axis(Swept("seed"), (0, 7)))
    assert not stack.alone
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)


def test_a_gradient_of_round_off_alone_is_not_trusted_to_an_optimizer_that_normalises_it() -> None:
    """A bias before batch norm changes nothing: its gradient is 0 up to round-off, and Adam's step along it has the size of the rate."""
    both(everything(bias=True), Axis(Swept("seed"), (0, 1)))
    with pytest.raises(CannotStack, match="round-off"):
        both(everything(bias=True, optimizer="adam", hyper={}), Axis(Swept("seed"), (0, 1)))


def test_methods_of_whole_matrices_are_trained_one_after_another() -> None:
    graph = tanh_net(optimizer="muon", hyper={})
    found = groups(graph, SweepPlan((Axis(Swept("seed"), (0, 1)),)).checked(graph))
    assert {group.why for group in found} == {"Muon looks at whole weight matrices"}


def test_other_hyperparameters_go_along_as_columns() -> None:
    graph = tanh_net(optimizer="nadam", hyper={}, epochs=6)
    together, alone, _ = both(graph, Axis(Swept("beta1"), (0.5, 0.9)), Axis(Swept("momentum_decay"), (0.0, 0.1)))
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)


def test_schedules_clipping_and_orders_go_along() -> None:
    graph = tanh_net(optimizer="adam", hyper={}, epochs=5, batch_size=30, drop_last=True, warmup=3, clip_value=0.05)
    axes = Axis(Swept("lr_schedule"), ("constant", "cosine", "inverse_time")), Axis(Swept("clip_norm"), (None, 0.02))
    together, alone, _ = both(graph, *axes, Axis(Swept("order_seed"), (3, 4)))
    ends = {tuple(run.state.parameters["out.W"].flatten().tolist()) for run in alone}
    assert len(ends) == len(alone)  # every setting takes effect
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)


def test_traced_steps_are_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sweep.mapped.OFTEN", 3)
    together, alone, stack = both(everything(), Axis(Swept("seed"), (0, 1, 2)))
    assert any(stack._pass._traced.values())
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)


def test_a_copy_that_diverges_leaves_and_the_others_go_on() -> None:
    """Least squares: above the rate 1/λ the steps grow without bound."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "plane", "samples": 60}), "out": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target", epochs=400, batch_size=None)
    together, alone, stack = both(graph, Axis(Swept("lr"), (0.01, 1e4, 0.02)))
    assert [run.model.graph.training["hyper"]["lr"] for run in stack.alone] == [1e4]
    assert_equal(together[0], alone[0])
    assert_equal(together[2], alone[2])
    assert stack.alone[0].state.step == 0  # as before its first step: it is made again alone
    stack.alone[0].train()
    assert stack.alone[0].problem is not None
    assert alone[1].problem is not None
    assert stack.alone[0].problem.text == alone[1].problem.text


@pytest.mark.parametrize(("key", "form"), [("momentum", "lecture"), ("rmsprop", "keras")])
def test_other_forms_go_along(key: str, form: str) -> None:
    graph = tanh_net(optimizer=key, hyper={"form": form, "weight_decay": 0.02}, epochs=3)
    together, alone, stack = both(graph, Axis(Swept("lr"), (0.002, 0.01)), Axis(Swept("seed"), (0, 7)))
    assert not stack.alone
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)


def test_runs_that_look_ahead_or_leave_biases_out_go_alone() -> None:
    seeds = SweepPlan((Axis(Swept("seed"), (0, 7)),))
    ahead = tanh_net(optimizer="nesterov", hyper={"form": "lecture"})
    assert [group.why for group in groups(ahead, seeds.checked(ahead))] == ["Nesterov takes the gradient at a point ahead"] * 2
    biased = tanh_net(decay_biases=False)
    assert [group.why for group in groups(biased, seeds.checked(biased))] == ["the setting Decay biases too is used"] * 2
