"""What is hidden to be predicted is given away by none of the panels; f = x·y + x at 2 and −5."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from engine.compile.views import cover
from engine.compile.visible import Hidden, addresses
from engine.explain.covering import covered
from engine.explain.update import ParameterUpdate, UpdateTable
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.address import Address
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.window_support import Answers, names, scalar
from ui.canvas.model import number_texts
from ui.debugger.tags import update_tags
from ui.debugger.update_view import UpdateView
from ui.explain.paths_tool import PathsTool
from ui.explain.picture_tool import PictureTool
from ui.maths.array_view import ArrayPanel
from ui.maths.sheet import Sheet
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 20_000
ANSWERED = {"paths": "ledger", "picture": "local", "symbolic": "formulas", "modes": "answer"}


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    document = Document(build("x*y + x", CATALOG, {"x": 2.0, "y": -5.0}))
    window = make_window(document, kernel=Desk(), size=(1440, 900), unsaved="discard")
    window.canvas.select([names(document)["x"]])
    return window


def says(text: str, number: str) -> bool:
    """Whether a number stands in a text by itself, and not as part of another one."""
    return re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", text) is not None


def said_by(tool: QWidget) -> str:
    """All words of a tool: on its labels and in their tips, in formulas and tables."""
    texts = [text for label in tool.findChildren(QLabel) for text in (label.text(), label.toolTip())]
    texts += [sheet.accessibleName() for sheet in tool.findChildren(Sheet)]
    for table in tool.findChildren(QTableWidget):
        items = [table.item(row, column) for row in range(table.rowCount()) for column in range(table.columnCount())]
        texts += [text for item in items if item is not None for text in (item.text(), item.toolTip())]
    return "\n".join(texts)


@pytest.mark.parametrize("key", ["paths", "audit", "picture", "symbolic", "modes"])
def test_a_gradient_that_is_to_be_found_out_is_told_by_no_tool_and_by_all_once_it_is_found(window: Window, qtbot: QtBot, key: str) -> None:
    """∂f/∂x = −5 + 1 = −4; on its wires, which the audit compares, −5 and 1."""
    graph, x = window.document.graph, names(window.document)["x"]
    secret = "−5" if key == "audit" else "−4"
    window.visibility.hide("predict", gradients=[x, *(e for e, edge in graph.edges.items() if edge.source[0] == x)])
    window.explain.show_tool(key)
    tool = window.explain.tools.tool(key)
    if key == "audit":
        window.explain.toggle_audit()
        qtbot.waitUntil(lambda: bool(window.explain.audit.rows) and not window.explain.audit.busy, timeout=PATIENCE)
    else:
        qtbot.waitUntil(lambda: getattr(tool, ANSWERED[key]) is not None, timeout=PATIENCE)
    qtbot.wait(30)

    told = said_by(tool)
    window.visibility.hide("predict")

    assert secret not in told and "?" in told and tool.showing
    qtbot.waitUntil(lambda: secret in said_by(tool) and "?" not in said_by(tool), timeout=PATIENCE)


def test_neither_the_secant_nor_newtons_step_tell_a_slope_that_is_to_be_found_out(window: Window, qtbot: QtBot) -> None:
    """f = x·x at 2: the slope is 4, with ε = 0.0001 the secant's 4.0001; Newton's step is from 2 by −4/2 to 0."""
    window.set_document(Document(build("x*x", CATALOG, {"x": 2.0})))
    qtbot.waitUntil(lambda: window.trace is not None, timeout=PATIENCE)
    x = names(window.document)["x"]
    window.canvas.select([x])
    window.visibility.hide("predict", gradients=[x])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)

    tool.begin(1e-4)
    qtbot.waitUntil(lambda: tool.secant is not None and "(" in tool.numbers.text, timeout=PATIENCE)
    told = said_by(tool)
    window.visibility.hide("predict")

    assert "4.0" not in told and "Newton" not in told
    qtbot.waitUntil(lambda: "= 4" in said_by(tool) and "Newton" in said_by(tool), timeout=PATIENCE)


@pytest.mark.parametrize("key", ["paths", "audit", "picture", "symbolic", "modes"])
def test_while_a_value_is_hidden_the_tools_say_so_instead(window: Window, qtbot: QtBot, key: str) -> None:
    node = names(window.document)["multiply"]
    window.canvas.select([names(window.document)["x"]])
    window.explain.show_tool(key)
    tool = window.explain.tools.current
    assert tool is not None
    qtbot.waitUntil(lambda: tool.showing and not tool.asking, timeout=60_000)
    if key == "audit":
        window.explain.toggle_audit()

    window.visibility.hide("predict", values=[node])
    qtbot.waitUntil(lambda: "Reveal them first" in said_by(tool), timeout=PATIENCE)
    window.visibility.hide("predict")

    qtbot.waitUntil(lambda: tool.showing and "Reveal them first" not in said_by(tool.body), timeout=PATIENCE)


def test_the_step_of_a_parameter_whose_gradient_is_to_be_found_out_is_not_in_the_updates(qtbot: QtBot) -> None:
    """θ ← θ − 0.1 g: from 2 to 1.7 it took a gradient of 3, from 5 to 5.4 one of −4."""
    steps = {"v": (2.0, 3.0, -0.3, 1.7), "w": (5.0, -4.0, 0.4, 5.4)}
    rows = []
    for name, all_ in steps.items():
        old, gradient, step, new = map(scalar, all_)
        rows.append(ParameterUpdate(name, "value", name, old, gradient, step, new, (), (), (), all_, ()))
    update = UpdateTable("sgd", "SGD", (), (), 0, 1, 1.0, tuple(rows))
    view = UpdateView()
    qtbot.addWidget(view)

    engine: Any = SimpleNamespace(graph=Graph(CATALOG), trace=None)
    shown = covered(update, engine, Hidden(frozenset({Address("parameter", "v", "value", True)})))
    view.show_update(shown)
    told, tags = said_by(view), update_tags(shown)
    view.show_update(update)

    assert not any(number in told for number in ("3.0", "1.7")) and "5.4" in told and "Predict the gradient first" in told
    assert set(tags) == {"w"} and set(update_tags(update)) == {"v", "w"}
    assert says(said_by(view), "3") and "?" not in said_by(view)


def test_a_number_that_is_covered_leaves_nothing_in_its_tip(qtbot: QtBot) -> None:
    panel = ArrayPanel("Gradient", "gradient-number")
    qtbot.addWidget(panel)
    panel.show_view(scalar(-4.0))

    panel.show_view(cover(scalar(-4.0)))

    assert "−4" not in said_by(panel)


def test_who_predicts_what_a_layer_gives_sees_its_weights() -> None:
    graph = example_document("tanh-mlp-2-4-2", CATALOG).graph
    layer = next(node for node in graph.nodes.values() if node.name == "hidden")
    hidden = addresses(graph, [layer.id], ())

    assert Address("output", layer.id, "y") in hidden and not any(address.kind == "parameter" for address in hidden)


def test_a_layers_card_keeps_its_weights_while_its_output_is_a_question_mark(window: Window, qtbot: QtBot) -> None:
    window.set_document(example_document("tanh-mlp-2-4-2", CATALOG))
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale, timeout=PATIENCE)
    canvas, node = window.canvas, names(window.document)["hidden"]
    canvas.camera.fit(canvas.scene.rect(node).adjusted(-40, -40, 40, 40), QSizeF(canvas.size()), 2.0)
    canvas.camera_moved()
    area = canvas.camera.rect_to_view(canvas.scene.cards[node].area.translated(canvas.scene.rect(node).topLeft())).toRect()
    shown = canvas.grab(area).toImage()

    window.visibility.hide("predict", values=[node])

    assert shown == canvas.grab(area).toImage()
    wire = next(iter(window.document.graph.outputs_of(node)))
    assert number_texts.texts(wire, canvas.model.content)[0].text == "?"



def test_pictures_have_question_marks_too(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    """x·y = −10 stands on its card and on its wire."""
    qtbot.waitUntil(lambda: not window.stale, timeout=PATIENCE)

    def exported() -> str:
        window.dialogs = Answers(unsaved="discard", saves=tmp_path / "graph.svg")  # type: ignore[assignment]
        window.commands.run("export_picture")
        return (tmp_path / "graph.svg").read_text(encoding="utf-8")

    def copied() -> QImage:
        window.commands.run("copy_picture")
        return QApplication.clipboard().image()

    shown, before = exported(), copied()
    graph, node = window.document.graph, names(window.document)["multiply"]
    window.visibility.hide("predict", values=[node, *(edge.id for edge in graph.outputs_of(node))])
    covered = exported()

    assert "−10" in shown and "−10" not in covered
    assert copied() != before


def test_a_local_derivative_that_is_the_hidden_value_is_not_told(window: Window, qtbot: QtBot) -> None:
    """e² = 7.389 is its own derivative; the derivative of 2·3 by its factors is not 6."""
    window.set_document(Document(build("exp(x) + a*b", CATALOG, {"x": 2.0, "a": 2.0, "b": 3.0})))
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale, timeout=PATIENCE)
    ids, card = names(window.document), window.explain.card
    window.visibility.hide("predict", values=[ids["exp"], ids["multiply"]])
    window.explain.why_of(ids["exp"])
    qtbot.waitUntil(lambda: card.card is not None and card.card.address.id == ids["exp"], timeout=PATIENCE)

    told = said_by(card)
    window.explain.why_of(ids["multiply"])
    qtbot.waitUntil(lambda: card.card is not None and card.card.address.id == ids["multiply"], timeout=PATIENCE)

    assert "local ?" in told and "×" in told and "local ?" not in said_by(card) and "local 3" in said_by(card)
    assert not [sheet for sheet in (card.findChildren(Sheet)) if sheet.isVisible() and says(sheet.accessibleName(), "6")]


@pytest.mark.parametrize(
    ("formula", "values", "node", "answers"),
    [("a + x", {"a": 3.0, "x": 2.0}, "x", ("1",)), ("(4 - x)^2", {"x": -1.0}, "x", ("−10",)),
     ("1/x", {"x": 2.0}, "x", ("−0.25",))],
)  # fmt: skip
def test_no_line_of_a_card_ends_in_the_gradient_that_is_asked_for(
    window: Window, qtbot: QtBot, formula: str, values: dict[str, float], node: str, answers: tuple[str, ...]
) -> None:
    """∂(a + x)/∂x = 1; ∂(4 − x)²/∂x = −2(4 − x) = −10; ∂(1/x)/∂x = −1/x² = −0.25: neither as a line nor as the local factor."""
    window.set_document(Document(build(formula, CATALOG, values)))
    qtbot.waitUntil(lambda: window.trace is not None and not window.stale, timeout=PATIENCE)
    graph, card = window.document.graph, window.explain.card
    place = names(window.document)[node]
    wires = [edge.id for edge in graph.outputs_of(place)]
    window.explain.why_of(wires[0])
    qtbot.waitUntil(lambda: card.card is not None and card.card.address.id == wires[0], timeout=PATIENCE)
    assert any(answer in said_by(card) for answer in answers)

    window.visibility.hide("predict", gradients=[place, *wires])
    qtbot.waitUntil(lambda: card.card is not None, timeout=PATIENCE)
    for sheet in card.findChildren(Sheet):
        for line in sheet.accessibleName().splitlines() if sheet.isVisible() else ():
            assert not any(line.endswith(f"= {answer}") or f"local {answer}" in line for answer in answers), line
            assert not any(f"local ({answer})" in line for answer in answers), line


@pytest.mark.parametrize("index", [(), (0,)])
def test_a_curvature_that_a_lesson_asks_for_is_told_by_no_tool(window: Window, qtbot: QtBot, index: tuple[int, ...]) -> None:
    """f = 3x²: f″ = 6; Newton's step is from 2 to 0. Of a number there is no index, and another index is another question."""
    window.set_document(Document(build("3*x^2", CATALOG, {"x": 2.0})))
    qtbot.waitUntil(lambda: window.trace is not None, timeout=PATIENCE)
    x = names(window.document)["x"]
    window.canvas.select([x])
    window.explain.show_picture()
    tool = window.explain.tools.current
    assert isinstance(tool, PictureTool)
    qtbot.waitUntil(lambda: says(said_by(tool), "6"), timeout=PATIENCE)

    window.visibility.hide("lesson", measures=[("curvature", x, index)])
    qtbot.waitUntil(lambda: tool.local is not None and tool.showing, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "∂²" in said_by(tool), timeout=PATIENCE)
    assert (says(said_by(tool), "6")) == ("Newton" in said_by(tool)) == bool(index)
    window.visibility.hide("lesson")
    qtbot.waitUntil(lambda: says(said_by(tool), "6"), timeout=PATIENCE)


def test_neither_the_count_of_paths_nor_of_multiplications_is_told_while_it_is_asked(window: Window, qtbot: QtBot) -> None:
    """x·y + x: two paths."""
    x = names(window.document)["x"]
    window.explain.show_tool("paths")
    tool = window.explain.tools.current
    assert isinstance(tool, PathsTool)
    qtbot.waitUntil(lambda: "2 paths" in said_by(tool) and tool.showing, timeout=PATIENCE)
    told = tool.counters.accessibleName()

    window.visibility.hide("lesson", measures=[("multiplications", x, ())])
    qtbot.waitUntil(lambda: tool.counters.accessibleName().count("?") == 3, timeout=PATIENCE)
    window.visibility.hide("lesson", measures=[("paths", x, ())])
    qtbot.waitUntil(lambda: not tool.showing and "answered" in tool.note.text(), timeout=PATIENCE)
    window.visibility.hide("lesson")
    qtbot.waitUntil(lambda: tool.showing and tool.counters.accessibleName() == told, timeout=PATIENCE)
