"""A graph as a picture without a window: for files, thumbnails and copies."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from engine.compile.views import TraceView
from graph.model.graph import Graph
from ui.canvas.model import geometry
from ui.canvas.model.camera import Camera
from ui.canvas.model.card_body import shapes_of
from ui.canvas.model.content import Content
from ui.canvas.model.gradient_size import Look
from ui.canvas.model.labels import Labels
from ui.canvas.model.legibility import FULL, LEAST
from ui.canvas.model.legibility import least as legibility_of
from ui.canvas.model.samples import Choice
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint import painting
from ui.canvas.paint.painter import prepare
from ui.look import theme as themes
from ui.look.theme import Theme
from ui.look.type_size import for_graph

MARGIN = 40.0


def picture_size(graph: Graph, trace: TraceView | None = None) -> QSizeF:
    """Width and height of the whole graph at scale 1, with a margin."""
    return _extent(_scene(graph, trace), Content(graph, trace)).size()


def _scene(graph: Graph, trace: TraceView | None) -> CanvasScene:
    """Everything in its place, with room for the matrices of the trace."""
    scene = CanvasScene(graph)
    if trace is not None and trace.shapes:
        scene.reshape(shapes_of(trace))
    return scene


def paint_graph(
    painter: QPainter, graph: Graph, trace: TraceView | None, theme: Theme, rect: QRectF, values: bool = True, dots: bool = True,
    largest: float = 2.0, sample: Choice = None, look: Look = "",
) -> None:  # fmt: skip
    """Paint all of `graph` fitted into `rect` (device coordinates), at most `largest` times its natural size.

    Numbers of `trace` are shown where `values`, those of one `sample` where it is chosen, the size of gradients in this `look`; cards are
    always drawn in full.
    Needs a `QGuiApplication`.
    """
    themes.load_fonts()
    theme = for_graph(theme)
    scene, labels = _scene(graph, trace), Labels()
    content = Content(graph, trace, values=values and trace is not None, sample=sample, look=look)
    extent = _extent(scene, content)
    camera = Camera()
    camera.scale = min(rect.width() / extent.width(), rect.height() / extent.height(), largest)  # without the limits of a window's camera
    camera.x = extent.center().x() - rect.width() / 2 / camera.scale
    camera.y = extent.center().y() - rect.height() / 2 / camera.scale
    area = camera.seen(rect.size())
    painter.save()
    prepare(painter)
    painter.setClipRect(rect)
    painter.translate(rect.topLeft())
    painter.setWorldTransform(camera.transform(), True)
    full = max(camera.scale, FULL)
    scene.least = min(LEAST, legibility_of(rect.height()))
    painting.paint_static(painter, scene, area, theme, full, dots=dots)
    painting.paint_live(painter, painting.InView(scene, area), labels, content, theme, full)
    painter.restore()


def _extent(scene: CanvasScene, content: Content) -> QRectF:
    extent = scene.bounds()
    for frame in scene.graph.frames.values():
        extent = extent.united(QRectF(frame.x, frame.y, frame.width, frame.height))
    for note in scene.graph.notes.values():
        extent = extent.united(QRectF(note.x, note.y, note.width, note.height))
    objective = scene.output_of(content.objective())
    if objective is not None and objective[0] in scene.row:
        x, y = scene.anchor(objective[0], objective[1], True)
        extent = extent.united(QRectF(x, y - 30, geometry.STUB + 40, 60))
    return (extent if not extent.isNull() else QRectF(0, 0, 320, 200)).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
