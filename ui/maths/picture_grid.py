"""Samples as pictures in a grid, each with what is said of it. A click or Enter chooses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from ui.look import afar
from ui.look.theme import LIGHT, Theme, color, font

PICTURE, SIDES = 64, (200, 160, 128, 96, 80)
"""Side of a picture for type at 100 %, where there are many; and sides for fewer, of which the largest that lets all be seen is taken."""
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_VERTICAL = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


@dataclass(frozen=True, slots=True)
class Caption:
    """Short lines below a picture, and a sentence about it. What is `wrong` is marked; the last line is in the second colour."""

    lines: tuple[str, ...]
    said: str
    wrong: bool = False


class PictureGrid(QWidget):
    """`chosen` carries the index of a picture. `images` may still be None where a picture is on its way."""

    chosen = Signal(int)
    looked_at = Signal()
    """Other pictures than before are in view."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._theme = LIGHT
        self.captions: Sequence[Caption] = ()
        self._image: Callable[[int], QImage | None] = lambda index: None
        self.at = 0
        """The picture that keys have come to."""
        self.picked = -1
        """The picture that was chosen last."""
        self.largest = 128
        """The side that pictures have at most, for type at 100 %."""
        self.at_once = False
        """Whether keys choose the picture that they come to."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    def show_pictures(self, captions: Sequence[Caption], image: Callable[[int], QImage | None], theme: Theme, picked: int = -1) -> None:
        self.captions, self._image, self._theme, self.picked = captions, image, theme, picked
        self.at = min(self.at, max(len(captions) - 1, 0))
        self._fit()
        self._speak()
        self.update()
        self.looked_at.emit()

    def pick(self, index: int) -> None:
        """Mark the picture that was chosen elsewhere; −1: none."""
        if index != self.picked:
            self.picked = index
            self.at = max(index, 0)
            self._speak()
            self.update()

    # where things are

    def _unit(self) -> float:
        return afar.unit(self, self._theme)

    def _cell(self) -> QSize:
        unit = self._unit()
        lines = max((len(caption.lines) for caption in self.captions), default=1)
        size, text = self._size(lines), round((8 + 17 * lines) * unit)
        return QSize(size + round(16 * unit), size + text)

    def _size(self, lines: int) -> int:
        """The side of a picture in pixels."""
        unit, view = self._unit(), self.parentWidget()
        text, room = round((8 + 17 * lines) * unit), (view.height() if view is not None else self.height()) - 6
        for side in (self.largest, *(side for side in SIDES if side < self.largest)):
            wide = round((side + 16) * unit)
            rows = -(-len(self.captions) // max(1, self.width() // wide))
            if rows * (round(side * unit) + text) <= room:
                return round(side * unit)
        return max(min(round(PICTURE * unit), room - text), round(32 * unit))

    def _across(self) -> int:
        return max(1, self.width() // self._cell().width())

    def place(self, index: int) -> QRect:
        """The rectangle of one picture with its caption."""
        cell, across = self._cell(), self._across()
        return QRect(index % across * cell.width(), index // across * cell.height(), cell.width(), cell.height())

    def index_at(self, at: QPointF) -> int:
        """Which picture is at a point; −1 for none."""
        cell, across = self._cell(), self._across()
        column, row = int(at.x()) // cell.width(), int(at.y()) // cell.height()
        index = row * across + column
        return index if column < across and 0 <= index < len(self.captions) else -1

    def in_view(self) -> range:
        """The pictures that can be seen now, and a few more."""
        seen, cell, across = self.visibleRegion().boundingRect(), self._cell(), self._across()
        first = max(seen.top() // cell.height() - 1, 0) * across
        last = (seen.bottom() // cell.height() + 2) * across
        return range(min(first, len(self.captions)), min(last, len(self.captions)))

    def _fit(self) -> None:
        rows = -(-len(self.captions) // self._across())
        self.setMinimumHeight(rows * self._cell().height() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self.looked_at.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.looked_at.emit()

    # mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._go(index)
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = Qt.Key(event.key()), len(self.captions)
        step = _KEYS.get(key, 0) + _VERTICAL.get(key, 0) * self._across()
        if step and count:
            self._go(min(max(self.at + step, 0), count - 1) if self.picked >= 0 or not self.at_once else 0)
            if self.at_once:
                self._choose()
        elif key in _ENTER and count:
            self._choose()
        else:
            super().keyPressEvent(event)

    def _go(self, index: int) -> None:
        self.at = index
        view = self.parentWidget()
        area = view.parentWidget() if view is not None else None
        if isinstance(area, QScrollArea):
            middle = self.place(index).center()
            area.ensureVisible(middle.x(), middle.y(), 0, self._cell().height())
        self._speak()
        self.update()

    def _choose(self) -> None:
        self.picked = self.at
        self.chosen.emit(self.at)
        self.update()

    def _speak(self) -> None:
        self.setAccessibleDescription(self.captions[self.at].said if self.captions else "")

    def event(self, event: QEvent) -> bool:
        own = isinstance(event, QKeyEvent) and (event.key() in _KEYS or event.key() in _VERTICAL or event.key() in _ENTER)
        if own and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.captions[index].said if index >= 0 else "", self)
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, unit = QPainter(self), self._theme, self._unit()
        painter.setFont(font("base", unit))
        line = painter.fontMetrics().height()
        for index in range(len(self.captions)):
            box = self.place(index)
            if box.intersects(event.rect()):
                self._paint(painter, index, box, theme, unit, line)
        painter.end()

    def _paint(self, painter: QPainter, index: int, box: QRect, theme: Theme, unit: float, line: int) -> None:
        size = box.width() - round(16 * unit)
        frame = QRectF(box.left() + (box.width() - size) / 2, box.top() + 4, size, size)
        picture, caption = self._image(index), self.captions[index]
        if picture is not None:
            painter.drawImage(_inside(frame, picture), picture)
        else:
            painter.fillRect(frame, color(theme.field))
        hue, wide = (theme.error, 2.0) if caption.wrong else (theme.hairline, 1.0)
        if index == self.picked:
            hue, wide = theme.highlight, 3.0
        if index == self.at and self.hasFocus():
            hue, wide = theme.focus, 3.0
        painter.setPen(QPen(color(hue), wide))
        painter.drawRect(frame.adjusted(-1, -1, 1, 1))
        for number, text in enumerate(caption.lines):
            last = number and number == len(caption.lines) - 1
            painter.setPen(color(theme.secondary if last else theme.error if caption.wrong else theme.text))
            room = QRect(box.left() + 1, round(frame.bottom()) + 3 + number * (line - 2), box.width() - 2, line)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), shown)


def _inside(frame: QRectF, picture: QImage) -> QRectF:
    """The largest rectangle with the picture's proportions in the middle of a frame."""
    share = min(frame.width() / picture.width(), frame.height() / picture.height())
    wide, high = picture.width() * share, picture.height() * share
    return QRectF(frame.center().x() - wide / 2, frame.center().y() - high / 2, wide, high)


def scrolling(grid: PictureGrid) -> QScrollArea:
    """The grid in an area that scrolls down, and that tells it when other pictures come into view."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(grid)
    area.verticalScrollBar().valueChanged.connect(lambda _at: grid.looked_at.emit())
    return area

