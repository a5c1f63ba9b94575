"""What was probably meant: distances counted by hand."""

from __future__ import annotations

import pytest

from graph.text.suggest import nearest, no_match, slips, words_of


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        ("sigmod", "sigmoid", 1), ("tahn", "tanh", 1), ("linear", "linear", 0), ("sofmtax", "softmax", 1), ("abc", "", 3),
        ("ca", "abc", 3),  # two exchanged letters are not changed again
        ("kitten", "sitting", 3),
    ],
)  # fmt: skip
def test_slips_are_counted(typed: str, meant: str, count: int) -> None:
    assert slips(typed, meant, 9) == slips(meant, typed, 9) == count
    assert slips(typed, meant, count - 1) > count - 1


def test_the_nearest_name_is_the_likeliest_slip() -> None:
    assert nearest("tahn", ["tan", "tanh", "sin"]) == "tanh"
    assert nearest("SIGMOD", ["Softmax", "Sigmoid"]) == "Sigmoid"
    assert nearest("los", ["loss", "log", "cos"]) == "log"  # as long, and begins alike
    assert nearest("qqqq", ["Add", "Linear"]) == nearest("", ["Add"]) == nearest("ad", ["Add"]) == nearest("x" * 999, ["Add"]) == ""
    assert nearest("X", ["x"]) == "x"  # a slip of the shift key
    assert nearest("abc", ["xyz", "xbz"]) == ""


def test_single_words_of_titles_are_known_after_the_titles() -> None:
    assert words_of(["Batch norm (1d)", "Add"]) == ["Batch norm (1d)", "Add", "Batch", "norm"]


def test_a_search_that_found_nothing_says_so() -> None:
    assert no_match(" sigmod ", "Sigmoid") == 'No match for "sigmod". Did you mean Sigmoid?'
    assert no_match("qqqq", "") == 'No match for "qqqq"'
