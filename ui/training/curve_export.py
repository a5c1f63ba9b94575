"""The curves as they are seen, for other programs: numbers as CSV, the plots as SVG or PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTextDocument

from engine.training.losses import Losses
from engine.training.saved_numbers import Numbers
from ui.look import pictures
from ui.look.theme import font
from ui.training.curve_styles import PLOTS
from ui.training.step_series import StepSeries

if TYPE_CHECKING:
    from ui.training.curves import Curves

NAMES = {"accuracy": "train_accuracy"}
"""Columns that are not called like their field: those of `train --log`."""


def numbers(curves: Curves) -> Numbers | None:
    """A row for every step that is shown: its loss, and what was measured there, all digits of each. Of a run so long that some steps
    share an entry, a row for each entry, with its extremes and its mean. None where there is nothing."""
    span, series = curves.span or curves.whole(), curves.numbers("loss")
    if span is None:
        return None
    if isinstance(series, StepSeries) and series.losses.stride > 1:
        return _entries(series.losses, span.first, span.last, curves.loss_name)
    steps, losses = series.steps_and_values(span.first, span.last)
    fields, measured = list[str](), list[tuple[np.ndarray, np.ndarray]]()
    for field in (field for fields in PLOTS.values() for field in fields if field != "loss"):
        there, values = (np.asarray(column, dtype=np.float64) for column in curves.series(field))
        if there.size:
            shown = (there >= span.first) & (there <= span.last)
            fields.append(NAMES.get(field, field))
            measured.append((there[shown], values[shown]))
    if (np.diff(steps) <= 0).any():
        steps, newest = np.unique(steps[::-1], return_index=True)
        losses = losses[::-1][newest]
    every, written = steps, losses
    other = np.unique(np.concatenate([steps[:0], *(there for there, _values in measured)]))
    if (other := other[_absent(other, steps)]).size:
        every = np.union1d(steps, other)
        written = np.zeros(every.size)
        written[np.searchsorted(every, steps)] = losses
    sparse = tuple((np.searchsorted(every, there), values) for there, values in measured)
    return Numbers(("step", curves.loss_name, *fields), (every.astype(np.int64), written), np.searchsorted(every, other), sparse)


def _absent(some: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mask of those that are not among the ascending `steps`."""
    places = np.searchsorted(steps, some)
    return np.array([place >= steps.size or steps[place] != step for place, step in zip(places.tolist(), some.tolist(), strict=True)], bool)


def _entries(losses: Losses, first: float, last: float, name: str) -> Numbers:
    start = losses.first + losses.stride * np.arange(losses.low.size)
    end = np.minimum(start + losses.stride - 1, losses.last)
    shown = (end >= first) & (start <= last)
    columns = (start, end, losses.low, losses.high, losses.mean)
    names = ("first_step", "last_step", f"{name}_min", f"{name}_max", f"{name}_mean")
    return Numbers(names, tuple(column[shown] for column in columns), np.zeros(0, dtype=np.int64))


def svg(curves: Curves) -> bytes:
    return pictures.svg(_size(curves), lambda painter: _paint(curves, painter))


def image(curves: Curves) -> QImage:
    return pictures.image(_size(curves), lambda painter: _paint(curves, painter))


def png(curves: Curves) -> bytes:
    return pictures.png(image(curves))


def _shown(curves: Curves) -> list[str]:
    return [name for name, plot in curves.plots.items() if not plot.isHidden()]


def _size(curves: Curves) -> QSize:
    """The plots beside each other, as large as they are on the screen."""
    curves.catch_up()
    plots = [curves.plots[name] for name in _shown(curves)]
    return QSize(sum(plot.width() for plot in plots), max((plot.height() for plot in plots), default=1))


def _paint(curves: Curves, painter: QPainter) -> None:
    theme, left, size = curves.theme, 0.0, _size(curves)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(theme.panel))
    for name in _shown(curves):
        plot = curves.plots[name]
        text = QTextDocument()
        text.setDefaultFont(font("small", theme.scale))
        text.setDocumentMargin(0)
        text.setHtml(plot.legend.text())
        painter.save()
        painter.translate(QPointF(left + 4, 4))
        text.drawContents(painter)
        painter.restore()
        top = text.size().height() + 6
        target = QRectF(left, top, plot.width(), size.height() - top)
        plot.plot.scene().render(painter, target, plot.plot.scene().sceneRect(), Qt.AspectRatioMode.KeepAspectRatio)
        left += plot.width()
