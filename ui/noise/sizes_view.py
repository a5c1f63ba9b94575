"""Batch sizes: how far the gradients of mini-batches spread, measured, beside σ/√B."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.learned.instruments.noise import BatchSizes, SizesJob
from graph.model.address import Address
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.theme import color
from ui.look.widgets import label
from ui.maths.plots import decades, dress, legend, new_plot, pen
from ui.noise.beside import PictureAndWords
from ui.shell.workspace.present import outdated

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

TRAINING_REST = 2.0


class SizesView(PictureAndWords):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(400)
        self.workspace = workspace
        self.seen: BatchSizes | None = None
        self._why = ""
        self._places: tuple[Address, ...] = ()
        self._refresh = Refresh(workspace.work, self._answered, 0.05, TRAINING_REST)
        self.plot: Any = new_plot(_("Standard error of the gradient against the batch size"))
        self.words = label("", "strong", wrap=True)
        self.again = QCheckBox(_("with replacement"))
        self.again.setToolTip(_("A sample may be drawn twice for one mini-batch; the trainer draws without replacement"))
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.notes = label("", "secondary", wrap=True)
        self.lay_out(self.plot, [self.words, self.again, self.key, self.notes])
        self.again.toggled.connect(lambda _on: self.ask(self._places))

    def first_stop(self) -> QWidget:
        return self.again

    # asking

    def ask(self, places: tuple[Address, ...]) -> None:
        kernel, document = self.workspace.kernel, self.workspace.document
        if places != self._places:
            self._places, self.seen, self._why = places, None, ""
        if kernel is None or not places or not self.isVisible():
            return
        self._refresh.follow(
            SizesJob(places, self.again.isChecked(), structure=document.structure, revision=document.revision, run=kernel.progress.run)
        )
        if self.seen is None:
            self.draw()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, SizesJob) or job.places != self._places:
            return
        if end.how == "done":
            self.seen = end.answer
            self.draw()
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

    @property
    def _waiting(self) -> str:
        """What is said while nothing is shown."""
        return self._why or (_("Computing …") if self._refresh.running else "")

    def draw(self) -> None:
        seen, plot, theme = self.seen, self.plot, self.theme
        plot.setVisible(seen is not None)
        plot.clear()
        if seen is None:
            for words in (self.words, self.key, self.notes):
                words.setText(self._waiting if words is self.words else "")
            return
        stale = outdated(self.workspace, seen.stamp)
        hues = [theme.stale, theme.secondary] if stale else [theme.backward, theme.forward]
        dress(plot, theme, left=_("standard deviation of the gradient"), bottom=_("batch size B"), size=13)
        plot.setLogMode(x=True, y=True)
        decades(plot, "left")
        plot.getAxis("bottom").setTicks([[(math.log10(size), count(size)) for size in seen.sizes]])
        across = np.geomspace(1, seen.samples, 200)
        marks = []
        for i, (name, hue) in enumerate(zip(seen.names, hues, strict=False)):
            if not seen.sigma[i]:
                continue
            plot.plot(across, seen.sigma[i] / np.sqrt(across), pen=pen(hue, 1.4, theme, dashed=True))
            if not seen.replacement:
                line = np.array([seen.expected(size)[i] for size in across])
                plot.plot(across[line > 0], line[line > 0], pen=pen(hue, 2.0, theme))
            drawn = np.array([seen.expected(size)[i] > 0 for size in seen.sizes])
            plot.plot(np.array(seen.sizes)[drawn], seen.spread[drawn, i], pen=None, symbol="o", symbolSize=9 * theme.scale,
                      symbolBrush=color(hue), symbolPen=None)  # fmt: skip
            marks.append(("●", hue, name))
        low = min((float(seen.spread[j, i]) for i in range(len(seen.names)) for j, size in enumerate(seen.sizes)
                   if seen.expected(size)[i] > 0), default=1.0)  # fmt: skip
        high = float(seen.sigma.max()) or 1.0
        plot.setYRange(math.log10(low) - 0.15, math.log10(high) + 0.15, padding=0)
        plot.setXRange(-0.05, math.log10(max(seen.samples, 2)) + 0.05, padding=0)
        marks.append(("╍", theme.secondary, _("σ/√B")))
        if not seen.replacement:
            marks.append(("━", theme.secondary, _("σ/√B · √((N − B)/(N − 1))").replace(" ", "\u00a0")))
        self.key.setText(legend(*marks))
        self._say(seen, stale)

    def _say(self, seen: BatchSizes, stale: bool) -> None:
        said = _("{draws} mini-batches of each size, from {samples} training samples").format(
            draws=count(seen.draws), samples=count(seen.samples))  # fmt: skip
        self.words.setText(_("{said}. The network has changed since.").format(said=said) if stale else said)
        notes = [_("{name}: σ = {sigma}").format(name=name, sigma=number(float(s))) for name, s in zip(seen.names, seen.sigma, strict=True)]
        if seen.samples < seen.of_all:
            notes.append(_("These samples are evenly spaced among {count}.").format(count=count(seen.of_all)))
        notes.append(_("Four times the samples halve the error: the line falls by half a decade for each decade of B."))
        if not seen.replacement:
            notes.append(_("Drawn without replacement, the error is smaller by the finite-population correction, and 0 for all N samples."))
        notes.append(_("σ is the population standard deviation of the single samples’ gradients, divisor N."))
        self.notes.setText("\n".join(notes))
