"""Small arrays in a line of mathematics: numbers in their cells while there are few, purple–green cells when there are many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.views import ArrayView
from ui.explain.maths import Picture
from ui.numbers import exact, number, shape_text
from ui.theme import Theme, color, font, mixed

if TYPE_CHECKING:
    import numpy as np

MOST_ROWS, MOST_COLUMNS = 8, 4
"""Arrays up to this size show their numbers."""
TINT = 0.30
"""How much of the heat map's colour lies under a number."""
CELL = (3.55, 1.4)
"""A cell that holds a number, in ems of the line around it."""
LARGEST = 9.0
"""The longer side of a heat map, in ems."""
_CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A tensor laid flat. `cells` is (rows, columns), None when nothing is known; `lying` says that a vector lies in a row.

    `chosen` is the entry that is worked out elsewhere on the page: it is framed.
    """

    view: ArrayView
    cells: np.ndarray | None
    lying: bool
    chosen: tuple[int, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plane) and (self.view is other.view and self.lying == other.lying and self.chosen == other.chosen)

    def __hash__(self) -> int:
        return hash((id(self.view), self.lying))

    @property
    def shape(self) -> tuple[int, int]:
        return (1, 1) if self.cells is None else (int(self.cells.shape[0]), int(self.cells.shape[1]))

    @property
    def legible(self) -> bool:
        """Whether its numbers stand in it."""
        rows, columns = self.shape
        return self.view.data is not None and rows <= MOST_ROWS and columns <= MOST_COLUMNS

    def index(self, row: int, column: int) -> tuple[int, ...] | None:
        """The index into the tensor of a cell; None where cells are a thinned picture of it."""
        import numpy as np

        if self.view.data is None:
            return None
        flat = row * self.shape[1] + column
        return tuple(int(i) for i in np.unravel_index(flat, self.view.shape)) if self.view.shape else ()

    def cell(self, at: QPointF, area: QRectF) -> tuple[int, int]:
        rows, columns = self.shape
        row, column = int((at.y() - area.top()) / area.height() * rows), int((at.x() - area.left()) / area.width() * columns)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def entry(self, at: QPointF, area: QRectF) -> tuple[int, ...] | None:
        return self.index(*self.cell(at, area))


def plane(view: ArrayView, lying: bool = False, chosen: tuple[int, ...] | None = None) -> Plane:
    """`lying`: a vector as a row; else as a column. Higher ranks lie with all axes but the last as rows."""
    source = view.data if view.data is not None else view.thumbnail
    if source is None or source.size == 0:
        return Plane(view, None, lying, chosen)
    if source.ndim < 2:
        cells = source.reshape(1, -1) if lying or source.ndim == 0 else source.reshape(-1, 1)
    else:
        cells = source.reshape(-1, source.shape[-1])
    return Plane(view, cells, lying, chosen)


def picture(plane: Plane, index: int, caption: str | None = None, link: str = "", most: float = LARGEST) -> Picture:
    """The room an array needs in a line: numbers need cells, a heat map is at most `most` ems wide and high."""
    rows, columns = plane.shape
    said = shape_text(plane.view.shape) if caption is None else caption
    if plane.legible:
        return Picture(index, columns * CELL[0], rows * CELL[1], said if plane.view.shape else "", link)
    side = min(1.1, most / columns, most / rows)
    return Picture(index, max(columns * side, 0.7), max(rows * side, 0.7), said, link)


def paint_plane(painter: QPainter, area: QRectF, plane: Plane, theme: Theme, over: bool) -> None:
    """Cells in a frame; framed more strongly under the cursor."""
    if plane.cells is None:
        return
    painter.save()
    if plane.legible:
        _paint_numbers(painter, area, plane, theme)
    else:
        _paint_heat(painter, area, plane, theme)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color(theme.focus if over else theme.wire), 1.6 if over else 1.0))
    painter.drawRect(area)
    _paint_chosen(painter, area, plane, theme)
    painter.restore()


def _paint_numbers(painter: QPainter, area: QRectF, plane: Plane, theme: Theme) -> None:
    assert plane.cells is not None
    rows, columns = plane.shape
    wide, high = area.width() / columns, area.height() / rows
    largest = max((abs(v) for v in plane.cells.ravel().tolist() if abs(v) < float("inf")), default=0.0) or 1.0
    whole = "int" in plane.view.dtype
    face = font("small")
    for row in range(rows):
        for column in range(columns):
            value = float(plane.cells[row, column])
            cell = QRectF(area.left() + column * wide, area.top() + row * high, wide, high)
            painter.fillRect(cell, color(_tint(theme, value / largest)))
            text = str(int(value)) if whole else number(value)
            face.setPixelSize(_fitting(text, round(high * 0.56), wide - 4))
            painter.setFont(face)
            painter.setPen(color(theme.text))
            painter.drawText(cell, _CENTRE, text)


@lru_cache(maxsize=4096)
def _fitting(text: str, size: int, wide: float) -> int:
    face = font("small")
    while size > 7:
        face.setPixelSize(size)
        if QFontMetricsF(face).horizontalAdvance(text) <= wide:
            break
        size -= 1
    return size


def _tint(theme: Theme, share: float) -> str:
    if share != share:
        return theme.error_soft
    end = theme.heat[2 if share > 0 else 0]
    return mixed(theme.panel, end, TINT * min(1.0, abs(share)))


def _paint_heat(painter: QPainter, area: QRectF, plane: Plane, theme: Theme) -> None:
    from ui.canvas.heat import picture as heat

    assert plane.cells is not None
    image = heat(ArrayView(plane.cells.shape, plane.view.dtype, plane.cells), theme)
    if image is not None:
        painter.drawImage(area, image)


def _paint_chosen(painter: QPainter, area: QRectF, plane: Plane, theme: Theme) -> None:
    import numpy as np

    if plane.chosen is None or plane.view.data is None or len(plane.chosen) != len(plane.view.shape) or plane.view.data.size == 1:
        return
    if any(not 0 <= i < size for i, size in zip(plane.chosen, plane.view.shape, strict=True)):
        return
    rows, columns = plane.shape
    row, column = divmod(int(np.ravel_multi_index(plane.chosen, plane.view.shape)), columns)
    wide, high = area.width() / columns, area.height() / rows
    painter.setPen(QPen(color(theme.focus), 2.0))
    painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * high, wide, high))


def cell_tip(plane: Plane, at: QPointF, area: QRectF) -> str:
    """What the cell under the cursor holds, in full."""
    if plane.cells is None:
        return ""
    row, column = plane.cell(at, area)
    index = plane.index(row, column)
    where = ", ".join(str(i) for i in index) if index is not None else "sampled"
    return f"[{where}]  {exact(float(plane.cells[row, column]), plane.view.dtype)}"
