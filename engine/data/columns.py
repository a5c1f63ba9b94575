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

    def first(self, count: int) -> Sequence[str]:
        """The first cells, as text."""
        return self.cells[:count]

    def filled(self) -> bool:
        """Whether any cell holds a text."""
        return any(self.cells)

    def numbers(self) -> np.ndarray:
        """The numbers (N,) float64 of a plain column with a decimal point."""
        return np.fromiter(map(float, self.cells), float, len(self.cells))
