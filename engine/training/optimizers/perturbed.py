"""Perturbed SGD: noise on the gradient, which no saddle point holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Given, Optimizer
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import DECAY, decoupled, learning_rate, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from torch import Tensor


class PerturbedSgd(Optimizer):
    key, title, short, order = "perturbed", "Perturbed SGD", "Perturbed", 1.5
    family = "gradient"
    doc = (
        "SGD with noise of a fixed length on the gradient, or only where the gradient is small: it leaves saddle points "
        "(Ge et al. 2015; Jin et al. 2017). The noise follows from the seed and the step."
    )
    settings = (
        learning_rate(0.1),
        Setting("radius", "float", 1.0, 0.0, 1e6, title="Noise radius", symbol="σ", help="The length of the noise over all weights."),
        Setting("only_small", "bool", False, title="Only at small gradients", help="As in Jin et al. 2017: noise only where it is needed."),
        Setting(
            "threshold", "float", 0.01, 0.0, 1e6, title="Small below", symbol="γ", when="only_small", logarithmic=True,
            help="The norm of the gradient of all weights together, below which noise is added.",
        ),
        weight_decay(),
        decoupled(),
    )  # fmt: skip
    gives = (
        Given("ξ", "torch.nn.functional.normalize(torch.randn_like(flat), dim=0)"),
        Given("size", "torch.linalg.vector_norm(flat)", single=True),
    )
    random = True
    equations = (
        *DECAY,
        Equation("θ = θ - η*(g + σ*ξ)", "not only_small", _("ξ: a random direction of length 1")),
        Equation("n = where(γ - size, σ, 0)", "only_small", _("noise only where the gradient is small")),
        Equation("θ = θ - η*(g + n*ξ)", "only_small", _("ξ: a random direction of length 1")),
    )
    letters = {"size": r"\|\nabla L\|"}
    frames = (Frame("η", exact=False),)

    @classmethod
    def given(cls, gradient: Tensor, hyper: Mapping[str, Any], rng: Any) -> dict[str, Tensor]:
        """ξ, uniform on the unit sphere of all weights together, and the norm of the gradient."""
        direction = torch.randn(gradient.shape, generator=rng, dtype=gradient.dtype, device=gradient.device)
        return {"ξ": direction / torch.linalg.vector_norm(direction), "size": torch.linalg.vector_norm(gradient)}
