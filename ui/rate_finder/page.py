"""The panel of the learning-rate finder: the plot, what it suggests, by which rule, and the way to use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.learned.rate_finder import DIVERGED, FindRate, Sweep
from engine.numerics.job import JobEnd, JobReport
from engine.training.optimizers.registry import declared_or_none
from graph.model.edits import SetTraining
from graph.text.messages import _
from ui.look.job_bar import JobBar
from ui.look.numbers import count, number, plain
from ui.look.theme import Theme, faded
from ui.look.widgets import button, label, scrolled
from ui.maths.plots import dress, legend, new_plot, pen
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.engine_link.work import JobHandle
    from ui.shell.workspace.workspace import Workspace

EMPTY = _("Press Find to train a copy with a growing learning rate. The run itself stays as it is.")
RULE = _(
    "The mini-batch loss after each step, smoothed. Suggested is the rate at which the smoothed loss falls most steeply against log η. "
    "It has diverged where it is more than {factor:g} times its lowest value. A copy is trained; the run stays as it is."
)


class RatePage(Panel):
    """A sweep is about the numbers it began from: once these have changed, its words say so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.sweep: Sweep | None = None
        self._job: JobHandle | None = None
        self._plot: Any = None
        self._step = 0
        self.words = label(EMPTY, "strong", wrap=True)
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.rule = label(RULE.format(factor=DIVERGED), "secondary", wrap=True)
        self.use = button("", accent="forward")
        self.use.hide()
        self.run = button(_("Find"), tip=_("Find a learning rate: train a copy with a growing rate  (Ctrl+F8)"))
        self.bar = JobBar(_("Finding a learning rate"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addWidget(self.run)
        buttons.addStretch(1)
        side = QWidget()
        down = QVBoxLayout(side)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(8)
        down.addWidget(self.words)
        down.addLayout(buttons)
        down.addWidget(self.key)
        down.addWidget(self.rule)
        down.addStretch(1)
        self._side = scrolled(side)
        self._place = QVBoxLayout()
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addLayout(self._place, 1)
        row.addWidget(self._side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.addWidget(self.bar)
        column.addLayout(row, 1)
        self.use.clicked.connect(self._use)
        self.run.clicked.connect(lambda _clicked: self.begin())
        self.bar.cancelled.connect(self.cancel)
        workspace.visibility.changed.connect(self._show)

    def first_stop(self) -> QWidget:
        return self.use if not self.use.isHidden() else self.run

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._side.setFixedWidth(round(330 * theme.scale))
        self._show()

    # the sweep

    def begin(self) -> None:
        """Start a sweep from the present state; one under way ends."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or self.workspace.why_not_train():
            self.words.setText(self.workspace.why_not_train() or _("The engine is not running."))
            return
        self.cancel()
        self.bar.begin()
        self.run.setEnabled(False)
        job = FindRate(structure=document.structure, revision=document.revision, run=kernel.progress.run)
        self._job = self.workspace.work.job(job, self._progressed, self._ended)

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _progressed(self, report: JobReport, parts: Sequence[object]) -> None:
        self.bar.show_progress(report.done, report.total, report.text)

    def _ended(self, end: JobEnd) -> None:
        self.bar.finish()
        self.run.setEnabled(True)
        self._job = None
        if isinstance(end.answer, Sweep):
            self.sweep = end.answer
            self._show()
        elif end.how == "failed":
            self.sweep = None
            self._show()
            self.words.setText(end.text)

    def set_document(self, document: Document) -> None:
        self.sweep = None
        self._show()

    def set_progress(self, progress: Progress) -> None:
        if progress.step != self._step:
            self._step = progress.step
            self._say()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self._say()

    def document_changed(self) -> None:
        self._say()

    @property
    def _stale(self) -> bool:
        """Whether the network has changed since the sweep began."""
        sweep, document, kernel = self.sweep, self.workspace.document, self.workspace.kernel
        if sweep is None or kernel is None:
            return False
        return (sweep.structure, sweep.run, sweep.step) != (document.structure, kernel.progress.run, kernel.progress.step)

    # what is shown

    def _show(self) -> None:
        self._say()
        sweep = self.sweep
        hidden = self.workspace.visibility.hidden_loss is not None
        if sweep is None or hidden:
            if self._plot is not None:
                self._plot.hide()
            self.key.setText("")
            return
        if self._plot is None:
            self._plot = new_plot(_("Loss against the learning rate"))
            self._place.addWidget(self._plot)
        self._plot.show()
        self._draw(sweep)

    def _say(self) -> None:
        """The suggestion in words, and the button that takes it."""
        sweep = self.sweep
        if sweep is None or self.workspace.visibility.hidden_loss is not None:
            self.use.hide()
            if self.workspace.visibility.hidden_loss is not None:
                self.words.setText(_("A question hides the loss, so the sweep is not shown."))
            elif sweep is None:
                self.words.setText(EMPTY)
            return
        rate = None if sweep.suggested is None else rounded(sweep.suggested)
        said = [
            _("No rate is suggested: the smoothed loss does not fall.") if rate is None
            else _("Suggested: η = {rate}").format(rate=plain(rate)),
            _("Diverges at η ≈ {rate}.").format(rate=number(sweep.diverged)) if sweep.diverged is not None
            else _("It does not diverge up to η = {rate}.").format(rate=plain(sweep.rates[-1])),
        ]  # fmt: skip
        if self._stale:
            said.append(_("Found at step {step}; the network has changed since.").format(step=count(sweep.step)))
        self.words.setText("\n".join(said))
        self.use.setVisible(rate is not None)
        if rate is not None:
            self.use.setText(_("Use η = {rate}").format(rate=plain(rate)))
            self.use.setToolTip(_("Set the learning rate of the optimizer; undo brings the old one back"))
            self.use.setEnabled(not self.workspace.document.read_only and rate != self._present())

    def _present(self) -> float | None:
        """The document's learning rate."""
        training = self.workspace.document.graph.training
        spec = declared_or_none(training)
        setting = spec.setting("lr") if spec is not None else None
        value = (training.get("hyper") or {}).get("lr", setting.default if setting is not None else None)
        return value if isinstance(value, int | float) else None

    def _use(self) -> None:
        sweep = self.sweep
        if sweep is None or sweep.suggested is None:
            return
        document, rate = self.workspace.document, rounded(sweep.suggested)
        hyper = dict(document.graph.training.get("hyper") or {}) | {"lr": rate}
        document.seal()
        document.do(SetTraining("hyper", hyper), _("Set the learning rate to {rate}").format(rate=plain(rate)))
        document.seal()
        self._say()

    def _draw(self, sweep: Sweep) -> None:
        plot, theme = self._plot, self.theme
        plot.clear()
        dress(plot, theme, left=_("loss"), bottom=_("learning rate η"))
        plot.setLogMode(x=True, y=False)
        axis = plot.getAxis("bottom")
        low, high = math.floor(math.log10(sweep.rates[0])), math.ceil(math.log10(sweep.rates[-1]))
        axis.setTicks([[(power, plain(10.0**power)) for power in range(low, high + 1)]])
        places = [math.log10(rate) for rate in sweep.rates]
        first, least = sweep.smoothed[0], min(sweep.smoothed)
        room = max(1.5 * (first - least), 0.15 * abs(first))  # where the loss falls is what matters; it grows without bound
        plot.setYRange(least - 0.3 * room, first + room, padding=0)
        plot.plot(sweep.rates, sweep.losses, pen=None, symbol="o", symbolSize=round(4 * theme.scale), symbolPen=None,
                  symbolBrush=faded(theme.forward, 0.35))  # fmt: skip
        plot.plot(sweep.rates, sweep.smoothed, pen=pen(theme.forward, 2.0, theme))
        entries = [("━", theme.forward, _("smoothed loss")), ("●", theme.secondary, _("loss of a mini-batch"))]
        if sweep.suggested is not None:
            self._line(math.log10(sweep.suggested), theme.highlight)
            entries.append(("┃", theme.highlight, _("suggested")))
        if sweep.diverged is not None:
            self._line(math.log10(sweep.diverged), theme.error)
            entries.append(("┃", theme.error, _("diverged")))
        present = self._present()
        if present and places[0] <= math.log10(present) <= places[-1]:
            self._line(math.log10(present), theme.text, dashed=True)
            entries.append(("┊", theme.text, _("η now")))
        self.key.setText(legend(*entries))

    def _line(self, at: float, hue: str, dashed: bool = False) -> None:
        import pyqtgraph

        self._plot.addItem(pyqtgraph.InfiniteLine(at, angle=90, pen=pen(hue, 1.6, self.theme, dashed)))


def rounded(rate: float) -> float:
    """Two significant digits: more would say nothing."""
    return float(f"{rate:.2g}")
