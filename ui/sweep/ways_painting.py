"""The paths of a race over the contours of the objective: painting alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.sweep.paths import Path
from graph.text.messages import _
from ui.look.numerals import number
from ui.look.theme import Theme, color, font
from ui.maths.axes import Frame
from ui.maths.plane_marks import paint_path
from ui.maths.plane_view import Box
from ui.sweep.legend import MARK

NEAR, LEAST, EDGE = 3.0, 0.3, 0.12
"""Of the plane of the paths: places so many times as far from the middle as starts and ends are in sight; the shorter side is at least this
share of the longer one; room around."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A path with its look and its name."""

    path: Path
    ink: str
    dash: Qt.PenStyle
    name: str


def box_of(paths: Sequence[Path]) -> Box:
    """The plane in which the paths are seen: all starts and ends, and what lies near them. What runs far away is cut at the edge."""
    marks = np.concatenate([path.at[[0]] if path.diverged else path.at[[0, -1]] for path in paths])
    places = np.concatenate([path.at for path in paths])
    places = places[np.isfinite(places).all(axis=1)]
    middle = (marks.min(axis=0) + marks.max(axis=0)) / 2
    half = (marks.max(axis=0) - marks.min(axis=0)) / 2
    half = np.maximum(half, [max(float(half.max()) * LEAST, 1e-3 * max(1.0, float(np.abs(middle).max())))] * 2)
    if not (marks != marks[0]).any():  # all of them diverged from one start
        half = np.maximum(np.abs(middle), 1.0)
    near = places[(np.abs(places - middle) <= NEAR * half).all(axis=1)]
    low, high = np.minimum(near.min(axis=0), middle - half), np.maximum(near.max(axis=0), middle + half)
    room = EDGE * (high - low)
    return float(low[0] - room[0]), float(high[0] + room[0]), float(low[1] - room[1]), float(high[1] + room[1])


def _upto(path: Path, step: int) -> int:
    """How many places of a path have been reached by a step."""
    return max(1, int(np.searchsorted(np.asarray(path.steps), step, side="right")))


def paint_way(painter: QPainter, frame: Frame, theme: Theme, each: Drawn, step: int) -> None:
    """The way so far; a cross where it left the plane for good."""
    path, reached = each.path, _upto(each.path, step)
    paint_path(painter, frame, theme, path.at[:reached], each.ink, each.dash, ended=path.diverged and reached == len(path.at))


def _lines(each: Drawn, step: int, loss: str, names: tuple[str, str]) -> list[str]:
    path = each.path
    at = _upto(path, step) - 1
    x, y = path.at[at].tolist()
    ended = path.diverged and at == len(path.at) - 1
    found = _("∞ after step {step}").format(step=path.steps[at]) if ended else _("step {step}").format(step=path.steps[at])
    spent = path.evaluations[at]
    if spent != path.steps[at]:
        found += " · " + _("{n} evaluations").format(n=number(spent))
    return [found, f"{loss} {number(float(path.loss[at]))}", f"{names[0]} {number(x)}   {names[1]} {number(y)}"]


def readout_width(theme: Theme, drawn: Sequence[Drawn], step: int, loss: str, names: tuple[str, str]) -> float:
    metrics = QFontMetricsF(font("tiny", theme.scale))
    texts = [f"{names[0]} −0.000000   {names[1]} −0.000000", *(each.name for each in drawn)]
    return max((metrics.horizontalAdvance(text) for text in texts), default=0.0) + MARK * theme.scale + 12 + metrics.averageCharWidth()


def paint_readout(
    painter: QPainter, at: QRectF, theme: Theme, drawn: Sequence[Drawn], step: int, loss: str, names: tuple[str, str]
) -> None:
    """Of each path its name, its step, its loss and both numbers; of many paths as many as there is room for."""
    type_ = font("tiny", theme.scale)
    metrics = QFontMetricsF(type_)
    high, y = metrics.height() * 1.12, at.top() + metrics.ascent()
    painter.setFont(type_)
    short = len(drawn) * 4.4 * high > at.height()
    for place, each in enumerate(drawn):
        lines = _lines(each, step, loss, names)
        shown = lines[:2] if short else lines
        if y + (len(shown) + 1) * high > at.bottom() + high:
            painter.setPen(color(theme.secondary))
            painter.drawText(QPointF(at.left(), y), _("… and {n} more").format(n=len(drawn) - place))
            return
        mark = MARK * theme.scale
        painter.setPen(QPen(color(each.ink), 2.6 * theme.scale, each.dash))
        painter.drawLine(QPointF(at.left(), y - 0.3 * high), QPointF(at.left() + mark, y - 0.3 * high))
        painter.setPen(color(theme.text))
        name = metrics.elidedText(each.name, Qt.TextElideMode.ElideRight, at.width() - mark - 6)
        painter.drawText(QPointF(at.left() + mark + 6, y), name)
        for line in [" · ".join(shown)] if short else shown:
            y += high
            painter.setPen(color(theme.error if line.startswith("∞") else theme.secondary))
            painter.drawText(QPointF(at.left() + mark + 6, y), line)
        y += 1.35 * high


def looks(
    paths: Mapping[int, Path], keys: Mapping[int, tuple[Any, ...]], look: Mapping[tuple[Any, ...], tuple[str, Qt.PenStyle]],
    names: Mapping[int, str],
) -> list[Drawn]:  # fmt: skip
    """The paths in the order of the plan, each with the colour of what it stands for."""
    return [Drawn(paths[index], *look[keys[index]], names[index]) for index in sorted(paths)]
