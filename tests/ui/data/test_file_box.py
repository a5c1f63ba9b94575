"""The data panel says where a file is and how large, and puts it into the document or out of it, by commands that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage import embedded
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.pictures import mnist, write_folders
from ui.forms.forms import TextField
from ui.look.numbers import bytes_text
from ui.shell.window import Window


def test_a_file_is_embedded_and_saved_outside_again(
    make_window: Callable[..., Window], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "data_folder", lambda: tmp_path / "kept")
    path = tmp_path / "flowers.csv"
    path.write_text("a,b,label\n" + "1,2,x\n3,4,y\n" * 20)
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "csv", "path": str(path)})).apply(graph)
    AddNode(Node("t", "source.data", "toy")).apply(graph)
    document = Document(graph)
    document.save(tmp_path / "mine.gradwire")
    window = make_window(document, kernel=Desk())
    window.panels.show("data")
    page = window.panel("data")
    box, actions = page.files, window.actions_by_id
    page.show_document(document)
    assert box.isVisible() and "stored relative to the document: flowers.csv" in box.text.text()
    assert box.embed.text() == "Embed (250 bytes)" and box.embed.isVisible() and not box.extract.isVisible()
    assert actions["embed_data"].isEnabled() and not actions["extract_data"].isEnabled()

    box.embed.click()
    qtbot.waitUntil(lambda: embedded.is_embedded(graph.setting("d", "path")), timeout=10_000)
    qtbot.waitUntil(lambda: "inside the document (250 bytes)" in box.text.text(), timeout=10_000)
    assert not actions["embed_data"].isEnabled() and actions["extract_data"].isEnabled()
    setting = CATALOG["source.data"].setting("path")
    assert setting is not None
    field = TextField(setting)
    qtbot.addWidget(field)
    field.set_value(graph.setting("d", "path"))
    changes: list[object] = []
    field.changed.connect(changes.append)
    field.commit()
    assert field.text() == "flowers.csv (inside the document)" and not changes, "the field shows it by its name"
    document.undo()
    assert graph.setting("d", "path") == str(path)
    document.redo()

    window.dialogs.saves = tmp_path / "out.csv"  # type: ignore[attr-defined]
    actions["extract_data"].trigger()
    qtbot.waitUntil(lambda: graph.setting("d", "path") == str(tmp_path / "out.csv"), timeout=10_000)
    assert (tmp_path / "out.csv").read_bytes() == path.read_bytes()
    window.canvas.select(["t"])
    page.document_changed()
    assert not box.isVisible() and not actions["extract_data"].isEnabled()


def test_a_folder_is_embedded_after_its_size_was_said(
    make_window: Callable[..., Window], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "data_folder", lambda: tmp_path / "kept")
    images, labels = mnist()
    folder = write_folders(tmp_path / "digits", images[::500], labels[::500])
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "pictures", "pictures_path": str(folder)})).apply(graph)
    window = make_window(Document(graph), kernel=Desk())
    asked: list[str] = []
    monkeypatch.setattr(window.dialogs, "sure", lambda title, text, act: bool(asked.append(title)) or True)
    window.actions_by_id["embed_data"].trigger()
    qtbot.waitUntil(lambda: embedded.is_embedded(graph.setting("d", "pictures_path")), timeout=10_000)
    size = sum(file.stat().st_size for file in folder.rglob("*.png"))
    assert asked == [f"Embed {bytes_text(size)} in the document?"]


def test_sizes_are_written_as_people_read_them() -> None:
    texts = [bytes_text(size) for size in (1, 812, 1024, 12_345, 999 * 1024, 1_500_000, 48 * 2**20, 3 * 2**30)]
    assert texts == ["1 byte", "812 bytes", "1.0 KB", "12 KB", "999 KB", "1.4 MB", "48 MB", "3.0 GB"]
