"""The forms that torch does not have, and decoupled weight decay, written down by hand from the lecture, the papers and Keras' texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Tensor = torch.Tensor
Settings = dict[str, Any]


def sgd(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    for gradient in gradients:
        g, theta = decayed(theta, gradient, h)
        theta = theta - h["lr"] * g
    return theta


def momentum(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Lecture and Keras: v ← ρv − ηg, θ ← θ + v. PyTorch's form, for decoupled decay: m ← ρm + (1 − τ)g from m = g, θ ← θ − ηm."""
    v, m = torch.zeros_like(theta), None
    for gradient in gradients:
        g, theta = decayed(theta, gradient, h)
        if h["form"] == "lecture":
            v = h["momentum"] * v - h["lr"] * g
            theta = theta + v
        elif not h["momentum"]:
            theta = theta - h["lr"] * g
        else:
            m = g if m is None else h["momentum"] * m + (1 - h["dampening"]) * g
            theta = theta - h["lr"] * m
    return theta


def nesterov(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Lecture: v ← ρv − ηg with g at θ + ρv. Keras: θ ← θ + ρv − ηg with the new v."""
    v, m = torch.zeros_like(theta), torch.zeros_like(theta)
    rho, lr = h["momentum"], h["lr"]
    for gradient in gradients:
        point = theta + rho * v if h["form"] == "lecture" else theta
        g, theta = decayed(theta, gradient, h, point)
        if h["form"] == "pytorch":
            m = rho * m + g
            theta = theta - lr * (g + rho * m)
            continue
        v = rho * v - lr * g
        theta = theta + (v if h["form"] == "lecture" else rho * v - lr * g)
    return theta


def adagrad(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    r = torch.full_like(theta, h["initial_accumulator_value"])
    for t, gradient in enumerate(gradients):
        g, theta = decayed(theta, gradient, h)
        r = r + g * g
        keras = h["form"] == "keras"
        rate = h["lr"] if keras else h["lr"] / (1 + t * h["lr_decay"])
        theta = theta - rate * g / ((r + h["eps"]) ** 0.5 if keras else r**0.5 + h["eps"])
    return theta


def rmsprop(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Lecture: r = g² at the first step. Keras: ε inside the root, and the momentum sums steps with their rate."""
    r, a, m, tau = torch.zeros_like(theta), torch.zeros_like(theta), torch.zeros_like(theta), h["alpha"]
    keras = h["form"] == "keras"
    for t, gradient in enumerate(gradients):
        g, theta = decayed(theta, gradient, h)
        r = g * g if h["form"] == "lecture" and t == 0 else tau * r + (1 - tau) * g * g
        a = tau * a + (1 - tau) * g
        spread = r - a * a if h["centered"] else r
        d = g / (spread + h["eps"]) ** 0.5 if keras else g / (spread**0.5 + h["eps"])
        m = h["momentum"] * m + (h["lr"] * d if keras else d)
        theta = theta - (m if keras else h["lr"] * m)
    return theta


def adadelta(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    r, s, rho = torch.zeros_like(theta), torch.zeros_like(theta), h["rho"]
    for gradient in gradients:
        g, theta = decayed(theta, gradient, h)
        r = rho * r + (1 - rho) * g * g
        d = (s + h["eps"]) ** 0.5 / (r + h["eps"]) ** 0.5 * g
        s = rho * s + (1 - rho) * d * d
        theta = theta - h["lr"] * d
    return theta


def adam(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Section 2 of the paper, before the corrections are moved: ε is added to the root of the uncorrected average."""
    m, r, largest = torch.zeros_like(theta), torch.zeros_like(theta), torch.zeros_like(theta)
    for t, gradient in enumerate(gradients, 1):
        g, theta = decayed(theta, gradient, h)
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        r = h["beta2"] * r + (1 - h["beta2"]) * g * g
        largest = torch.maximum(largest, r)
        rate = h["lr"] * (1 - h["beta2"] ** t) ** 0.5 / (1 - h["beta1"] ** t)
        theta = theta - rate * m / ((largest if h["amsgrad"] else r) ** 0.5 + h["eps"])
    return theta


def nadam(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
    """Keras: the decay of momentum has no factor ψ, so u = β₁(1 − ½·0.96ᵗ)."""
    m, r, product = torch.zeros_like(theta), torch.zeros_like(theta), 1.0
    for t, gradient in enumerate(gradients, 1):
        g, theta = decayed(theta, gradient, h)
        now, following = (h["beta1"] * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        product *= now
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        r = h["beta2"] * r + (1 - h["beta2"]) * g * g
        ahead = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
        theta = theta - h["lr"] * ahead / ((r / (1 - h["beta2"] ** t)) ** 0.5 + h["eps"])
    return theta


def decayed(theta: Tensor, gradient: Tensor, h: Settings, point: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The gradient and the parameter after weight decay: AdamW always decays beside the gradient."""
    if h.get("decoupled", "decoupled" not in h):
        return gradient, theta * (1 - h["lr"] * h["weight_decay"])
    return gradient + h["weight_decay"] * (theta if point is None else point), theta


BY_HAND: dict[str, Callable[[Tensor, list[Tensor], Settings], Tensor]] = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adagrad": adagrad, "rmsprop": rmsprop, "adadelta": adadelta, "adam": adam,
    "adamw": adam, "nadam": nadam,
}  # fmt: skip
