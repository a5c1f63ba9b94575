"""Every example graph: opened, run, checked and, where it learns, trained; the numbers against numpy, closed forms and the lecture."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from engine.check.check import check
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.data import load as load_data
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.storage.files import dumps, load

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.gradwire"))
ADVERSARIAL = {"gan-1d"}
"""Where one objective falls, another rises."""
SLOW = {"digits-cnn"}
"""Trained by the long tests only."""

ACCURACIES = {
    "logistic-regression": 0.95, "xor": 0.97, "tanh-mlp-2-4-2": 0.97, "moons": 0.95, "spiral": 0.97, "iris": 0.93, "digits-mlp": 0.955,
}  # fmt: skip
"""Least accuracy on the test part, at the last step."""


def open_example(name: str, **training: Any) -> Graph:
    graph = load(FOLDER / f"{name}.gradwire", CATALOG)
    for setting, value in training.items():
        SetTraining(setting, value).apply(graph)
    return graph


def learns(graph: Graph) -> bool:
    return any(graph.spec(node).role == "parameter" or graph.spec(node).parameters for node in graph.nodes.values())


LEARNING = [name for name in NAMES if learns(open_example(name))]


@functools.cache
def trained(name: str, **training: Any) -> tuple[float, dict[str, Any]]:
    """(objective before training, what `train --json` prints)."""
    trainer = Run(Model(open_example(name, **training), device="cpu"))
    before = trainer.result()["loss"]
    trainer.train()
    return before, trainer.result(full=True)


class Numbers:
    """A trace read by names."""

    def __init__(self, session: Model) -> None:
        self.graph, self.trace = session.graph, session.trace()

    def _key(self, name: str) -> tuple[str, str]:
        node, _, port = name.partition(".")
        found_node = self.graph.named(node)
        assert found_node is not None
        return found_node.id, port or "y"

    def value(self, name: str) -> np.ndarray:
        return self.trace.values[self._key(name)].numpy()

    def gradient(self, name: str) -> np.ndarray:
        return _present(self.trace.gradients[self._key(name)])

    def learned(self, name: str) -> np.ndarray:
        return self.trace.parameters[self._key(name)].numpy()

    def slope(self, name: str) -> np.ndarray:
        """The gradient of a layer's tensor, such as `hidden.W`."""
        return _present(self.trace.parameter_gradients[self._key(name)])

    def wires(self, name: str) -> list[np.ndarray]:
        """The gradient of every wire that leaves a node."""
        return [_present(self.trace.edge_gradients[edge.id]) for edge in self.graph.outputs_of(self._key(name)[0])]


def _present(gradient: torch.Tensor | Absent) -> np.ndarray:
    assert isinstance(gradient, torch.Tensor)
    return gradient.numpy()


def numbers(name: str) -> Numbers:
    return Numbers(Model(open_example(name)))


def training_part(name: str) -> tuple[np.ndarray, np.ndarray]:
    graph = open_example(name)
    data = graph.named("data")
    assert data is not None
    loaded = load_data(graph.settings_of(data.id))
    return loaded.train.x, loaded.train.y


# Every example


def test_all_the_promised_examples_are_there() -> None:
    assert set(NAMES) >= {
        "xy-plus-z", "fan-out", "sigmoid-neuron", "least-squares", "logistic-regression", "xor", "tanh-mlp-2-4-2", "spiral",
        "sine-regression", "digits-mlp", "digits-cnn", "iris", "saddle", "valley", "moons",
        "gan-1d", "digits-autoencoder",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_well_formed_and_says_what_it_shows(name: str) -> None:
    graph = open_example(name)
    assert lint(graph) == []
    assert graph.settings["title"]
    description = graph.settings["description"]
    assert description.endswith(".") and 20 < len(description) < 160 and "\n" not in description


def test_the_gallery_has_one_place_for_each_example() -> None:
    places = [open_example(name).settings["order"] for name in NAMES]
    assert sorted(places) == list(range(1, len(NAMES) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_saving_an_example_again_changes_nothing(name: str) -> None:
    assert dumps(open_example(name)) == (FOLDER / f"{name}.gradwire").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_without_a_problem_and_every_number_is_finite(name: str) -> None:
    session = Model(open_example(name))
    trace: Trace = session.trace()
    assert session.problems == [] and trace.problems == () and trace.objective is not None
    tensors = [*trace.values.values(), *trace.parameters.values()]
    for gradients in (trace.gradients, trace.edge_gradients, trace.parameter_gradients):
        tensors += [g for g in gradients.values() if not isinstance(g, Absent)]
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


@pytest.mark.parametrize("name", NAMES)
def test_the_gradients_of_an_example_agree_with_numerical_ones(name: str) -> None:
    report = check(open_example(name))
    assert report.ok, "\n".join(report.lines)
    assert len([wire for wire in report.wires if not wire.note]) >= len(open_example(name).edges) / 2


@pytest.mark.parametrize("name", [name for name in LEARNING if name not in SLOW | ADVERSARIAL])
def test_the_loss_falls_clearly_in_training(name: str) -> None:
    before, result = trained(name)
    assert result["loss"] < before / 4
    assert all(math.isfinite(value) for value in result["metrics"].values())


def test_the_generator_learns_mean_and_spread_and_both_objectives_come_to_rest() -> None:
    """At the end the discriminator can do no better than 1/2 for each sample: its loss is 2 log 2, the generator's log 2."""
    run = Run(Model(open_example("gan-1d", steps=1500), device="cpu"))  # half of what the example allows
    data = np.array(open_example("gan-1d").nodes["data"].params["features"])
    assert data.mean() == pytest.approx(3.0, abs=1e-4) and data.std() == pytest.approx(0.5, abs=1e-4)
    run.train()
    mean, spread = (float(run.state.parameters[f"{name}.value"]) for name in ("c", "a"))
    assert mean == pytest.approx(3.0, abs=0.05) and abs(spread) == pytest.approx(0.5, abs=0.05)
    last = run.curve.points[-1]
    assert last.loss == pytest.approx(2 * math.log(2), abs=0.02) and last.others[0] == pytest.approx(math.log(2), abs=0.02)


def test_the_autoencoder_needs_fewer_numbers_than_principal_components() -> None:
    """Eight numbers for a picture, with an error below that of eight principal components of the same training part."""
    graph = open_example("digits-autoencoder")
    run = Run(Model(graph, device="cpu"))
    run.train()
    data = load_data(graph.settings_of("data"))
    train, test = (np.asarray(part.x).reshape(-1, 64) for part in (data.train, data.test))
    shift, scale = train.mean(), train.std()
    linear = PCA(8).fit((train - shift) / scale)
    rest = (test - shift) / scale - linear.inverse_transform(linear.transform((test - shift) / scale))
    assert run.result()["metrics"]["test_loss"] < 0.85 * (rest**2).mean()


@pytest.mark.parametrize("name", ACCURACIES)
def test_a_trained_classifier_is_right_about_samples_it_never_saw(name: str) -> None:
    assert trained(name)[1]["metrics"]["test_accuracy"] >= ACCURACIES[name]


# One by one


def test_the_first_graph_of_every_lecture() -> None:
    n = numbers("xy-plus-z")
    assert (n.value("d"), n.value("f")) == (-10, -7)
    assert (n.gradient("x"), n.gradient("y"), n.gradient("z")) == (-5, 2, 1)


def test_fan_out_gradients_are_the_sums_of_their_wires() -> None:
    """f = x·x + y·y·y at x = 3, y = 2: two wires of 3 each, three wires of 4 each."""
    n = numbers("fan-out")
    assert n.value("f") == 17
    assert [float(g) for g in n.wires("x")] == [3, 3] and n.gradient("x") == 6
    assert [float(g) for g in n.wires("y")] == [4, 4, 4] and n.gradient("y") == 12


def test_the_sigmoid_neuron_gives_the_numbers_of_the_lecture() -> None:
    """w = (2, −3, −3), x = (−1, −2), to four decimals (many courses print them rounded on the way: 0.73, −0.20, 0.39 …)."""
    n = numbers("sigmoid-neuron")
    expected = {"w0": -0.1966, "x0": 0.3932, "w1": -0.3932, "x1": -0.5898, "b": 0.1966}
    assert float(n.value("f")) == pytest.approx(0.7311, abs=5e-5)
    assert {name: float(n.gradient(name)) for name in expected} == pytest.approx(expected, abs=5e-5)


def test_least_squares_ends_near_the_closed_form() -> None:
    w, b = closed_form()
    params = trained("least-squares")[1]["params"]
    assert np.abs(np.array(params["w"]) - w).max() < 0.02 and abs(params["b"][0] - b) < 0.02


def test_gradient_descent_with_full_batches_reaches_the_closed_form() -> None:
    w, b = closed_form()
    params = trained("least-squares", batch_size=None, epochs=600)[1]["params"]
    assert np.array(params["w"]) == pytest.approx(w, abs=1e-10) and params["b"][0] == pytest.approx(b, abs=1e-10)


def closed_form() -> tuple[np.ndarray, float]:
    x, y = training_part("least-squares")
    solution = np.linalg.lstsq(np.hstack([x, np.ones((len(x), 1))]), y, rcond=None)[0]
    return solution[:2], float(solution[2, 0])


def test_logistic_regression_has_the_gradient_of_the_lecture() -> None:
    """∂/∂w of mean log(1 + e^{−yf}) with f = wᵀx + b is −mean y·σ(−yf)·x."""
    n = numbers("logistic-regression")
    x, y = n.value("data.x"), n.value("data.target")
    w, b = n.learned("score.W"), n.learned("score.b")
    margin = y * (x @ w.T + b)
    assert float(n.value("loss")) == pytest.approx(float(np.log1p(np.exp(-margin)).mean()), rel=1e-12)
    delta = -y / (1 + np.exp(margin)) / len(x)
    assert n.gradient("score") == pytest.approx(delta, rel=1e-12)
    assert n.slope("score.W") == pytest.approx(delta.T @ x, rel=1e-12)
    assert n.slope("score.b") == pytest.approx(delta.sum(0), rel=1e-12)


def test_every_delta_of_the_tanh_network_is_the_one_of_the_lecture() -> None:
    """δʸ = (ŷ − y)/N, ∂Wʸ = δʸᵀh, ∂bʸ = Σδʸ, δʰ = (1 − h²) ⊙ (δʸWʸ), ∂Wʰ = δʰᵀx, ∂bʰ = Σδʰ, samples in rows."""
    n = numbers("tanh-mlp-2-4-2")
    x, target = n.value("data.x"), n.value("data.target")
    w_h, b_h, w_y, b_y = (n.learned(name) for name in ("hidden.W", "hidden.b", "output.W", "output.b"))
    h = np.tanh(x @ w_h.T + b_h)
    scores = h @ w_y.T + b_y
    softmax = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    delta_y = (softmax - np.eye(2)[target]) / len(x)
    delta_h = (1 - h**2) * (delta_y @ w_y)
    expected = {"output.W": delta_y.T @ h, "output.b": delta_y.sum(0), "hidden.W": delta_h.T @ x, "hidden.b": delta_h.sum(0)}
    assert w_h.shape == (4, 2) and w_y.shape == (2, 4) and len(x) == 8
    assert n.value("h") == pytest.approx(h, rel=1e-12)
    assert float(n.value("loss")) == pytest.approx(float(-np.log(softmax[range(8), target]).mean()), rel=1e-12)
    assert n.gradient("output") == pytest.approx(delta_y, rel=1e-9, abs=1e-15)
    assert n.gradient("hidden") == pytest.approx(delta_h, rel=1e-9, abs=1e-15)
    for name, gradient in expected.items():
        assert n.slope(name) == pytest.approx(gradient, rel=1e-9, abs=1e-15), name


def test_the_sine_is_fitted_as_well_as_its_noise_allows() -> None:
    """Noise of standard deviation 0.1: the squared error on unseen samples stays near 0.01, and the curve near the sine itself."""
    result = trained("sine-regression")[1]
    w1, b1, w2, b2 = (np.array(result["params"][name]) for name in ("hidden.W", "hidden.b", "output.W", "output.b"))
    x = np.linspace(-3, 3, 200)[:, None]
    curve = np.tanh(x @ w1.T + b1) @ w2.T + b2
    assert result["metrics"]["test_loss"] < 0.016
    assert np.sqrt(np.mean((curve - np.sin(x)) ** 2)) < 0.06


def test_iris_is_standardized_by_the_training_part() -> None:
    x, _ = training_part("iris")
    n = numbers("iris")
    assert n.value("standardized") == pytest.approx((x[:8] - x.mean(0)) / x.std(0), rel=1e-9)


def test_gradient_descent_in_the_valley_follows_its_closed_form() -> None:
    """On ½(w₁² + κw₂²) every step multiplies w₁ by 1 − η and w₂ by 1 − ηκ."""
    graph = open_example("valley")
    rate, steps = graph.training["hyper"]["lr"], graph.training["steps"]
    w1, w2 = (graph.setting(graph.named(name).id, "value") for name in ("w1", "w2"))
    result = trained("valley")[1]
    end1, end2 = w1 * (1 - rate) ** steps, w2 * (1 - 25 * rate) ** steps
    assert result["params"]["w1"] == pytest.approx(end1, rel=1e-9)
    assert result["params"]["w2"] == pytest.approx(end2, rel=1e-9)
    assert result["loss"] == pytest.approx((end1**2 + 25 * end2**2) / 2, rel=1e-9)


def test_gradient_descent_at_the_saddle_follows_its_closed_form() -> None:
    """On (1 − w₂w₁)² the step is wᵢ ← wᵢ + 2η(1 − w₂w₁)wⱼ, for both at once."""
    graph = open_example("saddle")
    rate, steps = graph.training["hyper"]["lr"], graph.training["steps"]
    w1, w2 = (graph.setting(graph.named(name).id, "value") for name in ("w1", "w2"))
    assert (w1, w2) == (0.2, 5.01)
    for _ in range(steps):
        error = 1 - w2 * w1
        w1, w2 = w1 + 2 * rate * error * w2, w2 + 2 * rate * error * w1
    params = trained("saddle")[1]["params"]
    assert (params["w1"], params["w2"]) == (pytest.approx(w1, rel=1e-9), pytest.approx(w2, rel=1e-9))
    assert params["w1"] ** 2 + params["w2"] ** 2 == pytest.approx(25.140, abs=6e-4)


# Handwritten digits, the promise over five seeds


@pytest.mark.long
@pytest.mark.parametrize(("name", "mean", "least"), [("digits-mlp", 0.97, 0.955), ("digits-cnn", 0.98, 0.965)])
def test_digits_are_read_over_five_seeds(name: str, mean: float, least: float) -> None:
    results = [trained(name, seed=seed)[1] for seed in range(5)]
    accuracies = [result["metrics"]["test_accuracy"] for result in results]
    rows = Model(open_example(name)).feeds.rows
    assert rows["test"] >= (rows["train"] + rows["test"]) / 5
    assert np.mean(accuracies) >= mean and min(accuracies) >= least, accuracies
    assert max(result["seconds"] for result in results) < 20
