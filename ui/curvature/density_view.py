"""The density of the eigenvalues as a curve, with those that are known as marks below it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.curvature.spectrum import Density, Floats, Hessian
from graph.text.messages import _
from ui.look.theme import LIGHT, Theme, color
from ui.look.widgets import label
from ui.maths.plots import dress, legend, new_plot, pen

POINTS, FINE = 600, 120
"""Points of the curve, and its width as a part of the range: each eigenvalue is spread over about this share of it."""
LEAST = 1e-5
"""Densities below this share of the greatest are not drawn: the axis is logarithmic."""


class DensityView(QWidget):
    """Drawn from what it is given each time."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self.plot: Any = new_plot(_("Density of the eigenvalues"))
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(self.key.textFormat().RichText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot, 1)
        column.addWidget(self.key)

    def show_density(self, hessian: Hessian, theme: Theme, stale: bool) -> None:
        thick, plot = hessian.density, self.plot
        plot.clear()
        if thick is None or hessian.eigen is None:
            return
        dress(plot, theme, left=_("density"), bottom=_("eigenvalue λ"), size=12)
        plot.setLogMode(x=False, y=True)
        at, width = places(thick, hessian.exact)
        hue = theme.stale if stale else theme.forward
        marks = [("━", hue, _("density from {count} random directions").format(count=len(thick.nodes)))]
        curves = [(thick.curve(at, width), hue, False)]
        if hessian.exact is not None:
            curves.append((_spread(hessian.exact, at, width), theme.backward, True))
            marks.append(("┅", theme.backward, _("all {count} eigenvalues, spread alike").format(count=len(hessian.exact))))
        floor = LEAST * max(float(curve.max()) for curve, _hue, _dashed in curves)
        for curve, shade, dashed in curves:
            plot.plot(at, np.where(curve > floor, curve, np.nan), pen=pen(shade, 2.0, theme, dashed), connect="finite")
        values = hessian.eigen.values
        plot.plot(values, np.full(len(values), floor), pen=None, symbol="t1", symbolSize=round(10 * theme.scale), symbolPen=None,
                  symbolBrush=color(theme.stale if stale else theme.highlight))  # fmt: skip
        marks.append(("▲", theme.highlight, _("eigenvalues found by Lanczos’ method")))
        self.key.setText(legend(*marks))


def places(thick: Density, exact: Floats | None) -> tuple[Floats, float]:
    """(POINTS,) where the density is drawn, and how wide each eigenvalue is spread."""
    low, high = thick.lowest, thick.largest
    if exact is not None:
        low, high = min(low, float(exact.min())), max(high, float(exact.max()))
    width = max((high - low) / FINE, 1e-9 * max(abs(low), abs(high)), 1e-300)
    return np.linspace(low - 4 * width, high + 4 * width, POINTS), width


def _spread(values: Floats, at: Floats, width: float) -> Floats:
    one = np.full(len(values), 1 / len(values))
    return Density((values,), (one,), len(values)).curve(at, width)
