"""Which samples train, which judge the training, and which test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.errors import DataError
from engine.data.parts import PARTS, Part
from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of all samples that are held out; `stratified`: every class keeps its share in each part."""

    test: float
    validation: float = 0.0
    stratified: bool = True

    def counts(self, rows: int) -> dict[Part, int]:
        """How many of so many samples each part has; at least one trains."""
        test = max(min(rows - 1, round(rows * self.test)), 0)
        validation = max(min(rows - 1 - test, round(rows * self.validation)), 0)
        return {"train": rows - test - validation, "validation": validation, "test": test}

    def check(self) -> None:
        """Raises DataError where the parts leave nothing to train on."""
        if self.validation and self.test + self.validation >= 1:
            raise DataError(
                _("the test fraction {test:g} and the validation fraction {validation:g} leave no sample to train on").format(
                    test=self.test, validation=self.validation
                )
            )


def split(
    labels: np.ndarray | None, rows: int, shares: Shares, rng: np.random.Generator, usable: np.ndarray | None = None,
    given: np.ndarray | None = None,
) -> dict[Part, np.ndarray]:  # fmt: skip
    """Shuffled row numbers of each part; every class keeps its share where `labels` are given and the shares are stratified.

    `given` (rows,) names the part of each row where the source says it, "" where it does not: those rows are in no part. A part that the
    source does not name is taken from its training rows. Rows that are not usable do not change the order of the others. The test part
    does not depend on the validation part.
    """
    order = rng.permutation(rows)
    if usable is not None:
        order = order[usable[order]]
    parts: dict[Part, np.ndarray] = {part: order[:0] for part in PARTS}
    counts = shares.counts(len(order))
    if given is not None:
        parts = {part: order[given[order] == part] for part in PARTS}
        order = parts["train"]
        counts = Shares(0 if len(parts["test"]) else shares.test, 0 if len(parts["validation"]) else shares.validation).counts(len(order))
    held: tuple[Part, ...] = ("test", "validation")
    for part in held:
        if counts[part] > 0:
            parts[part], order = _taken(labels if shares.stratified else None, order, counts[part])
    parts["train"] = order
    return parts


def _taken(labels: np.ndarray | None, order: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """So many of the rows in `order`, and the others; both in that order."""
    if labels is None:
        return order[:wanted], order[wanted:]
    taken = np.zeros(len(order), dtype=bool)
    shuffled = labels[order]
    for label, quota in _quotas(shuffled, wanted).items():
        taken[np.flatnonzero(shuffled == label)[:quota]] = True
    return order[taken], order[~taken]


def _quotas(labels: np.ndarray, wanted: int) -> dict[int, int]:
    """How many of each class are taken: proportional, largest remainders first."""
    values, counts = np.unique(labels, return_counts=True)
    exact = counts * (wanted / counts.sum())
    quotas = np.floor(exact).astype(int)
    order = np.argsort(-(exact - quotas), kind="stable")
    quotas[order[: wanted - quotas.sum()]] += 1
    return dict(zip(values.tolist(), quotas.tolist(), strict=True))
