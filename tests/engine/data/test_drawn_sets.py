"""Sets that are drawn: noise, imbalance and outliers of the toy sets, functions that are typed, points that are painted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import DataError, Description, load

CLASSED = ("circles", "moons", "xor", "spiral", "blobs", "above_below")
DRAWN = (*CLASSED, "sine", "plane", "function")
BEFORE = json.loads((Path(__file__).parents[2] / "data" / "toy_sets.json").read_text())
"""First and last rows of toy sets as they were before there were further settings, to the last digit."""


@dataclass
class Whole:
    """All samples in their order."""

    x: np.ndarray
    y: np.ndarray
    description: Description


def whole(**settings: Any) -> Whole:
    data = load({"test_fraction": 0.0, **settings})
    order = np.argsort(data.train.rows)
    return Whole(data.train.x[order], data.train.y[order], data.description)


@pytest.mark.parametrize("case", BEFORE, ids=lambda case: f"{case['settings']['dataset']}-{case['settings']['samples']}")
def test_documents_keep_their_numbers(case: dict[str, Any]) -> None:
    data = load(case["settings"])
    for part, samples in (("train", data.train), ("test", data.test)):
        assert samples.x[[0, -1]].tolist() == case[f"x_{part}"] and samples.y[[0, -1]].tolist() == case[f"y_{part}"]


@pytest.mark.parametrize("key", CLASSED)
def test_an_imbalance_of_nine_gives_the_first_class_nine_times_the_last(key: str) -> None:
    counts = np.bincount(whole(dataset=key, samples=300, imbalance=9, classes=3).y)
    assert counts.sum() == 300 and counts[0] == pytest.approx(9 * counts[-1], rel=0.05)
    if len(counts) == 3:
        assert counts[1] == pytest.approx(3 * counts[2], rel=0.05)  # geometric
    assert np.bincount(whole(dataset=key, samples=8, imbalance=1000, classes=3).y).min() == 1


@pytest.mark.parametrize("key", DRAWN)
def test_outliers_replace_their_share_and_leave_the_others(key: str) -> None:
    plain, few, many = (whole(dataset=key, samples=200, outliers=share) for share in (0.0, 0.05, 0.1))
    real = plain.description.coding == "real"
    a, b, c = (data.y if real else data.x for data in (plain, few, many))
    moved, more = (a != b).any(1), (a != c).any(1)
    assert moved.sum() == 10 and more.sum() == 20 and not (moved & ~more).any()
    assert np.array_equal(b[moved], c[moved])
    if real:
        size = np.abs(b - a)[moved] / a.std()
        assert ((size >= 3) & (size <= 6)).all() and np.array_equal(plain.x, few.x)
    else:
        middle, half = (a.max(0) + a.min(0)) / 2, a.max(0) - a.min(0)
        assert (np.abs(c - middle) <= half).all() and np.array_equal(plain.y, few.y)


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sin(x)": np.sin, "y = x^2 - 1": lambda x: x**2 - 1, "f(x) = x³/3": lambda x: x**3 / 3, "|x|": np.abs,
    "where(x > 0, 2, -1)": lambda x: np.where(x > 0, 2.0, -1.0), "e^(-x^2)": lambda x: np.exp(-(x**2)), "2": lambda x: 2 + 0 * x,
    "max(x, 0.5) + sqrt(4 - x)": lambda x: np.maximum(x, 0.5) + np.sqrt(4 - x), r"\frac{1}{1 + x^2}": lambda x: 1 / (1 + x**2),
}  # fmt: skip


@pytest.mark.parametrize("text", FUNCTIONS)
def test_a_typed_function_has_the_values_of_numpy(text: str) -> None:
    data = whole(dataset="function", function=text, samples=21, x_from=-2, x_to=3, noise=0)
    x = np.linspace(-2, 3, 21)[:, None]
    assert np.array_equal(data.x, x) and np.allclose(data.y, FUNCTIONS[text](x), rtol=1e-14, atol=1e-14)


def test_noise_is_added_to_the_function_with_its_standard_deviation() -> None:
    data = whole(dataset="function", function="x^2", samples=20_000, noise=0.5)
    rest = data.y - data.x**2
    assert abs(rest.mean()) < 0.02 and rest.std() == pytest.approx(0.5, rel=0.02)


def test_points_above_and_below_a_curve_lie_on_their_side() -> None:
    data = whole(dataset="above_below", function="x^2 - 1", x_from=-2, x_to=2, samples=400, noise=0)
    x, y = data.x.T
    assert np.array_equal(data.y, (y > x**2 - 1).astype(int)) and np.bincount(data.y).tolist() == [200, 200]
    assert data.description.classes == ("below", "above") and y.min() >= -3 and y.max() <= 5  # half the curve's height beyond it
    noisy = whole(dataset="above_below", function="x^2 - 1", x_from=-2, x_to=2, samples=400, noise=0.5)
    assert 0 < (noisy.y != (noisy.x[:, 1] > noisy.x[:, 0] ** 2 - 1)).sum() < 150


@pytest.mark.parametrize(("settings", "expected"), [
    ({"function": ""}, "type a function of x"), ({"function": "log(x)"}, "no finite value at x = -3"),
    ({"function": "a*x"}, "'a' is another name"), ({"function": "1/x", "samples": 5}, "no finite value at x = 0"),
    ({"function": "sin x"}, "Did you mean sin(x)?"), ({"function": "g(x)"}, "'g' cannot be used"),
    ({"function": "x; x"}, "one formula"), ({"function": "linear(x)"}, "cannot be used"), ({"x_from": 3.0}, "goes from 3 to 3"),
    ({"dataset": "points", "points": []}, "paint some"), ({"dataset": "points", "points": [[1, 2]]}, "three numbers"),
    ({"dataset": "points", "points": [[1, 2, 0.5]]}, "whole number"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_said(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(DataError) as refused:
        load({"dataset": "function", **settings})
    assert expected in str(refused.value)


def test_painted_points_are_samples_as_they_were_painted() -> None:
    points: list[list[float]] = [[0.5, -1.25, 2], [1e-3, 3, 0], [-2, 0, 0]]
    data = whole(dataset="points", points=points)
    assert data.x.tolist() == [row[:2] for row in points] and data.y.tolist() == [2, 0, 0]
    assert data.description.classes == ("0", "1", "2") and data.description.feature_names == ("x1", "x2")
    one = whole(dataset="points", points=points[1:], coding="plus_minus")
    assert one.description.classes == ("0", "1") and one.y.tolist() == [[-1], [-1]]
