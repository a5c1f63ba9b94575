"""All samples as points of a plane: two columns against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from engine.learned.table import Survey
from graph.text.messages import _
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme, color, font
from ui.maths.class_marks import paint_mark

if TYPE_CHECKING:
    import numpy as np

UNEQUAL = 4.0
"""Two coordinates are drawn to the same scale unless one spreads this many times as far as the other."""
FILLED = 0.4
"""Points of one scale take at least this share of the width and of the height."""
NEAR = 14.0
"""A click so many pixels from a point means it."""
LEGEND = 8
"""Classes that the legend names."""
_WAYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


def same_scale(across: np.ndarray, up: np.ndarray) -> bool:
    """Whether two columns can be drawn to one scale, so that a circle is a circle."""
    wide, high = float(across.max() - across.min()), float(up.max() - up.min())
    return max(wide, high) <= UNEQUAL * min(wide, high)


class Placing:
    """Where the points of a plane lie in an area, a little away from its edges; with one length for a unit both ways where `same`."""

    def __init__(self, across: np.ndarray, up: np.ndarray, area: QRectF, same: bool) -> None:
        inner = area.adjusted(8, 8, -8, -8)
        self._middles = [(float(values.min()) + float(values.max())) / 2 for values in (across, up)]
        spans = [float(values.max() - values.min()) or 1.0 for values in (across, up)]
        scales = [inner.width() / spans[0], inner.height() / spans[1]]
        self._scales = [min(scales)] * 2 if same else scales
        self._centre = inner.center()

    def __call__(self, across: Any, up: Any) -> np.ndarray:
        """(N, 2) coordinates."""
        import numpy as np

        x = self._centre.x() + (np.asarray(across) - self._middles[0]) * self._scales[0]
        return np.column_stack([x, self._centre.y() - (np.asarray(up) - self._middles[1]) * self._scales[1]])


class ScatterPlot(QWidget):
    """Training samples are filled, the others outlined. A click, or the arrow keys, choose a sample."""

    chosen = Signal(int)
    """The number of a sample."""

    def __init__(self) -> None:
        super().__init__()
        self._survey: Survey | None = None
        self._theme = LIGHT
        self._spots: np.ndarray | None = None
        self._placing: Placing | None = None
        self._picture: QPixmap | None = None
        self._batch: frozenset[int] = frozenset()
        self._sample = -1
        self._aside: tuple[float, float] | None = None
        """The values of the chosen sample, where it is none of the points."""
        self.setMinimumSize(160, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Scatter plot of the samples"))

    def show_survey(self, survey: Survey | None, theme: Theme) -> None:
        self._survey, self._theme, self._picture = survey, theme, None
        self.update()

    def mark(self, batch: frozenset[int], sample: int, aside: tuple[float, float] | None) -> None:
        """Mark the samples of a batch, and the one that was chosen; `aside` are its values in the two columns, if they are known."""
        if (batch, sample, aside) != (self._batch, self._sample, self._aside):
            self._batch, self._sample, self._aside = batch, sample, aside
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 180)

    def resizeEvent(self, event: object) -> None:
        self._picture = None

    # painting

    @property
    def area(self) -> QRectF:
        """Where the points are."""
        line = self._line
        return QRectF(self.rect()).adjusted(1, line + 2, -1, -line - 3)

    @property
    def _line(self) -> float:
        return round(17 * self._theme.scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._survey is None or not len(self._survey.samples):
            return
        if self._picture is None:
            self._picture = self._painted(self._survey)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._picture)
        self._paint_marks(painter, self._survey)
        if self.hasFocus():
            painter.setPen(QPen(color(self._theme.focus), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.area)

    def _painted(self, survey: Survey) -> QPixmap:
        """Frame, names and points, which stay while samples are chosen."""
        import numpy as np

        theme, area = self._theme, self.area
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(color(theme.hairline))
        painter.drawRect(area)
        same = survey.plane and survey.across != survey.up and same_scale(survey.x, survey.y) and self._room(survey, area)
        self._placing = Placing(survey.x, survey.y, area, same)
        self._spots = self._placing(survey.x, survey.y)
        radius = (3.2 if len(survey.samples) <= 600 else 2.2) * theme.scale
        trains = survey.samples < survey.description.train_rows
        for label in np.unique(survey.classes):
            for filled in (True, False):
                for x, y in self._spots[(survey.classes == label) & (trains == filled)]:
                    paint_mark(painter, QPointF(x, y), int(label), theme, radius, filled)
        self._write(painter, survey, same)
        painter.end()
        return picture

    def _room(self, survey: Survey, area: QRectF) -> bool:
        """Whether points of one scale both ways fill the area well enough: in a low panel they would be a heap in its middle."""
        wide, high = float(survey.x.max() - survey.x.min()), float(survey.y.max() - survey.y.min())
        scale = min(area.width() / wide, area.height() / high)
        return min(wide * scale / area.width(), high * scale / area.height()) >= FILLED

    def _write(self, painter: QPainter, survey: Survey, same: bool) -> None:
        """The names of the axes with their ends below and at the left above, the classes right of that."""
        theme, area = self._theme, self.area
        painter.setFont(font("tiny", theme.scale))
        painter.setPen(color(theme.secondary))
        metrics = painter.fontMetrics()
        low, high = number(float(survey.x.min())), number(float(survey.x.max()))
        below = QRectF(area.left(), area.bottom() + 2, area.width(), self._line)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), low)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), high)
        room = area.width() - metrics.horizontalAdvance(low) - metrics.horizontalAdvance(high) - 24
        name = f"→ {survey.names[survey.across]}" + (_(", each on its own scale") if survey.plane and not same else "")
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), metrics.elidedText(name, Qt.TextElideMode.ElideRight, round(room)))
        above = QRectF(area.left(), 0, area.width(), self._line)
        ends = f"{number(float(survey.y.min()))} … {number(float(survey.y.max()))}"
        title = metrics.elidedText(f"↑ {survey.names[survey.up]}  {ends}", Qt.TextElideMode.ElideRight, round(area.width() * 0.5))
        painter.drawText(above, int(Qt.AlignmentFlag.AlignLeft), title)
        self._legend(painter, survey, above, metrics.horizontalAdvance(title) + 14.0)

    def _legend(self, painter: QPainter, survey: Survey, above: QRectF, left: float) -> None:
        """The classes at the right, as many as there is room for."""
        theme, metrics, x = self._theme, painter.fontMetrics(), above.right()
        names = survey.description.classes[:LEGEND]
        shown: list[tuple[int, str, float]] = []
        for label, name in enumerate(names):
            word = metrics.elidedText(name, Qt.TextElideMode.ElideRight, round(90 * theme.scale))
            shown.append((label, word, metrics.horizontalAdvance(word) + 22 * theme.scale))
        while shown and sum(width for _label, _word, width in shown) > above.width() - left:
            shown.pop()
        x -= sum(width for _label, _word, width in shown)
        for label, word, width in shown:
            paint_mark(painter, QPointF(x + 8 * theme.scale, above.center().y()), label, theme, 4 * theme.scale)
            painter.setPen(color(theme.secondary))
            painter.drawText(QRectF(x + 15 * theme.scale, above.top(), width, above.height()), int(Qt.AlignmentFlag.AlignVCenter), word)
            x += width

    def _paint_marks(self, painter: QPainter, survey: Survey) -> None:
        """Rings around the batch, and a thicker one around the sample that was chosen."""
        theme = self._theme
        painter.setBrush(Qt.BrushStyle.NoBrush)
        assert self._spots is not None and self._placing is not None
        if self._batch:
            painter.setPen(QPen(color(theme.highlight), 1.8 * theme.scale))
            for place, sample in enumerate(survey.samples.tolist()):
                if sample in self._batch:
                    painter.drawEllipse(QPointF(*self._spots[place]), 5.5 * theme.scale, 5.5 * theme.scale)
        spot = self._spot_of(self._sample)
        if spot is not None:
            painter.setPen(QPen(color(theme.panel), 5 * theme.scale))
            painter.drawEllipse(spot, 8 * theme.scale, 8 * theme.scale)
            painter.setPen(QPen(color(theme.text), 2 * theme.scale))
            painter.drawEllipse(spot, 8 * theme.scale, 8 * theme.scale)

    def _spot_of(self, sample: int) -> QPointF | None:
        if self._survey is None or self._spots is None or sample < 0:
            return None
        places = (self._survey.samples == sample).nonzero()[0]
        if len(places):
            return QPointF(*self._spots[int(places[0])])
        if self._aside is None or self._placing is None:
            return None
        return QPointF(*self._placing([self._aside[0]], [self._aside[1]])[0])

    # choosing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._survey is None or self._spots is None or event.button() != Qt.MouseButton.LeftButton:
            return
        away = (self._spots - [event.position().x(), event.position().y()]) ** 2
        nearest = int(away.sum(axis=1).argmin())
        if away[nearest].sum() <= (NEAR * self._theme.scale) ** 2:
            self.chosen.emit(int(self._survey.samples[nearest]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key()))
        if way is None or self._survey is None or self._spots is None:
            super().keyPressEvent(event)
            return
        here = self._spot_of(self._sample)
        if here is None:
            self.chosen.emit(int(self._survey.samples[0]))
            return
        step = self._spots - [here.x(), here.y()]
        along = step @ list(way)
        aside = abs(step @ [way[1], way[0]])
        cost = along + 2.5 * aside
        cost[(along < 0.5) | (aside > 2 * along)] = float("inf")
        nearest = int(cost.argmin())
        if cost[nearest] < float("inf"):
            self.chosen.emit(int(self._survey.samples[nearest]))
