"""Keys that belong to the canvas alone. The window's action table binds the same commands and is asked first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from ui.canvas.input import commands, grouping
from ui.canvas.input.gestures import DrawWireByKeys, PointerGesture
from ui.canvas.model.canvas_model import CanvasModel

_K = Qt.Key
_CTRL, _SHIFT, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
_ARROWS = {_K.Key_Left: (-1, 0), _K.Key_Right: (1, 0), _K.Key_Up: (0, -1), _K.Key_Down: (0, 1)}
NUDGE = 8.0
"""Shift + arrow; with Ctrl in addition, one unit."""

_TABLE: dict[tuple[Qt.Key, Qt.KeyboardModifier], Callable[[CanvasModel], object]] = {
    (_K.Key_Delete, _NONE): commands.delete,
    (_K.Key_Backspace, _NONE): commands.delete,
    (_K.Key_Delete, _CTRL): commands.dissolve,
    (_K.Key_Tab, _NONE): lambda m: m.request_beside(),
    (_K.Key_D, _CTRL): commands.duplicate,
    (_K.Key_G, _CTRL): grouping.group_selection,
    (_K.Key_G, _CTRL | _SHIFT): grouping.ungroup_selection,
    (_K.Key_F, _NONE): lambda m: m.viewport.fit_nodes(m.selected_nodes()),
    (_K.Key_Home, _NONE): lambda m: m.viewport.fit_all(),
    (_K.Key_0, _CTRL): lambda m: m.viewport.zoom_100(),
    (_K.Key_Plus, _NONE): lambda m: m.viewport.zoom_by(1.25),
    (_K.Key_Plus, _SHIFT): lambda m: m.viewport.zoom_by(1.25),
    (_K.Key_Minus, _NONE): lambda m: m.viewport.zoom_by(0.8),
    (_K.Key_Return, _NONE): commands.activate,
    (_K.Key_Enter, _NONE): commands.activate,
}
_STANDARD: tuple[tuple[QKeySequence.StandardKey, Callable[[CanvasModel], object]], ...] = (
    (QKeySequence.StandardKey.Copy, commands.copy),
    (QKeySequence.StandardKey.Cut, commands.cut),
    (QKeySequence.StandardKey.Paste, commands.paste),
    (QKeySequence.StandardKey.SelectAll, lambda m: m.select_all()),
    (QKeySequence.StandardKey.Undo, lambda m: m.document.undo()),
    (QKeySequence.StandardKey.Redo, lambda m: m.document.redo()),
)


def press(model: CanvasModel, event: QKeyEvent, begin: Callable[[PointerGesture], None]) -> bool:
    """Whether the key meant something here. `begin` takes a gesture up."""
    key = Qt.Key(event.key())
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key in _ARROWS:
        _arrow(model, *_ARROWS[key], held)
        return True
    if model.surface.bound_elsewhere(event):
        return False
    for standard, run in _STANDARD:
        if event.matches(standard):
            run(model)
            return True
    if (key, held) == (_K.Key_P, _NONE):
        connect(model, begin)
        return True
    command = _TABLE.get((key, held))
    if command is not None:
        command(model)
    return command is not None


def _arrow(model: CanvasModel, dx: int, dy: int, held: Qt.KeyboardModifier) -> None:
    if held & _SHIFT:
        step = 1.0 if held & _CTRL else NUDGE
        commands.nudge(model, dx * step, dy * step)
    elif held & _CTRL and dx:
        commands.follow_wire(model, dx > 0)
    else:
        commands.step_selection(model, dx, dy)


def connect(model: CanvasModel, begin: Callable[[PointerGesture], None]) -> None:
    """Draw a wire from the selected node by keys alone: arrows choose, Enter connects, Esc does not."""
    nodes = [item for item in model.movable() if item in model.scene.row]
    if len(nodes) == 1 and model.scene.cards[nodes[0]].outputs and not model.document.read_only:
        begin(DrawWireByKeys(model, nodes[0]))
