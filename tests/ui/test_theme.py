"""Every colour that stands on another one can be read, and the fonts are the bundled ones."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontDatabase, QFontMetricsF

from graph.spec import CATEGORIES
from ui.theme import FONTS, THEMES, Pair, font, glyph, load_fonts, pairs, required


def _luminance(value: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    channels = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(pair: Pair) -> float:
    bright, dim = sorted((_luminance(pair.foreground), _luminance(pair.background)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_contrast_formula_gives_21_for_black_on_white() -> None:
    assert contrast(Pair("#000000", "#FFFFFF", "text", "")) == pytest.approx(21.0)


@pytest.mark.parametrize("name", THEMES)
def test_every_pair_reaches_its_contrast(name: str) -> None:
    theme = THEMES[name]

    short = [f"{p.what}: {contrast(p):.2f} < {required(theme, p.kind)}" for p in pairs(theme) if contrast(p) < required(theme, p.kind)]

    assert not short, "\n".join(short)


def test_every_category_has_its_own_hue_and_glyph_in_every_theme() -> None:
    for theme in THEMES.values():
        assert set(CATEGORIES) <= set(theme.bar) and set(CATEGORIES) <= set(theme.swatch)
        assert len({theme.bar[c] for c in CATEGORIES}) == len(CATEGORIES)
    assert len({glyph(c) for c in CATEGORIES}) == len(CATEGORIES)


def test_inter_and_stix_are_found_after_loading(qapp: object) -> None:
    load_fonts()

    assert {"Inter", "STIX Two Math"} <= set(QFontDatabase.families())
    assert (FONTS / "OFL.txt").exists()


def test_figures_are_tabular_so_that_running_numbers_do_not_dance(qapp: object) -> None:
    load_fonts()
    metrics = QFontMetricsF(font("value"))

    widths = [metrics.horizontalAdvance(digit * 8) for digit in "0123456789"]

    assert max(widths) - min(widths) < 0.5  # proportional figures differ by 25 px here


def test_the_projector_is_larger_and_thicker() -> None:
    assert font("value", THEMES["projector"].scale).pixelSize() > font("value").pixelSize()
    assert THEMES["projector"].wire_width > THEMES["light"].wire_width
