"""Arithmetic and elementary functions, entry by entry, with torch's broadcasting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import FloatSetting, Flow, NodeType, Settings
from engine.nodes.checks import check_broadcast
from engine.numerics.lazy import torch
from graph.model.spec import Port

if TYPE_CHECKING:
    from torch import Tensor


class Binary(NodeType):
    """A function of `a` and `b`, entry by entry; shapes broadcast, but the batch never meets a feature axis."""

    inputs = (Port("a"), Port("b"))
    flow: ClassVar[Flow] = "entries"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        check_broadcast(shapes)


class Unary(NodeType):
    """A function of `x`, entry by entry."""

    inputs = (Port("x"),)
    flow = "entries"


class Add(Binary):
    """Adds two values. Going backward, a sum passes its gradient on unchanged to both."""

    key, title = "math.add", "Add"
    search = ("+", "plus", "sum", "residual")
    aliases = ("plus",)
    formula = r"@y = @a + @b"
    local_derivatives = {"a": r"\bar{@a} = \bar{@y}", "b": r"\bar{@b} = \bar{@y}"}
    gradients = {"a": lambda s, g, y, kept, a, b: g, "b": lambda s, g, y, kept, a, b: g}
    code = ("", "{a} + {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Subtract(Binary):
    """Subtracts b from a. Going backward, b receives the gradient with the opposite sign."""

    key, title = "math.subtract", "Subtract"
    search = ("-", "−", "minus", "sub", "difference")
    aliases = ("minus", "sub")
    formula = r"@y = @a - @b"
    local_derivatives = {"a": r"\bar{@a} = \bar{@y}", "b": r"\bar{@b} = -\bar{@y}"}
    gradients = {"a": lambda s, g, y, kept, a, b: g, "b": lambda s, g, y, kept, a, b: -g}
    code = ("", "{a} - {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return a - b


class Multiply(Binary):
    """Multiplies entry by entry. Going backward, each factor receives the gradient times the other factor."""

    key, title = "math.multiply", "Multiply"
    search = ("*", "·", "×", "times", "mul", "product", "hadamard", "⊙")
    aliases = ("times", "mul", "hadamard")
    formula = r"@y = @a \cdot @b"
    local_derivatives = {"a": r"\bar{@a} = \bar{@y} \cdot @b", "b": r"\bar{@b} = \bar{@y} \cdot @a"}
    gradients = {"a": lambda s, g, y, kept, a, b: g * b, "b": lambda s, g, y, kept, a, b: g * a}
    flow = "products"
    code = ("", "{a} * {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return a * b


class Divide(Binary):
    """Divides a by b, entry by entry."""

    key, title = "math.divide", "Divide"
    search = ("/", "÷", "div", "quotient", "over", "fraction")
    aliases = ("div",)
    formula = r"@y = \frac{@a}{@b}"
    local_derivatives = {"a": r"\bar{@a} = \frac{\bar{@y}}{@b}", "b": r"\bar{@b} = -\bar{@y} \cdot \frac{@a}{@b^2}"}
    gradients = {"a": lambda s, g, y, kept, a, b: g / b, "b": lambda s, g, y, kept, a, b: -g * (y / b)}
    steep = True
    code = ("", "{a} / {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return a / b


class Power(Binary):
    """Raises a to the power b. With nothing wired to b, the exponent is the number set on the node.

    A negative base has a real power for whole exponents only, and then no derivative with respect to the exponent (NaN).
    """

    key, title = "math.power", "Power"
    search = ("**", "^", "pow", "exponent", "cube")
    aliases = ("pow",)
    inputs = (Port("a", doc="The base."), Port("b", optional=True, doc="The exponent."))
    b = FloatSetting(2.0, title="Exponent", help="Used while nothing is wired to b.")
    formula = r"@y = @a^{@b}"
    local_derivatives = {"a": r"\bar{@a} = \bar{@y} \cdot @b\,@a^{@b - 1}", "b": r"\bar{@b} = \bar{@y} \cdot @y\,\ln @a"}
    code = ("", "{a} ** {b}")

    def forward(self, s: Settings, a: Tensor, b: Tensor | None) -> Tensor:
        return torch.pow(a, s.b if b is None else b)

    @staticmethod
    def _base(s: Settings, g: Tensor, y: Tensor, kept: Any, a: Tensor, b: Tensor | None) -> Tensor:
        if b is None:
            return g * (s.b * torch.pow(a, s.b - 1)) if s.b != 0 else torch.zeros_like(g)
        return torch.where(b == 0, 0.0, g * (b * torch.pow(a, b - 1)))

    @staticmethod
    def _exponent(s: Settings, g: Tensor, y: Tensor, kept: Any, a: Tensor, b: Tensor) -> Tensor:
        return torch.where((a == 0) & (b >= 0), 0.0, g * (y * torch.log(a)))

    gradients = {"a": _base, "b": _exponent}
    unselected = {"a": lambda s, y, kept, a, b: torch.full_like(y, b is None and s.b == 0, dtype=torch.bool)}
    steep = True


def _unless_lost(g: Tensor, lost: Tensor, tie: Tensor) -> Tensor:
    """0 where the other input was chosen, even if g is infinite (g · [a > b] would make NaN of it); half of g at a tie."""
    return torch.where(lost, 0.0, torch.where(tie, g / 2, g))


class Maximum(Binary):
    """The larger of two values, entry by entry. The gradient goes to the larger one; at a tie each receives half.

    The smaller one's gradient is 0, and stays 0 further back even where a slope there is infinite: max(√x, 0.1) at 0.
    """

    key, title = "math.maximum", "Maximum"
    search = ("max", "larger", "clip", "relu")
    aliases = ("max",)
    formula = r"@y = \max(@a, @b)"
    local_derivatives = {
        "a": r"\bar{@a} = \bar{@y} \cdot ([@a > @b] + \frac{1}{2}\,[@a = @b])",
        "b": r"\bar{@b} = \bar{@y} \cdot ([@b > @a] + \frac{1}{2}\,[@a = @b])",
    }
    gradients = {
        "a": lambda s, g, y, kept, a, b: _unless_lost(g, a < b, a == b),
        "b": lambda s, g, y, kept, a, b: _unless_lost(g, b < a, a == b),
    }
    unselected = {"a": lambda s, y, kept, a, b: a < b, "b": lambda s, y, kept, a, b: b < a}
    code = ("", "torch.maximum({a}, {b})")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return torch.maximum(a, b)


class Minimum(Binary):
    """The smaller of two values, entry by entry. The gradient goes to the smaller one; at a tie each receives half.

    The larger one's gradient is 0, and stays 0 further back even where a slope there is infinite: min(1/x, 3) at 0.
    """

    key, title = "math.minimum", "Minimum"
    search = ("min", "smaller", "clip")
    aliases = ("min",)
    formula = r"@y = \min(@a, @b)"
    local_derivatives = {
        "a": r"\bar{@a} = \bar{@y} \cdot ([@a < @b] + \frac{1}{2}\,[@a = @b])",
        "b": r"\bar{@b} = \bar{@y} \cdot ([@b < @a] + \frac{1}{2}\,[@a = @b])",
    }
    gradients = {
        "a": lambda s, g, y, kept, a, b: _unless_lost(g, a > b, a == b),
        "b": lambda s, g, y, kept, a, b: _unless_lost(g, b > a, a == b),
    }
    unselected = {"a": lambda s, y, kept, a, b: a > b, "b": lambda s, y, kept, a, b: b > a}
    code = ("", "torch.minimum({a}, {b})")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return torch.minimum(a, b)


class Negate(Unary):
    """Changes the sign, of the value and, going backward, of the gradient."""

    key, title = "math.negate", "Negate"
    search = ("-", "−", "minus", "neg", "opposite")
    aliases = ("neg",)
    formula = r"@y = -@x"
    local_derivatives = {"x": r"\bar{@x} = -\bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: -g}
    code = ("", "-{x}")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return -x


class Square(Unary):
    """Multiplies a value by itself: the two paths of x · x in one node."""

    key, title = "math.square", "Square"
    search = ("^2", "**2", "x²", "sq", "quadratic")
    aliases = ("sq",)
    formula = r"@y = @x^2"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot 2@x"}
    gradients = {"x": lambda s, g, y, kept, x: g * (2 * x)}
    code = ("", "{x} ** 2")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.square(x)


class SquareRoot(Unary):
    """The square root. It is NaN for negative numbers, and its slope is infinite at 0."""

    key, title = "math.sqrt", "Square root"
    search = ("√", "root")
    formula = r"@y = \sqrt{@x}"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \frac{1}{2\sqrt{@x}}"}
    gradients = {"x": lambda s, g, y, kept, x: g / (2 * y)}
    steep = True
    code = ("", "torch.sqrt({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.sqrt(x)


class Reciprocal(Unary):
    """One divided by the value. Near 0 both the value and its slope grow without bound."""

    key, title = "math.reciprocal", "Reciprocal"
    search = ("1/x", "inverse", "invert")
    formula = r"@y = \frac{1}{@x}"
    local_derivatives = {"x": r"\bar{@x} = -\bar{@y} \cdot \frac{1}{@x^2}"}
    gradients = {"x": lambda s, g, y, kept, x: -g * (y * y)}
    steep = True
    code = ("", "1 / {x}")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.reciprocal(x)


class Exponential(Unary):
    """Raises e to the power x: the function that is its own derivative."""

    key, title = "math.exp", "Exponential"
    search = ("e^x", "exponential")
    formula = r"@y = e^{@x}"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot e^{@x}"}
    gradients = {"x": lambda s, g, y, kept, x: g * y}
    steep = True
    code = ("", "torch.exp({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.exp(x)


class Logarithm(Unary):
    """The natural logarithm. It is minus infinity at 0 and NaN for negative numbers."""

    key, title = "math.log", "Logarithm"
    search = ("ln", "natural logarithm")
    aliases = ("ln",)
    formula = r"@y = \ln @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \frac{1}{@x}"}
    gradients = {"x": lambda s, g, y, kept, x: g / x}
    steep = True
    code = ("", "torch.log({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.log(x)


class Sine(Unary):
    """The sine of an angle in radians."""

    key, title = "math.sin", "Sine"
    search = ("sine", "trigonometry", "wave")
    aliases = ("sine",)
    formula = r"@y = \sin @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \cos @x"}
    gradients = {"x": lambda s, g, y, kept, x: g * torch.cos(x)}
    code = ("", "torch.sin({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.sin(x)


class Cosine(Unary):
    """The cosine of an angle in radians."""

    key, title = "math.cos", "Cosine"
    search = ("cosine", "trigonometry", "wave")
    aliases = ("cosine",)
    formula = r"@y = \cos @x"
    local_derivatives = {"x": r"\bar{@x} = -\bar{@y} \cdot \sin @x"}
    gradients = {"x": lambda s, g, y, kept, x: -g * torch.sin(x)}
    code = ("", "torch.cos({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.cos(x)


def signs(x: Tensor) -> Tensor:
    """−1, 0 or 1, and NaN for NaN, where torch's sign is 0."""
    return torch.where(torch.isnan(x), x, torch.sign(x))


class Absolute(Unary):
    """The distance from 0. At 0 itself there is a kink; the gradient there is taken as 0."""

    key, title = "math.abs", "Absolute value"
    search = ("|x|", "absolute", "magnitude", "modulus")
    aliases = ("absolute",)
    formula = r"@y = |@x|"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \mathrm{sign}(@x)"}
    gradients = {"x": lambda s, g, y, kept, x: g * signs(x)}
    code = ("", "torch.abs({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.abs(x)
