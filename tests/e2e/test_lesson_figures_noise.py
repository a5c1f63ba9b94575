"""The figures of the lessons on noise, batch sizes and minima: NumPy on the same samples, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.e2e.test_lesson_figures_races import by_hand, medians
from tests.support.lesson_support import Played, asked, says


def samples() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs with a column of ones (64, 3), targets (64,) and the first weights (3,)."""
    shown = Played("minibatch-noise", "Error against batch size")
    feeds, state = shown.session.feeds.train, shown.session.state.parameters
    x, y = feeds["n1", "x"].numpy(), feeds["n1", "target"].numpy().reshape(-1)
    return np.c_[x, np.ones(64)], y, np.r_[state["n2.W"].numpy().reshape(-1), state["n2.b"].numpy().reshape(-1)]


def test_the_spread_of_single_gradients_and_what_a_batch_makes_of_it() -> None:
    x, y, w = samples()
    sigma = (2 * (x @ w - y)[:, None] * x).std(0)[0]
    assert sigma == pytest.approx(2.359, abs=5e-4)
    g = np.array([-2.0, 0, 4, 6])
    wanted = [g.mean(), g.std(ddof=1), g.std(ddof=1) / 2, 1 - 0.1 * g.mean(), 1 - 0.1 * g[:3].mean(), sigma / 4,
              sigma / 4 * math.sqrt(48 / 63), 4]  # fmt: skip
    assert asked("minibatch-noise") == pytest.approx(wanted, rel=1e-4)
    found = medians("minibatch-noise", "Run and measure", 0, 3, seeds=5)
    assert found[0] - found[1] > 0.03
    for place, size in ((0, 1), (1, 4), (3, 64)):
        alone = medians("minibatch-noise", "Run and measure", place)[0]
        assert alone == pytest.approx(by_hand("minibatch-noise", "Run and measure", place, [0.1] * 400, size), rel=1e-9)
    says("minibatch-noise", "0.515", "2.359", f"{found[0]:.3f}", f"{found[1]:.3f}")


def test_batch_and_rate_together_keep_the_pace() -> None:
    title = "Run and measure: SGD"
    found = medians("batch-size-rate", title, seeds=5)
    assert abs(found[3] - found[0]) < 0.02 < 0.9 < found[2] - found[0] < found[1] - found[0]
    one = medians("batch-size-rate", title)
    for place, (size, rate) in enumerate(((8, 0.01), (32, 0.01), (32, 0.02), (32, 0.04))):
        assert one[place] == pytest.approx(by_hand("batch-size-rate", title, place, [rate] * (5 * 64 // size), size), rel=1e-9)
    adam = medians("batch-size-rate", "Run and measure: Adam", seeds=5)
    assert abs(adam[3] - adam[0]) < 0.3 < 1 < abs(adam[2] - adam[0]) < abs(adam[1] - adam[0])
    says("batch-size-rate", *(f"{value:.3f}" for value in (found[0], found[3], adam[0], adam[2], adam[3])))
    x, y, w = samples()
    largest = np.linalg.eigvalsh(2 * x.T @ x / 64)[-1]
    assert largest == pytest.approx(2.006, abs=5e-4)
    assert asked("batch-size-rate") == pytest.approx([0.04, 10, 0.2, 0.1, 64 * 0.02, 2 / largest], rel=1e-4)
    for _step in range(20):
        w = w - 1.28 * 2 * x.T @ (x @ w - y) / 64
    shown = Played("batch-size-rate", "Where the rule ends")
    assert float(shown.session.state.parameters["n2.b"]) == pytest.approx(w[2], rel=1e-9)
    assert ((x @ w - y) ** 2).mean() > 1e4
    says("batch-size-rate", f"{1 - 1.28 * largest:.2f}", "0.997")


def test_minima_of_equal_height_differ_in_sharpness() -> None:
    def sharpness(a: float, b: float) -> float:
        return float(np.linalg.eigvalsh([[2 * b * b, 4 * a * b - 2], [4 * a * b - 2, 2 * a * a]])[-1])

    middle = (1 - 3.0 * 0.6) ** 2
    wanted = [sharpness(0.2, 5), sharpness(1, 1), middle, 0, sharpness(0.5, 2), sharpness(2, 0.5), 0.2]
    assert asked("sharp-flat-minima") == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert sharpness(0.2 / 0.2, 5 * 0.2) == pytest.approx(min(sharpness(t, 1 / t) for t in np.geomspace(0.1, 10, 201)))
    rise = [(1 - (a + d * b / r) * (b + d * a / r)) ** 2 for a, b, d in ((0.2, 5, 0.001), (1, 1, 0.001)) for r in (math.hypot(a, b),)]
    assert rise[0] / rise[1] == pytest.approx(50.08 / 4, rel=0.01)
    says("sharp-flat-minima", "50.28", "5.123")
