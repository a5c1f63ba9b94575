"""Problems are told while editing, before anything runs, and mended by one click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.compile.shapes import infer
from engine.compile.views import TraceView
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, Connect, Disconnect, Move
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.model.structure import problems
from graph.storage.document import Document
from graph.text.messages import Message
from tests.support.window_support import hand_trace, names
from ui.canvas.model.tips import node_tip
from ui.look.schedule import Schedule
from ui.problems.diagnosis import Diagnosis
from ui.problems.problems import ProblemRow
from ui.shell.window import Window


def texts(window: Window) -> list[str]:
    return [row.problem.text for row in window.panel("problems").rows]


def tab_texts(window: Window) -> list[str]:
    tabs = window.panel("bottom").tabs
    return [tabs.tabText(index) for index in range(tabs.count())]


def repair_buttons(row: ProblemRow) -> list[QPushButton]:
    return [b for b in row.findChildren(QPushButton) if b.property("kind") == "repair"]


def unflattened() -> Graph:
    """Digits as images meet a Linear layer, which takes flat features."""
    graph = Graph(CATALOG)
    for node in (
        Node("d", "source.data", "digits", params={"dataset": "digits", "image": True}),
        Node("c", "layer.conv2d", "conv"),
        Node("l", "loss.cross_entropy", "loss"),
    ):
        AddNode(node).apply(graph)
    Connect(Edge("e1", ("d", "x"), ("c", "x"))).apply(graph)
    Connect(Edge("e2", ("c", "y"), ("l", "scores"))).apply(graph)
    Connect(Edge("e3", ("d", "target"), ("l", "target"))).apply(graph)
    return graph


def test_an_open_input_is_told_without_an_engine(window: Window, qtbot: QtBot) -> None:
    multiply = names(window.document)["multiply"]
    edge = window.document.graph.inputs_of(multiply)[0]

    window.document.do(Disconnect(edge.id))
    qtbot.waitUntil(lambda: bool(texts(window)), timeout=1000)

    assert texts(window)[0] == "multiply: nothing is connected to its input a"
    assert window.canvas.content.problem(multiply) is not None  # the badge
    assert any(text.startswith("Problems") for text in tab_texts(window))


def test_connecting_the_only_fitting_port_is_one_click_and_one_undo_step(window: Window, qtbot: QtBot) -> None:
    document, before = window.document, window.document.graph.copy()
    edge = document.graph.inputs_of(names(document)["multiply"])[0]
    document.do(Disconnect(edge.id))
    qtbot.waitUntil(lambda: bool(texts(window)), timeout=1000)
    row = window.panel("problems").rows[0]
    steps = document.history.undo_text

    assert [b.text() for b in repair_buttons(row)] == ["Connect x to a"]
    repair_buttons(row)[0].click()

    assert document.graph.inputs_of(names(document)["multiply"])[0].source == edge.source
    qtbot.waitUntil(lambda: not texts(window), timeout=1000)
    document.undo()
    assert document.history.undo_text == steps
    document.undo()
    assert document.graph == before


def test_a_shape_problem_names_both_nodes_and_flatten_mends_it(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    window = make_window(Document(unflattened()))
    problems = tuple(infer(window.document.graph).problems)

    window.showing.show_trace(TraceView(structure=window.document.structure, revision=window.document.revision, problems=problems))
    row = window.panel("problems").rows[0]

    assert "loss" in row.problem.text and "conv" in row.problem.text
    assert {"→ loss", "→ conv"} <= {b.text() for b in row.findChildren(QPushButton)}
    flatten = next(b for b in repair_buttons(row) if "Flatten" in b.text())
    flatten.click()
    assert [n.type for n in window.document.graph.nodes.values()].count("math.flatten") == 1
    window.document.undo()
    assert window.document.graph == unflattened()


def test_a_click_goes_to_the_node_and_its_wire(window: Window) -> None:
    ids = names(window.document)
    edge = window.document.graph.inputs_of(ids["add"])[0].id
    problem = Problem("error", Message("add-a-does-not-fit-z", "add: a does not fit z"), (ids["add"], ids["z"]), (edge,))
    window.showing.show_trace(replace(hand_trace(window.document), problems=(problem,)))
    window.panels.show("problems")

    QTest.mouseClick(window.panel("problems").rows[0], Qt.MouseButton.LeftButton)

    assert window.canvas.selection == {ids["add"], edge}
    assert window.canvas.hasFocus()


def test_keys_walk_the_list_and_enter_goes(window: Window) -> None:
    ids = names(window.document)
    two = (
        Problem("error", Message("add-is-wrong", "add is wrong"), (ids["add"],)),
        Problem("warning", Message("z-is-odd", "z is odd"), (ids["z"],)),
    )
    window.showing.show_trace(replace(hand_trace(window.document), problems=two))
    window.panels.show("problems")
    first, second = window.panel("problems").rows
    first.setFocus()

    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Return)

    assert window.canvas.selected_nodes() == [ids["z"]]


def test_severity_is_told_by_a_glyph_and_to_a_screen_reader(window: Window) -> None:
    two = (Problem("warning", Message("odd", "odd")), Problem("error", Message("wrong", "wrong")))
    window.showing.show_trace(replace(hand_trace(window.document), problems=two))

    rows = window.panel("problems").rows

    assert [row.accessibleName() for row in rows] == ["error: wrong", "warning: odd"]
    glyphs = [row.row.itemAt(0).widget().text() for row in rows]
    assert glyphs == ["✕", "!"]


def test_a_note_is_listed_last_is_not_counted_and_hides_no_number(window: Window) -> None:
    ids = names(window.document)
    texts_of = {"note": ("x: read as 2", "x"), "warning": ("y: odd", "y"), "error": ("add: wrong", "add")}
    problems = tuple(Problem(severity, Message(text, text), (ids[name],)) for severity, (text, name) in texts_of.items())  # type: ignore[arg-type]
    window.showing.show_trace(replace(hand_trace(window.document), problems=problems))
    window.panels.show("problems")

    rows = window.panel("problems").rows
    assert [row.row.itemAt(0).widget().text() for row in rows] == ["✕", "!", "i"]
    assert "Problems 2" in tab_texts(window)
    content = window.canvas.content
    assert node_tip(content, ids["x"]).startswith("x: read as 2\n\nx  Input\nvalue  2")
    assert "value" in node_tip(content, ids["y"]) and node_tip(content, ids["add"]) == "add: wrong"
    window.canvas.select([ids["x"]])
    assert not window.grab().isNull()  # the badge of a note can be painted


def test_what_window_and_engine_both_see_is_listed_once() -> None:
    graph = Graph(CATALOG)
    AddNode(Node("s", "math.sin", "sin")).apply(graph)
    document, diagnosis = Document(graph), Diagnosis()
    diagnosis.set_document(document)
    engine = tuple(infer(graph).problems)
    assert engine  # the engine says it too

    diagnosis.take(TraceView(problems=engine))

    assert [p.text for p in diagnosis.problems].count("sin: nothing is connected to its input x") == 1


def test_what_the_engine_said_of_a_deleted_node_goes_with_it(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    window.showing.show_trace(
        replace(hand_trace(window.document), problems=(Problem("warning", Message("z-is-odd", "z is odd"), (ids["z"],)),))
    )
    assert texts(window) == ["z is odd"]

    window.canvas.select([ids["z"]])
    window.commands.run("delete")
    qtbot.waitUntil(lambda: "z is odd" not in texts(window), timeout=1000)

    assert texts(window) == ["add: nothing is connected to its input b"]


def test_a_large_document_is_looked_at_a_little_after_every_frame(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(CATALOG)
    for index in range(600):
        AddNode(Node(f"n{index}", "math.sin" if index else "source.input", f"a{index}")).apply(graph)
        if index:
            Connect(Edge(f"e{index}", (f"n{index - 1}", "y"), (f"n{index}", "x"))).apply(graph)
    work, document = Schedule(), Document(graph)
    diagnosis = Diagnosis(work=work)
    monkeypatch.setattr("ui.problems.diagnosis.SLICE_MS", 0.0)
    diagnosis.set_document(document)

    def rounds() -> int:
        count = 0
        while not work.idle:
            work.drop("problems")
            diagnosis._go_on()
            count += 1
        return count

    whole = rounds()
    assert whole > 10 and list(diagnosis.problems) == problems(graph) == []
    document.do(Disconnect("e300"))
    assert not list(diagnosis.problems), "the event of the edit looks at nothing"
    work.drop("problems")
    diagnosis._begin()
    diagnosis._go_on()
    document.do(Move((("n5", 8.0, 8.0),)))
    diagnosis._go_on()
    document.do(Connect(Edge("e300", ("n299", "y"), ("n300", "x"))))
    document.do(Disconnect("e300"))
    work.drop("problems")
    diagnosis._begin()
    assert 10 < rounds() <= whole + 2, "it began again, of the document as it is now"
    assert {found.nodes for found in diagnosis.problems} == {found.nodes for found in problems(graph)} and diagnosis.problems
