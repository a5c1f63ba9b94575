"""Every colour that stands on another one can be read, and the fonts are the bundled ones."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase, QFontMetricsF

from graph.model.spec import CATEGORIES
from tests.support.contrast import contrast
from ui.look.style import style_sheet
from ui.look.theme import FONTS, ORNAMENT, THEMES, ContrastPair, Theme, font, glyph, load_fonts, pairs, required
from ui.look.type_size import for_graph


def test_the_contrast_formula_gives_21_for_black_on_white() -> None:
    assert contrast(ContrastPair("#000000", "#FFFFFF", "text", "")) == pytest.approx(21.0)


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
    projector = THEMES["projector"]
    assert projector.scale == THEMES["light"].scale, "bars and panels have their usual size"
    assert font("value", for_graph(projector).scale).pixelSize() > font("value").pixelSize()
    assert THEMES["projector"].wire_width > THEMES["light"].wire_width


UI = Path(__file__).resolve().parents[3] / "ui"
HUES = {f.name for f in fields(Theme) if f.type == "str"} - {"name", "title"}
PLAIN = {"transparent", "white"}
"""Colours of Qt that no one sees: empty pixmaps, and the mask that counts pixels."""


def _listed(theme: Theme) -> set[str]:
    """Names of the single colours that some pair holds to a contrast, or that are its ground."""
    ink = {value for pair in pairs(theme) for value in (pair.foreground, pair.background)}
    return {name for name in HUES if getattr(theme, name) in ink}


def test_every_colour_is_in_a_pair_or_said_to_be_ornament() -> None:
    for theme in THEMES.values():
        assert HUES - _listed(theme) <= ORNAMENT


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_painters_take_their_colours_from_the_theme(path: Path) -> None:
    if path.name == "theme.py":
        return
    strange = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"#[0-9A-Fa-f]{3,8}", node.value):
            strange += [node.value] * (node.value != "#000000")  # a formula's ink before it is given one
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "GlobalColor":
            strange += [node.attr] * (node.attr not in PLAIN)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "QColor":
            strange += [ast.unparse(node)] * ("theme." not in ast.unparse(node))

    assert not strange


@pytest.mark.parametrize("name", THEMES)
def test_the_style_sheet_puts_text_on_declared_grounds_only(name: str) -> None:
    theme = THEMES[name]
    declared = {(pair.foreground, pair.background) for pair in pairs(theme) if pair.kind == "text"}
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style_sheet(theme))
    undeclared = []

    for selector, body in rules:
        said = dict(re.findall(r"(?:^|[;\s])((?:selection-)?(?:background-)?(?:color|background)):\s*(#[0-9A-Fa-f]{6})", body))
        for ink, ground in (("color", "background"), ("selection-color", "selection-background-color")):
            if ink in said and ground in said and ":disabled" not in selector and (said[ink], said[ground]) not in declared:
                undeclared.append(f"{selector.strip()}: {said[ink]} on {said[ground]}")

    assert len(rules) > 60
    assert not undeclared
