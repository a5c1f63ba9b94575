"""No dialog opens while Qt is still delivering an event: a second drop on such a dialog ended the process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from graph.model.edits import SetLabel
from tests.support.window_support import Answers, after_event
from ui.shell import dialogs as dialogs_module
from ui.shell.actions import ACTIONS
from ui.shell.window import Window

UI = Path(dialogs_module.__file__).parents[1]
LOOPS = {"shell/dialogs.py": 1, "shell/app.py": 1, "shell/aside.py": 1, "library/library.py": 1}
"""Where an event loop of its own may start: the one place that waits for a dialog, the application, what waits for a large file and takes
no input, and dragging from the library."""
STATIC = {"getOpenFileName", "getSaveFileName", "getExistingDirectory", "getText", "getInt", "getItem", "getColor", "getFont",
          "question", "warning", "information", "critical"}  # fmt: skip


class OfTheFrame(QCloseEvent):
    """What Qt delivers when the window manager's close button is clicked."""

    def spontaneous(self) -> bool:
        return True


class Watched(Answers):
    """Notes which questions came while an event was still being delivered."""

    def __init__(self, window: Window) -> None:
        super().__init__(unsaved="cancel")
        self.early: list[str] = []
        self._window = window

    def _note(self, what: str) -> None:
        if not self._window.later.running:
            self.early.append(what)

    def unsaved(self, name: str, heading: str = "", text: str = "") -> str:
        self._note(f"unsaved {name}")
        return super().unsaved(name, heading, text)

    def sure(self, title: str, text: str, act: str) -> bool:
        self._note(f"sure {title}")
        return super().sure(title, text, act)

    def wait_for(self, dialog: QDialog) -> bool:
        self._note(f"wait {type(dialog).__name__}")
        return super().wait_for(dialog)

    def open_path(self, folder: str, title: str = "", filters: str = "") -> Path | None:
        self._note("open")
        return super().open_path(folder, title, filters)

    def open_folder(self, folder: str, title: str = "") -> Path | None:
        self._note("folder")
        return super().open_folder(folder, title)

    def save_path(self, suggested: str, title: str = "", filters: str = "", ending: str = "") -> Path | None:
        self._note("save")
        return super().save_path(suggested, title, filters, ending)


@pytest.fixture
def watched(window: Window) -> Iterator[Watched]:
    window.canvas.add_node("math.exp")  # so that whatever leaves the document has to ask
    window.dialogs = dialogs = Watched(window)  # type: ignore[assignment]
    yield dialogs
    QApplication.processEvents()


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    what = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(200, 200), *what))
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), *what))


def test_event_loops_start_only_where_dialogs_are_waited_for() -> None:
    loops: dict[str, int] = {}
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"exec", "exec_", *STATIC}:
                if node.func.attr in STATIC and not (isinstance(node.func.value, ast.Name) and node.func.value.id.startswith("Q")):
                    continue
                loops[str(path.relative_to(UI))] = loops.get(str(path.relative_to(UI)), 0) + 1
    assert loops == LOOPS


def test_no_command_asks_inside_the_event_that_called_it(window: Window, watched: Watched) -> None:
    for spec in ACTIONS:
        action = window.actions_by_id[spec.id]
        action.setEnabled(True)
        if spec.id in ("full_screen", "present", "export_code"):
            continue
        action.trigger()
        after_event()
        window.search_box.dismiss()
    assert watched.early == []
    assert {"unsaved", "open", "save", "wait Gallery", "wait LessonGallery"} <= set(watched.asked)


def test_a_drop_is_over_before_anything_is_opened_or_said(window: Window, watched: Watched, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.gradwire", tmp_path / "good.gradwire"
    bad.write_text("not a graph")
    window.document.save(good)
    window.canvas.add_node("math.exp")

    drop(window, bad)
    assert watched.asked == []
    drop(window, good)
    assert watched.asked == []
    after_event()

    assert [asked.split()[0] for asked in watched.asked] == ["tell", "unsaved"] and watched.early == []


def test_the_close_button_of_the_frame_asks_when_the_event_is_over(window: Window, watched: Watched) -> None:
    window.closeEvent(OfTheFrame())
    assert watched.asked == [] and window.isVisible()
    after_event()
    assert watched.asked == ["unsaved"] and watched.early == [] and window.isVisible()

    watched.answer = "discard"
    window.closeEvent(OfTheFrame())
    after_event()
    assert not window.isVisible()


def test_buttons_of_panels_ask_when_their_click_is_over(window: Window, watched: Watched, qtbot: QtBot) -> None:
    studio = window.lessons.studio
    window.lessons.toggle_recorder()
    studio.recorder.add()
    for button in (studio.panel.save, studio.panel.play, studio.panel.close_button):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        after_event()
    window.canvas.gallery_requested.emit()
    window.canvas.lessons_requested.emit()
    after_event()
    assert watched.early == [] and watched.asked.count("save") == 2 and "wait Gallery" in watched.asked
    watched.answer = "discard"
    window.lessons.studio.stop()
    after_event()


def test_questions_come_one_after_the_other(window: Window) -> None:
    order: list[str] = []

    def first() -> None:
        window.later(lambda: order.append("third"))
        QApplication.processEvents()  # what an open dialog does
        order.append("first")

    window.later(first)
    window.later(lambda: order.append("second"))
    after_event()
    after_event()
    assert order == ["first", "second", "third"]


def test_what_went_wrong_is_shown_without_waiting(window: Window) -> None:
    shown = dialogs_module.Dialogs(window, window.settings)
    shown.tell("This file cannot be opened", "bad.gradwire: it is empty.")
    (dialog,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())
    assert dialog.isModal()
    dialog.accept()


def test_a_window_that_has_closed_asks_nothing_more(window: Window) -> None:
    """Ctrl+Q pressed twice, and the first question answered with "Don't save"."""
    window.document.do(SetLabel(next(iter(window.document.graph.nodes)), "changed"))
    asked = window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    for name in ("quit", "quit", "new"):
        window.actions_by_id[name].trigger()
    after_event()
    assert asked.asked == ["unsaved"] and not window.isVisible()
