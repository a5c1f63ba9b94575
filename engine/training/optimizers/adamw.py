"""AdamW: Adam whose weight decay is no part of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.adam import MOMENTS, Adam, adam_frame
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import AMSGRAD, betas, epsilon, learning_rate, weight_decay

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors


class AdamW(Adam):
    key, title, order = "adamw", "AdamW", 8
    doc = "Adam with weight decay beside the gradient instead of inside it (Loshchilov and Hutter 2019)."
    settings = (learning_rate(0.001), *betas(), epsilon(1e-8), AMSGRAD, weight_decay(0.01))
    equations = (Equation("θ = θ - η*λ*θ", "weight_decay"), *MOMENTS)
    frames = (
        adam_frame("r", "not amsgrad, not weight_decay"), adam_frame("largest", "not weight_decay"),
        adam_frame("r", "not amsgrad", exact=False), adam_frame("largest", exact=False),
    )
    torch_call = Adam.torch_call.replace("Adam(", "AdamW(")

    def _decayed(self, gradients: Tensors) -> Tensors:
        if self.weight_decay:
            torch._foreach_mul_(self.parameters, 1 - self.lr * self.weight_decay)
        return gradients
