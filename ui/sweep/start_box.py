"""Below a form that describes a sweep: how many runs that is and how long they take, the start, progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout

from engine.numerics.job import JobEnd
from engine.sweep.plan import PlanError, SweepPlan
from engine.sweep.results import EstimateJob, SweepEstimate
from graph.text.messages import _, ngettext
from ui.engine_link.work import JobHandle
from ui.look.numbers import count
from ui.look.widgets import button, label
from ui.shell.workspace.workspace import Workspace
from ui.sweep.state import SweepState, duration, ways_text

WAIT_MS = 400
"""From the last change of the form to the estimate."""


class Describes(Protocol):
    """A form. `plan` is what it describes, checked; `complained`: what is wrong is said beside a field."""

    def plan(self) -> SweepPlan: ...

    def complained(self) -> bool: ...

    def enable(self, on: bool) -> None: ...


class StartBox(QObject):
    """`changed`: it can be started now or not, or it was started."""

    changed = Signal()

    def __init__(self, workspace: Workspace, state: SweepState, form: Describes, seen: Callable[[], bool], start: str, tip: str) -> None:
        super().__init__()
        self._workspace, self._state, self._form, self._tip = workspace, state, form, tip
        self.seen = seen
        self.begin = button(start, "primary", tip=tip)
        self.cancel = button(_("Cancel"), tip=_("Stop; the runs that have ended are kept  (Esc)"))
        self.estimate = label("", "small", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the sweep"))
        self.bar.setRange(0, 1000)
        self._plan: SweepPlan | None = None
        self._why = ""
        self._estimating: JobHandle | None = None
        self._known: SweepEstimate | None = None
        self.begin.clicked.connect(lambda _clicked: self.start())
        self.cancel.clicked.connect(lambda _clicked: state.cancel())

    def add_to(self, column: QVBoxLayout) -> None:
        """Put its parts at the end of a column."""
        column.addWidget(self.estimate)
        column.addWidget(self.bar)
        buttons = QHBoxLayout()
        buttons.addWidget(self.begin)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column.addLayout(buttons)

    @property
    def ready(self) -> bool:
        """Whether what is described can be started now."""
        return self._plan is not None and not self._why and not self._state.running

    def described(self) -> None:
        """Another sweep is described, or the same of another document: say how many runs that is, and how long it will take."""
        self.leave_estimate()
        ready = self.ready
        self._known, self._plan = None, None
        try:
            self._plan = self._form.plan()
        except PlanError as error:
            self.estimate.setText("" if self._form.complained() else str(error))
        if self._plan is not None:
            self.say_estimate()
            if self.seen() and not self._state.running:
                self._workspace.work.after_frame(self.ask, self.ask, WAIT_MS)
        self.enable()
        if self.ready != ready:  # menu and palette start it too
            self._workspace.work.after_event(self.described, self._workspace.refresh_actions)

    def ask(self) -> None:
        """Let the engine try a few steps."""
        if self._plan is not None and not self._state.running and not self._why and self.seen():
            job = EstimateJob(self._plan)
            self._estimating = self._workspace.work.job(job, lambda _report, _parts: None, self._estimated, background=True)

    def _estimated(self, end: JobEnd) -> None:
        self._estimating = None
        if isinstance(end.answer, SweepEstimate):
            self._known = end.answer
            self.say_estimate()
        elif end.how == "failed":
            self.estimate.setText(end.text)

    def leave_estimate(self) -> None:
        """Nothing is asked any more."""
        self._workspace.work.drop(self.ask)
        if self._estimating is not None:
            self._estimating.leave()
            self._estimating = None

    def say_estimate(self) -> None:
        """How many runs, and how long they take as far as that is known."""
        if self._plan is None:
            return
        text = ngettext("{count:,} run", "{count:,} runs", self._plan.count).format(count=self._plan.count)
        if self._known is not None:
            seconds = self._state.took(self._plan, self._workspace.document.graph) or self._known.seconds
            steps = ngettext("{count} step", "{count} steps", self._known.steps).format(count=count(self._known.steps))
            text = _("{runs}, {steps}, {time}. {ways}").format(
                runs=text, steps=steps, time=duration(seconds), ways=ways_text(self._known.ways)
            )
        self.estimate.setText(self._why or text)

    def enable(self) -> None:
        """What can be pressed now."""
        running = self._state.running
        focused = self.begin.hasFocus() or self.cancel.hasFocus()
        why, self._why = self._why, self._workspace.why_not_train()
        if why != self._why and not running:
            self.say_estimate()
        self.begin.setVisible(not running)
        self.begin.setEnabled(self.ready)
        self.begin.setToolTip(self._why or self._tip)
        self.cancel.setVisible(running)
        self.bar.setVisible(running)
        self._form.enable(not running)
        if focused:  # the one that is hidden would give it to anything
            (self.cancel if running else self.begin).setFocus()

    def start(self) -> None:
        """Train what is described."""
        if self.ready and self._plan is not None:
            self.leave_estimate()
            self._state.start(self._workspace.document.graph, self._plan)
            self.enable()
            self._workspace.refresh_actions()
            self.changed.emit()

    def say(self) -> None:
        """How far it is."""
        state = self._state
        if state.running:
            self.bar.setValue(round(1000 * state.share))
            left = state.left
            more = ", " + _("{time} left").format(time=duration(left)) if left is not None else ""
            self.estimate.setText(_("{ended:,} of {count:,} runs ended{more}").format(ended=state.ended, count=state.plan.count, more=more))
        elif state.rows or state.message:
            self.say_estimate()
