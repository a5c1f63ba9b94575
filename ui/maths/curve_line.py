"""A curve of a plot that is drawn again and again while it grows: stroked piece by piece.

pyqtgraph strokes a curve as one path. A stroke of more than a pixel is the outline of the whole line, filled: for a curve with noise,
which crosses its own outline thousands of times, that takes ten times as long as its pieces do.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ui.maths.series import Floats

PIECE = 200.0
"""Pixels of line in one piece: so few that a smooth curve has hardly any joints, so many that dashes are not broken up."""


def curve_line(plot: Any) -> Any:
    """Add an empty curve to a `PlotWidget`: a `PlotDataItem` whose line is painted in pieces on the screen, and whole into a file."""
    line = _line_type()()
    plot.addItem(line)
    return line


def pieces(x: Floats, y: Floats) -> list[tuple[int, int, float]]:
    """First and last index of each piece, and the length of line before it; x and y in pixels. A piece begins where the last one ended."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    cuts = np.flatnonzero(np.diff(lengths // PIECE)) + 1
    bounds = np.unique(np.concatenate([[0], cuts, [x.size - 1]])).tolist()
    return [(first, last, float(lengths[first])) for first, last in zip(bounds, bounds[1:], strict=False)]


@cache
def _line_type() -> Any:
    import pyqtgraph
    from pyqtgraph.functions import arrayToQPolygonF
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter, QPen
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    class Curve(pyqtgraph.PlotCurveItem):  # type: ignore[misc]
        def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
            x, y, pen = self.xData, self.yData, self.opts["pen"]
            joined = isinstance(self.opts["connect"], str) and self.opts["connect"] == "all"
            if widget is None or x is None or x.size < 2 or not joined or not np.isfinite(y).all():
                super().paint(painter, option, widget)  # into a file as one line; one with gaps is short
            elif painter.opacity() == 1.0:
                self._stroke(painter, x, y, pen)
            else:
                self._veil(painter, widget, x, y, pen)

        def _stroke(self, painter: QPainter, x: Floats, y: Floats, pen: QPen) -> None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.opts["antialias"])
            painter.setPen(pen)
            place, dashed = painter.worldTransform(), QPen(pen)
            for first, last, before in pieces(place.m11() * x, place.m22() * y):
                if before and pen.style() != Qt.PenStyle.SolidLine:
                    dashed.setDashOffset(before / pen.widthF())  # dashes go on where the last piece ended
                    painter.setPen(dashed)
                painter.drawPolyline(arrayToQPolygonF(x[first : last + 1], y[first : last + 1]))

        def _veil(self, painter: QPainter, widget: QWidget, x: Floats, y: Floats, pen: QPen) -> None:
            """A curve that is seen through is painted whole first: pieces would be darker where they meet."""
            ratio = widget.devicePixelRatioF()
            layer = QImage(widget.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            layer.setDevicePixelRatio(ratio)
            layer.fill(Qt.GlobalColor.transparent)
            inner = QPainter(layer)
            inner.setWorldTransform(painter.worldTransform())
            self._stroke(inner, x, y, pen)
            inner.end()
            painter.save()
            painter.resetTransform()
            painter.drawImage(0, 0, layer)
            painter.restore()

    class Line(pyqtgraph.PlotDataItem):  # type: ignore[misc]
        curve: Any

        def __init__(self) -> None:
            super().__init__()
            self.curve.setParentItem(None)
            self.curve = Curve()
            self.curve.setParentItem(self)
            self.curve.sigClicked.connect(self.sigClicked)
            self.setData([], [])

    return Line
