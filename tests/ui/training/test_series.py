"""What a curve draws and reads, against NumPy on the whole data."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.losses import Losses
from ui.maths.series import PointSeries, means
from ui.maths.span import Span
from ui.training.step_series import StepSeries


def series(values: np.ndarray, limit: int = 2**22) -> StepSeries:
    losses = Losses(limit)
    losses.add(1, values)
    return StepSeries(losses)


def test_every_spike_is_drawn_whatever_the_zoom_and_every_step_reads_its_own_loss() -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    spikes = [17, 5001, 19_998]
    values[spikes] = 1e6
    curve = series(values)
    for first, last, columns in ((1, 20_000, 300), (4000, 9000, 77), (1, 20_000, 1)):
        x, y = curve.drawn(first, last, columns)
        within = values[first - 1 : last]
        assert y.max() == within.max() and y.min() == values[max(first - 2, 0) : last + 1].min() and y.size <= 2 * columns + 5
        assert (np.diff(x) >= 0).all() and (y == 1e6).sum() >= sum(first <= s + 1 <= last for s in spikes) > 0 or columns == 1
    x, y = curve.drawn(100, 200, 300)
    assert np.array_equal(y, values[98:201]) and x[0] == 99  # few enough: every step, and one beyond either edge
    for step in (1, 18, 12_345, 20_000):
        reading = curve.reading(step)
        assert reading is not None and (reading.first, reading.low, reading.high) == (step, values[step - 1], values[step - 1])
    newest = curve.reading(30_000)
    assert newest is not None and newest.first == 20_000 and curve.reading(0) is None


def test_a_run_beyond_the_limit_is_read_as_a_range_of_steps_and_drawn_with_its_extremes() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    curve = series(values, limit=100)
    reading = curve.reading(500)
    assert reading is not None and reading.first <= 500 <= reading.last and reading.last - reading.first == curve.losses.stride - 1
    part = values[reading.first - 1 : reading.last]
    assert (reading.low, reading.high) == (part.min(), part.max())
    _x, y = curve.drawn(1, 1000, 40)
    assert (y.min(), y.max()) == (values.min(), values.max())


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_smoothing_is_the_mean_of_the_last_steps(count: int) -> None:
    values = np.random.default_rng(2).normal(size=3000)
    values[10] = 1e200  # a running sum would never forget it
    x, y = series(values).smooth(1, 3000, 250, count)
    assert x[-1] == 3000 and x.size <= 250
    expected = [np.mean(values[max(int(step) - count, 0) : int(step)]) for step in x]
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    assert series(values).mean(2000, count) == pytest.approx(np.mean(values[2000 - count : 2000]), rel=1e-12)
    assert means(values, np.array([], dtype=np.intp), 5).size == 0


def test_measurements_are_read_at_the_last_one_before_the_cursor() -> None:
    points = PointSeries([10, 20, 40], [3.0, 2.0, 1.0])
    reading = points.reading(39)
    assert reading is not None and (reading.first, reading.low) == (20, 2.0) and points.reading(9) is None
    assert points.drawn(15, 30, 100)[0].tolist() == [10, 20, 40]
    assert PointSeries([], []).ends() is None


def test_zooming_keeps_the_step_under_the_cursor_in_its_place_and_stays_within_the_run() -> None:
    whole = Span(1, 1001)
    near = whole.zoomed(301, 0.5)
    assert (301 - near.first) / near.width == pytest.approx((301 - 1) / 1000)
    moved = near.moved(-1e6).within(whole)
    assert moved is not None and moved.first == 1 and moved.width == pytest.approx(500)
    assert near.zoomed(301, 4).within(whole) is None
    closest = near
    for _ in range(100):
        closest = closest.zoomed(301, 0.5)
    assert closest.width == pytest.approx(4)
