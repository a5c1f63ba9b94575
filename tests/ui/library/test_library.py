"""The node library lists every type and places what is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from ui.library.library import MIME, mime_data
from ui.shell.window import Window


def test_every_type_is_listed_under_its_category(window: Window) -> None:
    assert window.panel("library").keys() == [key for key, spec in CATALOG.items() if not spec.rule]


def test_typing_and_return_places_the_first_hit(window: Window, qtbot: QtBot) -> None:
    before = len(window.document.graph.nodes)

    qtbot.keyClicks(window.panel("library").query, "relu")
    qtbot.keyClick(window.panel("library").query, Qt.Key.Key_Return)

    graph = window.document.graph
    assert len(graph.nodes) == before + 1
    assert graph.nodes[window.canvas.selected_nodes()[0]].type == "activation.relu"


def test_a_double_click_places_a_node_and_undo_removes_it(window: Window, qtbot: QtBot) -> None:
    before = window.document.graph.copy()
    library = window.panel("library")
    view = library.list
    row = next(r for r in range(library.model.rowCount()) if library.model.index(r, 0).data() == "Exponential")
    spot = view.visualRect(library.model.index(row, 0)).center()

    view.scrollTo(library.model.index(row, 0))
    spot = view.visualRect(library.model.index(row, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    assert any(n.type == "math.exp" for n in window.document.graph.nodes.values())
    window.document.undo()
    assert window.document.graph == before


def test_nonsense_finds_nothing_and_says_so(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(window.panel("library").query, "qqqq")

    assert window.panel("library").keys() == [] and window.panel("library").nothing.isVisible()


def test_a_mistyped_type_is_guessed_and_enter_places_it(window: Window, qtbot: QtBot) -> None:
    library = window.panel("library")
    qtbot.keyClicks(library.query, "sofmtax")

    assert library.nothing.text() == 'No match for "sofmtax". Did you mean Softmax?' and library.keys()[0] == "activation.softmax"
    qtbot.keyClick(library.query, Qt.Key.Key_Return)
    assert [n.type for n in window.document.graph.nodes.values()][-1] == "activation.softmax"
    library.query.clear()
    assert not library.nothing.isVisible()


def test_a_dragged_row_carries_its_type() -> None:
    assert bytes(mime_data("math.add").data(MIME).data()) == b"math.add"
