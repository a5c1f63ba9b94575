"""Small tensors as numbers in brackets: which are small enough, what their entries say, and the room they need."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.compile.views import ArrayView
from ui.canvas.model.text_metrics import number_width
from ui.look.numerals import column, loud, number, whole

MOST = 8
"""Tensors of up to so many entries are shown as numbers."""
ROWS = 4
"""Rows and columns of a matrix on a selected card, and rows of a batch."""
ROW, GAP, BRACKET = 18.0, 7.0, 7.0
"""Height of a row, distance of columns, and width of a bracket with its room, in the type of a wire's number."""
USUAL = "−0.000"
SERIF = 4.0
"""Length of a bracket's serifs."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Entries as they are written, row by row, and where each starts, from the left edge of the left bracket."""

    rows: tuple[tuple[str, ...], ...]
    places: tuple[tuple[float, ...], ...]
    width: float
    height: float
    loud: bool = False
    """Whether an entry is NaN or infinite."""
    brackets: bool = True


def fits(shape: tuple[int, ...], batched: bool = False) -> bool:
    """Whether a tensor of this shape is shown as numbers. A batch is a list of samples and no vector: it may have four rows."""
    if not 1 < math.prod(shape) <= MOST or len(shape) > 2:
        return False
    return not batched or shape[0] <= ROWS


def opens(shape: tuple[int, ...]) -> bool:
    """Whether a learned tensor of this shape is shown as numbers on a card, at least while that is selected."""
    if len(shape) > 2:
        return False
    return math.prod(shape) <= MOST or (len(shape) == 2 and max(shape) <= ROWS)


def room(shape: tuple[int, ...]) -> tuple[float, float]:
    """Width and height that are kept for a tensor of this shape, in the type of a wire's number: every entry has the widest usual text."""
    columns = shape[1] if len(shape) > 1 else 1
    wide = columns * number_width("wire", USUAL) + (columns - 1) * GAP + 2 * BRACKET
    return wide, ROW * (shape[0] if shape else 1) + 2


def matrix(view: ArrayView, least: int = 0) -> Matrix:
    """The tensor in brackets, with at least so many decimals: a vector is a column. It must be here whole and have at most two axes."""
    assert view.data is not None
    if view.data.size == 1:
        return _single(view)
    numbers = view.data.reshape(view.shape[0], -1).tolist()
    across = len(numbers[0])
    flat = [float(value) for row in numbers for value in row]
    texts = [whole(value) for value in flat] if "int" in view.dtype else column(flat, least=least)
    rows = tuple(tuple(texts[i : i + across]) for i in range(0, len(texts), across))
    return set_out(rows, any(map(loud, flat)))


def _single(view: ArrayView) -> Matrix:
    """One number, without brackets."""
    assert view.data is not None
    value = float(view.data.item())
    text = whole(value) if "int" in view.dtype else number(value)
    return Matrix(((text,),), ((0.0,),), number_width("wire", text), ROW + 2, loud(value), False)


def set_out(rows: tuple[tuple[str, ...], ...], bad: bool = False) -> Matrix:
    """Columns of one width, whose numbers line up at the point."""
    widest = max(_tail(text) for row in rows for text in row)
    tails = [[widest if "×" in text else _tail(text) for text in row] for row in rows]
    heads = [[number_width("wire", text) - tail for text, tail in zip(*pair, strict=True)] for pair in zip(rows, tails, strict=True)]
    head, across = max(max(row) for row in heads), len(rows[0])
    pitch = head + widest + GAP
    places = tuple(tuple(BRACKET + pitch * i + head - own for i, own in enumerate(row)) for row in heads)
    return Matrix(rows, places, pitch * across - GAP + 2 * BRACKET, ROW * len(rows) + 2, bad)


def _tail(text: str) -> float:
    """The width of what stands behind the units: the point and the decimals, where the text has them."""
    if "×" in text or "." not in text:
        return 0.0
    return number_width("wire", text[text.index(".") :])
