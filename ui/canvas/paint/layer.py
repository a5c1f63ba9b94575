"""The picture of what stays, kept with a margin around the view: panning is a blit, zooming shows it scaled until it is redrawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from ui.canvas.model.camera import Camera
from ui.canvas.paint.painter import prepare

MARGIN = 192
STRIP = 104.0
"""How far the picture reaches beyond a moving view at least: what comes into view is drawn in small portions."""
QUICK_MS = 4.0
"""A picture that is drawn faster than this is drawn at once at every zoom step instead of being shown scaled."""
Paint = Callable[[QPainter, QRectF, float], None]


class StaticLayer:
    """`paint(painter, area, scale)` draws part of the scene; the painter is already in scene coordinates.

    Where `base`, another layer, holds a picture of the same place, a whole one is begun from that and completed by `over`.
    """

    def __init__(self, paint: Paint, base: StaticLayer | None = None, over: Paint | None = None) -> None:
        self._paint = paint
        self._base, self._over = base, over
        self._image: QImage | None = None
        self._camera = Camera()
        self._ratio = 1.0
        self._at = QPointF()
        self._last = (0.0, 0.0)
        self._dirty: list[QRectF] = []
        self.cost_ms = 0.0

    def invalidate(self, area: QRectF | None = None) -> None:
        """Redraw this part of the scene before the next use; without argument, everything."""
        if area is None:
            self._image = None
            self._dirty.clear()
        elif not area.isNull():
            self._dirty.append(area)

    def draw(self, painter: QPainter, camera: Camera, size: QSizeF, ratio: float, preview: bool) -> bool:
        """Put the picture on `painter` (view coordinates). Returns whether it was only a scaled preview."""
        image = self._image
        if image is not None and preview and camera.scale != self._camera.scale and self.cost_ms > QUICK_MS:
            self._draw_scaled(painter, image, camera, size)
            return True
        self.ready(camera, size, ratio, STRIP if self._moving(camera) else 0.0)
        self.put(painter, camera)
        return False

    def ready(self, camera: Camera, size: QSizeF, ratio: float, ahead: float = 0.0) -> None:
        """Have a picture of this view, and of `ahead` pixels around it, with nothing out of date in it."""
        if self._image is None or camera.scale != self._camera.scale or ratio != self._ratio:
            self._render(camera, size, ratio)
        elif not self._covers(camera, size, ahead):
            self._shift(camera, size, ratio)
        self._mend()

    def shows(self, camera: Camera, size: QSizeF, ratio: float) -> bool:
        """Whether the picture as it is shows this view, whole and sharp."""
        there = self._image is not None and not self._dirty and camera.scale == self._camera.scale and ratio == self._ratio
        return there and self._covers(camera, size, 0.0)

    def put(self, painter: QPainter, camera: Camera) -> None:
        """The picture as it is, on `painter` (view coordinates)."""
        assert self._image is not None
        at, ratio = self._offset(camera), self._ratio
        self._at = QPointF(round(at.x() * ratio) / ratio, round(at.y() * ratio) / ratio)
        painter.drawImage(self._at, self._image)

    def put_again(self, painter: QPainter, boxes: np.ndarray) -> None:
        """Put parts of the picture, as it was last drawn, over what has been painted since; boxes (n, 4) as left, top, right, bottom
        in view coordinates."""
        if self._image is None or not len(boxes):
            return
        ratio, at = self._ratio, self._at
        low = np.floor(boxes[:, :2] * ratio).astype(int)
        high = np.ceil(boxes[:, 2:] * ratio).astype(int)
        corner = QPoint(round(at.x() * ratio), round(at.y() * ratio))
        for (left, top), (right, bottom) in zip(low.tolist(), high.tolist(), strict=True):
            source = QRect(left - corner.x(), top - corner.y(), right - left, bottom - top)
            painter.drawImage(QPointF(left / ratio, top / ratio), self._image, source)

    def _offset(self, camera: Camera) -> QPointF:
        """Where the picture's corner lies in the view."""
        return camera.to_view(QPointF(self._camera.x, self._camera.y))

    def _moving(self, camera: Camera) -> bool:
        """Whether the view has moved since it was last drawn: then strips are drawn ahead of it, a little at a time."""
        moved = (camera.x, camera.y) != self._last
        self._last = (camera.x, camera.y)
        return moved

    def _covers(self, camera: Camera, size: QSizeF, ahead: float) -> bool:
        """Whether the picture reaches over the view, and `ahead` pixels beyond."""
        assert self._image is not None
        at, whole = self._offset(camera), self._image.deviceIndependentSize()
        slack = 0.5 - ahead
        wide, high = at.x() + whole.width() - size.width(), at.y() + whole.height() - size.height()
        return at.x() <= slack and at.y() <= slack and wide >= -slack and high >= -slack

    def _fresh(self, size: QSizeF, ratio: float) -> QImage:
        wide, high = round((size.width() + 2 * MARGIN) * ratio), round((size.height() + 2 * MARGIN) * ratio)
        image = QImage(wide, high, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        return image

    def _copy(self, camera: Camera, size: QSizeF, ratio: float) -> QImage | None:
        """The picture as it is, for another layer to go on from; None where it does not show this view."""
        if self._image is None or camera.scale != self._camera.scale or ratio != self._ratio or not self._covers(camera, size, 0.0):
            return None
        self._mend()
        return self._image.copy()

    def _render(self, camera: Camera, size: QSizeF, ratio: float) -> None:
        self._dirty.clear()
        copy = self._base._copy(camera, size, ratio) if self._base is not None else None
        if copy is not None and self._base is not None and self._over is not None:
            began = time.perf_counter()
            self._image, self._ratio = copy, ratio
            self._camera.restore(self._base._camera.state())
            self._fill(self._camera.seen(copy.deviceIndependentSize()), self._over)
            self.cost_ms = (time.perf_counter() - began) * 1000
            return
        self._image, self._ratio = self._fresh(size, ratio), ratio
        self._camera.restore((camera.scale, camera.x - MARGIN / camera.scale, camera.y - MARGIN / camera.scale))
        began = time.perf_counter()
        self._fill(self._camera.seen(self._image.deviceIndependentSize()))
        self.cost_ms = (time.perf_counter() - began) * 1000

    def _shift(self, camera: Camera, size: QSizeF, ratio: float) -> None:
        """Move on: keep what both pictures show, draw the strips that came into view."""
        old, old_camera = self._image, self._camera
        assert old is not None
        pixel = 1 / (camera.scale * ratio)
        step_x = round((camera.x - MARGIN / camera.scale - old_camera.x) / pixel)
        step_y = round((camera.y - MARGIN / camera.scale - old_camera.y) / pixel)
        self._image = self._fresh(size, ratio)
        if abs(step_x) >= old.width() or abs(step_y) >= old.height() or old.size() != self._image.size():
            self._render(camera, size, ratio)
            return
        shown = old_camera.seen(old.deviceIndependentSize())
        self._camera = Camera()
        self._camera.restore((camera.scale, old_camera.x + step_x * pixel, old_camera.y + step_y * pixel))
        painter = QPainter(self._image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(QPointF(-step_x / ratio, -step_y / ratio), old)
        painter.end()
        for strip in _strips(self._camera.seen(self._image.deviceIndependentSize()), shown, 2 * pixel):
            self._fill(strip)

    def _mend(self) -> None:
        if not self._dirty:
            return
        assert self._image is not None
        whole = self._camera.seen(self._image.deviceIndependentSize())
        parts, self._dirty = self._dirty, []
        if len(parts) > 6:
            parts = [_united(parts)]
        for part in parts:
            if part.intersects(whole):
                self._fill(part.intersected(whole))

    def renew(self, camera: Camera, size: QSizeF, ratio: float, parts: Sequence[Paint]) -> Iterator[None]:
        """Begin the picture again from the base and paint these parts over it, one at a time; the picture as it was stays until the last
        one is painted. To be left where anything was invalidated in between."""
        assert self._base is not None
        self._base.ready(camera, size, ratio)
        picture, place, spent = self._base._copy(camera, size, ratio), Camera(), 0.0
        assert picture is not None
        place.restore(self._base._camera.state())
        for number, paint in enumerate(parts):
            if number:
                yield
            began = time.perf_counter()
            _fill_picture(picture, place, place.seen(picture.deviceIndependentSize()), paint)
            spent += time.perf_counter() - began
        self._dirty.clear()
        self._image, self._ratio, self._camera, self.cost_ms = picture, ratio, place, spent * 1000

    def _fill(self, area: QRectF, paint: Paint | None = None) -> None:
        assert self._image is not None
        _fill_picture(self._image, self._camera, area, paint or self._paint)

    def _draw_scaled(self, painter: QPainter, image: QImage, camera: Camera, size: QSizeF) -> None:
        whole = self._camera.seen(image.deviceIndependentSize())
        target = camera.rect_to_view(whole)
        if not target.contains(QRectF(QPointF(0, 0), size)):
            back = Camera()
            back.restore(camera.state())
            self._render_rough(painter, back, size)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # dearer than repainting, which follows soon
        painter.drawImage(target, image)

    def _render_rough(self, painter: QPainter, camera: Camera, size: QSizeF) -> None:
        """What the scaled picture does not reach, drawn from afar: cheap, and better than a hole."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setWorldTransform(camera.transform(), True)
        self._paint(painter, camera.seen(size), min(camera.scale, 0.2))
        painter.restore()


def _fill_picture(picture: QImage, place: Camera, area: QRectF, paint: Paint) -> None:
    """Paint this area of the scene on a picture that shows it from this place."""
    painter = QPainter(picture)
    prepare(painter)
    pixels = place.rect_to_view(area).toAlignedRect()
    painter.setClipRect(pixels)
    painter.setWorldTransform(place.transform(), True)
    rect = QRectF(pixels)
    paint(painter, QRectF(place.to_scene(rect.topLeft()), rect.size() / place.scale), place.scale)
    painter.end()


def _strips(now: QRectF, before: QRectF, overlap: float) -> list[QRectF]:
    """The parts of `now` outside `before`, each reaching a little into it."""
    strips: list[QRectF] = []
    if now.left() < before.left():
        strips.append(QRectF(now.left(), now.top(), before.left() - now.left() + overlap, now.height()))
    if now.right() > before.right():
        strips.append(QRectF(before.right() - overlap, now.top(), now.right() - before.right() + overlap, now.height()))
    if now.top() < before.top():
        strips.append(QRectF(now.left(), now.top(), now.width(), before.top() - now.top() + overlap))
    if now.bottom() > before.bottom():
        strips.append(QRectF(now.left(), before.bottom() - overlap, now.width(), now.bottom() - before.bottom() + overlap))
    return strips


def _united(parts: list[QRectF]) -> QRectF:
    union = QRectF()
    for part in parts:
        union = union.united(part)
    return union
