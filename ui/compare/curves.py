"""The losses of both runs over each other, with the two steps marked."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.comparison import Moment
from engine.training.losses import Losses
from graph.model.loss_words import loss_words
from graph.text.messages import _
from ui.look.theme import Theme, color
from ui.maths.curve_scale import chosen_scale
from ui.maths.plots import dress, new_plot, pen
from ui.maths.series import extremes

NAMES = (_("A"), _("B"))
"""Of the two moments."""
COLUMNS = 600
"""A curve is drawn from the extremes of so many stretches at most."""
Line = tuple[np.ndarray, np.ndarray]


def line_of(losses: Losses) -> Line:
    """Steps and losses of a run, every peak of it kept."""
    at, values = extremes(losses.low, losses.high, 0, losses.low.size, COLUMNS)
    return np.minimum(losses.first + (np.asarray(at) + 1) * losses.stride - 1, losses.last).astype(np.float64), np.asarray(values)


class TwoCurves(QWidget):
    """Empty until `show_runs`; pyqtgraph is imported then."""

    def __init__(self) -> None:
        super().__init__()
        self.plot: Any = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_runs(self, runs: dict[int, tuple[Line, str]], moments: tuple[Moment, Moment], hues: tuple[str, str], theme: Theme,
                  penalised: bool) -> None:  # fmt: skip
        """`penalised`: losses include a penalty. `runs` are lines with their colours, by run; A and B are marked at their steps."""
        import pyqtgraph

        if self.plot is None:
            self.plot = new_plot(_("Losses of both runs"))
            self._column.addWidget(self.plot)
        plot, values = self.plot, [y[np.isfinite(y)] for (_x, y), _hue in runs.values()]
        ends = [float(end) for y in values if y.size for end in (y.min(), y.max())]
        scale = chosen_scale(ends, bool(ends) and min(ends) > 0 and max(ends) > 30 * min(ends))
        logarithmic = scale.kind == "log"
        word = loss_words(penalised).word
        plot.clear()
        plot.setLogMode(x=False, y=logarithmic)
        dress(plot, theme, left=" ".join([word, _("(log scale)")]) if logarithmic else word, bottom=_("step"))
        for (x, y), hue in runs.values():
            plot.plot(x, y, pen=pen(hue, 2.0, theme))
        for name, moment, hue in zip(NAMES, moments, hues, strict=True):
            mark = pyqtgraph.InfiniteLine(
                moment.step, angle=90, pen=pen(hue, 1.6, theme, dashed=True), label=name,
                labelOpts={"position": 0.92 if name == NAMES[0] else 0.76, "color": color(theme.panel), "fill": color(hue)},
            )  # fmt: skip
            plot.addItem(mark)
        plot.enableAutoRange()
