"""The eigenvectors of the Hessian along the plane, as the axes of a level ellipse of the second-order model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.learned.surface import Marks
from graph.text.messages import _
from ui.look.numerals import number
from ui.look.theme import Theme, color, font
from ui.maths.axes import Frame
from ui.maths.plane_marks import place

Floats = np.ndarray[Any, np.dtype[np.float64]]
FLAT = 1e-9
"""Eigenvalues below this share of the larger one count as 0."""
SHARE, LEAST, MOST = 0.3, 0.5, 0.9
"""Against half the plane's width: half an axis where there is no ellipse; the longer half axis of an ellipse, at least and at most."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Eigenvalues of the 2×2 Hessian, largest first, with unit vectors in the columns of `vectors` (2, 2), in the plane's numbers.

    `centre` and `half` (2,), the half axes, are those of a level line of the second-order model: the one through the present point, as far
    as it can be seen in the plane. `ellipse` is False where there is none: then the axes go through the present point, equally long.
    """

    values: Floats
    vectors: Floats
    centre: Floats
    half: Floats
    ellipse: bool


def principal(marks: Marks, reach: float) -> Principal | None:
    """`reach`: half the width of the plane. None where a number is not finite."""
    hessian, gradient, at = np.asarray(marks.hessian, float), np.asarray(marks.gradient, float), np.asarray(marks.at, float)
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return None
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    if values[1] > FLAT * values[0] > 0:
        away = -np.linalg.solve(hessian, gradient)
        longest = float(np.sqrt(max(away @ hessian @ away, 0.0) / values[1]))
        seen = min(max(longest, LEAST * reach), MOST * reach)
        return Principal(values, vectors, at + away, seen * np.sqrt(values[1] / values), True)
    return Principal(values, vectors, at, np.full(2, SHARE * reach), False)


def paint_principal(painter: QPainter, frame: Frame, theme: Theme, found: Principal) -> None:
    """The ellipse, its axes, and the eigenvalue at an end of each."""
    if found.ellipse:
        turns = np.linspace(0, 2 * math.pi, 181)
        ring = found.centre + np.stack([np.cos(turns), np.sin(turns)], axis=1) @ (found.vectors * found.half).T
        painter.setPen(QPen(color(theme.text), 1.6 * theme.scale, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF([place(frame, x, y) for x, y in ring.tolist()]))
    for i in range(2):
        way = found.vectors[:, i] * found.half[i]
        start, end = (place(frame, *(found.centre + sign * way).tolist()) for sign in (-1, 1))
        for ink, width in ((theme.panel, 4.2), (theme.text, 2.0)):
            painter.setPen(QPen(color(ink), width * theme.scale))
            painter.drawLine(start, end)
        _write(painter, frame, theme, f"λ{'₁₂'[i]} = {number(float(found.values[i]))}", start if end.y() > start.y() else end)


def _write(painter: QPainter, frame: Frame, theme: Theme, text: str, at: QPointF) -> None:
    """A label on a plate, kept inside the plane."""
    painter.setFont(font("strong", theme.scale))
    metrics, area = QFontMetricsF(painter.font()), frame.area
    wide, high = metrics.horizontalAdvance(text) + 8, metrics.height() + 2
    left = min(max(at.x() - wide / 2, area.left() + 2), area.right() - wide - 2)
    top = min(max(at.y() - high - 6, area.top() + 2), area.bottom() - high - 2)
    box = QRectF(left, top, wide, high)
    painter.fillRect(box, color(theme.panel))
    painter.setPen(color(theme.text))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def principal_words(found: Principal) -> str:
    """What the axes say."""
    first, second = (number(float(value)) for value in found.values)
    if not found.ellipse:
        text = _("Eigenvalues of the Hessian along this plane: λ₁ = {first} and λ₂ = {second}, so its level lines are no ellipses.")
        return text.format(first=first, second=second)
    text = _(
        "The eigenvectors of the Hessian along this plane, λ₁ = {first} and λ₂ = {second}, are the axes of the dashed level line of the "
        "second-order model. Its axes are as √(λ₁/λ₂) = {ratio} to 1."
    )
    ratio = number(float(np.sqrt(found.values[0] / found.values[1])))
    return text.format(first=first, second=second, ratio=ratio)
