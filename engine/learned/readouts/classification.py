"""How well classes are predicted: confusion matrix, precision, recall, F1 and the ROC curve, as scikit-learn computes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.text.messages import _, ngettext
from graph.text.quoting import named


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often a sample of class i was predicted as class j: (classes, classes) int64, a row for each true class.

    `true` and `predicted` are class numbers (N,) from 0 to classes − 1.
    """
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Averages:
    """Precision, recall and F1 over all classes, averaged in one way."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of each class (arrays with one number per class) and over all classes.

    A score that divides by 0 is NaN in the arrays and counts as 0 in the averages, like scikit-learn's `zero_division=0`. `present`
    marks the classes that occur among the true or the predicted ones: the averages are over these, as in scikit-learn.
    """

    matrix: np.ndarray
    support: np.ndarray
    """How many samples belong to each class."""
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    present: np.ndarray
    accuracy: float
    macro: Averages
    micro: Averages
    weighted: Averages

    @property
    def samples(self) -> int:
        return int(self.matrix.sum())


def class_scores(matrix: np.ndarray) -> ClassScores:
    """All scores that follow from a confusion matrix. NaN throughout where it counts no sample."""
    right, support, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = _ratio(right, predicted), _ratio(right, support)
    f1 = _ratio(2 * right, support + predicted)
    present = (support > 0) | (predicted > 0)
    total = int(matrix.sum())
    share = float(right.sum() / total) if total else float("nan")
    scores = [np.nan_to_num(score, nan=0.0)[present] for score in (precision, recall, f1)]
    weights = support[present]
    macro = Averages(*(float(score.mean()) if total else float("nan") for score in scores))
    weighted = Averages(*(float((score * weights).sum() / total) if total else float("nan") for score in scores))
    return ClassScores(matrix, support, precision, recall, f1, present, share, macro, Averages(share, share, share), weighted)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; NaN where the whole is 0."""
    ratio: np.ndarray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio


def notes(scores: ClassScores, classes: tuple[str, ...]) -> list[str]:
    """What is undefined, and how it counts: a sentence each."""
    lines = []
    never = [name for name, count in zip(classes, scores.matrix.sum(axis=0), strict=True) if not count]
    absent = [name for name, count in zip(classes, scores.support, strict=True) if not count]
    gone = [name for name in never if name in absent]
    never, absent = [name for name in never if name not in gone], [name for name in absent if name not in gone]
    if never:
        lines.append(
            ngettext(
                "No sample was predicted as {names}: its precision is undefined and counts as 0 in the averages.",
                "No sample was predicted as {names}: their precision is undefined and counts as 0 in the averages.",
                len(never),
            ).format(names=_listed(never))
        )
    if absent:
        lines.append(
            ngettext(
                "No sample belongs to {names}: its recall is undefined and counts as 0 in the averages.",
                "No sample belongs to {names}: their recall is undefined and counts as 0 in the averages.",
                len(absent),
            ).format(names=_listed(absent))
        )
    if gone and scores.samples:
        lines.append(_("{names}: neither a sample nor a prediction, so left out of the averages.").format(names=_listed(gone)))
    return lines


def _listed(names: list[str], most: int = 4) -> str:
    return ", ".join(named(name) for name in names[:most]) + (" …" if len(names) > most else "")


@dataclass(frozen=True, slots=True)
class Roc:
    """The ROC curve of two classes: a point for each threshold, from (0, 0) to (1, 1), and the area below it.

    A sample counts as positive where its score is at least the threshold. Points on a straight line between their neighbours are left
    out, as in scikit-learn.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray
    thresholds: np.ndarray
    area: float
    positives: int
    negatives: int


def roc(positive: np.ndarray, scores: np.ndarray) -> Roc | None:
    """The curve of `scores` (N,) for samples that are `positive` (N,) or not; None where a class has no sample or a score is NaN."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives or bool(np.isnan(scores).any()):
        return None
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], positive[order].astype(np.int64)
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # the last of each run of equal scores
    true = np.cumsum(hits)[ends]
    false = 1 + ends - true
    if len(true) > 2:
        corners = np.concatenate([[True], (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0), [True]])
        true, false, ends = true[corners], false[corners], ends[corners]
    tpr, fpr = np.append(0.0, true / positives), np.append(0.0, false / negatives)
    area = float((np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2).sum())
    return Roc(fpr, tpr, np.append(np.inf, ordered[ends]), area, positives, negatives)
