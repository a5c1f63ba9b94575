"""A loss that is not positive has a place on a logarithmic scale too: every value is drawn, in order, with ticks that say what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ui.maths.curve_scale import chosen_scale

RUNS = {
    "from above 0 to below": [3.0, 0.5, 0.02, -0.3, -4.9],
    "exactly 0 among them": [1.0, 0.0, 1e-3],
    "from 1e6 to -1e-9": [1e6, 1.0, 1e-9, 0.0, -1e-9],
    "as large as numbers get": [1.7e308, 1.0, -1.7e308],
    "as small as numbers get": [5e-324, 0.0, -1.0],
}


@pytest.mark.parametrize("values", RUNS.values(), ids=RUNS)
def test_every_value_has_a_finite_place_in_order_and_ticks_are_where_they_say(values: list[float]) -> None:
    scale = chosen_scale(values, True)
    assert scale.kind == "symlog" and "linear within" in scale.note
    ordered = np.sort(values)
    places = np.array([scale.position(float(value)) for value in ordered])
    assert np.isfinite(places).all() and (np.diff(places) >= 0).all() and scale.position(0.0) == 0.0
    ticks = scale.ticks(float(ordered[0]), float(ordered[-1]))
    assert ticks is not None and 1 < len(ticks) <= 8
    assert all(places[0] <= at <= places[-1] for at, _ in ticks)


def test_above_the_straight_part_a_factor_of_ten_is_one_unit_whatever_the_sign() -> None:
    scale = chosen_scale([0.01, 5.0, -5.0], True)
    assert scale.straight == 0.01
    for value in (0.01, 0.3, 2.0):
        assert scale.position(10 * value) - scale.position(value) == pytest.approx(1.0)
        assert scale.position(-value) == -scale.position(value)
    assert scale.position(0.005) == pytest.approx(0.5)  # and below it is straight


def test_a_positive_loss_is_plainly_logarithmic_and_one_never_above_0_is_linear() -> None:
    assert chosen_scale([1.0, 1e-8], True).kind == "log"
    assert chosen_scale([1.0, -1.0], False).kind == "linear" and not chosen_scale([1.0, -1.0], False).note
    below = chosen_scale([-4.0, -5.0, 0.0], True)
    assert below.kind == "linear" and "never positive" in below.note
    assert chosen_scale([], True).kind == "linear"
    assert math.isfinite(chosen_scale([1.0, 0.0], True).straight)


SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@pytest.mark.parametrize(
    "values",
    [(0.5, 1.6e226), (1.0, 0.2), (3e7, 12.0), (-2e-12, 4e-12), (-1.7e308, 1.7e308), (5e-324, 0.0), (0.30000001, 0.3), (123456.0, 123456.0)],
)
def test_a_straight_scale_has_ticks_whose_texts_say_their_places(values: tuple[float, ...]) -> None:
    low, high = min(values), max(values)
    ticks = chosen_scale(values, False).ticks(low, high)
    assert ticks is not None and (2 if high > low else 1) <= len(ticks) <= 6
    for at, text in ticks:
        mantissa, _, power = text.replace("−", "-").partition("×10")
        said = float(f"{mantissa}e{power.translate(SUPERSCRIPT) or 0}")
        assert low <= at <= high and said == pytest.approx(at, rel=1e-9, abs=5e-324)
