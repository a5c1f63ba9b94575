"""The curves as they are seen, for other programs: numbers as CSV, the plots as SVG or PNG."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTextDocument

from ui.look import pictures
from ui.look.theme import font
from ui.training.curve_styles import PLOTS
from ui.training.step_series import StepSeries

if TYPE_CHECKING:
    from ui.training.curves import Curves

NAMES = {"accuracy": "train_accuracy"}
"""Columns that are not called like their field: those of `train --log`."""


def csv(curves: Curves) -> str:
    """A row for every step that is shown: its loss, and what was measured there, all digits of each. Of a run so long that some steps
    share an entry, a row for each entry, with its extremes and its mean."""
    fields = [field for fields in PLOTS.values() for field in fields if field != "loss"]
    span, series = curves.span or curves.whole(), curves.numbers("loss")
    if span is None:
        return ""
    measured = {field: dict(zip(*map(list, curves.series(field)), strict=True)) for field in fields}
    used = [field for field in fields if measured[field]]
    if isinstance(series, StepSeries) and series.losses.stride > 1:
        return _entries(series, span.first, span.last)
    losses = series.steps_and_values(span.first, span.last)
    steps = sorted({*losses, *(step for field in used for step in measured[field] if span.first <= step <= span.last)})
    rows = (
        ",".join([str(int(step)), _cell(losses.get(step)), *(_cell(measured[field].get(step)) for field in used)]) for step in steps
    )
    head = ",".join(["step", "loss", *(NAMES.get(field, field) for field in used)])
    return "\n".join(chain([head], rows)) + "\n"


def _entries(series: StepSeries, first: float, last: float) -> str:
    rows, losses = ["first_step,last_step,loss_min,loss_max,loss_mean"], series.losses
    for at, numbers in enumerate(zip(losses.low.tolist(), losses.high.tolist(), losses.mean.tolist(), strict=True)):
        start = losses.first + at * losses.stride
        end = min(start + losses.stride - 1, losses.last)
        if end >= first and start <= last:
            rows.append(",".join([str(start), str(end), *map(repr, numbers)]))
    return "\n".join(rows) + "\n"


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)


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
