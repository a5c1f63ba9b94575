"""Every optimizer once: name, hyperparameters with ranges and defaults (PyTorch's), update formula, what it remembers. No torch.

Letters: θ parameters, L the objective, g its gradient (and weight decay λ, but for AdamW), η learning rate, t the step from 1.
All operations are elementwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.model.spec import Setting
from graph.text.quoting import named, one_line


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    """`formula` is LaTeX, one line an equation; `remembers` names the tensors kept per parameter, as in the formula."""

    key: str
    title: str
    doc: str
    settings: tuple[Setting, ...]
    formula: tuple[str, ...]
    remembers: tuple[str, ...] = ()
    full_batch: bool = False

    def setting(self, name: str) -> Setting | None:
        return next((s for s in self.settings if s.name == name), None)

    def hyper(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every hyperparameter: the given value where there is one, else the default. Raises OptimizerError."""
        values: dict[str, Any] = {}
        for setting in self.settings:
            value = values[setting.name] = given.get(setting.name, setting.default)
            if complaint := _complaint(setting, value):
                raise OptimizerError(f"{self.title}: {setting.label} {complaint}")
        return values


class OptimizerError(ValueError):
    """A hyperparameter or an optimizer that does not exist, or a value out of range."""


def _complaint(setting: Setting, value: Any) -> str | None:
    if setting.kind == "bool":
        return None if isinstance(value, bool) else f"must be on or off, not {one_line(repr(value))}"
    if setting.kind == "choice":
        return None if value in setting.choices else f"must be one of {', '.join(setting.choices)}, not {one_line(repr(value))}"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return f"must be a number, not {one_line(repr(value))}"
    if setting.kind == "int" and value != int(value):
        return f"must be a whole number, not {one_line(repr(value))}"
    low, high = setting.minimum, setting.maximum
    if low is not None and (value < low or (setting.exclusive_minimum and value == low)):
        return f"must be {'more than' if setting.exclusive_minimum else 'at least'} {low:g}, not {one_line(repr(value))}"
    if high is not None and value > high:
        return f"must be at most {high:g}, not {one_line(repr(value))}"
    return None


def _lr(default: float) -> Setting:
    return Setting("lr", "float", default, 0.0, 1e6, title="Learning rate η", logarithmic=True, help="How far one step goes.")


def _share(name: str, default: float, title: str, text: str) -> Setting:
    return Setting(name, "float", default, 0.0, 0.999999, title=title, help=text)


def _eps(default: float) -> Setting:
    return Setting("eps", "float", default, 0.0, 1.0, title="ε", logarithmic=True, help="Keeps the division away from 0.")


def _decay(default: float = 0.0) -> Setting:
    return Setting("weight_decay", "float", default, 0.0, 1e3, title="Weight decay λ", help="Pulls every weight towards 0.")


_MOMENTUM = _share("momentum", 0.9, "Momentum ρ", "How much of the last step is kept.")
_BETAS = (
    _share("beta1", 0.9, "β₁", "How long gradients are remembered."),
    _share("beta2", 0.999, "β₂", "How long squared gradients are remembered."),
)
_DECAYED = r"g = \nabla_\theta L + \lambda\,\theta"
_AMSGRAD = r"\mathrm{AMSGrad:} \quad \hat r = \frac{\max(r_1, \ldots, r_t)}{1 - \beta_2^t}"
_ADAM_M = r"m \leftarrow \beta_1 m + (1 - \beta_1)\,g"
_ADAM_R = r"r \leftarrow \beta_2 r + (1 - \beta_2)\,g^2"
_HATS = r"\hat m = \frac{m}{1 - \beta_1^t}, \quad \hat r = \frac{r}{1 - \beta_2^t}"

_ALL: Iterable[OptimizerSpec] = (
    OptimizerSpec(
        "sgd",
        "SGD",
        "Stochastic gradient descent: a step against the gradient. With the whole training part as batch, gradient descent.",
        (_lr(0.1), _decay()),
        (_DECAYED, r"\theta \leftarrow \theta - \eta\,g"),
    ),
    OptimizerSpec(
        "momentum",
        "SGD with momentum",
        "Heavy ball (Polyak 1964) in PyTorch's form: the step is a decaying sum of gradients.",
        (
            _lr(0.1),
            _MOMENTUM,
            _share("dampening", 0.0, "Dampening τ", "Weakens the newest gradient. As in PyTorch, it has no effect without momentum."),
            _decay(),
        ),
        (
            _DECAYED,
            r"m \leftarrow \rho\,m + (1 - \tau)\,g \quad (m = g \; \mathrm{at} \; t = 1 \; \mathrm{and \; where} \; \rho = 0)",
            r"\theta \leftarrow \theta - \eta\,m",
        ),
        ("m",),
    ),
    OptimizerSpec(
        "nesterov",
        "SGD with Nesterov momentum",
        "Nesterov's accelerated gradient in PyTorch's form (Sutskever et al. 2013).",
        (_lr(0.1), _MOMENTUM, _decay()),
        (_DECAYED, r"m \leftarrow \rho\,m + g", r"\theta \leftarrow \theta - \eta\,(g + \rho\,m)"),
        ("m",),
    ),
    OptimizerSpec(
        "adagrad",
        "AdaGrad",
        "Every weight has its own rate, which falls with the gradients it has seen (Duchi et al. 2011).",
        (
            _lr(0.01),
            Setting("lr_decay", "float", 0.0, 0.0, 1e3, title="Rate decay κ"),
            Setting("initial_accumulator_value", "float", 0.0, 0.0, 1e6, title="r at the start"),
            _eps(1e-10),
            _decay(),
        ),
        (
            _DECAYED,
            r"r \leftarrow r + g^2",
            r"\theta \leftarrow \theta - \frac{\eta}{1 + (t - 1)\,\kappa}\,\frac{g}{\sqrt{r} + \varepsilon}",
        ),
        ("r",),
    ),
    OptimizerSpec(
        "rmsprop",
        "RMSProp",
        "AdaGrad with a memory that fades (Tieleman and Hinton 2012).",
        (
            _lr(0.01),
            _share("alpha", 0.99, "Memory τ", "How long squared gradients are remembered."),
            _eps(1e-8),
            _share("momentum", 0.0, "Momentum ρ", "How much of the last step is kept."),
            Setting("centered", "bool", False, help="Divide by the standard deviation: subtract the squared mean gradient a."),
            _decay(),
        ),
        (
            _DECAYED,
            r"r \leftarrow \tau\,r + (1 - \tau)\,g^2",
            r"a \leftarrow \tau\,a + (1 - \tau)\,g \quad (a = 0 \; \mathrm{unless \; centered})",
            r"m \leftarrow \rho\,m + \frac{g}{\sqrt{r - a^2} + \varepsilon}",
            r"\theta \leftarrow \theta - \eta\,m",
        ),
        ("r", "m", "a"),
    ),
    OptimizerSpec(
        "adadelta",
        "Adadelta",
        "The last steps' size over the last gradients' size: the units agree and η = 1 usually serves (Zeiler 2012).",
        (_lr(1.0), _share("rho", 0.9, "Memory ρ", "How long squares are remembered."), _eps(1e-6), _decay()),
        (
            _DECAYED,
            r"r \leftarrow \rho\,r + (1 - \rho)\,g^2",
            r"d = \frac{\sqrt{s + \varepsilon}}{\sqrt{r + \varepsilon}}\,g",
            r"s \leftarrow \rho\,s + (1 - \rho)\,d^2",
            r"\theta \leftarrow \theta - \eta\,d",
        ),
        ("r", "s"),
    ),
    OptimizerSpec(
        "adam",
        "Adam",
        "Momentum over RMSProp, both corrected for starting at 0 (Kingma and Ba 2015).",
        (
            _lr(0.001),
            *_BETAS,
            _eps(1e-8),
            Setting("amsgrad", "bool", False, title="AMSGrad", help="Divide by the largest r so far."),
            _decay(),
        ),
        (_DECAYED, _ADAM_M, _ADAM_R, _HATS, _AMSGRAD, r"\theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat r} + \varepsilon}"),
        ("m", "r", "largest"),
    ),
    OptimizerSpec(
        "adamw",
        "AdamW",
        "Adam with weight decay beside the gradient instead of inside it (Loshchilov and Hutter 2019).",
        (
            _lr(0.001),
            *_BETAS,
            _eps(1e-8),
            Setting("amsgrad", "bool", False, title="AMSGrad", help="Divide by the largest r so far."),
            _decay(0.01),
        ),
        (
            r"\theta \leftarrow \theta - \eta\,\lambda\,\theta",
            _ADAM_M,
            _ADAM_R,
            _HATS,
            _AMSGRAD,
            r"\theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat r} + \varepsilon}",
        ),
        ("m", "r", "largest"),
    ),
    OptimizerSpec(
        "nadam",
        "NAdam",
        "Adam with Nesterov's look-ahead (Dozat 2016).",
        (_lr(0.002), *_BETAS, _eps(1e-8), Setting("momentum_decay", "float", 0.004, 0.0, 1.0, title="Momentum decay ψ"), _decay()),
        (
            _DECAYED,
            r"\mu_t = \beta_1\,(1 - 0.5 \cdot 0.96^{t \psi})",
            _ADAM_M,
            _ADAM_R,
            r"\hat m = \frac{\mu_{t+1}\,m}{1 - \prod_{i=1}^{t+1} \mu_i} + \frac{(1 - \mu_t)\,g}{1 - \prod_{i=1}^{t} \mu_i}",
            r"\hat r = \frac{r}{1 - \beta_2^t}",
            r"\theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat r} + \varepsilon}",
        ),
        ("m", "r"),
    ),
    OptimizerSpec(
        "lbfgs",
        "L-BFGS",
        "Newton-like steps from the last changes of θ and g (Liu and Nocedal 1989). Always the whole training part.",
        (
            _lr(1.0),
            Setting("max_iter", "int", 20, 1, 1000, title="Iterations a step"),
            Setting("history_size", "int", 10, 1, 100, title="Pairs remembered"),
            Setting("line_search", "choice", "strong_wolfe", choices=("none", "strong_wolfe")),
            Setting("tolerance_grad", "float", 1e-7, 0.0, 1.0, title="Stop at |g| below", logarithmic=True),
            Setting("tolerance_change", "float", 1e-9, 0.0, 1.0, title="Stop at changes below", logarithmic=True),
        ),
        (
            r"s_k = \theta_{k+1} - \theta_k, \quad y_k = g_{k+1} - g_k",
            r"d = -H_k\,g \quad (H_k \; \mathrm{from} \; s, y)",
            r"\theta \leftarrow \theta + \eta\,d",
        ),
        ("s", "y"),
        full_batch=True,
    ),
)

OPTIMIZERS: dict[str, OptimizerSpec] = {spec.key: spec for spec in _ALL}


def optimizer(key: str) -> OptimizerSpec:
    """The optimizer of that key. Raises OptimizerError."""
    if key not in OPTIMIZERS:
        raise OptimizerError(f"there is no optimizer called {named(key)}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[key]
