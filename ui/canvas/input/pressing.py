"""What a press of the left button means where it falls: a gesture begins, or something is done at once."""

from __future__ import annotations

from PySide6.QtCore import Qt

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input import commands, hits, remarks
from ui.canvas.input.gestures import (
    BoxSelect,
    DragSlider,
    DrawWire,
    MapPan,
    MoveBend,
    MoveCopies,
    MoveItems,
    Pointer,
    PointerGesture,
    Resize,
)
from ui.canvas.model import geometry, items
from ui.canvas.model.canvas_model import CanvasModel

_SHIFT, _CTRL, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def _alternate(held: Qt.KeyboardModifier) -> bool:
    """Alt, or Ctrl with Shift, where the window manager takes Alt: a node is copied, a wire or its point deleted."""
    return bool(held & _ALT) or held & (_CTRL | _SHIFT) == _CTRL | _SHIFT


def press(model: CanvasModel, at: Pointer) -> PointerGesture | None:
    """The gesture that begins here, if one does."""
    scene, pointing = model.scene, model.pointing
    if model.map.covers(at.view):
        return MapPan(model, at)
    if pointing.offer and not at.modifiers:
        _accept_offer(model, at)
        return None
    pointing.bend = None
    if pointing.wire is not None and not at.modifiers and hits.on_pin(model, at.scene):
        model.select([pointing.wire])
        model.probe_requested.emit(pointing.wire)
        return None
    note = hits.note_at(model, at.scene)
    if note is not None:
        return _press_item(model, at, note)
    port, node = hits.port_at(model, at.scene), scene.node_at(at.scene)
    if port is not None and model.may_edit():
        return DrawWire(model, at, port)
    if node is not None:
        return _press_node(model, at, node)
    return _press_ground(model, at)


def _accept_offer(model: CanvasModel, at: Pointer) -> None:
    model.pointing.offer = ""
    match hits.offer_at(model, at.view):
        case "gallery":
            model.gallery_requested.emit()
        case "lesson":
            model.lessons_requested.emit()
        case "table":
            model.table_requested.emit()
        case "formula":
            model.formula_requested.emit()
        case "add":
            model.request_add(at.view)


def _press_node(model: CanvasModel, at: Pointer, node: str) -> PointerGesture | None:
    if hits.on_slider(model, node, at.scene) and model.document.takes_numbers:
        return DragSlider(model, at, node)
    return _carry(model, at, node)


def _press_item(model: CanvasModel, at: Pointer, hit: items.ItemHit) -> PointerGesture | None:
    if hit.part != "edge" or at.modifiers:
        return _carry(model, at, hit.id)
    model.select([hit.id])
    return Resize(model, at, hit) if model.may_edit() else None


def _carry(model: CanvasModel, at: Pointer, item: str) -> PointerGesture | None:
    """Select what was pressed, and start to move the whole selection."""
    if at.modifiers & (_SHIFT | _CTRL) and not _alternate(at.modifiers):
        chosen = model.selection
        model.select(chosen - {item} if item in chosen else chosen | {item})
        if item not in model.selection:
            return None
    elif item not in model.selection:
        model.select([item])
    carry = MoveCopies if _alternate(at.modifiers) and model.may_edit() else MoveItems
    return carry(model, at, model.movable(), item)


def _press_ground(model: CanvasModel, at: Pointer) -> PointerGesture | None:
    """Below the cards: a point of a wire, a wire, a frame, or nothing."""
    bend = hits.bend_at(model, at.scene)
    if bend is not None:
        return _press_bend(model, at, bend)
    wire = hits.wire_at(model, at.scene)
    if wire is not None:
        _press_wire(model, at, wire)
        return None
    frame = hits.frame_at(model, at.scene)
    return _press_item(model, at, frame) if frame is not None else BoxSelect(model, at)


def _press_wire(model: CanvasModel, at: Pointer, wire: str) -> None:
    if _alternate(at.modifiers):
        model.do(edits.Disconnect(wire), _("Delete wire"))
    elif at.modifiers & (_SHIFT | _CTRL):
        model.select(model.selection ^ {wire})
    else:
        model.select([wire])


def _press_bend(model: CanvasModel, at: Pointer, bend: tuple[str, int]) -> PointerGesture | None:
    if _alternate(at.modifiers):
        commands.unbend(model, *bend)
        return None
    model.select([bend[0]])
    model.pointing.bend = bend
    return MoveBend(model, at, *bend)


def double_click(model: CanvasModel, at: Pointer) -> None:
    """Edit, enter, ask about or add what is there."""
    scene = model.scene
    if model.map.covers(at.view) or model.pointing.offer:
        return
    note, node = hits.note_at(model, at.scene), scene.node_at(at.scene)
    if note is not None:
        remarks.edit(model, note.id)
    elif node is not None:
        _double_click_node(model, at, node)
    elif (read := model.number_at(at.scene) or model.objective_at(at.scene)) is not None:
        model.number_activated.emit(read)
    elif (wire := hits.wire_at(model, at.scene)) is not None:
        _add_bend(model, at, wire)
    elif (frame := hits.frame_at(model, at.scene)) is not None:
        remarks.edit(model, frame.id)
    elif hits.port_at(model, at.scene) is None:
        model.request_add(at.view)


def _double_click_node(model: CanvasModel, at: Pointer, node: str) -> None:
    rect = model.scene.rect(node)
    if node in model.document.graph.groups:
        model.navigation.enter(node)
    elif at.scene.y() < rect.top() + geometry.TITLE:
        remarks.edit(model, node)
    else:
        on_number = model.scene.cards[node].area.translated(rect.topLeft()).contains(at.scene)
        (model.value_activated if on_number else model.node_activated).emit(node)


def _add_bend(model: CanvasModel, at: Pointer, wire: str) -> None:
    """Add a bend to a wire and start to drag it: the second click may go on as a drag."""
    bend = hits.bend_at(model, at.scene)
    if bend is not None:
        model.pointing.bend = bend
    elif model.may_edit():
        model.pointing.bend = (wire, commands.bend(model, wire, at.scene))
        model.select([wire])
