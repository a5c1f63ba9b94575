"""Menus made from the action table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from graph.text.messages import _
from ui.shell.actions import ACTIONS, MENU_TITLES, MENUS

CONTEXT_EMPTY = ("add_node", "type_formula", "paste", "select_all", "", "layout", "fit_all", "", "copy_picture")


def build(
    window: QWidget, actions: dict[str, QAction], recent_files: Callable[[], Sequence[Path]], open_recent: Callable[[Path], object]
) -> QMenuBar:
    """The menu bar; File also has the recent files, filled when it opens."""
    bar = QMenuBar(window)
    menus: dict[str, QMenu] = {name: bar.addMenu(MENU_TITLES[name]) for name in MENUS}
    for name in MENUS:
        # Alt and the English first letter, which no two have, without the underlines that mnemonics would draw.
        opener = QShortcut(QKeySequence(f"Alt+{name[0]}"), window)
        opener.activated.connect(lambda name=name: _open(bar, menus[name]))
    for spec in ACTIONS:
        top, _slash, inner = spec.menu.partition("/")
        menu = menus[top]
        if inner:
            if spec.menu not in menus:
                menus[spec.menu] = QMenu(MENU_TITLES[spec.menu], menu)
                _insert(menu, menus[spec.menu], actions["quit"])
            menu = menus[spec.menu]
        if spec.before:
            menu.addSeparator()
        menu.addAction(actions[spec.id])
        if spec.id == "open":
            recent = menu.addMenu(_("Open recent"))
            recent.aboutToShow.connect(lambda recent=recent: _fill_recent(recent, recent_files(), open_recent))
            recent.setObjectName("recent")
    return bar


def _insert(menu: QMenu, inner: QMenu, last: QAction) -> None:
    """Add a submenu at the end; `last` stays the last row under its line."""
    rows = menu.actions()
    if last in rows:
        menu.insertMenu(rows[rows.index(last) - 1], inner)
    else:
        menu.addMenu(inner)


def _open(bar: QMenuBar, menu: QMenu) -> None:
    action = menu.menuAction()
    bar.setActiveAction(action)
    menu.popup(bar.mapToGlobal(bar.actionGeometry(action).bottomLeft()))


def _fill_recent(menu: QMenu, paths: Sequence[Path], open_recent: Callable[[Path], object]) -> None:
    menu.clear()
    for path in paths:
        action = menu.addAction(path.name)
        action.setToolTip(str(path))
        action.triggered.connect(lambda _=False, path=path: open_recent(path))
    if not paths:
        menu.addAction(_("No recent files")).setEnabled(False)


def context(window: QWidget, actions: dict[str, QAction], on_something: bool) -> QMenu:
    """The menu under the right mouse button."""
    menu = QMenu(window)
    menu.aboutToHide.connect(menu.deleteLater)
    for identity in _context_rows() if on_something else CONTEXT_EMPTY:
        if identity:
            menu.addAction(actions[identity])
        else:
            menu.addSeparator()
    return menu


def _context_rows() -> list[str]:
    """The rows over a node or wire, an empty one for a line between two hundreds."""
    listed: list[str] = []
    before = 0
    for spec in sorted((spec for spec in ACTIONS if spec.context), key=lambda spec: spec.context):
        if before and spec.context // 100 != before // 100:
            listed.append("")
        listed.append(spec.id)
        before = spec.context
    return listed
