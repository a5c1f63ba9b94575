"""Runs made again step by step: their path, what the optimizer held, the objective around it, and five optimizers in one frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.compile.views import ArrayView
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import Numbers, SurfaceJob
from engine.learned.surface.answer import surface
from engine.learned.track import Track, TrackJob, WeightStateJob
from engine.learned.track.answer import track
from engine.learned.track.states import weight_state
from engine.learned.uniform_frame import UniformFrameJob
from engine.learned.uniform_frame.answer import uniform_frame
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address
from graph.model.trained_numbers import first_numbers
from graph.storage.files import load

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


def trained(name: str, steps: int, **training: Any) -> tuple[ExplainContext, tuple[Address, Address]]:
    model = Model(load(EXAMPLES / f"{name}.gradwire", CATALOG))
    run = Run(model, training={**model.graph.training, **training}).prepare()
    run.keep(begins=True)
    run.train(max_steps=steps)
    run.history.settle()
    shapes = {key: model.state.parameters[".".join(key)].shape for key in model.program(training=True).trainable_keys}
    x, y = first_numbers(shapes)
    return ExplainContext(model, run), (x, y)


def saddle(theta: torch.Tensor) -> torch.Tensor:
    return (1 - theta[1] * theta[0]) ** 2


def by_torch(make: Any, steps: int) -> tuple[np.ndarray[Any, Any], list[torch.Tensor], torch.optim.Optimizer]:
    theta = torch.tensor([0.2, 5.01], dtype=torch.float64, requires_grad=True)
    optimizer, path, slopes = make([theta]), [theta.detach().clone()], []
    for _ in range(steps):
        optimizer.zero_grad()
        saddle(theta).backward()
        slopes.append(theta.grad.detach().clone())
        optimizer.step()
        path.append(theta.detach().clone())
    return torch.stack(path).numpy(), slopes, optimizer


def test_the_path_and_the_state_are_those_of_torch() -> None:
    context, places = trained("saddle", 70, optimizer="adam", hyper={"lr": 0.01})
    made: Track = finished(track(context, TrackJob(places)))
    path, slopes, adam = by_torch(lambda p: torch.optim.Adam(p, lr=0.01), 70)
    assert made.names == ("w1", "w2")
    assert made.from_start and np.abs(made.theta - path).max() < 1e-12
    assert np.abs(made.gradient - torch.stack(slopes).numpy()).max() < 1e-12
    (state,) = adam.state.values()
    r_hat = state["exp_avg_sq"].numpy() / (1 - 0.999**70)
    assert made.rate[-1] == pytest.approx(0.01 * 0.1 / (1 - 0.9**70) / (np.sqrt(r_hat) + 1e-8), rel=1e-10)
    assert made.velocity[-1] == pytest.approx(path[-1] - path[-2], rel=1e-9)
    for step in (0, 1, 40, 69):
        gradient, carried, rest = made.parts(step)
        assert gradient + carried == pytest.approx(path[step + 1] - path[step], rel=1e-9, abs=1e-15)
        assert not rest.any()
    for quantity, wanted in (("squares", made.squares[-1]), ("rate", made.rate[-1]), ("velocity", made.velocity[-1])):
        shown = finished(weight_state(context, WeightStateJob(quantity)))  # type: ignore[arg-type]
        views: list[ArrayView] = [view for _key, view in shown.tensors]
        assert [view.scalar for view in views] == pytest.approx(list(wanted), rel=1e-10)
    coming = finished(weight_state(context, WeightStateJob("momentum")))
    step = finished(weight_state(context, WeightStateJob("step")))
    (further, steeper, later) = by_torch(lambda p: torch.optim.Adam(p, lr=0.01), 71)
    after = next(iter(later.state.values()))["exp_avg_sq"].numpy() / (1 - 0.999**71)
    rate = 0.01 * 0.1 / (1 - 0.9**71) / (np.sqrt(after) + 1e-8)
    assert [view.scalar for _key, view in step.tensors] == pytest.approx(list(further[-1] - further[-2]), rel=1e-8)
    assert [view.scalar for _key, view in step.parts] == pytest.approx(list(-rate * steeper[-1].numpy()), rel=1e-8)
    share = 0.9 * (1 - 0.9**70) / (1 - 0.9**71) * (np.sqrt(r_hat) + 1e-8) / (np.sqrt(after) + 1e-8)
    assert [view.scalar for _key, view in coming.tensors] == pytest.approx(list(share), rel=1e-9)


def test_a_run_with_mini_batches_and_other_settings_half_way_is_made_again_exactly() -> None:
    context, places = trained("xor", 40, optimizer="momentum", hyper={"lr": 0.1, "momentum": 0.8}, batch_size=32, clip_norm=0.05)
    run = context.run
    assert run is not None
    run.configure({**run.training, "optimizer": "rmsprop", "hyper": {"lr": 0.01}})
    run.keep(begins=True)
    run.train(max_steps=30)
    run.history.settle()
    made: Track = finished(track(context, TrackJob(places)))
    assert made.theta.shape == (71, 2) and made.optimizer == "RMSProp"
    present = [float(context.model.state.parameters[f"{p.id}.{p.port}"][p.index]) for p in places]
    assert list(made.theta[-1]) == present
    assert np.isnan(made.velocity[-1]).all() and (made.momentum[39] == 0.8).all() and (made.momentum[-1] == 0).all()
    context.model.state.parameters[f"{places[0].id}.{places[0].port}"][0, 0] += 1.0
    run.history.uproot()
    with pytest.raises(Unanswerable, match="led to the present values"):
        finished(track(context, TrackJob(places)))


def test_what_an_optimizer_does_not_hold_is_said() -> None:
    context, _places = trained("saddle", 3, optimizer="sgd", hyper={"lr": 0.01})
    for quantity, words in (("velocity", "no velocity"), ("squares", "no squares")):
        answer = finished(weight_state(context, WeightStateJob(quantity)))  # type: ignore[arg-type]
        assert words in answer.why and not answer.tensors
    fresh = ExplainContext(context.model)
    fresh.model.reset()
    assert "No step" in finished(weight_state(fresh, WeightStateJob("rate"))).why


def test_the_surface_is_the_objective() -> None:
    context, (x, y) = trained("saddle", 0)
    seen = finished(surface(context, SurfaceJob(Numbers(x, y), (-2.0, 1.0, -1.0, 3.0), 31)))
    across, up = np.meshgrid(np.linspace(-2, 1, 31), np.linspace(-1, 3, 31))
    assert seen.f == pytest.approx((1 - across * up) ** 2, rel=1e-12, abs=1e-14)
    assert seen.here == pytest.approx((0.2, 5.01, (1 - 0.2 * 5.01) ** 2)) and seen.names == ("w1", "w2") and seen.rows == 0


def test_the_surface_of_a_network_is_its_loss_over_all_training_samples() -> None:
    context, (x, y) = trained("xor", 5)
    seen = finished(surface(context, SurfaceJob(Numbers(x, y), points=5)))
    weights = context.model.state.parameters[f"{x.id}.{x.port}"]
    assert x.index is not None and y.index is not None and seen.rows == context.model.feeds.rows["train"]
    weights[x.index], weights[y.index] = float(seen.xs[3]), float(seen.ys[1])
    assert seen.f[1, 3] == pytest.approx(context.model.evaluate("train")["loss"], rel=1e-12)


def test_five_columns_each_checked_against_the_step_that_was_made() -> None:
    context, (x, _y) = trained("saddle", 40, optimizer="adam", hyper={"lr": 0.01})
    table = finished(uniform_frame(context, UniformFrameJob(x)))
    assert [(column.key, column.live) for column in table.columns] == [
        ("sgd", False), ("momentum", False), ("adagrad", False), ("rmsprop", False), ("adam", True)
    ]  # fmt: skip
    assert max(column.difference for column in table.columns) < 1e-13
    path, slopes, _ = by_torch(lambda p: torch.optim.Adam(p, lr=0.01), 40)
    adam = table.columns[-1]
    assert (adam.old, adam.new) == pytest.approx((path[-2, 0], path[-1, 0]), rel=1e-12)
    d = [float(slope[0]) ** 2 for slope in slopes]
    exact = sum(0.001 * 0.999 ** (39 - i) * square for i, square in enumerate(d)) / (1 - 0.999**40)
    assert adam.square == pytest.approx(exact, rel=1e-9) and table.averages[-1, 0] == pytest.approx(exact, rel=1e-9)
    assert table.columns[2].square == pytest.approx(sum(d), rel=1e-12)
    second = 0.999 / (1 - 0.999**2) * d[0] + 0.001 / (1 - 0.999**2) * d[1]  # as it is printed, with G₁ = D₁ in it
    assert table.averages[1, 1] == pytest.approx(second, rel=1e-12) and table.averages[0, 0] == pytest.approx(table.averages[0, 1])
    assert table.grows_until == 6904
