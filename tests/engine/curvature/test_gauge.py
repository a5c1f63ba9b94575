"""The stability gauge against NumPy, and against quadratics by hand."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import astuple

import numpy as np
import pytest
import torch
from torch import nn

from engine.curvature.gauge import Gauge, GaugeReading
from engine.curvature.gauge.answer import gauge
from engine.curvature.largest import Largest, begun, largest
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.numerics.job import finished
from engine.training.curve import Curve, Point, curve_of, point_rows
from engine.training.model import Model
from engine.training.run import Run
from graph.model.faults import Fault, plant
from graph.model.graph import Graph
from graph.model.run_record import RunRecord
from graph.storage.saved_run import SavedRun
from tests.support.networks import network, product, tanh_net

A, B = 10.0, 1.0
"""Curvatures of the quadratic f = (A x² + B y²)/2."""


def bowl(optimizer: str = "sgd", **hyper: float) -> Graph:
    """At (1, 1)."""
    nodes = {
        "x": ("parameter.parameter", {"value": 1.0}), "y": ("parameter.parameter", {"value": 1.0}),
        "x2": ("math.square", {}), "y2": ("math.square", {}), "a": ("source.constant", {"value": A / 2}),
        "b": ("source.constant", {"value": B / 2}), "ax": ("math.multiply", {}), "by": ("math.multiply", {}), "f": ("math.add", {}),
    }  # fmt: skip
    wires = "x -> x2.x; y -> y2.x; a -> ax.a; x2 -> ax.b; b -> by.a; y2 -> by.b; ax -> f.a; by -> f.b"
    return network(nodes, wires, optimizer=optimizer, hyper=hyper, steps=400)


def reading(run: Run, live: bool = False) -> GaugeReading:
    answer = finished(gauge(ExplainContext(run.model, run, training=live), Gauge(3, 4, run.id)))
    assert isinstance(answer, GaugeReading)
    return answer


def ended(search: Generator[None, None, Largest]) -> Largest:
    try:
        while True:
            next(search)
    except StopIteration as end:
        found: Largest = end.value
        return found


def trained(graph: Graph, steps: int = 0) -> Run:
    run = Run(Model(graph)).prepare()
    if steps:
        run.train(max_steps=steps)
    return run


def hessian(run: Run) -> np.ndarray:
    """Of the loss over all training samples, by torch alone."""
    state = run.model.state.parameters
    x, y = run.model.feeds.train["data", "x"], run.model.feeds.train["data", "target"]

    def loss(flat: torch.Tensor) -> torch.Tensor:
        w1, b1, w2, b2 = torch.split(flat, [8, 4, 8, 2])
        hidden = torch.tanh(x @ w1.view(4, 2).T + b1)
        return nn.functional.cross_entropy(hidden @ w2.view(2, 4).T + b2, y)

    flat = torch.cat([state[name].reshape(-1) for name in ("hidden.W", "hidden.b", "out.W", "out.b")])
    return torch.autograd.functional.hessian(loss, flat).numpy()


def test_the_largest_eigenvalue_is_numpys() -> None:
    run = trained(tanh_net(), 40)
    found = reading(run)
    assert found.sharpness == pytest.approx(np.linalg.eigvalsh(hessian(run))[-1], rel=1e-9)
    assert (found.rows, found.of, found.whole, found.structure, found.revision, found.step) == (75, 75, False, 3, 4, 40)
    run.train(max_steps=3)
    followed = reading(run, live=True)  # from the eigenvector of before
    truth = np.linalg.eigvalsh(hessian(run))[-1]
    assert followed.sharpness == pytest.approx(truth, rel=1e-4)
    assert followed.sharpness <= truth + 1e-12
    assert followed.products <= 8


def test_it_is_the_largest_one_and_not_the_largest_in_size() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    matrix = torch.as_tensor(basis @ np.diag(np.linspace(-50.0, 3.0, 40)) @ basis.T)
    found = ended(largest(lambda v: matrix @ v, begun(None, 40, 1), 1e-9, 1, 100))
    assert found.value == pytest.approx(np.linalg.eigvalsh(matrix.numpy())[-1], abs=1e-9)
    assert float((matrix @ found.vector - 3.0 * found.vector).norm()) < 1e-6
    other = ended(largest(lambda v: matrix @ v, begun(torch.as_tensor(basis[:, 5]), 40, 2), 1e-9, 4, 100))
    assert other.value == pytest.approx(3.0, abs=1e-9)  # begun at an eigenvector of another eigenvalue
    down = torch.diag(torch.tensor([-1.0, 1e-17, -0.5], dtype=torch.float64))
    assert ended(largest(lambda v: down @ v, begun(None, 3, 0), 1e-9, 1, 9)).value == 0  # no more than round-off
    assert ended(largest(lambda v: 0 * v, begun(None, 3, 0), 1e-9, 1, 9)).value == 0
    assert math.isnan(ended(largest(lambda v: math.nan * v, begun(None, 3, 0), 1e-9, 1, 9)).value)


def test_of_a_step_of_gradient_descent_the_second_order_model_is_exact_on_a_quadratic_and_the_lemma_its_formula() -> None:
    rate = 0.15
    found = reading(trained(bowl(lr=rate)))
    x = np.array([1.0, 1.0])
    gradient = np.array([A, B]) * x
    after = x - rate * gradient
    change = (A * after[0] ** 2 + B * after[1] ** 2) / 2 - (A + B) / 2
    assert found.sharpness == pytest.approx(A, rel=1e-12)
    assert found.forecast.achieved == pytest.approx(change, rel=1e-12)
    assert found.forecast.model == pytest.approx(change, rel=1e-12)
    assert found.forecast.lemma == pytest.approx(-rate * (1 - rate * A / 2) * gradient @ gradient, rel=1e-12)
    assert found.edge is not None
    assert (found.edge.limit, found.edge.rate) == (pytest.approx(2 / rate), pytest.approx(2 / A))


@pytest.mark.parametrize(
    ("optimizer", "hyper"),
    [("sgd", {}), ("sgd", {"weight_decay": 1.0}), ("momentum", {"momentum": 0.9}), ("momentum", {"momentum": 0.9, "dampening": 0.5}),
     ("momentum", {"momentum": 0.9, "form": "lecture"}), ("nesterov", {"momentum": 0.9})],
)  # fmt: skip
def test_steps_shrink_just_below_the_limit_and_grow_just_above_it(optimizer: str, hyper: dict[str, float]) -> None:
    edge = reading(trained(bowl(optimizer, lr=0.01, **hyper))).edge
    assert edge is not None
    assert edge.rate is not None
    assert edge.curvature < edge.limit
    sizes = []
    for share in (0.99, 1.01):
        run = trained(bowl(optimizer, lr=share * edge.rate, **hyper), 400)
        sizes.append(abs(float(run.model.state.parameters["x.value"])))
    assert sizes[0] < 0.5
    assert sizes[1] > 2


def test_of_adam_it_is_the_curvature_divided_by_what_the_step_divides_by() -> None:
    """The preconditioner of Cohen et al. 2022: P = (1 − β₁ᵗ) diag(√(ν/(1 − β₂ᵗ)) + ε), by hand; the limit is 38/η."""
    run = trained(tanh_net(optimizer="adam", hyper={"lr": 0.01}, batch_size=None, epochs=40), 20)
    found, now = reading(run), hessian(run)
    assert found.edge is not None
    run.train(max_steps=1)
    memory = run.steps.remembered()
    nu = torch.cat([memory[f"r.{name}"].reshape(-1) for name in ("hidden.W", "hidden.b", "out.W", "out.b")]).numpy()
    divisors = (1 - 0.9**21) * (np.sqrt(nu / (1 - 0.999**21)) + 1e-8)
    truth = np.linalg.eigvals(now / divisors[:, None]).real.max()
    assert found.edge.preconditioned
    assert found.edge.curvature == pytest.approx(truth, rel=1e-6)
    assert found.edge.limit == pytest.approx(38 / 0.01)
    assert found.edge.rate == pytest.approx(38 / truth, rel=1e-6)


@pytest.mark.parametrize(
    ("training", "why"),
    [({"optimizer": "lbfgs", "batch_size": None}, "No exact limit"), ({"clip_norm": 1.0}, "clipped"),
     ({"optimizer": "adamw"}, "weight decay"), ({"accumulate": 2}, "added up")],
)  # fmt: skip
def test_where_nothing_exact_is_known_it_says_so(training: dict[str, object], why: str) -> None:
    found = reading(trained(tanh_net(**{"hyper": {}, **training})))
    assert found.edge is None
    assert why in found.no_edge


def test_a_planted_fault_has_no_limit_and_is_not_given_away() -> None:
    graph = tanh_net(hyper={})
    plant(Fault("sign", "tanh")).apply(graph)
    found = reading(trained(graph))
    assert found.edge is None and found.no_edge == "No exact limit is known for these steps."


def test_the_reading_changes_nothing_that_training_depends_on() -> None:
    alone, watched = trained(tanh_net(), 5), trained(tanh_net(), 5)
    reading(watched, live=True)
    for run in (alone, watched):
        run.train(max_steps=20)
    assert all(torch.equal(a, watched.model.state.parameters[name]) for name, a in alone.model.state.parameters.items())


def test_what_has_no_step_has_no_reading() -> None:
    with pytest.raises(Unanswerable, match="nothing to train"):
        reading(Run(Model(product())))


def test_what_was_measured_is_kept_with_the_run_and_in_its_file() -> None:
    model = Model(tanh_net())
    start = finished(gauge(ExplainContext(model), Gauge(3, 4, 7)))  # before there is a run
    run = Run(model, id=7).prepare()
    run.train(max_steps=3)
    later = reading(run)
    run.train(max_steps=40)
    points = {point.step: point for point in run.curve.points}
    for found in (start, later):
        assert points[found.step].sharpness == found.sharpness
        assert points[found.step].stability_limit == 4.0
        assert points[found.step].preconditioned_sharpness is None
    assert points[3].loss is not None
    again = curve_of(SavedRun(RunRecord(7), point_rows(run.curve.points)))
    assert again.points == run.curve.points


def test_notes_about_earlier_steps_are_told_and_outlast_thinning() -> None:
    curve, told = Curve(limit=40), list[Point]()
    for step in range(0, 200, 10):
        curve.add(step + 1, [float(i) for i in range(step + 1, step + 11)])
        curve.note(step + 4, sharpness=1.0 + step)  # a few steps behind, as training has gone on
        first, more = curve.tell(len(told))
        told[first:] = more
        assert told == curve.points
    kept = [point for point in told if point.sharpness is not None]
    assert all(point.sharpness == point.step - 3 and point.loss == point.step for point in kept)
    assert len(kept) == 20
    assert [point.step for point in told] == sorted({point.step for point in told})


def test_at_rest_the_step_that_led_here_is_looked_at_once_more() -> None:
    run = Run(Model(bowl(lr=0.15)), id=1).prepare()
    run.keep(single=True, begins=True)
    before = reading(run)
    run.train(max_steps=1)
    run.history.settle()
    after = reading(run)
    assert before.made is None
    assert after.made is not None
    assert astuple(after.made) == pytest.approx(astuple(before.forecast), rel=1e-12)
    assert reading(run, live=True).made is None
