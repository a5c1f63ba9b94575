"""What teaching tools lay over the picture, painted: rings, a veil, marks and tags."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ui.canvas.model import geometry
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.label_room import STUB
from ui.canvas.model.overlay import OverlayLayer, Tag
from ui.canvas.paint.nodes import paint_ring
from ui.canvas.paint.wires import paint_lit
from ui.look.theme import Theme, color, faded, font

LETTERS = {"breakpoint": "", "condition": "=", "seed": "s", "target": "t"}
_CENTRE = Qt.AlignmentFlag.AlignCenter
_VEIL, _AROUND = 0.72, 12.0


def paint_overlay(painter: QPainter, model: CanvasModel) -> None:
    """In scene coordinates, over the scene and below carried items."""
    overlay, scene, theme = model.overlay, model.scene, model.theme
    layers = [layer for layer in overlay.layers if layer.nodes or layer.edges]
    if any(layer.dim and _in_sight(model, layer) for layer in layers):
        _paint_veil(painter, model, layers)
    wide = max(1.0, 1 / model.camera.scale)
    for layer in layers:
        hue = str(getattr(theme, layer.hue))
        for edge in layer.edges:
            if edge in scene.edge_row and edge not in scene.hidden_edges:
                paint_lit(painter, scene, edge, hue, (theme.wire_width / theme.scale + 1.2) * wide)
        for node in layer.nodes:
            rect = overlay.rect(node)
            if not rect.isNull():
                paint_ring(painter, rect, theme.highlight, wide)
    _paint_marks(painter, model)
    for _, tag, box in overlay.placed_tags():
        _paint_tag(painter, tag, box, overlay.boost, theme)


def paint_above(painter: QPainter, model: CanvasModel) -> None:
    """What tools paint themselves: in view coordinates, above everything."""
    for layer in model.overlay.layers:
        if layer.paint is not None:
            painter.save()
            try:
                layer.paint(painter)
            finally:
                painter.restore()


def _in_sight(model: CanvasModel, layer: OverlayLayer) -> bool:
    """Whether the level that is shown has anything of it: inside another group a veil would lie over everything."""
    if layer.nodes:
        return any(not model.overlay.rect(node).isNull() for node in layer.nodes)
    return any(edge in model.scene.edge_row for edge in layer.edges)


def _paint_veil(painter: QPainter, model: CanvasModel, layers: Sequence[OverlayLayer]) -> None:
    overlay, scene = model.overlay, model.scene
    path = QPainterPath()
    path.addRect(model.viewport.seen())
    clear = QPainterPath()
    objective = model.content.objective()
    stub = scene.output_of(objective)
    for layer in layers:
        lit: list[str] = []
        for node in layer.nodes:
            rect = overlay.rect(node)
            if not rect.isNull():
                clear = clear.united(_rounded(rect.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)))
        if objective is not None and stub is not None and {objective[0], stub[0]} & layer.nodes:
            x, y = scene.anchor(*stub, True)
            clear = clear.united(_rounded(QRectF(x, y - 12, geometry.STUB + 12, 24)))
            lit.append(STUB)
        for left, top, right, bottom in model.labels.boxes([*lit, *(edge for edge in layer.edges if edge in scene.edge_row)]):
            clear = clear.united(_rounded(QRectF(left - 2, top - 2, right - left + 4, bottom - top + 4)))
    painter.fillPath(path.subtracted(clear), faded(model.theme.canvas, _VEIL))


def _paint_marks(painter: QPainter, model: CanvasModel) -> None:
    theme = model.theme
    for layer in model.overlay.layers:
        for node, kind in layer.marks.items():
            rect = model.overlay.rect(node)
            if rect.isNull():
                continue
            stopping = kind in ("breakpoint", "condition")
            painter.setPen(QPen(color(theme.card), 1.5))
            painter.setBrush(color(theme.error if stopping else theme.highlight))
            boost = model.overlay.boost if len(kind) == 1 else 1.0
            place = QRectF(rect.left() - 8 * boost, rect.top() - 8 * boost, 17 * boost, 17 * boost)
            painter.drawEllipse(place)
            if letter := LETTERS.get(kind, kind if len(kind) == 1 else ""):
                painter.setPen(color(theme.card))
                painter.setFont(font("tiny", boost))
                painter.drawText(place, _CENTRE, letter)


def _rounded(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, 10, 10)
    return path


def _paint_tag(painter: QPainter, tag: Tag, box: QRectF, boost: float, theme: Theme) -> None:
    edges = {"ok": theme.success, "warning": theme.warning, "error": theme.error, "forward": theme.forward, "backward": theme.backward}
    hue = edges.get(tag.kind, theme.secondary)
    painter.setPen(QPen(color(hue), 1.3 * boost))
    painter.setBrush(color(theme.panel))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setFont(font("small", boost))
    painter.setPen(color(hue if tag.kind in ("forward", "backward") else theme.text))
    painter.drawText(box, _CENTRE, tag.shown)
