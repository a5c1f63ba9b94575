"""The experiments of the lessons on learning: their numbers against torch and NumPy, and what they claim over several seeds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.figures import Figure
from engine.learned.experiment import Experiment
from engine.learned.experiment_runs import variant_of
from engine.learned.experimenting import experiment
from engine.numerics.job import finished
from engine.training.model import Model
from graph.lessons.lesson_graph import graph_at
from graph.model.graph import Graph
from tests.support.lesson_support import asked, close, open_lesson, played, step_of
from ui.lessons.figures import experiment_of

SEEDS = 3


def experiment_at(name: str, title: str) -> tuple[Graph, Experiment]:
    """The experiment of the step with this title, and the document there."""
    lesson, graph = open_lesson(name)
    step = step_of(lesson, title)
    here = graph_at(graph, lesson, step)
    action = next(action for action in lesson.steps[step].run if action.do == "figure")
    found = experiment_of(here, action)
    assert found is not None
    return here, found


def made(graph: Graph, job: Experiment, *places: int, seeds: int = SEEDS) -> Figure:
    """The answer for these variants alone, with fewer seeds: a test has less time than a class."""
    variants = tuple(job.variants[place] for place in places) if places else job.variants
    situation: Any = SimpleNamespace(graph=graph)
    figure = finished(experiment(situation, Experiment(job.place, variants, job.show, seeds, job.across)))
    assert isinstance(figure, Figure)
    return figure


def bands(figure: Figure) -> dict[str, list[tuple[float, float, float]]]:
    """(smallest, median, largest) of every line at each tick."""
    rows = zip(figure.lines, figure.bands, strict=True)
    return {line.name: list(zip(band.low, line.y, band.high, strict=True)) for line, band in rows}


def initial(graph: Graph, job: Experiment, place: int, seed: int = 0) -> Model:
    return Model(variant_of(graph, job.variants[place], seed))


def tensors(model: Model, *names: str) -> list[torch.Tensor]:
    """Copies of learned tensors, such as `hidden.W`, to be trained by torch."""
    by_name = {model.name(key): tensor for key, tensor in model.values().items()}
    return [by_name[name].detach().clone().requires_grad_() for name in names]


def part(model: Model, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    feeds = getattr(model.feeds, name)
    node = next(node for node, port in feeds if port == "x")
    return feeds[node, "x"], feeds[node, "target"]


def test_lifting_makes_the_rings_separable() -> None:
    """Over the seeds: no line is right for more than two thirds, and with z nearly all are. One run again in torch."""
    graph, job = experiment_at("lifting", "Without and with z")
    found = bands(made(graph, job))
    for name in ("training error", "test error"):
        (line_best, _, _), (_, _, lifted_worst) = found[name]
        assert line_best > 1 / 3 and lifted_worst < 0.05, name

    model = initial(graph, job, 1)
    w, b = tensors(model, "lifted.W", "lifted.b")
    descent = torch.optim.SGD([w, b], lr=1.0)
    (x, y), (x_test, y_test) = part(model, "train"), part(model, "test")

    def score(points: torch.Tensor) -> torch.Tensor:
        z = (points[:, :1] ** 2 + points[:, 1:] ** 2).sqrt()
        return (torch.cat([points, z], 1) @ w.T + b).reshape(-1)

    for _ in range(300):
        descent.zero_grad()
        torch.log(1 + torch.exp(-y.reshape(-1) * score(x))).mean().backward()
        descent.step()
    wrong = [float((score(points) * labels.reshape(-1) <= 0).double().mean()) for points, labels in ((x, y), (x_test, y_test))]
    alone = made(graph, job, 1, seeds=1)
    assert [line.y[0] for line in alone.lines] == pytest.approx(wrong)

    trained = played("lifting", step_of(open_lesson("lifting")[0], "What was learned"))
    np.testing.assert_allclose(trained.value("lifted.W"), w.detach().numpy(), rtol=1e-9)
    assert abs(w[0, 2]) > 10 * w[0, :2].abs().max()
    assert asked("lifting") == close([np.hypot(0.3, -0.4)])
