"""A paint device that draws nothing and remembers what was drawn on it: texts with the boxes of their ink, and outlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QImage, QPaintDevice, QPaintEngine, QPaintEngineState, QPainterPath, QPixmap, QPolygonF, QTextItem


@dataclass(frozen=True, slots=True)
class Written:
    """A text, the box of its ink, and the height of its font, in pixels of the device."""

    text: str
    box: QRectF
    height: float
    hue: str


@dataclass
class Record:
    """Everything in device coordinates, in the order in which it was drawn."""

    texts: list[Written] = field(default_factory=list)
    shapes: list[tuple[QRectF, int]] = field(default_factory=list)
    """Bounding boxes of whatever has an outline, and of pictures, with the number of texts drawn before; plain fills such as veils are
    not among them."""
    curves: list[QPainterPath] = field(default_factory=list)
    """Paths that are drawn with a pen and not filled: wires, for example."""


class Recorder(QPaintDevice):
    """Paint on it with a `QPainter`; then read `record`."""

    def __init__(self, size: QSizeF) -> None:
        super().__init__()
        self._size = size
        self._engine = _Engine()

    @property
    def record(self) -> Record:
        return self._engine.record

    def paintEngine(self) -> QPaintEngine:
        return self._engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        names = QPaintDevice.PaintDeviceMetric
        known = {
            names.PdmWidth: int(self._size.width()), names.PdmHeight: int(self._size.height()),
            names.PdmWidthMM: int(self._size.width() / 4), names.PdmHeightMM: int(self._size.height() / 4),
            names.PdmDpiX: 96, names.PdmDpiY: 96, names.PdmPhysicalDpiX: 96, names.PdmPhysicalDpiY: 96,
            names.PdmDepth: 32, names.PdmNumColors: 1 << 24, names.PdmDevicePixelRatio: 1,
            names.PdmDevicePixelRatioScaled: 1 << 16,
        }  # fmt: skip
        return known.get(metric, 0)


class _Engine(QPaintEngine):
    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self.record = Record()

    def begin(self, device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def updateState(self, state: QPaintEngineState) -> None:
        pass

    def drawTextItem(self, at: QPointF, item: QTextItem) -> None:  # type: ignore[override]
        text = item.text()
        if not text.strip():
            return
        painter, font = self.painter(), item.font()
        ink = QFontMetricsF(font).tightBoundingRect(text).translated(at)
        if abs(ink.width() - item.width()) > 0.5 * item.width():  # kerning and tabular figures aside, the two agree
            ink.setWidth(item.width())
        view = painter.transform()
        self.record.texts.append(Written(text, view.mapRect(ink), font.pixelSize() * view.m22(), painter.pen().color().name()))

    def _shape(self, box: QRectF) -> None:
        self.record.shapes.append((box, len(self.record.texts)))

    def drawPath(self, path: QPainterPath) -> None:
        painter = self.painter()
        pen, brush = painter.pen().style().value != 0, painter.brush().style().value != 0
        moved = painter.transform().map(path)
        if pen and not brush:
            self.record.curves.append(moved)
        if pen:
            self._shape(moved.boundingRect())

    def drawRects(self, *given: Any) -> None:
        if self.painter().pen().style().value != 0:
            for rect in given[0]:
                self._shape(self.painter().transform().mapRect(QRectF(rect)))

    def drawEllipse(self, rect: Any) -> None:
        self._shape(self.painter().transform().mapRect(QRectF(rect)))

    def drawLines(self, *given: Any) -> None:
        view = self.painter().transform()
        for line in given[0]:
            path = QPainterPath(view.map(QLineF(line).p1()))
            path.lineTo(view.map(QLineF(line).p2()))
            self.record.curves.append(path)

    def drawPolygon(self, *given: Any) -> None:
        if self.painter().pen().style().value != 0:
            self._shape(self.painter().transform().mapRect(QPolygonF(list(given[0])).boundingRect()))

    def drawPoints(self, *given: Any) -> None:
        pass

    def drawImage(self, rect: QRectF, image: QImage, source: QRectF, *more: Any) -> None:  # type: ignore[override]
        self._shape(self.painter().transform().mapRect(rect))

    def drawPixmap(self, rect: QRectF, pixmap: QPixmap, source: QRectF) -> None:  # type: ignore[override]
        self._shape(self.painter().transform().mapRect(rect))
