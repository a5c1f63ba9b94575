"""Missing values get a value from the training part: what was never seen in training must not be known from the test part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.data.errors import DataError, DataNote
from engine.data.raw import Fill
from graph.text.messages import _, ngettext
from graph.text.quoting import named


def fill_in(fills: Sequence[Fill], train: np.ndarray, *others: np.ndarray) -> list[DataNote]:
    """Replace NaN in all parts, in place, by a statistic of `train`; the notes say which. Raises DataError where `train` has no value."""
    return [_filled(fill, train, others) for fill in fills]


def _filled(fill: Fill, train: np.ndarray, others: Sequence[np.ndarray]) -> DataNote:
    block = train[:, fill.start : fill.stop]
    known = block[~np.isnan(block[:, 0])]
    if not len(known):
        raise DataError(
            _("column {column} has no value in any row of the training part, so it has no {statistic}").format(
                column=named(fill.name), statistic=_word(fill.how)
            )
        )
    value = statistic(known, fill.how)
    count = 0
    for part in (train, *others):
        block = part[:, fill.start : fill.stop]
        absent = np.isnan(block[:, 0])
        count += int(absent.sum())
        block[absent] = value
    shown = f"{value[0]:.6g}" if len(value) == 1 else ""
    text = ngettext(
        "column {column}: {n:,} row has no value; the {statistic} of the training part{value} takes its place",
        "column {column}: {n:,} rows have no value; the {statistic} of the training part{value} takes their place",
        count,
    )
    return DataNote(text.format(column=named(fill.name), n=count, statistic=_word(fill.how), value=f", {shown}," if shown else ""))


def statistic(known: np.ndarray, how: str) -> np.ndarray:
    """Mean, median or most frequent row of values (n, k); of equally frequent ones the smallest."""
    if how == "mean":
        mean: np.ndarray = known.mean(0)
        return mean
    if how == "median":
        median: np.ndarray = np.median(known, axis=0)
        return median
    rows, counts = np.unique(known, axis=0, return_counts=True)
    frequent: np.ndarray = rows[counts.argmax()]
    return frequent


def _word(how: str) -> str:
    return {"mean": _("mean"), "median": _("median")}.get(how, _("most frequent value"))
