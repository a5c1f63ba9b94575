"""The inspector edits the document through its form and shows the numbers of the selection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent, TraceView
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.address import output, wire
from graph.model.edits import SetParam
from graph.model.problem import Problem, Repair
from graph.storage.document import Document
from graph.text.messages import Message
from tests.support.window_support import hand_trace, matrix, names, scalar
from ui.forms.number_field import NumberField
from ui.shell.window import Window


def select(window: Window, name: str) -> str:
    node = names(window.document)[name]
    window.canvas.select([node])
    return node


def test_a_typed_setting_changes_the_document_in_one_step(window: Window, qtbot: QtBot) -> None:
    node = select(window, "x")
    field = window.panel("node").node_page.form.editors["maximum"]
    assert isinstance(field, NumberField)

    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), "25")
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)

    assert window.document.graph.setting(node, "maximum") == 25
    window.document.undo()
    assert window.document.graph.setting(node, "maximum") == 10


def test_ten_ticks_of_a_spin_box_are_one_step_to_undo(window: Window, qtbot: QtBot) -> None:
    node = select(window, "x")
    start = window.document.graph.setting(node, "step")
    field = window.panel("node").node_page.form.editors["step"]

    for _ in range(10):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert window.document.graph.setting(node, "step") > start

    window.document.undo()
    assert window.document.graph.setting(node, "step") == start


def test_a_new_name_reaches_the_document_and_a_taken_one_is_refused_in_words(window: Window, qtbot: QtBot) -> None:
    node = select(window, "multiply")
    name = window.panel("node").node_page.name
    name.setFocus()
    name.selectAll()
    qtbot.keyClicks(name, "d")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert window.document.graph.nodes[node].name == "d"

    name.selectAll()
    qtbot.keyClicks(name, "x")
    qtbot.keyClick(name, Qt.Key.Key_Return)

    assert window.document.graph.nodes[node].name == "d"
    assert "x" in window.panel("node").node_page.complaint.text()


def test_the_formula_bears_the_names_on_the_canvas_and_then_the_numbers(window: Window) -> None:
    select(window, "multiply")
    page = window.panel("node").node_page

    assert page.formula.latex.replace(" ", "") == r"\mathrm{multiply}=x\cdoty"
    assert page.numbers.latex.replace(" ", "") == r"{-}10=2\cdot({-}5)"


def test_value_and_gradient_of_a_scalar_are_numbers(window: Window) -> None:
    node = select(window, "x")
    window.panels.show("values")
    panels = window.panel("values").panels

    assert panels[output(node)].number.text() == "2"
    assert panels[output(node).derivative].number.text() == "−5"


def test_a_wires_gradient_is_that_wires_own(window: Window) -> None:
    graph, ids = window.document.graph, names(window.document)
    edge = next(e for e in graph.edges.values() if e.source[0] == ids["y"])
    window.canvas.select([edge.id])
    window.panels.show("values")

    panels = window.panel("values").panels
    assert panels[wire(edge.id).derivative].number.text() == "2"


def test_an_absent_gradient_says_why_and_is_never_a_number(window: Window) -> None:
    node = select(window, "x")
    window.panels.show("values")
    said = set()
    for reason in ("not computed", "independent", "not differentiable", "no objective"):
        window.showing.show_trace(replace(hand_trace(window.document), gradients={(node, "y"): Absent(reason)}))
        panel = window.panel("values").panels[output(node).derivative]
        assert not panel.number.isVisible()
        said.add(panel.note.text())

    assert len(said) == 4


def test_a_tensor_is_shown_as_heat_map_and_as_table(window: Window) -> None:
    node = select(window, "x")
    window.panels.show("values")
    trace = hand_trace(window.document)
    window.showing.show_trace(replace(trace, values={**trace.values, (node, "y"): matrix([[1.0, -2.0], [0.5, 4.0]])}))
    panel = window.panel("values").panels[output(node)]

    assert not panel.stack.isHidden() and panel.stack.currentIndex() == 0
    panel.modes.button(1).click()

    assert panel.stack.currentIndex() == 1
    assert [panel.model.data(panel.model.index(0, c)) for c in range(2)] == ["1", "−2"]


def test_numbers_of_an_older_document_are_marked_stale_until_new_ones_come(window: Window) -> None:
    node = select(window, "x")
    window.panels.show("values")
    number = window.panel("values").panels[output(node)].number
    assert number.property("role") == "value"

    window.document.do(SetParam(node, "value", 9.0), "Set value")
    window._settled()
    assert number.property("role") == "stale"

    window.showing.show_trace(hand_trace(window.document))
    assert number.property("role") == "value"


@pytest.mark.parametrize("name", ["x", "multiply", "add"])
def test_help_tells_what_the_type_does(window: Window, name: str) -> None:
    node = select(window, name)
    window.panels.show("help")

    page = window.panel("help")
    texts = [page._layout.itemAt(i).widget() for i in range(page._layout.count())]
    assert any(w is not None and getattr(w, "text", str)() == window.document.graph.spec(node).title for w in texts)


def test_a_problem_stands_with_its_node_and_its_repair_is_one_undoable_step(window: Window, qtbot: QtBot) -> None:
    node = select(window, "x")
    before = window.document.graph.copy()
    repair = Repair("Set the value to 4", (SetParam(node, "value", 4.0).to_json(),))
    problem = Problem("error", Message("x-something-is-wrong", "x: something is wrong"), (node,), repairs=(repair,))
    window.showing.show_trace(replace(hand_trace(window.document), problems=(problem,)))

    button = next(b for b in window.panel("node").node_page.findChildren(QPushButton) if b.text() == "Set the value to 4")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    assert window.document.graph.setting(node, "value") == 4.0
    assert window.document.history.undo_text == "Set the value to 4"
    window.document.undo()
    assert window.document.graph == before


def test_a_click_on_a_problem_selects_its_node(window: Window, qtbot: QtBot) -> None:
    node = names(window.document)["y"]
    window.showing.show_trace(replace(hand_trace(window.document), problems=(Problem("error", Message("y-wrong", "y: wrong"), (node,)),)))
    assert "Problems 1" in [window.panel("bottom").tabs.tabText(at) for at in range(window.panel("bottom").tabs.count())]
    window.panels.show("problems")

    qtbot.mouseClick(window.panel("problems").rows[0], Qt.MouseButton.LeftButton)

    assert window.canvas.selected_nodes() == [node]


def test_an_unwired_exponent_stands_in_the_formula_with_numbers(make_window: Callable[..., Window]) -> None:
    document = Document(build("x^3", CATALOG, {"x": -2.0}))
    window, ids = make_window(document), names(document)
    window.showing.show_trace(
        TraceView(
            structure=document.structure,
            revision=document.revision,
            objective=(ids["power"], "y"),
            values={(ids["x"], "y"): scalar(-2.0), (ids["power"], "y"): scalar(-8.0)},
        )  # fmt: skip
    )

    window.canvas.select([ids["power"]])

    page = window.panel("node").node_page
    assert page.numbers.latex.replace(" ", "") == "{-}8=({-}2)^{3}"
    assert list(page._rows) == ["a"]  # nothing is differentiated by a number in a setting


@pytest.mark.parametrize("name", ["x", "multiply"])
def test_a_double_click_on_a_number_leads_to_the_field_it_is_typed_in(window: Window, qtbot: QtBot, name: str) -> None:
    """On an input that is its value; a result has none, so its name is offered. Either way the page with the field is shown."""
    window.activateWindow()
    window.panels.show("explain")
    node, canvas = names(window.document)[name], window.canvas
    at = canvas.scene.rect(node).topLeft() + canvas.scene.cards[node].area.center()

    place = canvas.camera.to_view(QPointF(at)).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    field = window.focusWidget()
    assert isinstance(field, QLineEdit) and window.panels.is_shown("node")
    qtbot.keyClicks(field, "7")
    qtbot.keyClick(field, Qt.Key.Key_Return)

    if name == "x":
        assert window.document.graph.setting(node, "value") == 7.0 and window.document.graph.nodes[node].name == "x"
    else:
        assert field is window.panel("node").node_page.name


def test_no_heading_stands_over_an_empty_chain_rule(window: Window) -> None:
    """An input has no rule: also when it is the first node that is looked at."""
    select(window, "x")
    assert window.panel("node").node_page._rules_title.isHidden()
    select(window, "multiply")
    assert not window.panel("node").node_page._rules_title.isHidden()
