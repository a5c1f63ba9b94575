"""What a fit leaves to sheets over the canvas, by hand calculation."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSizeF

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model import edits
from ui.canvas.model.free_area import empty_parts, free_part
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.viewport import Viewport

WHOLE = QRectF(0, 0, 1280, 600)


def area(part: QRectF) -> float:
    return part.width() * part.height()


def test_beside_one_sheet_the_largest_part_is_what_it_leaves() -> None:
    left = QRectF(10, 10, 390, 580)
    assert free_part(WHOLE, [left], area) == QRectF(400, 0, 880, 600)
    below = QRectF(300, 420, 500, 180)
    assert free_part(WHOLE, [below], area) == QRectF(0, 0, 1280, 420)


def test_between_two_sheets_no_part_touches_either() -> None:
    covers = [QRectF(0, 0, 400, 600), QRectF(900, 300, 380, 300)]
    parts = [*empty_parts(WHOLE, covers)]
    assert QRectF(400, 0, 880, 300) in parts and QRectF(400, 0, 500, 600) in parts
    assert not any(part.intersects(cover) for part in parts for cover in covers)


def test_where_all_is_covered_the_whole_is_taken() -> None:
    assert free_part(WHOLE, [WHOLE], area) == WHOLE
    assert free_part(WHOLE, [QRectF(100, 0, 1180, 600)], area) == WHOLE


def test_everything_is_shown_beside_a_sheet_and_fills_the_view_again_without_it(qapp: object) -> None:
    scene = CanvasScene(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    viewport = Viewport(scene, 1.0, lambda: QSizeF(1280, 600), lambda zooming: None)
    viewport.fit_all()
    alone = viewport.state()
    sheet = QRectF(0, 0, 500, 600)

    viewport.cover("lesson", sheet)

    shown = viewport.camera.rect_to_view(scene.bounds())
    assert viewport.fitted and not shown.intersects(sheet) and QRectF(500, 0, 780, 600).contains(shown)
    assert viewport.middle() == QRectF(500, 0, 780, 600).center()
    viewport.cover("lesson", None)
    assert viewport.state() == alone
    viewport.pan_by(30, 0)
    moved = viewport.state()
    viewport.cover("card", sheet)
    assert viewport.state() == moved, "a view that was moved stays where it is"


def test_where_a_sheet_would_make_numbers_unreadable_what_it_is_about_is_shown_as_large_as_before(qapp: object) -> None:
    """A chain of six cards fills a view of 1280 pixels at scale 0.8: beside a sheet of 400 it would be shown at 0.55."""
    graph = build("sin(cos(exp(tan(atan(x)))))", CATALOG, {"x": 2.0})
    edits.Move(tuple((node, 250.0 * column, 0.0) for column, node in enumerate(graph.order()))).apply(graph)
    scene = CanvasScene(graph)
    viewport = Viewport(scene, 1.0, lambda: QSizeF(1280, 600), lambda zooming: None)
    viewport.fit_all()
    before, third = viewport.camera.scale, graph.order()[2]
    assert 0.7 < before < 0.9

    sheet, about = QRectF(866, 14, 400, 570), scene.rect(third).adjusted(-60, -30, 60, 30)
    viewport.cover("card", sheet, about)
    seen = viewport.camera.rect_to_view(scene.rect(third))
    assert viewport.fitted and 0.98 * before < viewport.camera.scale <= before
    assert QRectF(0, 0, 866, 600).contains(seen)

    viewport.cover("card", None)
    assert abs(viewport.camera.scale - before) < 1e-9

    viewport.cover("lesson", sheet)
    assert viewport.camera.scale < 0.75 * before, "a sheet about nothing in particular leaves the whole graph in view"
