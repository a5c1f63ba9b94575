"""An experiment in a lesson: what is going to be trained, how far it has come, the figure of the result, and what was predicted."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.explain.figures import Figure
from engine.learned.experiment import Experiment
from engine.numerics.job import JobReport
from graph.lessons.lesson import Choice
from graph.text.messages import _, ngettext
from ui.lessons.text import LessonText
from ui.look.job_bar import JobBar
from ui.look.theme import Theme
from ui.maths.figure_view import TYPE, FigureView


class ExperimentView(QWidget):
    """`cancelled`: the user ends the runs; `again`: they are to be made after all."""

    cancelled = Signal()
    again = Signal()

    def __init__(self, theme: Theme, square: bool = False, predicted: Choice | None = None) -> None:
        super().__init__()
        self._theme, self._since, self._prediction = theme, 0.0, predicted
        self.view = FigureView(theme, square, fills=True)
        self.plan, self.predicted = LessonText(TYPE), LessonText(TYPE)
        self.bar = JobBar(_("Experiment"))
        self.bar.cancelled.connect(self.cancelled)
        self.bar.again.connect(self.again)
        self.bar.setStyleSheet(f"QLabel, QPushButton {{ font-size: {round(TYPE * theme.scale)}px }}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(round(6 * theme.scale))
        for part in (self.plan, self.bar, self.view, self.predicted):
            layout.addWidget(part, 1 if part is self.view else 0)
        self._compare(_("**Your prediction:** {answer}"))

    @property
    def figure(self) -> Figure | None:
        return self.view.figure

    def begin(self, job: Experiment) -> None:
        """The runs of this experiment begin."""
        self._since = time.monotonic()
        runs = len(job.variants) * job.seeds
        trained = ngettext("{count} network is trained", "{count} networks are trained", runs).format(count=runs)
        plan = _("{trained} beside the document, which stays as it is: {variants} variants, {seeds} seeds each.")
        alone = _("{trained} beside the document, which stays as it is.")
        self._say((plan if job.seeds > 1 else alone).format(trained=trained, variants=len(job.variants), seeds=job.seeds))
        self.view.say("")
        self.bar.begin(_("The first network is trained …"))

    def progress(self, report: JobReport) -> None:
        """So many runs are done: how long the others will take follows from them."""
        text = _("Run {done} of {total}").format(done=report.done + 1, total=report.total)
        if report.done:
            left = math.ceil((time.monotonic() - self._since) / report.done * (report.total - report.done))
            text = _("{text}, about {seconds} s left").format(text=text, seconds=left)
        self.bar.show_progress(report.done, report.total, text)

    def show_figure(self, figure: Figure) -> None:
        self.bar.finish()
        self._say("")
        agree = _("✓ **Your prediction:** {answer}. The runs agree.")
        otherwise = _("✕ **Your prediction:** {answer}. The runs say otherwise.")
        self._compare(agree if self._prediction is not None and self._prediction.right else otherwise)
        self.view.show_figure(figure)

    def stop(self, why: str = "") -> None:
        """The runs ended without a result: because of the user, or `why`."""
        self._say(why)
        self.view.say("")
        self.bar.offer(_("The experiment was cancelled.") if not why else "", _("Run again"))

    def _compare(self, said: str) -> None:
        if self._prediction is not None:
            self.predicted.show_text(said.format(answer=self._prediction.text), self._theme)
        self.predicted.setVisible(self._prediction is not None)

    def outdate(self) -> None:
        """The graph is another one: what is drawn, if anything, is about the one before."""
        self.bar.offer(_("The graph has changed since these runs."), _("Run again"))

    def _say(self, text: str) -> None:
        self.plan.show_text(text, self._theme)
        self.plan.setVisible(bool(text))
