"""Every optimizer's step against the one its equations say, and both against PyTorch's class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import OPTIMIZERS, optimizer
from tests.engine.training.optimizers import forms, papers
from tests.engine.training.optimizers.cases import ALONG_GRADIENTS, NAMES, VARIANTS, evaluate, problem, slopes
from tests.engine.training.optimizers.test_searching import VARIANTS as SEARCHING

STEPS = 50

BY_HAND: list[tuple[str, dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = [
    ("sgd", {"lr": 0.05, "weight_decay": 0.1}, torch.optim.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    ("momentum", {"lr": 0.02, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}, torch.optim.SGD,
     {"lr": 0.02, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}),
    ("momentum", {"lr": 0.02, "momentum": 0.0, "dampening": 0.3}, torch.optim.SGD, {"lr": 0.02, "momentum": 0.0, "dampening": 0.3}),
    ("nesterov", {"lr": 0.02, "weight_decay": 0.1}, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("nesterov", {"lr": 0.02, "momentum": 0.0}, torch.optim.SGD, {"lr": 0.02}),  # torch refuses Nesterov without momentum
    ("adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-4, "weight_decay": 0.1}, torch.optim.Adagrad,
     {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-4, "weight_decay": 0.1}),
    ("rmsprop", {"lr": 0.02, "alpha": 0.8, "eps": 1e-4, "momentum": 0.9, "centered": True, "weight_decay": 0.1}, torch.optim.RMSprop,
     {"lr": 0.02, "alpha": 0.8, "eps": 1e-4, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("adadelta", {}, torch.optim.Adadelta, {}),
    ("adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}, torch.optim.Adadelta,
     {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}),
    ("adam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "eps": 1e-4, "amsgrad": True, "weight_decay": 0.1}, torch.optim.Adam,
     {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-4, "amsgrad": True, "weight_decay": 0.1}),
    ("adamw", {}, torch.optim.AdamW, {}),
    ("adamw", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}, torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("nadam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "momentum_decay": 0.1, "weight_decay": 0.1}, torch.optim.NAdam,
     {"lr": 0.05, "betas": (0.5, 0.9), "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("gd", {"lr": 0.05, "weight_decay": 0.1}, torch.optim.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    ("adamax", {"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "eps": 1e-4, "weight_decay": 0.1}, torch.optim.Adamax,
     {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
    ("radam", {"lr": 0.05, "weight_decay": 0.1}, torch.optim.RAdam, {"lr": 0.05, "weight_decay": 0.1}),
    ("radam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.6, "eps": 1e-4}, torch.optim.RAdam, {"lr": 0.05, "betas": (0.5, 0.6), "eps": 1e-4}),
    ("rprop", {"lr": 0.05, "eta_minus": 0.4, "eta_plus": 1.3, "step_min": 1e-3, "step_max": 0.5}, torch.optim.Rprop,
     {"lr": 0.05, "etas": (0.4, 1.3), "step_sizes": (1e-3, 0.5)}),
    ("lbfgs", {"lr": 0.5, "line_search": "none", "max_iter": 3}, torch.optim.LBFGS, {"lr": 0.5, "max_iter": 3, "history_size": 10}),
    ("lbfgs", {"max_iter": 2}, torch.optim.LBFGS, {"line_search_fn": "strong_wolfe", "max_iter": 2, "history_size": 10}),
]  # fmt: skip
"""Calls of torch.optim written down by hand: what a declaration says about torch is held to these."""



@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """NAdam keeps its product of momenta in the default dtype; float64 makes both sides exact."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def along(make: Callable[[list[torch.Tensor]], Any], step: Callable[[Any, list[torch.Tensor]], None]) -> list[torch.Tensor]:
    """The parameters after 100 steps along given gradients."""
    parameters = [p.clone() for p in problem()[0]]
    run = make(parameters)
    with torch.no_grad():
        for gradients in slopes(100):
            step(run, gradients)
    return parameters


def torch_step(parameters: list[torch.Tensor], run: torch.optim.Optimizer, gradients: list[torch.Tensor]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    run.step()


def ours(key: str, hyper: dict[str, Any], steps: int = STEPS, pause: int | None = None) -> list[torch.Tensor]:
    """The parameters of a small problem after some steps."""
    start, loss = problem()
    parameters = [p.clone() for p in start]
    run = optimizer(key)(hyper, parameters)
    for i in range(steps):
        if i == pause:
            kept = run.state_dict(NAMES)
            run = optimizer(key)(hyper, parameters)
            run.load_state_dict(NAMES, kept)
        run.minimise(lambda: evaluate(parameters, loss))
    return parameters


def theirs(make: Callable[[list[torch.Tensor]], torch.optim.Optimizer]) -> list[torch.Tensor]:
    start, loss = problem()
    parameters = [p.clone().requires_grad_() for p in start]
    reference = make(parameters)

    def closure() -> torch.Tensor:
        reference.zero_grad()
        value = loss(*parameters)
        value.backward()
        return value

    for _ in range(STEPS):
        reference.step(closure)  # type: ignore[arg-type]
    return [p.detach() for p in parameters]


def assert_same(one: list[torch.Tensor], other: list[torch.Tensor]) -> None:
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("key", "hyper"), VARIANTS)
def test_the_step_that_runs_is_the_one_of_the_equations_and_of_torch(key: str, hyper: dict[str, Any]) -> None:
    declared = OPTIMIZERS[key]
    fast = along(lambda p: declared(hyper, p), declared.step)
    assert_same(fast, along(lambda p: declared(hyper, p), Optimizer.step))

    settings = declared.with_defaults(hyper)
    if call := declared.torch_code(settings, "parameters"):
        held: list[torch.Tensor] = []

        def make(parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
            held.extend(parameters)
            optimizer: torch.optim.Optimizer = eval(f"torch.optim.{call}", {"torch": torch, "parameters": parameters})
            return optimizer

        assert_same(fast, along(make, lambda run, gradients: torch_step(held, run, gradients)))
    elif key in papers.JOINT:
        assert_same(fast, papers.joint_end(key, [p.clone() for p in problem()[0]], slopes(100), settings))
    else:
        by_hand = papers.BY_HAND | forms.BY_HAND
        assert key in by_hand, f"torch has no {declared.title}: write its steps down by hand in papers.py"
        problems = zip(problem()[0], zip(*slopes(100), strict=True), strict=True)
        assert_same(fast, [by_hand[key](start.clone(), list(gradients), settings) for start, gradients in problems])


@pytest.mark.parametrize(("key", "hyper", "cls", "options"), BY_HAND, ids=[f"{c[0]}-{i}" for i, c in enumerate(BY_HAND)])
def test_the_step_is_that_of_torch_called_by_hand(
    key: str, hyper: dict[str, Any], cls: type[torch.optim.Optimizer], options: dict[str, Any]
) -> None:
    assert_same(ours(key, hyper), theirs(lambda parameters: cls(parameters, **options)))


def test_every_optimizer_has_a_reference_of_its_own() -> None:
    searching = {case[0] for case in SEARCHING} | {"gauss_newton", "lm", "vsgd"}  # held to NumPy, in tests of their own
    assert {case[0] for case in BY_HAND} | papers.BY_HAND.keys() | papers.JOINT.keys() | searching == set(OPTIMIZERS)


def test_every_setting_is_part_of_the_call_of_torch() -> None:
    for key, declared in OPTIMIZERS.items():
        asked = set(re.findall(r"\{(\w+)!r\}", declared.torch_call))
        own = {"form"} if "{decoupled!r}" in declared.torch_call else {"form", "decoupled"}  # torch has only the penalty, but for Adam
        torch_form = {**declared.with_defaults({}), "form": "pytorch"}
        hidden = {s.name for s in declared.settings if ("line_search" in s.when or "form" in s.when) and not s.visible(torch_form)}
        assert not declared.torch_call or asked == {s.name for s in declared.settings} - own - hidden, key


@pytest.mark.parametrize(("key", "hyper"), [(c[0], c[1]) for c in BY_HAND] + [(key, {}) for key in ALONG_GRADIENTS])
def test_a_pause_changes_nothing(key: str, hyper: dict[str, Any]) -> None:
    steps = 6 if key == "lbfgs" else 50
    for straight, resumed in zip(ours(key, hyper, steps), ours(key, hyper, steps, pause=3), strict=True):
        assert torch.equal(straight, resumed)


@pytest.mark.parametrize("pause", [None, 5, 12])
@pytest.mark.parametrize("key", ["momentum", "nesterov"])
@pytest.mark.parametrize("derived", [False, True])
def test_momentum_that_is_switched_off_and_on_follows_torch(pause: int | None, key: str, derived: bool) -> None:
    """Memory begins with the first step that has momentum, and is left alone by steps without."""
    start, slopes = torch.tensor([1.5, -0.5]), torch.randn(20, 2, generator=torch.Generator().manual_seed(3))
    mine, theirs = start.clone(), start.clone().requires_grad_()
    dampening = 0.3 if key == "momentum" else 0.0
    hyper = {"lr": 0.1, "momentum": 0.0, **({"dampening": dampening} if dampening else {})}
    run, reference = optimizer(key)(hyper, [mine]), torch.optim.SGD([theirs], lr=0.1, momentum=0.0, dampening=dampening)
    for step, slope in enumerate(slopes):
        momentum = 0.0 if step < 4 or 8 <= step < 14 else 0.9
        hyper = {**hyper, "momentum": momentum}
        run.set_hyper(hyper)
        if step == pause:
            kept, run = run.state_dict(["p"]), optimizer(key)(hyper, [mine])
            run.load_state_dict(["p"], kept)
        reference.param_groups[0]["momentum"], theirs.grad = momentum, slope.clone()
        reference.param_groups[0]["nesterov"] = key == "nesterov"
        if derived:
            Optimizer.step(run, [slope])
        else:
            run.step([slope])
        reference.step()
        torch.testing.assert_close(mine, theirs.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("key", [key for key in ALONG_GRADIENTS if any(s.kind == "bool" for s in OPTIMIZERS[key].settings)])
def test_switches_can_be_turned_in_the_middle(key: str) -> None:
    """Fast and derived step agree through every change, and what a switch needs is kept from then on."""
    rng = torch.Generator().manual_seed(7)
    pair = [torch.ones(3), torch.ones(3)]
    fast, slow = (optimizer(key)({"lr": 0.1}, [p]) for p in pair)
    switches = [s.name for s in OPTIMIZERS[key].settings if s.kind == "bool"]
    for step in range(12):
        for run in (fast, slow):
            run.set_hyper({"lr": 0.1 / (1 + step), **dict.fromkeys(switches, step // 4 == 1)})
        slope = torch.randn(3, generator=rng)
        fast.step([slope])
        Optimizer.step(slow, [slope])
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12)
    kept = {r.name for r in OPTIMIZERS[key].state_variables if not r.scalar and (not r.when or "form=" not in r.when)}
    assert kept <= fast.state.keys()


def test_the_noise_of_a_step_is_uniform_on_the_sphere_of_all_weights() -> None:
    """Length σ in every step; each of three weights has mean 0 and mean square σ²/3 over 3,000 steps (standard errors below 0.02)."""
    w, b = torch.zeros(2), torch.zeros(1)
    run = optimizer("perturbed")({"lr": 1.0, "radius": 0.5}, [w, b])
    moves = []
    for _ in range(3000):
        before = torch.cat([w, b])
        run.step([torch.zeros(2), torch.zeros(1)])
        moves.append(torch.cat([w, b]) - before)
    made = torch.stack(moves)
    torch.testing.assert_close(made.norm(dim=1), torch.full((3000,), 0.5))
    assert float(made.mean(0).abs().max()) < 0.02 and float((made.square().mean(0) - 0.25 / 3).abs().max()) < 0.005


def test_a_huge_gradient_is_not_clipped() -> None:
    theta = torch.zeros(1)
    optimizer("sgd")({"lr": 0.1}, [theta]).step([torch.tensor([1e12])])
    assert float(theta) == -1e11


def test_adagrad_divides_by_the_figures_of_the_lecture() -> None:
    """Gradients (0.1, 0.2) and (20, 10) for two weights: after two steps the rates are η/0.22 and η/22."""
    first, second = torch.zeros(1), torch.zeros(1)
    run = optimizer("adagrad")({"lr": 1.0}, [first, second])
    run.step([torch.tensor([0.1]), torch.tensor([20.0])])
    run.step([torch.tensor([0.2]), torch.tensor([10.0])])
    roots = [float(r.sqrt()) for r in run.state["r"]]
    assert roots == pytest.approx([0.05**0.5, 500**0.5])
    assert [round(roots[0], 2), round(roots[1])] == [0.22, 22]
