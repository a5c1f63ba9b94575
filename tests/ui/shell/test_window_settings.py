"""What a person left comes back: the place one looked at, and files dropped on the window go where they belong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage.document import Document
from tests.support.importing import import_here, in_the_dialog
from tests.support.window_support import Answers, drop
from ui.shell.dropped import paths_in
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings


def saved(path: Path) -> Document:
    Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})).save(path)
    return Document.load(path, CATALOG)


def test_zoom_and_place_come_back_with_the_file(make_window: Callable[..., Window], tmp_path: Path, qtbot: QtBot) -> None:
    document = saved(tmp_path / "mine.gradwire")
    first = make_window(document, own=UserSettings(tmp_path / "s.ini"))
    qtbot.wait(30)
    first.canvas.zoom_by(1.7)
    first.canvas.pan_by(60, -30)
    middle, scale = first.canvas.seen().center(), first.canvas.camera.scale
    assert first.close()

    second = make_window(saved(tmp_path / "mine.gradwire"), own=UserSettings(tmp_path / "s.ini"))
    qtbot.wait(30)

    assert second.canvas.camera.scale == pytest.approx(scale)
    assert second.canvas.seen().center().x() == pytest.approx(middle.x(), abs=1)
    assert second.canvas.seen().center().y() == pytest.approx(middle.y(), abs=1)


def test_a_graph_that_was_wholly_in_view_is_wholly_in_view_again(make_window: Callable[..., Window], tmp_path: Path, qtbot: QtBot) -> None:
    first = make_window(saved(tmp_path / "mine.gradwire"), own=UserSettings(tmp_path / "s.ini"))
    qtbot.wait(30)
    assert first.close()

    second = make_window(saved(tmp_path / "mine.gradwire"), own=UserSettings(tmp_path / "s.ini"))
    qtbot.wait(30)

    assert second.canvas.fitted and second.canvas.seen().contains(second.canvas.scene.bounds())


def test_a_remembered_view_of_nothing_is_not_used(make_window: Callable[..., Window], tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "mine.gradwire"
    own = UserSettings(tmp_path / "s.ini")
    own.set("views", f'{{"{path}": [1.0, 90000.0, 90000.0]}}')

    window = make_window(saved(path), own=own)
    qtbot.wait(30)

    assert window.canvas.seen().contains(window.canvas.scene.bounds())


@pytest.mark.parametrize("nonsense", ["", "[]", "{", '{"a": 1}', '{"a": [0, NaN, 3]}'])
def test_nonsense_in_the_settings_is_no_view(make_window: Callable[..., Window], tmp_path: Path, nonsense: str) -> None:
    own = UserSettings(tmp_path / "s.ini")
    own.set("views", nonsense)
    own.set("keys", nonsense)

    window = make_window(saved(tmp_path / "mine.gradwire"), own=own)

    assert window.isVisible() and window.close()


def test_a_table_dropped_on_the_canvas_becomes_a_data_node_there(window: Window, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text('"a","b","y"\n1,2,3\n4,5,6\n7,8,9\n')
    before = window.document.graph.copy()
    in_the_dialog(window, import_here)
    at = QPoint(120, 90)
    wanted = window.canvas.camera.to_scene(QPointF(at))

    assert drop(window, table, at=window.canvas.mapTo(window, at))

    graph = window.document.graph
    node = next(n for n in graph.nodes.values() if n.type == "source.data")
    settings = graph.settings_of(node.id)
    assert (settings["dataset"], settings["path"], settings["header"]) == ("csv", str(table), "names")
    assert {name: choice["role"] for name, choice in settings["columns"].items()} == {"a": "feature", "b": "feature", "y": "target"}
    assert node.name == "people" and abs(node.x + 64 - wanted.x()) < 2
    window.document.undo()
    assert window.document.graph == before


def test_the_canvas_lets_files_pass_to_the_window(window: Window, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("a;b;y\n1;2;3\n")
    in_the_dialog(window, import_here)

    assert drop(window.canvas, table)

    assert any(n.type == "source.data" for n in window.document.graph.nodes.values())


def test_two_tables_make_two_nodes(window: Window, tmp_path: Path) -> None:
    for name in ("one.csv", "two.tsv"):
        (tmp_path / name).write_text("a\tb\n1\t2\n")

    in_the_dialog(window, import_here)
    drop(window, tmp_path / "one.csv", tmp_path / "two.tsv")

    assert {n.name for n in window.document.graph.nodes.values() if n.type == "source.data"} == {"one", "two"}


def test_a_dropped_folder_of_pictures_becomes_a_data_node(window: Window, tmp_path: Path) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    before = window.document.graph.copy()

    assert drop(window, tmp_path / "pets")

    node = next(n for n in window.document.graph.nodes.values() if n.type == "source.data")
    assert node.name == "pets" and node.params == {"dataset": "pictures", "pictures_path": str(tmp_path / "pets")}
    window.document.undo()
    assert window.document.graph == before


def test_a_dropped_graph_opens_after_unsaved_changes_were_asked_about(window: Window, tmp_path: Path) -> None:
    other = tmp_path / "dropped.gradwire"
    saved(other)
    document = window.document
    window.canvas.add_node("math.exp")
    window.dialogs = Answers(unsaved="cancel")  # type: ignore[assignment]
    drop(window, other)
    assert window.document is document and window.dialogs.asked == ["unsaved"]  # type: ignore[attr-defined]

    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    drop(window, other)
    assert window.document.path == other


def test_something_else_that_is_dropped_is_refused_in_words(window: Window, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8\xff")
    document = window.document
    window.dialogs = Answers()  # type: ignore[assignment]

    drop(window, tmp_path / "holiday.jpg")

    assert window.document is document and window.dialogs.asked[0].startswith("tell")  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["{0}", '"{0}"', "file://{1}"])
def test_a_path_dropped_as_text_is_a_file_too(window: Window, tmp_path: Path, text: str) -> None:
    table = tmp_path / "my data.csv"
    table.write_text("a,b\n1,2\n")
    data = QMimeData()
    data.setText(text.format(table, str(table).replace(" ", "%20")))
    assert paths_in(data) == [table]


@pytest.mark.parametrize("text", ["", "x*y + z", "data.csv", "http://x.org/a.csv", "/a.csv\nand words"])
def test_other_text_is_no_file(text: str) -> None:
    data = QMimeData()
    data.setText(text)
    assert paths_in(data) == []


@pytest.mark.parametrize("text", ["nan", "inf", "-1e999", "fast", ""])
def test_a_number_in_the_settings_that_is_none_is_the_usual_one(tmp_path: Path, text: str) -> None:
    """The window did not open where the speed was written as nan."""
    path = tmp_path / "settings.ini"
    path.write_text(f"[General]\nspeed={text}\n")
    assert UserSettings(path).real("speed", 1.5) == 1.5
