"""A pasted text of several lines as statements."""

from __future__ import annotations

import pytest

from graph.formula.lines import statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f = x*y + z", ["f = x*y + z"]),
        ("u = w*x + b\r\n\r\n  f = tanh(u);\n", ["u = w*x + b", "f = tanh(u)"]),
        ("a = 1; b = 2\nc = a + b", ["a = 1; b = 2", "c = a + b"]),
        ("f = x\n  + y\n  * z", ["f = x + y * z"]),
        ("f = x +\ny", ["f = x + y"]),
        ("f = sum(\n  x,\n  y\n)\ng = f", ["f = sum( x, y )", "g = f"]),
        ("f = x  # the input\n// nothing\ng = f", ["f = x", "g = f"]),
        ("a = x\n-b", ["a = x", "-b"]),  # a sign can begin a statement
        (" \n\t\n", []),
    ],
)
def test_lines_become_statements(text: str, expected: list[str]) -> None:
    assert statements(text) == expected
