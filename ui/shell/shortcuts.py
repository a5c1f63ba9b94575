"""Which keys an action has: those of the table, unless a person chose others. Only what was chosen is kept in the settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

from graph.text.messages import _
from ui.shell.actions import ACTIONS, BY_ID, MENUS
from ui.shell.workspace.action_spec import ActionSpec
from ui.shell.workspace.settings import UserSettings

_SETTING = "keys"
_HANDS = ("Up", "Down", "Left", "Right")
_CANVAS_OWN = {"Esc", "Space", *(f"{held}{arrow}" for arrow in _HANDS for held in ("", "Shift+", "Ctrl+", "Ctrl+Shift+"))}
_MENUS_OWN = {f"Alt+{name[0]}" for name in MENUS}


_DEFAULTS = frozenset(QKeySequence(key).toString() for spec in ACTIONS for key in spec.shortcuts)


class Keys:
    """The keys of every action. A key that the user gives to an action is removed from the action that had it."""

    def __init__(self, session: UserSettings) -> None:
        self._session = session
        self._chosen: dict[str, tuple[str, ...]] = _read(session.text(_SETTING))
        self._taken = {key for keys in self._chosen.values() for key in keys}

    def of(self, spec: ActionSpec) -> tuple[str, ...]:
        """Portable texts, the first one first."""
        chosen = self._chosen.get(spec.id)
        return chosen if chosen is not None else tuple(key for key in map(_portable, spec.shortcuts) if key not in self._taken)

    def native(self, spec: ActionSpec) -> str:
        """All keys of an action as this system writes them."""
        return "  ·  ".join(native(key) for key in self.of(spec))

    def is_default(self, spec: ActionSpec) -> bool:
        return self.of(spec) == tuple(map(_portable, spec.shortcuts))

    def owner(self, key: str, besides: str = "") -> ActionSpec | None:
        """Whose key this is, anywhere in the window: heard in two places it would fire in neither."""
        return next((spec for spec in ACTIONS if spec.id != besides and key in self.of(spec)), None)

    def give(self, identity: str, keys: Iterable[str]) -> None:
        """Let an action have exactly these keys; others lose them."""
        wanted = tuple(dict.fromkeys(map(_portable, keys)))
        for key in wanted:
            loser = self.owner(key, identity)
            if loser is not None and loser.id in self._chosen:
                self._chosen[loser.id] = tuple(k for k in self._chosen[loser.id] if k != key)
        self._chosen[identity] = wanted
        if wanted == tuple(map(_portable, BY_ID[identity].shortcuts)):
            del self._chosen[identity]
        self._keep()

    def reset(self, identity: str) -> None:
        """Back to the table's keys; actions that were given one of them lose it."""
        self.give(identity, BY_ID[identity].shortcuts)

    def reset_all(self) -> None:
        self._chosen.clear()
        self._keep()

    def known(self, event: QKeyEvent) -> bool:
        """Whether a key is in the table, changed or not: code with built-in keys leaves these alone."""
        return pressed(event.keyCombination()) in _DEFAULTS

    def apply(self, actions: Mapping[str, QAction]) -> None:
        """Let the actions have their keys."""
        for spec in ACTIONS:
            actions[spec.id].setShortcuts([QKeySequence(key) for key in self.of(spec)])

    def _keep(self) -> None:
        self._taken = {key for keys in self._chosen.values() for key in keys}
        self._session.set(_SETTING, json.dumps({name: list(keys) for name, keys in self._chosen.items()}))


def refusal(spec: ActionSpec, key: str) -> str:
    """Why an action cannot have a key; empty when it can."""
    if not key:
        return _("This key cannot be used alone")
    if key in _MENUS_OWN:
        return _("{key} opens a menu").format(key=native(key))
    if key in _CANVAS_OWN and spec.scope == "canvas":
        return _("{key} is reserved for the canvas").format(key=native(key))
    if _typed_with_alt_gr(key):
        return _("{key} types a character on many keyboards, where AltGr means Ctrl and Alt").format(key=native(key))
    if spec.scope == "window" and _types_something(key):
        return _("{key} alone would be triggered while you type: add Ctrl or Alt").format(key=native(key))
    return ""


def native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def pressed(combination: QKeyCombination) -> str:
    """The portable text of a pressed key; empty for a modifier alone."""
    if combination.key() in (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta, Qt.Key.Key_unknown):
        return ""
    held = combination.keyboardModifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = combination.key()
    if key == Qt.Key.Key_Backtab:
        key = Qt.Key.Key_Tab
    text = QKeySequence(key).toString()
    if held & Qt.KeyboardModifier.ShiftModifier and len(text) == 1 and not text.isalpha():
        held &= ~Qt.KeyboardModifier.ShiftModifier  # "+" is "+" wherever a keyboard has it
    return QKeySequence(QKeyCombination(held, key)).toString()


def _types_something(key: str) -> bool:
    """Whether a text field would take this key for itself."""
    combination = QKeySequence(key)[0]  # type: ignore[index]  # the stubs leave __getitem__ out
    held = combination.keyboardModifiers() & ~Qt.KeyboardModifier.ShiftModifier
    function = Qt.Key.Key_F1.value <= combination.key().value <= Qt.Key.Key_F35.value
    return not held.value and not function


def _typed_with_alt_gr(key: str) -> bool:
    """Whether Ctrl and Alt are held with a key that types something: so AltGr arrives for ł, } or ®."""
    combination = QKeySequence(key)[0]  # type: ignore[index]  # the stubs leave __getitem__ out
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    return bool(combination.keyboardModifiers() & both == both and combination.key().value < Qt.Key.Key_Escape.value)


def _portable(key: str) -> str:
    return QKeySequence(key).toString()


def _read(text: str) -> dict[str, tuple[str, ...]]:
    """The stored keys that are still valid; an unreadable setting gives none."""
    try:
        rows = json.loads(text) if text else {}
    except ValueError:
        return {}
    kept: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for name, keys in rows.items() if isinstance(rows, dict) else ():
        if name in BY_ID and isinstance(keys, list):
            valid = [key for key in (_portable(str(key)) for key in keys) if key and key not in taken and not refusal(BY_ID[name], key)]
            kept[name] = tuple(dict.fromkeys(valid))
            taken |= set(valid)
    return kept
