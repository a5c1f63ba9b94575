"""A large file keeps nothing waiting: a bar tells how far it is, and cancelling keeps the data from before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.data import files
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.shell.window import Window

PATIENCE = 20_000
Make = Callable[..., Window]


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGE", 100)


def table(path: Path, rows: int, factor: int) -> Path:
    path.write_text("a,b\n" + "".join(f"{i},{factor * i}\n" for i in range(rows)))
    return path


def document(path: Path) -> Document:
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "csv", "path": str(path), "test_fraction": 0.0})).apply(graph)
    return Document(graph)


def rows_of(window: Window) -> int:
    about = window.panel("data").text.text()
    return int(about.split(" ")[0].replace(",", "")) if about[:1].isdigit() else 0


def test_another_file_is_read_before_the_document_goes_to_the_engine(make_window: Make, qtbot: QtBot, tmp_path: Path) -> None:
    old, new = table(tmp_path / "old.csv", 40, 2), table(tmp_path / "new.csv", 9000, 3)
    desk = Desk()
    window = make_window(document(old), kernel=desk)
    qtbot.waitUntil(lambda: not desk.held and window.trace is not None, timeout=PATIENCE)
    window.panels.show("data")
    qtbot.waitUntil(lambda: rows_of(window) == 40, timeout=PATIENCE)

    window.document.do(SetParam("d", "path", str(new)))
    assert desk.held and window.reading.holding and rows_of(window) == 40
    window.document.do(SetParam("d", "test_fraction", 0.5))  # the document can be edited meanwhile
    qtbot.waitUntil(lambda: not desk.held, timeout=PATIENCE)
    qtbot.waitUntil(lambda: rows_of(window) == 9000 and not window.stale, timeout=PATIENCE)
    assert "4,500 training" in window.panel("data").text.text() and not window.reading.bar.isVisible()

    window.document.undo()
    window.document.undo()  # the old file is known: nothing is read again
    assert not desk.held
    qtbot.waitUntil(lambda: rows_of(window) == 40, timeout=PATIENCE)


@pytest.mark.parametrize("by", ["mouse", "Esc"])
def test_cancelling_keeps_the_data_from_before_by_one_edit(make_window: Make, qtbot: QtBot, tmp_path: Path, by: str) -> None:
    old, new = table(tmp_path / "old.csv", 40, 2), table(tmp_path / "new.csv", 9000, 3)
    desk = Desk()
    window = make_window(document(old), kernel=desk)
    qtbot.waitUntil(lambda: not desk.held and window.trace is not None, timeout=PATIENCE)
    desk.quiet = True
    window.document.do(SetParam("d", "path", str(new)))
    qtbot.waitUntil(window.reading.bar.isVisible, timeout=PATIENCE)

    if by == "mouse":
        qtbot.mouseClick(window.reading.bar.cancel, Qt.MouseButton.LeftButton)
    else:
        window.canvas.select(())
        window.canvas.setFocus()
        qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.document.graph.nodes["d"].params["path"] == str(old)
    assert not desk.held and not window.reading.holding and not window.reading.bar.isVisible()

    window.document.undo()  # on second thoughts
    assert window.document.graph.nodes["d"].params["path"] == str(new) and desk.held
    desk.go_on()
    qtbot.waitUntil(lambda: not desk.held, timeout=PATIENCE)


def test_cancelling_an_added_table_puts_no_other_data_under_its_name(make_window: Make, qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk()
    window = make_window(kernel=desk)
    desk.quiet = True
    path = table(tmp_path / "new.csv", 9000, 3)
    window.document.do(AddNode(Node("d", "source.data", "new", params={"dataset": "csv", "path": str(path)})))
    (node,) = window.document.graph.nodes
    qtbot.waitUntil(window.reading.bar.isVisible, timeout=PATIENCE)
    window.reading.cancel()

    params = window.document.graph.nodes[node].params
    assert params["dataset"] == "csv" and params["path"] == str(tmp_path / "new.csv")
    assert desk.held and window.reading.bar.text.full.startswith("The data were not read.")

    window.document.undo()
    assert not window.document.graph.nodes and not desk.held and not window.reading.bar.isVisible()


def test_of_a_document_just_opened_nothing_is_computed_until_its_file_is_read(make_window: Make, qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk()
    window = make_window(kernel=desk)
    desk.quiet = True
    window.set_document(document(table(tmp_path / "new.csv", 9000, 3)))
    qtbot.waitUntil(window.reading.bar.isVisible, timeout=PATIENCE)
    window.reading.cancel()
    assert desk.held and window.trace is None and window.reading.bar.text.full.startswith("The data were not read.")

    desk.quiet = False
    qtbot.mouseClick(window.reading.bar.cancel, Qt.MouseButton.LeftButton)  # which now reads them
    qtbot.waitUntil(lambda: not desk.held and window.trace is not None, timeout=PATIENCE)

    window.set_document(document(table(tmp_path / "other.csv", 9000, 5)))
    assert desk.held
    window.close()  # while it reads
