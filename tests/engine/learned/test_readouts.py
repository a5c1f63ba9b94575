"""Read-outs against scikit-learn's: classes that are absent or never predicted, ties, one class only, nothing at all."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics

from engine.learned.readouts.classification import class_scores, confusion, notes, roc
from engine.learned.readouts.regression import histogram, number_scores

RNG = np.random.default_rng(5)
LABELS = {
    "ten classes": (RNG.integers(0, 10, 400), RNG.integers(0, 10, 400), 10),
    "a class that never occurs": (RNG.integers(0, 3, 60), RNG.integers(0, 4, 60), 5),
    "a class that is never predicted": (RNG.integers(0, 3, 60), np.minimum(RNG.integers(0, 3, 60), 1), 3),
    "one class only": (np.zeros(7, dtype=np.int64), np.zeros(7, dtype=np.int64), 2),
    "always wrong": (np.zeros(7, dtype=np.int64), np.ones(7, dtype=np.int64), 2),
}


@pytest.mark.parametrize("true, predicted, classes", LABELS.values(), ids=LABELS)
def test_classes_are_scored_as_by_scikit_learn(true: np.ndarray, predicted: np.ndarray, classes: int) -> None:
    matrix = confusion(true, predicted, classes)
    assert np.array_equal(matrix, metrics.confusion_matrix(true, predicted, labels=range(classes)))
    scores = class_scores(matrix)
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, predicted), abs=1e-15)
    each = metrics.precision_recall_fscore_support(true, predicted, labels=range(classes), zero_division=np.nan)
    for mine, theirs in zip((scores.precision, scores.recall, scores.f1, scores.support), each, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-15)
    for name in ("macro", "micro", "weighted"):
        expected = metrics.precision_recall_fscore_support(true, predicted, average=name, zero_division=0)[:3]
        mine = getattr(scores, name)
        np.testing.assert_allclose((mine.precision, mine.recall, mine.f1), expected, rtol=0, atol=1e-15)


def test_what_is_undefined_is_said() -> None:
    true, predicted = np.array([0, 0, 1]), np.array([0, 2, 0])
    lines = notes(class_scores(confusion(true, predicted, 4)), ("a", "b", "c", "d"))
    assert [line.partition(":")[0] for line in lines] == ["No sample was predicted as 'b'", "No sample belongs to 'c'", "'d'"]
    empty = class_scores(confusion(true[:0], predicted[:0], 4))
    assert np.isnan(empty.accuracy) and np.isnan(empty.macro.f1) and np.isnan(empty.recall).all() and not empty.present.any()


@pytest.mark.parametrize("decimals", [1, 12])  # with one decimal there are many ties
def test_the_roc_curve_is_scikit_learns(decimals: int) -> None:
    positive = RNG.random(300) < 0.3
    scores = np.round(RNG.normal(size=300) + positive, decimals)
    curve = roc(positive, scores)
    assert curve is not None
    points = curve.false_positive, curve.true_positive, curve.thresholds
    for mine, theirs in zip(points, metrics.roc_curve(positive, scores), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-15)
    assert curve.area == pytest.approx(metrics.roc_auc_score(positive, scores), abs=1e-14)


def test_no_roc_curve_without_both_classes() -> None:
    assert roc(np.zeros(3, dtype=bool), np.arange(3.0)) is None
    assert roc(np.array([True, False]), np.array([0.0, np.nan])) is None
    tied = roc(np.array([True, False]), np.zeros(2))
    assert tied is not None and tied.area == metrics.roc_auc_score([1, 0], [0, 0]) == 0.5


def test_numbers_are_scored_as_by_scikit_learn() -> None:
    true = RNG.normal(size=80)
    for predicted in (true + 0.3 * RNG.normal(size=80), np.full(80, 7.0)):
        scores = number_scores(true, predicted)
        assert scores.r2 == pytest.approx(metrics.r2_score(true, predicted), rel=1e-13)
        assert scores.mae == pytest.approx(metrics.mean_absolute_error(true, predicted), rel=1e-14)
        assert scores.rmse == pytest.approx(metrics.root_mean_squared_error(true, predicted), rel=1e-14)
    constant = np.ones(4)
    for predicted in (constant, constant + 1):
        scores = number_scores(constant, predicted)
        assert scores.r2 == metrics.r2_score(constant, predicted) and scores.note
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", metrics._regression.UndefinedMetricWarning)
        assert np.isnan(metrics.r2_score([1.0], [2.0])) and np.isnan(number_scores(np.ones(1), constant[:1] + 1).r2)
    assert np.isnan(number_scores(constant[:0], constant[:0]).mae)


def test_the_histogram_of_residuals_is_numpys() -> None:
    residuals = RNG.normal(size=500)
    counts, edges = histogram(np.append(residuals, np.nan))
    expected, at = np.histogram(residuals, bins="auto")
    assert np.array_equal(counts, expected) and np.array_equal(edges, at)
    counts, edges = histogram(np.append(residuals, 1e9))  # an outlier asks for a billion bins
    assert counts.sum() == 501 and len(counts) <= 60
    assert not len(histogram(np.array([np.inf]))[0])
    for hard in ([-1.7e308, 1.7e308, 0.0], [0.1, np.nextafter(0.1, 1)]):
        assert histogram(np.array(hard))[0].sum() == len(hard)
