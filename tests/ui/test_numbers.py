"""Numbers are written the same way everywhere in the window."""

from __future__ import annotations

import math

import pytest

from ui.numbers import count, exact, number, plain, shape_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2.000"), (-10.0, "−10.00"), (0.0, "0.000"), (0.0213, "0.02130"), (1234.5678, "1235"), (99999.0, "99999"),
        (1234567.0, "1.235e6"), (-1.5e-7, "−1.500e-7".replace("-", "−")), (0.99996, "1.000"), (9.9996, "10.00"),
        (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_four_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_the_exact_text_reads_back_as_the_same_number() -> None:
    for value in (0.1, -2.5e-9, 1 / 3):
        assert float(exact(value).replace("−", "-")) == value
        assert float(plain(value)) == value


def test_typed_numbers_carry_no_needless_zeros() -> None:
    assert [plain(v) for v in (2.0, 0.1, 1e-8, -3, 1e20)] == ["2", "0.1", "1e-08", "-3", "1e+20"]


def test_counts_and_shapes() -> None:
    assert count(21400.3) == "21,400"
    assert shape_text((8, 2)) == "8 × 2" and shape_text(()) == "scalar"
