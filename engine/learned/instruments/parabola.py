"""Where a step ended on the parabola along it: α of Cockpit (Schneider, Dangel, Hennig: "Cockpit: A Practical Debugging Tool for the
Training of Deep Neural Networks", NeurIPS 2021)."""

from __future__ import annotations

import numpy as np

from engine.learned.instruments import Parabola

LEAST = 1e-10
"""A variance of 0 counts as this much, as in Cockpit."""
Pair = tuple[float, float]


def fitted(length: float, losses: Pair, slopes: Pair, variances: tuple[Pair, Pair] | None) -> Parabola:
    """The parabola of maximum likelihood for the losses and the slopes (per unit of length) before and after a step of this length.

    `variances` are those over single samples of the losses and of the slopes; without them all four observations weigh the same.
    """
    (first, second), (before, after) = losses, (slopes[0] * length, slopes[1] * length)
    if not (np.isfinite([first, second, before, after]).all() and length > 0):
        return Parabola(losses, (before, after), (first, before, 0.0), None)
    of_losses, of_slopes = variances or ((1.0, 1.0), (1.0, 1.0))
    spread = [v or LEAST for v in of_losses] + [(v or LEAST) * length**2 for v in of_slopes]
    design = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    weights = np.sqrt(min(spread) / np.array(spread))
    answer = np.linalg.lstsq(design * weights[:, None], np.array([first, second, before, after]) * weights, rcond=None)[0]
    a, b, c = map(float, answer)
    return Parabola(losses, (before, after), (a, b, c), _alpha(b, c))


def _alpha(b: float, c: float) -> float | None:
    if c <= 0:
        return -1.0  # the loss still falls where the step ended, by this parabola without end
    return -2 * c / b - 1 if b else None
