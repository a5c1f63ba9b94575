"""What a network predicts for every sample of a part of the data: the request, and the answer as NumPy arrays. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.data.parts import Part
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class PredictionsJob(Job):
    """Predictions for all samples of one part, by the numbers at the start of the job: training may go on meanwhile.

    `structure`, `revision` and `run` are the window's at the time of asking, and come back in the answer's `Stamp`.
    """

    done_by: ClassVar[str] = "engine.learned.predicting:predictions"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    part: Part | None
    """None for the part that judges a run while it trains, or the training part where nothing is held out."""
    structure: int
    revision: int
    run: int
    places: tuple[int, ...] | None = None
    """Only these samples of the part, from 0; None for all."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row for each of the N samples of `part`, in the order of the part.

    `kind` says whether classes or numbers are predicted. Class numbers count from 0 and index `classes`; numbers have a column for each
    of `names`.
    """

    part: Part
    stamp: Stamp
    kind: Literal["classes", "numbers"]
    rows: np.ndarray
    """(N,) int64: the sample's place in the source, from 0."""
    predicted: np.ndarray
    """(N,) int64 class numbers, or (N, k) floats."""
    true: np.ndarray
    """(N,) int64 class numbers, or (N, k) floats."""
    right: np.ndarray
    """(N,) bool: whether the predicted class is the true one; empty for numbers."""
    scores: np.ndarray
    """(N, classes) or (N, 1): the numbers that decide the class; for numbers the prediction itself."""
    probabilities: np.ndarray | None
    """(N, classes); None where scores have no probability, and for numbers."""
    loss: np.ndarray
    """(N,): the loss of this sample alone, without penalties."""
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[tuple[Part, int], ...] = ()
    """All parts that have samples, with their sizes."""
    pictures: bool = False
    """Whether the samples are pictures (`engine.learned.pictures`)."""
    seconds: float = 0.0
    """How long the engine worked on this."""

    @property
    def samples(self) -> int:
        return len(self.loss)

    @property
    def undecided(self) -> np.ndarray:
        """(N,) bool: samples with a score that is NaN, so that no class is really predicted."""
        nan: np.ndarray = np.isnan(self.scores).any(axis=1)
        return nan

    @property
    def for_roc(self) -> np.ndarray | None:
        """(N,): the higher, the more class 1 is predicted, of two classes; None where there are more, or fewer."""
        if self.kind != "classes" or len(self.classes) != 2:
            return None
        difference: np.ndarray = self.scores[:, 0] if self.scores.shape[1] == 1 else self.scores[:, 1] - self.scores[:, 0]
        return difference

    @property
    def confidence(self) -> np.ndarray | None:
        """(N,): the probability of the predicted class; None where there are no probabilities."""
        if self.probabilities is None:
            return None
        chosen: np.ndarray = np.take_along_axis(self.probabilities, self.predicted[:, None], axis=1)[:, 0]
        return chosen


def by_loss(predictions: Predictions) -> np.ndarray:
    """Places of all samples, the largest loss first, NaN before all; equal losses in the order of the part."""
    loss = np.where(np.isnan(predictions.loss), np.inf, predictions.loss)
    return np.argsort(-loss, kind="stable")


def confident_mistakes(predictions: Predictions) -> np.ndarray:
    """Places of the wrong predictions, the most confident first; by loss where there are no probabilities."""
    wrong = np.flatnonzero(~predictions.right)
    weight = predictions.confidence
    order = -(predictions.loss if weight is None else weight)[wrong]
    return wrong[np.argsort(order, kind="stable")]
