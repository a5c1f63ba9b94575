"""What theory promises about a run, as curves, and what each promise assumes. No torch.

R = ‖x₀ − x*‖ and Δ = f(x₀) − f*. A bound holds for every function of its class, from any start with these numbers; it is tight where some
function reaches it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.learned.rates import Floats, Kind, Quantity
from graph.text.messages import _

Assumption = Literal["smooth", "convex", "strong"]
CLOSE = 1e-6
"""Step sizes and momenta that differ by less, relatively, are the same."""


@dataclass(frozen=True, slots=True)
class Known:
    """The numbers that bounds are made of. NaN: not known. `gap` is Δ, `distance` is R, `variance` is σ², `length` is T."""

    kind: Kind
    rate: float
    momentum: float
    L: float
    mu: float
    gap: float
    distance: float
    variance: float = 0.0
    length: int = 0

    @property
    def steep(self) -> float:
        """ηL."""
        return self.rate * self.L


Curve = Callable[[Known, Floats], Floats]
Missing = Callable[[Known], str]


@dataclass(frozen=True, slots=True)
class Bound:
    """`missing` says in words what the run or the numbers lack, empty where the bound fits. `formula` is the right
    side, `step` what it assumes of the step size, and of the momentum, in formulas."""

    key: str
    title: str
    quantity: Quantity
    kind: Kind
    formula: str
    step: str
    source: str
    assumes: tuple[Assumption, ...]
    missing: Missing
    curve: Curve
    tight: bool = False
    expected: bool = False
    """Whether it bounds an expectation, which a single run may exceed."""

    def fits(self, known: Known) -> str:
        """Why it cannot be drawn over this run; empty where it can."""
        if known.kind != self.kind:
            return OTHER_METHOD
        if not math.isfinite(known.rate) and self.kind != "exact":
            return _("The learning rate was not the same at every step.")
        if not known.L > 0 or not math.isfinite(known.L):
            return _("L is not known.")
        if "strong" in self.assumes and not known.mu > 0:
            return _("μ is not positive.")
        if "strong" in self.assumes and known.mu > known.L * (1 + CLOSE):
            return _("μ is larger than L.")
        return self.missing(known)

    def at(self, known: Known, steps: Floats) -> Floats:
        """The bound after so many steps."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return self.curve(known, np.asarray(steps, dtype=np.float64))


OTHER_METHOD = _("The run uses another method.")


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= CLOSE * max(abs(a), abs(b))


def _distance_known(k: Known) -> str:
    return "" if math.isfinite(k.distance) else _("‖x₀ − x*‖ is not known.")


def _one_over_l(k: Known) -> str:
    return "" if _same(k.steep, 1.0) else _("It needs η = 1/L; here ηL = {product:.3g}.").format(product=k.steep)


def _at_most(most: float, text: str) -> Missing:
    return lambda k: "" if 0 < k.steep <= most * (1 + CLOSE) else text.format(product=k.steep)


def _both(*rules: Missing) -> Missing:
    return lambda k: next((said for rule in rules if (said := rule(k))), "")


_BELOW_TWO = _at_most(2 - 3 * CLOSE, _("It needs η < 2/L; here ηL = {product:.3g}."))
_UP_TO_ONE = _at_most(1.0, _("It needs η ≤ 1/L; here ηL = {product:.3g}."))
_BELOW_ROOT = _at_most(math.sqrt(3), _("It needs η ≤ √3/L; here ηL = {product:.3g}."))


def contraction(k: Known) -> float:
    """ρ = max(|1 − ημ|, |1 − ηL|): what one step of gradient descent leaves of the distance at most."""
    return max(abs(1 - k.rate * k.mu), abs(1 - k.steep))


def nesterov_momentum(k: Known) -> float:
    """(√L − √μ)/(√L + √μ)."""
    root, own = math.sqrt(k.L), math.sqrt(max(k.mu, 0.0))
    return (root - own) / (root + own)


def _nesterov_momentum(k: Known) -> str:
    wanted = nesterov_momentum(k)
    if abs(k.momentum - wanted) <= 1e-3:
        return ""
    text = _("It needs ρ = (√L − √μ)/(√L + √μ) = {wanted:.4g}; here ρ = {momentum:.4g}.")
    return text.format(wanted=wanted, momentum=k.momentum)


def heavy_ball_momentum(k: Known) -> float:
    """√((1 − ημ)(1 − ηL))."""
    return math.sqrt(max((1 - k.rate * k.mu) * (1 - k.steep), 0.0))


def _heavy_ball_momentum(k: Known) -> str:
    wanted = heavy_ball_momentum(k)
    if abs(k.momentum - wanted) <= 1e-3:
        return ""
    text = _("It needs ρ = √((1 − ημ)(1 − ηL)) = {wanted:.4g}; here ρ = {momentum:.4g}.")
    return text.format(wanted=wanted, momentum=k.momentum)


def _tight_convex(k: Known, t: Floats) -> Floats:
    """The worst case of L-smooth convex functions: proved by Drori and Teboulle for ηL ≤ 1, where the first of the two is the larger one;
    for longer steps it is what Taylor, Hendrickx and Glineur find by performance estimation."""
    return k.L * k.distance**2 / 2 * np.maximum(1 / (2 * k.steep * t + 1), (1 - k.steep) ** (2 * t))


def _tight_gradient(k: Known, t: Floats) -> Floats:
    """The worst case of L-smooth functions that are bounded below, over the gradients at x₀ to x_T."""
    each = min(k.steep * (4 - k.steep**2), k.steep * (4 - k.steep)) / k.L
    return np.sqrt(4 * k.gap / (t * each + 2 / k.L))


def _accelerated_convex(k: Known, t: Floats) -> Floats:
    """It holds from the first step on. Performance estimation finds functions that reach it."""
    return np.where(t > 0, 2 * k.L * k.distance**2 / (t * t + 5 * t + 6), np.nan)


def _stochastic(k: Known, t: Floats) -> Floats:
    """Of E‖∇f(x_s)‖², the mean over s < t: the descent lemma in expectation, with E‖g − ∇f‖² ≤ σ², added up over the steps. With
    η = 1/(L√N), after N steps, it is the lecture's (2LΔ + σ²)/√N."""
    return 2 * k.gap / (k.rate * t) + k.steep * k.variance


def _lecture_rate(k: Known) -> str:
    wanted = 1 / (k.L * math.sqrt(k.length)) if k.length else math.nan
    if _same(k.rate, wanted):
        return ""
    return _("It needs η = 1/(L√N) = {wanted:.4g} with N = {length} steps; here η = {rate:.4g}.").format(
        wanted=wanted, length=k.length, rate=k.rate
    )


def _at_the_end(k: Known, t: Floats) -> Floats:
    whole = (2 * k.L * k.gap + k.variance) / math.sqrt(k.length)
    return np.where(t == k.length, whole, np.nan)


BOUNDS: tuple[Bound, ...] = (
    Bound(
        "convex", _("convex"), "gap", "descent", "2L‖x₀ − x*‖² / (t + 4)", "η = 1/L", "Nesterov 2004, corollary 2.1.2",
        ("smooth", "convex"), _both(_one_over_l, _distance_known), lambda k, t: 2 * k.L * k.distance**2 / (t + 4),
    ),
    Bound(
        "tight_convex", _("convex, tight"), "gap", "descent",
        "½L‖x₀ − x*‖² · max(1/(2ηLt + 1), (1 − ηL)²ᵗ)", "0 < η < 2/L",
        "Drori and Teboulle 2014; Taylor, Hendrickx and Glineur 2017", ("smooth", "convex"), _both(_BELOW_TWO, _distance_known),
        _tight_convex, tight=True,
    ),
    Bound(
        "strong", _("strongly convex"), "gap", "descent", "(1 − μ/L)ᵗ (f(x₀) − f*)", "η = 1/L",
        "Nesterov 2004, section 2.1.5; Polyak 1963", ("smooth", "strong"), _one_over_l, lambda k, t: (1 - k.mu / k.L) ** t * k.gap,
    ),
    Bound(
        "tight_strong", _("strongly convex, tight"), "gap", "descent",
        "max(|1 − ημ|, |1 − ηL|)²ᵗ (f(x₀) − f*)", "0 < η < 2/L", "Taylor, Hendrickx and Glineur 2018", ("smooth", "strong"), _BELOW_TWO,
        lambda k, t: contraction(k) ** (2 * t) * k.gap, tight=True,
    ),
    Bound(
        "exact", _("exact line search, tight"), "gap", "exact", "((L − μ)/(L + μ))²ᵗ (f(x₀) − f*)", "",
        "de Klerk, Glineur and Taylor 2017", ("smooth", "strong"), lambda k: "",
        lambda k, t: ((k.L - k.mu) / (k.L + k.mu)) ** (2 * t) * k.gap, tight=True,
    ),
    Bound(
        "accelerated_convex", _("accelerated, convex, tight"), "gap", "accelerated", "2L‖x₀ − x*‖² / (t² + 5t + 6)",
        "η = 1/L, ρ = (t − 2)/(t + 1)", "Nesterov 1983; Taylor, Hendrickx and Glineur 2017", ("smooth", "convex"),
        _both(_one_over_l, _distance_known), _accelerated_convex, tight=True,
    ),
    Bound(
        "accelerated", _("accelerated, strongly convex"), "gap", "nesterov",
        "(1 − √(μ/L))ᵗ (f(x₀) − f* + ½μ‖x₀ − x*‖²)", "η = 1/L, ρ = (√L − √μ)/(√L + √μ)",
        "Nesterov 2004, theorem 2.2.3; d’Aspremont, Scieur and Taylor 2021, corollary 4.15", ("smooth", "strong"),
        _both(_one_over_l, _nesterov_momentum, _distance_known),
        lambda k, t: (1 - math.sqrt(k.mu / k.L)) ** t * (k.gap + k.mu / 2 * k.distance**2),
    ),
    Bound(
        "heavy_ball", _("heavy ball, strongly convex"), "gap", "heavy_ball", "(1 − ημ)ᵗ (f(x₀) − f*)", "η ≤ 1/L, ρ = √((1 − ημ)(1 − ηL))",
        "Ghadimi, Feyzmahdavian and Johansson 2015", ("smooth", "strong"), _both(_UP_TO_ONE, _heavy_ball_momentum),
        lambda k, t: (1 - k.rate * k.mu) ** t * k.gap,
    ),
    Bound(
        "nonconvex", _("non-convex"), "least", "descent", "√(2L/(T + 1)) · (f(x₀) − f*)^½", "η = 1/L", "Nesterov 2004, section 1.2.3",
        ("smooth",), _one_over_l, lambda k, t: np.sqrt(2 * k.L / (t + 1) * k.gap),
    ),
    Bound(
        "tight_nonconvex", _("non-convex, tight"), "least", "descent",
        "(4(f(x₀) − f*) / (T·min(4η − η³L², 4η − η²L) + 2/L))^½", "η ≤ √3/L",
        "Abbaszadehpeivasti, de Klerk and Zamani 2022", ("smooth",), _BELOW_ROOT, _tight_gradient, tight=True,
    ),
    Bound(
        "distance", _("strongly convex"), "distance", "descent", "(1 − μ/L)^(t/2) ‖x₀ − x*‖", "η = 1/L",
        "Nesterov 2004, section 2.1.5", ("smooth", "strong"), _both(_one_over_l, _distance_known),
        lambda k, t: (1 - k.mu / k.L) ** (t / 2) * k.distance,
    ),
    Bound(
        "tight_distance", _("strongly convex, tight"), "distance", "descent", "max(|1 − ημ|, |1 − ηL|)ᵗ ‖x₀ − x*‖", "0 < η < 2/L",
        "Taylor, Hendrickx and Glineur 2018", ("smooth", "strong"), _both(_BELOW_TWO, _distance_known),
        lambda k, t: contraction(k) ** t * k.distance, tight=True,
    ),
    Bound(
        "nearer", _("convex: never farther"), "distance", "descent", "‖x₀ − x*‖", "0 < η < 2/L", "Nesterov 2004, section 2.1.5",
        ("smooth", "convex"), _both(_BELOW_TWO, _distance_known), lambda k, t: np.full_like(t, k.distance),
    ),
    Bound(
        "stochastic", _("stochastic, non-convex"), "mean", "stochastic", "2(f(x₀) − f*)/(ηt) + ηLσ²", "η ≤ 1/L",
        "Ghadimi and Lan 2013", ("smooth",), _UP_TO_ONE, _stochastic, expected=True,
    ),
    Bound(
        "stochastic_end", _("stochastic, after all N steps"), "mean", "stochastic", "(2L(f(x₀) − f*) + σ²)/√N", "η = 1/(L√N)",
        "Ghadimi and Lan 2013", ("smooth",), _lecture_rate, _at_the_end, expected=True,
    ),
)  # fmt: skip
BY_KEY = {bound.key: bound for bound in BOUNDS}


def of_quantity(quantity: Quantity) -> tuple[Bound, ...]:
    """The bounds on a quantity."""
    return tuple(bound for bound in BOUNDS if bound.quantity == quantity)
