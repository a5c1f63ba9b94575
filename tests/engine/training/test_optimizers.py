"""Every optimizer against PyTorch's class of that name, and what is declared against what runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine.training.optimizers.run import Lbfgs, stepper
from engine.training.optimizers.specs import OPTIMIZERS, OptimizerError

STEPS = 50

CASES: list[tuple[str, dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = [
    ("sgd", {"lr": 0.05}, torch.optim.SGD, {"lr": 0.05}),
    ("sgd", {"lr": 0.05, "weight_decay": 0.1}, torch.optim.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    ("momentum", {"lr": 0.02}, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9}),
    ("momentum", {"lr": 0.02, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}, torch.optim.SGD,
     {"lr": 0.02, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}),
    ("momentum", {"lr": 0.02, "momentum": 0.0, "dampening": 0.3}, torch.optim.SGD, {"lr": 0.02, "momentum": 0.0, "dampening": 0.3}),
    ("nesterov", {"lr": 0.02, "weight_decay": 0.1}, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("nesterov", {"lr": 0.02, "momentum": 0.0}, torch.optim.SGD, {"lr": 0.02}),  # torch refuses Nesterov without momentum
    ("adagrad", {"lr": 0.1}, torch.optim.Adagrad, {"lr": 0.1}),
    ("adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}, torch.optim.Adagrad,
     {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("rmsprop", {"lr": 0.02}, torch.optim.RMSprop, {"lr": 0.02}),
    ("rmsprop", {"lr": 0.02, "momentum": 0.9, "centered": True, "weight_decay": 0.1}, torch.optim.RMSprop,
     {"lr": 0.02, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("adadelta", {}, torch.optim.Adadelta, {}),
    ("adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}, torch.optim.Adadelta, {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}),
    ("adam", {"lr": 0.05}, torch.optim.Adam, {"lr": 0.05}),
    ("adam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "amsgrad": True, "weight_decay": 0.1}, torch.optim.Adam,
     {"lr": 0.05, "betas": (0.5, 0.9), "amsgrad": True, "weight_decay": 0.1}),
    ("adamw", {"lr": 0.05}, torch.optim.AdamW, {"lr": 0.05}),
    ("adamw", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}, torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("nadam", {"lr": 0.05}, torch.optim.NAdam, {"lr": 0.05}),
    ("nadam", {"lr": 0.05, "momentum_decay": 0.1, "weight_decay": 0.1}, torch.optim.NAdam,
     {"lr": 0.05, "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("lbfgs", {"lr": 0.5, "line_search": "none", "max_iter": 3}, torch.optim.LBFGS, {"lr": 0.5, "max_iter": 3, "history_size": 10}),
    ("lbfgs", {"max_iter": 2}, torch.optim.LBFGS, {"line_search_fn": "strong_wolfe", "max_iter": 2, "history_size": 10}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """NAdam keeps its product of momenta in the default dtype; float64 makes both sides exact."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def problem() -> tuple[list[torch.Tensor], Any]:
    """A small non-quadratic function of a matrix, a vector and a number, and its start."""
    rng = torch.Generator().manual_seed(5)
    start = [torch.randn(shape, generator=rng) for shape in ((3, 2), (3,), ())]
    x = torch.randn(7, 2, generator=rng)

    def loss(w: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return ((torch.tanh(x @ w.T + b).sum(1) - c) ** 2).mean() + 0.01 * (w**4).sum()

    return start, loss


def ours(key: str, hyper: dict[str, Any], steps: int = STEPS, pause: int | None = None) -> list[torch.Tensor]:
    start, loss = problem()
    parameters = [p.clone() for p in start]
    names = ["w", "b", "c"]
    run = stepper(key, hyper, parameters)

    def evaluate() -> tuple[torch.Tensor, list[torch.Tensor]]:
        leaves = [p.clone().requires_grad_() for p in parameters]
        value = loss(*leaves)
        return value.detach(), list(torch.autograd.grad(value, leaves))

    for i in range(steps):
        if i == pause:
            kept = run.state_dict(names)
            run = stepper(key, hyper, parameters)
            run.load_state_dict(names, kept)
        run.minimise(evaluate)
    return parameters


def theirs(cls: type[torch.optim.Optimizer], options: dict[str, Any]) -> list[torch.Tensor]:
    start, loss = problem()
    parameters = [p.clone().requires_grad_() for p in start]
    optimizer = cls(parameters, **options)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(*parameters)
        value.backward()
        return value

    for _ in range(STEPS):
        optimizer.step(closure)  # type: ignore[arg-type]
    return [p.detach() for p in parameters]


@pytest.mark.parametrize(("key", "hyper", "cls", "options"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_fifty_steps_equal_torch_optim(key: str, hyper: dict[str, Any], cls: type[torch.optim.Optimizer], options: dict[str, Any]) -> None:
    for mine, reference in zip(ours(key, hyper), theirs(cls, options), strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("key", "hyper"), [(c[0], c[1]) for c in CASES])
def test_a_pause_changes_nothing(key: str, hyper: dict[str, Any]) -> None:
    steps = 6 if key == "lbfgs" else STEPS
    for straight, resumed in zip(ours(key, hyper, steps), ours(key, hyper, steps, pause=3), strict=True):
        assert torch.equal(straight, resumed)


@pytest.mark.parametrize("pause", [None, 5, 12])
def test_momentum_that_is_switched_off_and_on_follows_torch(pause: int | None) -> None:
    """Memory begins with the first step that has momentum, and is left alone by steps without."""
    start, slopes = torch.tensor([1.5, -0.5]), torch.randn(20, 2, generator=torch.Generator().manual_seed(3))
    mine, theirs = start.clone(), start.clone().requires_grad_()
    hyper = {"lr": 0.1, "momentum": 0.0, "dampening": 0.3}
    run, reference = stepper("momentum", hyper, [mine]), torch.optim.SGD([theirs], lr=0.1, momentum=0.0, dampening=0.3)
    for step, slope in enumerate(slopes):
        momentum = 0.0 if step < 4 or 8 <= step < 14 else 0.9
        hyper = {**hyper, "momentum": momentum}
        run.set_hyper(hyper)
        if step == pause:
            kept, run = run.state_dict(["p"]), stepper("momentum", hyper, [mine])
            run.load_state_dict(["p"], kept)
        reference.param_groups[0]["momentum"], theirs.grad = momentum, slope.clone()
        run.step([slope])
        reference.step()
        torch.testing.assert_close(mine, theirs.detach(), rtol=1e-12, atol=1e-12)


DECAYED = r"g = \nabla_\theta L + \lambda\,\theta"
SHOWN: dict[str, tuple[str, ...]] = {
    "sgd": (DECAYED, r"\theta \leftarrow \theta - \eta\,g"),
    "momentum": (
        DECAYED, r"m \leftarrow \rho\,m + (1 - \tau)\,g \quad (m = g \; \mathrm{at} \; t = 1 \; \mathrm{and \; where} \; \rho = 0)",
        r"\theta \leftarrow \theta - \eta\,m",
    ),
    "nesterov": (DECAYED, r"m \leftarrow \rho\,m + g", r"\theta \leftarrow \theta - \eta\,(g + \rho\,m)"),
}  # fmt: skip


def by_the_formula(key: str, slopes: list[float], theta: float, lr: float, rho: float, tau: float, decay: float) -> float:
    """The lines of `SHOWN`, on one number."""
    m = 0.0
    for t, slope in enumerate(slopes, 1):
        g = slope + decay * theta
        if key == "sgd":
            theta -= lr * g
        elif key == "momentum":
            m = g if t == 1 else rho * m + (1 - tau) * g
            theta -= lr * m
        else:
            m = rho * m + g
            theta -= lr * (g + rho * m)
    return theta


@pytest.mark.parametrize("key", SHOWN)
def test_the_formula_that_is_shown_is_the_one_that_runs(key: str) -> None:
    """PyTorch's momentum and Nesterov are not the lecture's v ← ρv − ηg, and are not shown under it."""
    assert OPTIMIZERS[key].formula == SHOWN[key]
    slopes, theta = [0.7, -1.3, 0.4, 2.0], torch.tensor([1.5])
    hyper = {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05}
    run = stepper(key, {name: value for name, value in hyper.items() if OPTIMIZERS[key].setting(name)}, [theta])
    for slope in slopes:
        run.step([torch.tensor([slope])])
    assert float(theta) == pytest.approx(by_the_formula(key, slopes, 1.5, 0.1, 0.8, 0.3, 0.05), rel=1e-12)


def test_a_huge_gradient_is_not_clipped() -> None:
    theta = torch.zeros(1)
    stepper("sgd", {"lr": 0.1}, [theta]).step([torch.tensor([1e12])])
    assert float(theta) == -1e11


def test_amsgrad_can_be_switched_on_in_the_middle() -> None:
    theta = torch.ones(1)
    run = stepper("adam", {"lr": 0.1}, [theta])
    run.step([torch.tensor([2.0])])
    run.set_hyper({"lr": 0.1, "amsgrad": True})
    run.step([torch.tensor([0.5])])
    assert "largest" in run.state and float(theta) < 0.9


def test_another_rate_keeps_what_l_bfgs_remembers() -> None:
    theta = torch.tensor([3.0, -2.0])
    run = stepper("lbfgs", {"max_iter": 5}, [theta])
    assert isinstance(run, Lbfgs)
    run.minimise(lambda: ((theta**4).sum(), [4 * theta**3]))
    before = run.state_dict(["theta"])
    run.set_hyper({"max_iter": 5, "lr": 0.5})
    after = run.state_dict(["theta"])
    assert before.keys() == after.keys() and "lbfgs.old_dirs.0" in after


def test_every_optimizer_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(OPTIMIZERS)


@pytest.mark.parametrize("key", [k for k in OPTIMIZERS if k != "lbfgs"])
def test_declared_memory_is_what_is_kept(key: str) -> None:
    hyper = {"amsgrad": True} if key in ("adam", "adamw") else {}
    run = stepper(key, hyper, [torch.zeros(2)])
    assert tuple(run.state) == OPTIMIZERS[key].remembers


def test_adagrad_divides_by_the_figures_of_the_lecture() -> None:
    """Gradients (0.1, 0.2) and (20, 10) for two weights: after two steps the rates are η/0.22 and η/22."""
    first, second = torch.zeros(1), torch.zeros(1)
    run = stepper("adagrad", {"lr": 1.0}, [first, second])
    run.step([torch.tensor([0.1]), torch.tensor([20.0])])
    run.step([torch.tensor([0.2]), torch.tensor([10.0])])
    roots = [float(r.sqrt()) for r in run.state["r"]]
    assert roots == pytest.approx([0.05**0.5, 500**0.5])
    assert [round(roots[0], 2), round(roots[1])] == [0.22, 22]


@pytest.mark.parametrize(("key", "hyper", "part"), [
    ("sgd", {"lr": -1.0}, "at least 0"), ("adam", {"beta1": 1.0}, "at most"), ("adam", {"amsgrad": 3}, "on or off"),
    ("lbfgs", {"line_search": "armijo"}, "one of none, strong_wolfe"), ("lbfgs", {"max_iter": 1.5}, "whole number"),
    ("sgd", {"lr": "fast"}, "a number"), ("sgd", {"lr": float("nan")}, "a number"),
])  # fmt: skip
def test_a_wrong_hyperparameter_is_refused_in_words(key: str, hyper: dict[str, Any], part: str) -> None:
    with pytest.raises(OptimizerError, match=part):
        stepper(key, hyper, [torch.zeros(1)])


def test_the_specs_need_no_torch_and_the_steps_no_dynamo() -> None:
    code = (
        "import sys, engine.training.optimizers.specs; assert 'torch' not in sys.modules;"
        "import torch; from engine.training.optimizers.run import stepper; p=[torch.zeros(2)];"
        "from engine.training.optimizers.specs import OPTIMIZERS;"
        "[stepper(k, {}, p).step([torch.ones(2)]) for k in OPTIMIZERS if k != 'lbfgs'];"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("search", ["strong_wolfe", "none"])
@pytest.mark.parametrize("rate", [1.0, 0.5, 0.1, 0.01])
@pytest.mark.parametrize("start", [5.0, 0.2])
def test_lbfgs_backs_away_from_where_the_loss_is_not_finite(search: str, rate: float, start: float) -> None:
    """w - log w has its minimum at 1 and is not a number for w < 0, where torch's own step leads."""
    w = torch.tensor(start)
    run = stepper("lbfgs", {"lr": rate, "line_search": search}, [w])
    assert isinstance(run, Lbfgs)
    away = 0
    for _ in range(60):
        run.minimise(lambda: (w - torch.log(w), [1 - 1 / w]))
        away += run.backed_away
        assert w > 0
    assert float(w) == pytest.approx(1.0, abs=1e-3)
    assert away or (start, rate) != (5.0, 1.0)


def test_lbfgs_reports_a_start_that_is_not_finite_and_stays_there() -> None:
    w = torch.tensor(-2.0)
    run = stepper("lbfgs", {}, [w])
    assert isinstance(run, Lbfgs)
    assert run.minimise(lambda: (torch.log(w), [1 / w])).isnan() and float(w) == -2.0
