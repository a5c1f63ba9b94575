"""Settings that several optimizers share: the ranges are those of PyTorch."""

from __future__ import annotations

from graph.model.spec import Setting


def learning_rate(default: float) -> Setting:
    return Setting("lr", "float", default, 0.0, 1e6, title="Learning rate", symbol="η", logarithmic=True, help="How far one step goes.")


def share(name: str, default: float, title: str, symbol: str, text: str) -> Setting:
    """A number from 0 to almost 1: how much of something is kept."""
    return Setting(name, "float", default, 0.0, 0.999999, title=title, symbol=symbol, help=text)


def epsilon(default: float) -> Setting:
    return Setting("eps", "float", default, 0.0, 1.0, symbol="ε", logarithmic=True, help="Prevents division by 0.")


def weight_decay(default: float = 0.0) -> Setting:
    return Setting("weight_decay", "float", default, 0.0, 1e3, title="Weight decay", symbol="λ", help="Pulls every weight towards 0.")


def momentum(default: float) -> Setting:
    return share("momentum", default, "Momentum", "ρ", "How much of the last step is kept.")


def betas(beta1: float = 0.9, beta2: float = 0.999) -> tuple[Setting, Setting]:
    return (
        share("beta1", beta1, "", "β₁", "How long gradients are remembered."),
        share("beta2", beta2, "", "β₂", "How long squared gradients are remembered."),
    )


AMSGRAD = Setting("amsgrad", "bool", False, title="AMSGrad", help="Divide by the largest r so far.")
