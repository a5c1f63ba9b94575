"""The picture of histograms over the steps loses no numbers, and a scale shows all of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.learned.instruments import Histogram
from engine.learned.instruments.histograms import histogram
from ui.instruments.heat import Rows, chosen, column, rows_for


def of(values: list[float]) -> Histogram:
    counted = histogram(np.array(values))
    assert counted is not None
    return counted


@pytest.mark.parametrize("values", [[-1.0, 0.2, 0.3, 5.0], [3.0], [0.0], [1e-9, 2e-9], [-4e5, -3e5], [1e300, -1e300]])
def test_every_number_is_in_a_row_of_the_scale_made_for_it(values: list[float]) -> None:
    counted = of(values)
    rows = rows_for([counted])
    assert rows.low <= min(values) and max(values) <= rows.high and rows.high > rows.low
    shares = column(counted, rows, 40)
    inside = 1.0 if len(set(values)) > 1 else shares.sum()  # a single number's bins reach half a unit to either side
    assert shares.sum() == pytest.approx(inside) and 0 < shares.sum() <= 1 + 1e-12 and (shares >= 0).all()


@pytest.mark.parametrize("other", [[-1.0, 1.0], [-1e-300, 1e-300]], ids=["linear", "logarithmic"])
def test_the_largest_numbers_have_their_rows(other: list[float]) -> None:
    """Neither the span from end to end nor what they are multiples of is a number."""
    with np.errstate(all="raise"):
        counted = of([-1.5e308, 1.5e308])
        np.testing.assert_allclose(counted.edges / 2, np.linspace(-0.75e308, 0.75e308, counted.counts.size + 1))
        rows = rows_for([counted] if other == [-1.0, 1.0] else [counted, of(other)])
        shares = column(counted, rows, 40)
    assert bool(rows.bend) == (other != [-1.0, 1.0])
    assert shares[[0, -1]] == pytest.approx(0.5) and shares[1:-1] == pytest.approx(0.0)


def test_rows_hold_the_shares_that_numpy_counts_between_their_edges() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 100_000)
    counted = histogram(values)
    assert counted is not None
    rows = Rows(-2.0, 2.0)
    expected, _edges = np.histogram(values, 8, (-2, 2))
    np.testing.assert_allclose(column(counted, rows, 8), expected[::-1] / values.size, atol=2e-3)


def test_gradients_that_shrink_by_many_powers_of_ten_get_logarithmic_rows() -> None:
    rows = rows_for([of([-10.0, 10.0]), of([-1e-6, 1e-6])])
    assert rows.bend and rows.note
    tiny = column(of([-1e-6, 1e-6]), rows, 40)
    assert (tiny > 0).sum() >= 2  # they do not vanish in one row
    assert not rows_for([of([-1.0, 1.0]), of([-2.0, 1.0])]).bend


def test_a_column_shows_the_last_observation_before_it() -> None:
    assert chosen([0, 10, 100], 11).tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2] and chosen([5], 3).tolist() == [0, 0, 0]
