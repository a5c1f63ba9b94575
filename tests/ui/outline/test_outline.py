"""The outline says what the canvas shows, by keys alone, and both agree on what is selected."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from graph.grouping.groups import group
from graph.model.edits import Rename, SetParam
from tests.support.window_support import hand_trace, names
from ui.outline.outline import Outline
from ui.outline.outline_model import GRADIENT, NAME, VALUE
from ui.shell.window import Window


@pytest.fixture
def outline(window: Window) -> Outline:
    window.panel("outline").toggle()
    assert window.panel("outline").isVisible()
    return window.panel("outline")


def lines(outline: Outline, parent: QModelIndex = QModelIndex()) -> list[tuple[str, ...]]:  # noqa: B008
    model = outline.model
    return [tuple(str(model.index(r, c, parent).data()) for c in (NAME, VALUE, GRADIENT)) for r in range(model.rowCount(parent))]


def test_nodes_stand_with_their_values_and_gradients(outline: Outline) -> None:
    assert lines(outline) == [
        ("x", "2", "−5"), ("y", "−5", "2"), ("multiply", "−10", "1"), ("z", "3", "1"),
        ("add", "−7", "1"),
    ]  # fmt: skip


def test_under_a_node_are_its_wires_in_and_out(outline: Outline, window: Window) -> None:
    node = outline.model.index_of(names(window.document)["multiply"])

    assert lines(outline, node) == [
        ("a ← x", "2", "−5"),
        ("b ← y", "−5", "2"),
        ("y → add.a", "−10", "1"),
    ]


def test_a_selection_on_the_canvas_is_one_in_the_outline(outline: Outline, window: Window) -> None:
    graph = window.document.graph
    edge = graph.inputs_of(names(window.document)["multiply"])[1].id

    window.canvas.select([names(window.document)["x"], edge])

    rows = [outline.model.row_at(index) for index in outline.tree.selectionModel().selectedRows()]
    assert {row.id for row in rows if row} == {names(window.document)["x"], edge}


def test_arrow_keys_in_the_outline_select_on_the_canvas(outline: Outline, window: Window, qtbot: QtBot) -> None:
    ids = names(window.document)
    outline.tree.setFocus()
    outline.tree.setCurrentIndex(outline.model.index_of(ids["x"]))

    qtbot.keyClick(outline.tree, Qt.Key.Key_Down)
    qtbot.keyClick(outline.tree, Qt.Key.Key_Down)
    assert window.canvas.selected_nodes() == [ids["multiply"]]

    qtbot.keyClick(outline.tree, Qt.Key.Key_Right)
    qtbot.keyClick(outline.tree, Qt.Key.Key_Down)
    assert window.canvas.selected_edges() == [window.document.graph.inputs_of(ids["multiply"])[0].id]

    qtbot.keyClick(outline.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert len(window.canvas.selection) == 2


def test_enter_goes_to_the_canvas(outline: Outline, window: Window, qtbot: QtBot) -> None:
    outline.tree.setFocus()
    outline.tree.setCurrentIndex(outline.model.index_of(names(window.document)["z"]))
    window.canvas.pan_by(5000, 0)

    qtbot.keyClick(outline.tree, Qt.Key.Key_Return)

    assert window.canvas.hasFocus()
    assert window.canvas.seen().contains(window.canvas.scene.rect(names(window.document)["z"]))


def test_the_delete_key_deletes_what_the_outline_has_selected(outline: Outline, window: Window, qtbot: QtBot) -> None:
    outline.tree.setFocus()
    outline.tree.setCurrentIndex(outline.model.index_of(names(window.document)["z"]))

    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)

    assert "z" not in names(window.document)


def test_it_follows_edits_and_keeps_open_what_was_open(outline: Outline, window: Window) -> None:
    ids = names(window.document)
    outline.tree.expand(outline.model.index_of(ids["multiply"]))

    window.document.do(Rename(ids["x"], "input"))
    window.canvas.add_node("math.exp")
    window._settled()

    assert [row[0] for row in lines(outline)] == ["input", "y", "multiply", "z", "add", "exp"]
    assert outline.tree.isExpanded(outline.model.index_of(ids["multiply"]))
    window.document.undo()
    window._settled()
    assert len(lines(outline)) == 5


def test_numbers_of_an_older_document_are_in_the_stale_colour(outline: Outline, window: Window) -> None:
    index = outline.model.index_of(names(window.document)["add"]).siblingAtColumn(VALUE)
    assert index.data(Qt.ItemDataRole.ForegroundRole).name().lower() == window.theme.forward.lower()

    window.document.do(SetParam(names(window.document)["x"], "value", 4.0))
    window._settled()

    assert index.data(Qt.ItemDataRole.ForegroundRole).name().lower() == window.theme.stale.lower()
    window.showing.show_trace(hand_trace(window.document))


def test_groups_hold_their_nodes(outline: Outline, window: Window) -> None:
    ids = names(window.document)
    edit, group_id = group(window.document.graph, [ids["x"], ids["y"]], "inputs")

    window.document.do(edit)
    window._settled()

    assert [row[0] for row in lines(outline)] == ["inputs", "multiply", "z", "add"]
    assert [row[0] for row in lines(outline, outline.model.index_of(group_id))] == ["x", "y"]


def test_a_screen_reader_hears_kind_name_type_and_numbers(outline: Outline, window: Window) -> None:
    spoken = outline.model.index_of(names(window.document)["multiply"]).data(Qt.ItemDataRole.AccessibleTextRole)

    assert spoken == "node multiply, Multiply, value −10, gradient 1"


def test_an_absent_gradient_is_a_word_and_never_a_number(outline: Outline, window: Window) -> None:
    window.document.undo()
    window.canvas.add_node("math.exp")
    window._settled()

    assert lines(outline)[-1][GRADIENT] in ("not computed", "")
