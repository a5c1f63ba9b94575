"""Arrange, from the command to the document: one step, with frames, notes and the points of wires."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from graph.model import edits
from graph.model.elements import Frame, Note
from tests.support.canvas_graphs import xy_plus_z
from tests.support.fake_surface import model_of
from ui.canvas.input import arranging

pytestmark = pytest.mark.usefixtures("qapp")


def test_arranging_is_one_step_and_shows_everything() -> None:
    model, _ = model_of(xy_plus_z())
    document, scene = model.document, model.scene
    document.do(edits.Move((("x", 0.0, 0.0), ("y", 10.0, 20.0), ("d", 0.0, 40.0), ("f", 900.0, 900.0), ("z", -300.0, 950.0))))
    document.do(edits.AddItem(Frame("frame", "products", -40.0, -60.0, 400.0, 300.0)))
    document.do(edits.AddItem(Note("note", "read me", 0.0, -400.0, 160.0, 80.0)))
    before = document.graph.copy()

    arranging.layout_selection(model)

    rects = {n: scene.rect(n) for n in scene.ids}
    frame, note = scene.item_rect("frame"), scene.item_rect("note")
    assert all(not rects[a].intersects(rects[b]) for a in rects for b in rects if a < b)
    assert {n for n in rects if frame.contains(rects[n])} == {"x", "y", "d"} and not any(note.intersects(r) for r in rects.values())
    assert not frame.intersects(rects["z"]) and not frame.intersects(rects["f"]) and note.bottom() <= frame.top()
    assert all(scene.anchor(*scene.ends(e)[0], True)[0] < scene.anchor(*scene.ends(e)[1], False)[0] for e in scene.edges)
    seen = model.viewport.seen()
    assert all(seen.contains(QRectF(rect)) for rect in (*rects.values(), frame, note))
    document.undo()
    assert document.graph == before


def test_arranging_twice_changes_nothing_more() -> None:
    model, _ = model_of(xy_plus_z())
    arranging.layout_selection(model)
    done = model.document.graph.copy()
    arranging.layout_selection(model)
    assert model.document.graph == done
