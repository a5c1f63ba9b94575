"""A closed window lets go of everything: else a session that opens many graphs grows, and so do these tests."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from tests.support.explain_support import Desk
from tests.support.window_support import Answers
from ui.shell.files import example_document
from ui.shell.registry import panel_specs
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings


def used_and_closed(qtbot: QtBot, settings: UserSettings, lesson: Path) -> tuple[weakref.ref[object], ...]:
    """What must be gone: of a window in which every panel, an explanation and a lesson were open."""
    window = Window(example_document("iris", CATALOG), settings, Desk())  # type: ignore[arg-type]
    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    window.show()
    qtbot.waitUntil(lambda: window.trace is not None)
    for key in panel_specs():
        window.panels.show(key)
    window.canvas.select([next(iter(window.document.graph.nodes))])
    assert window.lessons.open(lesson)
    QApplication.processEvents()
    gone = (window, window.document, window.canvas, window.canvas.model, *window.followers())
    window.close()
    window.deleteLater()
    return tuple(map(weakref.ref, gone))


def test_a_closed_window_and_all_its_panels_are_collected(qtbot: QtBot, session: UserSettings, lesson: Path) -> None:
    gone = used_and_closed(qtbot, session, lesson)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    gc.collect()
    assert [left for one in gone if (left := one()) is not None] == []
