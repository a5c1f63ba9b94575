"""Forms of the lecture and of Keras: published tables, the look-ahead point, and where forms are equal and where they part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf, UpdateTable
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS, optimizer
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

GOLDEN: list[tuple[str, dict[str, Any], list[list[float]]]] = [
    ("adam", {"amsgrad": True}, [[row] * 10 for row in (0.999, 0.9982, 0.9974, 0.9965, 0.9955)]),
    ("adamw", {"lr": 1.0, "weight_decay": 0.5, "eps": 2.0}, [
        [0.4998] * 10,
        [0.2486, 0.2475, 0.2463, 0.2451, 0.244, 0.2428, 0.2417, 0.2405, 0.2394, 0.2382],
        [0.1223, 0.1198, 0.1174, 0.1149, 0.1124, 0.11, 0.1075, 0.1051, 0.1027, 0.1003],
        [0.0586, 0.0549, 0.0512, 0.0475, 0.0439, 0.0402, 0.0366, 0.033, 0.0294, 0.0258],
        [0.0263, 0.0215, 0.0167, 0.012, 0.0073, 0.0026, -0.0021, -0.0067, -0.0113, -0.0159],
    ]),
    ("nadam", {"lr": 0.5, "beta1": 0.5, "beta2": 0.67, "eps": 1e-5}, [
        [0.4281] * 10,
        [-0.1738, -0.1731, -0.1726, -0.1723, -0.1721, -0.172, -0.1719, -0.1718, -0.1718, -0.1717],
        [-0.7115, -0.7103, -0.7096, -0.7092, -0.709, -0.7088, -0.7086, -0.7085, -0.7085, -0.7084],
        [-1.2335, -1.2322, -1.2313, -1.2309, -1.2306, -1.2304, -1.2302, -1.2301, -1.23, -1.2299],
        [-1.7492, -1.7478, -1.7469, -1.7464, -1.7461, -1.7459, -1.7457, -1.7456, -1.7455, -1.7454],
    ]),
    ("adagrad", {"lr": 0.2, "initial_accumulator_value": 0.3, "eps": 1e-6}, [
        [0.9963] * 10,
        [0.9604, 0.9278, 0.9003, 0.8784, 0.8615, 0.8487, 0.8388, 0.8313, 0.8255, 0.8209],
        [0.9251, 0.8629, 0.8137, 0.7768, 0.7497, 0.7298, 0.7151, 0.704, 0.6956, 0.6891],
        [0.8903, 0.8012, 0.7342, 0.6862, 0.6521, 0.6277, 0.6099, 0.5967, 0.5867, 0.579],
        [0.856, 0.7422, 0.6604, 0.6037, 0.5644, 0.5367, 0.5168, 0.5021, 0.491, 0.4825],
    ]),
    ("adadelta", {"lr": 1.0, "rho": 0.8, "eps": 1e-6}, [[row] * 10 for row in (0.9978, 0.9947, 0.9915, 0.9882, 0.9849)]),
    ("rmsprop", {"lr": 0.001, "centered": True}, [[row] * 10 for row in (0.9967, 0.9933, 0.9908, 0.9885, 0.9864)]),
    ("sgd", {"lr": 0.01}, [[0.9999] * 10] + [[0.9999 - 0.001 * k * (i + 1) for i in range(10)] for k in range(1, 5)]),
]  # fmt: skip
"""Keras' tables in keras/src/optimizers/*_test.py (commit 3422977a): ten parameters from 1, gradients 0.01 at the first step and then
0.1 … 1; the values after each of five steps. Its table for SGD has Nesterov switched on and momentum 0."""


@pytest.mark.parametrize(("key", "hyper", "table"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_keras_form_gives_the_tables_that_keras_publishes(key: str, hyper: dict[str, Any], table: list[list[float]]) -> None:
    keras = OPTIMIZERS[key].setting("form") is not None
    theta = torch.ones(10, dtype=torch.float64)
    run = optimizer(key)({**({"form": "keras"} if keras else {}), **hyper}, [theta])
    later = torch.arange(1, 11, dtype=torch.float64) / 10
    for step, row in enumerate(table):
        run.step([later if step else torch.full((10,), 0.01, dtype=torch.float64)])
        np.testing.assert_allclose(theta.numpy(), row, rtol=5e-4, atol=5e-4)


def test_the_defaults_of_a_form_are_those_of_its_library() -> None:
    specs = {key: spec for key, spec in OPTIMIZERS.items() if "keras" in getattr(spec.setting("form"), "choices", ())}
    keras = {key: spec.with_defaults({"form": "keras"}) for key, spec in specs.items()}
    assert {h["eps"] for key, h in keras.items() if key != "nesterov"} == {1e-7}
    assert (keras["adagrad"]["initial_accumulator_value"], keras["rmsprop"]["alpha"], keras["adamw"]["weight_decay"]) == (0.1, 0.9, 0.004)
    for key, hyper in keras.items():
        assert hyper["lr"] == OPTIMIZERS[key].with_defaults({})["lr"] and hyper.get("decoupled", True)
    assert OPTIMIZERS["rmsprop"].with_defaults({"form": "keras", "alpha": 0.5, "decoupled": False})["alpha"] == 0.5


def fourth_power(**training: Any) -> Graph:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"w": ("parameter.parameter", {"value": 3.0}), "f": ("math.power", {"b": 4.0})}
    return network(nodes, "w -> f.a", **{"optimizer": "nesterov", "epochs": None, "steps": 6, "batch_size": None, **training})


LECTURE = {"lr": 0.002, "momentum": 0.8, "weight_decay": 0.1, "form": "lecture"}


def test_nesterov_of_the_lecture_takes_the_gradient_ahead_and_the_loss_at_the_weights() -> None:
    """f = w⁴: g = 4(w + ρv)³ + λ(w + ρv), v ← ρv − ηg, w ← w + v; the curve is w⁴."""
    run = Run(Model(fourth_power(hyper=LECTURE)))
    w, v, losses = 3.0, 0.0, []
    for _step in range(6):
        update = answer(ExplainContext(run.model, run), UpdateOf())
        losses.append(w**4)
        ahead = w + 0.8 * v
        v = 0.8 * v - 0.002 * (4 * ahead**3 + 0.1 * ahead)
        w += v
        run.train(max_steps=1)
        assert isinstance(update, UpdateTable) and update.loss == pytest.approx(losses[-1], rel=1e-12)
        assert update.parameters[0].numbers[1] == pytest.approx(4 * ahead**3, rel=1e-12)  # the gradient that was used
        assert float(run.state.parameters["w.value"]) == pytest.approx(w, rel=1e-12) == update.parameters[0].numbers[3]
    assert run.curve.losses.mean.tolist() == pytest.approx(losses, rel=1e-12)


@pytest.mark.parametrize("more", [{}, {"clip_norm": 0.05, "accumulate": 3}, {"clip_value": 0.01, "batch_size": None}])
def test_the_lecture_s_look_ahead_points_are_the_weights_of_pytorch(more: dict[str, Any]) -> None:
    """At a constant rate θ + ρv of one form is θ of the other: same batches, same gradients, whatever is done to them. Going back and
    making the steps again gives the same bits."""
    hyper = {"lr": 0.3, "momentum": 0.9}
    lecture, pytorch = (Run(Model(tanh_net(optimizer="nesterov", hyper={**hyper, "form": f}, **more))) for f in ("lecture", "pytorch"))
    lecture.train(max_steps=7)
    kept = lecture.capture()
    lecture.train(max_steps=20)
    pytorch.train(max_steps=27)
    end = lecture.capture()
    for name, theta in pytorch.capture().parameters.items():
        ahead = end.parameters[name] + 0.9 * end.optimizer[f"v.{name}"]
        torch.testing.assert_close(ahead, theta, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(end.parameters[name], theta, rtol=1e-3)
    lecture.steps.restore(kept)
    lecture.steps.replay(end.step)
    assert max(lecture.capture().diff(end).values(), default=0.0) == 0.0


def test_momentum_s_forms_are_equal_until_the_rate_changes() -> None:
    """PyTorch: the new rate scales all of m. Lecture: it scales only what is added from now on."""
    pair = [torch.ones(2, dtype=torch.float64) for _ in range(2)]
    runs = [optimizer("momentum")({"lr": 0.1, "momentum": 0.9, "form": f}, [p]) for f, p in zip(("pytorch", "lecture"), pair, strict=True)]
    slope = torch.tensor([1.0, -2.0], dtype=torch.float64)
    for _step in range(3):
        for run in runs:
            run.step([slope])
    torch.testing.assert_close(*pair, rtol=1e-14, atol=1e-14)
    before = pair[0].clone()
    for run in runs:
        run.set_rate(0.01)
        run.step([slope])
    m = 1 + 0.9 + 0.81 + 0.729
    torch.testing.assert_close(pair[0], before - 0.01 * m * slope, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(pair[1], before - (0.1 * 0.9 * (1 + 0.9 + 0.81) + 0.01) * slope, rtol=1e-12, atol=1e-12)
