"""Plots in the window's colours. pyqtgraph is imported when the first one is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QBoxLayout, QGraphicsScene, QWidget

from graph.formula.numbers import plain
from ui.look.theme import Theme, color, font

LOW = 200
"""A page of plots that is less high, in pixels for type at 100 %, has its words beside them."""


def plot_widget() -> Any:
    """A plot of pyqtgraph. Its scene keeps no index of its items: pyqtgraph's change their size without telling it, and an index that
    still has an item which was deleted meanwhile ends the program when it is painted. A plot has too few items to need one."""
    import pyqtgraph

    pyqtgraph.setConfigOptions(antialias=True)
    axis = _axis_type()
    plot = pyqtgraph.PlotWidget(axisItems={side: axis(side) for side in ("left", "bottom")})
    plot.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
    return plot


@cache
def _axis_type() -> Any:
    """Of axes whose numbers have a minus sign, as all others, in place of pyqtgraph's hyphen."""
    import pyqtgraph

    class Axis(pyqtgraph.AxisItem):  # type: ignore[misc]
        def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
            return [text.replace("-", "\u2212") for text in super().tickStrings(values, scale, spacing)]

    return Axis


def new_plot(name: str) -> Any:
    """A plot that stays as it is: no menu, no dragging, no focus."""
    plot = plot_widget()
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAccessibleName(name)
    plot.setMinimumSize(160, 90)
    return plot


def low(plot: Any, theme: Theme, left: str, size: float = 11) -> bool:
    """Whether the plot is too low for the name of its upward axis along that axis."""
    text = QFontMetricsF(_name_font(theme, size))
    axis = plot.height() - 2 * text.height() - 12 * theme.scale
    return bool(text.horizontalAdvance(left) > axis)


def _name_font(theme: Theme, size: float) -> QFont:
    return font("tiny", theme.scale * size / 11)


def dress(plot: Any, theme: Theme, left: str = "", bottom: str = "", size: float = 11, above: bool | None = None) -> None:
    """Axes, grid and ground in the theme; `size` is the height of type, in pixels at the theme's size.

    The name of the upward axis stands along it, or `above` the plot, where it would be cut.
    """
    import pyqtgraph

    plot.setBackground(color(theme.panel))
    above = bool(left) and (low(plot, theme, left, size) if above is None else above)
    for side, text in (("left", left), ("bottom", bottom)):
        axis = plot.getAxis(side)
        if axis.autoSIPrefix:  # switched off while there is no label: later it would scale the numbers once more, and for good
            axis.enableAutoSIPrefix(False)
        axis.setPen(pyqtgraph.mkPen(color(theme.hairline)))
        axis.setTextPen(pyqtgraph.mkPen(color(theme.secondary)))
        axis.setTickFont(_name_font(theme, size))
        axis.setStyle(tickLength=-4, tickTextOffset=6)
        if text and (side == "bottom" or not above):
            axis.setLabel(text, color=theme.secondary, **{"font-size": f"{round(size * theme.scale)}px"})
        elif text and axis.label.isVisible():
            axis.showLabel(False)
    _name_above(plot, theme, left if above else "", size)
    plot.showGrid(x=True, y=True, alpha=0.12)


def _name_above(plot: Any, theme: Theme, text: str, size: float) -> None:
    item = plot.getPlotItem()
    if text:
        plot.setTitle(f"↑ {text}", color=theme.secondary, size=f"{round(size * theme.scale)}px", justify="left")
        high = math.ceil(QFontMetricsF(_name_font(theme, size)).height() + 5 * theme.scale)
        item.titleLabel.setMaximumHeight(high)
        item.layout.setRowFixedHeight(0, high)
    elif item.titleLabel.text:
        plot.setTitle(None)


def decades(plot: Any, side: str) -> None:
    """Ticks of a logarithmic axis at 1, 2 and 5 of each power of ten: so few that they have room."""
    ticks = [(power + math.log10(digit), plain(digit * 10.0**power)) for power in range(-12, 13) for digit in (1, 2, 5)]
    plot.getAxis(side).setTicks([ticks])


def pen(hue: str, width: float, theme: Theme, dashed: bool = False) -> Any:
    import pyqtgraph

    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pyqtgraph.mkPen(color(hue), width=width * theme.scale, style=style)


def dot(plot: Any, x: float, y: float, hue: str, theme: Theme, size: float = 9) -> Any:
    """Mark one point."""
    return plot.plot([x], [y], pen=None, symbol="o", symbolSize=size * theme.scale, symbolBrush=color(hue), symbolPen=color(theme.panel))


def arrow(
    plot: Any, start: tuple[float, float], end: tuple[float, float], hue: str, width: float, theme: Theme, head: bool = True
) -> list[Any]:  # fmt: skip
    """An arrow between two places of the plot; the items that were added. Its head is drawn for the present size and range of the plot."""
    import pyqtgraph

    if not all(map(math.isfinite, (*start, *end))) or start == end:
        return []
    items = [plot.plot([start[0], end[0]], [start[1], end[1]], pen=pen(hue, width, theme))]
    (low_x, high_x), (low_y, high_y) = plot.viewRange()
    box = plot.getViewBox().rect()
    across = (end[0] - start[0]) / (high_x - low_x) * max(box.width(), 1.0)
    up = (end[1] - start[1]) / (high_y - low_y) * max(box.height(), 1.0)
    size = min(2.2 * width * theme.scale + 6, 0.8 * math.hypot(across, up))
    if not head or size < 2:
        return items
    tip = pyqtgraph.ArrowItem(angle=180 - math.degrees(math.atan2(up, across)), headLen=size, headWidth=0.8 * size, pen=None,
                              brush=color(hue), pxMode=True)  # fmt: skip
    tip.setPos(*end)
    plot.addItem(tip)
    return [*items, tip]


def legend(*entries: tuple[str, str, str]) -> str:
    """Rich text of (sign, hue, words) triples."""
    return "&nbsp;&nbsp; ".join(f'<span style="color:{hue}">{sign} {words}</span>' for sign, hue, words in entries)


def words_beside(layout: QBoxLayout, widget: QWidget, theme: Theme) -> None:
    """Let the words over a plot stand beside it where there is more room beside than above."""
    ways = QBoxLayout.Direction
    way = ways.LeftToRight if widget.height() < LOW * theme.scale else ways.TopToBottom
    if layout.direction() != way:
        layout.setDirection(way)
