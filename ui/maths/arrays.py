"""Small arrays in a line of mathematics: numbers in their cells while there are few, purple–green cells when there are many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.compile.views import ArrayView
from ui.look.numbers import exact, shape_text
from ui.look.numerals import column as written_together
from ui.look.theme import Theme, color, font, mixed
from ui.maths.typesetting import Picture

if TYPE_CHECKING:
    import numpy as np

MOST_ROWS, MOST_COLUMNS = 8, 4
"""Arrays up to this size show their numbers."""
TINT = 0.30
"""How much of the heat map's colour lies under a number."""
CELL = (3.1, 1.4)
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
    most: tuple[int, int] = (MOST_ROWS, MOST_COLUMNS)
    """Rows and columns up to which the cells show numbers."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plane) and (self.view is other.view and self._how == other._how)

    def __hash__(self) -> int:
        return hash((id(self.view), self.lying))

    tiles: tuple[int, int, int] | None = None
    """Of three and more axes: maps in a row of the grid, and a map's height and width. One cell lies between two maps."""

    @property
    def _how(self) -> tuple[object, ...]:
        return self.lying, self.chosen, self.most

    @property
    def shape(self) -> tuple[int, int]:
        return (1, 1) if self.cells is None else (int(self.cells.shape[0]), int(self.cells.shape[1]))

    @property
    def legible(self) -> bool:
        """Whether its cells show numbers."""
        rows, columns = self.shape
        return self.view.data is not None and rows <= self.most[0] and columns <= self.most[1]

    def index(self, row: int, column: int) -> tuple[int, ...] | None:
        """The index into the tensor of a cell; None where cells are a thinned picture of it."""
        import numpy as np

        if self.view.data is None:
            return None
        flat = row * self.shape[1] + column
        if self.tiles is not None:
            across, high, wide = self.tiles
            (down, y), (right, x) = divmod(row, high + 1), divmod(column, wide + 1)
            flat = ((down * across + right) * high + y) * wide + x
            if y == high or x == wide or flat >= self.view.data.size:
                return None
        return tuple(int(i) for i in np.unravel_index(flat, self.view.shape)) if self.view.shape else ()

    def cell(self, at: QPointF, area: QRectF) -> tuple[int, int]:
        rows, columns = self.shape
        row, column = int((at.y() - area.top()) / area.height() * rows), int((at.x() - area.left()) / area.width() * columns)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def entry(self, at: QPointF, area: QRectF) -> tuple[int, ...] | None:
        return self.index(*self.cell(at, area))


def plane(
    view: ArrayView, lying: bool = False, chosen: tuple[int, ...] | None = None, most: tuple[int, int] = (MOST_ROWS, MOST_COLUMNS)
) -> Plane:
    """`lying`: a vector as a row; else as a column. Higher ranks lie with all axes but the last as rows."""
    source = view.data if view.data is not None else view.thumbnail
    if source is None or source.size == 0:
        return Plane(view, None, lying, chosen, most)
    if view.data is not None and source.ndim > 2 and min(source.shape[-2:]) > 1:
        return _tiled(view, source, lying, chosen)
    if source.ndim < 2:
        cells = source.reshape(1, -1) if lying or source.ndim == 0 else source.reshape(-1, 1)
    else:
        cells = source.reshape(-1, source.shape[-1])
        if view.data is None and len(view.shape) > 2:
            cells = _in_columns(cells)
    return Plane(view, cells, lying, chosen, most)


def _tiled(view: ArrayView, source: np.ndarray, lying: bool, chosen: tuple[int, ...] | None) -> Plane:
    """Maps in a grid that is about as high as wide."""
    import numpy as np

    maps = source.reshape(-1, *source.shape[-2:])
    count, high, wide = maps.shape
    across = min(count, max(1, round((count * (high + 1) / (wide + 1)) ** 0.5)))
    down = -(-count // across)
    cells = np.zeros((down * (high + 1) - 1, across * (wide + 1) - 1))
    for i in range(count):
        top, left = i // across * (high + 1), i % across * (wide + 1)
        cells[top : top + high, left : left + wide] = maps[i]
    return Plane(view, cells, lying, chosen, (0, 0), (across, high, wide))


def _in_columns(cells: np.ndarray) -> np.ndarray:
    """A tall thumbnail cut into parts that stand side by side, about as high as wide together."""
    import numpy as np

    parts = max(1, round((cells.shape[0] / cells.shape[1]) ** 0.5))
    high = cells.shape[0] // parts
    return np.concatenate([cells[i * high : (i + 1) * high] for i in range(parts)], axis=1)


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
    painter.setPen(QPen(color(theme.highlight if over else theme.wire), 1.6 if over else 1.0))
    painter.drawRect(area)
    _paint_chosen(painter, area, plane, theme)
    painter.restore()


def _paint_numbers(painter: QPainter, area: QRectF, plane: Plane, theme: Theme) -> None:
    assert plane.cells is not None
    rows, columns = plane.shape
    wide, high = area.width() / columns, area.height() / rows
    largest = max((abs(v) for v in plane.cells.ravel().tolist() if abs(v) < float("inf")), default=0.0) or 1.0
    whole = "int" in plane.view.dtype
    values = [[float(value) for value in row] for row in plane.cells]
    flat = [value for row in values for value in row]
    said = [str(int(value)) for value in flat] if whole else written_together(flat)
    texts = [said[at : at + columns] for at in range(0, len(said), columns)]
    face = font("small")
    face.setPixelSize(min(_fitting(text, round(high * 0.6), round(wide) - 4) for row in texts for text in row))
    painter.setFont(face)
    painter.setPen(color(theme.text))
    for row in range(rows):
        for column in range(columns):
            cell = QRectF(area.left() + column * wide, area.top() + row * high, wide, high)
            painter.fillRect(cell, color(_tint(theme, values[row][column] / largest)))
            painter.drawText(cell, _CENTRE, texts[row][column])


@lru_cache(maxsize=4096)
def _fitting(text: str, size: int, wide: int) -> int:
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
    from ui.maths.heat import picture as heat

    assert plane.cells is not None
    image = heat(ArrayView(plane.cells.shape, plane.view.dtype, plane.cells), theme)
    if image is not None:
        painter.drawImage(area, image)
    if plane.tiles is not None:
        (rows, columns), (_, tall, wide) = plane.shape, plane.tiles
        for row in range(tall, rows, tall + 1):
            top = area.top() + row * area.height() / rows
            painter.fillRect(QRectF(area.left(), top, area.width(), area.height() / rows), color(theme.panel))
        for column in range(wide, columns, wide + 1):
            left = area.left() + column * area.width() / columns
            painter.fillRect(QRectF(left, area.top(), area.width() / columns, area.height()), color(theme.panel))


def _paint_chosen(painter: QPainter, area: QRectF, plane: Plane, theme: Theme) -> None:
    import numpy as np

    if plane.chosen is None or plane.view.data is None or len(plane.chosen) != len(plane.view.shape) or plane.view.data.size == 1:
        return
    if any(not 0 <= i < size for i, size in zip(plane.chosen, plane.view.shape, strict=True)):
        return
    rows, columns = plane.shape
    flat = int(np.ravel_multi_index(plane.chosen, plane.view.shape))
    row, column = divmod(flat, columns)
    if plane.tiles is not None:
        across, tall, broad = plane.tiles
        number_, (y, x) = flat // (tall * broad), divmod(flat % (tall * broad), broad)
        row, column = number_ // across * (tall + 1) + y, number_ % across * (broad + 1) + x
    wide, high = area.width() / columns, area.height() / rows
    painter.setPen(QPen(color(theme.highlight), 2.0))
    painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * high, wide, high))


def cell_tip(plane: Plane, at: QPointF, area: QRectF) -> str:
    """What the cell under the cursor holds, in full."""
    if plane.cells is None:
        return ""
    row, column = plane.cell(at, area)
    index = plane.index(row, column)
    if index is None and plane.tiles is not None:
        return ""
    where = ", ".join(str(i) for i in index) if index is not None else "sampled"
    return f"[{where}]  {exact(float(plane.cells[row, column]), plane.view.dtype)}"
