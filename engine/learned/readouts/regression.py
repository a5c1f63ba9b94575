"""How well numbers are predicted: R², mean absolute and root mean squared error, as scikit-learn computes them, and residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learned.readouts.bins import bin_edges
from graph.text.messages import _

MOST_BINS = 60


@dataclass(frozen=True, slots=True)
class NumberScores:
    """Scores of one target over N samples. NaN where they are undefined; `note` says why, or how an odd case was counted."""

    samples: int
    r2: float
    mae: float
    rmse: float
    note: str = ""


def number_scores(true: np.ndarray, predicted: np.ndarray) -> NumberScores:
    """Scores of one target: `true` and `predicted` (N,)."""
    count = len(true)
    if not count:
        return NumberScores(0, float("nan"), float("nan"), float("nan"))
    true, predicted = true.astype(np.float64), predicted.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # what is infinite shows as such
        residuals = true - predicted
        squares, spread = float((residuals**2).sum()), float(((true - true.mean()) ** 2).sum())
        mae, rmse = float(np.abs(residuals).mean()), float(np.sqrt(squares / count))
    if count < 2:
        return NumberScores(count, float("nan"), mae, rmse, _("R² needs at least two samples."))
    if spread == 0:
        note = _("The target is the same in all samples, so R² would divide by 0: it counts as 1 for exact predictions, else as 0.")
        return NumberScores(count, 1.0 if squares == 0 else 0.0, mae, rmse, note)
    return NumberScores(count, 1 - squares / spread, mae, rmse)


def histogram(residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many residuals lie in each bin, and the bins' edges: NumPy's `histogram` with automatic bins, at most `MOST_BINS`.

    Residuals that are not finite are left out. Both arrays are empty where none is left.
    """
    finite = residuals[np.isfinite(residuals)]
    if not len(finite):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    spread = float(finite.max() / 2 - finite.min() / 2)  # half of it: the range itself may be no number
    bins = int(np.ceil(np.log2(len(finite)) + 1)) if spread > 0 else 1
    if spread > 0:
        low, high = np.percentile(finite / 2, [25, 75])
        width = 2 * (high - low) / len(finite) ** (1 / 3)
        bins = max(bins, int(min(np.ceil(spread / width), MOST_BINS)) if width > 0 else bins)
    return np.histogram(finite, bin_edges(finite, min(bins, MOST_BINS)))
