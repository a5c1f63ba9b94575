"""A file that changes on the disk is noticed; reading it again is offered, and until then nothing is different."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.data.loading import VERSIONS, DataSet, load_together, version
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.data.changed_files import DataWatch
from ui.data.feature import DataFiles
from ui.shell.window import Window


@pytest.fixture
def versions() -> Iterator[None]:
    """As in the engine's process: the version that was read first is kept."""
    VERSIONS.on = True
    yield
    VERSIONS.on = False
    VERSIONS.forget()


def watch_of(window: Window) -> DataWatch:
    feature = window.features["data_files"]
    assert isinstance(feature, DataFiles)
    return feature.watch


def rows(path: Path, count: int) -> None:
    """As editors do it: another file takes the old one's place."""
    other = path.with_suffix(".new")
    other.write_text("a,b\n" + "".join(f"{i},{2 * i}\n" for i in range(count)))
    other.replace(path)


def test_what_was_read_first_is_kept_until_the_newest_is_asked_for(tmp_path: Path, versions: None) -> None:
    from engine.data.loading import reading
    from engine.numerics.job import finished

    path = tmp_path / "t.csv"
    settings = {"dataset": "csv", "path": str(path)}
    rows(path, 10)

    def total() -> int:
        (found,) = load_together([settings])
        assert isinstance(found, DataSet)
        return found.total

    assert total() == 10
    before = version(settings)
    rows(path, 30)
    assert total() == 10 and version(settings) == before
    path.unlink()
    assert total() == 10
    rows(path, 20)
    finished(reading(settings, newest=True))
    assert total() == 20 and version(settings) != before
    rows(path, 40)
    assert total() == 20
    other = {**settings, "feature_columns": "b", "target_columns": "a"}  # not at hand in that version: then the newest is read, by all
    assert [found.total for found in load_together([other, settings]) if isinstance(found, DataSet)] == [40, 40]


def test_a_change_is_offered_and_reloaded_or_kept(make_window: Callable[..., Window], qtbot: QtBot, tmp_path: Path, versions: None) -> None:
    path = tmp_path / "t.csv"
    rows(path, 40)
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "csv", "path": str(path), "test_fraction": 0.5})).apply(graph)
    window = make_window(Document(graph), kernel=Desk())
    window.panels.show("data")
    page, bar = window.panel("data"), watch_of(window).bar
    qtbot.waitUntil(lambda: page.samples.model.rowCount() == 40)
    assert not bar.isVisible() and not window.actions_by_id["reload_data"].isEnabled()

    rows(path, 60)
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    assert bar.text.text().startswith("t.csv has changed on the disk") or "t.csv" in bar.text.full
    page.samples.ask()
    qtbot.waitUntil(lambda: page.samples._job is None)
    assert page.samples.model.rowCount() == 40
    QTest.mouseClick(bar.keep, Qt.MouseButton.LeftButton)
    assert not bar.isVisible() and window.actions_by_id["reload_data"].isEnabled()

    rows(path, 80)
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    modified = window.document.modified
    window.actions_by_id["reload_data"].trigger()
    qtbot.waitUntil(lambda: page.samples.model.rowCount() == 80 and not bar.isVisible(), timeout=5000)
    assert page.text.text().startswith("80 samples: 40 training, 40 test.") and window.document.modified == modified
    path.unlink()
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    assert not bar.reload.isVisible() and "no longer on the disk" in bar.text.full
