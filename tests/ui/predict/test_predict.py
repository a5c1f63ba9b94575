"""Predicting hidden numbers with the mouse and the keyboard, on f = x·y + z at 2, −5, 3 unless a test says otherwise."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.compile.views import ArrayView
from engine.explain.misconceptions import Cause, Expected, Prediction
from graph.model.address import Address
from graph.model.edits import Disconnect
from tests.support.window_support import Answers, hand_trace, matrix, names, scalar
from ui.canvas.inplace import LineEditor
from ui.predict.score import Score
from ui.shell.window import Window


def wire(window: Window, source: str) -> str:
    graph = window.document.graph
    return next(e.id for e in graph.edges.values() if graph.nodes[e.source[0]].name == source)


def trigger(window: Window, action: str, *chosen: str) -> None:
    if chosen:
        window.canvas.select(chosen)
    window.refresh_actions()
    assert window.actions_by_id[action].isEnabled(), action
    window.actions_by_id[action].trigger()


def mark(window: Window, item: Address) -> QPoint:
    return window.canvas.camera.rect_to_view(window.predict.typing.place(item)).center().toPoint()


def type_answer(window: Window, qtbot: QtBot, text: str) -> None:
    editor = window.canvas.editor
    assert isinstance(editor, LineEditor)
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)


def knows_a_slip(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that knows one slip for the gradient of x."""
    slip = Cause("partner", 2.0, "Look at multiply again.", names(window.document)["multiply"])

    def ask(question: Prediction, callback: Any) -> None:
        callback(Expected(question.address, -5.0, (slip,), 5.0))

    monkeypatch.setattr(window.predict.board, "_engine", lambda: ask)


def test_a_hidden_gradient_is_typed_on_its_wire(window: Window, qtbot: QtBot) -> None:
    edge = wire(window, "x")
    item = Address("edge", edge, gradient=True)
    trigger(window, "hide_gradient", edge)
    assert edge in window.visibility.gradients and names(window.document)["x"] in window.visibility.gradients
    QApplication.processEvents()
    window.canvas.grab()

    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=mark(window, item))
    type_answer(window, qtbot, "-5")

    assert edge not in window.visibility.gradients
    assert window.canvas.overlay.tags("predict")[edge].kind == "ok"
    assert window.predict.board.score.counts.first == 1


def test_enter_on_the_selected_wire_opens_the_field_and_escape_leaves_it(window: Window, qtbot: QtBot) -> None:
    edge = wire(window, "y")
    trigger(window, "hide_gradient", edge)
    window.canvas.setFocus()

    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert isinstance(window.canvas.editor, LineEditor)
    qtbot.keyClick(window.canvas.editor, Qt.Key.Key_Escape)

    assert window.canvas.editor is None and edge in window.visibility.gradients
    assert window.predict.board.score.rows == []


def test_a_wrong_answer_gets_the_hint_of_its_slip_and_counts_as_right_later(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    knows_a_slip(window, monkeypatch)
    edge = wire(window, "x")
    trigger(window, "hide_gradient", edge)
    trigger(window, "predict_next")
    type_answer(window, qtbot, "2")

    callout = window.predict.typing.callout
    assert callout.isVisible() and "Look at multiply again." in callout.text.text()
    assert window.canvas.overlay.tags("predict")[edge].kind == "error" and edge in window.visibility.gradients
    qtbot.mouseClick(callout.again, Qt.MouseButton.LeftButton)
    type_answer(window, qtbot, "-5,0")

    counts = window.predict.board.score.counts
    assert (counts.asked, counts.first, counts.later, counts.hints) == (1, 0, 1, 1) and not callout.isVisible()
    assert [(row.typed, row.right, row.cause) for row in window.predict.board.score.rows] == [("2", "no", "partner"), ("-5,0", "yes", "")]


def test_beside_a_narrow_canvas_all_buttons_of_the_callout_can_be_read(window: Window) -> None:
    """At twice the type size."""
    edge = wire(window, "x")
    callout = window.predict.typing.callout
    window.canvas.setFixedWidth(330)
    for button in callout.findChildren(QPushButton):
        button.setStyleSheet("font-size: 26px")

    callout.show_text("Not yet.", ["Look at multiply again."], lambda: window.predict.typing.place(Address("edge", edge, gradient=True)))
    QApplication.processEvents()

    for button in callout.findChildren(QPushButton):
        assert button.width() >= button.sizeHint().width(), button.text()
        assert callout.rect().contains(button.geometry()), button.text()


def test_what_is_no_number_is_not_counted(window: Window, qtbot: QtBot) -> None:
    trigger(window, "hide_gradient", wire(window, "x"))
    trigger(window, "predict_next")
    type_answer(window, qtbot, "abc")
    assert "not a number" in window.predict.typing.callout.text.text() and not window.predict.board.score.rows


def test_a_hidden_value_is_hidden_on_its_node_and_all_its_wires(window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    trigger(window, "hide_value", ids["multiply"])
    edge = wire(window, "multiply")
    assert ids["multiply"] in window.visibility.values and edge in window.visibility.values
    trigger(window, "predict_next")
    type_answer(window, qtbot, "-10")
    assert edge not in window.visibility.values


def test_a_value_that_was_typed_is_no_riddle(window: Window) -> None:
    trigger(window, "hide_value", names(window.document)["x"])
    assert not window.predict.board.asked if window.predict._board else True


def test_panels_tips_and_outline_do_not_give_it_away(window: Window) -> None:
    ids = names(window.document)
    edge = wire(window, "x")
    window.panels.show("node", "name")
    trigger(window, "hide_gradient", edge)
    window.canvas.select([edge])
    for page in range(window.panel("inspector").tabs.count()):
        window.panel("inspector").tabs.setCurrentIndex(page)
        texts = [w.text() for w in window.panel("inspector").findChildren(QObject) if hasattr(w, "text") and callable(w.text) and _shown(w)]
        assert not any("−5" in text and "= −5" not in text for text in texts), (page, texts)
    shown = window.panel("inspector")._trace
    assert shown is not None
    for gradient in (shown.edge_gradients[edge], shown.gradients[ids["x"], "y"]):
        assert isinstance(gradient, ArrayView) and gradient.covered
    from ui.canvas.model.tips import node_tip, wire_tip

    assert "−5" not in wire_tip(window.canvas.content, window.document.graph.edges[edge])
    assert "hidden until" in node_tip(window.canvas.content, ids["x"])


def _shown(widget: Any) -> bool:
    return bool(getattr(widget, "isVisible", lambda: False)())


def test_nothing_is_covered_where_nothing_is_hidden(window: Window) -> None:
    assert window.trace is window.visibility.truth


def test_all_gradients_are_hidden_and_revealed_one_by_one_or_together(window: Window) -> None:
    edges = list(window.document.graph.edges)
    trigger(window, "hide_all_gradients")
    assert all(e in window.visibility.gradients for e in edges)
    trigger(window, "reveal", edges[0])
    assert edges[0] not in window.visibility.gradients and edges[1] in window.visibility.gradients
    trigger(window, "reveal_all")
    assert not any(e in window.visibility.gradients for e in edges)
    assert window.predict.board.score.counts.revealed == len(edges)


def test_an_edit_makes_predictions_about_changed_numbers_void(window: Window, qtbot: QtBot) -> None:
    edge = wire(window, "x")
    trigger(window, "hide_gradient", edge)
    trigger(window, "predict_next")
    type_answer(window, qtbot, "7")
    assert edge in window.canvas.overlay.tags("predict")

    trace = hand_trace(window.document)
    gradients = dict(trace.edge_gradients) | {edge: scalar(-6.0)}
    window.showing.show_trace(_with(trace, gradients))

    assert edge not in window.canvas.overlay.tags("predict") and edge in window.visibility.gradients
    assert window.predict.board.score.rows[-1].right == "void" and "cancelled" in window.status.message.full


def _with(trace: Any, gradients: Any) -> Any:
    from dataclasses import replace

    return replace(trace, edge_gradients=gradients)


def test_a_wire_that_is_deleted_takes_its_question_with_it(window: Window, qtbot: QtBot) -> None:
    edge = wire(window, "x")
    done: list[Any] = []
    window.predict.ask([Address("edge", edge, gradient=True)], done.extend)
    window.document.do(Disconnect(edge), "Delete wire")
    qtbot.wait(20)
    assert not window.predict.board.asked and [o.ending for o in done] == ["void"]


def test_a_question_about_a_sample_ends_when_a_smaller_batch_is_shown(window: Window) -> None:
    """The largest of three gradients is the third; of a batch of two there is none."""
    edge, trace = wire(window, "x"), hand_trace(window.document)
    gradients = matrix([[1.0], [2.0], [9.0]]), matrix([[1.0], [2.0]])
    many, few = (replace(trace, edge_gradients={**trace.edge_gradients, edge: gradient}) for gradient in gradients)
    window.showing.show_trace(many)
    trigger(window, "hide_gradient", edge)
    assert list(window.predict.board.asked) == [Address("edge", edge, gradient=True, index=(2, 0))]

    window.showing.show_trace(few)

    assert not window.predict.asked and edge not in window.visibility.gradients
    assert [row.right for row in window.predict.board.score.rows] == ["void"]


@pytest.mark.parametrize(
    ("text", "entry", "verdict"),
    [("[1, 2] 2", (0, 1), "yes"), ("[1,2] = 2", (0, 1), "yes"), ("[2, 1] 4", (1, 0), "no"), ("[6, 1] 9", (1, 1), ""), ("[1] 3", (1, 1), ""),
     ("[0, 1] 2", (1, 1), ""), ("9", (1, 1), "yes")],
)  # fmt: skip
def test_every_entry_of_a_tensor_can_be_asked_for(window: Window, qtbot: QtBot, text: str, entry: tuple[int, ...], verdict: str) -> None:
    edge, trace = wire(window, "x"), hand_trace(window.document)
    window.showing.show_trace(replace(trace, edge_gradients={**trace.edge_gradients, edge: matrix([[1.0, 2.0], [3.0, 9.0]])}))
    trigger(window, "hide_gradient", edge)
    done: list[Any] = []
    window.predict.board.ask([Address("edge", edge, gradient=True, index=(1, 1))], done.extend)
    trigger(window, "predict_next")

    type_answer(window, qtbot, text)

    asked = {*window.predict.board.asked, *window.predict.board.answered}
    assert asked == {Address("edge", edge, gradient=True, index=entry)}
    assert [row.right for row in window.predict.board.score.rows] == ([verdict] if verdict else [])
    assert bool(done) == (verdict == "yes") and window.predict.typing.callout.isVisible() == (verdict != "yes")


def test_another_entry_is_typed_alone_and_then_its_number(window: Window, qtbot: QtBot) -> None:
    edge, trace = wire(window, "x"), hand_trace(window.document)
    window.showing.show_trace(replace(trace, edge_gradients={**trace.edge_gradients, edge: matrix([[1.0, 2.0], [3.0, 9.0]])}))
    trigger(window, "hide_gradient", edge)
    trigger(window, "predict_next")
    type_answer(window, qtbot, "[1, 1]")
    type_answer(window, qtbot, "1")
    assert window.predict.board.score.counts.first == 1 and not window.predict.asked


def test_a_lesson_asks_and_hears_how_it_ended(window: Window, qtbot: QtBot) -> None:
    done: list[Any] = []
    first, second = Address("edge", wire(window, "x"), gradient=True), Address("edge", wire(window, "y"), gradient=True)
    window.predict.ask([first, second], done.extend)
    trigger(window, "predict_next")
    type_answer(window, qtbot, "-5")
    assert not done
    window.predict.board.reveal([second])
    assert [(o.address, o.ending, o.tries) for o in done] == [(first, "right", 0), (second, "revealed", 0)]


def test_another_document_ends_all_questions(window: Window) -> None:
    from engine.nodes.catalog import CATALOG
    from graph.storage.document import Document

    trigger(window, "hide_all_gradients")
    window.set_document(Document.new(CATALOG))
    assert not window.predict.board.asked and not window.visibility.gradients


def test_asking_without_numbers_says_so_and_does_nothing(window: Window) -> None:
    window.visibility.set_truth(None)
    window.predict.hide_all_gradients()
    window.predict.hide_gradient()
    window.predict.hide_value()
    window.predict.reveal()
    window.predict.predict_next()
    assert not window.visibility.gradients


# the score


def test_the_score_is_kept_beside_the_settings_and_exported(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    trigger(window, "hide_gradient", wire(window, "x"))
    window.panel("predictions").name.setText("Ada")
    trigger(window, "predict_next")
    type_answer(window, qtbot, "-5")
    target = tmp_path / "out.csv"
    window.dialogs = Answers(saves=target)  # type: ignore[assignment]
    trigger(window, "export_score")
    qtbot.waitUntil(target.exists)

    with target.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["typed"], row["truth"], row["right"]) == ("Ada", "-5", "-5.0", "yes") and "gradient x → " in row["item"]
    (kept,) = (window.settings.path.parent / "predictions").glob("*.csv")
    assert "gradient x" in kept.read_text(encoding="utf-8")
    trigger(window, "show_score")
    assert window.panel("predictions").isVisible() and window.panel("predictions").table.rowCount() == 1


def test_the_file_has_no_right_number_that_is_still_to_be_found_out(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    trigger(window, "hide_gradient", wire(window, "x"))
    trigger(window, "predict_next")
    type_answer(window, qtbot, "7")
    score = window.predict.board.score
    (kept,) = (window.settings.path.parent / "predictions").glob("*.csv")

    assert "-5.0" not in score.csv() and "?" in score.csv() and "-5.0" not in kept.read_text("utf-8")
    trigger(window, "reveal_all")
    assert "-5.0" in score.csv() and "-5.0" in kept.read_text("utf-8")


def test_a_cell_that_a_spreadsheet_would_compute_is_text(tmp_path: Path) -> None:
    score = Score(tmp_path)
    score.name = "=cmd()"
    score.add("g", "gradient x", "-5", -5.0, "yes")
    (row,) = csv.DictReader(score.csv().splitlines())
    assert row["name"] == "'=cmd()" and row["typed"] == "-5"


def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    score = Score(blocked)
    score.add("g", "i", "1", 1.0, "yes")
    assert len(score.rows) == 1


def test_hidden_numbers_are_no_part_of_the_document(window: Window) -> None:
    before = window.document.graph.copy()
    trigger(window, "hide_all_gradients")
    trigger(window, "reveal_all")
    assert window.document.graph == before and not window.document.history.can_undo


def test_asking_ends_with_the_last_answer(window: Window) -> None:
    trigger(window, "hide_all_gradients")
    assert window.predict.asked
    trigger(window, "reveal_all")
    assert not window.predict.asked


def test_a_layer_is_asked_for_its_weights_and_every_tensor_for_one_entry(make_window: Callable[..., Window]) -> None:
    """tanh 2–4–2: four wires carry a gradient, and two layers learn W and b; the wire to the accuracy carries none."""
    from dataclasses import replace

    from engine.nodes.catalog import CATALOG
    from engine.training.model import Model as Engine
    from ui.shell.files import example_document

    document = example_document("tanh-mlp-2-4-2", CATALOG)
    window = make_window(document)
    view = Engine(document.graph).trace_view()
    window.showing.show_trace(replace(view, structure=document.structure, revision=document.revision))
    trigger(window, "hide_all_gradients")
    asked = list(window.predict.board.asked)
    assert sorted(item.port for item in asked if item.kind == "parameter") == ["W", "W", "b", "b"] and len(asked) == 8
    assert all(item.index is not None for item in asked)
    layer = next(item.id for item in asked if item.port == "W")
    assert "∂L/∂W₁₂" in window.canvas.overlay.tags("predict")[layer].text and "∂L/∂b₁" in window.canvas.overlay.tags("predict")[layer].text

    weight = next(item for item in asked if item.port == "W")
    truth = view.parameter_gradients[weight.id, "W"].data[weight.index]  # type: ignore[index]
    window.predict.board.answer(weight, f"{truth:.3g}")
    assert weight not in window.predict.board.asked and window.predict.board.score.counts.first == 1


def test_the_ticks_go_when_all_is_answered_and_something_else_is_selected(window: Window, qtbot: QtBot) -> None:
    edge = wire(window, "x")
    trigger(window, "hide_gradient", edge)
    trigger(window, "predict_next")
    type_answer(window, qtbot, "-5")
    assert window.canvas.overlay.tags("predict")
    window.canvas.select([names(window.document)["add"]])
    assert not window.canvas.overlay.tags("predict")


@pytest.mark.parametrize(("rows", "index", "tag"), [([[1.0, 9.0]], (0, 1), "x₂ ?"), ([[1.0, 2.0], [9.0, 3.0]], (1, 0), "x₂₁ ?")])
def test_the_entry_that_is_asked_for_counts_from_one(window: Window, rows: list[list[float]], index: tuple[int, ...], tag: str) -> None:
    edge, trace = wire(window, "x"), hand_trace(window.document)
    window.showing.show_trace(replace(trace, edge_gradients={**trace.edge_gradients, edge: matrix(rows)}))

    window.predict.board.hide([Address("edge", edge, gradient=True, index=index)])

    assert window.canvas.overlay.tags("predict")[edge].text == tag
    assert window.predict.asked[Address("edge", edge, gradient=True, index=index)].name.startswith(f"gradient {tag.split()[0]} → ")
