"""Plots in the window's colours. pyqtgraph is imported when the first one is made."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from ui.look.theme import Theme, color, font


def new_plot(name: str) -> Any:
    """A plot that stays as it is: no menu, no dragging, no focus."""
    import pyqtgraph

    pyqtgraph.setConfigOptions(antialias=True)
    plot = pyqtgraph.PlotWidget()
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAccessibleName(name)
    plot.setMinimumSize(160, 90)
    return plot


def dress(plot: Any, theme: Theme, left: str = "", bottom: str = "", size: float = 11) -> None:
    """Axes, grid and ground in the theme; `size` is the height of type, in pixels at the theme's size."""
    import pyqtgraph

    plot.setBackground(color(theme.panel))
    for side, text in (("left", left), ("bottom", bottom)):
        axis = plot.getAxis(side)
        if axis.autoSIPrefix:  # switched off while there is no label: later it would scale the numbers once more, and for good
            axis.enableAutoSIPrefix(False)
        axis.setPen(pyqtgraph.mkPen(color(theme.hairline)))
        axis.setTextPen(pyqtgraph.mkPen(color(theme.secondary)))
        axis.setTickFont(font("tiny", theme.scale * size / 11))
        axis.setStyle(tickLength=-4, tickTextOffset=6)
        if text:
            axis.setLabel(text, color=theme.secondary, **{"font-size": f"{round(size * theme.scale)}px"})
    plot.showGrid(x=True, y=True, alpha=0.12)


def pen(hue: str, width: float, theme: Theme, dashed: bool = False) -> Any:
    import pyqtgraph

    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pyqtgraph.mkPen(color(hue), width=width * theme.scale, style=style)


def dot(plot: Any, x: float, y: float, hue: str, theme: Theme, size: float = 9) -> Any:
    """Mark one point."""
    return plot.plot([x], [y], pen=None, symbol="o", symbolSize=size * theme.scale, symbolBrush=color(hue), symbolPen=color(theme.panel))


def legend(*entries: tuple[str, str, str]) -> str:
    """Rich text of (sign, hue, words) triples."""
    return "&nbsp;&nbsp; ".join(f'<span style="color:{hue}">{sign} {words}</span>' for sign, hue, words in entries)
