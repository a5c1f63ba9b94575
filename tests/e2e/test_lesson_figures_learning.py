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
    wrong = [(score(points) * labels.reshape(-1) <= 0).double().mean().item() for points, labels in ((x, y), (x_test, y_test))]
    alone = made(graph, job, 1, seeds=1)
    assert [line.y[0] for line in alone.lines] == pytest.approx(wrong)

    trained = played("lifting", step_of(open_lesson("lifting")[0], "What was learned"))
    np.testing.assert_allclose(trained.value("lifted.W"), w.detach().numpy(), rtol=1e-9)
    assert abs(w[0, 2]) > 10 * w[0, :2].abs().max()
    assert asked("lifting") == close([np.hypot(0.3, -0.4)])


def test_the_generalization_gap_grows_with_training_and_shrinks_with_data() -> None:
    """In the medians, and one run again in torch."""
    graph, job = experiment_at("generalization-gap", "Run and measure")
    found = bands(made(graph, job, 1, 3))
    assert found["training loss"][1][1] < found["training loss"][0][1] / 2
    assert found["test loss"][1][1] > found["test loss"][0][1]

    model = initial(graph, job, 1)
    learned = tensors(model, "hidden.W", "hidden.b", "output.W", "output.b")
    adam = torch.optim.Adam(learned, lr=0.01)

    def loss(name: str) -> torch.Tensor:
        x, y = part(model, name)
        w, b, v, c = learned
        return torch.nn.functional.cross_entropy(torch.relu(x @ w.T + b) @ v.T + c, y)

    for _ in range(30):
        adam.zero_grad()
        loss("train").backward()
        adam.step()
    alone = made(graph, job, 1, seeds=1)
    assert [line.y[0] for line in alone.lines] == pytest.approx([loss(name).item() for name in ("train", "test")])

    more_graph, more = experiment_at("generalization-gap", "More data")
    sizes = bands(made(more_graph, more, 0, 3))
    few, many = ([sizes[name][place][1] for name in ("training loss", "test loss")] for place in (0, 1))
    assert few[0] < many[0] and many[1] < few[1]
    assert asked("generalization-gap") == close([np.mean([0.2, 0.3, 1.0]), sum(t.numel() for t in learned), 0.18 - 0.02])


def test_width_makes_the_fit_better_and_relu_pieces_straight() -> None:
    graph, job = experiment_at("universal-approximation", "The loss against the width")
    found = bands(made(graph, job, 0, 3, 5))["training loss"]
    assert found[0][0] > found[1][2] > found[2][1], "width 1, 8, 32"

    graph, job = experiment_at("universal-approximation", "Width 1, 2, 4, 16")
    figure = made(graph, job)
    for line, width in zip(figure.lines, (1, 2, 4, 16), strict=True):
        x, y = np.array(line.x), np.array(line.y)
        kinks = sorted(point.x for point in figure.points if point.role == line.role and not point.small)
        assert len(kinks) <= width
        bent = x[1:-1][np.abs(np.diff(y, 2)) > 1e-9]
        assert all(min(abs(at - kink) for kink in kinks) <= x[1] - x[0] + 1e-12 for at in bent), "straight but at the kinks"
        assert len(bent) <= 2 * len(kinks)

    model = initial(graph, job, 2)
    w, b, v, c = learned = tensors(model, "hidden.W", "hidden.b", "output.W", "output.b")
    adam = torch.optim.Adam(learned, lr=0.05)
    x_data, y_data = part(model, "train")

    def f(points: torch.Tensor) -> torch.Tensor:
        return torch.relu(points @ w.T + b) @ v.T + c

    for _ in range(400):
        adam.zero_grad()
        ((f(x_data) - y_data.reshape(-1, 1)) ** 2).mean().backward()
        adam.step()
    with torch.no_grad():
        expected = f(torch.linspace(float(x_data.min()), float(x_data.max()), len(figure.lines[2].x), dtype=torch.float64)[:, None])
    np.testing.assert_allclose(figure.lines[2].y, expected.reshape(-1).numpy(), atol=1e-6)
    where = (-b / w[:, 0]).detach().numpy()
    inside = sorted(float(at) for at in where if x_data.min() < at < x_data.max())
    assert sorted(point.x for point in figure.points if point.role == figure.lines[2].role) == pytest.approx(inside, abs=1e-6)
    assert asked("universal-approximation") == close([1 / 2, 4])


def test_more_parameters_than_samples_do_no_harm_to_the_test_error() -> None:
    graph, job = experiment_at("over-parameterization", "Run and measure")
    found = bands(made(graph, job, 0, 4))
    assert found["training error"][1][1] <= 0.05 < found["training error"][0][1]
    assert found["test error"][1][1] <= found["test error"][0][1]
    graph, job = experiment_at("over-parameterization", "Why not worse?")
    found = bands(made(graph, job, 1, 3))
    assert found["test loss"][1][1] > found["test loss"][0][1] and found["training loss"][1][1] < found["training loss"][0][1]
    model = initial(graph, job, 1)
    assert sum(tensor.numel() for tensor in model.values().values()) == 5 * 8 + 2 == 42
    assert asked("over-parameterization") == [min(m for m in range(1, 99) if 5 * m + 2 > 40)]


def test_the_closed_form_beside_the_iterates() -> None:
    """The normal equations by NumPy's least squares, and gradient descent written out."""
    graph, job = experiment_at("convex-problem", "Closed form beside the iterates")
    figure = made(graph, job)
    model = initial(graph, job, 0)
    x, y = (tensor.numpy() for tensor in part(model, "train"))
    design = np.column_stack([x, np.ones(len(x))])
    best = np.linalg.lstsq(design, y.reshape(-1), rcond=None)[0]
    assert figure.rows[-1].name.startswith("normal equations") and list(figure.rows[-1].numbers) == pytest.approx(best)
    w, b = tensors(model, "model.W", "model.b")
    theta = np.append(w.detach().numpy().reshape(-1), b.item())
    way = [theta]
    for _ in range(50):
        way.append(way[-1] - 0.3 * 2 * design.T @ (design @ way[-1] - y.reshape(-1)) / len(y))
    drawn = next(line for line in figure.lines if line.role == "gradient")
    np.testing.assert_allclose([drawn.x, drawn.y], np.array(way)[:, :2].T, atol=1e-10)
    rings = [line for line in figure.lines if line.role == "fourth"]
    for ring in rings:  # with the best b for each, the points of a ring have one loss
        losses = [np.var(y.reshape(-1) - x @ np.array(weights)) for weights in zip(ring.x, ring.y, strict=True)]
        assert np.ptp(losses) < 1e-9 * losses[0]

    graph, job = experiment_at("convex-problem", "Other beginnings, other methods")
    ends = [(line.x[-1], line.y[-1]) for line in made(graph, job).lines if line.role != "fourth"]
    assert len(ends) == 3
    for end in ends:
        assert end == pytest.approx(tuple(best[:2]), abs=5e-3)
    assert asked("convex-problem") == close([(1 * 2 + 2 * 5) / (1 + 4)])


def test_least_mean_squares_suffers_from_a_far_group_and_the_perceptron_does_not() -> None:
    """The best line of least squares by NumPy makes mistakes with the group, and the trained one the same."""
    graph, job = experiment_at("painted-points", "Run and measure")
    figure = made(graph, job)
    found = {line.name: line.y for line in figure.lines}
    assert found["perceptron"] == (0, 0)
    for place, expected in ((2, found["least mean squares"][0]), (3, found["least mean squares"][1])):
        x, y = (tensor.numpy() for tensor in part(initial(graph, job, place), "train"))
        design = np.column_stack([x, np.ones(len(x))])
        solution = np.linalg.lstsq(design, y.reshape(-1), rcond=None)[0]
        assert np.mean(design @ solution * y.reshape(-1) <= 0) == pytest.approx(expected)
    assert found["least mean squares"][0] == 0 < found["least mean squares"][1]
    assert asked("painted-points") == [max(0, -3), (3 - 1) ** 2 / 2]


def test_adam_fits_the_digits_as_well_and_generalizes_worse() -> None:
    """For the linear classifier over the seeds; one run of gradient descent again in torch."""
    graph, job = experiment_at("adaptive-methods", "Run and measure")
    found = bands(made(graph, job))
    assert found["training error"][1][2] <= found["training error"][0][2] < 0.02
    assert found["test error"][1][1] > found["test error"][0][1] + 0.005
    model = initial(graph, job, 0)
    w, b = tensors(model, "linear.W", "linear.b")
    assert len(part(model, "train")[0]) == 180 and w.numel() + b.numel() == 650
    descent = torch.optim.SGD([w, b], lr=0.5)
    (x, y), (x_test, y_test) = part(model, "train"), part(model, "test")
    for _ in range(200):
        descent.zero_grad()
        torch.nn.functional.cross_entropy(x / 16 @ w.T + b, y).backward()
        descent.step()
    wrong = ((x_test / 16 @ w.T + b).argmax(1) != y_test).double().mean().item()
    assert made(graph, job, 0, seeds=1).lines[1].y[0] == pytest.approx(wrong)
    assert asked("adaptive-methods") == close([650, 0.02, 0.5 * 0.001])


def test_two_narrow_layers_fit_the_zigzag_sooner_than_a_wide_one() -> None:
    graph, job = experiment_at("depth-width", "Run and measure")
    found = bands(made(graph, job, 1, 4))
    (_, _, deep_worst), (wide_best, _, _) = found["two hidden layers"][0], found["one hidden layer"][0]
    assert deep_worst < wide_best
    for wide, deep in ((0, 3), (1, 4), (2, 5)):
        counts = []
        for place, objective in ((wide, "wide"), (deep, "deep")):
            model = initial(graph, job, place)
            counts.append(sum(t.numel() for key, t in model.values().items() if model.name(key).startswith(objective)))
        assert counts[0] == counts[1]
    assert asked("depth-width") == [3 * 32 + 1, 8**2 + 4 * 8 + 1]
