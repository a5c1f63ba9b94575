"""The formula on a card, typeset when it is first painted. Its width is known at once, letter by letter: a file of ten thousand
nodes opens before most of their formulas have ever been read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QPainter

from ui.maths import formula_text

Names = tuple[tuple[str, str], ...]
_STAND_IN = 0xE000
"""From here on, letters that no font and no formula has: one for each name."""
_UPRIGHT = re.compile(r"\\(?!left|right|frac|sqrt)[a-z]+\s*\{[^}]*@")
_PLAIN = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class SmallPrint:
    """`latex` with its `@names` filled in, on one line of at most `limit` pixels."""

    latex: str
    names: Names
    limit: float
    size: float

    @property
    def width(self) -> float:
        return self._line().width

    @property
    def pieces(self) -> tuple[tuple[float, formula_text.TextRun], ...]:
        return self._line().pieces

    def within(self, room: float, size: float) -> SmallPrint:
        """The same at another size, cut to a width."""
        return SmallPrint(self.latex, self.names, room, size)

    def paint(self, painter: QPainter, x: float, baseline: float) -> None:
        """The painter's pen is the colour."""
        self._line().paint(painter, x, baseline, self.size)

    def _line(self) -> formula_text.TextLine:
        return formula_text.line(formula_text.runs(self.latex, self.names), self.limit, self.size)


def width(latex: str, names: Names, size: float) -> float:
    """How wide the formula is, the sum of its letters; to the pixel or two that kerning makes."""
    if _PLAIN.fullmatch("".join([name for _, name in names])) is None:
        return sum(_text(run.text, run.level, size) for run in formula_text.runs(latex, names))
    fixed, counts = _measured(latex, tuple([key for key, _ in names]), size)
    if fixed < 0:
        return sum(_text(run.text, run.level, size) for run in formula_text.runs(latex, names))
    return fixed + sum([times * _name(names[index][1], level, size) for index, level, times in counts])


@lru_cache(maxsize=1024)
def _measured(latex: str, keys: Sequence[str], size: float) -> tuple[float, tuple[tuple[int, int, int], ...]]:
    """The width of all but the names, and how often each name occurs on the line, raised or lowered; −1 where that is unknown."""
    if _UPRIGHT.search(latex):
        return -1.0, ()
    stand_ins = tuple((key, chr(_STAND_IN + index)) for index, key in enumerate(keys))
    fixed = 0.0
    counts: dict[tuple[int, int], int] = {}
    for run in formula_text.runs(latex, stand_ins):
        for letter in run.text:
            index = ord(letter) - _STAND_IN
            if 0 <= index < len(keys):
                counts[index, run.level] = counts.get((index, run.level), 0) + 1
            else:
                fixed += formula_text.advance(letter, run.level, size)
    return fixed, tuple((index, level, times) for (index, level), times in counts.items())


@lru_cache(maxsize=1 << 15)
def _name(name: str, level: int, size: float) -> float:
    return sum([_text(run.text, run.level or level, size) for run in formula_text.name_runs(name)])


def _text(text: str, level: int, size: float) -> float:
    return sum([formula_text.advance(letter, level, size) for letter in text])
