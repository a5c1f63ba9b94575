"""The experiments of the lessons on mini-batches, schedules and Adadelta: against the same steps in NumPy and torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.numerics.rng import generator
from tests.e2e.test_lesson_figures_learning import bands, experiment_at, initial, made, part, tensors
from tests.support.lesson_support import asked, open_lesson, step_of


def medians(name: str, title: str, *places: int, seeds: int = 1) -> list[float]:
    """The training losses at the end of an experiment's variants."""
    graph, job = experiment_at(name, title)
    return [middle for _low, middle, _high in bands(made(graph, job, *places, seeds=seeds))["training loss"]]


def by_hand(name: str, title: str, place: int, rates: list[float], size: int, scale: float = 1.0) -> float:
    """The training loss after one step of gradient descent per rate, with mini-batches of this size, in NumPy."""
    graph, job = experiment_at(name, title)
    model = initial(graph, job, place)
    w, b = (tensor.detach().numpy() for tensor in tensors(model, "model.W", "model.b"))
    x, y = (tensor.numpy() for tensor in part(model, "train"))
    y = y.reshape(-1, 1)
    w = w if w.shape == (2, 1) else w.T
    order, epoch, step = np.arange(len(x)), 0, 0
    for rate in rates:
        if size < len(x) and step % (len(x) // size) == 0:  # the order of samples is data here, not what is tested
            order, epoch = torch.randperm(len(x), generator=generator(0, "shuffle", epoch)).numpy(), epoch + 1
            step = 0
        rows = order[step * size : (step + 1) * size] if size < len(x) else order
        step += 1
        error = x[rows] @ w + b - y[rows]
        w, b = w - rate * scale * 2 * x[rows].T @ error / len(rows), b - rate * scale * 2 * error.mean(axis=0)
    return float(scale * ((x @ w + b - y) ** 2).mean())


def test_one_pass_of_single_samples_is_ahead_and_thirty_leave_noise() -> None:
    found = medians("mini-batch", "One pass over the data", seeds=3)
    assert found[0] > 3 * found[2] and found[0] > found[1] > found[2]  # the more steps, the lower
    one = medians("mini-batch", "One pass over the data")
    for place, size in enumerate((64, 8, 1)):
        steps = 64 // size
        assert one[place] == pytest.approx(by_hand("mini-batch", "One pass over the data", place, [0.05] * steps, size), rel=1e-9)
    noisy = medians("mini-batch", "Run and measure: thirty passes", 0, 1, 2, seeds=3)
    assert noisy[2] > noisy[1] > 0 and noisy[2] - noisy[0] > 0.02  # one sample a step stays above the minimum
    rates = medians("mini-batch", "A smaller rate", 0, 2)
    assert rates[0] > rates[1]
    lesson, _graph = open_lesson("mini-batch")
    assert [question.expected for question in lesson.steps[0].ask if question.kind == "number"] == [64 / 8, 64 / 1]
    gradients = np.array([1.0, 3, -1, 5])
    assert [q.expected for q in lesson.steps[2].ask if q.kind == "number"] == [gradients.mean(), gradients[2:].mean(), 4 / math.sqrt(16)]


def test_rates_that_fall_remove_the_noise() -> None:
    title = "Run and measure"
    found = medians("schedules", title, seeds=1)
    assert len(found) == 7 and all(found[0] - other > 0.005 for other in found[1:])
    assert max(found[1:]) - min(found[1:]) < 0.005
    eta, steps = 0.2, range(30 * 64)
    epochs = [step // 64 for step in steps]
    formulas = [
        [eta] * 1920, [eta * 0.1 ** (e // 10) for e in epochs], [eta / math.sqrt(t + 1) for t in steps],
        [eta / (1 + 0.02 * t) for t in steps], [eta * 0.9**e for e in epochs],
        [eta / 2 * (1 + math.cos(math.pi * t / 1920)) for t in steps],
    ]  # fmt: skip
    for place in (1, 3, 5):
        assert found[place] == pytest.approx(by_hand("schedules", title, place, formulas[place], 1), rel=1e-9), place
    three = medians("schedules", "Why the rate should fall", seeds=1)
    assert three[2] > min(three)  # after three epochs the smallest rate is not ahead yet


def test_the_rates_that_the_lesson_asks_for() -> None:
    wanted = [0.2 * 0.1 ** (25 // 10), 0.2 / math.sqrt(99 + 1), 0.2 / (1 + 0.02 * 50), 0.2 / 2 * (1 + math.cos(math.pi / 2)), 0.2 * 3 / 10]
    assert asked("schedules") == pytest.approx([*wanted, sum(0.2 * 0.9**t for t in range(1000))])


def adadelta(place: int, title: str, eps: float, c: float = 1.0) -> float:
    """f after 200 steps of `torch.optim.Adadelta`."""
    graph, job = experiment_at("adadelta", title)
    model = initial(graph, job, place)
    w, b = tensors(model, "model.W", "model.b")
    x, y = part(model, "train")
    rule = torch.optim.Adadelta([w, b], lr=1.0, rho=0.9, eps=eps)
    matrix = w.T if w.shape[0] == 1 else w
    for _ in range(200):
        rule.zero_grad()
        (c * ((x @ matrix + b).reshape(-1) - y.reshape(-1)).pow(2).mean()).backward()
        rule.step()
        matrix = w.T if w.shape[0] == 1 else w
    return c * ((x @ matrix + b).reshape(-1) - y.reshape(-1)).pow(2).mean().item()


def test_adadelta_does_not_care_for_units_and_gradient_descent_does() -> None:
    graph, job = experiment_at("adadelta", "The same loss in another unit")
    found = {name: [middle for _l, middle, _h in rows] for name, rows in bands(made(graph, job, seeds=1)).items()}
    (plain, large), (slow, fast) = found["Adadelta"], found["gradient descent"]
    assert plain == pytest.approx(adadelta(1, "The same loss in another unit", 1e-4), rel=1e-7)
    assert large == pytest.approx(adadelta(3, "The same loss in another unit", 1e-4, 100.0), rel=1e-7)
    assert large / 100 == pytest.approx(plain, rel=0.02)
    title = "The same loss in another unit"
    for found_f, place, c in ((slow, 0, 1.0), (fast, 2, 100.0)):
        assert found_f == pytest.approx(by_hand("adadelta", title, place, [0.003] * 200, 64, c), rel=1e-9)
    assert fast / 100 == pytest.approx(plain, rel=1e-6) and slow > 5 * plain
    middle = {name: [m for _l, m, _h in rows] for name, rows in bands(made(graph, job, seeds=5)).items()}
    assert middle["Adadelta"] == pytest.approx([0.2552, 25.67], rel=1e-3) and middle["gradient descent"][0] == pytest.approx(2.4, abs=0.05)


def test_epsilon_takes_the_place_of_the_rate() -> None:
    found = medians("adadelta", "What is left to choose", seeds=1)
    for place, eps in enumerate((1e-6, 1e-4, 1e-2)):
        assert found[place] == pytest.approx(adadelta(place, "What is left to choose", eps), rel=1e-7)
    assert found[0] > 5 * found[1]
    lesson, _graph = open_lesson("adadelta")
    first = [q.expected for q in lesson.steps[step_of(lesson, "The first step")].ask if q.kind == "number"]
    assert first == pytest.approx([math.sqrt(10 * 1e-6), math.sqrt(10 * 1e-4)], rel=2e-3)
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.tensor([5.0], dtype=torch.float64)
    torch.optim.Adadelta([weight], lr=1.0, rho=0.9, eps=1e-6).step()
    assert abs(weight.item()) == pytest.approx(first[0], rel=2e-3)
