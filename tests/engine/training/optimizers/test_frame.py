"""The common frame of optimizers: what a declaration claims about a step is what the step did."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from engine.training.optimizers.equations import STEP
from engine.training.optimizers.frame import value
from engine.training.optimizers.registry import OPTIMIZERS

CASES: list[tuple[str, dict[str, Any]]] = [
    (key, hyper)
    for key, spec in OPTIMIZERS.items()
    for hyper in ({}, {"momentum": 0.7}, {"momentum": 0.0}, {"momentum": 0.7, "dampening": 0.3}, {"amsgrad": True}, {"centered": True},
                  {"weight_decay": 0.0}, {"lr_decay": 0.2}, {"form": "lecture"}, {"form": "keras"})
    if spec.frames and all(spec.setting(name) is not None for name in hyper)
    and (hyper.get("form", "") == "" or hyper["form"] in spec.setting("form").choices)
]  # fmt: skip


@pytest.mark.parametrize(("key", "hyper"), CASES, ids=lambda x: str(x))
def test_a_step_of_an_exact_frame_is_the_frame(key: str, hyper: dict[str, Any]) -> None:
    slopes = torch.tensor([[0.3, -2.0], [0.1, 4.0], [-0.2, 0.5], [0.4, 0.3], [1.0, -1.0]], dtype=torch.float64)
    theta = torch.tensor([1.0, -0.5], dtype=torch.float64)
    optimizer = OPTIMIZERS[key](hyper, [theta])
    last, root_before = torch.zeros(2, dtype=torch.float64), None
    checked = 0
    for slope in slopes:
        old, scalars = theta.clone(), dict(optimizer.scalars)
        optimizer.step([slope])
        frame = optimizer.frame(optimizer.hyper, scalars)
        assert frame is not None
        names: dict[str, Any] = optimizer.symbols(optimizer.hyper) | {STEP: float(optimizer.t)} | optimizer.scalars
        names |= {name: tensors[0] for name, tensors in optimizer.state.items()}
        root = 1.0 * value(frame.root, names)  # no longer what is remembered itself, which the next step changes
        assert bool((torch.as_tensor(value(frame.rate, names)) > 0).all()), "an effective rate is positive"
        for formula in (frame.velocity, frame.square):
            assert formula == "" or torch.as_tensor(value(formula, names)).shape == (2,)
        if frame.exact:
            ratio = root_before / root if frame.carries and root_before is not None else 1.0
            used = slope + names.get("λ", 0.0) * old
            by_frame = old - value(frame.alpha, names) / root * used + value(frame.beta, names) * ratio * last
            assert torch.allclose(by_frame, theta, rtol=1e-12, atol=1e-13), (key, hyper, optimizer.t)
            checked += 1
        last, root_before = theta - old, root
    assert checked in (0, 5)


def test_adam_s_exact_average_by_the_slide() -> None:
    """β₂ = 0.999 after gradients 1, 2: r̂ = (0.999·1 + 4)/1.999, and α, β of the second step by the table."""
    theta = torch.zeros(1, dtype=torch.float64)
    adam = OPTIMIZERS["adam"]({"lr": 0.1}, [theta])
    for slope in (1.0, 2.0):
        adam.step([torch.tensor([slope], dtype=torch.float64)])
    frame = adam.frame(adam.hyper, {})
    assert frame is not None
    names: dict[str, Any] = adam.symbols(adam.hyper) | {STEP: 2.0} | {n: t[0] for n, t in adam.state.items()}
    assert float(value(frame.root, names)) == pytest.approx(math.sqrt((0.999 * 1 + 4) / 1.999) + 1e-8, rel=1e-12)
    assert float(value(frame.alpha, names)) == pytest.approx(0.1 * 0.1 / 0.19, rel=1e-12)
    assert float(value(frame.beta, names)) == pytest.approx(0.9 * 0.1 / 0.19, rel=1e-12)


def test_adagrad_s_effective_rates_are_those_of_the_lecture() -> None:
    """Gradients (0.1, 0.2) and (20, 10): r = 0.05 and 500, so the rates are η/√0.05 ≈ η/0.22 and η/√500 ≈ η/22."""
    theta = torch.zeros(2, dtype=torch.float64)
    adagrad = OPTIMIZERS["adagrad"]({"lr": 0.5}, [theta])
    for slopes in ((0.1, 20.0), (0.2, 10.0)):
        adagrad.step([torch.tensor(slopes, dtype=torch.float64)])
    frame = adagrad.frame(adagrad.hyper, {})
    assert frame is not None
    rates = value(frame.rate, adagrad.symbols(adagrad.hyper) | {STEP: 2.0, "r": adagrad.state["r"][0]})
    divisors = (0.5 / torch.as_tensor(rates)).tolist()
    assert divisors == pytest.approx([math.sqrt(0.1**2 + 0.2**2), math.sqrt(20.0**2 + 10.0**2)], rel=1e-8)
    assert [round(divisors[0], 2), round(divisors[1])] == [0.22, 22]
