"""More elementary functions, entry by entry: tangent, other logarithms, hyperbolic functions, and choices between values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.nodes.base import FloatSetting, NodeError, NodeType, Settings
from engine.nodes.checks import check_broadcast
from engine.nodes.math_elementwise import Binary, Unary, signs
from engine.numerics.lazy import torch
from graph.model.spec import Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor


class Tangent(Unary):
    """The tangent of an angle in radians. It grows without bound near π/2, 3π/2 and so on."""

    key, title = "math.tan", "Tangent"
    search = ("tangent", "trigonometry")
    aliases = ("tangent",)
    formula = r"@y = \tan @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot (1 + (\tan @x)^2)"}
    gradients = {"x": lambda s, g, y, kept, x: g * (1 + y * y)}
    steep = True
    code = ("", "torch.tan({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.tan(x)


class Arctangent(Unary):
    """The angle between −π/2 and π/2 whose tangent is the value."""

    key, title = "math.atan", "Arctangent"
    search = ("arctan", "inverse tangent", "trigonometry")
    aliases = ("arctan",)
    formula = r"@y = \arctan @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \frac{1}{1 + @x^2}"}
    gradients = {"x": lambda s, g, y, kept, x: g / (1 + x * x)}
    code = ("", "torch.atan({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.atan(x)


def _per_distance(side: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """side / (a² + b²) without overflow; 0 at the origin, as in torch."""
    distance = torch.hypot(a, b)
    return torch.where(distance == 0, 0.0, side / distance / distance)


class Arctangent2(Binary):
    """The angle of the point (b, a) seen from the origin, between −π and π. At the origin itself both slopes are taken as 0."""

    key, title = "math.atan2", "Angle (atan2)"
    search = ("arctan2", "angle", "phase", "polar")
    aliases = ("arctan2",)
    inputs = (Port("a", doc="The vertical coordinate."), Port("b", doc="The horizontal coordinate."))
    formula = r"@y = \mathrm{atan2}(@a, @b)"
    local_derivatives = {
        "a": r"\bar{@a} = \bar{@y} \cdot \frac{@b}{@a^2 + @b^2}", "b": r"\bar{@b} = -\bar{@y} \cdot \frac{@a}{@a^2 + @b^2}",
    }  # fmt: skip
    gradients = {
        "a": lambda s, g, y, kept, a, b: g * _per_distance(b, a, b),
        "b": lambda s, g, y, kept, a, b: -g * _per_distance(a, a, b),
    }
    steep = True
    code = ("", "torch.atan2({a}, {b})")

    def forward(self, s: Settings, a: Tensor, b: Tensor) -> Tensor:
        return torch.atan2(a, b)


class Logarithm10(Unary):
    """The logarithm to the base 10: how many digits a number has. It is minus infinity at 0 and NaN for negative numbers."""

    key, title = "math.log10", "Logarithm, base 10"
    search = ("lg", "decadic logarithm", "decibel")
    aliases = ("lg", "log_10")
    formula = r"@y = \log_{10} @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \frac{1}{@x \ln 10}"}
    gradients = {"x": lambda s, g, y, kept, x: g / (x * math.log(10))}
    steep = True
    code = ("", "torch.log10({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.log10(x)


class Logarithm2(Unary):
    """The logarithm to the base 2: information in bits. It is minus infinity at 0 and NaN for negative numbers."""

    key, title = "math.log2", "Logarithm, base 2"
    search = ("ld", "binary logarithm", "bits", "entropy")
    aliases = ("ld", "log_2")
    formula = r"@y = \log_2 @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \frac{1}{@x \ln 2}"}
    gradients = {"x": lambda s, g, y, kept, x: g / (x * math.log(2))}
    steep = True
    code = ("", "torch.log2({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.log2(x)


class HyperbolicSine(Unary):
    """The hyperbolic sine, half of eˣ minus e⁻ˣ."""

    key, title = "math.sinh", "Hyperbolic sine"
    search = ("hyperbolic",)
    formula = r"@y = \sinh @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \cosh @x"}
    gradients = {"x": lambda s, g, y, kept, x: g * torch.cosh(x)}
    steep = True
    code = ("", "torch.sinh({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.sinh(x)


class HyperbolicCosine(Unary):
    """The hyperbolic cosine, half of eˣ plus e⁻ˣ: the curve of a hanging chain."""

    key, title = "math.cosh", "Hyperbolic cosine"
    search = ("hyperbolic", "catenary")
    formula = r"@y = \cosh @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \sinh @x"}
    gradients = {"x": lambda s, g, y, kept, x: g * torch.sinh(x)}
    steep = True
    code = ("", "torch.cosh({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return torch.cosh(x)


class Sign(Unary):
    """Gives 1 for positive numbers, −1 for negative ones, 0 for 0. It is flat everywhere, so no gradient comes through."""

    key, title = "math.sign", "Sign"
    search = ("sgn", "signum", "step")
    aliases = ("sgn", "signum")
    formula = r"@y = \mathrm{sign}(@x)"
    local_derivatives = {"x": r"\bar{@x} = 0 \cdot \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: torch.zeros_like(g)}
    code = ("", "torch.sign({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return signs(x)


def _outside(low: Tensor | float | None, high: Tensor | float | None, x: Tensor) -> Tensor:
    """Where the value is beyond a bound, and its own number does not count."""
    beyond = torch.zeros_like(x, dtype=torch.bool)
    if low is not None:
        beyond = beyond | (x < low)
    return beyond | (x > high) if high is not None else beyond


class Clamp(NodeType):
    """Keeps a value between two bounds, entry by entry. What lies outside becomes the bound, and no gradient goes back to it.

    A bound can be a number set here, or wired; a wired bound receives the gradient of the entries it replaces. Without a
    bound there is no limit on that side.
    """

    key, title = "math.clamp", "Clamp"
    search = ("clip", "limit", "bound", "saturate", "hard tanh")
    aliases = ("clip",)
    inputs = (Port("x"), Port("low", optional=True, doc="The lower bound."), Port("high", optional=True, doc="The upper bound."))
    low = FloatSetting(None, title="Lower bound", help="Used while nothing is wired to low; empty: no limit.")  # type: ignore[arg-type]
    high = FloatSetting(None, title="Upper bound", help="Used while nothing is wired to high; empty: no limit.")  # type: ignore[arg-type]
    formula = r"@y = \min(\max(@x, @low), @high)"
    local_derivatives = {
        "x": r"\bar{@x} = \bar{@y} \cdot [@low \leq @x] \cdot [@x \leq @high]",
        "low": r"\bar{@low} = \bar{@y} \cdot [@x < @low] \cdot [@low \leq @high]",
        "high": r"\bar{@high} = \bar{@y} \cdot [@high < \max(@x, @low)]",
    }  # fmt: skip
    flow = Unary.flow
    code = ("", "torch.clamp({x}, {low}, {high})")

    def forward(self, s: Settings, x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        if low is None and high is None:
            return torch.clamp(x, s.low, s.high)
        below, above = _bounds(s, x, low, high)
        x = x if below is None else torch.where(x < below, below, x)
        return x if above is None else torch.where(x > above, above, x)

    @staticmethod
    def _value(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        return torch.where(_outside(*_limits(s, low, high), x), 0.0, g)

    @staticmethod
    def _low(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor, low: Tensor, high: Tensor | None) -> Tensor:
        _, above = _limits(s, low, high)
        chosen = x < low if above is None else (x < low) & ~(low > above)
        return torch.where(chosen, g, 0.0)

    @staticmethod
    def _high(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor, low: Tensor | None, high: Tensor) -> Tensor:
        below, _ = _limits(s, low, high)
        bounded = x if below is None else torch.where(x < below, below, x)
        return torch.where(bounded > high, g, 0.0)

    gradients = {"x": _value, "low": _low, "high": _high}
    unselected = {"x": lambda s, y, kept, x, low, high: _outside(*_limits(s, low, high), x)}

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        check_broadcast(shapes)
        if all(shapes[name] is None and getattr(s, name) is None for name in ("low", "high")):
            raise NodeError(
                Message("clamp-without-bounds", "neither bound is set"), "x", [(_("Keep x between 0 and 1"), {"low": 0.0, "high": 1.0})]
            )
        if s.low is not None and s.high is not None and shapes["low"] is None and shapes["high"] is None and s.low > s.high:
            raise NodeError(
                Message(
                    "lower-bound-above-upper-bound", "the lower bound {low:g} is above the upper bound {high:g}", low=s.low, high=s.high
                ),
                "x",
                [(_("Swap the bounds"), {"low": s.high, "high": s.low})],
            )

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        wired = [name for name in ("low", "high") if shapes[name] is not None]
        if not wired:
            return self.code
        text = "{x}"
        for name, function in (("low", "maximum"), ("high", "minimum")):
            if shapes[name] is not None:
                text = f"torch.{function}({text}, {{{name}}})"
            elif getattr(s, name) is not None:
                text = f"torch.clamp({text}, {'min' if name == 'low' else 'max'}={getattr(s, name)!r})"
        return ("", text)


def _limits(s: Settings, low: Tensor | None, high: Tensor | None) -> tuple[Any, Any]:
    return (s.low if low is None else low), (s.high if high is None else high)


def _bounds(s: Settings, x: Tensor, low: Tensor | None, high: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """Both bounds as tensors."""
    below, above = _limits(s, low, high)
    bounds = [b if b is None or isinstance(b, torch.Tensor) else x.new_full((), b) for b in (below, above)]
    return bounds[0], bounds[1]


class Where(NodeType):
    """Chooses entry by entry: a where the condition is positive, else b. Only the chosen one receives the gradient.

    The size of the condition makes no difference, so no gradient flows back to it.
    """

    key, title = "math.where", "Where"
    search = ("if", "condition", "choose", "select", "step", "heaviside", "piecewise")
    inputs = (Port("condition", "any", doc="Positive: take a."), Port("a"), Port("b"))
    formula = r"@y = (@a \;\mathrm{if}\; @condition > 0, \;\mathrm{else}\; @b)"
    local_derivatives = {
        "condition": r"\bar{@condition} = 0 \cdot \bar{@y}", "a": r"\bar{@a} = \bar{@y} \cdot [@condition > 0]",
        "b": r"\bar{@b} = \bar{@y} \cdot [@condition \leq 0]",
    }  # fmt: skip
    gradients = {
        "condition": lambda s, g, y, kept, condition, a, b: torch.zeros_like(g),
        "a": lambda s, g, y, kept, condition, a, b: torch.where(condition > 0, g, 0.0),
        "b": lambda s, g, y, kept, condition, a, b: torch.where(condition > 0, 0.0, g),
    }
    unselected = {
        "a": lambda s, y, kept, condition, a, b: ~(condition > 0), "b": lambda s, y, kept, condition, a, b: condition > 0,
    }  # fmt: skip
    flow = Binary.flow
    code = ("", "torch.where({condition} > 0, {a}, {b})")

    def forward(self, s: Settings, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.where(condition > 0, a, b)

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        check_broadcast(shapes)
