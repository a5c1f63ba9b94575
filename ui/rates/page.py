"""The page of rates: the plot, what is assumed, what was measured, the fit, and where an assumption fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from engine.learned.rates import Rates, RatesJob
from engine.learned.rates.bounds import Bound
from graph.model.spec import Setting
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.forms.forms import ChoiceField
from ui.forms.number_field import NumberField
from ui.look.numbers import count, number
from ui.look.theme import Theme
from ui.look.widgets import button, clear, label, scrolled
from ui.maths.plots import legend
from ui.rates.plot import RatesPlot, hue_of
from ui.rates.reading import Choices, Reading, quantities
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.present import outdated

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from engine.numerics.job import Job, JobEnd
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

TRAINING_REST = 1.0
HIDDEN = _("A question hides numbers, so the rates are not shown.")
FIRST = _("Train some steps: their gap to the minimum is drawn here.")
CONSTANT_L = Setting("L", "float", None, 0.0, None, title="L", exclusive_minimum=True, logarithmic=True)
CONSTANT_MU = Setting("mu", "float", None, 0.0, None, title="μ", logarithmic=True)
LEAST = Setting("least", "float", None, title="f*")
_QUANTITY = Setting(
    "quantity", "choice", "gap", choices=tuple(quantities()), choice_titles=tuple(quantities().values()), title=_("what is drawn")
)
_AXES = Setting(
    "axes", "choice", "upwards", choices=("upwards", "both"), title=_("axes"),
    choice_titles=(_("semi-log: a factor per step is straight"), _("log-log: a power of t is straight")),
)  # fmt: skip
_CONSTANT = Setting("constant", "choice", "rate", choices=("rate",), title=_("where L comes from"))
FROM = Setting("low", "int", None, 1, None, title=_("first step of the fit"))
TO = Setting("high", "int", None, 2, None, title=_("last step of the fit"))


class RatesPage(Panel):
    """`rates` is the last answer, `reading` what is shown of it."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.rates: Rates | None = None
        self.reading: Reading | None = None
        self.choices = Choices()
        self._why = FIRST
        self._leave: Callable[[], None] | None = None
        self._boxes: dict[str, QCheckBox] = {}
        self._rows: object = None
        """What the rows of the bounds were made for."""
        self._refresh = Refresh(workspace.work, self._answered, 0.2, TRAINING_REST)
        self.plot = RatesPlot()
        self.plot.ranged.connect(self._ranged)
        self.words = label("", "strong", wrap=True)
        self.key = label("", "secondary", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.failed = label("", "complaint", wrap=True)
        self.fitted = label("", "", wrap=True)
        self.fitted.setTextFormat(Qt.TextFormat.RichText)
        self.origin = label("", "secondary", wrap=True)
        self.quantity, self.axes, self.constant = ChoiceField(_QUANTITY), ChoiceField(_AXES), ChoiceField(_CONSTANT)
        self.L, self.mu, self.least = NumberField(CONSTANT_L), NumberField(CONSTANT_MU), NumberField(LEAST)
        self.low, self.high = NumberField(FROM), NumberField(TO)
        self.fill = button("⤢", "quiet")
        self.bounds = QWidget()
        self._bound_rows = QVBoxLayout(self.bounds)
        self._bound_rows.setContentsMargins(0, 0, 0, 0)
        self._bound_rows.setSpacing(2)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._controls = QWidget()
        grid = QGridLayout(self._controls)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        whole: tuple[QWidget, ...] = (self.failed, self.fitted, self.quantity, self.axes, self.bounds, self.constant)
        for row, widget in enumerate(whole):
            grid.addWidget(widget, row, 0, 1, 4)
        row = len(whole)
        fields = ((label("L", "secondary"), self.L), (label("μ", "secondary"), self.mu), (label("f*", "secondary"), self.least))
        for i, (name, field) in enumerate(fields):
            grid.addWidget(name, row + i // 2, 2 * (i % 2))
            grid.addWidget(field, row + i // 2, 2 * (i % 2) + 1)
        grid.addWidget(label(_("Fit"), "secondary"), row + 2, 0)
        grid.addWidget(self.low, row + 2, 1)
        grid.addWidget(label(_("to"), "secondary"), row + 2, 2)
        grid.addWidget(self.high, row + 2, 3)
        grid.addWidget(self.origin, row + 3, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        side = QWidget()
        down = QVBoxLayout(side)
        down.setContentsMargins(0, 0, 4, 0)
        down.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(self.words, 1)
        top.addWidget(self.fill, 0, Qt.AlignmentFlag.AlignTop)
        down.addLayout(top)
        down.addWidget(self.key)
        down.addWidget(self._controls)
        down.addStretch(1)
        self._side = scrolled(side)
        beside = QHBoxLayout(self)
        beside.setContentsMargins(0, 8, 0, 8)
        beside.setSpacing(16)
        beside.addWidget(self.plot.widget, 1)
        beside.addWidget(self._side)

    def _connect(self) -> None:
        for name in ("quantity", "axes", "constant"):
            box: ChoiceField = getattr(self, name)
            box.changed.connect(lambda value, name=name: self._choose(name, value))
        for name in ("L", "mu", "least", "low", "high"):
            field: NumberField = getattr(self, name)
            field.changed.connect(lambda value, name=name: self._choose(name, value))
        self.fill.clicked.connect(lambda _c: self._leave() if self._leave is not None else None)
        self.workspace.visibility.changed.connect(self.ask)

    def first_stop(self) -> QWidget:
        return self.quantity

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._side.setFixedWidth(round(340 * theme.scale))
        self._draw()

    def attach(self, leave: Callable[[], None], large: bool = False) -> None:
        """`leave` fills the window with the page, or, where it is `large`, goes back to the graph."""
        self._leave = leave
        self.fill.setText("✕" if large else "⤢")
        self.fill.setToolTip(_("Close  (Esc)") if large else _("Show this as large as the window; Esc goes back"))
        self.fill.setAccessibleName(_("Close the rates") if large else _("Fill the window"))
        self.ask()

    # choosing

    def _choose(self, name: str, value: object) -> None:
        if name == "quantity":
            self.choices.low = self.choices.high = None
        setattr(self.choices, name, value)
        self._draw()

    def _ranged(self, low: int, high: int) -> None:
        self.choices.low, self.choices.high = low, high
        self.workspace.work.after_frame(self._draw, self._draw)

    def _toggle(self, key: str, wanted: bool) -> None:
        (self.choices.off.discard if wanted else self.choices.off.add)(key)
        self._draw()

    # asking

    def ask(self) -> None:
        """Ask for the rates of the run as it is now, while the page is seen."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self._forget(HIDDEN)
            return
        self._refresh.follow(RatesJob(structure=document.structure, revision=document.revision, run=kernel.progress.run))

    def _answered(self, _job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers:
            return
        if end.how == "done":
            self.rates, self._why = end.answer, ""
        elif end.how == "failed":
            self.rates, self._why = None, end.text
        self._draw()

    def _forget(self, why: str) -> None:
        self._refresh.stop()
        self.rates, self._why = None, why
        self._draw()

    # what is shown

    @property
    def _stale(self) -> bool:
        return self.rates is not None and outdated(self.workspace, self.rates.stamp)

    def _draw(self) -> None:
        self.reading = reading = Reading(self.rates, self.choices) if self.rates is not None else None
        self._controls.setVisible(reading is not None)
        self.plot.widget.setVisible(reading is not None)
        self._say(reading)
        if reading is None:
            return
        self._show_bounds(reading)
        self._show_fields(reading)
        unit = quantities()[reading.quantity]
        first = self.rates.first if self.rates is not None else 0
        steps = _("steps t, logarithmic") if self.choices.axes == "both" else _("steps t")
        bottom = _("{steps}, counted from step {first}").format(steps=steps, first=count(first)) if first else steps
        self.plot.show(reading, self.theme, self._stale, unit, bottom)

    def _say(self, reading: Reading | None) -> None:
        if reading is None:
            self.words.setText(self._why)
            self.key.setText("")
            return
        said = reading.heading
        if self._stale:
            said = _("{said}. The network has changed since.").format(said=said)
        self.words.setText(said)
        fit = [] if reading.fit is None else [("┅", self.theme.highlight, _("fitted"))]
        self.key.setText(legend(("━", self.theme.stale if self._stale else self.theme.forward, _("measured")), *fit))
        self.failed.setVisible(bool(reading.failures))
        self.failed.setText("\n".join(f"✕ {failure.words}" for failure in reading.failures))
        self.fitted.setText(reading.fit_words)
        rates = reading.rates
        notes = [reading.optimum_words, _("Read from the run, made again step by step on a copy.")]
        if rates.samples:
            notes.append(_("f is the objective over all {count} training samples.").format(count=count(rates.samples)))
        if rates.keyed:
            notes.append(_("f draws random numbers: here those of the coming step."))
        if not rates.every:
            notes.append(_("f was computed at {count} of the steps.").format(count=count(len(rates.steps))))
        if rates.variance:
            notes.append(_("σ² = {variance}, the mean of ‖g − ∇f‖² over the mini-batches.").format(variance=number(rates.variance)))
        self.origin.setText("\n".join(notes))

    def _show_bounds(self, reading: Reading) -> None:
        """A row for each bound that the method has, with what it is and assumes, or why it does not fit."""
        method = reading.rates.method
        about = (tuple((bound.key, why) for bound, why in reading.bounds), method, self.theme.name, self.theme.scale)
        if about == self._rows:
            for key, box in self._boxes.items():
                box.setChecked(box.isEnabled() and key not in self.choices.off)
            return
        self._rows = about
        self._boxes = {}
        clear(self._bound_rows)
        if not reading.bounds:
            text = method.why or _("No bound on this is known here for {method}.").format(method=method.title)
            self._bound_rows.addWidget(label(text, "secondary", wrap=True))
        for place, (bound, why) in enumerate(reading.bounds):
            self._bound_row(bound, why, hue_of(place, self.theme))

    def _bound_row(self, bound: Bound, why: str, hue: str) -> None:
        box = self._boxes[bound.key] = QCheckBox(bound.title)
        box.setChecked(not why and bound.key not in self.choices.off)
        box.setEnabled(not why)
        box.setToolTip(why or _("Source: {source}").format(source=bound.source))
        box.setAccessibleDescription(why or f"{bound.formula}. {assumed(bound)}")
        box.clicked.connect(lambda wanted: self._toggle(bound.key, wanted))
        row = QHBoxLayout()
        row.setSpacing(6)
        sign = label("" if why else f'<span style="color:{hue}">━━</span>', "strong")
        sign.setTextFormat(Qt.TextFormat.RichText)
        row.addWidget(sign)
        row.addWidget(box, 1)
        self._bound_rows.addLayout(row)
        self._bound_rows.addWidget(label(why or f"≤ {bound.formula}\n{assumed(bound)}", "secondary", wrap=True))

    def _show_fields(self, reading: Reading) -> None:
        """What is used where nothing is typed stands in the empty fields."""
        shown = ((self.L, reading.L), (self.mu, reading.mu), (self.least, reading.rates.optimum.value))
        for field, value in shown:
            field.lineEdit().setPlaceholderText(number(value))
        for field, value in ((self.low, reading.range[0]), (self.high, reading.range[1])):
            field.set_value(value)
        self.constant.set_choices({constant: reading.constant_words(constant) for constant in reading.constants})
        for box, chosen in ((self.constant, reading.constant), (self.axes, self.choices.axes), (self.quantity, reading.quantity)):
            box.setCurrentIndex(box.findData(chosen))
        self.constant.setEnabled(self.choices.L is None)
        self.L.setToolTip(_("L: the gradient of f changes by at most L times the distance. Empty: as chosen above"))
        self.mu.setToolTip(_("μ: f curves upwards by at least μ. Here: {origin}").format(origin=reading.mu_words))
        self.least.setToolTip(_("f*: the least value of f. Empty: that of the minimum that was found"))

    # what changes

    def set_document(self, document: Document) -> None:
        self.choices = Choices(self.choices.quantity, self.choices.axes, self.choices.constant)
        for field in (self.L, self.mu, self.least):
            field.set_value(None)
        self._forget(FIRST)

    def document_changed(self) -> None:
        if self.rates is not None and self.rates.stamp.structure != self.workspace.document.structure:
            self.rates, self._why = None, FIRST
            self._draw()
        self.ask()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        if self.reading is not None:
            self._say(self.reading)
        self.ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    def end(self) -> None:
        self._refresh.stop()


def assumed(bound: Bound) -> str:
    """What a bound assumes, in words: of the step size, and of f."""
    words = {"smooth": _("f L-smooth"), "convex": _("f convex"), "strong": _("f μ-strongly convex")}
    named = [*([bound.step] if bound.step else []), *(words[name] for name in bound.assumes)]
    if bound.expected:
        named.append(_("in expectation over mini-batches drawn independently"))
    return ", ".join(named)
