"""A column of words as classes, and what is odd about a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.data.cells import NumberFormat, is_missing, mostly_numbers, share_of_numbers
from engine.data.errors import DataNote
from graph.text.messages import _
from graph.text.quoting import named

LEVELS = 20
"""A target of whole numbers with at most this many values may be meant as classes."""


def looks_like_classes(cells: Mapping[str, int], missing: Callable[..., bool] = is_missing) -> bool:
    """Whether a column is words, from how often each cell occurs. A few words among many numbers are mistakes; grades such as 1, 2, 3+ are
    classes."""
    counts = {cell: count for cell, count in cells.items() if not missing(cell, False)}
    if not counts:
        return False
    if share_of_numbers(cells, missing) <= 0.5:
        return True
    numbers = NumberFormat()
    words = {cell: count for cell, count in counts.items() if not numbers.may_be(cell) and not missing(cell)}
    whole = all(cell.isdigit() for cell in counts if cell not in words and not missing(cell))
    repeated = any(count > 1 for count in counts.values())
    return bool(whole and repeated and len(words) > 1 and sum(words.values()) >= 0.2 * sum(counts.values()) and len(counts) <= LEVELS)


def classes_of(cells: Sequence[str], usable: np.ndarray, name: str) -> tuple[np.ndarray, list[DataNote]]:
    """Every row's class, spellings that differ only in case or blanks taken together; empty text in rows that are not used."""
    counts = Counter(cell for cell, used in zip(cells, usable, strict=True) if used)
    spellings: dict[str, list[str]] = {}
    for cell in counts:
        spellings.setdefault(" ".join(cell.split()).casefold(), []).append(cell)
    chosen = {cell: max(alike, key=lambda spelling: counts[spelling]) for alike in spellings.values() for cell in alike}
    joined = [alike for alike in spellings.values() if len(alike) > 1]
    notes = []
    if joined:
        pairs = "; ".join(" and ".join(map(named, alike)) for alike in joined[:4]) + (" …" if len(joined) > 4 else "")
        notes.append(
            DataNote(
                _("column {name}: {pairs} differ only in case or blanks and are one class").format(name=named(name), pairs=pairs),
                warning=True,
            )
        )
    if mostly_numbers(cells):
        text = _("column {name} holds words among its numbers, so all its values are read as classes").format(name=named(name))
        notes.append(DataNote(text))
    words = [chosen[cell] if used else "" for cell, used in zip(cells, usable, strict=True)]
    return np.array(words, dtype=str), notes


def target_notes(
    targets: Sequence[str], x: np.ndarray, y: np.ndarray | None, features: Sequence[str], labels: np.ndarray | None, usable: np.ndarray
) -> list[DataNote]:
    """Warnings about a target before training on it."""
    notes = []
    name = targets[0]
    if labels is not None:
        kinds = len(np.unique(labels[usable]))
        if kinds == 1 and usable.sum() > 1:
            notes.append(
                DataNote(
                    _("column {name} has the same class in every row: there is nothing to learn").format(name=named(name)), warning=True
                )
            )
        elif kinds == usable.sum() and kinds > 3:
            notes.append(
                DataNote(
                    _("column {name} is different in every row: it identifies the rows and is probably not a target").format(
                        name=named(name)
                    ),
                    warning=True,
                )
            )
        return notes
    assert y is not None
    for place, target in enumerate(targets):
        if len(y) > 1 and (y[:, place] == y[0, place]).all():
            notes.append(
                DataNote(
                    _("column {target} has the same value in every row: there is nothing to learn").format(target=named(target)),
                    warning=True,
                )
            )
        elif len(y) > 1:
            same = [feature for at, feature in enumerate(features) if _equal(x[:, at], y[:, place])]
            if same:
                text = _("feature {feature} equals the target {target} in every row: it reveals the answer").format(
                    feature=named(same[0]), target=named(target)
                )
                notes.append(DataNote(text, warning=True))
    levels = len(counts := whole_levels(y))
    if levels >= 2 and counts.min() > 1 and (y >= 0).all():  # each occurs several times, and none is below 0
        offer = ((_("Read them as classes"), {"coding": "index"}),)
        text = _("target {name} has only {levels} values, all whole numbers; it was read as a number, not as classes").format(
            name=named(name), levels=levels
        )
        notes.append(DataNote(text, offer, meant_as_classes=True))
    return notes


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a[:100], b[:100]) and np.array_equal(a, b)


def whole_levels(y: np.ndarray) -> np.ndarray:
    """How often each value of a real target (N, k) occurs, where it is one column of few whole numbers; else empty."""
    if len(np.unique(y[:1000])) > LEVELS:
        return np.zeros(0, dtype=np.int64)
    values, counts = np.unique(y, return_counts=True)
    few = y.shape[1] == 1 and len(values) <= LEVELS and bool((values == np.round(values)).all())
    return counts if few else counts[:0]
