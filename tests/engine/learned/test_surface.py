"""The objective over planes: each value is one evaluation, each direction what its name says, and paths with their distance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import Curvature, Gradient, Numbers, Path, PathsJob, Random, Surface, SurfaceJob
from engine.learned.surface import frames as frames_module
from engine.learned.surface.answer import around, surface
from engine.learned.surface.paths import paths
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import output, parameter
from tests.engine.learned.test_track import by_torch, trained
from tests.support.networks import product, tanh_net


@pytest.fixture(scope="module")
def moons() -> tuple[ExplainContext, list[torch.Tensor]]:
    """2–4–2 after 30 steps, and its parameters."""
    run = Run(Model(tanh_net(epochs=30))).prepare()
    run.keep(begins=True)
    run.train(max_steps=30)
    run.history.settle()
    state = run.model.state.parameters
    return ExplainContext(run.model, run), [state[name] for name in ("hidden.W", "hidden.b", "out.W", "out.b")]


def seen(context: ExplainContext, plane: object, points: int = 9, **more: object) -> Surface:
    answer: Surface = finished(surface(context, SurfaceJob(plane, points=points, **more)))  # type: ignore[arg-type]
    return answer


def by_hand(context: ExplainContext, numbers: np.ndarray) -> float:
    """The mean cross-entropy of one network in plain torch."""
    W, b, V, c = (torch.tensor(part).reshape(shape) for part, shape in zip(
        np.split(numbers, [8, 12, 20]), ((4, 2), (4,), (2, 4), (2,)), strict=True))  # fmt: skip
    data = context.model.feeds.train
    x, target = data["data", "x"], data["data", "target"]
    scores = torch.tanh(x @ W.T + b) @ V.T + c
    return float(-torch.log_softmax(scores, 1).gather(1, target[:, None]).mean())


@pytest.mark.parametrize("plane", [Gradient(), Random(), Random(filters=True), Path(), Curvature()], ids=lambda p: repr(p))
def test_every_value_of_the_grid_is_one_evaluation(
    moons: tuple[ExplainContext, list[torch.Tensor]], plane: object
) -> None:  # fmt: skip
    context, _parameters = moons
    found = seen(context, plane)
    assert found.f.shape == (9, 9) and found.rows == 75 and found.distance == 0
    for j, i in ((0, 0), (4, 4), (2, 7), (8, 8)):
        alone = by_hand(context, found.frame.place(found.xs[i], found.ys[j]))
        assert abs(found.f[j, i] - alone) <= np.spacing(alone)  # tanh of the last few numbers of a tensor may differ in the last bit
    u, v, value = found.here
    assert value == pytest.approx(by_hand(context, found.frame.place(u, v)), rel=1e-15)
    assert value == pytest.approx(context.model.evaluate("train")["loss"], rel=1e-12)


def test_the_plane_of_two_numbers_has_both_exactly(moons: tuple[ExplainContext, list[torch.Tensor]]) -> None:
    context, parameters = moons
    plane = Numbers(parameter("hidden", "W", (1, 0)), parameter("out", "b", (1,)))
    found = seen(context, plane)
    numbers = torch.cat([p.reshape(-1) for p in parameters]).numpy().copy()
    assert found.here[:2] == (numbers[2], numbers[21])
    numbers[2], numbers[21] = found.xs[2], found.ys[6]
    assert found.f[6, 2] == pytest.approx(by_hand(context, numbers), rel=1e-15)
    scalars = Model(product())
    inputs = Numbers(output("x", "y", ()), output("z", "y", ()))
    grid = finished(surface(ExplainContext(scalars, None), SurfaceJob(inputs, (-1, 1, 0, 4), 5)))
    assert (grid.f == grid.xs * -5.0 + grid.ys[:, None]).all()  # to the last bit
    assert grid.names == ("x", "z")
    with pytest.raises(Unanswerable):
        seen(context, Numbers(plane.x, output("gone", "y", ())))


def test_directions_are_what_their_names_say(
    moons: tuple[ExplainContext, list[torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    context, parameters = moons
    numbers = torch.cat([p.reshape(-1) for p in parameters]).requires_grad_()

    shapes = ((4, 2), (4,), (2, 4), (2,))

    def loss(flat: torch.Tensor) -> torch.Tensor:
        W, b, V, c = (part.reshape(shape) for part, shape in zip(torch.split(flat, [8, 4, 8, 2]), shapes, strict=True))
        data = context.model.feeds.train
        scores = torch.tanh(data["data", "x"] @ W.T + b) @ V.T + c
        return torch.nn.functional.cross_entropy(scores, data["data", "target"])

    (slope,) = torch.autograd.grad(loss(numbers), numbers)
    hessian = torch.func.hessian(loss)(numbers.detach()).numpy()
    values, vectors = np.linalg.eigh(hessian)
    down = -slope.numpy() / float(slope.norm())
    for plane in (Gradient(), Gradient(curved=True)):
        frame = seen(context, plane, 2).frame
        assert frame.across == pytest.approx(down, abs=1e-10) and abs(frame.across @ frame.up) < 1e-12
    rest = vectors[:, -1] - (vectors[:, -1] @ down) * down
    assert abs(frame.up @ rest) / np.linalg.norm(rest) == pytest.approx(1, abs=1e-9)
    found = seen(context, Curvature(), 2)
    assert found.eigenvalues == pytest.approx((values[-1], values[-2]), rel=1e-9)
    assert abs(found.frame.across @ vectors[:, -1]) == pytest.approx(1) == abs(found.frame.up @ vectors[:, -2])
    with monkeypatch.context() as patched:  # by products alone, as where there are too many numbers for the whole Hessian
        patched.setattr(frames_module, "EXACT", 4)
        found = seen(context, Curvature(), 2)
        assert found.eigenvalues == pytest.approx((values[-1], values[-2]), rel=1e-6)
        assert abs(found.frame.across @ vectors[:, -1]) == pytest.approx(1) == abs(found.frame.up @ vectors[:, -2])
        assert abs(found.frame.across @ found.frame.up) < 1e-12
    first, second = (seen(context, Random(seed=seed), 2).frame for seed in (0, 1))
    assert abs(first.across @ second.across) < 0.9 and first.across @ first.up == pytest.approx(0, abs=1e-12)
    filters = seen(context, Random(filters=True), 2).frame
    for at, weights in ((slice(0, 2), parameters[0][0]), (slice(6, 8), parameters[0][3]), (slice(8, 12), parameters[1]),
                        (slice(16, 20), parameters[2][1])):  # fmt: skip
        assert np.linalg.norm(filters.up[at]) == pytest.approx(float(weights.norm()))


def test_a_plane_that_was_found_stays_while_the_network_moves_on(moons: tuple[ExplainContext, list[torch.Tensor]]) -> None:
    context, parameters = moons
    found = seen(context, Random(), 3)
    before = parameters[0].clone()
    parameters[0] += 0.1
    try:
        later = seen(context, Random(), 3, frame=found.frame, box=found.box)
    finally:
        parameters[0].copy_(before)
    gone = np.zeros(22)
    gone[:8] = 0.1
    u, v = gone @ found.frame.across, gone @ found.frame.up
    assert later.here[:2] == pytest.approx((u, v)) and later.distance == pytest.approx(np.sqrt(0.08 - u**2 - v**2))
    assert (later.f == found.f).all() and later.frame is found.frame


def test_the_path_is_the_run_in_the_plane() -> None:
    context, (x, y) = trained("saddle", 40, optimizer="adam", hyper={"lr": 0.01})
    theta, _slopes, _optimizer = by_torch(lambda p: torch.optim.Adam(p, lr=0.01), 40)
    way = finished(paths(context, PathsJob(Numbers(x, y)))).own
    assert way.at == pytest.approx(theta, rel=1e-12) and way.steps == tuple(range(41)) and way.whole and not way.distance.any()
    found = seen(context, Path(), 5)
    gone = theta - theta[-1]
    _u, sizes, right = np.linalg.svd(gone, full_matrices=False)
    assert abs(found.frame.across @ right[0]) == pytest.approx(1) and found.shares == pytest.approx(sizes**2 / (sizes**2).sum())
    seen_there = finished(paths(context, PathsJob(Path(), frame=found.frame))).own
    assert seen_there.at @ np.stack([found.frame.across, found.frame.up]) == pytest.approx(gone, abs=1e-12)


def test_other_weights_take_a_run_out_of_the_plane_of_two(moons: tuple[ExplainContext, list[torch.Tensor]]) -> None:
    context, parameters = moons
    way = finished(paths(context, PathsJob(Numbers(parameter("hidden", "W", (0, 0)), parameter("hidden", "W", (0, 1)))))).own
    assert way.distance[-1] == 0 and way.at[-1] == pytest.approx(parameters[0][0].numpy())
    start = Model(context.graph).state.parameters
    moved = torch.cat(
        [(start[name] - now).reshape(-1) for name, now in zip(("hidden.W", "hidden.b", "out.W", "out.b"), parameters, strict=True)]
    )
    assert way.distance[0] == pytest.approx(float(moved[2:].norm()))
    with pytest.raises(Unanswerable, match="not trained"):
        finished(paths(context, PathsJob(Numbers(output("data", "x", ()), parameter("hidden", "W", (0, 1))))))


def test_branches_and_rivals_are_shown_at_the_states_that_are_kept() -> None:
    context, (x, y) = trained("saddle", 20)
    run = context.run
    assert run is not None
    first = run.id
    run.history.go_to(5)
    run.training = {**run.training, "hyper": {"lr": 0.001}}
    run.keep(single=True)
    run.train(max_steps=3)
    run.history.settle()
    seen_now = finished(paths(context, PathsJob(Numbers(x, y))))
    assert run.id != first and [path.run for path in seen_now.others] == [first] and seen_now.own.run == run.id
    other = seen_now.others[0]
    theta, _slopes, _optimizer = by_torch(lambda p: torch.optim.SGD(p, lr=0.03), 20)
    assert other.steps[0] == 0 and other.steps[-1] == 20 and other.at == pytest.approx(theta[list(other.steps)], rel=1e-12)


@pytest.mark.parametrize("number", [0.0, float("nan")])
def test_without_a_length_of_the_weights_there_are_no_filter_normalised_directions(number: float) -> None:
    model = Model(tanh_net())
    for tensor in model.state.parameters.values():
        tensor.fill_(number)
    with pytest.raises(Unanswerable, match="need their lengths"):
        seen(ExplainContext(model), Random(filters=True))


def test_a_plane_around_the_largest_numbers_has_a_finite_width() -> None:
    low_x, high_x, low_y, high_y = around(1.7e308, -1.0)
    assert np.isfinite(np.linspace(low_x, high_x, 5)).all() and high_x - low_x > 1e307
    assert (low_y, high_y) == (-2.5, 0.5)
