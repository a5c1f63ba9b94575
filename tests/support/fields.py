"""Typing into the editor of a declared setting, of whatever kind it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from graph.model.spec import Setting
from ui.forms.forms import BoolField, ChoiceField, TextArea
from ui.forms.number_field import NumberField


def enter(qtbot: QtBot, field: QWidget, setting: Setting, wanted: str) -> Any:
    """Give a field another value by keys, and return the value that is meant. `wanted` is typed where the field takes a text."""
    if isinstance(field, ChoiceField):
        return _choose_another(qtbot, field)
    if isinstance(field, BoolField):
        qtbot.keyClick(field, Qt.Key.Key_Space)
        return field.isChecked()
    if isinstance(field, TextArea):
        field.selectAll()
        qtbot.keyClicks(field, wanted)
        qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        return wanted
    line = field.lineEdit() if isinstance(field, NumberField) else field
    assert isinstance(line, QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, wanted)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    if setting.kind == "int":
        return int(wanted)
    if setting.kind == "float":
        return float(wanted)
    return [int(part) for part in wanted.split(",")] if setting.kind == "ints" else wanted


def _choose_another(qtbot: QtBot, field: QComboBox) -> Any:
    before = field.currentData()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    if field.currentData() == before:
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.currentData() != before
    return field.currentData()
