"""Draws any figure: lines, points and arrows in a plane, with a legend or a table of numbers, and what is said below."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.explain.figures import Arrow, Band, Figure, Line, Role
from graph.model.covered import Covered
from graph.text.messages import _
from ui.look.numbers import count, number
from ui.look.theme import Theme, color, faded, font
from ui.look.widgets import label
from ui.maths.plots import dot, dress, legend, new_plot, pen

HEIGHT = 150
"""Of the plot, for type at 100 %."""
SQUARE, LOW = 1.06, 0.6
"""Of it: a plane with equal axes, and a plot that fills what room there is, at least."""
TYPE = 15.0
"""Height of all type, in pixels at the theme's size: a figure is read from as far away as the text beside it."""
NARROW = 3
"""A table of more columns has the names of its rows above it."""
COUNTED = 1e4
"""A whole number from here up is written as a count: 70,656."""


class FigureView(QWidget):
    """Empty until `show_figure`, and as high as a figure from the start; with `fills` as high as there is room."""

    def __init__(self, theme: Theme, square: bool = False, fills: bool = False) -> None:
        super().__init__()
        self._theme, self._fills = theme, fills
        self.figure: Figure | None = None
        self.plot = new_plot(_("Figure"))
        height = round(HEIGHT * (SQUARE if square else 1.0) * theme.scale)
        if fills:
            self.plot.setMinimumHeight(round(LOW * height))
            self.plot.hide()
            self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        else:
            self.plot.setFixedHeight(height)
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.said = label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(round(6 * theme.scale))
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._row.setSpacing(layout.spacing())
        self._row.addWidget(self.plot, 1)
        self._row.addWidget(self.key)
        layout.addLayout(self._row, 1)
        layout.addWidget(self.said)
        for part in (self.key, self.said):
            part.setStyleSheet(f"font-size: {round(TYPE * theme.scale)}px")
        self._dress()

    def show_figure(self, figure: Figure) -> None:
        """Draw this in place of what was there."""
        self.figure, theme, plot = figure, self._theme, self.plot
        plot.clear()
        plot.show()
        self._dress(left=figure.up, bottom=figure.across)
        plot.setAspectLocked(figure.square)
        plot.getAxis("bottom").setTicks([list(enumerate(figure.ticks))] if figure.ticks else None)
        for band in figure.bands:
            self._fill(band)
        for line in figure.lines:
            self._draw(line)
        for arrow in figure.arrows:
            self._point_along(arrow)
        for point in figure.points:
            dot(plot, point.x, point.y, self._hue(point.role), theme, 5 if point.small else 11)
            if point.name:
                self._write(point.name, point.x, point.y, self._hue(point.role))
        if figure.room is not None:
            left, right, low, high = figure.room
            plot.setXRange(left, right, padding=0.0)
            plot.setYRange(low, high, padding=0.0)
        named = [line for line in figure.lines if line.name]
        signs = tuple(("┅" if line.dashed else "━", self._hue(line.role), escape(line.name)) for line in named)
        self.key.setText(self._table(figure) if figure.rows else legend(*signs))
        numbers = [f"{name} {_written(value)}" for name, value in figure.numbers]
        self.said.setText("  ·  ".join([*numbers, *([figure.note] if figure.note else [])]))
        self.said.setVisible(bool(self.said.text()))
        plot.setAccessibleName(", ".join(line.name for line in named))
        self._arrange()

    def say(self, text: str) -> None:
        """Words in place of a figure. Axes without one would look like a result."""
        self.figure = None
        self.plot.clear()
        self.plot.setVisible(not self._fills)
        self.key.setText("")
        self.said.setText(text)
        self.said.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The table lies beside the plot where below it too little height would be left."""
        if not self._fills or self.figure is None:
            return
        said = self.said.heightForWidth(self.width()) if self.said.text() else 0
        left = self.height() - said - self.key.sizeHint().height() - 2 * self._row.spacing()
        beside = bool(self.figure.rows) and left < HEIGHT * self._theme.scale and 3 * self.key.sizeHint().width() < 2 * self.width()
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def _dress(self, left: str = "", bottom: str = "") -> None:
        dress(self.plot, self._theme, left, bottom, TYPE)

    def _table(self, figure: Figure) -> str:
        """Rich text: a row of numbers for each line of the figure, and its name in the line's colour."""
        room = round(14 * self._theme.scale)
        cell = f'<td align="right" style="padding-left: {room}px; white-space: nowrap">{{}}</td>'
        apart = len(figure.columns) > NARROW  # no room for the names before the numbers
        signs = [("━", self._hue(row.role), escape(row.name)) for row in figure.rows]
        head = "".join(cell.format(escape(name)) for name in figure.columns)
        rows = [
            f'<tr style="color:{hue}"><td style="white-space: nowrap">{sign}{"" if apart else f" {name}"}</td>'
            + "".join(cell.format("" if value is None else f"<b>{_written(value)}</b>") for value in row.numbers)
            + "</tr>"
            for (sign, hue, name), row in zip(signs, figure.rows, strict=True)
        ]
        names = f"<p>{legend(*signs)}</p>" if apart else ""
        return f'{names}<table cellspacing="0"><tr><td></td>{head}</tr>{"".join(rows)}</table>'

    def _draw(self, line: Line) -> None:
        there = [(x, y) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(x) and math.isfinite(y)]
        if there:
            across, up = zip(*there, strict=True)
            self.plot.plot(list(across), list(up), pen=pen(self._hue(line.role), 2.2, self._theme, dashed=line.dashed))

    def _fill(self, band: Band) -> None:
        import pyqtgraph

        hue = faded(self._hue(band.role), 0.18)
        edges = [pyqtgraph.PlotCurveItem(list(band.x), list(heights)) for heights in (band.low, band.high)]
        self.plot.addItem(pyqtgraph.FillBetweenItem(*edges, brush=hue))

    def _point_along(self, arrow: Arrow) -> None:
        import pyqtgraph

        hue = self._hue(arrow.role)
        ends = [arrow.x, arrow.x + arrow.dx], [arrow.y, arrow.y + arrow.dy]
        self.plot.plot(*ends, pen=pen(hue, 2.6, self._theme))
        tip = pyqtgraph.ArrowItem(
            angle=180 - math.degrees(math.atan2(arrow.dy, arrow.dx)), headLen=12 * self._theme.scale, brush=color(hue), pen=None
        )
        tip.setPos(ends[0][1], ends[1][1])
        self.plot.addItem(tip)
        self._write(arrow.name, ends[0][1], ends[1][1], hue)

    def _write(self, text: str, x: float, y: float, hue: str) -> Any:
        import pyqtgraph

        item = pyqtgraph.TextItem(text, color=color(hue), anchor=(0, 1))
        item.setFont(font("base", self._theme.scale * TYPE / 13))
        item.setPos(x, y)
        self.plot.addItem(item)
        return item

    def _hue(self, role: Role) -> str:
        theme = self._theme
        hues = {
            "value": theme.forward, "gradient": theme.backward, "second": theme.swatch["layers"], "third": theme.swatch["math"],
            "fourth": theme.secondary, "fifth": theme.swatch["losses"], "right": theme.success, "wrong": theme.error,
            "quiet": theme.highlight,
        }  # fmt: skip
        return hues[role]


def _written(value: float | Covered) -> str:
    """A large whole number as a count."""
    if isinstance(value, Covered):
        return str(value)
    return count(value) if abs(value) >= COUNTED and value == round(value) else number(value)
