"""The stability gauge of the training page: the learning rate against the curvature, and what the coming step is going to do."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from engine.curvature.gauge import Forecast, Gauge, GaugeReading
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.widgets import label
from ui.shell.workspace.present import outdated
from ui.training.along_run import AlongRun
from ui.training.optimizer_part import rate_of
from ui.training.rate_scale import Mark, RateScale

if TYPE_CHECKING:
    from engine.numerics.job import Job, JobEnd
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

REST, TRAINING_REST = 0.1, 0.25
"""Least seconds between two readings, at rest and while something trains."""
KEPT = 16
"""So many readings are kept: the newest is about the coming step, an earlier one about the step that was made last."""
LEAST = 1e-6
"""An increase below this share of f is no reason for a warning."""
OPENED = "training_gauge"
HIDDEN = _("Numbers are hidden until they are predicted, so the curvature is not measured now.")
WAITING = _("Measuring the curvature …")


class StabilityPart(QWidget):
    """A header that opens the gauge. While it is open and seen, the curvature is measured; else nothing is asked for.

    `rate_chosen` carries a learning rate; `settled` surrounds a change that is one step of undo.
    """

    rate_chosen = Signal(float)
    settled = Signal()
    turned = Signal(bool)
    """It was opened or closed."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._readings: deque[GaugeReading] = deque(maxlen=KEPT)
        self._failed = ""
        self._refresh = Refresh(workspace.work, self._show, REST, TRAINING_REST)
        self.header = QToolButton()
        self.header.setText(_("Step size and curvature"))
        self.header.setAccessibleName(_("Step size and curvature"))
        self.header.setToolTip(_("Measure the largest curvature λmax, and show which learning rates are stable"))
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setArrowType(Qt.ArrowType.RightArrow)
        self.warning = label("", "notice", wrap=True)
        self.scale = RateScale()
        self.curvature, self.edge = label("", "strong", wrap=True), label("", "small", wrap=True)
        self.made, self.about = label("", "small", wrap=True), label("", "small", wrap=True)
        self.along = AlongRun(workspace)
        self.body = QWidget()
        down = QVBoxLayout(self.body)
        down.setContentsMargins(0, 0, 0, 4)
        down.setSpacing(4)
        for widget in (self.warning, self.scale, self.curvature, self.edge, self.made, self.about, self.along):
            down.addWidget(widget)
        head = QHBoxLayout()
        head.addWidget(self.header)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.body)
        self.body.hide()
        self.header.toggled.connect(self._turn)
        self.scale.chosen.connect(self.rate_chosen)
        self.scale.settled.connect(self.settled)
        self.header.setChecked(workspace.settings.flag(OPENED))

    @property
    def is_open(self) -> bool:
        return self.header.isChecked()

    def open(self, on: bool = True) -> None:
        self.header.setChecked(on)

    def _turn(self, opened: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.body.setVisible(opened)
        self._workspace.settings.set(OPENED, opened)
        self.look()
        self.turned.emit(opened)

    def set_theme(self, theme: Theme) -> None:
        self.scale.set_theme(theme)

    def clear(self) -> None:
        """Another document: nothing of the old one stays."""
        self._stop()
        self._readings.clear()
        self._failed = ""
        self.look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._stop()

    def _stop(self) -> None:
        self._refresh.stop()
        self.along.stop()

    # asking

    def look(self) -> None:
        """Ask for what there is now, and show what is known."""
        kernel, document = self._workspace.kernel, self._workspace.document
        if not (self.is_open and self.isVisible()):
            self._stop()
            return
        if kernel is None or self._workspace.visibility.hides_numbers:
            self._stop()
        else:
            self._refresh.follow(Gauge(document.structure, document.revision, kernel.progress.run))
        self._draw()

    def _show(self, job: Job, end: JobEnd) -> None:
        if end.how == "done" and isinstance(end.answer, GaugeReading) and not self._workspace.visibility.hides_numbers:
            self._failed = ""
            self._take(end.answer)
            kernel = self._workspace.kernel
            if kernel is not None and not kernel.training:
                kernel.progress_soon()  # it is a point of the run's curve now
        elif end.how == "failed":
            self._failed = end.text
        self._draw()

    def _take(self, reading: GaugeReading) -> None:
        """A reading replaces those of the same step and of later ones: the run went back, or a setting is another one."""
        kept = [other for other in self._readings if other.run == reading.run and other.step < reading.step]
        self._readings = deque([*kept, reading], maxlen=KEPT)

    # showing

    @property
    def newest(self) -> GaugeReading | None:
        """The newest reading; None where there is none of this document."""
        reading = self._readings[-1] if self._readings else None
        return reading if reading is not None and reading.structure == self._workspace.document.structure else None

    @property
    def last_made(self) -> tuple[int, Forecast] | None:
        """The step that was made last, by its number, and what is known of it; while something trains, the newest one of which
        something is known."""
        kernel, newest = self._workspace.kernel, self.newest
        if kernel is None or newest is None or newest.run != kernel.progress.run:
            return None
        step = kernel.progress.step
        if newest.made is not None and newest.step == step:
            return step, newest.made
        earlier = (r for r in reversed(self._readings) if r.step < step and r.structure == newest.structure)
        return next(((r.step + 1, r.forecast) for r in earlier if kernel.training or r.step == step - 1), None)

    @property
    def stale(self) -> bool:
        """Whether the numbers are those of other weights than the present ones."""
        return self.newest is None or outdated(self._workspace, self.newest.stamp)

    def _draw(self) -> None:
        newest, document = self.newest, self._workspace.document
        hidden = self._workspace.visibility.hides_numbers
        rate = None if document.read_only else rate_of(document)
        if hidden or newest is None or self._failed:
            self.scale.show_rates(rate, (), False)
            self.curvature.setText(HIDDEN if hidden else self._failed or WAITING)
            for text in (self.warning, self.edge, self.made, self.about):
                text.hide()
            self.along.look(False)
            return
        stale, training = self.stale, self._workspace.kernel is not None and self._workspace.kernel.training
        self.along.look(not stale and not training)
        self.scale.show_rates(rate, marks_of(newest), stale)
        self._say(self.curvature, curvature_text(newest), stale)
        self._say(self.edge, edge_text(newest), stale)
        made = self.last_made
        self._say(self.made, "" if made is None else made_text(*made), False)
        self._say(self.about, about_text(newest), False)
        self._say(self.warning, "" if stale or training else warning_text(newest), False)

    def _say(self, where: QWidget, text: str, stale: bool) -> None:
        where.setText(text)  # type: ignore[attr-defined]
        where.setVisible(bool(text))
        where.setEnabled(not stale)


def marks_of(reading: GaugeReading) -> tuple[Mark, ...]:
    """The rates to mark: 1/λmax and 2/λmax for steps along the gradient, and where the optimizer's own steps begin to grow."""
    edge, sharpness = reading.edge, reading.sharpness
    own = edge.rate if edge is not None else None
    marks = []
    if sharpness > 0 and (edge is None or not edge.preconditioned):
        marks = [Mark(1 / sharpness, "1/λ"), Mark(2 / sharpness, "2/λ", own is not None and math.isclose(own, 2 / sharpness))]
    if own is not None and not any(mark.here for mark in marks):
        marks.append(Mark(own, _("limit"), True))
    return tuple(marks)


def curvature_text(reading: GaugeReading) -> str:
    """λmax in a line, and the two rates in the next."""
    size = reading.sharpness
    if not math.isfinite(size):
        return _("λmax is {number}: the curvature is not finite.").format(number=number(size))
    if size <= 0:
        return _("λmax = {size}: f curves upwards in no direction here.").format(size=number(size))
    return _("λmax = {size}\n1/λmax = {one} · 2/λmax = {two}").format(size=number(size), one=number(1 / size), two=number(2 / size))


def edge_text(reading: GaugeReading) -> str:
    """Where the rate lies between the marks."""
    edge, rate = reading.edge, number(reading.rate)
    if edge is None:
        return reading.no_edge
    if not math.isfinite(edge.curvature):
        return ""
    if edge.rate is None:
        return _("This curvature limits no learning rate.")
    if edge.preconditioned:
        text = _("λmax(P⁻¹∇²f) = {size}, P the optimizer’s divisors; steps grow above {formula} = {limit}, that is above η = {own}.")
        return text.format(size=number(edge.curvature), formula=edge.formula, limit=number(edge.limit), own=number(edge.rate))
    if edge.formula != "2/η":
        text = _("Steps grow where λmax is above {formula} = {limit}, that is above η = {own}.")
        return text.format(formula=edge.formula, limit=number(edge.limit), own=number(edge.rate))
    if reading.rate > edge.rate:
        return _("η = {rate} is above 2/λmax: along the most curved direction every step is longer than the one before.").format(rate=rate)
    if 2 * reading.rate > edge.rate:
        return _("η = {rate} is above 1/λmax: steps overshoot along the most curved direction, and still get shorter.").format(rate=rate)
    return _("η = {rate} is below 1/λmax: steps overshoot in no direction.").format(rate=rate)


def made_text(step: int, forecast: Forecast) -> str:
    """What a step did, beside what was predicted."""
    text = _("Step {step} changed f by {achieved}. Predicted: {model} (second order), at most {lemma} (descent lemma with L = λmax).")
    return text.format(
        step=count(step), achieved=signed(forecast.achieved), model=signed(forecast.model), lemma=signed(forecast.lemma)
    )  # fmt: skip


def warning_text(reading: GaugeReading) -> str:
    """A warning where the coming step is too long by the second-order model: it goes downhill at first, and ends higher.

    Of a step that begins uphill, as the noise of a mini-batch or momentum can make it, the length is not the cause.
    """
    forecast = reading.forecast
    if not (forecast.slope < 0 and forecast.model > LEAST * abs(forecast.value)):
        return ""
    text = _("The coming step is too long: by the second-order model it raises f by {size}, from {value}.")
    return text.format(size=number(forecast.model), value=number(forecast.value))


def about_text(reading: GaugeReading) -> str:
    """Which function f is; empty without data, where it is the objective that the graph shows."""
    if not reading.of:
        return ""
    if reading.rows < reading.of:
        text = _("f: the objective over {rows} of {count} training samples, evenly spaced.")
        return text.format(rows=count(reading.rows), count=count(reading.of))
    text = _("f: the objective over all {count} training samples.")
    return text.format(count=count(reading.of)) + ("" if reading.whole else " " + _("A step is made from a mini-batch."))


def signed(value: float) -> str:
    """A change, with its sign."""
    return ("+" if value > 0 else "") + number(value)
