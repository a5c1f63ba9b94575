"""What a source gives: samples before the coding of the target and before they are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.errors import DataNote


@dataclass(frozen=True, slots=True)
class Raw:
    """Features (N, *features) float64, and one of two targets: `values` (N, k) float64, or `labels` (N,), class numbers with names in
    `classes`, −1 in rows that are not `usable`. None in `usable`: all of them are.
    """

    x: np.ndarray
    values: np.ndarray | None
    labels: np.ndarray | None
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    usable: np.ndarray | None = None
    notes: tuple[DataNote, ...] = ()
