"""The title bar of a card: the variable's name, typeset, and beside it the operation in small print.

A symbol stands in bold mathematical italics, a word upright; widths are known when the card is measured, so that painting
only draws. `boost` enlarges a name when the card is small on the screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from graph.formula.latex import display_name
from ui.look import theme as themes
from ui.maths.formula_text import name_runs

SYMBOL, WORD, INDEX = 22.0, 15.0, 0.68
"""Pixel sizes of a symbol and of a word, and how much smaller what is lowered or raised is."""
_SPLIT = re.compile(r"[\U0001d400-\U0001d7ff\u0300-\u036fℎ]+|[^\U0001d400-\U0001d7ff\u0300-\u036fℎ]+")
_LETTERS: dict[float, dict[str, float]] = {}
"""The width of every letter that a word was made of, by pixel size."""
_BOLD = {0x1D434: 0x1D468, 0x1D6FC: 0x1D736}
"""First italic letter, first bold italic letter, of the Latin and of the Greek alphabets; 52 and 58 letters each."""


@dataclass(frozen=True, slots=True)
class TitlePiece:
    """Letters of one font, how far right of the name's start they begin and how far above its baseline they stand."""

    x: float
    text: str
    size: float
    symbol: bool
    lift: float = 0.0


Runs = tuple[tuple[str, int], ...]
"""Text and level of the runs that a name is made of."""


@dataclass(frozen=True, slots=True)
class Title:
    """A name ready to be measured; its letters are set when it is first painted. `text` is the same as plain text."""

    text: str
    width: float
    runs: Runs
    room: float
    """Where it is cut, in pixels."""

    @property
    def pieces(self) -> tuple[TitlePiece, ...]:
        return _set(self.runs, self.room)[0]

    @property
    def lowered(self) -> bool:
        """Whether something hangs below its line."""
        return any(piece.lift < 0 for piece in self.pieces)

    def within(self, room: float) -> Title:
        """The same, cut where it would be wider."""
        return self if self.width <= room else _title(self.runs, self.text, room)

    @property
    def size(self) -> float:
        """Pixel size of its largest letters."""
        return max((piece.size for piece in self.pieces), default=WORD)

    def paint(self, painter: QPainter, x: float, baseline: float, boost: float = 1.0) -> None:
        """The painter's pen is the colour."""
        for piece in self.pieces:
            painter.setFont(_font(piece.symbol, piece.size, round(boost, 2)))
            painter.drawText(QPointF(x + piece.x * boost, baseline - piece.lift * boost), piece.text)


@lru_cache(maxsize=4096)
def title(name: str, text: str, room: float) -> Title:
    """The title that says `name` (`text` in plain letters) in at most `room` pixels; what does not fit ends in an ellipsis."""
    return _title(tuple([(run.text, run.level) for run in name_runs(name)]), text, room)


@lru_cache(maxsize=2048)
def worded(text: str, room: float) -> Title:
    """The title of what has a free text for a name: all upright."""
    return _title(((text, 0),), text, room)


def width_of(name: str) -> float:
    """The width of a variable's title, uncut. Of a name with a number, as most of a large graph are, only the number is measured."""
    stem, mark, number = name.rpartition("_")
    if mark and number.isdecimal() and number.isascii():
        head, size = _head(stem)
        if size:
            return head + _width(False, size, number)
    return title(name, display_name(name), 1e6).width


@lru_cache(maxsize=4096)
def _head(stem: str) -> tuple[float, float]:
    """The width of a title before its lowered number, and the number's size; 0 where names of this kind are not set so."""
    *head, below = name_runs(f"{stem}_0")
    if not head or (below.text, below.level) != ("0", -1) or not all(run.text.isascii() for run in head):
        return 0.0, 0.0
    return sum(_width(False, _size(run.text, run.level, False), run.text) for run in head), _size("0", -1, False)


def _title(runs: Runs, text: str, room: float) -> Title:
    """Upright words with an index, as most names of large graphs are, are measured without being set."""
    if all([letters.isascii() for letters, _level in runs]):
        width = sum([_width(False, _size(letters, level, False), letters) for letters, level in runs])
        if width <= room:
            return Title(text, width, runs, room)
    return Title(text, _set(runs, room)[1], runs, room)


@lru_cache(maxsize=4096)
def _set(runs: Runs, room: float) -> tuple[tuple[TitlePiece, ...], float]:
    """The letters of a name, cut at `room` pixels, and their width."""
    pieces: list[TitlePiece] = []
    x = 0.0
    for letters, level in runs:
        for part in _SPLIT.findall(letters):
            symbol = _SPLIT.fullmatch(part[:1]) is not None and _is_symbol(part[0])
            shown = _bold(part) if symbol else part
            size = _size(part, level, symbol)
            width = _width(symbol, size, shown)
            if x + width > room:
                metrics = _metrics(symbol, size)
                shown = _cut(shown, room - x, metrics)
                width = metrics.horizontalAdvance(shown)
                pieces.append(TitlePiece(x, shown, size, symbol, _lift(level)))
                return tuple(pieces), x + width
            pieces.append(TitlePiece(x, shown, size, symbol, _lift(level)))
            x += width
    return tuple(pieces), x


def _size(part: str, level: int, symbol: bool) -> float:
    """Pixel size of a part of a name; `level` is not 0 where it is lowered or raised."""
    if not level:
        return SYMBOL if symbol else WORD
    return SYMBOL * INDEX if symbol or part.isdigit() else WORD * 0.85


def _width(symbol: bool, size: float, text: str) -> float:
    """The width of a piece; of a word letter by letter, right to a pixel of kerning, because ten thousand names are measured at once."""
    if symbol:
        return _metrics(symbol, size).horizontalAdvance(text)
    known = _LETTERS.setdefault(size, {})
    try:
        return sum([known[letter] for letter in text])
    except KeyError:
        metrics = _metrics(False, size)
        known.update((letter, metrics.horizontalAdvance(letter)) for letter in text)
        return sum([known[letter] for letter in text])


def _lift(level: int) -> float:
    return {0: 0.0, 1: 0.36 * SYMBOL, -1: -0.2 * SYMBOL}[level]


def _cut(text: str, room: float, metrics: QFontMetricsF) -> str:
    while text and metrics.horizontalAdvance(text + "…") > room:
        text = text[:-1]
    return text + "…"


def _is_symbol(letter: str) -> bool:
    return 0x1D400 <= ord(letter) <= 0x1D7FF or 0x300 <= ord(letter) <= 0x36F or letter == "ℎ"


def _bold(text: str) -> str:
    return "".join(map(_bold_letter, text))


def _bold_letter(letter: str) -> str:
    if letter == "ℎ":
        return "\U0001d489"
    for first, bold in _BOLD.items():
        if first <= ord(letter) < first + (52 if first == 0x1D434 else 58):
            return chr(ord(letter) - first + bold)
    return letter


@lru_cache(maxsize=64)
def _metrics(symbol: bool, size: float) -> QFontMetricsF:
    themes.load_fonts()
    return QFontMetricsF(_font(symbol, size, 1.0))


@lru_cache(maxsize=512)
def _font(symbol: bool, size: float, boost: float) -> QFont:
    font = themes.font("formula" if symbol else "title")
    font.setItalic(False)
    font.setPixelSize(max(1, round(size * boost)))
    return font


SAYS = 13.0
"""Pixel size of the small print in the title bar."""


@dataclass(frozen=True, slots=True)
class Words:
    """Small print that is no formula: an operation's title, what a source is, a label."""

    text: str
    width: float
    size: float = SAYS

    def within(self, room: float, size: float) -> Words:
        """The same at another size, cut to a width."""
        return words(self.text, room, size)

    def paint(self, painter: QPainter, x: float, baseline: float) -> None:
        """The painter's pen is the colour."""
        painter.setFont(_words_font(self.size))
        painter.drawText(QPointF(x, baseline), self.text)


NOTHING = Words("", 0.0)


@lru_cache(maxsize=4096)
def words(text: str, room: float, size: float = SAYS) -> Words:
    metrics = _words_metrics(size)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    return Words(text, metrics.horizontalAdvance(text), size)


@lru_cache(maxsize=64)
def _words_metrics(size: float) -> QFontMetricsF:
    themes.load_fonts()
    return QFontMetricsF(_words_font(size))


@lru_cache(maxsize=64)
def _words_font(size: float) -> QFont:
    font = themes.font("tiny")
    font.setPixelSize(max(1, round(size)))
    return font


def short_form(latex: str) -> str:
    """What stands right of the first equals sign, without what explains it further: `\\sigma(@x)` of `@y = \\sigma(@x) = …`."""
    first = right_side(latex).partition(r", \quad")[0]
    head = first.partition(" = ")[0]
    return head if all(head.count(left) == head.count(right) for left, right in ("()", "[]")) else first


def right_side(latex: str) -> str:
    """The formula without the name it begins with: the title says that."""
    return latex.partition(" = ")[2] or latex
