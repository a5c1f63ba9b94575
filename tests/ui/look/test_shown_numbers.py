"""Numbers are written the same way everywhere in the window."""

from __future__ import annotations

from ui.look.numbers import count, plain, rate


def test_a_typed_number_reads_back_as_the_same_number() -> None:
    for value in (0.1, -2.5e-9, 1 / 3, 1e20, 0.0):
        assert float(plain(value)) == value


def test_typed_numbers_carry_no_needless_zeros() -> None:
    assert [plain(v) for v in (2.0, 0.1, 1e-8, -3, 1e20)] == ["2", "0.1", "1e-8", "-3", "1e20"]


def test_counts_have_separators_and_rates_three_digits() -> None:
    assert count(21400.3) == "21,400"
    assert [rate(v) for v in (21437.0, 9.6, 987.4, 0.0)] == ["21,400", "10", "987", "0"]
