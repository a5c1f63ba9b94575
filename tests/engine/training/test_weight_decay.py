"""Weight decay by parameter group, as penalty or decoupled: in training, on the update card, in exported programs, beside torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.compile.environment import Key
from engine.explain.answer import answer
from engine.explain.beside_torch import SAME, BesideTorch, CompareWithTorch
from engine.explain.beside_torch.answer import compare
from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf, UpdateTable
from engine.export.export import export
from engine.numerics.job import finished
from engine.training.biases import is_bias
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net


def normalised(**training: Any) -> Graph:
    """Moons through a linear layer, batch norm, tanh and a second layer."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 3}),
        "norm": ("layer.batch_norm1d", {}), "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, settings={"dtype": "float64"}, **{"batch_size": None, "epochs": None, "steps": 12, **training})


DECAYS = [
    ("sgd", {"lr": 0.2, "weight_decay": 0.3}), ("sgd", {"lr": 0.2, "weight_decay": 0.3, "decoupled": True}),
    ("adamw", {"lr": 0.05, "weight_decay": 0.5}), ("adam", {"lr": 0.05, "weight_decay": 0.5, "decoupled": True}),
    ("adam", {"lr": 0.05, "weight_decay": 0.5, "form": "keras", "eps": 1e-8, "decoupled": True}),
    ("nesterov", {"lr": 0.1, "weight_decay": 0.2, "form": "lecture"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "hyper"), DECAYS)
def test_biases_without_decay_are_a_group_of_torch(key: str, hyper: dict[str, Any]) -> None:
    """Two groups in torch.optim, the second with weight_decay = 0; where torch lacks the method, its steps on plain numbers in torch.
    The exported program trains to the same values, by groups too."""
    graph = normalised(optimizer=key, hyper=hyper, decay_biases=False)
    run = Run(Model(graph))
    space: dict[str, Any] = {"__name__": "exported"}
    text = export(run.model)
    exec(text, space)
    model = space["Model"]()
    model.load_state_dict(space["values"](), strict=False)
    biases = {"hidden.bias", "norm.weight", "norm.bias", "out.bias"}
    of_torch = "form" not in hyper and not (key == "sgd" and "decoupled" in hyper)
    assert all(f'"{name}"' in text for name in biases) and ('"weight_decay": 0.0' in text) == of_torch
    reference = space["Model"]()
    reference.load_state_dict(model.state_dict())
    by_torch(reference, space["inputs"](), key, hyper, biases)
    run.train()
    space["train"](model, space["inputs"]())
    ours = sorted(float(p.sum()) for p in run.state.parameters.values())
    for other in (model, reference):
        assert ours == pytest.approx(sorted(float(p.detach().sum()) for p in other.parameters()), rel=1e-7, abs=1e-9)
    torch.set_default_dtype(torch.float32)  # the program set it


@pytest.mark.parametrize(("key", "form"), [("nesterov", "lecture"), ("adam", "keras")])
def test_a_written_class_follows_torch_s_schedulers(key: str, form: str) -> None:
    run = Run(Model(normalised(optimizer=key, hyper={"lr": 0.1, "form": form}, lr_schedule="cosine", warmup=3)))
    space: dict[str, Any] = {"__name__": "exported"}
    exec(export(run.model), space)
    model = space["Model"]()
    model.load_state_dict(space["values"](), strict=False)
    space["train"](model, space["inputs"]())
    torch.set_default_dtype(torch.float32)
    run.train()
    ours = sorted(float(p.sum()) for p in run.state.parameters.values())
    assert ours == pytest.approx(sorted(float(p.detach().sum()) for p in model.parameters()), rel=1e-7, abs=1e-9)


def by_torch(model: Any, data: dict[str, torch.Tensor], key: str, hyper: dict[str, Any], biases: set[str]) -> None:
    """Twelve steps of torch's model with groups; decoupled decay and Nesterov's look-ahead by hand around torch's own optimizers."""
    named = dict(model.named_parameters())
    lr, decay = hyper["lr"], hyper["weight_decay"]
    kept = [p for name, p in named.items() if name not in biases]
    groups = [{"params": kept, "weight_decay": decay}, {"params": [named[n] for n in biases], "weight_decay": 0.0}]
    v = {name: torch.zeros_like(p) for name, p in named.items()}
    decoupled = bool(hyper.get("decoupled"))
    plain: torch.optim.Optimizer = torch.optim.SGD(named.values(), lr=lr) if key == "sgd" and decoupled else (
        torch.optim.SGD(groups, lr=lr) if key == "sgd" else torch.optim.AdamW(groups, lr=lr))
    m, r = ({name: torch.zeros_like(p) for name, p in named.items()} for _ in range(2))
    model.train()
    for t in range(1, 13):
        model.zero_grad()
        here = {name: p.detach().clone() for name, p in named.items()}
        with torch.no_grad():
            if key == "nesterov":
                for name, p in named.items():
                    p += 0.9 * v[name]
        model(**data).backward()
        with torch.no_grad():
            if key == "nesterov":
                for name, p in named.items():
                    g = p.grad + (0.0 if name in biases else decay) * p
                    v[name] = 0.9 * v[name] - lr * g
                    p.copy_(here[name] + v[name])
                continue
            if decoupled and (key == "sgd" or "form" in hyper):
                for p in kept:
                    p *= 1 - lr * decay
            if "form" in hyper:
                for name, p in named.items():
                    m[name] = 0.9 * m[name] + 0.1 * p.grad
                    r[name] = 0.999 * r[name] + 0.001 * p.grad**2
                    p -= lr * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t) * m[name] / (r[name] ** 0.5 + 1e-8)
                continue
        plain.step()


def test_the_update_card_shows_no_decay_for_a_bias() -> None:
    run = Run(Model(tanh_net(hyper={"lr": 0.5, "weight_decay": 0.1}, decay_biases=False, batch_size=None)))
    table = answer(ExplainContext(run.model, run), UpdateOf())
    assert isinstance(table, UpdateTable)
    lines = {row.name: len(row.lines) for row in table.parameters if row.node == "hidden"}
    assert lines == {"W": 4, "b": 2}  # formula and numbers, of g = … and of θ ← …


def test_what_is_a_bias() -> None:
    """Declared by layers, kept when a layer is opened; a parameter of its own is one where it is only added."""
    graph = normalised()
    keys: list[Key] = [("hidden", "W"), ("hidden", "b"), ("norm", "gamma"), ("norm", "beta"), ("out", "b")]
    assert [is_bias(graph, key) for key in keys] == [False, True, True, True, True]
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        name: ("parameter.parameter", {"value": 1.0}) for name in ("w", "b", "c")
    } | {"p": ("math.multiply", {}), "f": ("math.add", {}), "h": ("math.multiply", {})}  # fmt: skip
    free = network(nodes, "w -> p.a; c -> p.b; p -> f.a; b -> f.b; f -> h.a; c -> h.b")
    assert [is_bias(free, (name, "value")) for name in "wbc"] == [False, True, False]


@pytest.mark.parametrize(("key", "hyper", "name", "same"), [
    ("sgd", {"lr": 0.5, "weight_decay": 0.1}, "SGD", True), ("nadam", {"lr": 0.05}, "NAdam", True), ("nesterov", {}, "SGD", True),
    ("adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled": True}, "Adam", True), ("nesterov", {"form": "lecture"}, "SGD", False),
    ("adagrad", {"form": "keras", "lr": 0.1}, "Adagrad", False), ("momentum", {"form": "lecture"}, "SGD", True),
])  # fmt: skip
def test_the_badge_says_how_far_torch_is(key: str, hyper: dict[str, Any], name: str, same: bool) -> None:
    """Momentum's forms are equal at a constant rate, up to round-off. The run itself makes no step."""
    run = Run(Model(tanh_net(optimizer=key, hyper=hyper, decay_biases=key != "sgd")))
    run.train(max_steps=3)
    before = run.capture()
    badge = finished(compare(ExplainContext(run.model, run), CompareWithTorch(run=7)))
    assert isinstance(badge, BesideTorch) and (badge.name, badge.steps, badge.stamp.step) == (name, 20, 3)
    assert badge.largest is not None and (badge.largest <= SAME) == same and (same or badge.largest > 1e-9)
    assert max(run.capture().diff(before).values(), default=0.0) == 0.0


def test_the_badge_says_why_nothing_is_compared() -> None:
    run = Run(Model(tanh_net(optimizer="lbfgs", hyper={})))
    badge = finished(compare(ExplainContext(run.model, run), CompareWithTorch()))
    assert badge.name == "LBFGS" and badge.largest is None and "where it likes" in badge.why
