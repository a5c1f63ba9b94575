"""The three stages of hints, the same for every question that asks for a number."""

from __future__ import annotations

import pytest

from engine.explain.misconceptions import Expected
from engine.explain.misconceptions.match import hints_of, judge
from engine.explain.misconceptions.stages import general_slips, staged


@pytest.mark.parametrize(("answer", "word"), [("-12.61", "sign"), ("1.261", "decimal"), ("0.0793", "reciprocal"), ("25.22", "factor of 2")])
def test_general_slips_are_recognised_without_the_graph(answer: str, word: str) -> None:
    (hint,) = hints_of(judge(Expected(None, 12.61, general_slips(12.61)), answer))

    assert word in hint and "12.61" not in hint


def test_where_to_look_then_the_authors_hint_then_the_answer_is_offered() -> None:
    assert staged(["Look."], 1, "f(3) = 27.") == ["Look."]
    assert staged(["Look."], 2, "f(3) = 27.") == ["Look.", "Hint: f(3) = 27."]
    assert len(staged(["Look."], 3, "f(3) = 27.")) == 3 and len(staged(["Look."], 2, "")) == 1
