"""The losses of the runs that are shown, over each other, each in its colour; the run that is pointed at is drawn strong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.training.curve import Point
from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import label
from ui.maths.curve_line import curve_line
from ui.maths.plots import dress, new_plot, pen

LOG_FROM = 100.0
"""The axis is logarithmic where all losses are positive and the largest is more than this multiple of the smallest."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its colour, its name in the legend, and the points of its run."""

    run: int
    hue: str
    name: str
    points: Sequence[Point]
    strong: bool = False
    pale: bool = False
    penalised: bool = False


class RunPlot(QWidget):
    """Empty until `show_lines`. pyqtgraph is imported then."""

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = LIGHT
        self._plot: Any = None
        self._lines: Sequence[Line] = ()
        self._drawn: Any = None
        self.items: dict[int, Any] = {}
        self._spare: list[Any] = []
        self.legend = label("", "small", wrap=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self.legend)
        self._column.addStretch(1)

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._drawn = theme, None
        self.show_lines(self._lines)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Draw these, the last on top."""
        self._lines = lines
        key = [(line.run, line.hue, line.name, len(line.points), line.points[-1].step if line.points else 0, line.strong, line.pale)
               for line in lines]  # fmt: skip
        if key == self._drawn or not (lines or self._plot):
            return
        self._drawn = key
        if self._plot is None:
            self._plot = new_plot(_("Losses of the runs"))
            self._plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # as high as the list beside it
            self._plot.setMinimumSize(140, 70)
            self._column.takeAt(1)
            self._column.addWidget(self._plot, 1)
        self._draw()

    def _draw(self) -> None:
        theme, plot = self._theme, self._plot
        dress(plot, theme)
        curves = {line.run: _pairs(line.points) for line in self._lines}
        values = [y for _x, ys in curves.values() for y in ys]
        logarithmic = bool(values) and min(values) > 0 and max(values) > LOG_FROM * min(values)
        plot.setLogMode(x=False, y=logarithmic)
        for run in [run for run in self.items if run not in curves]:
            item = self.items.pop(run)
            item.setData([], [])
            self._spare.append(item)  # one that is taken out of the scene could be deleted while the scene paints
        for line in self._lines:
            width = 3.2 if line.strong else 1.2 if line.pale else 1.8
            if line.run not in self.items:
                self.items[line.run] = self._spare.pop() if self._spare else curve_line(plot)
            self.items[line.run].setPen(pen(line.hue, width, theme))
            self.items[line.run].setData(*curves[line.run])
            self.items[line.run].setZValue(2 if line.strong else 1)
        called = loss_words(any(line.penalised for line in self._lines)).title
        title = ", ".join([called, _("logarithmic")]) if logarithmic else called
        parts = [f'<b style="color:{theme.text}">{title}</b>']
        for line in self._lines:
            words = escape(line.name).replace(" ", "&nbsp;")  # a name and its sign stay in one line
            parts.append(f'<span style="color:{line.hue}">━&nbsp;{f"<b>{words}</b>" if line.strong else words}</span>')
        self.legend.setText(" &nbsp; ".join(parts))


def _pairs(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    pairs = [(float(p.step), float(p.loss)) for p in points if p.loss is not None and math.isfinite(p.loss)]
    return [x for x, _y in pairs], [y for _x, y in pairs]
