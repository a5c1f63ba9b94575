"""AdamW: Adam whose weight decay is no part of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.training.optimizers.adam import FORM, MOMENTS, Adam
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.settings import AMSGRAD, betas, epsilon, learning_rate, weight_decay


class AdamW(Adam):
    key, title, order = "adamw", "AdamW", 8
    family = "adaptive"
    doc = "Adam with weight decay beside the gradient instead of inside it (Loshchilov and Hutter 2019)."
    decouples = True
    settings = (learning_rate(0.001), *betas(), epsilon(1e-8), AMSGRAD, weight_decay(0.01), FORM)
    equations = (Equation("θ = θ - η*λ*θ", "weight_decay"), *MOMENTS)
    torch_call = Adam._CALL.replace("Adam(", "AdamW(") + ")"
    form_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"keras": {"eps": 1e-7, "weight_decay": 0.004}}
