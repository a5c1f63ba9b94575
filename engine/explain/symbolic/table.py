"""Node type → formula in SymPy objects. Nothing here reads text: formulas are built from symbols and numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import sympy
from sympy import Expr, Rational

SHORT = 1000
"""Numbers whose decimal fraction has a denominator up to this are written as fractions, others as decimals."""


def number(value: Any) -> Expr:
    """A setting's number: whole, or a short fraction, or a decimal."""
    value = float(value)
    if value in (float("inf"), float("-inf")) or value != value:
        return sympy.Float(value)
    top, bottom = Decimal(repr(value)).as_integer_ratio()
    return Rational(top, bottom) if bottom <= SHORT else sympy.Float(repr(value))


class sigma(sympy.Function):  # type: ignore[misc]  # noqa: N801 - SymPy prints the class name
    """The logistic function 1/(1 + e⁻ˣ), which is written as σ."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(rf"\sigma\left({printer._print(self.args[0])}\right)", exp)


class ramp(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """max(0, x), whose slope at 0 is 0."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return positive(self.args[0])

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(rf"\max\left(0, {printer._print(self.args[0])}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"max(0, {printer._print(self.args[0])})"


class positive(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """[x > 0]: 1 where x is positive, else 0."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.Integer(0)

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(rf"\left[{printer._print(self.args[0])} > 0\right]", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"[{printer._print(self.args[0])} > 0]"


class sgn(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """The sign of a real number, 0 at 0; its derivative counts as 0."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.Integer(0)

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(rf"\mathrm{{sign}}\left({printer._print(self.args[0])}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"sign({printer._print(self.args[0])})"


class magnitude(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """|x| of a real number."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return sgn(self.args[0])

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(rf"\left|{printer._print(self.args[0])}\right|", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"|{printer._print(self.args[0])}|"


class greater(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """[a > b], and ½ where they are equal: which of two values a maximum follows."""

    nargs = 2
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.Integer(0)

    def _latex(self, printer: Any, exp: str = "") -> str:
        a, b = map(printer._print, self.args)
        return _power(rf"\left[{a} > {b}\right]", exp)

    def _sympystr(self, printer: Any) -> str:
        return "[{} > {}]".format(*map(printer._print, self.args))


class larger(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """max(a, b), half of whose gradient goes to each at a tie."""

    nargs = 2
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        a, b = self.args
        return greater(a, b) if argindex == 1 else greater(b, a)

    def _latex(self, printer: Any, exp: str = "") -> str:
        return _power(r"\max\left({}, {}\right)".format(*map(printer._print, self.args)), exp)

    def _sympystr(self, printer: Any) -> str:
        return "max({}, {})".format(*map(printer._print, self.args))


def _power(latex: str, exponent: str) -> str:
    return f"{{{latex}}}^{{{exponent}}}" if exponent else latex


def _smaller(a: Expr, b: Expr) -> Expr:
    return -larger(-a, -b)


def _softplus(x: Expr, beta: Expr = sympy.Integer(1)) -> Expr:  # noqa: B008 - numbers do not change
    return sympy.log(1 + sympy.exp(beta * x)) / beta


def _gelu(s: Any, x: Expr) -> Expr:
    if s.approximate == "tanh":
        return x * (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (x + number(0.044715) * x**3))) / 2
    return x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2


def _huber(s: Any, p: Expr, t: Expr) -> Expr:
    """δ(|e| − δ/2) outside, e²/2 inside: ½e² minus ½ of the squared excess over δ."""
    e, delta = p - t, number(s.delta)
    return (e**2 - ramp(magnitude(e) - delta) ** 2) / 2


def _power_of(s: Any, a: Expr, b: Expr | None) -> Expr:
    return a ** (number(s.b) if b is None else b)


def _penalty(square: bool) -> Callable[..., Expr]:
    def formula(s: Any, parameters: tuple[Expr, ...]) -> Expr:
        terms = [p**2 if square else magnitude(p) for p in parameters]
        return number(s.lam) * (Rational(1, 2) if square and s.factor == "half" else 1) * sympy.Add(*terms)

    return formula


def _same(s: Any, x: Expr) -> Expr:
    return x


FORMULAS: Mapping[str, Callable[..., Expr]] = {
    "math.add": lambda s, a, b: a + b, "math.subtract": lambda s, a, b: a - b, "math.multiply": lambda s, a, b: a * b,
    "math.divide": lambda s, a, b: a / b, "math.power": _power_of, "math.matmul": lambda s, a, b: a * b,
    "math.maximum": lambda s, a, b: larger(a, b), "math.minimum": lambda s, a, b: _smaller(a, b),
    "math.negate": lambda s, x: -x, "math.square": lambda s, x: x**2, "math.sqrt": lambda s, x: sympy.sqrt(x),
    "math.reciprocal": lambda s, x: 1 / x, "math.exp": lambda s, x: sympy.exp(x), "math.log": lambda s, x: sympy.log(x),
    "math.sin": lambda s, x: sympy.sin(x), "math.cos": lambda s, x: sympy.cos(x), "math.abs": lambda s, x: magnitude(x),
    "math.tan": lambda s, x: sympy.tan(x), "math.atan": lambda s, x: sympy.atan(x), "math.sinh": lambda s, x: sympy.sinh(x),
    "math.cosh": lambda s, x: sympy.cosh(x), "math.atan2": lambda s, a, b: sympy.atan2(a, b), "math.sign": lambda s, x: sgn(x),
    "math.log10": lambda s, x: sympy.log(x) / sympy.log(10), "math.log2": lambda s, x: sympy.log(x) / sympy.log(2),
    "math.sum": _same, "math.mean": _same, "math.largest": _same, "math.smallest": _same, "math.logsumexp": _same,
    "math.norm": lambda s, x: magnitude(x),
    "math.reshape": _same, "math.flatten": _same, "math.transpose": _same,
    "activation.identity": _same, "activation.relu": lambda s, x: ramp(x),
    "activation.leaky_relu": lambda s, x: number(s.slope) * x + (1 - number(s.slope)) * ramp(x),
    "activation.elu": lambda s, x: ramp(x) + number(s.alpha) * (sympy.exp(x - ramp(x)) - 1), "activation.gelu": _gelu,
    "activation.silu": lambda s, x: x * sigma(x), "activation.softplus": lambda s, x: _softplus(x, number(s.beta)),
    "activation.tanh": lambda s, x: sympy.tanh(x), "activation.sigmoid": lambda s, x: sigma(x),
    "activation.softmax": lambda s, x: sympy.Integer(1), "activation.log_softmax": lambda s, x: sympy.Integer(0),
    "layer.linear": lambda s, x, W, b: W * x + (0 if b is None else b),
    "loss.squared_error": lambda s, p, t: (p - t) ** 2 / (2 if s.factor == "half" else 1), "loss.l1": lambda s, p, t: magnitude(p - t),
    "loss.huber": _huber, "loss.logistic": lambda s, f, t: _softplus(-t * f), "loss.hinge": lambda s, f, t: ramp(1 - t * f),
    "loss.bce": lambda s, p, t: -(t * sympy.log(p) + (1 - t) * sympy.log(1 - p)),
    "loss.bce_logits": lambda s, f, t: _softplus(f) - t * f, "loss.kl": lambda s, q, t: t * (sympy.log(t) - q),
    "penalty.l1": _penalty(square=False), "penalty.l2": _penalty(square=True),
}  # fmt: skip
"""`formula(settings, *arguments)`, arguments as those of the type's `forward`, each a single number's expression."""
