"""Methods that torch does not have (all of them, or with decoupled weight decay), written down by hand from their papers.

Each is a rule: a generator that is sent the gradient of every step and gives the parameter after it, at first as it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import count

import torch

from engine.numerics.rng import generator
from engine.training.optimizers.base import PURPOSE
from tests.engine.training.optimizers.forms import Settings, Tensor, decayed, ends

Rule = Callable[[Tensor, Settings], Generator[Tensor, Tensor, None]]
JointRule = Callable[[list[Tensor], Settings], Generator[list[Tensor], list[Tensor], None]]
Steps = Generator[Tensor, Tensor, None]


def descent(theta: Tensor, h: Settings) -> Steps:
    while True:
        g, theta = decayed(theta, (yield theta), h)
        theta = theta - h["lr"] * g


def adamax(theta: Tensor, h: Settings) -> Steps:
    """Kingma and Ba 2015, Algorithm 2; ε is PyTorch's addition."""
    m, u = torch.zeros_like(theta), torch.zeros_like(theta)
    for t in count(1):
        g, theta = decayed(theta, (yield theta), h)
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        u = torch.maximum(h["beta2"] * u, g.abs() + h["eps"])
        theta = theta - h["lr"] / (1 - h["beta1"] ** t) * m / u


def signum(theta: Tensor, h: Settings) -> Steps:
    """Bernstein et al. 2018, Algorithm 1: the sign of the gradient, or of its running mean."""
    m = torch.zeros_like(theta)
    while True:
        g = yield theta
        m = h["momentum"] * m + (1 - h["momentum"]) * g
        theta = theta - h["lr"] * (torch.sign(m) + h["weight_decay"] * theta)


def lion(theta: Tensor, h: Settings) -> Steps:
    """Chen et al. 2023, Algorithm 2: the sign of an interpolation, then the momentum with the other constant."""
    m = torch.zeros_like(theta)
    while True:
        g = yield theta
        theta = theta - h["lr"] * (torch.sign(h["beta1"] * m + (1 - h["beta1"]) * g) + h["weight_decay"] * theta)
        m = h["beta2"] * m + (1 - h["beta2"]) * g


def muon(theta: Tensor, h: Settings) -> Steps:
    """PyTorch's two classes: Muon for a matrix, AdamW for what is none."""
    parameter = theta.clone().requires_grad_()
    run: torch.optim.Optimizer
    if theta.dim() == 2:
        run = torch.optim.Muon(
            [parameter], lr=h["lr"], weight_decay=h["weight_decay"], momentum=h["momentum"], nesterov=h["nesterov"],
            adjust_lr_fn=h["adjust"],
        )  # fmt: skip
    else:
        run = torch.optim.AdamW(
            [parameter], lr=h["other_lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], weight_decay=h["weight_decay"]
        )
    while True:
        parameter.grad = yield parameter.detach().clone()
        run.step()


def adasecant(theta: Tensor, h: Settings) -> Steps:
    """Gulcehre and Bengio 2014, Algorithm 1, started as its authors' program starts it: E[·] are averages over about τ steps.

    γ is of the averages with this step; the program takes those before it.
    """
    zero, eps = torch.zeros_like(theta), h["eps"]
    mean, square, corrected, last, numerator, denominator = (zero,) * 6
    mean_alpha, square_alpha, mean_delta, square_delta, mixed = (zero,) * 5
    tau = torch.full_like(theta, 2.1)
    for step in count():
        g = yield theta
        g = g / (g.norm() + eps)
        if step == 0:
            mean_delta, square_delta = g, g**2
        keep, new = 1 - 1 / tau, 1 / tau
        mean, square = h["decay"] * mean + (1 - h["decay"]) * g, h["decay"] * square + (1 - h["decay"]) * g**2
        numerator = keep * numerator + new * ((g - corrected) * (corrected - mean)) ** 2
        denominator = keep * denominator + new * ((g - mean) * (corrected - mean)) ** 2
        gamma = (numerator.sqrt() / (denominator + eps).sqrt()).clamp(max=h["gamma_max"])
        corrected = (g + gamma * mean) / (1 + gamma)
        alpha, last = g - last, g
        mean_alpha, square_alpha = keep * mean_alpha + new * alpha, keep * square_alpha + new * alpha**2
        rate = (square_delta + eps).sqrt() / (square_alpha + eps).sqrt() - mixed / (square_alpha + eps)
        delta = -h["lr"] * rate * corrected
        longer = (1 - mean_delta**2 / (square_delta + eps)) * tau + 1
        outlier = (g - mean).abs() > 2 * (square - mean**2).clamp(min=0).sqrt()
        outlier |= (alpha - mean_alpha).abs() > 2 * (square_alpha - mean_alpha**2).clamp(min=0).sqrt()
        mean_delta, square_delta = keep * mean_delta + new * delta, keep * square_delta + new * delta**2
        mixed = keep * mixed + new * delta * alpha
        tau = torch.where(outlier, 2.2, longer).clamp(1.5, 1e8)
        theta = theta + delta


def perturbed(thetas: list[Tensor], h: Settings) -> Generator[list[Tensor], list[Tensor], None]:
    """θ ← θ − η(g + ξ), ξ uniform on the sphere of radius σ in the space of all weights; Jin et al. 2017: only where ‖g‖ is small."""
    for t in count(1):
        together = yield thetas
        length = torch.cat([g.reshape(-1) for g in together]).norm()
        rng = generator(h["seed"], "forward", PURPOSE, t - 1) if "seed" in h else generator(0, PURPOSE, t)  # of a run, or of none
        draw = torch.randn(sum(theta.numel() for theta in thetas), generator=rng, dtype=torch.float64)
        draw = draw / (draw**2).sum() ** 0.5 * (h["radius"] if not h["only_small"] or length < h["threshold"] else 0.0)
        noise, moved = draw.split([theta.numel() for theta in thetas]), []
        for theta, gradient, own in zip(thetas, together, noise, strict=True):
            g, theta = decayed(theta, gradient, h)
            moved.append(theta - h["lr"] * (g + own.view_as(theta)))
        thetas = moved


RULES: dict[str, Rule] = {
    "gd": descent, "adamax": adamax, "signsgd": signum, "lion": lion, "muon": muon, "adasecant": adasecant,
}  # fmt: skip
JOINT: dict[str, JointRule] = {"perturbed": perturbed}
"""Methods that look at all parameters together: what becomes of them along the gradients of every step."""


BY_HAND = ends(RULES)
"""What becomes of one parameter along given gradients under these settings."""


def joint_end(key: str, thetas: list[Tensor], gradients: list[list[Tensor]], h: Settings) -> list[Tensor]:
    """What becomes of all parameters along given gradients."""
    steps = JOINT[key](thetas, h)
    next(steps)
    for together in gradients:
        thetas = steps.send(together)
    return thetas
