"""What is being typed counts: Return takes it, and so does every command that uses the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QComboBox, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.storage.document import Document
from graph.storage.files import read
from tests.support.window_support import Answers, names
from ui.forms.number_field import NumberField
from ui.shell.window import Window

CTRL = Qt.KeyboardModifier.ControlModifier


def typed_in(window: Window, qtbot: QtBot, field: QWidget, text: str) -> None:
    """Type into a field as a person does: into what has the focus."""
    window.activateWindow()
    field.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(field.hasFocus, timeout=2000)
    qtbot.keyClick(field, Qt.Key.Key_A, CTRL)
    for letter in text:  # keyClick knows the letters of ASCII only
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(field, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))


def rate(window: Window) -> Any:
    return (window.document.graph.training.get("hyper") or {}).get("lr")


def rate_field(window: Window) -> QWidget:
    window.panels.show("training")
    form = window.panel("training").optimizer.hyper_form
    assert form is not None
    return form.editors["lr"]


def test_return_takes_a_number_and_undo_gives_it_back(window: Window, qtbot: QtBot) -> None:
    field = rate_field(window)
    before = rate(window)
    typed_in(window, qtbot, field, "0,3")
    assert rate(window) == before
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert rate(window) == 0.3
    typed_in(window, qtbot, field, "0.4")
    qtbot.keyClick(field, Qt.Key.Key_Return)

    qtbot.waitUntil(window.actions_by_id["undo"].isEnabled, timeout=2000)
    qtbot.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert rate(window) == 0.3
    qtbot.waitUntil(lambda: field.lineEdit().text() == "0.3", timeout=2000)  # type: ignore[attr-defined]
    qtbot.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert rate(window) == before
    qtbot.waitUntil(window.actions_by_id["redo"].isEnabled, timeout=2000)
    qtbot.keyClick(field, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert rate(window) == 0.3


def test_undo_in_a_field_takes_back_the_letters_while_they_are_typed(window: Window, qtbot: QtBot) -> None:
    field, before = rate_field(window), rate(window)
    typed_in(window, qtbot, field, "0.7")
    qtbot.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert rate(window) == before and not window.document.history.can_undo


def test_saving_keeps_what_is_being_typed(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "typed.gradwire"
    window.dialogs = Answers(saves=path)  # type: ignore[assignment]
    typed_in(window, qtbot, rate_field(window), "0.25")
    qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(path.exists, timeout=5000)
    assert rate(window) == 0.25 and read(path, CATALOG).graph.training["hyper"]["lr"] == 0.25


def test_a_command_says_when_what_is_typed_does_not_count(window: Window, qtbot: QtBot) -> None:
    field, before = rate_field(window), rate(window)
    typed_in(window, qtbot, field, "1,000")
    qtbot.mouseClick(window.controls.transport.forward, Qt.MouseButton.LeftButton)
    assert rate(window) == before and field.lineEdit().text() == "1,000"  # type: ignore[attr-defined]
    assert window.status.message.full == 'Learning rate η was not changed: "1,000" can mean 1000 or 1.0: type one of them'


USES: dict[str, Callable[[Window, QtBot], object]] = {
    "a button": lambda window, qtbot: qtbot.mouseClick(window.controls.transport.forward, Qt.MouseButton.LeftButton),
    "a key": lambda window, qtbot: qtbot.keyClick(window, Qt.Key.Key_E, CTRL),
    "a menu": lambda window, qtbot: window.actions_by_id["copy_picture"].trigger(),
    "closing": lambda window, qtbot: window.close(),
    "selecting": lambda window, qtbot: window.canvas.select([names(window.document)["y"]]),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", ["maximum", "value", "name", "title"])
def test_whatever_uses_the_document_first_takes_what_is_being_typed(window: Window, qtbot: QtBot, use: str, kind: str) -> None:
    node = names(window.document)["x"]
    window.canvas.select([node])
    page = window.panel("node").node_page
    assert page.form is not None
    field: Any = getattr(page, kind) if kind in ("name", "title") else page.form.editors[kind]
    field = field.field if kind == "value" else field
    typed_in(window, qtbot, field, {"maximum": "25", "value": "1,5", "name": "größe", "title": "Hidden layer 1"}[kind])
    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]

    USES[use](window, qtbot)

    graph = window.document.graph
    held = graph.nodes[node]
    taken = {"maximum": graph.setting(node, "maximum"), "value": graph.setting(node, "value"), "name": held.name, "title": held.label}
    assert taken[kind] == {"maximum": 25, "value": 1.5, "name": "größe", "title": "Hidden layer 1"}[kind]


def test_a_refused_name_stays_to_be_corrected(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["x"]])
    page = window.panel("node").node_page
    typed_in(window, qtbot, page.name, "2 x")
    qtbot.keyClick(page.name, Qt.Key.Key_Return)
    window.panel("inspector").refresh()
    assert page.name.text() == "2 x" and "a letter or _" in page.complaint.text()
    window.canvas.select([names(window.document)["y"]])
    assert page.name.text() == "y" and page.complaint.isHidden()


def test_the_wheel_scrolls_past_numbers_and_choices_everywhere(window: Window, qtbot: QtBot) -> None:
    """Not the transport's speed and the debugger's sliders: nothing scrolls there."""
    window.canvas.select([names(window.document)["add"]])
    for key in ("training", "data"):
        window.panels.panel(key)
    fields = [
        field for kind in (QSpinBox, QComboBox, QSlider, NumberField) for field in window.findChildren(kind)
        if any(isinstance(parent, QAbstractScrollArea) for parent in ancestors(field))
    ]  # fmt: skip
    assert len(fields) > 8
    for field in fields:
        place = QPointF(field.rect().center())
        wheel = QWheelEvent(
            place, field.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        field.setFocus()
        before = shown(field)
        QApplication.sendEvent(field, wheel)
        assert shown(field) == before and not wheel.isAccepted(), field.accessibleName()


def ancestors(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def shown(field: QWidget) -> object:
    if isinstance(field, NumberField):
        return field.lineEdit().text()
    return field.currentIndex() if isinstance(field, QComboBox) else field.value()  # type: ignore[attr-defined]


def test_what_is_being_typed_is_not_lost_when_a_file_is_dropped(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    """Dropped files and the list of recent ones open without a command, which would have taken it."""
    path = tmp_path / "other.gradwire"
    Document(build("a + b", CATALOG, {"a": 1.0, "b": 2.0})).save(path)
    typed_in(window, qtbot, rate_field(window), "0.125")
    asked = window.dialogs = Answers(unsaved="cancel")  # type: ignore[assignment]

    assert not window.files.open(path)

    assert rate(window) == 0.125 and asked.asked == ["unsaved"]
