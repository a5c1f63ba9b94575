"""Several objectives in one run, against loops written by hand with torch's autograd and NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.compile.views import Absent
from engine.explain.beside_torch import CompareWithTorch
from engine.explain.beside_torch.answer import compare
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update import UpdateOf
from engine.explain.update.answer import rehearse, update
from engine.export.export import export
from engine.export.registry import ExportError
from engine.learned.instruments import Observe
from engine.learned.instruments.observing import observe
from engine.numerics.job import finished
from engine.numerics.rng import generator
from engine.sweep.plan import Axis, SweepPlan, Swept
from engine.sweep.training import groups
from engine.training.compiled import RunError
from engine.training.curve import curve_of, point_rows
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam
from graph.model.graph import Graph
from graph.model.run_record import RunRecord
from graph.storage.saved_run import SavedRun
from tests.support.networks import network

W, TANH = "parameter.parameter", "activation.tanh"


def gan(turns: str, steps: int = 1, **training: Any) -> Graph:
    """A linear generator a·z + c against a discriminator with three hidden units, its parameters shared by real and made samples."""
    values = {"W1": [[0.3, -0.5, 0.8]], "b1": [0.1, 0.0, -0.2], "W2": [[0.4], [-0.3], [0.6]]}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "table", "features": [[2.0], [2.5], [3.0], [1.5]], "targets": [0, 0, 0, 0],
                                 "coding": "real", "test_fraction": 0}),
        "z": ("source.noise", {}), "G": ("layer.linear", {"out_features": 1, "tensors": {"W": [[0.7]], "b": [0.2]}}),
        **{name: (W, {"value": value}) for name, value in values.items()},
    }  # fmt: skip
    wires = "data.x -> z.x; z -> G.x\n"
    for side, source in (("r", "data.x"), ("f", "G")):
        nodes |= {f"m{side}": ("math.matmul", {}), f"p{side}": ("math.add", {}), f"t{side}": (TANH, {}), f"d{side}": ("math.matmul", {})}
        wires += f"{source} -> m{side}.a; W1 -> m{side}.b; m{side} -> p{side}.a; b1 -> p{side}.b; p{side} -> t{side}.x\n"
        wires += f"t{side} -> d{side}.a; W2 -> d{side}.b\n"
    for name in ("nr", "nf"):
        nodes[name] = ("math.negate", {})
    for name in ("sr", "sf", "sg"):
        nodes[name] = ("activation.softplus", {})
        nodes["mean" + name] = ("math.mean", {"over_batch": True})
    nodes["D"] = ("math.add", {})
    wires += "dr -> nr.x; nr -> sr.x; df -> sf.x; df -> nf.x; nf -> sg.x; sr -> meansr.x; sf -> meansf.x; sg -> meansg.x\n"
    wires += "meansr -> D.a; meansf -> D.b"
    objectives = [
        {"node": "D", "port": "y", "parameters": ["W1", "b1", "W2"], "steps": steps},
        {"node": "meansg", "port": "y", "parameters": ["G"], "rate": 0.02},
    ]
    settings = {"objectives": objectives, "turns": turns}
    return network(nodes, wires, settings=settings, **{"optimizer": "adam", "hyper": {"lr": 0.01}, "batch_size": 4, "seed": 5, **training})


def by_hand(turns: str, steps: int, count: int) -> tuple[dict[str, np.ndarray], list[float], list[float]]:
    """The same with `torch.optim` and autograd: a loop as in PyTorch's GAN tutorial."""
    start: dict[str, Any] = {
        "W1": [[0.3, -0.5, 0.8]], "b1": [0.1, 0.0, -0.2], "W2": [[0.4], [-0.3], [0.6]], "G.W": [[0.7]], "G.b": [0.2],
    }  # fmt: skip
    at = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in start.items()}
    d, g = [at["W1"], at["b1"], at["W2"]], [at["G.W"], at["G.b"]]
    optimizers = torch.optim.Adam(d, lr=0.01), torch.optim.Adam(g, lr=0.02)
    real = torch.tensor([[2.0], [2.5], [3.0], [1.5]], dtype=torch.float64)
    firsts, seconds = [], []
    for step in range(count):
        z = torch.randn(4, 1, generator=generator(5, "forward", "z", step), dtype=torch.float64)
        score = [torch.tanh(x @ at["W1"] + at["b1"]) @ at["W2"] for x in (real, z @ at["G.W"].T + at["G.b"])]
        plus = torch.nn.functional.softplus
        loss_d = plus(-score[0]).mean() + plus(score[1]).mean()
        loss_g = plus(-score[1]).mean()
        firsts.append(loss_d.item())
        seconds.append(loss_g.item())
        ours = [number for number in (0, 1) if turns == "together" or number == int(step % (steps + 1) == steps)]
        for number in ours:
            own = (d, g)[number]
            for p, gradient in zip(own, torch.autograd.grad((loss_d, loss_g)[number], own, retain_graph=True), strict=True):
                p.grad = gradient
        for number in ours:
            optimizers[number].step()
    return {name: tensor.detach().numpy() for name, tensor in at.items()}, firsts, seconds


@pytest.mark.parametrize(("turns", "steps"), [("alternating", 1), ("alternating", 3), ("together", 1)])
def test_a_gan_trains_as_a_loop_with_autograd_and_torch_optim(turns: str, steps: int) -> None:
    model = Model(gan(turns, steps))
    run = Run(model)
    run.train(max_steps=100)
    parameters, firsts, seconds = by_hand(turns, steps, 100)
    for name, tensor in model.state.parameters.items():
        expected = parameters[name.removesuffix(".value")]
        assert np.abs(tensor.numpy().reshape(expected.shape) - expected).max() < 1e-10, name
    assert np.allclose(run.curve.losses.low, firsts, rtol=0, atol=1e-10)
    assert np.allclose([point.others[0] for point in run.curve.points], seconds, rtol=0, atol=1e-10)
    assert [point.others for point in curve_of(SavedRun(RunRecord(1), point_rows(run.curve.points))).points] == [
        point.others for point in run.curve.points
    ]


def minmax(turns: str, **training: Any) -> Graph:
    """x · y, which x minimises and y maximises."""
    nodes = {"x": (W, {"value": 1.0}), "y": (W, {"value": 0.5}), "f": ("math.multiply", {})}
    objectives = [
        {"node": "f", "port": "y", "parameters": ["x"], "direction": "minimise"},
        {"node": "f", "port": "y", "parameters": ["y"], "direction": "maximise"},
    ]
    return network(nodes, "x -> f.a; y -> f.b", settings={"objectives": objectives, "turns": turns},
                   **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "steps": 400, **training})  # fmt: skip


def test_gradient_descent_ascent_on_xy_spirals_out_together_and_stays_bounded_in_turns() -> None:
    radii = {}
    for turns in ("together", "alternating"):
        model = Model(minmax(turns))
        Run(model).train(max_steps=400)
        x, y = 1.0, 0.5
        for step in range(400):
            if turns == "together":
                x, y = x - 0.1 * y, y + 0.1 * x
            elif step % 2 == 0:
                x -= 0.1 * y
            else:
                y += 0.1 * x
        ours = [float(model.state.parameters[f"{name}.value"]) for name in "xy"]
        assert np.allclose(ours, [x, y], rtol=1e-12)
        radii[turns] = math.hypot(*ours)
    assert radii["together"] == pytest.approx(math.hypot(1.0, 0.5) * 1.01**200, rel=1e-9)  # √(1 + η²) longer with every step
    assert radii["alternating"] < 1.2


@pytest.mark.parametrize("turns", ["together", "alternating"])
def test_both_look_ahead_together_and_only_the_one_that_steps_in_turns(turns: str) -> None:
    """Nesterov on x·y: ∂/∂x = y is taken at the point ahead, where y has moved too if both step together."""
    run = Run(Model(minmax(turns, optimizer="nesterov", hyper={"lr": 0.1, "momentum": 0.5, "form": "lecture"})))
    x, y, vx, vy = 1.0, 0.5, 0.0, 0.0
    for step in range(20):
        expected = rehearse(run).new
        run.train(max_steps=1)
        both = turns == "together"
        gx, gy = (y + 0.5 * vy, x + 0.5 * vx) if both else (y, x)
        if both or step % 2 == 0:
            vx = 0.5 * vx - 0.1 * gx
            x += vx
        if both or step % 2 == 1:
            vy = 0.5 * vy + 0.1 * gy
            y += vy
        state = {name: float(run.state.parameters[f"{name}.value"]) for name in "xy"}
        assert state == {"x": pytest.approx(x, rel=1e-12), "y": pytest.approx(y, rel=1e-12)}
        assert {key[0]: float(tensor) for key, tensor in expected.items()} == {key[0]: state[key[0]] for key in expected}
    assert len(run.curve.losses.low) == len([point for point in run.curve.points if point.others]) == 20


def test_the_gradient_s_limit_is_about_the_objective_whose_turn_it_is() -> None:
    x, y, steps = 1.0, 0.5, 0
    while abs(x if steps % 2 else y) > 0.05:
        x, y, steps = (x, y + 0.1 * x, steps + 1) if steps % 2 else (x - 0.1 * y, y, steps + 1)
    run = Run(Model(minmax("alternating", stop_gradient=0.05)))
    run.train()
    assert steps > 4 and run.state.step == steps and run.stopped is not None


WRAPPED = {"accumulate": 3, "clip_norm": 0.05, "lr_schedule": "exponential", "lr_schedule_hyper": {"gamma": 0.99}}


@pytest.mark.parametrize("more", [{}, WRAPPED])
def test_going_back_and_resuming_give_the_same_bits(more: dict[str, Any]) -> None:
    graph = gan("alternating", 2, **more)
    straight = Run(Model(graph))
    straight.train(max_steps=90)
    run = Run(Model(graph), new_id=iter(range(1, 9)).__next__)
    run.keep(begins=True)
    run.train(max_steps=70)
    run.go_to(37)
    run.train(max_steps=20)
    resumed = Run(Model(graph))
    resumed.restore(run.capture())
    resumed.train(max_steps=90 - resumed.state.step)
    assert not resumed.capture().diff(straight.capture())
    assert {"t", "t@2", "m.G.W", "m.W1.value"} <= resumed.capture().optimizer.keys()


def test_the_gradients_shown_are_of_the_chosen_objective_or_of_the_one_whose_turn_it_is() -> None:
    run = Run(Model(gan("alternating", 2)))
    model = run.model
    assert model.trace().objective == ("D", "y")
    model.goal = 1
    assert model.trace().objective == ("meansg", "y")
    assert isinstance(model.trace_view().gradients["meansr", "y"], Absent)  # G does not depend on it
    context = ExplainContext(model)
    assert context.program().objective == context.trace.objective
    model.goal = None
    seen = []
    for _step in range(4):
        seen.append(run.coming_trace().objective)
        assert ExplainContext(model, run, coming=True).program().objective == seen[-1]
        run.train(max_steps=1)
    assert seen == [("D", "y"), ("D", "y"), ("meansg", "y"), ("D", "y")]


def test_the_update_of_a_step_is_of_the_objective_whose_turn_it_is() -> None:
    model = Model(minmax("alternating"))
    run = Run(model)
    run.train(max_steps=1)
    made = rehearse(run)
    assert list(made.new) == [("y", "value")] and float(made.gradients["y", "value"]) == pytest.approx(-0.95)  # −∂(x·y)/∂y at x = 0.95
    with pytest.raises(Unanswerable, match="The next step is another objective's"):
        update(ExplainContext(model, run), UpdateOf("x", "value"))
    assert made.note == "This objective is maximised: g is the gradient with the opposite sign."


def test_what_cannot_be_trained_is_refused_in_words() -> None:
    graph = minmax("alternating", optimizer="lbfgs")
    with pytest.raises(RunError, match="L-BFGS evaluates the loss along its way, so it cannot train several objectives"):
        Run(Model(graph)).prepare()
    graph = minmax("alternating")
    SetParam("y", "frozen", True).apply(graph)
    with pytest.raises(RunError, match=r"Objective 2 \(f\) depends on none of the parameters that it moves"):
        Run(Model(graph)).prepare()


def test_both_objectives_optimizers_are_compared_with_torch_s() -> None:
    model = Model(gan("alternating", 2))
    answer = finished(compare(ExplainContext(model, Run(model).prepare()), CompareWithTorch(steps=9)))
    assert answer.steps == 9 and answer.largest < 1e-12


def test_what_does_not_know_several_objectives_says_so() -> None:
    model = Model(minmax("alternating"))
    with pytest.raises(ExportError, match="this graph has several"):
        export(model)
    with pytest.raises(Unanswerable, match="this document has several"):
        list(observe(ExplainContext(model, Run(model)), Observe(layers=("f",))))
    assert groups(minmax("alternating"), SweepPlan((Axis(Swept("seed"), (0, 1)),)))[0].why == "the graph has several objectives"
