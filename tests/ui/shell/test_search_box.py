"""The box at the cursor: Tab or a double click opens it, Enter places the first hit, Esc changes nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from ui.maths.formula_text import TextLine
from ui.shell.commands.edit import FORMULA
from ui.shell.search_box import ROW
from ui.shell.window import Window


def test_tab_opens_the_box_and_enter_places_the_first_hit(window: Window, qtbot: QtBot) -> None:
    before = len(window.document.graph.nodes)
    window.canvas.setFocus()

    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert window.search_box.isVisible() and window.search_box.query.hasFocus()
    qtbot.keyClicks(window.search_box.query, "mul")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)

    graph = window.document.graph
    assert len(graph.nodes) == before + 1
    assert graph.nodes[window.canvas.selected_nodes()[0]].type == "math.multiply"
    assert not window.search_box.isVisible() and window.canvas.hasFocus()


def test_a_double_click_on_empty_canvas_places_the_node_there(window: Window, qtbot: QtBot) -> None:
    at = QPoint(20, window.canvas.height() - 20)
    wanted = window.canvas.camera.to_scene(at.toPointF())

    qtbot.mouseDClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClicks(window.search_box.query, "tanh")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)

    node = next(n for n in window.document.graph.nodes.values() if n.type == "activation.tanh")
    assert abs(node.x - wanted.x()) < 120 and abs(node.y - wanted.y()) < 60


def test_escape_restores_focus_and_leaves_the_document_alone(window: Window, qtbot: QtBot) -> None:
    before = window.document.graph.copy()
    window.canvas.setFocus()

    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    qtbot.keyClicks(window.search_box.query, "add")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Escape)

    assert not window.search_box.isVisible() and window.canvas.hasFocus()
    assert window.document.graph == before


def test_arrows_choose_another_hit(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    qtbot.keyClicks(window.search_box.query, "sum")
    first = window.search_box.list.currentIndex().row()

    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Down)

    assert (first, window.search_box.list.currentIndex().row()) == (0, 1)
    window.search_box.dismiss()


def test_canvas_keys_typed_into_the_box_are_letters(window: Window, qtbot: QtBot) -> None:
    before = window.document.graph.copy()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)

    qtbot.keyClicks(window.search_box.query, "fl.,")

    assert window.search_box.query.text() == "fl.,"
    assert window.document.graph == before and window.playhead.at_rest
    window.search_box.dismiss()


def test_a_placed_type_comes_first_next_time_among_equals(window: Window) -> None:
    window.panel("library").place("math.sin")

    assert window.settings.recent_types[0] == "math.sin"


def test_the_command_list_runs_a_command(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(window.search_box.query, "dark")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)

    assert window.theme.name == "dark"


def test_a_formula_in_the_list_has_its_exponent_raised(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[tuple[str, int]] = []
    original = TextLine.paint

    def paint(self: TextLine, painter: QPainter, x: float, baseline: float, size: float = 14) -> None:
        painted.extend((run.text, run.level) for _, run in self.pieces)
        original(self, painter, x, baseline, size)

    monkeypatch.setattr(TextLine, "paint", paint)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    qtbot.keyClicks(window.search_box.query, "exponential")
    window.search_box.list.viewport().repaint()

    (place,) = [at for at, run in enumerate(painted) if run[0].endswith("e") and run[1] == 0 or run[0].endswith("𝑒")][:1]
    assert painted[place + 1][1] == 1 and painted[place + 1][0] in ("x", "𝑥")
    window.search_box.dismiss()


@pytest.mark.parametrize("text", ["2x + 1", "e^x", "|x|", "x²", "√x", r"\frac{x}{2}", "0,5x", "x·y", "θ*x"])
def test_notation_of_lectures_is_offered_as_a_formula(text: str) -> None:
    assert FORMULA.search(text)


@pytest.mark.parametrize("text", ["conv2d", "relu", "max", "squared error", "größe"])
def test_a_name_is_not_offered_as_a_formula(text: str) -> None:
    assert not FORMULA.search(text)


def test_a_mistyped_type_is_guessed_and_enter_takes_it(window: Window, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    qtbot.keyClicks(window.search_box.query, "sigmod")

    rows = [window.search_box.model.index(row, 0).data(ROW) for row in range(window.search_box.model.rowCount())]
    assert [row.title for row in rows[:2]] == ['No match for "sigmod". Did you mean Sigmoid?', "Sigmoid"] and not rows[0].enabled
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)
    assert [n.type for n in window.document.graph.nodes.values()][-1] == "activation.sigmoid"


def test_a_mistyped_command_is_guessed_and_nonsense_is_not(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(window.search_box.query, "qxzv")
    assert window.search_box.values() == [None]
    window.search_box.query.clear()
    qtbot.keyClicks(window.search_box.query, "projetcor")
    qtbot.keyClick(window.search_box.query, Qt.Key.Key_Return)
    assert window.theme.name == "projector"


def test_a_mistyped_name_on_the_canvas_is_guessed_by_the_strip_that_finds(window: Window, qtbot: QtBot) -> None:
    window.canvas.ask_find()
    bar = window.canvas.find_bar
    assert bar is not None
    qtbot.keyClicks(bar.query, "mulitply")
    assert bar.nothing.isVisible() and bar.nothing.text().casefold().endswith("did you mean multiply?")
    qtbot.keyClick(bar.query, Qt.Key.Key_Return)
    assert bar.query.text().casefold() == "multiply" and not bar.nothing.isVisible()
    assert [window.document.graph.nodes[n].type for n in window.canvas.selected_nodes()] == ["math.multiply"]
