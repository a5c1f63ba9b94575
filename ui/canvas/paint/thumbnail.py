"""A small picture of a graph for galleries, painted once for each graph, theme and size."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QPixmapCache
from PySide6.QtWidgets import QSizePolicy, QWidget

from graph.model.graph import Graph
from ui.canvas.paint.picture import paint_graph
from ui.look.theme import Theme, color

HEIGHT = 130


class Thumbnail(QWidget):
    """`key` names what the graph shows, so that its picture is kept between galleries; None keeps it for this widget alone."""

    def __init__(self, graph: Graph, theme: Theme, height: int = HEIGHT, key: Hashable | None = None) -> None:
        super().__init__()
        self._graph, self._theme, self._key = graph, theme, key
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height)

    @property
    def painted(self) -> bool:
        return self._picture is not None

    def paint_now(self) -> None:
        """Make the picture, or take the one that was made before."""
        ratio = self.devicePixelRatioF()
        name = f"thumbnail {self._key!r} {self._theme.name} {self.width()}x{self.height()} {ratio}"
        picture = QPixmap()
        if self._key is None or not QPixmapCache.find(name, picture):
            picture = self._drawn(ratio)
            if self._key is not None:
                QPixmapCache.insert(name, picture)
        self._picture = picture
        self.update()

    def _drawn(self, ratio: float) -> QPixmap:
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(color(self._theme.canvas))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_graph(painter, self._graph, None, self._theme, QRectF(0, 0, self.width(), self.height()), values=False, dots=False)
        painter.end()
        return picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is None:
            painter.fillRect(self.rect(), color(self._theme.canvas))
        else:
            painter.drawPixmap(0, 0, self._picture)
