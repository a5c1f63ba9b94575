"""The ROC curve of two classes, with its area."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learned.predictions import Predictions
from engine.learned.readouts.classification import Roc, roc
from graph.text.messages import _
from graph.text.quoting import named
from ui.look.afar import enlarge, for_plots
from ui.look.numbers import exact, number
from ui.look.theme import Theme
from ui.look.widgets import label
from ui.maths.plots import dress, new_plot, pen, words_beside

WIDEST = 900
"""A wider plot would flatten the curve."""


class RocPlot(QWidget):
    """True against false positives for each threshold of the score. The dashed line is what guessing reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.curve: Roc | None = None
        self.said = label("", "strong", wrap=True)
        self._plot: Any = None
        self._line: Any = None
        self._diagonal: Any = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.said)

    def show_predictions(self, found: Predictions, theme: Theme) -> None:
        enlarge(self.said, theme)
        score = found.for_roc
        self.curve = roc(found.true == 1, score.astype(np.float64)) if score is not None else None
        if self.curve is None:
            self._say(found)
            if self._plot is not None:
                self._plot.hide()
            return
        text = _("Area under the ROC curve: {area}. Class {name} counts as positive: {positives} samples, {negatives} negative ones.")
        self.said.setText(
            text.format(area=number(self.curve.area), name=named(found.classes[1]), positives=self.curve.positives,
                        negatives=self.curve.negatives)
        )  # fmt: skip
        self.said.setToolTip(exact(self.curve.area))
        words_beside(self._layout, self, theme)
        self._make()
        self._plot.show()
        theme = for_plots(self, theme)
        dress(self._plot, theme, _("true positives"), _("false positives"))
        self._set_ticks(theme)
        self._diagonal.setPen(pen(theme.secondary, 1.2, theme, dashed=True))
        self._line.setPen(pen(theme.swatch["math"], 2.4, theme))
        self._line.setData(self.curve.false_positive, self.curve.true_positive)

    def _set_ticks(self, theme: Theme) -> None:
        few, many = (0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0)
        for side, size in (("left", self._plot.height()), ("bottom", self._plot.width())):
            self._plot.getAxis(side).setTicks([[(share, f"{share:.0%}") for share in (few if size < 200 * theme.scale else many)]])

    def _say(self, found: Predictions) -> None:
        if found.for_roc is None:
            self.said.setText(_("A ROC curve compares two classes; here there are {count}.").format(count=len(found.classes)))
        elif found.undecided.any():
            self.said.setText(_("Some scores are NaN, so samples cannot be ranked."))
        else:
            self.said.setText(_("A ROC curve needs samples of both classes in this part."))

    def _make(self) -> None:
        if self._plot is not None:
            return
        self._plot = new_plot(_("ROC curve"))
        self._plot.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.04)
        self._diagonal = self._plot.plot([0, 1], [0, 1])
        self._line = self._plot.plot([], [])
        self._plot.setMaximumWidth(WIDEST)
        self._layout.addWidget(self._plot, 1)
