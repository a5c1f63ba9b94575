"""Mathematics as boxes: every formula of the node types can be read, laid out, cut to a width and read out."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from engine.compile.trace import array_view
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from graph.formula.latex import GREEK_NAMES
from ui.look.numbers import exact
from ui.look.theme import LIGHT
from ui.maths.arrays import cell_tip, picture, plane
from ui.maths.layout import TypesetBox, lay, wrapped
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.typesetting import Fraction, Row, Text, formula, name_expr, plain, read, row

FORMULAS = sorted({text for spec in CATALOG.values() for text in (spec.formula, *spec.local_derivatives.values()) if text})


@pytest.fixture(autouse=True)
def fonts(qtbot: QtBot) -> None:
    from ui.look.theme import load_fonts

    load_fonts()


def test_every_formula_of_a_node_type_becomes_signs_and_no_commands() -> None:
    boxes = {latex: lay(read(latex), 17.0) for latex in FORMULAS}

    assert [latex for latex, box in boxes.items() if not box.glyphs or box.width <= 0] == []
    assert [latex for latex, box in boxes.items() if any(set("\\{}^@$") & set(glyph.text) for glyph in box.glyphs)] == []


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"\frac{\partial L}{\partial x} = \bar{y} \cdot 2", "∂L/∂x = y\u0304 · 2"),
        (r"-x + (-y) - 1", "−x + (−y) − 1"),
        (r"\sqrt{x^2 + 1}", "√(x^2 + 1)"),
        (r"\left.\frac{a}{b}\right|_{c}", "a/b|_c"),
        (r"\sum_{n=1}^{N} x_n", "∑_(n = 1)^Nx_n"),
        (r"\tanh(x)", "tanh(x)"),
        (r"W^\top x", "W^⊤x"),
    ],
)
def test_formulas_are_read_out_as_people_write_them(latex: str, said: str) -> None:
    assert plain(read(latex)) == said


def test_a_numerator_stands_above_its_line_and_the_denominator_below() -> None:
    box = lay(Fraction(Text("a"), Text("b")), 20.0)

    above, below = box.glyphs
    assert above.y < box.strokes[0].y1 < below.y - 5


@pytest.mark.parametrize(("name", "said"), [("x", "x"), ("W_1", "W_1"), ("h2", "h_2"), ("theta", "θ"), ("hidden_layer", "hidden_layer")])
def test_names_become_symbols(name: str, said: str) -> None:
    assert plain(name_expr(name)) == said


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMULAS), st.floats(120, 600))
def test_a_formula_is_cut_so_that_no_line_is_much_wider_than_the_room(latex: str, limit: float) -> None:
    lines = wrapped(read(latex), 17.0, limit)

    assert all(line.width <= limit * 1.02 or line.width <= 0.7 * lay(read(latex), 17.0).width for line in lines)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMULAS))
def test_cutting_loses_no_sign(latex: str) -> None:
    whole, lines = lay(read(latex), 17.0), wrapped(read(latex), 17.0, 150.0)

    def signs(*boxes: TypesetBox) -> str:
        return "".join(sorted(glyph.text for box in boxes for glyph in box.glyphs))

    assert signs(whole) == signs(*lines)


def test_links_are_where_their_text_is_painted() -> None:
    expr = row(Text("2.000", "forward", "node|n1|"), Text("+", glue="binary"), Text("3.000", "forward", "node|n2|"))

    (first, a), (second, b) = lay(expr, 16.0).rects()

    assert (a.link, b.link) == ("node|n1|", "node|n2|") and first.right() < second.left()


def test_a_piece_in_a_formula_keeps_its_link_under_an_exponent() -> None:
    box = lay(formula(r"e^{@0}", {"0": Text("2.000", None, "node|n1|")}), 16.0)

    assert [glyph.link for _, glyph in box.rects()] == ["node|n1|"]


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4), (2, 3, 5, 4), (40, 3)])
def test_every_cell_tells_its_own_number(shape: tuple[int, ...]) -> None:
    import torch

    numbers = np.arange(float(np.prod(shape, dtype=int))).reshape(shape) + 1
    flat = plane(array_view(torch.tensor(numbers)))
    rows, columns = flat.shape
    area = QRectF(0, 0, columns, rows)
    told = [cell_tip(flat, QPointF(c + 0.5, r + 0.5), area) for r in range(rows) for c in range(columns)]

    wanted = {f"[{', '.join(str(i) for i in index)}]  {exact(float(numbers[index]))}" for index in np.ndindex(*shape)}
    assert wanted <= set(told) <= wanted | {"", f"[]  {exact(1.0)}"}


def test_few_numbers_stand_in_their_cells_and_many_become_a_picture() -> None:
    import torch

    small, large = (plane(array_view(torch.ones(n, n))) for n in (3, 30))

    assert small.legible and not large.legible
    assert picture(large, 0).wide <= 9.0


def test_a_sheet_is_as_high_as_its_lines_and_follows_its_width(qtbot: QtBot) -> None:
    sheet = Sheet()
    qtbot.addWidget(sheet)
    sheet.show_lines([SheetLine(read(r"y = a + b + c + d + e + f + g")), SheetLine(None, "words " * 12)], [], LIGHT)

    narrow, wide = sheet.heightForWidth(120), sheet.heightForWidth(900)

    assert narrow > 2 * wide > 0


def test_an_empty_sheet_has_no_height_and_says_nothing(qtbot: QtBot) -> None:
    sheet = Sheet()
    qtbot.addWidget(sheet)
    sheet.show_lines([SheetLine(Row(()))], [], LIGHT)

    assert sheet.text == "" and not sheet.links()


@pytest.mark.parametrize("name", sorted(GREEK_NAMES - {"varsigma"}))
def test_every_greek_letter_of_a_formula_is_set_as_a_letter(name: str) -> None:
    assert not plain(read(f"\\{name}")).isascii()


@pytest.mark.parametrize(("key", "switches"), [(key, on) for key in OPTIMIZERS for on in (False, True)])
def test_the_equations_of_every_optimizer_are_set_without_a_word_left_over(key: str, switches: bool) -> None:
    chosen = {s.name: switches for s in OPTIMIZERS[key].settings if s.kind == "bool"}
    for text in OPTIMIZERS[key].formula(chosen):
        text = re.sub(r"\\quad.*|\\mathrm\{(if|else)\}", "", text)  # what stands beside it, and the words of a choice
        words = re.findall("[A-Za-z]{3,}", plain(read(text)))
        assert set(words) <= {"max", "min", "sign", "sqrt", "orthogonal"}, text
