"""The rows of the action table as Qt's actions."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from graph.text.messages import _
from ui.look.typing import commit_typing
from ui.shell.actions import ACTIONS
from ui.shell.shortcuts import Keys
from ui.shell.workspace.action_spec import ActionContext, ActionSpec


def build(
    window: QWidget, canvas: QWidget, keys: Keys, begin: Callable[[], None], perform: Callable[[ActionSpec], None]
) -> dict[str, QAction]:
    """One `QAction` for every row, with its keys: what changes later is an event for every widget that has the action.

    When one is triggered, `begin` is called, then what is being typed is accepted, then `perform` is called with its row.
    """
    groups: dict[str, QActionGroup] = {}
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.id)
        action.setToolTip(spec.tip)
        action.setShortcuts([QKeySequence(key) for key in keys.of(spec)])
        if spec.check:
            action.setCheckable(True)
            if spec.check != "toggle":
                group = groups.setdefault(spec.check, QActionGroup(window))
                group.addAction(action)
        if spec.scope == "canvas":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            canvas.addAction(action)
        else:
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            window.addAction(action)
        action.triggered.connect(functools.partial(_trigger, begin, perform, spec))
        actions[spec.id] = action
    return actions


def _trigger(begin: Callable[[], None], perform: Callable[[ActionSpec], None], spec: ActionSpec, *_: object) -> None:
    begin()
    commit_typing()
    perform(spec)


def refresh(actions: dict[str, QAction], situation: ActionContext) -> None:
    """Enable what can be used now; undo and redo say what they would do."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(spec.enabled(situation))
    actions["undo"].setText(_("Undo {undo}").format(undo=situation.undo).strip())
    actions["redo"].setText(_("Redo {redo}").format(redo=situation.redo).strip())
    actions["train"].setText(_("Pause training") if situation.training else _("Train"))
