"""What keys and double-clicks do to frames, notes and names: everything that is typed on the canvas itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from graph.model import edits
from graph.model.elements import Frame, Note
from graph.model.spec import CATEGORIES
from ui.canvas.inplace import LineEditor, TextEditor
from ui.canvas.model import geometry, items
from ui.canvas.model.levels import with_content
from ui.canvas.paint import note_text

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

TITLE = "Frame"
COLOURS = ("", *CATEGORIES)
"""A frame has no colour of its own, or that of a category, which every theme knows."""
NOTE_HINT = "Markdown, and formulas such as $w_1 x^2$"


def frame(canvas: Canvas) -> None:
    """A frame around the selected nodes and notes (around what the middle of the view holds without any), ready for its title."""
    graph, scene = canvas.document.graph, canvas.scene
    place = items.around(scene, [i for i in canvas.movable() if i not in graph.frames])
    if place.isNull():
        middle = canvas.cursor_place()
        place = QRectF(middle.x() - 160, middle.y() - 100, 320, 200)
    identity = graph.fresh_id("f")
    left, top, width, height = (float(round(v)) for v in (place.x(), place.y(), place.width(), place.height()))
    made = Frame(identity, TITLE, x=left, y=top, width=width, height=height)
    if canvas.do(edits.AddItem(made), "Frame"):
        canvas.select([identity])
        edit(canvas, identity)


def note(canvas: Canvas) -> None:
    """Type a note at the cursor; it is there once there is something in it."""
    if canvas.document.read_only:
        canvas.message.emit(canvas.document.read_only)
        return
    at = canvas.cursor_place()
    blank = Note("", "", float(round(at.x())), float(round(at.y())))

    def done(text: str) -> None:
        if text.strip():
            made = _fitted(canvas, replace(blank, id=canvas.document.graph.fresh_id("t"), text=text))
            if canvas.do(edits.AddItem(made), "Note"):
                canvas.select([made.id])

    TextEditor(canvas, "", NOTE_HINT, QRectF(blank.x, blank.y, blank.width, blank.height), done)


def recolour(canvas: Canvas) -> None:
    """Give the selected frames the next colour; after the last one, none."""
    graph = canvas.document.graph
    chosen = [graph.frames[i] for i in canvas.movable() if i in graph.frames]
    if not chosen:
        canvas.message.emit("Select a frame to give it another colour")
        return
    at = COLOURS.index(chosen[0].color) if chosen[0].color in COLOURS else 0
    following = COLOURS[(at + 1) % len(COLOURS)]
    changes = tuple(edits.SetItem(replace(each, color=following)) for each in chosen if each.color != following)
    canvas.do(edits.Compound(changes), "Frame colour")


def rename(canvas: Canvas) -> None:
    """Edit in place what is selected: a node's name, a frame's title, a note's text."""
    chosen = canvas.movable()
    if len(chosen) == 1:
        edit(canvas, chosen[0])


def edit(canvas: Canvas, identity: str) -> None:
    """Open the editor of one node, frame or note on the canvas."""
    graph = canvas.document.graph
    if canvas.document.read_only:
        canvas.message.emit(canvas.document.read_only)
    elif identity in graph.nodes or identity in graph.groups:
        _edit_name(canvas, identity)
    elif identity in graph.frames:
        _edit_title(canvas, identity)
    elif identity in graph.notes:
        _edit_note(canvas, identity)


def _edit_name(canvas: Canvas, identity: str, typed: str = "") -> None:
    """`typed`: a name that was refused, to be corrected."""
    canvas.reveal(identity)
    rect = canvas.scene.rect(identity)

    held = canvas.document.graph.nodes.get(identity) or canvas.document.graph.groups[identity]

    def done(text: str) -> None:
        canvas.navigation.rename(identity, text)
        node = canvas.document.graph.nodes.get(identity)
        if node is None or text.strip() in ("", node.name):
            return
        if not canvas.do(edits.Rename(identity, text.strip()), "Rename") and editor.ending.by_key:
            _edit_name(canvas, identity, text)

    place = QRectF(rect.left(), rect.top(), rect.width(), geometry.TITLE)
    editor = LineEditor(canvas, typed or held.name, "Name", place, done)


def retitle(canvas: Canvas) -> None:
    """Edit the words in the title bar of the selected node."""
    chosen = [i for i in canvas.movable() if i in canvas.document.graph.nodes]
    if len(chosen) == 1:
        edit_words(canvas, chosen[0])


def edit_words(canvas: Canvas, identity: str) -> None:
    """Edit what the title bar of a node says: its title, or the name where that is what it says."""
    graph = canvas.document.graph
    node = graph.nodes[identity]
    if canvas.document.read_only:
        canvas.message.emit(canvas.document.read_only)
        return
    if not node.label and geometry.title_of(node, graph.spec(node)) == node.name:
        return _edit_name(canvas, identity)
    canvas.reveal(identity)
    rect = canvas.scene.rect(identity)

    def done(text: str) -> None:
        held = canvas.document.graph.nodes.get(identity)
        if held is not None and text.strip() != held.label:
            canvas.do(edits.SetLabel(identity, text.strip()), "Title")

    place = QRectF(rect.left(), rect.top(), rect.width(), geometry.TITLE)
    LineEditor(canvas, node.label, f"Title (empty: {graph.spec(node).title})", place, done)


def _edit_title(canvas: Canvas, identity: str) -> None:
    rect = canvas.scene.item_rect(identity)

    def done(text: str) -> None:
        held = canvas.document.graph.frames.get(identity)
        if held is not None and text.strip() != held.title:
            canvas.do(edits.SetItem(replace(held, title=text.strip())), "Frame title")

    place = QRectF(rect.left() + 8, rect.top() + 4, min(rect.width() - 16, 320), items.HEAD - 6)
    LineEditor(canvas, canvas.document.graph.frames[identity].title, "Title", place, done)


def _edit_note(canvas: Canvas, identity: str) -> None:
    rect = canvas.scene.item_rect(identity)

    def done(text: str) -> None:
        held = canvas.document.graph.notes.get(identity)
        if held is None or text == held.text:
            return
        if not text.strip():
            canvas.do(edits.RemoveItem(identity), "Delete note")
        else:
            canvas.do(edits.SetItem(_fitted(canvas, replace(held, text=text))), "Edit note")

    TextEditor(canvas, canvas.document.graph.notes[identity].text, NOTE_HINT, rect, done)


def _fitted(canvas: Canvas, held: Note) -> Note:
    """High enough for its text; never lower than it was made."""
    needed = note_text.text_height(held.text, held.width, canvas.theme)
    return replace(held, height=max(held.height, min(float(8 * round(needed / 8 + 0.49)), 1200.0)))


def nudged(canvas: Canvas, dx: float, dy: float) -> edits.Edit | None:
    """The selection moved a little, frames with what lies on them."""
    scene = canvas.scene
    carried = dict.fromkeys(canvas.movable())
    for identity in [i for i in carried if i in canvas.document.graph.frames]:
        carried |= dict.fromkeys(items.carried_by(scene, identity))
    corners = {i: (scene.rect(i) if i in scene.row else scene.item_rect(i)).topLeft() for i in carried}
    if not corners:
        return None
    moves = with_content(canvas.document.graph, edits.Move(tuple((i, at.x() + dx, at.y() + dy) for i, at in corners.items())))
    return edits.Compound(moves, "Move") if len(moves) > 1 else moves[0]


