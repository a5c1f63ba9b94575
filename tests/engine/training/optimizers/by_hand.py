"""Functions with their gradients and second derivatives written down by hand in NumPy: what searching optimizers are tested on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Function:
    """f, its gradient and its Hessian at a vector, and where to begin."""

    name: str
    start: tuple[float, ...]
    f: Callable[[Array], float]
    g: Callable[[Array], Array]
    h: Callable[[Array], Array]


class Given:
    """A function as an optimizer is given it: evaluated at a tensor, and counted."""

    def __init__(self, function: Function, theta: Tensor) -> None:
        self.function, self.theta, self.count = function, theta, 0

    @property
    def x(self) -> Array:
        return self.theta.numpy().copy()

    def __call__(self) -> tuple[Tensor, Sequence[Tensor]]:
        self.count += 1
        with np.errstate(all="ignore"):
            return torch.tensor(float(self.function.f(self.x)), dtype=torch.float64), [torch.from_numpy(self.function.g(self.x) + 0.0)]

    def hessian(self) -> Tensor:
        return torch.from_numpy(self.function.h(self.x) + 0.0)

    def product(self, direction: Tensor) -> Tensor:
        return self.hessian() @ direction

    def residuals(self) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


def quadratic(matrix: Array, b: Array, start: tuple[float, ...], name: str = "quadratic") -> Function:
    return Function(name, start, lambda x: 0.5 * x @ matrix @ x - b @ x, lambda x: matrix @ x - b, lambda x: matrix)


_RNG = np.random.default_rng(3)
_X = np.hstack([_RNG.normal(size=(12, 2)), np.ones((12, 1))])
_T = (_RNG.random(12) < 0.5).astype(float)
_IN, _OUT = _RNG.normal(size=(6, 2)), _RNG.normal(size=(6, 2))


def _logistic() -> Function:
    def p(x: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-_X @ x)))

    def f(x: Array) -> float:
        z = _X @ x
        return float(np.mean(np.logaddexp(0, z) - _T * z) + 0.05 * x @ x)

    return Function(
        "logistic regression", (0.5, -1.0, 2.0), f, lambda x: _X.T @ (p(x) - _T) / 12 + 0.1 * x,
        lambda x: (_X.T * (p(x) * (1 - p(x)))) @ _X / 12 + 0.1 * np.eye(3),
    )  # fmt: skip


def _network() -> Function:
    """2–4–2 with tanh and the squared error, 22 numbers. The Hessian is the complex-step derivative of the gradient, exact to round-off."""

    def parts(w: Array) -> tuple[Array, ...]:
        hidden = np.tanh(_IN @ w[:8].reshape(4, 2).T + w[8:12])
        return hidden, hidden @ w[12:20].reshape(2, 4).T + w[20:] - _OUT

    def gradient(w: Array) -> Array:
        hidden, error = parts(w)
        back = 2 * error / error.size
        inner = back @ w[12:20].reshape(2, 4) * (1 - hidden**2)
        return np.concatenate([(inner.T @ _IN).ravel(), inner.sum(0), (back.T @ hidden).ravel(), back.sum(0)])

    def hessian(w: Array) -> Array:
        return np.stack([gradient(w + 1e-30j * unit).imag / 1e-30 for unit in np.eye(22)], axis=1)

    start = tuple(np.random.default_rng(1).normal(size=22))
    return Function("2-4-2 network", start, lambda w: float(np.mean(parts(w)[1] ** 2)), gradient, hessian)


ROSENBROCK = Function(
    "Rosenbrock", (-1.2, 1.0), lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    lambda x: np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]),
    lambda x: np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200.0]]),
)  # fmt: skip
LOGARITHM = Function("w - log w", (5.0,), lambda x: x[0] - np.log(x[0]), lambda x: 1 - 1 / x, lambda x: np.array([[1 / x[0] ** 2]]))
OBJECTIVES = [
    quadratic(np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -1.0]), (4.0, -3.0)),
    quadratic(np.diag([1.0, 30.0, 1000.0]), np.ones(3), (1.0, 1.0, 1.0), "ill-conditioned quadratic"),
    ROSENBROCK,
    Function(
        "(1 - w2 w1)^2", (0.2, 5.01), lambda x: (1 - x[1] * x[0]) ** 2,
        lambda x: np.array([-2 * x[1] * (1 - x[0] * x[1]), -2 * x[0] * (1 - x[0] * x[1])]),
        lambda x: np.array([[2 * x[1] ** 2, 4 * x[0] * x[1] - 2], [4 * x[0] * x[1] - 2, 2 * x[0] ** 2]]),
    ),
    Function("x^2 + 3 sin^2 x", (2.5,), lambda x: x[0] ** 2 + 3 * np.sin(x[0]) ** 2, lambda x: 2 * x + 3 * np.sin(2 * x),
             lambda x: np.array([[2 + 6 * np.cos(2 * x[0])]])),
    _logistic(),
    _network(),
    LOGARITHM,
    Function("x^4 + y^2", (2.0, -1.0), lambda x: x[0] ** 4 + x[1] ** 2, lambda x: np.array([4 * x[0] ** 3, 2 * x[1]]),
             lambda x: np.diag([12 * x[0] ** 2, 2.0])),
    Function(
        "Himmelblau", (0.5, 1.0), lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
        lambda x: np.array([4 * x[0] * (x[0] ** 2 + x[1] - 11) + 2 * (x[0] + x[1] ** 2 - 7),
                            2 * (x[0] ** 2 + x[1] - 11) + 4 * x[1] * (x[0] + x[1] ** 2 - 7)]),
        lambda x: np.array([[12 * x[0] ** 2 + 4 * x[1] - 42, 4 * (x[0] + x[1])], [4 * (x[0] + x[1]), 12 * x[1] ** 2 + 4 * x[0] - 26]]),
    ),
]  # fmt: skip
