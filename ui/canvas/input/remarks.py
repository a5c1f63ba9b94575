"""What keys and double-clicks do to frames, notes and names: everything that is typed on the canvas itself."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF

from graph.model import edits
from graph.model.elements import Frame, Note
from graph.model.spec import CATEGORIES
from graph.text.messages import _
from ui.canvas.input import grouping
from ui.canvas.model import geometry, items
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.levels import with_content
from ui.canvas.paint import note_text

TITLE = _("Frame")
COLOURS = ("", *CATEGORIES)
"""A frame has no colour of its own, or that of a category, which every theme knows."""
NOTE_HINT = _("Markdown, and formulas such as $w_1 x^2$")


def frame(model: CanvasModel) -> None:
    """A frame around the selected nodes and notes (around what the middle of the view holds without any), ready for its title."""
    graph, scene = model.document.graph, model.scene
    place = items.around(scene, [i for i in model.movable() if i not in graph.frames])
    if place.isNull():
        middle = model.cursor_place()
        place = QRectF(middle.x() - 160, middle.y() - 100, 320, 200)
    identity = graph.fresh_id("f")
    left, top, width, height = (float(round(v)) for v in (place.x(), place.y(), place.width(), place.height()))
    new_frame = Frame(identity, TITLE, x=left, y=top, width=width, height=height)
    if model.do(edits.AddItem(new_frame), _("Frame")):
        model.select([identity])
        edit(model, identity)


def note(model: CanvasModel) -> None:
    """Type a note at the cursor; it is there once there is something in it."""
    if not model.may_edit():
        return
    at = model.cursor_place()
    blank = Note("", "", float(round(at.x())), float(round(at.y())))

    def done(text: str, by_key: bool) -> None:
        if text.strip():
            new_note = _fitted(replace(blank, id=model.document.graph.fresh_id("t"), text=text))
            if model.do(edits.AddItem(new_note), _("Note")):
                model.select([new_note.id])

    model.surface.edit_text("", NOTE_HINT, QRectF(blank.x, blank.y, blank.width, blank.height), done)


def recolour(model: CanvasModel) -> None:
    """Give the selected frames the next colour; after the last one, none."""
    graph = model.document.graph
    chosen = [graph.frames[i] for i in model.movable() if i in graph.frames]
    if not chosen:
        model.message.emit(_("Select a frame to change its colour"))
        return
    at = COLOURS.index(chosen[0].color) if chosen[0].color in COLOURS else 0
    following = COLOURS[(at + 1) % len(COLOURS)]
    changes = tuple(edits.SetItem(replace(remark, color=following)) for remark in chosen if remark.color != following)
    model.do(edits.Compound(changes), _("Frame colour"))


def rename(model: CanvasModel) -> None:
    """Edit in place what is selected: a node's name, a frame's title, a note's text."""
    chosen = model.movable()
    if len(chosen) == 1:
        edit(model, chosen[0])


def edit(model: CanvasModel, identity: str) -> None:
    """Open the editor of one node, frame or note on the model."""
    graph = model.document.graph
    if not model.may_edit():
        return
    if identity in graph.nodes or identity in graph.groups:
        _edit_name(model, identity)
    elif identity in graph.frames:
        _edit_title(model, identity)
    elif identity in graph.notes:
        _edit_note(model, identity)


def _edit_name(model: CanvasModel, identity: str, typed: str = "") -> None:
    """`typed`: a name that was refused, to be corrected."""
    model.reveal(identity)
    rect = model.scene.rect(identity)

    held = model.document.graph.nodes.get(identity) or model.document.graph.groups[identity]

    def done(text: str, by_key: bool) -> None:
        grouping.rename(model, identity, text)
        node = model.document.graph.nodes.get(identity)
        if node is None or text.strip() in ("", node.name):
            return
        if not model.do(edits.Rename(identity, text.strip()), _("Rename")) and by_key:
            _edit_name(model, identity, text)

    place = QRectF(rect.left(), rect.top(), rect.width(), geometry.TITLE)
    model.surface.edit_line(typed or held.name, _("Name"), place, done)


def relabel(model: CanvasModel) -> None:
    """Edit the label of the selected node: free words below its name."""
    graph = model.document.graph
    chosen = [i for i in model.movable() if i in graph.nodes]
    if len(chosen) != 1 or not model.may_edit():
        return
    identity = chosen[0]
    model.reveal(identity)
    rect = model.scene.rect(identity)

    def done(text: str, by_key: bool) -> None:
        held = model.document.graph.nodes.get(identity)
        if held is not None and text.strip() != held.label:
            model.do(edits.SetLabel(identity, text.strip()), _("Label"))

    place = QRectF(rect.left(), rect.top() + geometry.TITLE, rect.width(), geometry.FORMULA_ROW)
    model.surface.edit_line(graph.nodes[identity].label, _("Label"), place, done)


def _edit_title(model: CanvasModel, identity: str) -> None:
    rect = model.scene.item_rect(identity)

    def done(text: str, by_key: bool) -> None:
        held = model.document.graph.frames.get(identity)
        if held is not None and text.strip() != held.title:
            model.do(edits.SetItem(replace(held, title=text.strip())), _("Frame title"))

    place = QRectF(rect.left() + 8, rect.top() + 4, min(rect.width() - 16, 320), items.HEAD - 6)
    model.surface.edit_line(model.document.graph.frames[identity].title, _("Title"), place, done)


def _edit_note(model: CanvasModel, identity: str) -> None:
    rect = model.scene.item_rect(identity)

    def done(text: str, by_key: bool) -> None:
        held = model.document.graph.notes.get(identity)
        if held is None or text == held.text:
            return
        if not text.strip():
            model.do(edits.RemoveItem(identity), _("Delete note"))
        else:
            model.do(edits.SetItem(_fitted(replace(held, text=text))), _("Edit note"))

    model.surface.edit_text(model.document.graph.notes[identity].text, NOTE_HINT, rect, done)


def _fitted(held: Note) -> Note:
    """High enough for its text; never lower than it was made."""
    needed = note_text.text_height(held.text, held.width)
    return replace(held, height=max(held.height, min(float(8 * round(needed / 8 + 0.49)), 1200.0)))


def nudged(model: CanvasModel, dx: float, dy: float) -> edits.Edit | None:
    """The selection moved a little, frames with what lies on them."""
    scene = model.scene
    carried = dict.fromkeys(model.movable())
    for identity in [i for i in carried if i in model.document.graph.frames]:
        carried |= dict.fromkeys(items.carried_by(scene, identity))
    corners = {i: model.item_rect(i).topLeft() for i in carried}
    if not corners:
        return None
    moves = with_content(model.document.graph, edits.Move(tuple((i, at.x() + dx, at.y() + dy) for i, at in corners.items())))
    return edits.Compound(moves, _("Move")) if len(moves) > 1 else moves[0]
