"""Work beside the window leaves to the window's thread what is the window's."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from ui.shell.aside import aside


@pytest.fixture
def often() -> Iterator[None]:
    """Python looks for garbage as often as it does in the app."""
    before, running = gc.get_threshold(), gc.isenabled()
    gc.collect()
    gc.set_threshold(700, 10, 10)
    gc.enable()
    yield
    gc.set_threshold(*before)
    if not running:
        gc.disable()


def test_what_nobody_holds_is_deleted_in_the_thread_of_the_window(qapp: QApplication, often: None) -> None:
    deleted_in: list[str] = []

    class Ring:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            deleted_in.append(threading.current_thread().name)

    def work() -> int:
        return len([[] for _ in range(100_000)])

    Ring()
    assert aside(work, lambda: None) == 100_000
    gc.collect()
    assert deleted_in == [threading.main_thread().name]


def test_input_meanwhile_goes_to_nobody_and_closing_comes_afterwards(qtbot: QtBot) -> None:
    """Keys pressed while a file is read were meant for the document before it."""
    field = QLineEdit("before")
    qtbot.addWidget(field)
    field.show()
    qtbot.waitExposed(field)
    handle, meanwhile = field.windowHandle(), threading.Event()

    tip = QLabel("of the document before", None, Qt.WindowType.ToolTip)
    tip.show()

    def press() -> None:
        tip.close()  # it goes by itself
        tip.deleteLater()
        QTest.keyClick(field, Qt.Key.Key_X)
        QTest.mousePress(field, Qt.MouseButton.LeftButton)
        handle.close()
        QTimer.singleShot(30, meanwhile.set)

    QTimer.singleShot(30, press)
    assert aside(lambda: meanwhile.wait(20), lambda: None)
    assert field.text() == "before" and field.isVisible() and not field.hasSelectedText()
    qtbot.waitUntil(lambda: not field.isVisible())


def test_what_goes_wrong_beside_the_window_is_raised_in_it(qapp: QApplication, often: None) -> None:
    def work() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        aside(work, lambda: None)
    assert gc.isenabled()
