"""Adam."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.numerics.lazy import torch
from engine.training.optimizers.base import Optimizer, StateVariable
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.frame import Frame
from engine.training.optimizers.settings import AMSGRAD, DECAY, betas, decoupled, epsilon, form, learning_rate, weight_decay
from graph.model.spec import Setting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.optimizers.base import Tensors

MOMENTS = (
    Equation("m = β₁*m + (1 - β₁)*g"),
    Equation("r = β₂*r + (1 - β₂)*g^2"),
    Equation("largest = max(largest, r)", "amsgrad"),
    Equation("m_hat = m/(1 - β₁^t)", "not form=keras"),
    Equation("r_hat = r/(1 - β₂^t)", "not form=keras, not amsgrad"),
    Equation("r_hat = largest/(1 - β₂^t)", "not form=keras, amsgrad"),
    Equation("θ = θ - η*(m_hat/(sqrt(r_hat) + ε))", "not form=keras"),
    Equation("η_t = η*(sqrt(1 - β₂^t)/(1 - β₁^t))", "form=keras"),
    Equation("θ = θ - η_t*(m/(sqrt(r) + ε))", "form=keras, not amsgrad"),
    Equation("θ = θ - η_t*(m/(sqrt(largest) + ε))", "form=keras, amsgrad"),
)
"""All of Adam but its weight decay."""
_ALPHA, _BETA = "η*(1 - β₁)/(1 - β₁^t)", "β₁*(1 - β₁^(t - 1))/(1 - β₁^t)"


def _frame(square: str, when: str = "") -> Frame:
    """Adam's frame where the root is taken of this memory, corrected for its start."""
    epsilon = "ε/sqrt(1 - β₂^t)" if "form=keras" in when else "ε"
    root = f"sqrt({square}/(1 - β₂^t)) + {epsilon}"
    return Frame(_ALPHA, root, _BETA, square, f"-η*m/(1 - β₁^t)/({root})", when)


FORM = form(
    "PyTorch and the lecture add ε to the corrected root √r̂. Keras adds it to √r and corrects the rate instead: it is the ε̂ of the paper's "
    "section 2.",
    pytorch=_("PyTorch, lecture"), keras="Keras",
)  # fmt: skip


class Adam(Optimizer):
    key, title, order = "adam", "Adam", 7
    family = "adaptive"
    doc = "Momentum over RMSProp, both corrected for starting at 0 (Kingma and Ba 2015)."
    settings: ClassVar[tuple[Setting, ...]] = (learning_rate(0.001), *betas(), epsilon(1e-8), AMSGRAD, weight_decay(), decoupled(), FORM)
    state_variables = (StateVariable("m"), StateVariable("r"), StateVariable("largest", when="amsgrad"))
    equations: ClassVar[tuple[Equation, ...]] = (*DECAY, *MOMENTS)
    letters = {"largest": r"r_{\max}"}
    frames: ClassVar[tuple[Frame, ...]] = (
        _frame("r", "form=keras, not amsgrad"), _frame("largest", "form=keras"),
        _frame("r", "not amsgrad"), _frame("largest"),
    )  # fmt: skip
    edges: ClassVar[tuple[StabilityEdge, ...]] = tuple(
        StabilityEdge("(2 + 2*β₁)/(η*(1 - β₁))", f"(1 - β₁^t)*({frame.root})", frame.when) for frame in frames
    )
    _CALL = "Adam({0}, lr={lr!r}, betas=({beta1!r}, {beta2!r}), eps={eps!r}, amsgrad={amsgrad!r}, weight_decay={weight_decay!r}"
    torch_call = _CALL + ", decoupled_weight_decay={decoupled!r})"
    form_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"keras": {"eps": 1e-7, "decoupled": True}}

    reads_numbers = True

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.beta1, self.beta2, self.eps = (float(self.hyper[name]) for name in ("beta1", "beta2", "eps"))
        self.amsgrad = bool(self.hyper["amsgrad"])

    def step_numbers(self) -> tuple[float, ...]:
        rate, root = -self.lr / (1 - self.beta1**self.t), math.sqrt(1 - self.beta2**self.t)
        return rate, root, 1 - self.lr * self.weight_decay

    def step(self, gradients: Tensors) -> None:
        if self.derived:
            super().step(gradients)
            return
        self.t += 1
        parameters, gradients, state = self._rows(gradients)
        numbers = (self.numbers or self.step_numbers()) if self.on_card else ()
        g, m, r = self._decayed(parameters, gradients, numbers[2] if numbers else None), state["m"], state["r"]
        torch._foreach_lerp_(m, g, 1 - self.beta1)
        torch._foreach_mul_(r, self.beta2)
        torch._foreach_addcmul_(r, g, g, 1 - self.beta2)
        if self.amsgrad:
            torch._foreach_maximum_(state["largest"], r)
            r = state["largest"]
        divisor = torch._foreach_sqrt(r)
        if numbers:  # a recorded step can read them only as factors and divisors
            torch._foreach_div_(divisor, numbers[1])
            torch._foreach_add_(divisor, self.eps)
            torch._foreach_addcdiv_(parameters, torch._foreach_mul(m, numbers[0]), divisor)
            return
        torch._foreach_div_(divisor, math.sqrt(1 - self.beta2**self.t))
        torch._foreach_add_(divisor, self.eps)
        torch._foreach_addcdiv_(parameters, m, divisor, -self.lr / (1 - self.beta1**self.t))
