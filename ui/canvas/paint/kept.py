"""A picture of what looks the same from frame to frame, such as a card that is being carried, or the map while the view stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from ui.canvas.paint.painter import prepare
from ui.look.theme import font

Paint = Callable[[QPainter], None]


class KeptPicture:
    """Kept for as long as what it shows looks the same and lies in the same way on the grid of pixels. `written`: there are texts in it."""

    def __init__(self, written: bool = True) -> None:
        self._written = written
        self._key: tuple[object, ...] = ()
        self._image: QImage | None = None

    def clear(self) -> None:
        self._key, self._image = (), None

    def paint(self, painter: QPainter, around: QRectF, look: tuple[object, ...], paint: Paint) -> None:
        """`paint` what lies in `around` (scene coordinates), or put the picture of it there, if `look` and the pixels are those of the last
        frame."""
        view, device = painter.worldTransform(), painter.device()
        ratio = device.devicePixelRatioF()
        corner = view.map(around.topLeft()) * ratio
        x, y = floor(corner.x()), floor(corner.y())
        key = (look, around.width(), around.height(), round(corner.x() - x, 6), round(corner.y() - y, 6), view.m11(), ratio)
        if self._key != key or (self._written and _subpixels()):
            self._key, self._image = key, None
            paint(painter)
            return
        if self._image is None:
            size = around.size() * view.m11() * ratio
            self._image = QImage(ceil(size.width()) + 1, ceil(size.height()) + 1, QImage.Format.Format_ARGB32_Premultiplied)
            self._image.setDevicePixelRatio(ratio)
            self._image.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._image)
            prepare(inner)
            inner.setWorldTransform(view * QTransform.fromTranslate(-x / ratio, -y / ratio))
            paint(inner)
            inner.end()
        painter.resetTransform()
        painter.drawImage(QPointF(x / ratio, y / ratio), self._image)
        painter.setWorldTransform(view)


@lru_cache(maxsize=1)
def _subpixels() -> bool:
    """Whether texts are smoothed in colours on this screen, as they are only on an opaque ground."""
    image = QImage(64, 32, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    prepare(painter)
    painter.setFont(font("value"))
    painter.drawText(QPointF(4.3, 24), "W48")
    painter.end()
    return not image.allGray()
