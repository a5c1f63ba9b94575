"""A panel that is made when it is first seen stands where its place is, for Tab too."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.shell.lazy_panel import LazyPanel


def test_tab_goes_through_a_panel_made_late_where_its_place_is(qtbot: QtBot) -> None:
    def make() -> QWidget:
        panel = QWidget()
        fields = QVBoxLayout(panel)
        for widget in (QLabel("no stop"), first, number, last):
            fields.addWidget(widget)
        return panel

    first, number, last = QLineEdit(), QSpinBox(), QLineEdit()
    window, before, after = QWidget(), QLineEdit(), QLineEdit()
    qtbot.addWidget(window)
    place = LazyPanel(make, fills=True)  # type: ignore[arg-type]
    place.hide()
    row = QHBoxLayout(window)
    for widget in (before, place, after):
        row.addWidget(widget)
    window.show()
    window.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    place.show()

    passed = []
    for _ in range(5):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        passed.append(QApplication.focusWidget())
    assert passed == [first, number, last, after, before]
