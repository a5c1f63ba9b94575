"""The forms that torch does not have, and decoupled weight decay, written down by hand from the lecture, the papers and Keras' texts.

Each is a rule: a generator that is sent the gradient of every step and gives the parameter after it, at first as it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from itertools import count
from typing import Any

import torch

Tensor = torch.Tensor
Settings = dict[str, Any]
Steps = Generator[Tensor, Tensor, None]


def sgd(theta: Tensor, h: Settings) -> Steps:
    while True:
        g, theta = decayed(theta, (yield theta), h)
        theta = theta - h["lr"] * g


def momentum(theta: Tensor, h: Settings) -> Steps:
    """Lecture and Keras: v ← ρv − ηg, θ ← θ + v. PyTorch's form, for decoupled decay: m ← ρm + (1 − τ)g from m = g, θ ← θ − ηm."""
    v, m = torch.zeros_like(theta), None
    while True:
        g, theta = decayed(theta, (yield theta), h)
        if h["form"] == "lecture":
            v = h["momentum"] * v - h["lr"] * g
            theta = theta + v
        elif not h["momentum"]:
            theta = theta - h["lr"] * g
        else:
            m = g if m is None else h["momentum"] * m + (1 - h["dampening"]) * g
            theta = theta - h["lr"] * m


def nesterov(theta: Tensor, h: Settings) -> Steps:
    """Lecture: v ← ρv − ηg with g at θ + ρv; ρ may grow as (t − 2)/(t + 1). Keras: θ ← θ + ρv − ηg with the new v."""
    v, m = torch.zeros_like(theta), torch.zeros_like(theta)
    rho, lr = h["momentum"], h["lr"]
    for t in count(1):
        if h["growing"] and h["form"] == "lecture":
            rho = (t - 2) / (t + 1)
        gradient = yield theta
        point = theta + rho * v if h["form"] == "lecture" else theta
        g, theta = decayed(theta, gradient, h, point)
        if h["form"] == "pytorch":
            m = rho * m + g
            theta = theta - lr * (g + rho * m)
            continue
        v = rho * v - lr * g
        theta = theta + (v if h["form"] == "lecture" else rho * v - lr * g)


def adagrad(theta: Tensor, h: Settings) -> Steps:
    r = torch.full_like(theta, h["initial_accumulator_value"])
    for t in count():
        g, theta = decayed(theta, (yield theta), h)
        r = r + g * g
        keras = h["form"] == "keras"
        rate = h["lr"] if keras else h["lr"] / (1 + t * h["lr_decay"])
        theta = theta - rate * g / ((r + h["eps"]) ** 0.5 if keras else r**0.5 + h["eps"])


def rmsprop(theta: Tensor, h: Settings) -> Steps:
    """Lecture: r = g² at the first step. Keras: ε inside the root, and the momentum sums steps with their rate."""
    r, a, m, tau = torch.zeros_like(theta), torch.zeros_like(theta), torch.zeros_like(theta), h["alpha"]
    keras = h["form"] == "keras"
    for t in count():
        g, theta = decayed(theta, (yield theta), h)
        r = g * g if h["form"] == "lecture" and t == 0 else tau * r + (1 - tau) * g * g
        a = tau * a + (1 - tau) * g
        spread = r - a * a if h["centered"] else r
        d = g / (spread + h["eps"]) ** 0.5 if keras else g / (spread**0.5 + h["eps"])
        m = h["momentum"] * m + (h["lr"] * d if keras else d)
        theta = theta - (m if keras else h["lr"] * m)


def adadelta(theta: Tensor, h: Settings) -> Steps:
    r, s, rho = torch.zeros_like(theta), torch.zeros_like(theta), h["rho"]
    while True:
        g, theta = decayed(theta, (yield theta), h)
        r = rho * r + (1 - rho) * g * g
        d = (s + h["eps"]) ** 0.5 / (r + h["eps"]) ** 0.5 * g
        s = rho * s + (1 - rho) * d * d
        theta = theta - h["lr"] * d


def adam(theta: Tensor, h: Settings) -> Steps:
    """Section 2 of the paper, before the corrections are moved: ε is added to the root of the uncorrected average."""
    m, r, largest = torch.zeros_like(theta), torch.zeros_like(theta), torch.zeros_like(theta)
    for t in count(1):
        g, theta = decayed(theta, (yield theta), h)
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        r = h["beta2"] * r + (1 - h["beta2"]) * g * g
        largest = torch.maximum(largest, r)
        rate = h["lr"] * (1 - h["beta2"] ** t) ** 0.5 / (1 - h["beta1"] ** t)
        theta = theta - rate * m / ((largest if h["amsgrad"] else r) ** 0.5 + h["eps"])


def nadam(theta: Tensor, h: Settings) -> Steps:
    """Keras: the decay of momentum has no factor ψ, so u = β₁(1 − ½·0.96ᵗ)."""
    m, r, product = torch.zeros_like(theta), torch.zeros_like(theta), 1.0
    for t in count(1):
        g, theta = decayed(theta, (yield theta), h)
        now, following = (h["beta1"] * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        product *= now
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        r = h["beta2"] * r + (1 - h["beta2"]) * g * g
        ahead = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
        theta = theta - h["lr"] * ahead / ((r / (1 - h["beta2"] ** t)) ** 0.5 + h["eps"])


def decayed(theta: Tensor, gradient: Tensor, h: Settings, point: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The gradient and the parameter after weight decay: AdamW always decays beside the gradient."""
    if h.get("decoupled", "decoupled" not in h):
        return gradient, theta * (1 - h["lr"] * h["weight_decay"])
    return gradient + h["weight_decay"] * (theta if point is None else point), theta


RULES: dict[str, Callable[[Tensor, Settings], Steps]] = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adagrad": adagrad, "rmsprop": rmsprop, "adadelta": adadelta, "adam": adam,
    "adamw": adam, "nadam": nadam,
}  # fmt: skip


def ends(rules: Mapping[str, Callable[[Tensor, Settings], Steps]]) -> dict[str, Callable[[Tensor, list[Tensor], Settings], Tensor]]:
    """By key, what becomes of one parameter along given gradients under these settings."""

    def along(rule: Callable[[Tensor, Settings], Steps]) -> Callable[[Tensor, list[Tensor], Settings], Tensor]:
        def end(theta: Tensor, gradients: list[Tensor], h: Settings) -> Tensor:
            steps = rule(theta, h)
            next(steps)
            for gradient in gradients:
                theta = steps.send(gradient)
            return theta

        return end

    return {key: along(rule) for key, rule in rules.items()}


BY_HAND = ends(RULES)
