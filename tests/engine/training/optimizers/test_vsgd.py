"""vSGD-fd against the algorithm of the paper in NumPy, and what it is for: no rate to choose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.export.optimizer_class import optimizer_call, optimizer_class
from engine.training.optimizers.registry import OPTIMIZERS
from tests.engine.training.optimizers.cases import evaluate, problem

Array = Any


class Paper:
    """Schaul and LeCun 2013, Algorithm 1, for a mini-batch as one sample; `gradient` is a function of one row of all weights."""

    def __init__(self, theta: Array, gradient: Any, slow: float = 2.0, eps: float = 1e-10, factor: float = 1.0) -> None:
        self.theta, self.gradient, self.slow, self.eps, self.factor = theta.copy(), gradient, slow, eps, factor
        self.g = self.v = self.h = self.w = np.zeros_like(theta)
        self.tau, self.first = np.full_like(theta, 2.0), True

    def step(self) -> None:
        grad, eps = self.gradient(self.theta), self.eps
        shift = (grad if self.first else self.g) + eps
        curvature = np.abs((self.gradient(self.theta + shift) - grad) / shift)
        if self.first:
            self.g, self.v, self.h, self.w = grad, self.slow * grad**2, curvature, curvature**2
        else:
            outlier = np.abs(grad - self.g) > 2 * np.sqrt(np.maximum(self.v - self.g**2, 0))
            outlier |= np.abs(curvature - self.h) > 2 * np.sqrt(np.maximum(self.w - self.h**2, 0))
            self.tau = self.tau + outlier
            news = (("g", grad), ("v", grad**2), ("h", curvature), ("w", curvature**2))
            for name, new in news:
                setattr(self, name, (1 - 1 / self.tau) * getattr(self, name) + new / self.tau)
        agreement = self.g**2 / (self.v + eps)
        self.theta = self.theta - self.factor * agreement * ((self.h + eps) / (self.w + eps)) * grad
        self.tau, self.first = (1 - agreement) * self.tau + 1, False


def flat_gradient(row: Array) -> Array:
    start, loss = problem()
    parts = torch.tensor(row).split([p.numel() for p in start])
    _, gradients = evaluate([part.view_as(p) for part, p in zip(parts, start, strict=True)], loss)
    return torch.cat([g.reshape(-1) for g in gradients]).numpy()


def flat(parameters: list[torch.Tensor]) -> Array:
    return torch.cat([p.detach().reshape(-1) for p in parameters]).numpy()


@pytest.mark.parametrize("hyper", [{}, {"lr": 0.5, "slow_start": 4.0, "eps": 1e-6}])
def test_the_steps_are_those_of_the_paper_in_the_app_and_in_the_exported_class(hyper: dict[str, float]) -> None:
    start, loss = problem()
    settings = OPTIMIZERS["vsgd"].with_defaults(hyper)
    paper = Paper(flat(start), flat_gradient, settings["slow_start"], settings["eps"], settings["lr"])
    mine, written = [p.clone() for p in start], [p.clone().requires_grad_() for p in start]
    run = OPTIMIZERS["vsgd"](hyper, mine)
    unused = torch.ones(2, requires_grad=True)
    space: dict[str, Any] = {"torch": torch, "parameters": [unused, *written]}
    exec("\n".join(optimizer_class(OPTIMIZERS["vsgd"], settings)), space)
    exported = eval(optimizer_call(OPTIMIZERS["vsgd"], settings, "parameters"), space)

    def closure() -> None:
        exported.zero_grad()
        loss(*written).backward()

    for _step in range(60):
        paper.step()
        run.minimise(lambda: evaluate(mine, loss))
        exported.step(closure)
    np.testing.assert_allclose(flat(mine), paper.theta, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(flat(written), paper.theta, rtol=1e-10, atol=1e-10)
    assert torch.equal(unused, torch.ones(2))


def test_the_curvature_sets_the_rate() -> None:
    """½·a·w² for a = 1 and 100: without a slow start the first step is Newton's; with C = 2 it goes half the way, at any curvature."""
    a = torch.tensor([1.0, 100.0], dtype=torch.float64)
    for slow, end in ((1.0, [0.0, 0.0]), (2.0, [1.5, -1.0])):
        w = torch.tensor([3.0, -2.0], dtype=torch.float64)
        OPTIMIZERS["vsgd"]({"slow_start": slow}, [w]).minimise(lambda w=w: ((a * w * w).sum() / 2, [a * w]))
        assert w.tolist() == pytest.approx(end, abs=1e-9)
