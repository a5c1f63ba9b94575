"""Settings that several optimizers share: the ranges are those of PyTorch."""

from __future__ import annotations

from engine.training.optimizers.equations import Equation
from graph.model.spec import Setting


def learning_rate(default: float) -> Setting:
    return Setting("lr", "float", default, 0.0, 1e6, title="Learning rate", symbol="η", logarithmic=True, help="How far one step goes.")


def share(name: str, default: float, title: str, symbol: str, text: str) -> Setting:
    """A number from 0 to almost 1: how much of something is kept."""
    return Setting(name, "float", default, 0.0, 0.999999, title=title, symbol=symbol, help=text)


def epsilon(default: float) -> Setting:
    return Setting("eps", "float", default, 0.0, 1e3, symbol="ε", logarithmic=True, help="Prevents division by 0.")


def weight_decay(default: float = 0.0) -> Setting:
    return Setting("weight_decay", "float", default, 0.0, 1e3, title="Weight decay", symbol="λ", help="Pulls every weight towards 0.")


def decoupled() -> Setting:
    text = (
        "On: every step shrinks the weights by ηλ, beside the gradient, as in AdamW. Off: λθ is added to the gradient, as the penalty "
        "½λ‖θ‖² would add it."
    )
    return Setting("decoupled", "bool", False, title="Decoupled decay", when="weight_decay", help=text)


DECAY = (
    Equation("θ = θ - η*λ*θ", "weight_decay, decoupled"),
    Equation("g = gradient + λ*θ", "weight_decay, not decoupled"),
)
"""What weight decay does before the step, under the settings `weight_decay` and `decoupled`."""


def form(help: str, **titles: str) -> Setting:
    """The convention that is followed where books and libraries differ; `pytorch="PyTorch", lecture="Lecture"` names those there are, and
    `help` says how they differ."""
    return Setting("form", "choice", "pytorch", choices=tuple(titles), choice_titles=tuple(titles.values()), title="Form", help=help)


def momentum(default: float) -> Setting:
    return share("momentum", default, "Momentum", "ρ", "How much of the last step is kept.")


def betas(beta1: float = 0.9, beta2: float = 0.999) -> tuple[Setting, Setting]:
    return (
        share("beta1", beta1, "", "β₁", "How long gradients are remembered."),
        share("beta2", beta2, "", "β₂", "How long squared gradients are remembered."),
    )


AMSGRAD = Setting("amsgrad", "bool", False, title="AMSGrad", help="Divide by the largest r so far.")
