"""Every method's path over 100 steps on ten objectives, trained by the app as a document, against an oracle that shares no code with it:
gradients by hand in NumPy, and the update by `torch.optim` or as its paper has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from engine.training.compiled import Compiled
from engine.training.model import Model
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.run import Run
from engine.training.state import state_key
from tests.engine.training.optimizers.forms import RULES as FORMS
from tests.engine.training.optimizers.objectives import OBJECTIVES, STEPS, Objective
from tests.engine.training.optimizers.papers import JOINT
from tests.engine.training.optimizers.papers import RULES as PAPERS
from tests.engine.training.optimizers.test_vsgd import Paper

Array = Any
Gradient = Callable[[list[torch.Tensor], int], list[torch.Tensor]]
Oracle = Callable[[list[torch.Tensor], Gradient, dict[str, Any]], Iterator[list[torch.Tensor]]]
"""(parameters, gradient of (parameters, step), settings) → the parameters after each step."""


def torch_optim(make: Callable[[list[torch.Tensor], dict[str, Any]], torch.optim.Optimizer]) -> Oracle:
    def steps(start: list[torch.Tensor], gradient: Gradient, h: dict[str, Any]) -> Iterator[list[torch.Tensor]]:
        parameters = [p.clone() for p in start]
        run = make(parameters, h)
        for step in range(STEPS):
            for parameter, slope in zip(parameters, gradient(parameters, step), strict=True):
                parameter.grad = slope
            run.step()
            yield parameters

    return steps


def paper(key: str) -> Oracle:
    """The rule of `papers` or `forms`, for every parameter by itself or for all together."""

    def steps(start: list[torch.Tensor], gradient: Gradient, h: dict[str, Any]) -> Iterator[list[torch.Tensor]]:
        parameters = [p.clone() for p in start]
        if key in JOINT:
            joint = JOINT[key](parameters, h)
            parameters = next(joint)
            for step in range(STEPS):
                yield (parameters := joint.send(gradient(parameters, step)))
            return
        rules = [(FORMS | PAPERS)[key](p, h) for p in parameters]
        parameters = [next(rule) for rule in rules]
        for step in range(STEPS):
            yield (parameters := [rule.send(g) for rule, g in zip(rules, gradient(parameters, step), strict=True)])

    return steps


def look_ahead(start: list[torch.Tensor], gradient: Gradient, h: dict[str, Any]) -> Iterator[list[torch.Tensor]]:
    """Nesterov as the lecture has it: the gradient at θ + ρv."""
    thetas, vs = start, [torch.zeros_like(p) for p in start]
    for step in range(STEPS):
        slopes = gradient([p + h["momentum"] * v for p, v in zip(thetas, vs, strict=True)], step)
        vs = [h["momentum"] * v - h["lr"] * g for v, g in zip(vs, slopes, strict=True)]
        yield (thetas := [p + v for p, v in zip(thetas, vs, strict=True)])


def vsgd(start: list[torch.Tensor], gradient: Gradient, h: dict[str, Any]) -> Iterator[list[torch.Tensor]]:
    sizes, now = [p.numel() for p in start], 0

    def shaped(row: Array) -> list[torch.Tensor]:
        return [part.view_as(p) for part, p in zip(torch.from_numpy(row).split(sizes), start, strict=True)]

    def of_row(row: Array) -> Array:
        return torch.cat([g.reshape(-1) for g in gradient(shaped(row), now)]).numpy()

    method = Paper(torch.cat([p.reshape(-1) for p in start]).numpy(), of_row, h["slow_start"], h["eps"], h["lr"])
    for now in range(STEPS):  # noqa: B007 - `of_row` reads it
        method.step()
        yield shaped(method.theta)


def along(make: Any, *names: str, **fixed: Any) -> Oracle:
    """A class of `torch.optim`, called with these settings under its own names."""
    return torch_optim(lambda p, h: make(p, lr=h["lr"], **{name: h[name] for name in names}, **fixed))


def adam(make: Any, **fixed: Any) -> Oracle:
    return torch_optim(lambda p, h: make(p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], **fixed))


O = torch.optim  # noqa: E741
STEEP = "over the curvature"
"""A rate that is divided by the curvature of the objective; other rates are lengths of steps."""
METHODS: list[tuple[str, dict[str, Any], Oracle]] = [
    ("gd", {"lr": (0.5, STEEP)}, along(O.SGD)),
    ("sgd", {"lr": (0.4, STEEP), "weight_decay": 0.01}, along(O.SGD, "weight_decay")),
    ("momentum", {"lr": (0.1, STEEP), "momentum": 0.8, "dampening": 0.2}, along(O.SGD, "momentum", "dampening")),
    ("nesterov", {"lr": (0.1, STEEP), "momentum": 0.8}, along(O.SGD, "momentum", nesterov=True)),
    ("perturbed", {"lr": (0.3, STEEP), "radius": 0.1}, paper("perturbed")),
    ("perturbed", {"lr": (0.3, STEEP), "radius": 0.1, "only_small": True, "threshold": 0.2}, paper("perturbed")),
    ("adagrad", {"lr": 0.05}, along(O.Adagrad, "eps")),
    ("rmsprop", {"lr": 0.003, "momentum": 0.5}, along(O.RMSprop, "alpha", "eps", "momentum")),
    ("adadelta", {}, along(O.Adadelta, "rho", "eps")),
    ("adam", {"lr": 0.01}, adam(O.Adam)),
    ("adamw", {"lr": 0.01, "weight_decay": 0.05}, adam(O.AdamW, weight_decay=0.05)),
    ("nadam", {"lr": 0.01}, adam(O.NAdam, momentum_decay=0.004)),
    ("adamax", {"lr": 0.01}, adam(O.Adamax)),
    ("radam", {"lr": 0.01}, adam(O.RAdam)),
    ("rprop", {"lr": 0.01}, torch_optim(lambda p, h: O.Rprop(p, lr=h["lr"], etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)))),
    ("signsgd", {"lr": 0.003, "momentum": 0.9}, paper("signsgd")),
    ("lion", {"lr": 0.003, "weight_decay": 0.1}, paper("lion")),
    ("muon", {"lr": 0.02, "other_lr": 0.01}, paper("muon")),
    ("sgd", {"lr": (0.4, STEEP), "weight_decay": 0.05, "decoupled": True}, paper("sgd")),
    ("momentum", {"lr": (0.1, STEEP), "momentum": 0.8, "form": "lecture"}, paper("momentum")),
    ("nesterov", {"lr": (0.1, STEEP), "momentum": 0.8, "form": "lecture"}, look_ahead),
    ("nesterov", {"lr": (0.1, STEEP), "momentum": 0.8, "form": "keras"}, paper("nesterov")),
    ("adagrad", {"lr": 0.05, "form": "keras"}, paper("adagrad")),
    ("rmsprop", {"lr": 0.003, "form": "lecture"}, paper("rmsprop")),
    ("rmsprop", {"lr": 0.003, "form": "keras", "momentum": 0.5, "centered": True}, paper("rmsprop")),
    ("adam", {"lr": 0.01, "form": "keras", "amsgrad": True}, paper("adam")),
    ("nadam", {"lr": 0.01, "form": "keras"}, paper("nadam")),
    ("vsgd", {"slow_start": 4.0}, vsgd),
    ("adasecant", {"lr": 0.1}, paper("adasecant")),
]  # fmt: skip
"""(method, settings, oracle). A line for each method, and for each form of one that has its own update."""
EVERY = 10
"""Steps between two comparisons."""


def settings_of(objective: Objective, hyper: dict[str, Any]) -> dict[str, Any]:
    return {name: value[0] / objective.curvature if isinstance(value, tuple) else value for name, value in hyper.items()}


def label(model: Model, key: tuple[str, str]) -> str:
    return model.graph.nodes[key[0]].name if key[1] == "value" else state_key(key)


def largest_difference(objective: Objective, key: str, hyper: dict[str, Any], oracle: Oracle) -> float:
    """Between the app's path and the oracle's, relative to numbers above 1."""
    settings = settings_of(objective, hyper)
    compiled: Compiled = objective.compiled().changed_to(objective.document(key, settings)).compiled
    run = Run(Model(compiled)).prepare()
    model = run.model
    keys = [(node, name) for node, name in (tuple(k.split(".", 1)) for k in model.state.parameters)]
    names = [label(model, k) for k in keys]
    start = [t.clone() for t in model.state.parameters.values()]
    samples = objective.samples(OPTIMIZERS[key].full_batch)

    def gradient(parameters: list[torch.Tensor], step: int) -> list[torch.Tensor]:
        by_name = objective.gradient({n: p.numpy() for n, p in zip(names, parameters, strict=True)}, *samples[step])
        return [torch.as_tensor(by_name[n], dtype=torch.float64).reshape(p.shape) for n, p in zip(names, parameters, strict=True)]

    full = OPTIMIZERS[key].with_defaults(settings) | {"seed": objective.seed}
    worst = 0.0
    with torch.no_grad():
        for step, parameters in enumerate(oracle(start, gradient, full), 1):
            if step % EVERY:
                continue
            run.train(max_steps=EVERY)
            for mine, theirs in zip(model.state.parameters.values(), parameters, strict=True):
                assert bool(torch.isfinite(theirs).all()), (step, parameters)
                worst = max(worst, float(((mine - theirs).abs() / theirs.abs().clamp(min=1)).max()))
    assert run.state.step == STEPS and run.problem is None
    return worst


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """torch keeps NAdam's product of momenta in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


ALWAYS = ("(1 - w2 w1)²", "logistic regression", "2-4-2 network")
"""The others are run by hand: `pytest -m ""`."""


@pytest.mark.parametrize("objective", [o if o.name in ALWAYS else pytest.param(o, marks=pytest.mark.long) for o in OBJECTIVES], ids=str)
def test_every_method_goes_the_way_of_its_oracle(objective: Objective) -> None:
    apart = {f"{key} {hyper}": largest_difference(objective, key, hyper, oracle) for key, hyper, oracle in METHODS}
    assert max(apart.values()) < 1e-10, {name: value for name, value in apart.items() if value >= 1e-10}


def test_every_first_order_method_has_a_line() -> None:
    assert {key for key, _hyper, _oracle in METHODS} >= {k for k, spec in OPTIMIZERS.items() if spec.family != "second"}
