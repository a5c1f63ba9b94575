"""A window without an engine: everything but the numbers is real, and numbers come from a trace written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.window_support import Answers, hand_trace
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings


@pytest.fixture
def session(tmp_path: Path) -> UserSettings:
    return UserSettings(tmp_path / "settings.ini")


@pytest.fixture
def make_window(qtbot: QtBot, session: UserSettings) -> Iterator[Callable[..., Window]]:
    """Makes shown windows on a document, with recorded answers in place of dialogs."""
    made: list[Window] = []

    def make(document: Document | None = None, own: UserSettings | None = None, example: str = "", kernel: Any = None) -> Window:
        window = Window(document or Document.new(CATALOG), own or session, kernel, example)
        window.dialogs = Answers()  # type: ignore[assignment]
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)  # a first window fills so small a screen, and gets its size late
        window.resize(window.screen().availableSize())
        window.show()
        qtbot.waitExposed(window)
        made.append(window)
        return window

    yield make
    for window in made:
        window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
        window.close()


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    """f = x·y + z at 2, −5, 3, with the numbers a person computes by hand."""
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    made = make_window(document)
    made.showing.show_trace(hand_trace(document))
    return made


@pytest.fixture
def make_workspace(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., FakeWorkspace]]:
    """Makes workspaces without a window, on a new document unless one is given."""
    made: list[FakeWorkspace] = []

    def make(document: Document | None = None) -> FakeWorkspace:
        made.append(FakeWorkspace(document or Document.new(CATALOG), tmp_path))
        return made[-1]

    yield make
    for workspace in made:
        workspace.close()
