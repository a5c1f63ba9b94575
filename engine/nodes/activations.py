"""Functions applied to every number of a tensor, and softmax, which makes probabilities of scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import ChoiceSetting, FloatSetting, Flow, IntSetting, NodeType, Settings, sample_axis
from engine.nodes.checks import check_axis
from engine.numerics.lazy import F, torch
from graph.model.spec import Category, Port

if TYPE_CHECKING:
    from torch import Tensor


class Activation(NodeType):
    """What all activations share: one input, one output of the same shape."""

    category: ClassVar[Category] = "activations"
    inputs = (Port("x"),)
    flow: ClassVar[Flow] = "entries"


def where_positive(g: Tensor, x: Tensor) -> Any:
    """g where x > 0, else 0, whatever g is: an infinite gradient is stopped too, where g · [x > 0] would make NaN of it."""
    return torch.ops.aten.threshold_backward(g, x, 0)


class Identity(Activation):
    """Passes its input on unchanged. A network whose activations are all the identity collapses to one affine map."""

    key, title = "activation.identity", "Identity"
    search = ("linear", "none", "pass through")
    formula = r"@y = @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: g}
    code = ("", "{x}")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x


class ReLU(Activation):
    """Rectified linear unit: keeps positive numbers and sets all others to 0. Its slope at 0 is taken as 0.

    Where it is off, everything before it has gradient 0, even where a slope there is infinite: relu(log x) at 0.
    """

    key, title = "activation.relu", "ReLU"
    search = ("rectifier", "rectified linear unit", "ramp")
    formula = r"@y = \max(0, @x)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot [@x > 0]"}
    gradients = {"x": lambda s, g, y, kept, x: where_positive(g, x)}
    unselected = {"x": lambda s, y, kept, x: x < 0}
    code = ("nn.ReLU()", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.relu(x)


class LeakyReLU(Activation):
    """ReLU with a small slope α for negative inputs, so that no unit ever stops learning."""

    key, title, default_name = "activation.leaky_relu", "Leaky ReLU", "leaky_relu"
    search = ("lrelu", "rectifier")
    slope = FloatSetting(0.01, title="α", help="Slope for negative inputs.")
    formula = r"@y = \max(0, @x) + \alpha\,\min(0, @x)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot (1 \;\mathrm{if}\; @x > 0, \;\mathrm{else}\; \alpha)"}
    gradients = {"x": lambda s, g, y, kept, x: torch.where(x > 0, g, s.slope * g)}
    unselected = {"x": lambda s, y, kept, x: (x < 0) & (s.slope == 0)}
    code = ("nn.LeakyReLU({slope})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.leaky_relu(x, s.slope)


class ELU(Activation):
    """Exponential linear unit: the identity for positive inputs, a smooth curve towards −α for negative ones."""

    key, title = "activation.elu", "ELU"
    search = ("exponential linear unit",)
    alpha = FloatSetting(1.0, 0, title="α", help="Minus the limit for very negative inputs.")
    formula = r"@y = \max(0, @x) + \alpha\,(e^{\min(0, @x)} - 1)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot (1 \;\mathrm{if}\; @x > 0, \;\mathrm{else}\; \alpha\,e^{@x})"}
    gradients = {  # not y + α, which loses digits
        "x": lambda s, g, y, kept, x: torch.where(x > 0, g, g * (s.alpha * torch.exp(torch.clamp(x, max=0))))
    }
    code = ("nn.ELU({alpha})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.elu(x, s.alpha)


def _gelu_slope(approximate: str, x: Tensor) -> Any:
    """Φ(x) + x φ(x); or, in the approximation, the derivative of ½x(1 + tanh u) with u = √(2/π)(x + 0.044715 x³).

    Φ comes from erfc, because 1 + erf loses its digits below 0. Beyond ±40 all but the first term is 0, and x³ could overflow.
    """
    x = torch.clamp(x, -40, 40)
    if approximate == "none":
        return torch.special.erfc(x * -(0.5**0.5)) / 2 + x * torch.exp(-x * x / 2) * (2 * torch.pi) ** -0.5
    scale, cubic = (2 / torch.pi) ** 0.5, 0.044715
    u = 2 * scale * (x + cubic * x**3)
    p = torch.sigmoid(u)  # ½(1 + tanh u/2), and p(1 − p) below is ¼(1 − tanh² u/2): without losing digits where tanh is −1
    return p + x * p * torch.sigmoid(-u) * (2 * scale) * (1 + 3 * cubic * x * x)


class GELU(Activation):
    """Gaussian error linear unit: the input times the probability Φ(x) that a standard normal number is below it.

    Hendrycks & Gimpel 2016. The tanh form is their approximation of Φ.
    """

    key, title = "activation.gelu", "GELU"
    search = ("gaussian error linear unit", "transformer")
    approximate = ChoiceSetting("none", ("none", "tanh"), title="Approximation", help="Exact, or with tanh instead of Φ.")
    formula = r"@y = @x\,<phi>"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot <slope>"}
    formula_parts = {
        "phi": ("approximate", {"none": r"\Phi(@x)", "tanh": r"\frac{1}{2}(1 + \tanh(\sqrt{2/\pi}\,(@x + 0.044715\,@x^3)))"}),
        "slope": ("approximate", {"none": r"(\Phi(@x) + @x\,\varphi(@x))", "tanh": r"\frac{d@y}{d@x}"}),
    }
    gradients = {"x": lambda s, g, y, kept, x: g * _gelu_slope(s.approximate, x)}
    code = ("nn.GELU(approximate={approximate})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.gelu(x, approximate=s.approximate)


class SiLU(Activation):
    """Sigmoid linear unit, also called swish: the input times its own sigmoid."""

    key, title = "activation.silu", "SiLU"
    search = ("swish", "sigmoid linear unit")
    aliases = ("swish",)
    formula = r"@y = @x\,\sigma(@x)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot (\sigma(@x) + @y \odot (1 - \sigma(@x)))"}
    gradients = {"x": lambda s, g, y, kept, x: g * ((p := torch.sigmoid(x)) + y * (1 - p))}
    code = ("nn.SiLU()", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.silu(x)


class Softplus(Activation):
    """A smooth ReLU. The larger β, the closer it comes to the corner; its derivative is the sigmoid of βx."""

    key, title = "activation.softplus", "Softplus"
    search = ("smooth relu", "log(1+exp(x))")
    beta = FloatSetting(1.0, 0, exclusive_minimum=True, title="β", help="Sharpness of the bend.")
    formula = r"@y = \frac{1}{\beta}\,\log(1 + e^{\beta @x})"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot \sigma(\beta @x)"}
    gradients = {"x": lambda s, g, y, kept, x: g * torch.sigmoid(s.beta * x)}
    code = ("nn.Softplus({beta})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.softplus(x, s.beta, 40.0)  # torch's own threshold of 20 is off by 2e-9


class Tanh(Activation):
    """Hyperbolic tangent: squeezes every number into (−1, 1). Its derivative needs only its output.

    Where the output is 1 in every digit, the derivative 1 − y² is 0: from x = 19 on, in float32 from x = 9.
    """

    key, title = "activation.tanh", "Tanh"
    search = ("hyperbolic tangent", "squash")
    formula = r"@y = \tanh(@x)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot (1 - @y^2)"}
    gradients = {"x": lambda s, g, y, kept, x: torch.ops.aten.tanh_backward(g, y)}  # g (1 − y²) in one pass
    code = ("nn.Tanh()", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.tanh(x)


class Sigmoid(Activation):
    """The logistic function: squeezes every number into (0, 1), which can be read as a probability.

    Where the output is 1 in every digit, the derivative y(1 − y) is 0: from x = 37 on, in float32 from x = 17.
    """

    key, title = "activation.sigmoid", "Sigmoid"
    search = ("logistic", "σ", "squash", "probability")
    aliases = ("σ",)
    formula = r"@y = \sigma(@x) = \frac{1}{1 + e^{-@x}}"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot @y \odot (1 - @y)"}
    gradients = {"x": lambda s, g, y, kept, x: torch.ops.aten.sigmoid_backward(g, y)}  # g y (1 − y) in one pass
    code = ("nn.Sigmoid()", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.sigmoid(x)


class AlongAxis(Activation):
    """What softmax and log-softmax share: the axis of the sample along which the probabilities add up to 1."""

    inputs = (Port("x", rank=(1, None)),)
    flow = "mixed"
    axis = IntSetting(-1, help="Counted in the sample, from the end when negative: −1 is the last axis. The batch is not counted.")

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        check_axis(s.axis, shapes["x"], "x")

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"dim": s.axis + 1 if s.axis >= 0 and shapes["x"].batched else s.axis}


class Softmax(AlongAxis):
    """Turns scores into probabilities: all positive, adding up to 1, larger scores getting more."""

    key, title = "activation.softmax", "Softmax"
    search = ("probabilities", "normalized exponential", "classes")
    formula = r"@y = \frac{e^{@x}}{\sum e^{@x}}"
    local_derivatives = {"x": r"\bar{@x} = @y \odot (\bar{@y} - \sum \bar{@y} \odot @y)"}
    gradients = {"x": lambda s, g, y, kept, x: (w := g * y) - y * w.sum(sample_axis(s, "x", s.axis, x.dim()), keepdim=True)}
    code = ("nn.Softmax({dim})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.softmax(x, sample_axis(s, "x", s.axis, x.dim()))


class LogSoftmax(AlongAxis):
    """The logarithm of softmax, computed without overflow. Its output is what the negative log-likelihood takes."""

    key, title, default_name = "activation.log_softmax", "Log-softmax", "log_softmax"
    search = ("log probabilities", "classes")
    formula = r"@y = @x - \log \sum e^{@x}"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} - e^{@y} \sum \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: g - torch.exp(y) * g.sum(sample_axis(s, "x", s.axis, x.dim()), keepdim=True)}
    code = ("nn.LogSoftmax({dim})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.log_softmax(x, sample_axis(s, "x", s.axis, x.dim()))
