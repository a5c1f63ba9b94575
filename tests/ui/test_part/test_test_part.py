"""The test part is read on request, belongs to one step, and its predictions are unread until then."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.kernel.protocol import Progress
from engine.training.model import Model
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.networks import tanh_net
from ui.shell.window import Window
from ui.shell.workspace.services import TEST_PART


def test_the_test_set_is_read_by_a_button_and_forgotten_with_its_numbers(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    document = Document(tanh_net())
    desk = Desk()
    window = make_window(document, kernel=desk)
    service, page = window.services.get(TEST_PART), window.panel("training")
    window.panels.show("training")
    qtbot.waitUntil(lambda: window.trace is not None and bool(window.trace.samples))
    assert not service.offered and service.allowed and not page.read_test.isVisible()

    document.do(SetParam("data", "validation_fraction", 0.2))
    qtbot.waitUntil(lambda: service.offered)
    assert not service.allowed and page.read_test.isVisible() and "unread" in page.test.full
    window.panels.show("data")
    table = window.panel("data").samples
    qtbot.waitUntil(lambda: "prediction" in [c.name for c in table.model.columns] and table.model.rowCount() == 100)
    table.filter.setText("test")
    table.ask()
    qtbot.waitUntil(lambda: table.model.rowCount() == 25 and not table.model.unknown(range(3)))
    at = [column.name for column in table.model.columns].index("prediction")
    assert table.model.data(table.model.index(0, at)) == "—"

    window.panels.show("training")
    QTest.mouseClick(page.read_test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Test set at step 0" in page.test.full)
    measured = Model(document.graph).evaluate("test")
    assert f"accuracy {measured['accuracy']:.1%}" in page.test.full
    assert service.allowed
    window.panels.show("data")
    qtbot.waitUntil(lambda: table.model.data(table.model.index(0, at)).removeprefix("✗ ") in ("upper", "lower"))
    desk.progressed.emit(Progress(step=7))
    assert "now at step 7" in page.test.full
    document.do(SetParam("data", "seed", 1))
    qtbot.waitUntil(lambda: not service.allowed)
    assert "unread" in page.test.full
