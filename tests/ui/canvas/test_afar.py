"""A graph that is wider than any screen is shown whole, and painted from there without looking at one card after the other."""

from __future__ import annotations

from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from graph.model.graph import Graph
from tests.ui.canvas.test_scene_edits import chains
from ui.canvas.model.camera import SMALLEST, Camera
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.viewport import Viewport
from ui.canvas.paint.afar import FAR
from ui.canvas.paint.painting import InView, paint_live, paint_static
from ui.look.theme import LIGHT

SIZE = QSizeF(400, 300)


class NoLook(dict[str, object]):
    """Cards at which nobody may look."""

    def __getitem__(self, key: str) -> object:
        raise AssertionError(f"{key} was looked at")


def seen(graph: Graph) -> tuple[Viewport, CanvasScene]:
    scene = CanvasScene(graph)
    return Viewport(scene, 1.0, lambda: SIZE, lambda zooming: None), scene


def painted(scene: CanvasScene, camera: Camera, without: tuple[str, ...] = ()) -> QImage:
    image = QImage(SIZE.toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setWorldTransform(camera.transform())
    paint_static(painter, scene, camera.seen(SIZE), LIGHT, camera.scale, without, dots=False)
    assert paint_live(painter, InView(scene, camera.seen(SIZE), without), Labels(), Content(scene.graph), LIGHT, camera.scale)
    painter.end()
    return image


def test_all_of_a_huge_graph_fits_into_the_view_and_no_small_one_is_zoomed_out_so_far(qapp: QApplication) -> None:
    viewport, scene = seen(chains(1500))
    viewport.fit_all()
    whole = scene.extent()
    assert viewport.camera.scale < SMALLEST and viewport.seen().contains(whole)
    for _ in range(30):
        viewport.zoom_by(0.8)
    assert viewport.camera.scale < SMALLEST and viewport.seen().height() < 2 * whole.height(), "a little further, and no more"
    small, _ = seen(chains(20))
    for _ in range(60):
        small.zoom_by(0.8)
    assert small.camera.scale == SMALLEST


def test_from_afar_every_card_is_painted_and_none_is_looked_at(qapp: QApplication) -> None:
    viewport, scene = seen(chains(1500))
    viewport.fit_all()
    camera = viewport.camera
    assert camera.scale < FAR
    scene.cards = NoLook()  # type: ignore[assignment]
    image, bars = painted(scene, camera), {QColor(LIGHT.bar[kind]).rgb() for kind in ("sources", "math", "activations")}
    ground = QColor(LIGHT.canvas).rgb()
    for node in ("n0", "n700", "n1499"):
        at = camera.to_view(scene.rect(node).center()).toPoint()
        assert image.pixel(at) in bars
    outside = camera.to_view(scene.extent().topLeft()).toPoint()
    assert image.pixel(outside.x() - 5, outside.y() + 5) == ground
    assert image.pixel(camera.to_view(scene.rect("n700").center()).toPoint()) != painted(scene, camera, ("n700",)).pixel(
        camera.to_view(scene.rect("n700").center()).toPoint()
    )
