"""The one way in which tests come to a window: fixtures that the conftests of `tests/ui` and `tests/e2e` take over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage import files as graph_files
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.lesson_steps import STEPS
from tests.support.window_support import Answers, hand_trace
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

PATIENCE = 60_000


@pytest.fixture
def session(tmp_path: Path) -> UserSettings:
    return UserSettings(tmp_path / "settings.ini")


@pytest.fixture
def make_window(qtbot: QtBot, session: UserSettings) -> Iterator[Callable[..., Window]]:
    """Makes shown windows on a document, with recorded answers in place of dialogs. With a kernel, its first numbers are there."""
    windows: list[Window] = []

    def make(
        document: Document | None = None, own: UserSettings | None = None, example: str = "", kernel: Any = None,
        size: tuple[int, int] | None = None, unsaved: str = "cancel",
    ) -> Window:  # fmt: skip
        window = Window(document or Document.new(CATALOG), own or session, kernel, example)
        window.dialogs = Answers(unsaved=unsaved)  # type: ignore[assignment]
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)  # a first window fills so small a screen, and gets its size late
        window.resize(QSize(*size) if size is not None else window.screen().availableSize())
        window.show()
        qtbot.waitExposed(window)
        windows.append(window)
        if kernel is not None:
            qtbot.waitUntil(lambda: window.trace is not None and getattr(kernel, "ready", True), timeout=PATIENCE)
        return window

    yield make
    for window in windows:
        window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
        window.close()


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    """f = x·y + z at 2, −5, 3, with the numbers a person computes by hand."""
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    window = make_window(document)
    window.showing.show_trace(hand_trace(document))
    return window


@pytest.fixture
def make_workspace(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., FakeWorkspace]]:
    """Makes workspaces without a window, on a new document unless one is given."""
    workspaces: list[FakeWorkspace] = []

    def make(document: Document | None = None) -> FakeWorkspace:
        workspaces.append(FakeWorkspace(document or Document.new(CATALOG), tmp_path))
        return workspaces[-1]

    yield make
    for workspace in workspaces:
        workspace.close()


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A lesson of four steps beside its graph."""
    graph = build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})
    graph_files.save(graph, tmp_path / "small.gradwire")
    rows = {"format": "gradwire-lesson", "version": 1, "title": "Small", "graph": "small.gradwire", "summary": "S", "steps": STEPS}
    path = tmp_path / "small.gwlesson"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.fixture
def played(window: Window, lesson: Path) -> Window:
    """A window that plays this lesson."""
    assert window.lessons.open(lesson)
    QApplication.processEvents()
    return window
