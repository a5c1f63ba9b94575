"""What the page of rates shows of an answer: measured numbers, bounds, failures and fit, as they are chosen. No widget."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from engine.learned.rates import Floats, Quantity, Rates
from engine.learned.rates.bounds import Bound, Known, of_quantity
from engine.learned.rates.checks import Failure, failures
from engine.learned.rates.fitting import Fit, first_range, fitted
from graph.text.messages import _
from ui.look.numbers import count, number

Axes = Literal["both", "upwards"]
Constant = Literal["rate", "seen", "known"]


def quantities() -> dict[Quantity, str]:
    """What can be shown, in the words of the chooser."""
    return {
        "gap": _("gap f(xₜ) − f*"), "least": _("smallest gradient so far, min ‖∇f‖"), "distance": _("distance ‖xₜ − x*‖"),
        "mean": _("mean of ‖∇f‖²"),
    }  # fmt: skip


@dataclass(slots=True)
class Choices:
    """What was chosen on the page. None: the number follows from the run."""

    quantity: Quantity | None = None
    axes: Axes = "upwards"
    constant: Constant = "rate"
    L: float | None = None
    mu: float | None = None
    least: float | None = None
    low: int | None = None
    high: int | None = None
    off: set[str] = field(default_factory=set)
    """Keys of the bounds that are not drawn."""


class Reading:
    """One answer, read under some choices."""

    def __init__(self, rates: Rates, choices: Choices) -> None:
        self.rates, self.choices = rates, choices

    @property
    def quantity(self) -> Quantity:
        """What is shown: where nothing was chosen, what the bounds of the method are about."""
        return self.choices.quantity or ("mean" if self.rates.method.kind == "stochastic" else "gap")

    @property
    def least(self) -> float:
        """f*."""
        return self.rates.optimum.value if self.choices.least is None else self.choices.least

    @property
    def constants(self) -> dict[Constant, float]:
        """What L can be, where it is not typed: from the step size of the run, of the recognised problem, measured."""
        rates, method = self.rates, self.rates.method
        found: dict[Constant, float] = {}
        if method.rate > 0 and method.kind not in ("exact", "other"):
            found["rate"] = 1 / (method.rate * (math.sqrt(rates.last) if method.kind == "stochastic" else 1.0))
        if rates.problem is not None and rates.problem.L > 0:
            found["known"] = rates.problem.L
        found["seen"] = rates.curvature
        return found

    @property
    def constant(self) -> Constant:
        """Where L is from: as chosen, or the first that there is."""
        return self.choices.constant if self.choices.constant in self.constants else next(iter(self.constants))

    @property
    def L(self) -> float:
        return self.constants[self.constant] if self.choices.L is None else self.choices.L

    def constant_words(self, constant: Constant) -> str:
        """What an L is, in the words of the chooser."""
        if constant == "rate":
            return _("L = 1/(η√N) from the step size") if self.rates.method.kind == "stochastic" else _("L = 1/η from the step size")
        if constant == "seen":
            return _("L = largest curvature measured")
        exact = self.rates.problem is not None and self.rates.problem.exact
        return _("L = λmax of the recognised problem") if exact else _("L = bound of the recognised problem")

    @property
    def mu(self) -> float:
        if self.choices.mu is not None:
            return self.choices.mu
        problem = self.rates.problem
        return problem.mu if problem is not None and problem.mu > 0 else self.rates.convexity

    @property
    def mu_words(self) -> str:
        """Where μ is from."""
        problem = self.rates.problem
        if self.choices.mu is not None:
            return _("typed")
        return _("of the recognised problem") if problem is not None and problem.mu > 0 else _("the least curvature measured")

    @cached_property
    def measured(self) -> Floats:
        """(M,) of the chosen quantity."""
        return self.rates.measured(self.quantity, self.choices.least)

    @cached_property
    def noise(self) -> Floats:
        """(M,) below which a measured number is round-off."""
        return self.rates.noisy if self.quantity == "gap" else np.zeros_like(self.rates.value)

    @cached_property
    def known(self) -> Known:
        rates = self.rates
        return Known(
            rates.method.kind, rates.method.rate, rates.method.momentum, self.L, self.mu, float(rates.value[0]) - self.least,
            float(rates.distance[0]), rates.variance, rates.last,
        )  # fmt: skip

    @cached_property
    def bounds(self) -> tuple[tuple[Bound, str], ...]:
        """The bounds on the chosen quantity, each with why it does not fit, empty where it does. Those of other methods are left out."""
        kind = self.known.kind
        return tuple((bound, bound.fits(self.known)) for bound in of_quantity(self.quantity) if bound.kind == kind)

    @property
    def drawn(self) -> tuple[Bound, ...]:
        """The bounds that fit the run and that are switched on."""
        return tuple(bound for bound, why in self.bounds if not why and bound.key not in self.choices.off)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Of the assumptions of the bounds that are drawn, and of f*; the earliest first."""
        assumed = {"least", *(name for bound in self.drawn for name in bound.assumes)}
        if self.quantity == "distance":
            assumed.discard("least")
        found = failures(self.rates, self.L, self.mu, self.least)
        return tuple(sorted((each for each in found if each.assumption in assumed), key=lambda each: each.step))

    def broken(self, bound: Bound) -> float:
        """The step from which on an assumption of this bound does not hold; infinite where none was seen to fail."""
        names = {*bound.assumes, "least"}
        return min((float(each.step) for each in self.failures if each.assumption in names), default=math.inf)

    @cached_property
    def range(self) -> tuple[int, int]:
        """The steps that the fit is over."""
        low, high = first_range(self.rates.steps, self.measured, float(self.noise.max(initial=0.0)))
        choices = self.choices
        return choices.low if choices.low is not None else low, choices.high if choices.high is not None else high

    @cached_property
    def fit(self) -> Fit | None:
        return fitted(self.rates.steps, self.measured, *self.range)

    # in words

    @property
    def heading(self) -> str:
        """The newest number, and of which step it is."""
        step = count(self.rates.first + self.rates.last)
        newest = float(self.measured[-1])
        value = _("0 up to rounding") if abs(newest) <= self.noise[-1] else number(newest)
        text = {
            "gap": _("f(xₜ) − f* = {value} after step {step}"), "least": _("min ‖∇f‖ = {value} up to step {step}"),
            "distance": _("‖xₜ − x*‖ = {value} after step {step}"), "mean": _("mean ‖∇f‖² = {value} before step {step}"),
        }[self.quantity]  # fmt: skip
        return text.format(value=value, step=step)

    @property
    def optimum_words(self) -> str:
        """f* and x*, and where they come from."""
        optimum = self.rates.optimum
        if self.choices.least is not None:
            words = _("f* = {value}, typed.").format(value=number(self.choices.least))
            return words + " " + _("x*: {how}").format(how=optimum.how)
        if not optimum.reached:
            return _("f* = {value}, which no x reaches. {how}").format(value=number(optimum.value), how=optimum.how)
        words = _("f* = {value} and x*: {how}").format(value=number(optimum.value), how=optimum.how)
        if not optimum.settled:
            words += " " + _("‖∇f‖ is still {slope} there, so f* may be lower.").format(slope=number(optimum.gradient))
        elif optimum.low < -1e-9 * self.rates.curvature:
            words += " " + _("It is not a minimum: the Hessian has the eigenvalue {low}.").format(low=number(optimum.low))
        return words

    @property
    def fit_words(self) -> str:
        """The fitted rates and which is better, as rich text."""
        fit = self.fit
        if fit is None:
            return _("Too few positive values between these steps for a fit.")
        linear = _("× {factor} per step").format(factor=number(fit.factor))
        power = _("∝ t<sup>{power}</sup>").format(power=number(fit.power, 3))
        order = _("order {order}").format(order=number(fit.order, 3)) if fit.order > 1.2 else ""
        if fit.factor >= 1:
            text = _("Fitted over steps {low} to {high}: × {factor} per step. It does not fall.")
            return text.format(low=count(fit.low), high=count(fit.high), factor=number(fit.factor))
        better = {
            "linear": _("A straight line on semi-log axes fits better, as with linear convergence."),
            "sublinear": _("A straight line on log-log axes fits better, as with sublinear convergence."),
            "neither": _("Both lines fit about equally well."),
        }[fit.better]
        if order:
            better = _("The last values fall faster than any factor: superlinear, {order}.").format(order=order)
        return _("Fitted over steps {low} to {high}: {linear}, or {power}. {better}").format(
            low=count(fit.low), high=count(fit.high), linear=linear, power=power, better=better
        )
