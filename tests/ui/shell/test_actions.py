"""Every action stands once in one table, has a name for its keys and a rule for when it is on."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from ui.look.theme import THEMES
from ui.shell.actions import ACTIONS, MENUS
from ui.shell.commands import PARTS
from ui.shell.window import Window
from ui.shell.workspace.action_spec import ActionContext

EMPTY = ActionContext()


def test_ids_are_unique_and_each_has_a_command(window: Window) -> None:
    ids = [spec.id for spec in ACTIONS]

    assert len(ids) == len(set(ids))
    assert all(sum(callable(getattr(part, spec.id, None)) for part in PARTS) == 1 for spec in ACTIONS if not spec.run)
    for spec in (spec for spec in ACTIONS if spec.run):
        owner, name = spec.run.split(".")
        assert callable(getattr(window.features.get(owner) or window.panel(owner), name))


def test_a_shortcut_means_one_thing_wherever_it_is_heard() -> None:
    # A key bound twice where both are heard fires neither; the canvas lies inside the window.
    keys = Counter(QKeySequence(s).toString() for spec in ACTIONS for s in spec.shortcuts)

    assert [key for key, count in keys.items() if count > 1] == []
    assert all(QKeySequence(s).toString() for spec in ACTIONS for s in spec.shortcuts)


def test_single_letter_keys_are_heard_on_the_canvas_only() -> None:
    letters = [spec for spec in ACTIONS for s in spec.shortcuts if len(s) == 1]

    assert letters and all(spec.scope == "canvas" for spec in letters)


def test_every_action_has_a_tip_and_a_menu() -> None:
    assert all(spec.tip and spec.menu.split("/")[0] in MENUS for spec in ACTIONS)


def test_every_menu_fits_into_one_column_on_a_small_screen_in_every_theme(window: Window) -> None:
    """A menu that is higher than the screen turns into several columns. 42: the window's title bar and the menu bar above the menu."""
    for theme in THEMES:
        window.commands.run(f"theme_{theme}")
        menus = [menu for menu in window.menu.findChildren(QMenu)]
        heights = {menu.title(): menu.sizeHint().height() for menu in menus}
        assert len(menus) > 12 and max(heights.values()) <= 720 - 42, (theme, heights)


def test_the_menu_of_learning_has_ten_entries_at_most() -> None:
    entries = {spec.menu if "/" in spec.menu else spec.id for spec in ACTIONS if spec.menu.split("/")[0] == "Learn"}

    assert len(entries) <= 10, entries


def test_with_nothing_there_nothing_can_be_undone_deleted_played_or_trained() -> None:
    on = {spec.id for spec in ACTIONS if spec.enabled(EMPTY)}

    assert not on & {"undo", "redo", "delete", "cut", "dissolve", "rename", "play_forward", "train", "train_reset", "export_code"}
    assert {"new", "open", "examples", "add_node", "shortcuts"} <= on


def test_a_read_only_document_cannot_be_edited_but_saved_elsewhere() -> None:
    reading = ActionContext(nodes=3, selected=1, selected_nodes=1, undo="Move", read_only=True)
    on = {spec.id for spec in ACTIONS if spec.enabled(reading)}

    assert not on & {"delete", "cut", "paste", "undo", "rename", "add_node", "save", "duplicate"}
    assert {"copy", "save_as", "fit"} <= on


def test_the_menus_hold_every_action(window: Window) -> None:
    def below(menu: QMenu) -> set[str]:
        names = set()
        for action in menu.actions():
            inner = action.menu()
            names |= below(inner) if isinstance(inner, QMenu) else {action.objectName()}
        return names

    menus = [action.menu() for action in window.menu.actions()]
    assert {spec.id for spec in ACTIONS} <= set().union(*(below(menu) for menu in menus if isinstance(menu, QMenu)))


def test_undo_says_what_it_takes_back(window: Window) -> None:
    window.canvas.add_node("math.exp")
    window._settled()

    action: QAction = window.actions_by_id["undo"]
    assert action.isEnabled() and action.text().startswith("Undo Add Exp")
