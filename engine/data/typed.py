"""Rows that were typed into the Data node, as samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.declared import Values
from engine.data.errors import DataError
from engine.data.raw import Raw
from graph.text.messages import _


def typed(values: Values) -> Raw:
    """Raises DataError."""
    x, y = _numbers(values["features"], "features"), _numbers(values["targets"], "targets")
    x, y = (a.reshape(-1, 1) if a.ndim < 2 else a for a in (x, y))
    if len(x) != len(y):
        raise DataError(_("the table has {x} rows of features and {y} targets").format(x=len(x), y=len(y)))
    if len(x) == 0:
        raise DataError(_("the table has no rows"))
    if x.ndim > 4 or y.ndim > 2:
        raise DataError(_("the table has too many axes: a sample's features have at most three, its target is a number or a row"))
    names = tuple(f"x{i + 1}" for i in range(int(np.prod(x.shape[1:]))))
    targets = tuple("y" if y.shape[1] == 1 else f"y{i + 1}" for i in range(y.shape[1]))
    if values["coding"] in ("auto", "real"):
        return Raw(x, y, None, (), names, targets)
    if y.shape[1] != 1:
        raise DataError(_("classes in a table need one number per row"))
    distinct, numbers = np.unique(y[:, 0], return_inverse=True)
    if values["coding"] in ("index", "one_hot"):
        numbers = y[:, 0].astype(np.int64)
        if (numbers != y[:, 0]).any() or numbers.min() < 0 or numbers.max() > 9999:
            raise DataError(_("class indices in a table must be whole numbers from 0 up"))
        distinct = np.arange(numbers.max() + 1)
    return Raw(x, None, numbers.astype(np.int64), tuple(f"{v:g}" for v in distinct.tolist()), names, targets)


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(_("the table's {name} must be numbers in rows of equal length").format(name=name)) from None
    if not np.isfinite(array).all():
        raise DataError(_("the table's {name} must be finite numbers").format(name=name))
    return array
