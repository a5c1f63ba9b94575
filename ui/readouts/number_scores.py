"""How well numbers are predicted: R², errors, predicted against true, residuals and their histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.learned.predictions import Predictions
from engine.learned.readouts.regression import NumberScores, histogram, number_scores
from graph.text.messages import _
from ui.look.afar import enlarge, for_plots
from ui.look.numbers import exact, number
from ui.look.theme import Theme, color, faded
from ui.look.widgets import label
from ui.maths.plots import dress, low, new_plot, pen, words_beside

DRAWN = 3000
"""Points drawn at most, evenly chosen; scores and histogram are of all."""


class NumberScoresView(QWidget):
    """Three plots of one target. `chosen` carries the place of a point that was clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.scores: NumberScores | None = None
        self._found: Predictions | None = None
        self._theme: Theme | None = None
        self._plots: dict[str, Any] = {}
        self._items: dict[str, Any] = {}
        self.target = QComboBox()
        self.target.setAccessibleName(_("Which predicted number"))
        self.target.currentIndexChanged.connect(lambda _at: self._draw())
        self.said, self.note = label("", "heading", wrap=True), label("", "small", wrap=True)
        self._head = QHBoxLayout()
        self._head.addWidget(self.said, 1)
        self._head.addWidget(self.target)
        self._row = QHBoxLayout()
        self._row.setSpacing(12)
        words = QVBoxLayout()
        words.addLayout(self._head)
        words.addWidget(self.note)
        words.addStretch(1)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(4)
        self._outer.addLayout(words)
        self._outer.addLayout(self._row, 1)

    def show_predictions(self, found: Predictions, theme: Theme) -> None:
        self._found, self._theme = found, theme
        if [self.target.itemText(at) for at in range(self.target.count())] != list(found.names):
            self.target.blockSignals(True)
            self.target.clear()
            self.target.addItems(list(found.names))
            self.target.blockSignals(False)
        self.target.setVisible(len(found.names) > 1)
        self._draw()

    def _draw(self) -> None:
        found, theme = self._found, self._theme
        if found is None or theme is None:
            return
        at = max(self.target.currentIndex(), 0)
        true, predicted = found.true[:, at], found.predicted[:, at]
        self.scores = scores = number_scores(true, predicted)
        words_beside(self._outer, self, theme)
        beside = self._outer.direction() == QBoxLayout.Direction.LeftToRight
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if beside else QBoxLayout.Direction.LeftToRight)
        said = _("R² {r2}   MAE {mae}   RMSE {rmse}").format(r2=_said(scores.r2), mae=_said(scores.mae), rmse=_said(scores.rmse))
        self.said.setText(said.replace("   ", "\n") if beside else said)
        self.said.setToolTip(
            _("R² {r2}: 1 is exact, 0 no better than the mean\nmean absolute error {mae}\nroot mean squared error {rmse}").format(
                r2=exact(scores.r2), mae=exact(scores.mae), rmse=exact(scores.rmse)
            )
        )
        enlarge(self.note, theme)
        self.note.setText(scores.note)
        self.note.setVisible(bool(scores.note))
        self._make()
        theme = for_plots(self, theme)
        above = any(low(plot, theme, left) for plot, (left, _bottom) in zip(self._plots.values(), _AXES, strict=True))
        for plot, (left, bottom) in zip(self._plots.values(), _AXES, strict=True):
            dress(plot, theme, left, bottom, above=above)
        self._draw_points(true, predicted, theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().height() != event.size().height():
            self._draw()

    def _draw_points(self, true: np.ndarray, predicted: np.ndarray, theme: Theme) -> None:
        finite = np.isfinite(true) & np.isfinite(predicted)
        places = np.flatnonzero(finite)
        places = places[:: max(1, -(-len(places) // DRAWN))]
        brush = faded(theme.swatch["math"], 0.55)
        for name, across, up in (("predicted", true, predicted), ("residuals", predicted, true - predicted)):
            points = self._items[name]
            points.setData(across[places], up[places], data=places, brush=brush, pen=None, size=6 * theme.scale)
        if len(places):
            low, high = float(true[places].min()), float(true[places].max())
            self._items["exact"].setData([low, high], [low, high])
        self._items["exact"].setPen(pen(theme.secondary, 1.4, theme, dashed=True))
        self._items["zero"].setPen(pen(theme.secondary, 1.4, theme, dashed=True))
        counts, edges = histogram(true - predicted)
        bars = self._items["bars"]
        middles = (edges[1:] + edges[:-1]) / 2 if len(counts) else np.zeros(0)
        bars.setOpts(x=middles, height=counts, width=float(edges[1] - edges[0]) if len(counts) else 1.0, brush=color(theme.swatch["math"]),
                     pen=pen(theme.panel, 1, theme))  # fmt: skip

    def _make(self) -> None:
        if self._plots:
            return
        import pyqtgraph

        titles = {"predicted": _("Predicted against true"), "residuals": _("Residuals"), "bars": _("Histogram of residuals")}
        for name, title in titles.items():
            plot = self._plots[name] = new_plot(title)
            self._row.addWidget(plot, 1)
        for name in ("predicted", "residuals"):
            scatter = self._items[name] = pyqtgraph.ScatterPlotItem(hoverable=False)
            scatter.sigClicked.connect(self._clicked)
            self._plots[name].addItem(scatter)
        self._items["exact"] = self._plots["predicted"].plot([], [])
        self._items["zero"] = pyqtgraph.InfiniteLine(0.0, angle=0)
        self._plots["residuals"].addItem(self._items["zero"])
        self._items["bars"] = pyqtgraph.BarGraphItem(x=[], height=[], width=1.0)
        self._plots["bars"].addItem(self._items["bars"])

    def _clicked(self, _scatter: object, points: Any) -> None:
        if len(points):
            self.chosen.emit(int(points[0].data()))


_AXES = (
    (_("predicted"), _("true")),
    (_("true − predicted"), _("predicted")),
    (_("samples"), _("true − predicted")),
)


def _said(value: float) -> str:
    return "–" if value != value else number(value)
