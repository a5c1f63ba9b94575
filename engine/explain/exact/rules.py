"""Node type → its value and its derivative in fractions: NumPy arrays of Python's `Fraction`, which never round.

The rules are those of `engine.nodes`, written for numbers that are exact. A type without rules here is not exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.nodes.checks import reduced_axes
from engine.nodes.losses import divisor
from graph.text.messages import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.nodes.base import Settings

Array = Any
"""An array of `Fraction` (dtype object), 0 axes included."""
LARGEST_POWER = 1000
"""Exponents up to this are computed: a fraction's digits grow with the exponent."""


class NotExact(Exception):
    """The value is not a fraction here; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`value(settings, *arguments)`, and by argument `gradient(settings, g, y, *arguments)`, which may have the broadcast shape.

    An argument is an array, None where an optional input is free, or a tuple of arrays for a port that takes many wires.
    """

    value: Callable[..., Array]
    gradients: Mapping[str, Callable[..., Array]]


def fraction(number: float, single: bool = False) -> Fraction:
    """The shortest decimal that the computer would print for this number: what a person typed. `single`: it is a float32."""
    return Fraction(Decimal(str(np.float32(number)) if single else repr(float(number))))


def fractions(numbers: NDArray[Any]) -> Array:
    """An array of floating-point or whole numbers as fractions. Raises NotExact for infinity and NaN."""
    if not np.isfinite(numbers).all():
        raise NotExact(_("infinity and NaN are not fractions"))
    single = numbers.dtype == np.float32
    exact = np.empty(numbers.shape, dtype=object)
    exact[...] = np.array([fraction(number, single) for number in numbers.ravel()], dtype=object).reshape(numbers.shape)
    return exact


def entrywise(function: Callable[..., Fraction]) -> Callable[..., Array]:
    """A function of single fractions, applied entry by entry with broadcasting; the result is always an array."""
    ufunc = np.frompyfunc(function, function.__code__.co_argcount, 1)

    def apply(*arrays: Array) -> Array:
        return array(ufunc(*arrays))

    return apply


def summed_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of what was broadcast: the sum over the axes that broadcasting added or stretched."""
    gradient = array(gradient)
    while gradient.ndim > len(shape):
        gradient = array(gradient.sum(axis=0))
    for axis, size in enumerate(shape):
        if size == 1 and gradient.shape[axis] != 1:
            gradient = array(gradient.sum(axis=axis, keepdims=True))
    return array(np.broadcast_to(gradient, shape)) if gradient.shape != shape else gradient


def array(thing: Any) -> Array:
    """An array in any case: NumPy's arithmetic gives a bare fraction for arrays without axes."""
    if isinstance(thing, np.ndarray):
        return thing
    single = np.empty((), dtype=object)
    single[()] = thing
    return single


def _divided(a: Array, b: Array) -> Array:
    if any(number == 0 for number in np.ravel(b)):
        raise NotExact(_("it divides by zero"))
    return a / b


def _whole(exponent: Any) -> int:
    exponents = set(np.ravel(array(exponent)))
    if len(exponents) != 1 or next(iter(exponents)).denominator != 1:
        raise NotExact(_("its exponent is not a whole number"))
    power = int(next(iter(exponents)))
    if abs(power) > LARGEST_POWER:
        raise NotExact(_("its exponent is larger than {largest}").format(largest=LARGEST_POWER))
    return power


def _raised(a: Array, power: int) -> Array:
    if power < 0:
        return array(_divided(array(Fraction(1)), _raised(a, -power)))
    return array(np.frompyfunc(lambda number: number**power, 1, 1)(a))


def _power(s: Settings, a: Array, b: Array | None) -> Array:
    return np.broadcast_to(_raised(a, _exponent(s, b)), np.broadcast_shapes(a.shape, () if b is None else b.shape))


def _exponent(s: Settings, b: Array | None) -> int:
    return _whole(fraction(s.b) if b is None else b)


def _power_by_base(s: Settings, g: Array, y: Array, a: Array, b: Array | None) -> Array:
    power = _exponent(s, b)
    return g * (power * _raised(a, power - 1)) if power else g * Fraction(0)


def _no_logarithm(s: Settings, g: Array, y: Array, a: Array, b: Array) -> Array:
    raise NotExact(_("the derivative with respect to an exponent has a logarithm"))


_sign = entrywise(lambda x: Fraction((x > 0) - (x < 0)))
_positive = entrywise(lambda x: Fraction(int(x > 0)))
_ramp = entrywise(lambda x: max(x, Fraction(0)))
_larger = entrywise(lambda a, b: max(a, b))
_smaller = entrywise(lambda a, b: min(a, b))
_share = entrywise(lambda a, b: Fraction(int(a > b)) + Fraction(int(a == b), 2))
"""[a > b], and ½ at a tie."""


def _axes(s: Settings, x: Array) -> tuple[int, ...]:
    return reduced_axes("x" in s.batched, x.ndim, s.axes, s.over_batch)


def _sum(s: Settings, x: Array) -> Array:
    axes = _axes(s, x)
    return array(x.sum(axis=axes, keepdims=bool(s.keep_axes))) if axes else x


def _spread(s: Settings, g: Array, x: Array) -> Array:
    """A reduced gradient, given to every entry that was added up."""
    axes = _axes(s, x)
    kept = g if s.keep_axes or not axes else g.reshape([1 if axis in axes else size for axis, size in enumerate(x.shape)])
    return np.broadcast_to(kept, x.shape)


def _count(s: Settings, x: Array) -> int:
    return int(np.prod([x.shape[axis] for axis in _axes(s, x)], dtype=int))


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def _linear(s: Settings, x: Array, W: Array, b: Array | None) -> Array:  # noqa: N803 - the layer's own names
    y = _product(_rows(x), W.T).reshape(*x.shape[:-1], W.shape[0])
    return y if b is None else y + b


def _product(a: Array, b: Array) -> Array:
    """The matrix product of two arrays with two axes."""
    return array(np.dot(a, b))


def _matrix_product(s: Settings, a: Array, b: Array) -> Array:
    _without_samples(s)
    return _product(a, b)


def _without_samples(s: Settings) -> None:
    if s.batched:
        raise NotExact(_("matrix products of several samples are not computed in fractions"))


def _matrix(t: Array, axis: int) -> Array:
    return np.expand_dims(t, axis) if t.ndim == 1 else t


def _matrix_left(s: Settings, g: Array, y: Array, a: Array, b: Array) -> Array:
    _without_samples(s)
    return _product(_full(g, a, b), _matrix(b, 1).T).reshape(a.shape)


def _matrix_right(s: Settings, g: Array, y: Array, a: Array, b: Array) -> Array:
    _without_samples(s)
    return _product(_matrix(a, 0).T, _full(g, a, b)).reshape(b.shape)


def _full(g: Array, a: Array, b: Array) -> Array:
    """The gradient of a matrix product as a matrix, whatever of a and b is a vector."""
    return g.reshape(_matrix(a, 0).shape[0], _matrix(b, 1).shape[1])


def _loss(
    of_numbers: Callable[..., Array], by_prediction: Callable[..., Array], by_target: Callable[..., Array], first: str = "prediction"
) -> Rule:
    """A loss that compares number with number, then reduces."""

    def value(s: Settings, p: Array, t: Array) -> Array:
        losses = array(of_numbers(s, p, t))
        return array(losses.sum() / _divisor(s, losses.shape))

    def gradient(slope: Callable[..., Array]) -> Callable[..., Array]:
        def of(s: Settings, g: Array, y: Array, p: Array, t: Array) -> Array:
            shape = np.broadcast_shapes(p.shape, t.shape)
            return np.broadcast_to(slope(s, p, t), shape) * (g / _divisor(s, shape))

        return of

    return Rule(value, {first: gradient(by_prediction), "target": gradient(by_target)})


def _divisor(s: Settings, shape: tuple[int, ...]) -> int:
    return divisor(s, torch.Size(shape))


def _half(s: Settings) -> Fraction:
    return Fraction(1, 2) if s.factor == "half" else Fraction(1)


def _excess(f: Array, t: Array) -> Array:
    return _positive(1 - t * f)


def _leak(s: Settings, x: Array) -> Array:
    slope = fraction(s.slope)
    return _positive(x) + slope * (1 - _positive(x))


def _penalty(value: Callable[[Settings, Array], Array], slope: Callable[[Settings, Array], Array]) -> Rule:
    def total(s: Settings, parameters: tuple[Array, ...]) -> Array:
        return array(sum((array(value(s, p)).sum() for p in parameters), Fraction(0)) * fraction(s.lam))

    def gradient(s: Settings, g: Array, y: Array, p: Array) -> Array:
        return g * fraction(s.lam) * slope(s, p)

    return Rule(total, {"parameters": gradient})


def _same(s: Settings, x: Array) -> Array:
    return x


_SAME = Rule(_same, {"x": lambda s, g, y, x: g})
_SHAPED = Rule(_same, {"x": lambda s, g, y, x: g.reshape(x.shape)})
"""The same entries in another shape: values get the shape of the computed tensor."""

RULES: Mapping[str, Rule] = {
    "math.add": Rule(lambda s, a, b: a + b, {"a": lambda s, g, y, a, b: g, "b": lambda s, g, y, a, b: g}),
    "math.subtract": Rule(lambda s, a, b: a - b, {"a": lambda s, g, y, a, b: g, "b": lambda s, g, y, a, b: -g}),
    "math.multiply": Rule(lambda s, a, b: a * b, {"a": lambda s, g, y, a, b: g * b, "b": lambda s, g, y, a, b: g * a}),
    "math.divide": Rule(lambda s, a, b: _divided(a, b), {"a": lambda s, g, y, a, b: g / b, "b": lambda s, g, y, a, b: -g * a / (b * b)}),
    "math.power": Rule(_power, {"a": _power_by_base, "b": _no_logarithm}),
    "math.maximum": Rule(
        lambda s, a, b: _larger(a, b), {"a": lambda s, g, y, a, b: g * _share(a, b), "b": lambda s, g, y, a, b: g * _share(b, a)}
    ),
    "math.minimum": Rule(
        lambda s, a, b: _smaller(a, b), {"a": lambda s, g, y, a, b: g * _share(b, a), "b": lambda s, g, y, a, b: g * _share(a, b)}
    ),
    "math.negate": Rule(lambda s, x: -x, {"x": lambda s, g, y, x: -g}),
    "math.square": Rule(lambda s, x: x * x, {"x": lambda s, g, y, x: g * 2 * x}),
    "math.reciprocal": Rule(lambda s, x: _divided(array(Fraction(1)), x), {"x": lambda s, g, y, x: -g * y * y}),
    "math.abs": Rule(lambda s, x: array(abs(x)), {"x": lambda s, g, y, x: g * _sign(x)}),
    "math.sign": Rule(lambda s, x: _sign(x), {"x": lambda s, g, y, x: g * Fraction(0)}),
    "math.matmul": Rule(_matrix_product, {"a": _matrix_left, "b": _matrix_right}),
    "math.sum": Rule(_sum, {"x": lambda s, g, y, x: _spread(s, g, x)}),
    "math.mean": Rule(lambda s, x: _sum(s, x) / _count(s, x), {"x": lambda s, g, y, x: _spread(s, g, x) / _count(s, x)}),
    "math.reshape": _SHAPED,
    "math.flatten": _SHAPED,
    "activation.identity": _SAME,
    "activation.relu": Rule(lambda s, x: _ramp(x), {"x": lambda s, g, y, x: g * _positive(x)}),
    "activation.leaky_relu": Rule(lambda s, x: x * _leak(s, x), {"x": lambda s, g, y, x: g * _leak(s, x)}),
    "layer.linear": Rule(
        _linear,
        {
            "x": lambda s, g, y, x, W, b: _product(_rows(g), W).reshape(x.shape),
            "W": lambda s, g, y, x, W, b: _product(_rows(g).T, _rows(x)),
            "b": lambda s, g, y, x, W, b: array(_rows(g).sum(axis=0)),
        },
    ),
    "loss.squared_error": _loss(
        lambda s, p, t: (p - t) * (p - t) * _half(s), lambda s, p, t: 2 * (p - t) * _half(s), lambda s, p, t: -2 * (p - t) * _half(s)
    ),
    "loss.l1": _loss(lambda s, p, t: array(abs(p - t)), lambda s, p, t: _sign(p - t), lambda s, p, t: -_sign(p - t)),
    "loss.hinge": _loss(lambda s, f, t: _ramp(1 - t * f), lambda s, f, t: -t * _excess(f, t), lambda s, f, t: -f * _excess(f, t), "scores"),
    "penalty.l1": _penalty(lambda s, p: array(abs(p)), lambda s, p: _sign(p)),
    "penalty.l2": _penalty(lambda s, p: p * p * _half(s), lambda s, p: 2 * p * _half(s)),
}
