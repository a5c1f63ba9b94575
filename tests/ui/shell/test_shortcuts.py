"""Keys can be changed, conflicts are named, and what was chosen is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.look.theme import PROJECTOR
from ui.shell.actions import ACTIONS, BY_ID
from ui.shell.shortcut_dialog import ID, ShortcutDialog
from ui.shell.shortcuts import Keys, pressed, refusal
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def keys(session: UserSettings) -> Keys:
    return Keys(session)


@pytest.fixture
def dialog(window: Window, qtbot: QtBot) -> ShortcutDialog:
    dialog = ShortcutDialog(window, window.keys, window.keys_changed)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def choose(dialog: ShortcutDialog, identity: str) -> None:
    from ui.shell.shortcut_dialog import ID

    dialog.tree.setCurrentItem(next(item for item in dialog._items() if item.data(0, ID) == identity))


def test_without_a_choice_the_tables_keys_hold(keys: Keys) -> None:
    assert keys.of(BY_ID["layout"]) == ("L",) and keys.is_default(BY_ID["layout"])
    assert keys.of(BY_ID["redo"]) == ("Ctrl+Shift+Z", "Ctrl+Y")


def test_a_choice_is_kept_in_the_settings_and_only_the_choice(keys: Keys, session: UserSettings) -> None:
    keys.give("layout", ["Ctrl+K"])

    assert Keys(session).of(BY_ID["layout"]) == ("Ctrl+K",)
    assert "layout" in session.text("keys") and "redo" not in session.text("keys")


def test_whatever_is_given_no_key_has_two_meanings(keys: Keys) -> None:
    keys.give("layout", ["F5", "Ctrl+D"])
    keys.give("train", ["L", "Ctrl+D"])
    keys.give("fit", ["Ctrl+D"])

    held = Counter(key for spec in ACTIONS for key in keys.of(spec))
    assert [key for key, count in held.items() if count > 1] == []
    assert keys.of(BY_ID["fit"]) == ("Ctrl+D",) and keys.of(BY_ID["layout"]) == ("F5",)


def test_reset_gives_the_tables_keys_back(keys: Keys, session: UserSettings) -> None:
    keys.give("layout", ["F5"])
    keys.reset("train")
    assert keys.of(BY_ID["train"]) == ("F5",) and "F5" not in keys.of(BY_ID["layout"])

    keys.reset_all()
    assert all(keys.is_default(spec) for spec in ACTIONS) and all(Keys(session).is_default(spec) for spec in ACTIONS)


def test_keys_that_would_take_something_else_away_are_refused_with_a_reason() -> None:
    assert "while you type" in refusal(BY_ID["save"], "S")
    assert refusal(BY_ID["layout"], "S") == "" and refusal(BY_ID["save"], "F7") == ""
    assert "canvas" in refusal(BY_ID["layout"], "Left") and "menu" in refusal(BY_ID["save"], "Alt+F")


@pytest.mark.parametrize(("key", "held", "text"), [
    (Qt.Key.Key_K, CTRL, "Ctrl+K"), (Qt.Key.Key_Plus, SHIFT, "+"), (Qt.Key.Key_A, SHIFT, "Shift+A"), (Qt.Key.Key_Control, CTRL, ""),
    (Qt.Key.Key_Backtab, SHIFT, "Shift+Tab"), (Qt.Key.Key_5, Qt.KeyboardModifier.KeypadModifier, "5"),
])  # fmt: skip
def test_a_pressed_key_has_a_portable_name(key: Qt.Key, held: Qt.KeyboardModifier, text: str) -> None:
    assert pressed(QKeyCombination(held, key)) == text


def test_a_rebound_key_acts_and_the_old_one_does_not(window: Window, qtbot: QtBot) -> None:
    window.canvas.select(())
    window.canvas.setFocus()
    window.keys.give("select_all", ["J"])
    window.keys_changed()

    qtbot.keyClick(window.canvas, Qt.Key.Key_A, CTRL)
    assert not window.canvas.selection
    qtbot.keyClick(window.canvas, Qt.Key.Key_J)
    assert len(window.canvas.selected_nodes()) == 5


def test_menus_tips_and_palette_name_the_new_keys(window: Window) -> None:
    from ui.shell import palette

    window.keys.give("train", ["Ctrl+T"])
    window.keys_changed()

    shown = QKeySequence("Ctrl+T").toString(QKeySequence.SequenceFormat.NativeText)
    assert window.actions_by_id["train"].shortcut().toString() == "Ctrl+T"
    assert shown in window.topbar._train_tips[0]
    assert any(shown in row.detail for row in palette.rows(window, "train"))


def test_the_next_window_has_the_keys_that_were_chosen(make_window: Callable[..., Window], tmp_path: Path) -> None:
    first = make_window(own=UserSettings(tmp_path / "s.ini"))
    first.keys.give("layout", ["Ctrl+K"])
    first.close()

    second = make_window(own=UserSettings(tmp_path / "s.ini"))

    assert second.actions_by_id["layout"].shortcut().toString() == "Ctrl+K"


def test_the_names_of_commands_are_read_in_full(window: Window, qtbot: QtBot) -> None:
    """The long descriptions of what the mouse does must not take the commands' room, least of all in a large type."""
    window.set_theme(PROJECTOR)
    dialog = ShortcutDialog(window, window.keys, window.keys_changed)
    qtbot.addWidget(dialog)
    dialog.show()
    QApplication.processEvents()
    tree = dialog.tree
    wide = max(tree.fontMetrics().horizontalAdvance(item.text(0)) for item in dialog._items() if item.data(0, ID))
    assert tree.columnWidth(0) >= wide + tree.indentation()


def test_the_dialog_finds_commands_by_name_and_by_key(dialog: ShortcutDialog, qtbot: QtBot) -> None:
    qtbot.keyClicks(dialog.query, "arrange")
    assert [item.text(0) for item in dialog._items()] == ["Arrange"]

    dialog.query.setText("ctrl+d")
    assert "Duplicate" in [item.text(0) for item in dialog._items()]


def test_a_free_key_is_taken_as_soon_as_it_is_pressed(dialog: ShortcutDialog, window: Window, qtbot: QtBot) -> None:
    choose(dialog, "layout")

    qtbot.mouseClick(dialog.change, Qt.MouseButton.LeftButton)
    qtbot.keyClick(dialog.field, Qt.Key.Key_J, CTRL)

    assert window.actions_by_id["layout"].shortcut().toString() == "Ctrl+J"
    assert dialog.reset.isEnabled()
    qtbot.mouseClick(dialog.reset, Qt.MouseButton.LeftButton)
    assert window.actions_by_id["layout"].shortcut().toString() == "L"


def test_a_key_in_use_names_its_owner_and_is_taken_only_when_asked(dialog: ShortcutDialog, window: Window, qtbot: QtBot) -> None:
    choose(dialog, "layout")
    dialog.begin()

    qtbot.keyClick(dialog.field, Qt.Key.Key_D, CTRL)
    assert "Duplicate" in dialog.says.text() and window.keys.of(BY_ID["layout"]) == ("L",)

    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert window.keys.of(BY_ID["layout"]) == ("Ctrl+D",) and window.keys.of(BY_ID["duplicate"]) == ()


def test_escape_leaves_the_keys_and_then_the_dialog(dialog: ShortcutDialog, window: Window, qtbot: QtBot) -> None:
    choose(dialog, "layout")
    dialog.begin()
    assert QApplication.focusWidget() is dialog.field

    qtbot.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert dialog.isVisible() and not dialog.field.isVisible() and window.keys.of(BY_ID["layout"]) == ("L",)

    qtbot.keyClick(dialog.tree, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_tab_can_be_a_shortcut(dialog: ShortcutDialog, window: Window, qtbot: QtBot) -> None:
    choose(dialog, "fit")
    dialog.begin()

    qtbot.keyClick(dialog.field, Qt.Key.Key_Tab, CTRL)

    assert window.keys.of(BY_ID["fit"]) == ("Ctrl+Tab",)


def test_a_mistyped_command_is_listed_with_what_was_probably_meant(dialog: ShortcutDialog, qtbot: QtBot) -> None:
    qtbot.keyClicks(dialog.query, "dupliacte")

    first = dialog.tree.topLevelItem(0)
    assert first is not None and first.text(0) == 'No match for "dupliacte". Did you mean Duplicate?'
    assert dialog.selected is not None and dialog.selected.id == "duplicate"
