"""How one update from the sample that was pointed out would move the learned function, painted over the picture: hatched, or dashed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from engine.learned.plane import OnPlane, Shown
from engine.learned.plane.one_update import AfterUpdate
from graph.text.messages import _
from ui.look.classes import class_colour
from ui.look.numerals import apart
from ui.look.theme import Theme, color
from ui.regions.frame import Frame


class Preview:
    """`paint` is an overlay of the picture; without an `update` it paints nothing."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.update: AfterUpdate | None = None

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
            _paint_boundary(painter, frame, update, theme)
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


def boundary(classes: np.ndarray, across: np.ndarray, up: np.ndarray) -> list[tuple[float, float, float, float]]:
    """The borders between points of the grid of different classes, as lines (x, y, x, y) half-way between neighbours.

    `classes` is (second axis, first axis); `across` and `up` are the coordinates of its columns and rows.
    """
    xs, ys = _borders(across), _borders(up)
    lines = []
    for row, column in zip(*np.nonzero(classes[:, 1:] != classes[:, :-1]), strict=True):
        lines.append((xs[column + 1], ys[row], xs[column + 1], ys[row + 1]))
    for row, column in zip(*np.nonzero(classes[1:] != classes[:-1]), strict=True):
        lines.append((xs[column], ys[row + 1], xs[column + 1], ys[row + 1]))
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in lines]


def _borders(at: np.ndarray) -> np.ndarray:
    middles = (at[1:] + at[:-1]) / 2
    return np.concatenate([[at[0] - (middles[0] - at[0])], middles, [at[-1] + (at[-1] - middles[-1])]])


def _paint_boundary(painter: QPainter, frame: Frame, update: AfterUpdate, theme: Theme) -> None:
    assert update.predicted is not None
    lines = boundary(update.predicted, update.axes[0].at, update.axes[1].at)
    drawn = [QLineF(frame.at(a, b), frame.at(c, d)) for a, b, c, d in lines]
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
        painter.setBrush(color(class_colour(theme, int(number))) if number >= 0 else color(theme.error))
        brush = painter.brush()
        brush.setStyle(Qt.BrushStyle.BDiagPattern)
        painter.setBrush(brush)
        cells = np.argwhere((update.predicted == number) & (before != number))
        painter.drawRects([QRectF(frame.at(xs[c], ys[r]), frame.at(xs[c + 1], ys[r + 1])).normalized() for r, c in cells])


def _paint_curve(painter: QPainter, frame: Frame, update: AfterUpdate, theme: Theme) -> None:
    if update.values is None:
        return
    points = [frame.at(float(x), float(y)) for x, y in zip(update.axes[0].at, update.values, strict=True) if np.isfinite(y)]
    pen = QPen(color(theme.highlight), 2.0)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(p) for p in points]))
