"""The layers in rows: histograms over the steps, norm of the gradient, size of the update, and units that do not learn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.learned.instruments import LayerState, Observed
from graph.text.messages import _
from ui.canvas.model.tips import activity_tip
from ui.instruments.cells import HEADS, KINDS, Kind, Picture, badge, said
from ui.instruments.heat import Floats
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme, color, font

HEAD, ROW, NAME, NUMBER, LEAST, GAP = 20, 36, 84, 62, 42, 8
"""Heights of the head and of a row, widths of the name, of a number and of the narrowest histogram, and the space between."""
COLUMNS = (*KINDS, "norm", "ratio")
_ALIGN = Qt.AlignmentFlag
_LEFT, _RIGHT = int(_ALIGN.AlignVCenter | _ALIGN.AlignLeft), int(_ALIGN.AlignVCenter | _ALIGN.AlignRight)
_KEYS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class LayerTable(QWidget):
    """`chosen` carries a node and a column when a cell is clicked, or Enter is pressed on it."""

    chosen = Signal(str, str)
    moved = Signal(QRectF)
    """The cell that keys have chosen lies here."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._observed: Sequence[Observed] = ()
        self._names: list[str] = []
        self._titles: list[str] = []
        self._stale = False
        self._pictures: dict[tuple[str, Kind], Picture] = {}
        self._images: dict[tuple[str, Kind], tuple[object, QImage | None]] = {}
        """What was painted last, and of what: most paintings follow the mouse or the focus."""
        self._at = (-1, 0)
        """Row and column that keys have chosen."""
        self.setAccessibleName(_("Layers"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_layers(
        self, observed: Sequence[Observed], names: Sequence[str], titles: Sequence[str], stale: bool, theme: Theme
    ) -> None:  # fmt: skip
        """All observations of one run; `names` are those of the layers, `titles` those of their types."""
        self._observed, self._names, self._titles, self._stale, self._theme = observed, list(names), list(titles), stale, theme
        nodes = {layer.node for layer in self.layers}
        self._pictures = {key: picture for key, picture in self._pictures.items() if key[0] in nodes}
        self._images = {key: image for key, image in self._images.items() if key[0] in nodes}
        self.setFixedHeight(self.sizeHint().height())
        self.setMinimumWidth(self.minimumSizeHint().width())
        self._describe()
        self.update()

    @property
    def layers(self) -> Sequence[LayerState]:
        return self._observed[-1].layers if self._observed else ()

    # where things are

    def sizeHint(self) -> QSize:
        scale = self._theme.scale
        return QSize(round(620 * scale), round((HEAD + ROW * max(len(self.layers), 1)) * scale))

    def minimumSizeHint(self) -> QSize:
        scale = self._theme.scale
        return QSize(round((NAME + 3 * (LEAST + GAP) + 2 * NUMBER) * scale), self.sizeHint().height())

    def cell(self, row: int, column: str) -> QRectF:
        scale = self._theme.scale
        wide = max((self.width() / scale - NAME - 2 * NUMBER - 4) / 3 - GAP, LEAST)
        at = COLUMNS.index(column)
        left = NAME + min(at, 3) * (wide + GAP) + max(at - 3, 0) * NUMBER
        return QRectF(left * scale, (HEAD + ROW * row) * scale, (wide if at < 3 else NUMBER - 4) * scale, (ROW - 4) * scale)

    def at(self, place: QPointF) -> tuple[int, str]:
        """Row and column at a place; row −1 outside; in the head or left of the cells the column is empty."""
        row = math.floor((place.y() / self._theme.scale - HEAD) / ROW)
        name = next((c for c in COLUMNS if self.cell(0, c).left() <= place.x() <= self.cell(0, c).right()), "")
        return (row if 0 <= row < len(self.layers) else -1), name

    # mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, name = self.at(event.position())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._at = row, COLUMNS.index(name) if name else 0
            self.chosen.emit(self.layers[row].node, name)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.at(event.position())[0] >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows, step = len(self.layers), _KEYS.get(Qt.Key(event.key()))
        if step is not None and rows:
            row, column = self._at
            self._at = (0, column) if row < 0 else (min(max(row + step[0], 0), rows - 1), min(max(column + step[1], 0), len(COLUMNS) - 1))
            self._describe()
            self.moved.emit(self.cell(self._at[0], COLUMNS[self._at[1]]))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._at[0] < rows:
            self.chosen.emit(self.layers[self._at[0]].node, COLUMNS[self._at[1]])
        else:
            super().keyPressEvent(event)

    def _describe(self) -> None:
        row, column = self._at
        if 0 <= row < len(self.layers):
            self.setAccessibleDescription(self.sentence(row, COLUMNS[column]))
        else:
            self.setAccessibleDescription("; ".join(self.sentence(row, "norm") for row in range(min(len(self.layers), 40))))

    def sentence(self, row: int, column: str) -> str:
        """A cell in words; without a column, the name, and what its dead or saturated units mean."""
        if column:
            return said(self._names[row], self.layers[row], column)
        found = self.layers[row].activity
        return f"{self._names[row]}\n{activity_tip(self._titles[row], found)}" if found is not None and badge(found) else self._names[row]

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and Qt.Key(event.key()) in _KEYS:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row, column = self.at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.sentence(row, column) if row >= 0 else "", self)
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        scale = theme.scale
        painter.setFont(font("tiny", scale))
        painter.setPen(color(theme.secondary))
        for name in COLUMNS:
            box = self.cell(0, name)
            box = QRectF(box.left(), 0, box.width() + (GAP - 2) * scale * (name in KINDS), HEAD * scale)
            text = painter.fontMetrics().elidedText(HEADS[name], Qt.TextElideMode.ElideRight, round(box.width()))
            painter.drawText(box, _LEFT if name in KINDS else _RIGHT, text)
        for row in range(len(self.layers)):
            if self.cell(row, "norm").intersects(QRectF(event.rect()).adjusted(-1e6, 0, 1e6, 0)):
                self._paint_row(painter, row, theme)
        painter.end()

    def _paint_row(self, painter: QPainter, row: int, theme: Theme) -> None:
        layer, scale = self.layers[row], theme.scale
        area = self.cell(row, "weights")
        mark = badge(layer.activity)
        room = QRectF(0, area.top(), (NAME - 6) * scale, area.height() / (2 if mark else 1))
        painter.setFont(font("base", scale))
        painter.setPen(color(theme.stale if self._stale else theme.text))
        painter.drawText(room, _LEFT, painter.fontMetrics().elidedText(self._names[row], Qt.TextElideMode.ElideRight, round(room.width())))
        if mark:
            painter.setFont(font("tiny", scale))
            painter.setPen(color(theme.stale if self._stale else theme.warning))
            painter.drawText(room.translated(0, room.height()), _LEFT, mark)
        for kind in KINDS:
            self._paint_histograms(painter, row, kind, theme)
        painter.setFont(font("base", scale))
        painter.setPen(color(theme.stale if self._stale else theme.text))
        for name, value in (("norm", layer.gradient_norm), ("ratio", layer.ratio)):
            painter.drawText(self.cell(row, name), _RIGHT, _brief(value, QFontMetricsF(painter.font()), self.cell(row, name).width()))
        if self.hasFocus() and self._at[0] == row:
            painter.setPen(QPen(color(theme.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.cell(row, COLUMNS[self._at[1]]).adjusted(-1, -1, 1, 1))

    def _paint_histograms(self, painter: QPainter, row: int, kind: Kind, theme: Theme) -> None:
        area = self.cell(row, kind)
        painter.fillRect(area, color(theme.field))
        image = self._image(row, kind, (max(round(area.width()), 2), max(round(area.height()), 2)), theme)
        if image is None:
            painter.setPen(color(theme.secondary))
            painter.drawText(area, int(_ALIGN.AlignCenter), "–")
        else:
            painter.drawImage(area.topLeft(), image)

    def _image(self, row: int, kind: Kind, size: tuple[int, int], theme: Theme) -> QImage | None:
        cell = self.layers[row].node, kind
        key = (id(self._observed[0]), id(self._observed[-1]), len(self._observed), size, self._stale, theme.name)
        known = self._images.get(cell)
        if known is None or known[0] != key:
            shares = self._pictures.setdefault(cell, Picture()).shares(self._observed, row, kind, *size)
            known = self._images[cell] = key, None if shares is None else heat_image(shares, hue(kind, theme, self._stale), theme.field)
        return known[1]


def hue(kind: Kind, theme: Theme, stale: bool) -> str:
    hues = {"weights": theme.swatch["parameters"], "activations": theme.forward, "gradients": theme.backward}
    return theme.stale if stale else hues[kind]


def heat_image(shares: Floats, ink: str, ground: str) -> QImage:
    """The more numbers in a row, the stronger the ink; each column's largest row is all ink."""
    top = shares.max(axis=0, keepdims=True)
    strength = np.sqrt(np.divide(shares, top, out=np.zeros_like(shares), where=top > 0))[:, :, None]
    low, high = (np.array([c.red(), c.green(), c.blue()], dtype=np.float64) for c in (color(ground), color(ink)))
    pixels = np.empty((*shares.shape, 4), dtype=np.uint8)
    pixels[:, :, :3] = (low + strength * (high - low))[:, :, ::-1]
    pixels[:, :, 3] = 255
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, data.shape[1], data.shape[0], 4 * data.shape[1], QImage.Format.Format_RGB32).copy()


def _brief(value: float | None, metrics: QFontMetricsF, room: float) -> str:
    """A number in as many digits as there is room for."""
    if value is None:
        return "–"
    texts = [number(value, digits) for digits in (4, 3, 2)]
    return next((text for text in texts if metrics.horizontalAdvance(text) <= room), texts[-1])
