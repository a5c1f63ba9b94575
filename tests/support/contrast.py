"""The contrast of two colours by the formula of WCAG 2."""

from __future__ import annotations

from ui.look.theme import ContrastPair


def _luminance(value: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    channels = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(pair: ContrastPair) -> float:
    bright, dim = sorted((_luminance(pair.foreground), _luminance(pair.background)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
