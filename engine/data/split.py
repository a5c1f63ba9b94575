"""Which samples train and which test."""

from __future__ import annotations

import numpy as np


def split(
    labels: np.ndarray | None, rows: int, fraction: float, rng: np.random.Generator, usable: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Shuffled row numbers of the training and the test part; every class keeps its share where `labels` are given.

    The test part has round(n · fraction) of the n `usable` rows, and the training part at least one. Rows that are not usable do not
    change the order of the others.
    """
    order = rng.permutation(rows)
    if usable is not None:
        order = order[usable[order]]
    wanted = min(len(order) - 1, round(len(order) * fraction))
    if labels is None or wanted <= 0:
        return order[max(wanted, 0) :], order[: max(wanted, 0)]
    test = np.zeros(rows, dtype=bool)
    shuffled = labels[order]
    for label, quota in _quotas(shuffled, wanted).items():
        test[order[np.flatnonzero(shuffled == label)[:quota]]] = True
    return order[~test[order]], order[test[order]]


def _quotas(labels: np.ndarray, wanted: int) -> dict[int, int]:
    """How many of each class go to the test part: proportional, largest remainders first."""
    values, counts = np.unique(labels, return_counts=True)
    exact = counts * (wanted / counts.sum())
    quotas = np.floor(exact).astype(int)
    order = np.argsort(-(exact - quotas), kind="stable")
    quotas[order[: wanted - quotas.sum()]] += 1
    return dict(zip(values.tolist(), quotas.tolist(), strict=True))
