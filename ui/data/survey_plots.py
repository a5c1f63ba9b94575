"""Histograms of all columns, and the number of samples of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.data.parts import PARTS, part_word
from engine.learned.table import Survey
from graph.text.messages import _
from ui.look.classes import class_colour
from ui.look.numbers import count, number, plain
from ui.look.theme import LIGHT, Theme, color, faded, font
from ui.maths.class_marks import paint_mark

if TYPE_CHECKING:
    import numpy as np

WIDTH, HEIGHT = 150, 92
"""Least size of one histogram."""


class SurveyPlot(QWidget):
    """Base: something drawn of a survey, as high as it needs to be in a scroll area."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.survey: Survey | None = None
        self.theme = LIGHT
        self.setAccessibleName(name)

    def show_survey(self, survey: Survey | None, theme: Theme) -> None:
        self.survey, self.theme = survey, theme
        self.setMinimumHeight(self.needed(self.width()) if survey is not None else 0)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.survey is not None:
            self.setMinimumHeight(self.needed(self.width()))

    def needed(self, width: int) -> int:
        """The height that everything takes at this width."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        return QSize(300, 180)


class Histograms(SurveyPlot):
    """One for each column, stacked by class. A click on a bar leaves only its samples in the table."""

    narrowed = Signal(str)
    """An expression that chooses the samples of a bar."""

    def __init__(self) -> None:
        super().__init__(_("Histograms of the columns"))

    def _grid(self) -> tuple[int, float, float]:
        """Columns of the grid, and the size of its cells."""
        across = max(1, int(self.width() // (WIDTH * self.theme.scale)))
        names = max(len(self.survey.histograms), 1) if self.survey is not None else 1
        across = min(across, names)
        down = -(-names // across)
        return across, self.width() / across, max(HEIGHT * self.theme.scale, self.height() / down)

    def needed(self, width: int) -> int:
        across = max(1, int(width // (WIDTH * self.theme.scale)))
        names = len(self.survey.histograms) if self.survey is not None else 0
        return round(-(-names // across) * HEIGHT * self.theme.scale)

    def _boxes(self) -> list[QRectF]:
        """Where the bars of each histogram are."""
        across, wide, high = self._grid()
        line = 16 * self.theme.scale
        names = len(self.survey.histograms) if self.survey is not None else 0
        return [QRectF(at % across * wide + 6, at // across * high + line, wide - 12, high - 2 * line - 6) for at in range(names)]

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.survey is None:
            return
        painter = QPainter(self)
        painter.setFont(font("tiny", self.theme.scale))
        for (name, edges, counts), box in zip(self.survey.histograms, self._boxes(), strict=True):
            if event.rect().intersects(box.toAlignedRect().adjusted(-6, -20, 6, 24)):
                self._one(painter, name, edges, counts, box)

    def _one(self, painter: QPainter, name: str, edges: np.ndarray, counts: np.ndarray, box: QRectF) -> None:
        theme, metrics = self.theme, painter.fontMetrics()
        line = 15 * theme.scale
        highest = max(int(counts.sum(axis=0).max()), 1)
        wide = box.width() / counts.shape[1]
        painter.setPen(Qt.PenStyle.NoPen)
        for at in range(counts.shape[1]):
            floor = box.bottom()
            for label in range(counts.shape[0]):
                high = box.height() * float(counts[label, at]) / highest
                if high:
                    bar = QRectF(box.left() + at * wide + 0.5, floor - high, max(wide - 1, 1), high)
                    painter.fillRect(bar, color(class_colour(theme, label)))
                    floor -= high
        painter.setPen(color(theme.hairline))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setPen(color(theme.text))
        tallest = _("most {count}").format(count=count(highest))
        above = QRectF(box.left(), box.top() - line - 1, box.width(), line)
        room = round(box.width() - metrics.horizontalAdvance(tallest) - 8)
        painter.drawText(above, int(Qt.AlignmentFlag.AlignLeft), metrics.elidedText(name, Qt.TextElideMode.ElideRight, room))
        painter.setPen(color(theme.secondary))
        painter.drawText(above, int(Qt.AlignmentFlag.AlignRight), tallest)
        below = QRectF(box.left(), box.bottom() + 1, box.width(), line)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), number(float(edges[0])))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), number(float(edges[-1])))

    def _bar(self, place: QPointF) -> tuple[int, int] | None:
        """The histogram and the bin at a place."""
        if self.survey is None:
            return None
        for at, box in enumerate(self._boxes()):
            if box.contains(place):
                bins = self.survey.histograms[at][2].shape[1]
                return at, min(int((place.x() - box.left()) / box.width() * bins), bins - 1)
        return None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            bar = self._bar(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.told(*bar) if bar is not None else "", self)
            return True
        return super().event(event)

    def told(self, at: int, place: int) -> str:
        """What a bar counts."""
        assert self.survey is not None
        name, edges, counts = self.survey.histograms[at]
        lines = [_("{name} from {low} to {high}").format(name=name, low=plain(float(edges[place])), high=plain(float(edges[place + 1])))]
        classes = self.survey.description.classes
        for label in range(counts.shape[0]):
            lines.append((f"{classes[label]}: " if classes else "") + count(int(counts[label, place])))
        return "\n".join([*lines, _("Click to see only these samples in the table.")])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bar = self._bar(event.position())
        if bar is not None and self.survey is not None:
            name, edges, _counts = self.survey.histograms[bar[0]]
            last = bar[1] == len(edges) - 2
            low, high = plain(float(edges[bar[1]])), plain(float(edges[bar[1] + 1]))
            self.narrowed.emit(f"{name} >= {low} and {name} {'<=' if last else '<'} {high}")


class ClassCounts(SurveyPlot):
    """A bar for each class: its training samples filled, those held out outlined. A click leaves only that class in the table."""

    narrowed = Signal(str)

    def __init__(self) -> None:
        super().__init__(_("Samples of each class"))

    @property
    def _line(self) -> float:
        return 24 * self.theme.scale

    def needed(self, width: int) -> int:
        return round((len(self.survey.description.classes) + 1) * self._line) if self.survey is not None else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.survey is None or not self.survey.description.classes:
            return
        theme, counts = self.theme, self.survey.class_counts
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("small", theme.scale))
        metrics = painter.fontMetrics()
        names = self.survey.description.classes
        left = 30 * theme.scale + min(max(metrics.horizontalAdvance(name) for name in names), self.width() * 0.35)
        used = [at for at, part in enumerate(PARTS) if counts[:, at].any()]
        texts = [" + ".join(count(int(counts[label, at])) for at in used) for label in range(len(names))]
        heads = " + ".join(part_word(PARTS[at]) for at in used)
        right = max(metrics.horizontalAdvance(text) for text in (*texts, heads)) + 14
        room, most = max(self.width() - left - right - 8, 20), max(int(counts.sum(axis=1).max()), 1)
        painter.setPen(color(theme.secondary))
        head = QRectF(0, 0, self.width() - 4, self._line)
        painter.drawText(head, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), heads)
        for label, name in enumerate(names):
            self._one(painter, label, name, texts[label], (label + 1) * self._line, left, room / most)

    def _one(self, painter: QPainter, label: int, name: str, text: str, top: float, left: float, scale: float) -> None:
        assert self.survey is not None
        theme, line = self.theme, self._line
        hue = color(class_colour(theme, label))
        paint_mark(painter, QPointF(8 * theme.scale, top + line / 2), label, theme, 5 * theme.scale)
        painter.setPen(color(theme.text))
        room = QRectF(18 * theme.scale, top, left - 22 * theme.scale, line)
        word = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), word)
        x = left
        for at, number_ in enumerate(self.survey.class_counts[label].tolist()):
            bar = QRectF(x, top + line * 0.2, number_ * scale, line * 0.6)
            if number_ and at == 0:
                painter.fillRect(bar, hue)
            elif number_:
                painter.setPen(QPen(hue, 1.4 * theme.scale))
                painter.setBrush(faded(class_colour(theme, label), 0.35) if at == 1 else Qt.BrushStyle.NoBrush)
                painter.drawRect(bar.adjusted(0.7, 0.7, -0.7, -0.7))
            x += number_ * scale
        painter.setPen(color(theme.text))
        painter.drawText(QRectF(0, top, self.width() - 4, line), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.survey is None:
            return
        label = int(event.position().y() // self._line) - 1
        names = self.survey.description.classes
        if 0 <= label < len(names):
            self.narrowed.emit(f'"{names[label]}"')
