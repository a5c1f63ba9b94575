"""What the instruments say, in words: one line each, and what is behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.learned.instruments import EPSILON, Noise, Observed, Parabola
from graph.text.messages import _
from ui.look.numbers import count, number

SHARE = 0.5
"""The share of its length by which the gradient of a good mini-batch may be wrong (θ of Byrd et al.)."""
NEAR = 0.1
"""So near the minimum of the parabola counts as in it."""


@dataclass(frozen=True, slots=True)
class Said:
    """`number` in large type and `line` beside it; `more` is the tip."""

    number: str
    line: str
    more: str


def landing(parabola: Parabola | None) -> Said:
    """Where the step ends on the parabola along it."""
    source = _(
        "α: a parabola is fitted to the loss and its slope before and after the step, on the same mini-batch, weighted by how much its "
        "samples differ. −1 is where the step starts, 0 the minimum of the parabola, +1 as far on the other side. "
        "Schneider, Dangel, Hennig: Cockpit (2021)."
    )
    alpha = parabola.alpha if parabola is not None else None
    if parabola is None or alpha is None:
        return Said("–", _("the step does not move the weights"), source)
    return Said(_short(alpha), _landed(parabola, alpha), source)


def _landed(parabola: Parabola, alpha: float) -> str:
    if parabola.slopes[0] >= 0:
        return _("the step goes uphill on this mini-batch")
    if parabola.coefficients[2] <= 0:
        return _("downhill, no minimum in sight")
    if alpha < -NEAR:
        return _("stops before the minimum")
    if alpha <= NEAR:
        return _("ends in the minimum")
    if alpha < 1:
        return _("goes beyond the minimum")
    return _("goes too far: ends higher than it began")


def signal(noise: Noise | None, why: str) -> Said:
    """How much of the gradient is signal."""
    source = _(
        "Gradient signal-to-noise ratio: for each weight, the squared mean of the gradients of single samples divided by their variance "
        "(plus 10⁻⁵), averaged over all weights. Liu et al. (2020), as in Cockpit."
    )
    if noise is None:
        return Said("–", why, source)
    if noise.variance < EPSILON:  # the 10⁻⁵ hides what there is
        return Said(number(noise.gsnr, 3), _("gradients too small for this ratio"), source + _part(noise))
    whole = noise.gsnr * noise.batch
    line = (
        _("a batch of {batch} is mostly signal")
        if noise.gsnr < 1 <= whole
        else _("a batch of {batch} is mostly noise")
        if whole < 1
        else _("mostly signal: the samples agree")
    )
    return Said(number(noise.gsnr, 3), line.format(batch=count(noise.batch)), source + _part(noise))


def norm_test(noise: Noise | None, why: str) -> Said:
    """Whether the mini-batch is large enough: its gradient's error should be half of its length at most."""
    source = _(
        "Norm test: the estimated error of the mini-batch's gradient as a share of its length; the mini-batch passes for every θ above it. "
        "Byrd, Chin, Nocedal, Wu (2012)."
    )
    if noise is None:
        return Said("–", why, source)
    if not math.isfinite(noise.error):
        return Said("∞", _("the gradient of the mini-batch is 0"), source)
    text = f"{noise.error:.0%}" if noise.error < 10 else _("{times} times").format(times=number(noise.error, 3))
    if noise.error <= SHARE:
        return Said(text, _("the batch of {batch} is large enough").format(batch=count(noise.batch)), source + _part(noise))
    needed = math.ceil(noise.batch * (noise.error / SHARE) ** 2)
    line = _("too small: about {needed} would do").format(needed=count(float(f"{needed:.2g}")))
    return Said(text, line, source + _part(noise))


def _part(noise: Noise) -> str:
    if noise.samples == noise.batch:
        return ""
    return " " + _("From {samples} of the {batch} samples.").format(samples=count(noise.samples), batch=count(noise.batch))


def _short(value: float) -> str:
    return number(float(f"{value:.2f}")) if abs(value) < 100 else number(value, 3)


def all_said(observed: Observed) -> dict[str, Said]:
    """By the names of the instruments, in their order."""
    return {
        "alpha": landing(observed.parabola),
        "gsnr": signal(observed.noise, observed.no_noise),
        "norm test": norm_test(observed.noise, observed.no_noise),
    }


def value_of(observed: Observed, name: str) -> float | None:
    """What an instrument draws over the steps."""
    if name == "alpha":
        return observed.parabola.alpha if observed.parabola is not None else None
    if observed.noise is None:
        return None
    return observed.noise.gsnr if name == "gsnr" else observed.noise.error


TITLES = {"alpha": _("Where the step lands (α)"), "gsnr": _("Signal to noise"), "norm test": _("Gradient's error (norm test)")}
