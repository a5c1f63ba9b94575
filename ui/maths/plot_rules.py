"""Horizontal lines behind a plot's curves, at the ticks of its left axis.

pyqtgraph's own grid makes the axis cover the whole plot: it is then repainted, texts included, at every change of a curve,
which takes longer than the curves.
"""

from __future__ import annotations

from typing import Any


def rules(plot: Any) -> Any:
    """Add such lines to a `PlotWidget`; `set_pen` gives them their colour."""
    import pyqtgraph
    from PySide6.QtCore import QLineF, QRectF
    from PySide6.QtGui import QPainter, QPen

    class Rules(pyqtgraph.GraphicsObject):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._pen = QPen()
            self.setZValue(-100)

        def set_pen(self, pen: QPen) -> None:
            self._pen = pen
            self.update()

        def viewRangeChanged(self) -> None:
            self.prepareGeometryChange()

        def boundingRect(self) -> QRectF:
            return QRectF(self.viewRect())

        def paint(self, painter: QPainter, *_: object) -> None:
            area, axis = self.viewRect(), plot.getAxis("left")
            if axis.height() <= 0:  # pyqtgraph divides by it, and an error while a scene paints can end the program
                return
            painter.setPen(self._pen)
            low, high = sorted((area.top(), area.bottom()))
            typed = axis._tickLevels
            places = axis.tickValues(low, high, axis.height())[0][1] if typed is None else [at for at, _ in typed[0]]
            painter.drawLines([QLineF(area.left(), at, area.right(), at) for at in places if low <= at <= high])

    item = Rules()
    plot.addItem(item, ignoreBounds=True)
    return item
