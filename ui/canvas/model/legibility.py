"""How large text on the canvas has to be to be read from the last row, and what is left out when a card is too small for it.

The least size is a share of the window's height. Names, values and the numbers on wires are enlarged against the cards until they reach
it; small print may be a little smaller, is cut to its room, and goes first when the view zooms out.
"""

from __future__ import annotations

from math import ceil

SHARE = 1 / 45
"""Of the window's height: the least size of names, values and labels."""
LEAST = 16.0
"""That size in a window of 720 pixels' height."""
SECONDARY = 0.8
"""The least size of small print, as a share of that."""
FULL, VALUES, NAMES = 0.6, 0.36, 0.12
"""Scales from which a card is drawn with everything, with its value, and with its name."""


def least(window_height: float) -> float:
    """Pixels."""
    return max(window_height * SHARE, 8.0)


def enlarged(size: float, scale: float, least: float) -> float:
    """How many times larger a text of `size` is drawn at a scale to reach the least size; in steps, so that few fonts are needed."""
    return max(1.0, ceil(least / (size * scale) * 10 - 1e-6) / 10)
