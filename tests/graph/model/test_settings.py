"""What can stand in a setting."""

from __future__ import annotations

from typing import Any

import pytest

from graph.model.settings import coerce, complaint, dims, kind_complaint
from graph.model.spec import Setting
from graph.model.structure import setting_problems
from tests.support.catalog import CATALOG, Graph, add

WHOLE = Setting("n", "int", 3, 1, 10)
RATE = Setting("lr", "float", 0.1, 0, exclusive_minimum=True)
MODE = Setting("mode", "choice", "a", choices=("a", "b"))
SHAPE = Setting("shape", "shape", [])
TENSOR = Setting("value", "tensor", 1.0)


@pytest.mark.parametrize(
    ("setting", "value"),
    [(WHOLE, 1), (WHOLE, 10), (WHOLE, 3.0), (RATE, 1e-9), (RATE, 5), (MODE, "b"), (SHAPE, []), (SHAPE, [2, 3]), (SHAPE, [2**31]),
    (TENSOR, 3),
     (TENSOR, [[1, 2], [3, 4.5]]), (TENSOR, []), (Setting("steps", "int", None, 1), None)],
)  # fmt: skip
def test_what_fits_gets_no_complaint(setting: Setting, value: Any) -> None:
    assert complaint(setting, value) is None


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        (WHOLE, 0, '"n" must be at least 1, not 0'), (WHOLE, 11, '"n" must be at most 10, not 11'),
        (WHOLE, 2.5, "a whole number, not the number 2.5"),
        (WHOLE, True, "a whole number, not true"), (WHOLE, "3", 'not the text "3"'), (WHOLE, None, "not null"),
        (WHOLE, 10**400, "a very large number"),
        (RATE, 0, '"lr" must be greater than 0, not 0'), (RATE, float("nan"), "a number, not the number nan"),
        (RATE, float("inf"), "a number"),
        (MODE, "c", '"mode" must be one of a, b, not "c"'), (MODE, 1, "one of its choices"), (SHAPE, [2, 0], "every size"),
        (SHAPE, [2.5], "a list of sizes"),
        (SHAPE, [2**16, 2**16], "at most 2³¹ are possible"), (SHAPE, 3, "a list of sizes"), (TENSOR, [[1], [2, 3]], "of equal length"),
        (TENSOR, {"tensor": "sha256:00"}, 'the numbers of "value" are missing in the file'),
        (TENSOR, ["a"], "nested lists of numbers"), (TENSOR, [1, [2]], "of equal length"), (TENSOR, {}, "nested lists"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_words(setting: Setting, value: Any, text: str) -> None:
    assert text in str(complaint(setting, value))


def test_coerce_gives_the_plain_form_or_the_complaint() -> None:
    assert (coerce(WHOLE, 3.0), type(coerce(WHOLE, 3.0))) == (3, int)
    assert type(coerce(RATE, 1)) is float
    assert coerce(SHAPE, (2.0, 3)) == [2, 3]
    with pytest.raises(ValueError, match="whole number"):
        coerce(WHOLE, "x")


def test_a_value_out_of_range_is_kept_and_reported() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "layer.linear", "hidden", out_features=-3)
    assert kind_complaint(WHOLE, -3) is None
    problems = setting_problems(graph)
    assert [(problem.text, problem.nodes) for problem in problems] == [('hidden: "out_features" must be at least 1, not -3', (node,))]


@pytest.mark.parametrize(
    ("value", "shape"),
    [(3, ()), ([], (0,)), ([1, 2], (2,)), ([[1], [2]], (2, 1)), ([[1], 2], None), ("a", None), (True, None), ([[[0]]], (1, 1, 1))],
)
def test_dims_of_nested_lists(value: Any, shape: tuple[int, ...] | None) -> None:
    assert dims(value) == shape
