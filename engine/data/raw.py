"""What a source gives: samples before the coding of the target and before they are split."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.data.errors import DataNote

MANY = 20_000
"""Rows from which several threads copy."""
AT_ONCE = 500
"""Rows that a thread copies at once: they stay in its cache."""
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

    def column(self, rows: np.ndarray, at: int) -> np.ndarray:
        """(n,) float64: one of the flattened features in these rows."""
        column: np.ndarray = self.x.reshape(len(self.x), -1)[rows, at] / self.divisor
        return column


def gathered(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """x[rows]; of a large table, several threads copy the rows."""
    found = _table_of(x) if len(rows) >= MANY and x.ndim == 2 else None
    if found is None:
        taken: np.ndarray = x[rows]
        return taken
    table, first = found
    width = x.shape[1]
    whole = np.empty((len(rows), width), x.dtype)
    share = -(-len(rows) // min(WORKERS, os.cpu_count() or 1))

    def copy(start: int) -> None:
        # numpy takes whole rows of a table in one go; "clip" changes no row number here, and lets it write without a copy between
        beside = np.empty((AT_ONCE, table.shape[1]), x.dtype)
        stop = min(start + share, len(rows))
        for at in range(start, stop, AT_ONCE):
            some = rows[at : min(at + AT_ONCE, stop)]
            np.take(table, some, axis=0, out=beside[: len(some)], mode="clip")
            whole[at : at + len(some)] = beside[: len(some), first : first + width]

    with ThreadPoolExecutor() as workers:
        list(workers.map(copy, range(0, len(rows), share)))
    return whole


def _table_of(x: np.ndarray) -> tuple[np.ndarray, int] | None:
    """The array in one piece whose columns, from the number returned on, are those of `x`; None where most of its columns are others."""
    table = x if x.base is None or x.flags.c_contiguous else x.base
    if not isinstance(table, np.ndarray) or table.ndim != 2 or not table.flags.c_contiguous or table.dtype != x.dtype:
        return None
    if x.strides != table.strides or x.shape[1] * 2 < table.shape[1]:
        return None
    row, column = divmod((x.ctypes.data - table.ctypes.data) // x.itemsize, table.shape[1])
    return (table, column) if row == 0 else None
