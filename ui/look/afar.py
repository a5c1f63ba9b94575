"""What is read from the last row: text is at least a 45th of the window's height, unless its room is smaller."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QLabel, QWidget

from ui.look.theme import Theme

SHARE, SMALL_PRINT, ON_STAGE = 45, 52, 38
"""What part of the window's height text is, small print, and small print of what fills the window."""
BASE, SMALL, TINY = 13, 12, 11
"""Sizes of type at 100 %."""


def unit(widget: QWidget, theme: Theme, base: float = BASE, share: float = SHARE) -> float:
    """By how much type of a size is enlarged, in the window that the widget lies in."""
    return max(theme.scale, widget.window().height() / share / base)


def enlarge(words: QLabel, theme: Theme) -> None:
    """A line of words in type that is large enough."""
    write_in(words, BASE * unit(words, theme))


def write_in(words: QLabel, pixels: float) -> None:
    """Words in type of this size."""
    sheet = f"font-size: {round(pixels)}px;"
    if words.styleSheet() != sheet:
        words.setStyleSheet(sheet)


def for_plots(widget: QWidget, theme: Theme) -> Theme:
    """The theme with the type of axes large enough."""
    return replace(theme, scale=unit(widget, theme, TINY))
