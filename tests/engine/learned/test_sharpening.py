"""λmax along a run, made again: against NumPy on the states that the run itself had."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.sharpening import Sharpened, Sharpening, missing, places, spacing
from engine.learned.sharpening import answer as answering
from engine.learned.sharpening.answer import sharpening
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from tests.support.networks import tanh_net

NAMES = ("hidden.W", "hidden.b", "out.W", "out.b")


def trained(steps: int, **training: Any) -> Run:
    run = Run(Model(tanh_net(**training)), id=7).prepare()
    run.keep(begins=True)
    if steps:
        run.train(max_steps=steps)
        run.history.settle()
    return run


def filled(run: Run) -> Sharpened:
    answer = finished(sharpening(ExplainContext(run.model, run), Sharpening(1, 2, run.id)))
    assert isinstance(answer, Sharpened)
    return answer


def known(run: Run) -> dict[int, float]:
    return {point.step: point.sharpness for point in run.curve.points if point.sharpness is not None}


def hessian(run: Run, flat: torch.Tensor) -> np.ndarray:
    """Of the loss over all training samples, by torch alone."""
    x, y = run.model.feeds.train["data", "x"], run.model.feeds.train["data", "target"]

    def loss(flat: torch.Tensor) -> torch.Tensor:
        w1, b1, w2, b2 = torch.split(flat, [8, 4, 8, 2])
        hidden = torch.tanh(x @ w1.view(4, 2).T + b1)
        return nn.functional.cross_entropy(hidden @ w2.view(2, 4).T + b2, y)

    return torch.autograd.functional.hessian(loss, flat).numpy()


def path(steps: int, **training: Any) -> list[torch.Tensor]:
    """The parameters after each step of the same run, made by training one step at a time."""
    run = trained(0, **training)
    found = []
    for step in range(steps + 1):
        found.append(torch.cat([run.model.state.parameters[name].reshape(-1) for name in NAMES]).clone())
        if step < steps:
            run.train(max_steps=1)
    return found


def test_places_are_evenly_spaced_and_stay_when_the_run_goes_on() -> None:
    assert places(4) == [0, 1, 2, 3]
    assert places(120) == [0, 1, 2, *range(5, 120, 5)]
    assert (spacing(9000), len(places(9000)), places(9000)[:9]) == (200, 52, [0, 1, 2, 5, 10, 20, 50, 100, 200])
    assert max(len(places(last)) for last in (1, 50, 51, 1999, 50_000, 10**7)) <= 70
    assert missing(9000, places(9000)) == []
    assert missing(9000, [0, 1, 2, 5, 10, 20, 50, 100, *range(266, 9100, 200)]) == []  # near enough: a third of 200
    assert missing(900, [0, 1, 2, 5, 10, *range(20, 840, 20)]) == [840, 860, 880]  # only what came since


def test_it_is_numpys_largest_eigenvalue_at_each_place_and_is_measured_once() -> None:
    settings: dict[str, Any] = {"hyper": {"lr": 0.2}, "batch_size": 20}
    run = trained(80, **settings)
    before = {name: tensor.clone() for name, tensor in run.model.state.parameters.items()}
    run.curve.note(40, sharpness=123.0)  # known already: it stays
    answer = filled(run)
    assert (answer.run, answer.step, answer.known, answer.places, answer.left, answer.why) == (7, 80, 41, 41, 0, "")
    noted, thetas = known(run), path(80, **settings)
    assert list(noted) == places(80)
    assert noted.pop(40) == 123.0
    for step, value in list(noted.items())[::5]:
        assert value == pytest.approx(np.linalg.eigvalsh(hessian(run, thetas[step]))[-1], rel=1e-6), step
    assert {point.stability_limit for point in run.curve.points if point.step in noted} == {2 / 0.2}
    assert all(torch.equal(tensor, run.model.state.parameters[name]) for name, tensor in before.items())
    points = run.curve.points
    assert filled(run).known == 41
    assert run.curve.points == points


def test_the_limit_is_that_of_the_settings_of_each_step_and_of_adam_the_divided_curvature_too() -> None:
    settings: dict[str, Any] = {"optimizer": "adam", "hyper": {"lr": 0.01}, "batch_size": None, "epochs": 100}
    run = trained(20, **settings)
    run.configure({**run.training, "hyper": {"lr": 0.02}})
    run.keep(begins=True)
    run.train(max_steps=10)
    run.history.settle()
    filled(run)
    limits = {point.step: point.stability_limit for point in run.curve.points if point.sharpness is not None}
    assert limits[5] == pytest.approx(38 / 0.01)
    assert limits[19] == pytest.approx(38 / 0.01)
    assert limits[20] == pytest.approx(38 / 0.02)  # the coming step's
    again = trained(11, **settings)
    memory = again.steps.remembered()
    nu = torch.cat([memory[f"r.{name}"].reshape(-1) for name in NAMES]).numpy()
    divisors = (1 - 0.9**11) * (np.sqrt(nu / (1 - 0.999**11)) + 1e-8)
    truth = np.linalg.eigvals(hessian(run, path(10, **settings)[10]) / divisors[:, None]).real.max()
    point = next(point for point in run.curve.points if point.step == 10)
    assert point.preconditioned_sharpness == pytest.approx(truth, rel=1e-6)


def test_it_gives_way_when_the_run_goes_on_or_another_is_chosen() -> None:
    run = trained(60)
    work = sharpening(ExplainContext(run.model, run), Sharpening(1, 2, run.id))
    for _turn in range(40):
        next(work)
    run.train(max_steps=1)
    count = len(known(run))
    assert 0 < count < len(places(60))
    assert finished(work).left > 0
    assert len(known(run)) == count


def test_without_time_the_readings_are_spread_over_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(60)
    clock = iter(range(10**9))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))  # every look at the clock takes a second
    monkeypatch.setattr(answering, "SECONDS", 220.0)
    answer = filled(run)
    assert 3 < answer.known < answer.places == 31
    assert answer.left == answer.places - answer.known
    assert max(known(run)) > 40
    monkeypatch.undo()
    assert filled(run).left == 0


def test_where_the_steps_cannot_be_made_again_it_says_so() -> None:
    run = trained(30)
    run.history.uproot()  # a weight was changed by hand
    with pytest.raises(Unanswerable, match="No training step led"):
        filled(run)
