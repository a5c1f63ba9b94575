"""Formulas in narrow panels are broken, not shrunk to nothing, and nothing runs out of the panel."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.compile.views import WHY_ABSENT
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage.document import Document
from tests.support.window_support import hand_trace, names
from ui.inspector.node_page import NodePage, RuleRow
from ui.look.theme import THEMES
from ui.maths.formula import FormulaView, filled, named, svg
from ui.maths.formula_lines import broken
from ui.shell.window import Window


def formulas() -> list[tuple[str, float]]:
    """Every formula and every rule of the catalogue that is wider than a narrow panel, and its size in the inspector."""
    lines: list[tuple[str, float]] = []
    for spec in CATALOG.values():
        settings = {setting.name: setting.default for setting in spec.settings}
        lines.append((filled(spec.formula_for(settings), {}), 19.0))
        lines += [(named(rule, {}), 15.0) for rule in spec.local_derivatives_for(settings).values()]
    return lines


def width(latex: str, size: float) -> int:
    picture = svg(latex, size, "#000000")
    assert picture is not None, latex
    return QSvgRenderer(QByteArray(picture)).defaultSize().width()


def bare(latex: str) -> str:
    return re.sub(r"\\q?quad|\s", "", latex)


@pytest.mark.parametrize("room", [214, 260])
def test_every_formula_is_broken_where_it_can_be_and_nothing_is_lost(qapp: QApplication, room: int) -> None:
    broken_ones = 0
    for latex, size in formulas():
        lines = broken(latex, room / 0.8, lambda text, size=size: float(width(text, size)))
        assert bare("".join(lines)) == bare(latex)
        assert all(width(line, size) * 0.5 <= room for line in lines), lines
        broken_ones += len(lines) > 1
    assert broken_ones >= 8


def test_a_formula_is_cut_before_its_signs_and_never_inside_braces() -> None:
    def cells(text: str) -> float:
        return float(len(text))

    assert broken("y = a + b", 90, cells) == ["y = a + b"]
    assert broken(r"left\_side = a + \frac{1 + 2}{3 + 4}", 26, cells) == [r"left\_side", r"= a + \frac{1 + 2}{3 + 4}"]
    assert broken(r"y = x, \quad m = 1 + (2 + 3)", 17, cells) == ["y = x,", "m = 1 + (2 + 3)"]
    assert broken(r"\frac{aaaaaaaaaaaaa + bbbbbbbbbb}{c}", 9, cells) == [r"\frac{aaaaaaaaaaaaa + bbbbbbbbbb}{c}"]
    assert broken("", 9, cells) == [""]


def test_the_view_is_as_high_as_its_lines(qtbot: QtBot) -> None:
    latex = next(text for text, size in formulas() if size == 19.0 and width(text, size) > 600)
    view = FormulaView(19.0)
    qtbot.addWidget(view)
    view.resize(250, 40)
    view.set_formula(latex, "#000000")
    view.typeset()
    view.show()

    assert len(view.lines) >= 3 and min(view.lines) >= 0.7
    assert view.sizeHint().height() > 3 * 19
    view.resize(1200, 40)
    assert view.lines == [1.0] and view.sizeHint().height() < 3 * 19


@pytest.mark.parametrize("key", ["loss.cross_entropy", "loss.bce", "layer.batch_norm1d", "math.multiply", "loss.huber"])
@pytest.mark.parametrize("said", ["−0.1234", WHY_ABSENT["independent"], "", "−1.234e−5"])
@pytest.mark.parametrize("theme", ["light", "projector"])
def test_a_rule_and_its_number_are_both_to_be_read(qtbot: QtBot, key: str, said: str, theme: str) -> None:
    spec, own = CATALOG[key], THEMES[theme]
    for rule in spec.local_derivatives_for({s.name: s.default for s in spec.settings}).values():
        row = RuleRow(named(rule, {}), own)
        qtbot.addWidget(row)
        row.formula.typeset()
        row.resize(round(248 * own.scale), 30)
        row.show()
        row.show_number(said)
        for _ in range(4):
            QApplication.processEvents()
        row.resize(row.width(), max(row.sizeHint().height(), row.minimumSizeHint().height(), 0))
        for _ in range(4):
            QApplication.processEvents()
        assert min(row.formula.lines) > 0.55, (rule, row.formula.lines)
        assert row.rect().contains(row.formula.geometry())
        if said:
            assert row.rect().contains(row.number.geometry())
            if not row.number.wordWrap():
                assert row.number.width() >= row.number.sizeHint().width()
            assert not row.number.geometry().intersects(row.formula.geometry())
        row.hide()


def test_no_part_of_the_node_page_is_wider_than_the_panel(window: Window, qtbot: QtBot) -> None:
    window.resize(1280, 690)
    document = Document(build("mean((a*b - c)^2) + log(a)", CATALOG, {"a": 2.0, "b": -5.0, "c": 3.0}))
    window.set_document(document)
    for key in ("loss.bce", "layer.batch_norm1d", "loss.cross_entropy"):
        window.canvas.add_node(key)
    page: NodePage = window.panel("node").node_page
    for node in list(document.graph.nodes):
        window.canvas.select([node])
        for row in page._rows.values():
            row.formula.typeset()
            row.show_number(WHY_ABSENT["independent"])
        qtbot.wait(5)
        assert page.minimumSizeHint().width() <= page.width(), document.graph.nodes[node].name
        assert all(row.geometry().right() <= page.width() for row in page._rows.values())


def test_a_line_of_numbers_keeps_its_result(window: Window) -> None:
    """What does not fit on one line goes on below; the last number is what the line is read for."""
    window.canvas.select([names(window.document)["multiply"]])
    window.showing.show_trace(hand_trace(window.document))
    view = window.panel("node").node_page.numbers
    view.resize(200, 30)
    view.set_formula(r"f = 1234.5678 \cdot (-9876.54321) + 1234.5678 \cdot 0.00012345 = -12192807.4", "#000000")
    assert len(view.lines) == 2 and view.lines[1].endswith("7.4") and "…" not in view.lines[1]
    view.set_formula("f = 2.000", "#000000")
    assert len(view.lines) == 1
