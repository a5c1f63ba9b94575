"""One column of a table: its cells as text, and what is asked of them again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from engine.data.cells import Evidence, all_plain, evidence


class Column:
    """The cells of a column, one per row, without the blanks around them."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells: Sequence[str] = cells

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def plain(self) -> bool:
        """Whether all cells are numbers as programs write them."""
        return all_plain(self.cells)

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each text occurs."""
        return Counter(self.cells)

    @cached_property
    def signs(self) -> Evidence:
        """What the cells prove about the decimal sign."""
        return evidence(self.cells, self.plain)

    def few(self, most: int) -> bool:
        """Whether it has at most so many different cells."""
        return len(self.counts) <= most

    def counts_rows(self) -> bool:
        """Whether it is 0, 1, 2 … or 1, 2, 3 …."""
        first = self.cells[0] if len(self.cells) else ""
        return first in ("0", "1") and all(cell == str(number) for number, cell in enumerate(self.cells, int(first)))

    def first(self, count: int) -> Sequence[str]:
        """The first cells, as text."""
        return self.cells[:count]

    def filled(self) -> bool:
        """Whether any cell holds a text."""
        return any(self.cells)

    def ends(self) -> tuple[float, float] | None:
        """The least and the greatest number of a plain column, where they are known."""
        return None

    def beside(self, others: Sequence[Column]) -> np.ndarray | None:
        """The numbers (N, k) of other plain columns side by side, where these can be had at once."""
        return None

    def numbers(self) -> np.ndarray:
        """The numbers (N,) float64 of a plain column with a decimal point."""
        return np.fromiter(map(float, self.cells), float, len(self.cells))
