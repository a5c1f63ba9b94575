"""Keys that belong to the canvas alone. The window's action table binds the same commands; whoever is there first wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from ui.canvas.input import commands
from ui.canvas.input.gestures import ConnectByKeys

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

_K = Qt.Key
_CTRL, _SHIFT, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
_ARROWS = {_K.Key_Left: (-1, 0), _K.Key_Right: (1, 0), _K.Key_Up: (0, -1), _K.Key_Down: (0, 1)}
NUDGE = 8.0
"""Shift + arrow; with Ctrl in addition, one unit."""

_TABLE: dict[tuple[Qt.Key, Qt.KeyboardModifier], Callable[[Canvas], object]] = {
    (_K.Key_Delete, _NONE): lambda c: c.delete_selection(),
    (_K.Key_Backspace, _NONE): lambda c: c.delete_selection(),
    (_K.Key_Delete, _CTRL): lambda c: c.dissolve_selection(),
    (_K.Key_Tab, _NONE): lambda c: c.request_add(),
    (_K.Key_D, _CTRL): lambda c: c.duplicate(),
    (_K.Key_G, _CTRL): lambda c: c.navigation.group_selection(),
    (_K.Key_G, _CTRL | _SHIFT): lambda c: c.navigation.ungroup_selection(),
    (_K.Key_F, _NONE): lambda c: c.fit_selection(),
    (_K.Key_Home, _NONE): lambda c: c.fit_all(),
    (_K.Key_0, _CTRL): lambda c: c.zoom_100(),
    (_K.Key_Plus, _NONE): lambda c: c.zoom_by(1.25),
    (_K.Key_Plus, _SHIFT): lambda c: c.zoom_by(1.25),
    (_K.Key_Minus, _NONE): lambda c: c.zoom_by(0.8),
    (_K.Key_P, _NONE): lambda c: connect(c),
    (_K.Key_Return, _NONE): lambda c: activate(c),
    (_K.Key_Enter, _NONE): lambda c: activate(c),
}
_STANDARD: tuple[tuple[QKeySequence.StandardKey, Callable[[Canvas], object]], ...] = (
    (QKeySequence.StandardKey.Copy, lambda c: c.copy()),
    (QKeySequence.StandardKey.Cut, lambda c: c.cut()),
    (QKeySequence.StandardKey.Paste, lambda c: c.paste()),
    (QKeySequence.StandardKey.SelectAll, lambda c: c.select_all()),
    (QKeySequence.StandardKey.Undo, lambda c: c.document.undo()),
    (QKeySequence.StandardKey.Redo, lambda c: c.document.redo()),
)


def press(canvas: Canvas, event: QKeyEvent) -> bool:
    """Whether the key meant something here."""
    key = Qt.Key(event.key())
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key == _K.Key_Escape:
        if not canvas.cancel_gesture() and not canvas.navigation.out():
            if not canvas.selection:
                return False  # perhaps something else can be cancelled
            canvas.select(())
        return True
    if isinstance(canvas.gesture, ConnectByKeys):
        canvas.gesture.key(event)
        return True
    if canvas.gesture is not None:
        return True  # one thing at a time: no key edits what a hand is holding
    if key == _K.Key_Space:
        if not event.isAutoRepeat():
            canvas.router.hold_space(True)
        return True
    if key in _ARROWS:
        _arrow(canvas, *_ARROWS[key], held)
        return True
    if canvas.key_elsewhere is not None and canvas.key_elsewhere(event):
        return False
    for standard, run in _STANDARD:
        if event.matches(standard):
            run(canvas)
            return True
    found = _TABLE.get((key, held))
    if found is not None:
        found(canvas)
    return found is not None


def _arrow(canvas: Canvas, dx: int, dy: int, held: Qt.KeyboardModifier) -> None:
    if held & _SHIFT:
        step = 1.0 if held & _CTRL else NUDGE
        commands.nudge(canvas, dx * step, dy * step)
    elif held & _CTRL and dx:
        commands.follow_wire(canvas, dx > 0)
    else:
        commands.step_selection(canvas, dx, dy)


def connect(canvas: Canvas) -> None:
    """Draw a wire from the selected node by keys alone."""
    nodes = [item for item in canvas.movable() if item in canvas.scene.row]
    if len(nodes) == 1 and canvas.scene.cards[nodes[0]].outputs and not canvas.document.read_only:
        canvas.router.begin(ConnectByKeys(canvas, nodes[0]))


def activate(canvas: Canvas) -> None:
    """What Enter does to the selected node, or to a group's card: it is gone into."""
    nodes, chosen = canvas.selected_nodes(), canvas.movable()
    if len(chosen) == 1 and chosen[0] in canvas.document.graph.groups:
        canvas.navigation.enter(chosen[0])
    elif len(nodes) == 1:
        canvas.node_activated.emit(nodes[0])
