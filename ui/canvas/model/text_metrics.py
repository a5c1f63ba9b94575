"""How wide texts are in the canvas's type, in scene units."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from ui.look import theme as themes


@lru_cache(maxsize=1)
def _metrics() -> dict[str, QFontMetricsF]:
    themes.load_fonts()
    return {role: QFontMetricsF(themes.font(role)) for role in ("title", "value", "tiny", "small", "strong", "wire")}


@lru_cache(maxsize=8192)
def text_width(role: str, text: str) -> float:
    return _metrics()[role].horizontalAdvance(text)


@lru_cache(maxsize=512)
def _letter(role: str, letter: str) -> float:
    return _metrics()[role].horizontalAdvance(letter)


_ALIKE = str.maketrans("123456789", "000000000")


def number_width(role: str, text: str) -> float:
    """The width of a number: tabular figures have no kerning and are all as wide as a zero."""
    return _pattern_width(role, text.translate(_ALIKE))


@lru_cache(maxsize=4096)
def _pattern_width(role: str, pattern: str) -> float:
    return sum(_letter(role, letter) for letter in pattern)


@lru_cache(maxsize=8192)
def elided(role: str, text: str, width: float) -> str:
    return _metrics()[role].elidedText(text, Qt.TextElideMode.ElideRight, width)
