"""A sheet of mathematics: lines of formulas, numbers and small arrays, painted at once, whose pieces can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from graph.text.messages import _
from ui.look.theme import LIGHT, Theme, color
from ui.maths.arrays import Plane, cell_tip, paint_plane
from ui.maths.layout import FURTHER, TypesetBox, face, lay, wrapped
from ui.maths.typesetting import Expr, Ink, Text, plain, row

if TYPE_CHECKING:
    from collections.abc import Callable

EDGE = 2.0
"""Pixels at the left, into which italic letters reach."""
GAP = 0.5
"""Between two lines, in ems; half of it between the parts of one that was cut."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line: an expression at a size, `indent` in ems; `words` is a paragraph instead."""

    expr: Expr | None = None
    words: str = ""
    size: float = 16.0
    indent: float = 0.0
    ink: Ink = "text"


@dataclass(slots=True)
class _Placed:
    box: TypesetBox
    x: float
    baseline: float


@dataclass(slots=True)
class _Layout:
    lines: list[_Placed] = field(default_factory=list)
    height: float = 0.0


class Sheet(QWidget):
    """Shows lines; `arrays` are what the pictures in them refer to. The owner interprets the text of a link."""

    followed = Signal(str)
    hovered = Signal(str)
    """The link under the cursor, or at the keyboard's place; empty when there is none."""
    picked = Signal(int, object)
    """The number of an array, and the index of the entry that was clicked in it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[SheetLine, ...] = ()
        self.arrays: tuple[Plane, ...] = ()
        self.stale = False
        self.pickable: frozenset[int] = frozenset()
        self._theme = LIGHT
        self._layout = _Layout()
        self._laid_for = -1.0
        self._over, self._key = "", -1
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_lines(self, lines: Sequence[SheetLine], arrays: Sequence[Plane], theme: Theme, stale: bool = False) -> None:
        """Show these; the layout is kept where the lines are unchanged."""
        if tuple(lines) == self.lines and tuple(arrays) == self.arrays and theme is self._theme and stale == self.stale:
            return
        self.lines, self.arrays, self._theme, self.stale = tuple(lines), tuple(arrays), theme, stale
        before = self._layout.height
        self._lay(self.width())
        self.setAccessibleName(self.text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if self.links() else Qt.FocusPolicy.NoFocus)
        if self._layout.height != before:
            self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        """Everything in plain text, a line each."""
        return "\n".join(line.words or (plain(line.expr) if line.expr is not None else "") for line in self.lines)

    def links(self) -> list[tuple[QRectF, str]]:
        """Where the links are, from top to bottom."""
        links: list[tuple[QRectF, str]] = []
        for placed in self._layout.lines:
            for rect, glyph in placed.box.rects():
                if glyph.link:
                    links.append((rect.translated(placed.x, placed.baseline), glyph.link))
            for plate in placed.box.plates:
                if plate.link:
                    links.append((QRectF(placed.x + plate.x, placed.baseline + plate.y, plate.wide, plate.high), plate.link))
        return links

    # layout

    def _lay(self, width: float) -> None:
        self._laid_for = width
        layout, y, scale = _Layout(), 0.0, self._theme.scale
        for line in self.lines:
            size = line.size * scale
            left = EDGE + line.indent * size
            boxes = _paragraph(line, size, width - left) if line.words else wrapped(line.expr or row(), size, max(60.0, width - left - 2))
            if y:
                y += GAP * size * (0.6 if line.words else 1.0)
            for number, box in enumerate(boxes):
                further = FURTHER * size if number and not line.words else 0.0
                layout.lines.append(_Placed(box, left + further, y + box.ascent))
                y += box.height + (GAP * size * 0.5 if number + 1 < len(boxes) and not line.words else 0.0)
        layout.height = y + 4
        self._layout = layout

    def heightForWidth(self, width: int) -> int:
        if width != self._laid_for:
            self._lay(width)
        return round(self._layout.height)

    def sizeHint(self) -> QSize:
        return QSize(200, round(self._layout.height))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, round(self._layout.height))

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay(self.width())
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        if self.width() != self._laid_for:
            self._lay(self.width())
        for placed in self._layout.lines:
            painter.save()
            painter.translate(placed.x, placed.baseline)
            self._paint(painter, placed.box)
            painter.restore()
        links = self.links()
        if self.hasFocus() and 0 <= self._key < len(links):
            painter.setPen(QPen(color(theme.focus), 1.5))
            painter.drawRoundedRect(links[self._key][0].adjusted(-2, -1, 2, 1), 4, 4)

    def _paint(self, painter: QPainter, box: TypesetBox) -> None:
        theme = self._theme
        for glyph in box.glyphs:
            painter.setFont(face(glyph.size, glyph.sans))
            painter.setPen(color(self._hue(glyph.ink)))
            painter.drawText(QPointF(glyph.x, glyph.y), glyph.text)
            if glyph.link and glyph.link == self._over:
                wide = painter.fontMetrics().horizontalAdvance(glyph.text)
                painter.drawLine(QPointF(glyph.x, glyph.y + 3), QPointF(glyph.x + wide, glyph.y + 3))
        for stroke in box.strokes:
            painter.setPen(QPen(color(self._hue(stroke.ink)), stroke.thick))
            painter.drawLine(QPointF(stroke.x1, stroke.y1), QPointF(stroke.x2, stroke.y2))
        for plate in box.plates:
            if plate.index < len(self.arrays):
                area = QRectF(plate.x, plate.y, plate.wide, plate.high)
                paint_plane(painter, area, self.arrays[plate.index], theme, bool(plate.link) and plate.link == self._over)

    def _hue(self, ink: Ink) -> str:
        theme = self._theme
        if self.stale and ink in ("forward", "backward", "text"):
            return theme.stale
        return {"text": theme.text, "secondary": theme.secondary, "forward": theme.forward, "backward": theme.backward,
                "stale": theme.stale, "error": theme.error}[ink]  # fmt: skip

    # links

    def link_at(self, at: QPointF) -> str:
        return next((link for rect, link in self.links() if rect.adjusted(-2, -3, 2, 3).contains(at)), "")

    def _plate_at(self, at: QPointF) -> tuple[int, QRectF] | None:
        for placed in self._layout.lines:
            for plate in placed.box.plates:
                area = QRectF(placed.x + plate.x, placed.baseline + plate.y, plate.wide, plate.high)
                if area.contains(at) and plate.index < len(self.arrays):
                    return plate.index, area
        return None

    def _look(self, link: str) -> None:
        if link != self._over:
            self._over = link
            self.setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.ArrowCursor)
            self.hovered.emit(link)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look(self.link_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._look("")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not QRectF(self.rect()).contains(event.position()):
            return
        plate = self._plate_at(event.position())
        if plate is not None and plate[0] in self.pickable:
            entry = self.arrays[plate[0]].entry(event.position(), plate[1])
            if entry is not None:
                self.picked.emit(plate[0], entry)
                return
        link = self.link_at(event.position())
        if link:
            self.followed.emit(link)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        links = self.links()
        way = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if way is not None and links:
            self._key = (self._key + way) % len(links) if self._key >= 0 else 0
            self._look(links[self._key][1])
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._key < len(links):
            self.followed.emit(links[self._key][1])
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(_("Copy as text"), lambda: QGuiApplication.clipboard().setText(self.text))
        menu.addAction(_("Copy picture"), lambda: QGuiApplication.clipboard().setPixmap(self.grab()))
        menu.popup(event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        links = self.links()
        if links:
            self._key = min(max(self._key, 0), len(links) - 1)
            self._look(links[self._key][1])
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._look("")
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._tip(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _tip(self, at: QPointF) -> str:
        plate = self._plate_at(at)
        if plate is not None:
            return cell_tip(self.arrays[plate[0]], at, plate[1])
        for placed in self._layout.lines:
            for rect, glyph in placed.box.rects():
                if rect.translated(placed.x, placed.baseline).contains(at):
                    return glyph.tip
        return ""


def _paragraph(line: SheetLine, size: float, width: float) -> list[TypesetBox]:
    """Words on as many lines as they need."""
    lines: list[str] = []
    measure: Callable[[str], float] = lambda text: lay(Text(text, line.ink, sans=True), size).width  # noqa: E731
    for word in line.words.split():
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [_line_of_words(text, line.ink, size) for text in lines]


def _line_of_words(text: str, ink: Ink, size: float) -> TypesetBox:
    box = lay(Text(text, ink, sans=True), size)
    return TypesetBox(box.width, 0.95 * size, 0.35 * size, box.glyphs)
