"""How one update from the sample that was pointed out would move the learned function, painted over the picture: hatched, or dashed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF

from engine.learned.plane import OnPlane, Shown
from engine.learned.plane.one_update import AfterUpdate
from graph.text.messages import _
from ui.look.classes import class_colour
from ui.look.numerals import apart
from ui.look.theme import Theme, color
from ui.regions.contour import boundary
from ui.regions.frame import Frame


class Preview:
    """`paint` is an overlay of the picture; without an `update` it paints nothing."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._update: AfterUpdate | None = None
        self._lines: list[list[float]] = []
        """The boundary after the step, as (x, y, x, y)."""

    @property
    def update(self) -> AfterUpdate | None:
        return self._update

    @update.setter
    def update(self, update: AfterUpdate | None) -> None:
        self._update, self._lines = update, []
        if update is not None and update.predicted is not None and len(update.axes) == 2:
            self._lines = boundary(update.predicted, update.lead, update.axes[0].at, update.axes[1].at).tolist()

    def of(self, seen: OnPlane) -> AfterUpdate | None:
        """The update, if it is from the sample that is pointed out in this picture, and by the same numbers."""
        update, spot = self.update, seen.spot
        if update is None or spot is None or spot.spot != update.spot or not same_grid(seen, update):
            return None
        return update

    def told(self, seen: OnPlane) -> str:
        """What the preview shows over this picture, in a sentence; empty where it shows nothing."""
        update = self.of(seen)
        return "" if update is None else told(update)

    def paint(self, painter: QPainter, frame: Frame, seen: OnPlane) -> None:
        update, theme = self.of(seen), self.theme
        if update is None:
            return
        painter.save()
        painter.setClipRect(frame.area)
        if len(seen.axes) == 1:
            _paint_curve(painter, frame, update, theme)
        elif update.predicted is not None and seen.predicted is not None:
            _paint_changes(painter, frame, seen.predicted, update, theme)
            _paint_boundary(painter, frame, self._lines, theme)
        painter.restore()


def same_grid(seen: OnPlane, update: AfterUpdate) -> bool:
    """Whether both were computed at the same places, by the same numbers."""
    pairs = zip(seen.axes, update.axes, strict=False)
    return seen.stamp == update.stamp and len(seen.axes) == len(update.axes) and all(_same(a, b) for a, b in pairs)


def _same(a: Shown, b: Shown) -> bool:
    return a.column == b.column and np.array_equal(a.at, b.at)


def told(update: AfterUpdate) -> str:
    """What the preview shows, in a sentence."""
    line = _("Dashed") if update.predicted is None else _("Dark line, hatched")
    text = _("{line}: after one step of {optimizer} from this sample alone").format(line=line, optimizer=update.optimizer)
    if update.before is None or update.after is None:
        return text
    before, after = apart(update.before, update.after)
    return text + _("; loss {before} → {after}").format(before=before, after=after)


def _paint_boundary(painter: QPainter, frame: Frame, lines: Sequence[Sequence[float]], theme: Theme) -> None:
    drawn = [QLineF(frame.at(a, b), frame.at(c, d)) for a, b, c, d in lines]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for ink, width in ((theme.panel, 4.0), (theme.text, 2.0)):
        pen = QPen(color(ink), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLines(drawn)


def _paint_changes(painter: QPainter, frame: Frame, before: np.ndarray, update: AfterUpdate, theme: Theme) -> None:
    """What would get another class, hatched in its colour."""
    assert update.predicted is not None
    xs, ys = _borders(update.axes[0].at), _borders(update.axes[1].at)
    painter.setPen(Qt.PenStyle.NoPen)
    for number in np.unique(update.predicted[update.predicted != before]):
        brush = QBrush(color(class_colour(theme, int(number)) if number >= 0 else theme.error), Qt.BrushStyle.BDiagPattern)
        painter.setBrush(brush)
        rows, first, last = runs((update.predicted == number) & (before != number))
        spans = zip(rows.tolist(), first.tolist(), last.tolist(), strict=True)
        painter.drawRects([QRectF(frame.at(xs[a], ys[row]), frame.at(xs[b], ys[row + 1])).normalized() for row, a, b in spans])


def runs(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pieces of rows that are marked: row, first column, and the column after the last."""
    wide = np.zeros((marked.shape[0], marked.shape[1] + 2), dtype=np.int8)
    wide[:, 1:-1] = marked
    steps = np.diff(wide, axis=1)
    rows, first = np.nonzero(steps == 1)
    return rows, first, np.nonzero(steps == -1)[1]


def _borders(at: np.ndarray) -> np.ndarray:
    """The coordinates half-way between neighbours, and as far beyond the ends."""
    middles = (at[1:] + at[:-1]) / 2
    return np.concatenate([[at[0] - (middles[0] - at[0])], middles, [at[-1] + (at[-1] - middles[-1])]])


def _paint_curve(painter: QPainter, frame: Frame, update: AfterUpdate, theme: Theme) -> None:
    if update.values is None:
        return
    points = [frame.at(float(x), float(y)) for x, y in zip(update.axes[0].at, update.values, strict=True) if np.isfinite(y)]
    pen = QPen(color(theme.highlight), 2.0)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(p) for p in points]))
