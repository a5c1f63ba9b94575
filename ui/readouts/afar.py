"""What is read from the last row: text is at least a 45th of the window's height, unless its room is smaller."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QLabel, QWidget

from ui.look.theme import Theme

SHARE, BASE, TINY = 45, 13, 11
"""Of the window's height; sizes of type at 100 %."""


def unit(widget: QWidget, theme: Theme, base: float = BASE) -> float:
    """By how much type of a size is enlarged, in the window that the widget lies in."""
    return max(theme.scale, widget.window().height() / SHARE / base)


def enlarge(words: QLabel, theme: Theme) -> None:
    """A line of words in type that is large enough."""
    sheet = f"font-size: {round(BASE * unit(words, theme))}px;"
    if words.styleSheet() != sheet:
        words.setStyleSheet(sheet)


def for_plots(widget: QWidget, theme: Theme) -> Theme:
    """The theme with the type of axes large enough."""
    return replace(theme, scale=unit(widget, theme, TINY))
