"""A graph painted into pixels, and what all kinds of pictures share."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.compile.views import TraceView
from graph.storage.saved import steps_text
from graph.text.messages import _
from ui.canvas.paint.picture import paint_graph, picture_size
from ui.shell.picture_formats import Drawing

LARGEST = 16_000
"""Pixels along one side of a PNG."""


def picture_image(drawing: Drawing) -> tuple[QImage, float]:
    """The drawing in pixels, and the scale it really has: its own, or less where that would be more than LARGEST pixels a side."""
    size = picture_size(drawing.graph, drawing.trace)
    used = min(drawing.scale, LARGEST / max(size.width(), size.height()))
    image = QImage(_whole(size * used), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(drawing.theme.canvas))
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_graph(
            painter, drawing.graph, drawing.trace, drawing.theme, QRectF(image.rect()), largest=used, sample=drawing.sample,
            look=drawing.look,
        )  # fmt: skip
    finally:
        painter.end()  # a painter that outlives its image takes the process with it
    image.setText(_("Description"), about(drawing.trace))
    return image, used


def too_large(used: float, scale: float) -> str:
    """What to say about a picture at scale `used` where `scale` was asked for; nothing where they are equal."""
    if used == scale:
        return ""
    return _(
        "The picture is at scale {used:.2g} instead of {scale:g}: it may have {LARGEST:,} pixels a side. SVG and PDF have no limit."
    ).format(used=used, scale=scale, LARGEST=LARGEST)


def about(trace: TraceView | None) -> str:
    """What the numbers in the picture are, written into the file."""
    return _("Values {step}").format(step=steps_text(trace.step)) if trace is not None else _("No values")


def pixels(drawing: Drawing) -> QSize:
    """The size of a picture without a limit."""
    return _whole(picture_size(drawing.graph, drawing.trace) * drawing.scale)


def _whole(size: QSizeF) -> QSize:
    return QSize(math.ceil(size.width()), math.ceil(size.height()))
