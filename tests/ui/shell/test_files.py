"""No way through the File menu loses work, and the window comes back as it was left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, current_thread

import pytest
from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetLabel, SetParam
from graph.model.spec import Catalog
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.window_support import Answers, after_event
from ui.forms.forms import TextField
from ui.look.frame import paint_frame
from ui.look.theme import Theme
from ui.shell.app import opening
from ui.shell.gallery import FIRST, Gallery, examples
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings
from ui.sweep.state import SweepState


def answering(window: Window, **answers: object) -> Answers:
    window.dialogs = Answers(**answers)  # type: ignore[arg-type, assignment]
    return window.dialogs  # type: ignore[return-value]


def edited(window: Window) -> Document:
    window.canvas.add_node("math.exp")
    window._settled()
    assert window.document.modified
    return window.document


@pytest.mark.parametrize("leave", ["new", "open_example", "close"])
def test_cancel_keeps_the_changed_document(window: Window, leave: str) -> None:
    document = edited(window)
    asked = answering(window, unsaved="cancel")

    if leave == "new":
        window.commands.run("new")
    elif leave == "open_example":
        window.files.open_example(FIRST)
    else:
        assert not window.close()

    assert asked.asked == ["unsaved"] and window.document is document and window.isVisible()


def test_a_sweep_that_runs_is_not_ended_unasked(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    document, asked = window.document, answering(window)
    asked.agrees = False
    monkeypatch.setattr(SweepState, "running", True)

    window.commands.run("new")
    assert not window.files.lend(Document.new(CATALOG)) and not window.close()

    assert asked.asked == ["sure End the sweep?"] * 3 and window.document is document
    asked.agrees = True
    window.commands.run("new")
    assert window.document is not document


def test_save_writes_before_the_document_is_let_go(window: Window, tmp_path: Path) -> None:
    document = edited(window)
    answering(window, unsaved="save", saves=tmp_path / "kept.gradwire")

    window.commands.run("new")

    assert window.document is not document
    assert Document.load(tmp_path / "kept.gradwire", CATALOG).graph == document.graph


def test_save_that_fails_or_is_cancelled_keeps_the_document(window: Window, tmp_path: Path) -> None:
    document = edited(window)
    asked = answering(window, unsaved="save", saves=tmp_path / "no such folder" / "x.gradwire")
    window.commands.run("new")
    assert window.document is document and any(a.startswith("tell") for a in asked.asked)

    answering(window, unsaved="save", saves=None)
    window.commands.run("new")
    assert window.document is document


def test_an_unchanged_document_is_let_go_without_a_question(window: Window) -> None:
    asked = answering(window)

    window.commands.run("new")

    assert asked.asked == [] and not window.document.graph.nodes


def test_saving_by_key_asks_for_a_place_once_and_then_not_again(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    edited(window)
    asked = answering(window, saves=tmp_path / "mine.gradwire")

    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    after_event()
    window.canvas.add_node("math.sin")
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    after_event()

    assert asked.asked == ["save"] and not window.document.modified
    assert window.topbar.file.full == "mine" and (tmp_path / "mine.gradwire").resolve() in window.settings.recent


def test_a_file_that_cannot_be_read_says_so_and_what_is_open_stays(window: Window, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gradwire"
    bad.write_text('{"format": "gradw')
    document = edited(window)
    asked = answering(window, unsaved="discard", opens=bad)

    window.commands.run("open")

    assert window.document is document
    assert [a for a in asked.asked if a.startswith("tell")] and "unsaved" not in asked.asked


def test_an_opened_file_is_shown_and_remembered(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "other.gradwire"
    other = Document.new(CATALOG)
    other.save(path)
    answering(window, opens=path)

    window.commands.run("open")

    assert window.document.path == path and window.settings.recent[0] == path.resolve()
    assert window.windowTitle().startswith("other")


def test_a_saved_example_is_a_copy(window: Window, tmp_path: Path) -> None:
    original = next(e.path for e in examples(CATALOG) if e.path.stem == FIRST).read_bytes()
    assert window.files.open_example(FIRST)
    edited(window)
    asked = answering(window, saves=tmp_path / "copy.gradwire")

    window.commands.run("save")

    assert asked.asked == ["save"] and (tmp_path / "copy.gradwire").exists()
    assert next(e.path for e in examples(CATALOG) if e.path.stem == FIRST).read_bytes() == original


def test_a_large_file_is_read_beside_the_window_which_says_so(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "large.gradwire", list[object]()
    document = Document(build("sin(x)", CATALOG, {"x": 1.0}))
    document.save(path)
    monkeypatch.setattr("ui.shell.files.LARGE", 0)
    load = Document.load
    alive = Event()

    def slowly(path: Path, catalog: object) -> Document:
        seen.append(current_thread().name)
        assert alive.wait(10.0), "the window lives while the file is read"
        return load(path, CATALOG)

    monkeypatch.setattr("ui.shell.files.Document.load", slowly)
    monkeypatch.setattr(window, "say", seen.append)
    QTimer.singleShot(30, alive.set)

    assert window.files.open(path) and window.document.graph == document.graph
    assert seen[0] == "Opening large.gradwire …" and set(seen) == {seen[0], "aside"}
    path.write_text("{")
    asked = answering(window)
    assert not window.files.open(path) and asked.asked[0].startswith("tell large.gradwire: ") and window.document.graph == document.graph


def test_unsaved_changes_are_asked_about_before_a_large_file_is_read(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, happened = tmp_path / "large.gradwire", list[str]()
    Document(build("sin(x)", CATALOG, {"x": 1.0})).save(path)
    document, load = edited(window), Document.load
    monkeypatch.setattr("ui.shell.files.LARGE", 0)
    monkeypatch.setattr("ui.shell.files.Document.load", lambda *which: happened.append("read") or load(*which))
    asked = answering(window, unsaved="cancel")
    assert not window.files.open(path) and window.document is document and asked.asked == ["unsaved"] and happened == []

    asked = answering(window, unsaved="discard")
    asked.asked = happened  # both in one row
    assert window.files.open(path) and window.document.path == path
    assert happened == ["unsaved", "read"]


def test_the_first_start_opens_x_y_plus_z_ready_to_play(session: UserSettings) -> None:
    document, example, complaint = opening(None, session)

    assert (example, complaint, document.path) == (FIRST, "", None)
    values = {n.name: document.graph.setting(n.id, "value") for n in document.graph.nodes.values() if n.type == "source.input"}
    assert values == {"x": 2.0, "y": -5.0, "z": 3.0}


def test_the_next_start_opens_what_was_open_last(session: UserSettings, tmp_path: Path) -> None:
    path = tmp_path / "last.gradwire"
    Document.new(CATALOG).save(path)
    session.remember(path)
    assert opening(None, session)[0].path == path.resolve()

    path.unlink()
    assert opening(None, session)[1] == FIRST


@pytest.mark.parametrize("asked", [True, False])
def test_the_frame_says_that_a_large_file_is_opened_and_is_painted_meanwhile(
    session: UserSettings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    path, seen, painted = tmp_path / "large.gradwire", list[str](), Event()
    Document(build("sin(x)", CATALOG, {"x": 1.0})).save(path)
    session.remember(path)
    monkeypatch.setattr("ui.shell.files.LARGE", 0)
    frame = Window(None, session)
    qtbot.addWidget(frame)
    frame.show()
    qtbot.waitExposed(frame)
    QApplication.processEvents()
    load = Document.load

    def painting(window: Window, theme: Theme, says: str) -> None:
        paint_frame(window, theme, says)
        seen.append(says)
        painted.set()

    def slowly(path: Path, catalog: Catalog) -> Document:
        assert current_thread().name == "aside" and painted.wait(10.0), "the frame is painted while the file is read"
        return load(path, catalog)

    monkeypatch.setattr("ui.shell.window.paint_frame", painting)
    monkeypatch.setattr("ui.shell.files.Document.load", slowly)
    document, _example, complaint = opening(path if asked else None, session, frame.say)
    assert (document.path == path.resolve(), complaint) == (True, "") and seen[-1] == frame.windowTitle() == "Opening large.gradwire …"


def test_a_missing_file_on_the_command_line_is_said_and_the_window_still_opens(session: UserSettings, tmp_path: Path) -> None:
    document, _, complaint = opening(tmp_path / "nowhere.gradwire", session)

    assert "nowhere" in complaint and document.graph.nodes


def test_theme_panels_and_size_come_back(make_window: Callable[..., Window], tmp_path: Path, qtbot: QtBot) -> None:
    ini = tmp_path / "remembered.ini"
    first = make_window(own=UserSettings(ini))
    first.resize(780, 640)  # with a frame it fits the test screen of 800 by 800; what does not fit comes back maximized
    first.commands.run("theme_dark")
    first.panel("library").toggle()
    first.playhead.set_speed(2.0)
    qtbot.wait(20)
    assert first.close()

    second = Window(Document.new(CATALOG), UserSettings(ini))  # as it comes, where `make_window` gives it a size
    qtbot.addWidget(second)
    second.show()
    qtbot.waitExposed(second)

    assert second.theme.name == "dark" and second.panels.docks["library"].isHidden() and not second.panels.docks["inspector"].isHidden()
    assert (second.width(), second.height()) == (780, 640)
    assert second.playhead.speed == 2.0


def test_the_gallery_shows_every_example_with_a_picture(window: Window, qtbot: QtBot) -> None:
    gallery = Gallery(CATALOG, window.theme, window)
    qtbot.addWidget(gallery)
    gallery.show()
    qtbot.waitUntil(lambda: all(card.thumbnail._picture is not None for card in gallery.cards), timeout=20_000)

    assert len(gallery.cards) == len(examples(CATALOG)) >= 1
    qtbot.mouseClick(gallery.cards[0], Qt.MouseButton.LeftButton)
    assert gallery.chosen == gallery.cards[0].example.path


def test_pictures_go_to_files_and_to_the_clipboard(window: Window, tmp_path: Path) -> None:
    for name in ("graph.png", "graph.svg"):
        answering(window, saves=tmp_path / name)
        window.commands.run("export_picture")
        assert (tmp_path / name).stat().st_size > 1000

    window.commands.run("copy_picture")
    assert QGuiApplication.clipboard().image().width() > 200


def test_code_of_a_graph_with_data_beside_its_file_is_written(
    make_window: Callable[..., Window], qtbot: QtBot, tmp_path: Path
) -> None:  # fmt: skip
    window = make_window(kernel=Desk())
    (tmp_path / "points.csv").write_text("a,b,label\n" + "1,2,no\n2,1,yes\n3,5,no\n5,3,yes\n" * 2, encoding="utf-8")
    nodes = [{"id": "d", "type": "source.data", "name": "data", "params": {"dataset": "csv", "path": "points.csv"}},
             {"id": "h", "type": "layer.linear", "name": "out", "params": {"out_features": 2}},
             {"id": "l", "type": "loss.cross_entropy", "name": "loss", "params": {}}]  # fmt: skip
    edges = [{"id": "1", "from": ["d", "x"], "to": ["h", "x", 0]}, {"id": "2", "from": ["h", "y"], "to": ["l", "scores", 0]},
             {"id": "3", "from": ["d", "target"], "to": ["l", "target", 0]}]  # fmt: skip
    path = tmp_path / "beside.gradwire"
    path.write_text(json.dumps({"format": "gradwire", "version": 1, "nodes": nodes, "edges": edges}), encoding="utf-8")
    window.files.open(path)
    said = answering(window, saves=tmp_path / "code.py")

    window.commands.run("export_code")

    qtbot.waitUntil(lambda: (tmp_path / "code.py").exists() or bool(said.asked[1:]), timeout=60_000)
    assert (tmp_path / "code.py").exists(), said.asked
    assert 'CLASSES = ["no", "yes"]' in (tmp_path / "code.py").read_text(encoding="utf-8")


def test_an_export_that_is_cancelled_writes_nothing(make_window: Callable[..., Window], qtbot: QtBot, tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "code.py"
    window = make_window(Document(build("x*y", CATALOG, {"x": 2.0, "y": 3.0})), kernel=desk)
    asked = answering(window, saves=path)
    desk.quiet = True
    window.commands.run("export_code")
    qtbot.waitUntil(window.job_bar.isVisible, timeout=10_000)

    asked.agrees, asked.asked = False, []
    assert not window.close() and asked.asked == ["sure code.py is still being written"] and window.job_bar.isVisible()
    qtbot.mouseClick(window.job_bar.cancel, Qt.MouseButton.LeftButton)
    desk.go_on()
    qtbot.wait(60)
    assert not path.exists() and not window.job_bar.isVisible() and "was not written" in window.status.message.full

    window.commands.run("export_code")
    qtbot.waitUntil(path.exists, timeout=10_000)
    assert "class " in path.read_text(encoding="utf-8")


def test_opening_the_open_file_again_and_saving_it_first_shows_what_was_saved(
    make_window: Callable[..., Window], tmp_path: Path
) -> None:  # fmt: skip
    path = tmp_path / "same.gradwire"
    Document(build("x*y", CATALOG, {"x": 1.0, "y": 2.0})).save(path)
    window = make_window(Document.load(path, CATALOG))
    x = next(node.id for node in window.document.graph.nodes.values() if node.name == "x")
    window.document.do(SetParam(x, "value", 42.0))
    window.dialogs = Answers(unsaved="save", opens=path)  # type: ignore[assignment]

    window.commands.run("open")

    assert window.document.graph.nodes[x].params["value"] == 42.0 and not window.document.modified
    window.document.do(SetParam(x, "value", 43.0))
    assert window.files.save() and "changed outside" not in window.dialogs.asked  # type: ignore[attr-defined]


def test_a_file_that_another_window_changed_is_not_replaced_unasked(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "shared.gradwire"
    window.document.save(path)
    edited(window)
    other = Document.load(path, CATALOG)
    other.do(SetLabel(next(iter(other.graph.nodes)), "theirs"))
    other.save()
    theirs = path.read_bytes()

    asked = answering(window)
    assert not window.files.save() and asked.asked == ["changed outside"]
    assert path.read_bytes() == theirs and window.document.modified

    asked = answering(window, saves=tmp_path / "mine.gradwire")
    asked.outside = "save_as"
    assert window.files.save() and path.read_bytes() == theirs and window.document.path == tmp_path / "mine.gradwire"

    window.document.save(path)
    other.do(SetLabel(next(iter(other.graph.nodes)), "theirs again"))
    other.save(replace=True)
    edited(window)
    answering(window).outside = "replace"
    assert window.files.save() and Document.load(path, CATALOG).graph == window.document.graph


def test_recent_files_are_not_looked_for_and_stay_when_a_disk_is_away(
    make_window: Callable[..., Window], session: UserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """The list is read and written without asking the disk once."""
    session.set("recent", ["/mnt/share/lecture.gradwire", "/home/u/a.gradwire"])
    asked: list[object] = []
    for name in ("stat", "exists", "is_file"):
        monkeypatch.setattr(Path, name, lambda self, **_: asked.append(self))
    assert [path.name for path in session.recent] == ["lecture.gradwire", "a.gradwire"] and not asked
    monkeypatch.undo()

    window = make_window()
    answers = answering(window)
    answers.agrees = False
    assert not window.files.open_recent(Path("/mnt/share/lecture.gradwire"))
    assert answers.asked == ["sure This file cannot be found"] and len(session.recent) == 2
    answers.agrees = True
    window.files.open_recent(Path("/mnt/share/lecture.gradwire"))
    assert [path.name for path in session.recent] == ["a.gradwire"]


def test_dialogs_start_in_the_documents_folder_else_where_one_was_last_else_in_the_documents(window: Window, tmp_path: Path) -> None:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    documents = documents if Path(documents).is_dir() else str(Path.home())
    asked = answering(window)
    window.commands.run("open")
    window.commands.run("export_picture")
    assert asked.folders[0] == documents and Path(asked.folders[1]).parent == Path(documents)

    (tmp_path / "a").mkdir()
    window.document.save(tmp_path / "a" / "x.gradwire")
    window.commands.run("open")
    window.commands.run("save_as")
    window.commands.run("export_code")
    assert {Path(folder) for folder in asked.folders[2:3]} | {Path(f).parent for f in asked.folders[3:]} == {tmp_path / "a"}

    window.settings.remember(tmp_path / "a" / "x.gradwire")
    window.commands.run("new")
    window.commands.run("open")
    window.commands.run("save_as")
    assert asked.folders[-2] == str(tmp_path / "a") and asked.folders[-1] == str(tmp_path / "a" / "untitled.gradwire")


@pytest.mark.parametrize("typed", ['"{}"', "file://{}", "  {}  ", "'{}'"])
def test_a_path_pasted_with_its_quotation_marks_is_taken(window: Window, qtbot: QtBot, tmp_path: Path, typed: str) -> None:
    table = tmp_path / "my data.csv"
    table.write_text("a,b\n1,2\n")
    node = window.canvas.add_node("source.data")
    assert node is not None
    window.document.do(SetParam(node, "dataset", "csv"))
    window.canvas.select([node])
    window._settled()
    (field,) = (f for f in window.panel("inspector").findChildren(TextField) if f._setting.name == "path")
    field.setText("")
    qtbot.keyClicks(field, typed.format(str(table).replace(" ", "%20") if typed.startswith("file") else table))
    field.editingFinished.emit()
    assert window.document.graph.nodes[node].params["path"] == str(table)


def test_a_relative_path_that_is_typed_begins_at_the_documents_folder(window: Window, tmp_path: Path) -> None:
    assert window.files.open_example(FIRST)
    assert window.files.resolved("data.csv") == "data.csv", "the examples' folder is no place for it"
    assert window.files.resolved("pyproject.toml") == str(Path("pyproject.toml").absolute())  # it fits, seen from here
    window.document.save(tmp_path / "doc.gradwire")
    assert window.files.resolved("data.csv") == str(tmp_path / "data.csv")
    assert window.files.resolved("~/data.csv") == "~/data.csv" and window.files.resolved("/x.csv") == "/x.csv"


def test_a_file_that_cannot_be_opened_at_the_start_is_said_once_and_another_is_offered(session: UserSettings, tmp_path: Path) -> None:
    session.set("last", str(tmp_path / "gone.gradwire"))
    document, example, complaint = opening(None, session)
    assert example == FIRST and document.graph.nodes and "gone.gradwire" in complaint
    (tmp_path / "broken.gradwire").write_text("{")
    assert "broken.gradwire: " in opening(tmp_path / "broken.gradwire", session)[2]


def test_values_that_are_not_there_are_shown_without_harm(window: Window) -> None:
    cases = Path(__file__).parents[2] / "data" / "cases" / "graphs"
    for path in (*cases.glob("*-tensor-ref.gradwire"), cases / "huge-param.gradwire", cases / "csv-dev-zero.gradwire"):
        assert window.files.open(path)
        window._settled()
        window.canvas.select([next(iter(window.document.graph.nodes))])
        window._settled()
        window.grab()


def test_the_gallery_is_searched_and_guesses_what_is_mistyped(window: Window, qtbot: QtBot) -> None:
    gallery = Gallery(CATALOG, window.theme, window)
    qtbot.addWidget(gallery)
    gallery.show()
    qtbot.waitExposed(gallery)

    qtbot.keyClicks(gallery.search, "spiral")
    assert [card.example.path.stem for card in gallery.cards if not card.isHidden()] == ["spiral"] and gallery.none.isHidden()
    gallery.search.clear()
    assert not any(card.isHidden() for card in gallery.cards)
    qtbot.keyClicks(gallery.search, "sprial")
    assert gallery.none.text() == 'No match for "sprial". Did you mean Spiral?'
    qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    assert gallery.chosen is not None and gallery.chosen.stem == "spiral"
