"""The figures of the lessons on AdaGrad and on the frame of five optimizers: against torch's own and by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from engine.explain.context import ExplainContext
from engine.learned.track import WeightStateJob
from engine.learned.track.states import weight_state
from engine.learned.uniform_frame import UniformFrameJob
from engine.learned.uniform_frame.answer import uniform_frame
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.lessons.lesson_graph import graph_at
from graph.model.address import Address
from tests.support.lesson_support import open_lesson, played, step_of


def run_at(name: str, title: str) -> ExplainContext:
    """A step of a lesson after its training."""
    lesson, graph = open_lesson(name)
    number = step_of(lesson, title)
    model = Model(graph_at(graph, lesson, number))
    run = Run(model).prepare()
    run.keep(begins=True)
    run.train(max_steps=next(action.args["steps"] for action in lesson.steps[number].run if action.do == "train"))
    run.history.settle()
    return ExplainContext(model, run)


def numbers(name: str, title: str) -> list[float]:
    lesson, _graph = open_lesson(name)
    return [question.expected for question in lesson.steps[step_of(lesson, title)].ask if question.expected is not None]


def by_torch(optimizer: Any, steps: int, **settings: float) -> list[float]:
    w = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    rule, path = optimizer([w], **settings), [3.0]
    for _ in range(steps):
        rule.zero_grad()
        (w * w).backward()
        rule.step()
        path.append(float(w.detach()))
    return path


def test_the_rates_of_adagrad_are_shown_on_the_weights() -> None:
    for title, times in (("After two steps", 1), ("Rates that only fall", 100)):
        rates = finished(weight_state(run_at("adagrad", title), WeightStateJob("rate"))).tensors[0][1].data
        assert rates == pytest.approx([1 / math.sqrt(times * 0.05), 1 / math.sqrt(times * 500)], rel=1e-9)
    roots = numbers("adagrad", "After two steps")
    assert roots == pytest.approx([math.sqrt(0.05), math.sqrt(500), 100], rel=1e-3)
    assert [round(root, 2) for root in roots[:1]] == [0.22] and round(roots[1]) == 22
    assert numbers("adagrad", "Rates that only fall") == pytest.approx([1 / math.sqrt(5), 10], rel=1e-3)
    for title, weights in (("The first step", [-1, -1]), ("AdaGrad or one rate", [-0.03, -3])):
        assert played("adagrad", step_of(open_lesson("adagrad")[0], title)).tensor("w").tolist() == pytest.approx(weights)
        assert numbers("adagrad", title) == weights[1:]


def test_the_frame_s_figures_are_those_of_torch() -> None:
    weight = Address("parameter", "n1", "value", index=())
    heavy = by_torch(torch.optim.SGD, 2, lr=0.1, momentum=0.5)
    assert numbers("uniform-frame", "Heavy ball") == pytest.approx([0.5 * (heavy[1] - heavy[0]), heavy[2]])
    adagrad, rmsprop = by_torch(torch.optim.Adagrad, 1, lr=0.1)[1], by_torch(torch.optim.RMSprop, 1, lr=0.1, alpha=0.99)[1]
    asked = numbers("uniform-frame", "AdaGrad and RMSProp")
    assert asked == pytest.approx([0.1 * 6 / (3 - adagrad), 0.1 * 6 / (3 - rmsprop), adagrad], rel=1e-6)
    path = by_torch(torch.optim.Adam, 2, lr=0.1)
    table = finished(uniform_frame(run_at("uniform-frame", "Adam"), UniformFrameJob(weight)))
    adam = table.columns[-1]
    assert (adam.old, adam.new) == pytest.approx((path[1], path[2]), rel=1e-12) and adam.difference < 1e-15
    beta, alpha, share = numbers("uniform-frame", "Adam")
    assert beta == 0 and (alpha, share) == pytest.approx((adam.alpha, adam.beta), rel=1e-3)
    printed, exact = numbers("uniform-frame", "The printed column")
    d = [(2 * w) ** 2 for w in path[:2]]
    assert table.averages[1] == pytest.approx([exact * d[0] + (1 - exact) * d[1], printed * d[0] + (1 - exact) * d[1]], rel=1e-3)
    assert table.grows_until == 6904 and math.log(0.001) / math.log(0.999) == pytest.approx(6904.3, abs=0.1)
