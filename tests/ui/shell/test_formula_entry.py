"""A formula typed on the canvas becomes its graph, and a selection becomes a formula again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.formula.to_latex import latex
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.window_support import names
from ui.shell import formula_commands
from ui.shell.formula_entry import FormulaEntry, read_entry, summary
from ui.shell.window import Window


def typed(window: Window, text: str) -> FormulaEntry:
    """The field, opened by its key, with a text typed into it."""
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Equal)
    entry = formula_commands.entry_of(window)
    QTest.keyClicks(entry.field, text)
    return entry


def kinds(document: Document) -> dict[str, str]:
    return {node.name: node.type for node in document.graph.nodes.values()}


def test_a_formula_is_one_undo_step(window: Window) -> None:
    before = window.document.graph.copy()

    entry = typed(window, "(1 - w2*w1)^2")
    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    assert kinds(window.document)["w1"] == kinds(window.document)["w2"] == "parameter.parameter"
    assert len(window.document.graph.nodes) == len(before.nodes) + 6  # w2, w1, their product, 1, the difference, the power
    assert not entry.isVisible() and window.canvas.hasFocus()
    window.document.undo()
    assert window.document.graph == before
    window.document.redo()
    assert len(window.document.graph.nodes) == len(before.nodes) + 6


def test_a_name_on_the_canvas_means_that_node(window: Window) -> None:
    entry = typed(window, "x*k")

    assert entry.note.text() == "✓  2 new nodes · connected to x"
    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    graph, ids = window.document.graph, names(window.document)
    assert kinds(window.document)["k"] == "source.input"
    assert [graph.nodes[edge.target[0]].name for edge in graph.outputs_of(ids["x"])] == ["multiply", "multiply_2"]


def test_a_switch_makes_a_new_name_a_parameter(window: Window) -> None:
    entry = typed(window, "k*w1")
    assert (entry.chips["k"].text(), entry.chips["w1"].text()) == ("k  → Input", "w1  θ Parameter")

    QTest.mouseClick(entry.chips["k"], Qt.MouseButton.LeftButton)
    QTest.mouseClick(entry.chips["w1"], Qt.MouseButton.LeftButton)
    entry.accept()

    assert (kinds(window.document)["k"], kinds(window.document)["w1"]) == ("parameter.parameter", "source.input")


def test_the_switch_is_reached_and_turned_by_keys(window: Window) -> None:
    entry = typed(window, "k + 1")

    QTest.keyClick(entry.field, Qt.Key.Key_Tab)
    assert entry.chips["k"].hasFocus()
    QTest.keyClick(entry.chips["k"], Qt.Key.Key_Space)
    QTest.keyClick(entry.chips["k"], Qt.Key.Key_Return)

    assert kinds(window.document)["k"] == "parameter.parameter"


def test_new_cards_stand_clear_of_those_that_are_there(window: Window) -> None:
    scene = window.canvas.scene
    old = list(window.document.graph.nodes)
    corner = scene.bounds(old).topLeft()

    formula_commands.ask(window, corner)
    entry = formula_commands.entry_of(window)
    QTest.keyClicks(entry.field, "sin(p)*cos(q) + exp(p)")
    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    fresh = [node for node in window.document.graph.nodes if node not in old]
    assert window.canvas.selected_nodes() == fresh
    for i, node in enumerate(fresh):
        assert not any(scene.rect(node).intersects(scene.rect(other)) for other in (*old, *fresh[:i]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x*", "Something is still missing after *."),
        ("(x + 1", "The bracket ( opened at position 1 is not closed yet."),
        ("x)", "The bracket ) at position 2 closes nothing."),
        ("sin x", "Between sin and x something is missing. Did you mean sin(x)?"),
        ("x y", "Between x and y something is missing. Did you mean x*y?"),
        ("|x", "The | opened at position 1 is not closed yet."),
        ("step(x)", "There is no function called step; where(x > 0, 1, 0) is the step at 0, and recurrent(x, h) the recurrent step."),
        ("x!", "x!: a factorial has no derivative and is not in the library."),
        ("0,5,2*x", '"0,5,2" is not a number: the signs between its digits do not fit together.'),
        ("blub(x)", "There is no function called blub."),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:
    assert read_entry(Graph(CATALOG), text, (0.0, 0.0)).complaint == words


def test_a_constant_is_no_input_and_its_number_is_said() -> None:
    entry = read_entry(Graph(CATALOG), "e^x + pi*λ", (0.0, 0.0))
    assert entry.inputs == ("x", "λ") and entry.numbers == ("e", "pi") and entry.used == ()
    assert "e = 2.71828… · pi = 3.14159…" in summary(entry)


@pytest.mark.parametrize("name", ["x1", "x_1"])
def test_a_lowered_digit_means_the_name_that_is_there(name: str) -> None:
    entry = read_entry(build(f"{name}*y", CATALOG, {name: 1.0, "y": 2.0}), "x₁ + y", (0.0, 0.0))
    assert entry.used == (name, "y") and entry.inputs == () and len(entry.nodes) == 1


def test_enter_on_a_wrong_formula_changes_nothing_and_stays(window: Window) -> None:
    before = window.document.graph.copy()
    entry = typed(window, "a*")

    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    assert entry.isVisible() and entry.note.text().startswith("✕")
    assert window.document.graph == before
    QTest.keyClick(entry.field, Qt.Key.Key_Escape)
    assert not entry.isVisible() and window.canvas.hasFocus()


def test_previews_use_up_no_ids_of_the_document(window: Window) -> None:
    expected = window.document.graph.copy().fresh_id("n")

    entry = typed(window, "p*q + r")
    entry.accept()

    assert expected in window.document.graph.nodes


def test_letters_typed_into_the_field_are_no_commands(window: Window) -> None:
    before = window.document.graph.copy()

    entry = typed(window, "f.,l+-=")

    assert entry.field.text() == "f.,l+-=" and window.document.graph == before


def test_the_search_box_offers_a_formula(window: Window, qtbot: QtBot) -> None:
    window.canvas.add_requested.emit(QPointF(0, 0), window.canvas.mapToGlobal(window.canvas.rect().center()), None)
    qtbot.keyClicks(window.search_box.query, "a*b + 1")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)

    entry = formula_commands.entry_of(window)
    assert entry.isVisible() and entry.field.text() == "a*b + 1"


def test_an_empty_canvas_shows_the_whole_graph_of_its_first_formula(window: Window) -> None:
    window.canvas.select_all()
    window.commands.run("delete")

    window.canvas.formula_requested.emit()
    entry = formula_commands.entry_of(window)
    QTest.keyClicks(entry.field, "(1 - w2*w1)^2")
    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    assert len(window.document.graph.nodes) == 6
    assert window.canvas.seen().contains(window.canvas.scene.bounds())


def test_a_later_formula_is_wholly_in_view_however_large_the_view_was(window: Window) -> None:
    canvas = window.canvas
    while canvas.seen().width() > 500:
        window.actions_by_id["zoom_in"].trigger()

    entry = typed(window, "y = tanh(w*x + b)")
    QTest.keyClick(entry.field, Qt.Key.Key_Return)

    assert len(canvas.selected_nodes()) == 5 and canvas.seen().contains(canvas.scene.bounds(canvas.selected_nodes()))


def test_a_selection_is_copied_as_a_formula_that_can_be_typed_again(window: Window) -> None:
    window.canvas.select_all()

    window.commands.run("copy_formula")

    text = QApplication.clipboard().text()
    assert text == "x*y + z"
    assert len(build(text, CATALOG, {"x": 1.0, "y": 1.0, "z": 1.0}).nodes) == 5
    window.commands.run("copy_latex")
    assert QApplication.clipboard().text() == r"x \cdot y + z"


def test_the_formula_of_one_node_holds_all_it_is_computed_from(window: Window) -> None:
    last = window.document.graph.order()[-1]
    window.canvas.select([last])
    window.commands.run("copy_formula")
    alone = QApplication.clipboard().text()
    QTest.keyClick(window.canvas, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(window.search_box.query, "whole formula")
    QTest.keyClick(window.search_box.query, Qt.Key.Key_Return)

    assert QApplication.clipboard().text() == "x*y + z" != alone


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(1 - w2*w1)^2", r"(1 - w_{2} \cdot w_{1})^{2}"),
        ("a - (b - c)", "a - (b - c)"),
        ("a - (-b)", "a - (-b)"),
        ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
        ("sqrt(x) + abs(y)", r"\sqrt{x} + |y|"),
        ("(a^b)^c", "(a^{b})^{c}"),
        ("e^(2π*x)", r"e^{2 \cdot \pi \cdot x}"),
        ("θ_1*x₁", r"\theta_{1} \cdot x_{1}"),
        ("sin^2(x) + cos(x)^2", r"\sin^{2}(x) + \cos^{2}(x)"),
        ("where(x > 0, x^2, y)", r"(x^{2} \;\mathrm{if}\; x > 0, \;\mathrm{else}\; y)"),
        ("X^T @ y", r"X^\top\,y"),
        (r"\frac{x}{2}", r"\frac{x}{2}"),
        ("u = w*x; u^2", "u = w \\cdot x \\\\\nu^{2}"),
    ],
)
def test_brackets_in_latex_stand_where_the_meaning_needs_them(text: str, written: str) -> None:
    assert latex(text) == written


def paste(window: Window, text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ctrl+V of a text on the canvas; what the window said."""
    said: list[str] = []
    monkeypatch.setattr(window.status, "say", said.append)
    QApplication.clipboard().setText(text)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    return said


def test_lines_of_text_are_pasted_as_definitions_in_one_step(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    before = window.document.graph.copy()

    assert not paste(window, "u = w*k + b\nf2 = tanh(u) * y\n", monkeypatch)

    graph, ids = window.document.graph, names(window.document)
    assert set(window.canvas.selected_nodes()) == set(graph.nodes) - set(before.nodes)
    assert {"u", "f2", "w", "k", "b"} <= set(ids) and len(graph.nodes) == len(before.nodes) + 7  # and w·k, tanh
    assert [graph.nodes[e.source[0]].type for e in graph.inputs_of(ids["f2"])] == ["activation.tanh", "source.input"]
    assert graph.edge_into(ids["f2"], "b").source[0] == ids["y"]  # the y that was there
    rects = [window.canvas.scene.rect(n) for n in graph.nodes]
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])
    window.document.undo()
    assert window.document.graph == before and not window.document.history.can_undo


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dear all, the exam is on Monday.", "This text is not a formula: Between Dear and all something is missing."),
        ("hello", "This text is not a formula: it is a single name or number."),
        ("a = x + 1\nb = a +* 2\nc = b", "Line 2 of this text is not a formula: "),
        ("\n \n", "There is nothing to paste in this text"),
        ('{"some": "json"}', "this text cannot be pasted: it is not part of a Gradwire document"),
    ],
)
def test_a_text_that_is_no_formula_says_why_in_one_sentence(
    window: Window, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    before = window.document.graph.copy()
    sentences = paste(window, text, monkeypatch)
    assert window.document.graph == before and not window.document.history.can_undo
    assert len(sentences) == 1 and sentences[0].startswith(said)
