"""Iterations against the condition number κ: like κ for gradient descent, like √κ for heavy ball and Nesterov with the right constants.

The quadratic ½Σλᵢθᵢ² with eigenvalues from 1 to κ, from θ = (1, …, 1), until ‖θ‖ is a millionth of its start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from engine.training.optimizers.registry import optimizer

KAPPAS = (1, 3, 10, 30, 100, 300, 1000)
SMALL, MOST, WEIGHTS = 1e-6, 200_000, 5
FITTED = 10
"""The exponents are fitted from this condition number on: for smaller ones a few steps are enough, whatever the method."""


def constants(key: str, kappa: float) -> dict[str, float]:
    """The constants that are best for eigenvalues from 1 to κ (Polyak 1964, Nesterov 2004)."""
    root = math.sqrt(kappa)
    share = (root - 1) / (root + 1)
    if key == "sgd":
        return {"lr": 2 / (kappa + 1)}
    if key == "momentum":
        return {"lr": 4 / (root + 1) ** 2, "momentum": min(share**2, 0.999999)}
    return {"lr": 1 / kappa, "momentum": min(share, 0.999999)}


def iterations(key: str, kappa: float) -> int:
    """Steps until θ is short enough."""
    eigenvalues = torch.logspace(0, math.log10(kappa), WEIGHTS, dtype=torch.float64) if kappa > 1 else torch.ones(WEIGHTS).double()
    theta = torch.ones(WEIGHTS, dtype=torch.float64)
    run = optimizer(key)(constants(key, kappa), [theta])
    goal = SMALL * float(theta.norm())
    for step in range(1, MOST + 1):
        run.step([eigenvalues * theta])
        if float(theta.norm()) <= goal:
            return step
    raise RuntimeError(f"{key} did not arrive within {MOST} steps")


def exponent(counts: Mapping[float, int]) -> float:
    """The slope of log(iterations) over log κ: least squares from κ = 10 on."""
    points = [(math.log(kappa), math.log(count)) for kappa, count in counts.items() if kappa >= FITTED]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return float(sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _b in points))


def run(kappas: Sequence[float] = KAPPAS, keys: Sequence[str] = ("sgd", "momentum", "nesterov")) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for key in keys:
        counts = {kappa: iterations(key, kappa) for kappa in kappas}
        results[optimizer(key).title] = {f"κ = {kappa:g}": count for kappa, count in counts.items()} | {"exponent": exponent(counts)}
    return results
