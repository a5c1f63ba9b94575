"""The figures of the lesson on the inside of Adam: one step of ½θ² from θ = 2, by torch and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.explain.inside.derive import structure
from engine.explain.inside.rule import same_rule
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from tests.support.lesson_support import open_lesson, played, step_of

NAME = "inside-adam"


def stepped(rate: float) -> float:
    """θ after the first step of torch's Adam."""
    theta = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([theta], lr=rate)
    (theta**2 / 2).backward()
    optimizer.step()
    return float(theta.detach())


def shown(title: str, text: str) -> float:
    lesson, _graph = open_lesson(NAME)
    number = step_of(lesson, title)
    question = next(q for q in lesson.steps[number].ask if text in q.text)
    return played(NAME, number).answer(question)


def test_the_graph_of_the_lesson_is_the_one_that_the_window_opens() -> None:
    _lesson, graph = open_lesson(NAME)
    assert same_rule(graph, structure(OPTIMIZERS["adam"], OPTIMIZERS["adam"].with_defaults({}), CATALOG))


def test_every_number_of_the_first_step() -> None:
    assert shown("A step is a computation", "momentum") == pytest.approx(0.1 * 2, rel=1e-12)
    assert shown("The squares", "r⁺") == pytest.approx(0.001 * 4, rel=1e-12)
    assert shown("The power t", "m̂") == pytest.approx(2, rel=1e-12)
    assert shown("The power t", "r̂") == pytest.approx(4, rel=1e-12)
    assert shown("The step", "How far") == pytest.approx(stepped(0.1) - 2, rel=1e-12)


def test_the_gradient_of_the_learning_rate_is_that_of_the_loss_after_the_step() -> None:
    h = 1e-5
    difference = (stepped(0.1 + h) ** 2 - stepped(0.1 - h) ** 2) / 2 / (2 * h)
    assert shown("The gradient of the learning rate", "arrives at η") == pytest.approx(difference, rel=1e-6)
    assert difference == pytest.approx(-1.9, rel=1e-6)
    assert shown("Is it true?", "straight line") == pytest.approx(stepped(0.1) ** 2 / 2 + difference * 0.1, rel=1e-6)
    assert stepped(0.2) ** 2 / 2 == pytest.approx(1.62, abs=1e-6)


def test_without_the_correction_the_first_step_goes_three_times_as_far() -> None:
    first = -0.1 * 0.2 / (np.sqrt(0.004) + 1e-8)
    assert shown("Without the correction", "How far") == pytest.approx(first, rel=1e-9)
    assert first / (stepped(0.1) - 2) == pytest.approx(np.sqrt(10), rel=1e-6)
