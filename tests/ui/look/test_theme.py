"""Every colour that stands on another one can be read, and the fonts are the bundled ones."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase, QFontMetricsF
from PySide6.QtWidgets import QApplication

from graph.model.spec import CATEGORIES
from tests.support.cases import cases_by
from tests.support.contrast import contrast
from ui.canvas.model import text_metrics, titles
from ui.look import theme as themes
from ui.look.style import style_sheet
from ui.look.theme import FONTS, ORNAMENT, THEMES, ContrastPair, Theme, font, glyph, load_fonts, pairs, required
from ui.look.type_size import for_graph, frameless, sized
from ui.maths import formula_text, layout


def lab(value: str) -> tuple[float, float, float]:
    """CIE Lab of `#RRGGBB` under D65, from the definition of sRGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))]
    rows = ((0.4124, 0.3576, 0.1805, 0.9505), (0.2126, 0.7152, 0.0722, 1.0), (0.0193, 0.1192, 0.9505, 1.089))
    x, y, z = (sum(a * b for a, b in zip(row, linear, strict=False)) / row[3] for row in rows)
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


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


@pytest.mark.parametrize("name", THEMES)
def test_the_highlight_is_taken_for_no_value_gradient_error_or_right_answer(name: str) -> None:
    """Far from each in CIE Lab, where 2.3 is a difference that is just seen."""
    theme = THEMES[name]
    others = {"forward": theme.forward, "backward": theme.backward, "error": theme.error, "success": theme.success, "wire": theme.wire,
              "warning": theme.warning}  # fmt: skip
    near = {other: round(apart) for other, hue in others.items() if (apart := math.dist(lab(theme.highlight), lab(hue))) < 25}
    assert not near
    assert theme.highlight == theme.selection == theme.focus


def test_where_a_class_looks_on_nothing_is_framed_and_everything_else_is_as_before() -> None:
    for theme in THEMES.values():
        bare = frameless(theme)
        assert not bare.frames and bare.focus == theme.field_edge
        assert sized(bare, 1.5).scale == sized(theme, 1.5).scale and not sized(bare, 1.5).frames
        large = for_graph(bare)
        assert not large.frames and large.scale == for_graph(theme).scale and for_graph(theme).frames
        changed = {field.name for field in fields(Theme) if getattr(bare, field.name) != getattr(theme, field.name)}
        assert changed <= {"frames", "focus"}


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


@cases_by(lambda path: path.relative_to(UI).parts[0], sorted(UI.rglob("*.py")))
def test_painters_take_their_colours_from_the_theme(path: Path) -> None:
    if path.relative_to(UI).as_posix() in ("look/theme.py", "look/classes.py"):  # the palettes
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


@pytest.mark.parametrize(
    "measures",
    [
        lambda: formula_text._fonts.__wrapped__(14.0),
        lambda: layout._metrics.__wrapped__(14.0, False),
        lambda: titles._metrics.__wrapped__(False, 14.0),
        lambda: titles._words_metrics.__wrapped__(13.0),
        lambda: text_metrics._metrics.__wrapped__(),
    ],
)
def test_what_is_measured_once_is_measured_in_the_bundled_fonts(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, measures: Callable[[], object]
) -> None:
    """The first card may be measured before any window is made, and its widths are kept."""
    done = list[str]()
    monkeypatch.setattr(themes, "load_fonts", lambda: done.append("loaded"))
    for module in (formula_text, layout, titles, text_metrics):
        monkeypatch.setattr(module, "QFontMetricsF", lambda face: done.append("measured") or QFontMetricsF(face))
    measures()
    assert done[0] == "loaded" and "measured" in done
