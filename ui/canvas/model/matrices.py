"""Small tensors as numbers in brackets: which are small enough, what their entries say, and the room they need."""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile.views import ArrayView
from ui.canvas.model import geometry
from ui.look.numerals import column, loud, whole

MOST = 8
"""Tensors of up to so many entries are shown as numbers."""
ROWS, COLUMNS = 4, 4
"""Rows and columns of a matrix on a selected card, and of a batch."""
ROW, GAP, BRACKET = 18.0, 9.0, 7.0
"""Height of a row, distance of columns, and width of a bracket with its room, in the type of a wire's number."""
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


def fits(shape: tuple[int, ...], batched: bool = False, most: int = MOST) -> bool:
    """Whether a tensor of this shape is shown as numbers. A batch is a list of samples and no vector: it may have four rows."""
    entries = 1
    for size in shape:
        entries *= size
    if not 1 < entries <= most or len(shape) > 2:
        return False
    return not batched or shape[0] <= ROWS


def matrix(view: ArrayView) -> Matrix:
    """The tensor in brackets: a vector is a column. It must be here whole and have one or two axes."""
    assert view.data is not None
    numbers = view.data.reshape(view.shape[0], -1).tolist()
    across = len(numbers[0])
    flat = [float(value) for row in numbers for value in row]
    texts = [whole(value) for value in flat] if "int" in view.dtype else column(flat)
    rows = tuple(tuple(texts[i : i + across]) for i in range(0, len(texts), across))
    return set_out(rows, any(map(loud, flat)))


def set_out(rows: tuple[tuple[str, ...], ...], bad: bool = False) -> Matrix:
    """Columns whose numbers line up at the point."""
    places: list[list[float]] = [[] for _ in rows]
    left = BRACKET
    for column_ in zip(*rows, strict=True):
        widest = max(_tail(text) for text in column_)
        tails = [widest if "×" in text else _tail(text) for text in column_]
        heads = [geometry.number_width("wire", text) - tail for text, tail in zip(column_, tails, strict=True)]
        head, tail = max(heads), max(tails)
        for row, own in zip(places, heads, strict=True):
            row.append(left + head - own)
        left += head + tail + GAP
    return Matrix(rows, tuple(tuple(row) for row in places), left - GAP + BRACKET, ROW * len(rows) + 2, bad)


def _tail(text: str) -> float:
    """The width of what stands behind the units: the point and the decimals, where the text has them."""
    if "×" in text or "." not in text:
        return 0.0
    return geometry.number_width("wire", text[text.index(".") :])
