"""Lists of words inside a sentence."""

from __future__ import annotations

from graph.text.listing import alternatives


def test_alternatives_are_written_as_people_do() -> None:
    assert alternatives(["a"]) == "a" and alternatives(["a", "b"]) == "a or b" and alternatives(["a", "b", "c"]) == "a, b or c"
