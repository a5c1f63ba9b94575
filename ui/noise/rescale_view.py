"""The same function with another sharpness: one layer times α, the next divided by α."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QWidget

from engine.learned.minima import Rescaled, RescaleJob
from graph.text.messages import _, ngettext
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.widgets import button, label
from ui.maths.plots import decades, dot, dress, new_plot, pen
from ui.noise.beside import PictureAndWords
from ui.shell.workspace.present import outdated

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

NOTCHES = 20
"""Places of the slider for a factor of ten."""
NONE = _(
    "No two layers of this graph can be rescaled: it takes two linear layers with a ReLU or nothing between them, or a product of two "
    "parameters."
)


class RescaleView(PictureAndWords):
    """`alpha` is what the slider says; the network itself stays as it is."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(420)
        self.workspace = workspace
        self.seen: Rescaled | None = None
        self._why = ""
        self._refresh = Refresh(workspace.work, self._answered, 0.03, 1.0)
        self.plot: Any = new_plot(_("The largest eigenvalue of the Hessian against α"))
        self.words = label("", "strong", wrap=True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-NOTCHES, NOTCHES)
        self.slider.setValue(0)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName("α")
        self.slider.setToolTip(_("α: what the first layer is multiplied with and the next one divided by"))
        self.back = button("α = 1", tip=_("The network as it is"))
        self.pair = QComboBox()
        self.pair.setAccessibleName(_("layers that are rescaled"))
        self.pair.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.pair.setMinimumContentsLength(16)
        self.table = label("", "", wrap=True)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.same = label("", "", wrap=True)
        self.notes = label("", "secondary", wrap=True)
        self._lay_out()
        self.slider.valueChanged.connect(lambda _v: self.ask())
        self.pair.activated.connect(lambda _i: self.ask())
        self.back.clicked.connect(lambda _c: self.slider.setValue(0))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.back)
        self.lay_out(self.plot, [self.words, self.pair, row, self.table, self.same, self.notes])

    def first_stop(self) -> QWidget:
        return self.slider

    @property
    def alpha(self) -> float:
        return float(10.0 ** (self.slider.value() / NOTCHES))

    # asking

    def ask(self) -> None:
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or not self.isVisible() or self.workspace.visibility.hides_numbers:
            return
        self._refresh.follow(
            RescaleJob(self.alpha, max(self.pair.currentIndex(), 0), document.structure, document.revision, kernel.progress.run)
        )
        if self.seen is None:
            self.draw()

    def _answered(self, _job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers:
            return
        if end.how == "done":
            self.seen, self._why = end.answer, ""
            texts = [_("{first} · α, {second} / α").format(first=first, second=second) for first, second in end.answer.pairs]
            if [self.pair.itemText(i) for i in range(self.pair.count())] != texts:
                self.pair.clear()
                self.pair.addItems(texts)
                self.pair.setCurrentIndex(end.answer.pair if texts else -1)
        elif end.how == "failed":
            self.seen, self._why = None, end.text
        self.draw()

    def forget(self, why: str = "") -> None:
        self._refresh.stop()
        self.seen, self._why = None, why
        self.draw()

    def stop(self) -> None:
        self._refresh.stop()

    # what is shown

    def draw(self) -> None:
        seen, plot = self.seen, self.plot
        there = seen is not None and bool(seen.pairs)
        for widget in (self.slider, self.back):
            widget.setEnabled(there)
        self.pair.setVisible(there and self.pair.count() > 1)
        plot.setVisible(there and bool(seen and seen.curve))
        plot.clear()
        if seen is None or not seen.pairs:
            waiting = self._why or (_("Computing …") if self._refresh.running else "")
            self.words.setText(waiting if seen is None else NONE)
            for words in (self.table, self.same, self.notes):
                words.setText("")
            return
        stale = outdated(self.workspace, seen.stamp)
        first, second = seen.pairs[seen.pair]
        said = _("{first} times {alpha}, {second} divided by it").format(first=first, second=second, alpha=number(seen.alpha, 3))
        self.words.setText(_("{said}. The network has changed since.").format(said=said) if stale else said)
        self.table.setText(self._table(seen))
        self.same.setText(self._same(seen))
        self.notes.setText("\n".join((
            _("The largest eigenvalue depends on how the function is written in weights, not on the function alone."),
            _("So “flat minima generalize better” cannot mean λmax or the trace by themselves (Dinh et al. 2017)."),
        )))  # fmt: skip
        if seen.curve:
            self._draw_curve(seen, stale)

    def _draw_curve(self, seen: Rescaled, stale: bool) -> None:
        plot, theme = self.plot, self.theme
        dress(plot, theme, left=_("largest eigenvalue λmax"), bottom="α", size=13)
        plot.setLogMode(x=True, y=True)
        decades(plot, "left")
        decades(plot, "bottom")
        curve = np.array(seen.curve)
        curve[~(curve > 0)] = np.nan  # there is no logarithm of it
        hue = theme.stale if stale else theme.backward
        plot.plot(np.array(seen.alphas), curve, pen=pen(hue, 2.6, theme), connect="finite")
        for alpha, value, mark in ((1.0, seen.largest[0], theme.text), (seen.alpha, seen.largest[1], theme.highlight)):
            if value > 0 and math.isfinite(value):
                dot(plot, alpha, value, mark, theme, 13)
        plot.enableAutoRange()

    def _table(self, seen: Rescaled) -> str:
        rows = ((_("objective"), seen.values), (_("λmax"), seen.largest), (_("trace"), seen.traces))
        heads = ("α = 1", f"α = {number(seen.alpha, 3)}")
        head = "".join(f"<th align='right' style='padding-left:16px'>{html.escape(text)}</th>" for text in heads)
        body = "".join(
            f"<tr><td>{html.escape(title)}</td>"
            + "".join(f"<td align='right' style='padding-left:16px'>{html.escape(number(value))}</td>" for value in values) + "</tr>"
            for title, values in rows
        )  # fmt: skip
        return f"<table cellspacing='0' cellpadding='2'><tr><td></td>{head}</tr>{body}</table>"

    @staticmethod
    def _same(seen: Rescaled) -> str:
        if seen.rows:
            return ngettext(
                "Largest difference between the outputs, over {count} sample: {difference}. The largest output is {size}.",
                "Largest difference between the outputs, over {count} samples: {difference}. The largest output is {size}.", seen.rows,
            ).format(count=count(seen.rows), difference=number(seen.difference, 2), size=number(seen.size))  # fmt: skip
        return _("Difference between the outputs: {difference}. The output is {size} in size.").format(
            difference=number(seen.difference, 2), size=number(seen.size))  # fmt: skip
