"""What a source gives: samples before the coding of the target and before they are split."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.data.errors import DataNote

MANY = 20_000
"""Rows that one thread copies at once."""
WORKERS = 4


@dataclass(frozen=True, slots=True)
class Fill:
    """Features from `start` to `stop` that are NaN in some rows of column `name`; there the training part's mean, median or most frequent
    value takes their place."""

    name: str
    start: int
    stop: int
    how: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Features (N, *features), and one of two targets: `values` (N, k) float64, or `labels` (N,), class numbers with names in
    `classes`, −1 in rows that are not `usable`. None in `usable`: all of them are.

    `parts` (N,) has "train", "validation", "test" or "" where the source itself says which rows train and which test, else it is None.
    Samples that are pictures have their height and width in `picture`; their `x` may be bytes, to be divided by `divisor`.
    `fills` says what becomes of NaN in the features; `x` has none elsewhere.
    """

    x: np.ndarray
    values: np.ndarray | None
    labels: np.ndarray | None
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    usable: np.ndarray | None = None
    notes: tuple[DataNote, ...] = ()
    parts: np.ndarray | None = None
    picture: tuple[int, int] | None = None
    divisor: float = 1.0
    fills: tuple[Fill, ...] = ()

    def features(self, rows: np.ndarray) -> np.ndarray:
        """These rows as float64."""
        taken = gathered(self.x, rows)
        if taken.dtype != np.float64 or self.divisor != 1.0:
            taken = taken / self.divisor
        return taken


def gathered(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """x[rows]; of a large table, several threads copy the rows."""
    if len(rows) < MANY or x.ndim != 2:
        taken: np.ndarray = x[rows]
        return taken
    whole = np.empty((len(rows), x.shape[1]), x.dtype)

    def copy(start: int) -> None:
        whole[start : start + MANY] = x[rows[start : start + MANY]]

    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as workers:
        list(workers.map(copy, range(0, len(rows), MANY)))
    return whole
