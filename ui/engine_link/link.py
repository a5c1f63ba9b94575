"""The kernel as the window sees it: a `KernelClient` driven by Qt's event loop, with signals."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from engine.compile.spot import Spot
from engine.compile.visible import Hidden
from engine.explain.question import Question
from engine.kernel.client import KernelClient, kept_edit
from engine.kernel.job_client import OnEnd, OnProgress
from engine.kernel.process import WORKER, KernelProcess
from engine.kernel.protocol import (
    Command,
    GoTo,
    Pace,
    Pause,
    Progress,
    Reset,
    ShowComing,
    Start,
    StepBack,
    StepOnce,
    StopAt,
    TrainedEdit,
)
from engine.numerics.job import Job
from engine.training.curve import Point, curve_of
from engine.training.losses import Losses
from graph.model.address import Address
from graph.model.edits import Compound, Edit
from graph.model.graph import GraphError
from graph.model.run_record import RunRecord
from graph.storage.document import Change, Document
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun
from graph.text.messages import _
from ui.look.schedule import Schedule

if TYPE_CHECKING:
    import numpy as np

    from engine.explain.condition import Condition
    from engine.kernel.waiting import WaitingDocument

WINDOWS_POLL_MS = 4
"""Windows' pipes cannot be watched by the event loop: there a timer looks, and only while an answer is outstanding."""


class Kernel(QObject):
    """Signals arrive in the window's thread. No timer runs and nothing is sent while nothing trains and nothing was edited.

    `traced` bears a `TraceView`, `progressed` a `Progress` (its `points` are the new ones; `curve` has all of its run), `handed` a
    `SavedState`, while training about every two seconds, `status` one of starting, ready, training, dead and a text for the person, empty
    when there is nothing to say.
    """

    traced = Signal(object)
    progressed = Signal(object)
    waiting_progressed = Signal(object)
    """The same of the document that waits (`waiting`)."""
    handed = Signal(object)
    status = Signal(str, str)

    def __init__(self, parent: QObject | None = None, worker: str = WORKER, process: KernelProcess | None = None) -> None:
        super().__init__(parent)
        self.curves: dict[int, list[Point]] = {}
        """The points of each run's curve received so far, by the run's id."""
        self.losses: dict[int, Losses] = {}
        """The loss of every step of each run."""
        self._document: Document | None = None
        self._pace: float | None = None
        self._keeps = False
        self._was_slow = False
        self._notifier: QSocketNotifier | None = None
        self._watched: int | None = None
        self._client = KernelClient(worker, process=process)
        self._client.on_trace = self.traced.emit
        self._client.on_progress = self._on_progress
        self._client.on_status = self.status.emit
        self._client.on_state = self.handed.emit
        self._client.runs.losses = self.losses.get
        self._schedule = Schedule(self)
        self._client.start()
        self._watch()

    # --- state ----------------------------------------------------------------------------------------------------------

    @property
    def progress(self) -> Progress:
        return self._client.progress

    @property
    def curve(self) -> list[Point]:
        """The points of the run that is shown."""
        return self.curves.get(self.progress.run, [])

    @property
    def steps(self) -> Losses | None:
        """The loss of every step of the run that is shown; None where there is none."""
        return self.losses.get(self.progress.run)

    @property
    def runs(self) -> dict[int, RunRecord]:
        """The records of all runs of the document by id, the present one as it is now."""
        records = {run: saved.record for run, saved in self._client.runs.saved.items()}
        present = self.progress.record
        return records if present is None else records | {present.id: present}

    def saved_runs(self) -> tuple[SavedRun, ...]:
        """All runs of the document, whole; the present one as it was at the newest state that the engine handed over."""
        return self._client.all_runs()

    def document_text(self, key: str) -> str:
        """The graph of this `computation_key`, as a document, where a run trained it; else empty."""
        return self._client.runs.graph_texts.get(key, "")

    @property
    def training(self) -> bool:
        return self._client.training

    @property
    def ready(self) -> bool:
        """Whether everything training needs is loaded."""
        return self._client.ready

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is still to be answered."""
        return self._client.busy

    @property
    def pid(self) -> int | None:
        return self._client.pid

    def current(self) -> bool:
        """Whether the last trace belongs to the document as it is now."""
        return self._client.current()

    # --- requests -------------------------------------------------------------------------------------------------------

    def attach(self, document: Document, written: str = "") -> None:
        """Work for this document from now on. `written`: its graph's text, where there is one."""
        if self._document is not None:
            self._document.changed.disconnect(self._on_change)
        waited, self._document = self.waiting, document
        if waited is None and not self._keeps:
            self.curves.clear()
            self.losses.clear()
        self._keeps = False
        for saved in document.runs if waited is None else ():
            curve = curve_of(saved)
            self.curves[saved.record.id], self.losses[saved.record.id] = curve.points, curve.losses
        self._client.attach(document, written)
        if self.waiting is not None and waited is None:
            self.waiting.on_progress = self._on_waiting_progress
        document.changed.connect(self._on_change)
        self._watch()

    def keep(self) -> None:
        """The document that is attached now stays in the engine when the next one is, as `waiting`, until it is attached again."""
        self._keeps = True
        self._client.keep()

    @property
    def waiting(self) -> WaitingDocument | None:
        """The document that stays in the engine while another one is shown: it can still be edited, trained and asked."""
        return self._client.waiting

    def new_run(self) -> int:
        """An id for a run that is made beside the present one."""
        return self._client.new_run()

    def adopt(self, saved: SavedRun) -> None:
        """One more run of the document, under an id of `new_run`."""
        curve = curve_of(saved)
        self.curves[saved.record.id], self.losses[saved.record.id] = curve.points, curve.losses
        self._client.adopt(saved)
        self.progressed.emit(self.progress)
        self._watch()

    def evaluate_soon(self) -> None:
        """Ask for a trace once the event loop is idle; edits ask by themselves."""
        self._client.wish_trace()
        self._schedule.after_event("edits", self._pump)

    def progress_soon(self) -> None:
        """Ask for progress once the event loop is idle: something was noted with the run that no step brings to the window."""
        self._client.wish_progress()
        self._schedule.after_event("edits", self._pump)

    def point_out(self, spot: Spot | None) -> None:
        """Show one sample instead of the demonstration batch, or that again."""
        self._client.point_out(spot)
        self._watch()

    def show_goal(self, goal: int | None) -> None:
        """Show the gradients of this one of several objectives; None: of the first, or of the one whose turn a step is."""
        self._client.show_goal(goal)
        self._watch()

    def wait_values(self, ms: int = 12) -> bool:
        """Block for up to `ms` until the values of the newest edit are here (`traced` is emitted meanwhile); True when they are."""
        fresh = self._client.wait(ms / 1000)
        self._watch()
        return fresh

    def start(self, steps: int | None = None) -> None:
        """Start or continue training; with a number, pause after that many steps."""
        if self._pace is not None or self._was_slow:
            self._client.command(Pace(self._client.run, self._pace))
            self._was_slow = self._pace is not None
        self._command(Start(self._client.run, steps))

    def set_pace(self, steps_per_second: float | None) -> None:
        """Train so many steps a second at most from now on; as fast as it goes without a number."""
        if steps_per_second != self._pace:
            self._pace = steps_per_second
            self._client.slow = steps_per_second is not None
            if self.training:
                self._was_slow = steps_per_second is not None
                self._command(Pace(self._client.run, self._pace))

    @property
    def pace(self) -> float | None:
        """How many steps a second are made at most."""
        return self._pace

    def pause(self) -> None:
        self._command(Pause(self._client.run))

    def step_once(self) -> None:
        """One optimizer step, then pause."""
        self._command(StepOnce(self._client.run))

    def back(self, steps: int = 1) -> None:
        """Undo optimizer steps exactly, within the steps that are held (`Progress.reachable`)."""
        self._command(StepBack(self._client.run, steps))

    def to_iteration(self, step: int, run: int | None = None, check: bool = True) -> None:
        """To a step this run was at, or another one, exactly; `check`: compare what is made again for it with what is stored."""
        self._command(GoTo(self._client.run if run is None else run, step, check))

    def debug(self, on: bool) -> None:
        """While nothing trains, show the pass of the coming step over its own mini-batch, or the demonstration batch again."""
        self._command(ShowComing(self._client.run, on))

    def stop_at(self, conditions: Iterable[Condition]) -> None:
        """Let training pause where one of these comes to be met."""
        self._command(StopAt(self._client.run, tuple(conditions)))

    def reset(self) -> None:
        """Return to the document's values; the curves start again."""
        self._command(Reset(self._client.run, self._client.new_run()))

    def take_back_reset(self) -> None:
        """Return to the run before the last reset; the present one takes its place."""
        if self.progress.run_before_reset:
            self._command(GoTo(self.progress.run_before_reset, self.progress.before_reset, check=False))

    def restart(self) -> None:
        """Start the engine again after it gave up."""
        self._client.restart()
        self._watch()

    def request_array(self, address: Address, callback: Callable[[np.ndarray | None], None]) -> None:
        """Call back with the whole array at an address, or None when there is none."""
        self._client.request_array(address, callback)
        self._watch()

    def hide(self, hidden: Callable[[], Hidden]) -> None:
        """Ask this before every question and every array: what is hidden is in no answer."""
        self._client.hidden = hidden

    def ask(self, question: Question, callback: Callable[[Any], None]) -> None:
        """Call back with the answer for the document as it is now, or with a `Refusal`; never once another document is attached."""
        self._client.ask(question, callback)
        self._watch()

    def hold(self, held: bool) -> None:
        """Keep the document from the engine as long as it waits for its data; the engine goes on with what it has."""
        self._client.hold(held)
        self._watch()

    def job(self, job: Job, progress: OnProgress, end: OnEnd) -> int:
        """Start long work (see `Work.job`); its number."""
        number = self._client.job(job, progress, end)
        self._watch()
        return number

    def cancel_job(self, number: int) -> None:
        self._client.cancel_job(number)
        self._watch()

    def keep_values(self, done: Callable[[str], None] = lambda text: None) -> None:
        """Make the trained values part of the document by one undoable edit; `done` gets "" or why that was refused."""
        document = self._document

        def keep(edit: Edit) -> None:
            if isinstance(edit, Compound) and not edit.edits:
                done(_("There are no trained values to keep."))
                return
            try:
                assert document is not None
                document.do(edit)
            except GraphError as error:
                done(str(error))
            else:
                done("")

        self.present_values(keep)

    def present_values(self, show: Callable[[Edit], None]) -> None:
        """Ask for the edit that makes the values on the screen the document's; it comes unless another document is shown by then."""
        document = self._document

        def came(kept: TrainedEdit) -> None:
            if document is not None and document is self._document:
                show(kept_edit(document, kept))

        self._client.request_kept(came)
        self._watch()

    def request_state(self) -> int:
        """Ask for the trained values as they are now, between two steps; the number is for `state_arrived` and `wait_state`."""
        wanted = self._client.request_state()
        self._watch()
        return wanted

    def state_arrived(self, wanted: int) -> bool:
        """Whether `known_values` are those that were asked for, or no newer ones can come."""
        return self._client.state_arrived(wanted)

    def wait_state(self, wanted: int, seconds: float) -> bool:
        """Block for up to `seconds`, until they have arrived; True when they have."""
        arrived = self._client.wait_state(wanted, seconds)
        self._watch()
        return arrived

    @property
    def known_values(self) -> SavedState | None:
        """The newest trained values that the engine handed over; None where there are only the document's own."""
        known = self._client.known_state
        return known if known is not None and known.step else None

    def shutdown(self) -> None:
        """End the process; nothing is emitted afterwards."""
        self._schedule.end()
        self._unwatch()
        if self._document is not None:
            self._document.changed.disconnect(self._on_change)
            self._document = None
        self._client.shutdown()

    # --- the event loop -------------------------------------------------------------------------------------------------

    def _command(self, command: Command) -> None:
        self._client.command(command)
        self._watch()

    def _on_change(self, change: Change) -> None:
        # Not at once: the ticks of one gesture, and all edits of one event, make one request.
        self._schedule.after_event("edits", self._pump)

    def _on_progress(self, progress: Progress) -> None:
        self._take_points(progress)
        self.progressed.emit(progress)

    def _on_waiting_progress(self, progress: Progress) -> None:
        self._take_points(progress)
        self.waiting_progressed.emit(progress)
        self._schedule.after_event("look", self._watch)

    def _take_points(self, progress: Progress) -> None:
        curve = self.curves.setdefault(progress.run, [])
        del curve[progress.first_point :]
        curve.extend(progress.points)
        if progress.losses is not None:
            self.losses.setdefault(progress.run, Losses()).take(progress.losses)

    def _pump(self) -> None:
        self._client.pump()
        self._watch()

    def _watch(self) -> None:
        """Be woken by the next answer, and by the clock only while something trains."""
        process, descriptor = self._client.pid, self._client.fileno()
        if process != self._watched:  # not the descriptor: a new kernel's may bear the old one's number
            self._unwatch()
            if descriptor is not None and os.name != "nt":
                self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
                self._notifier.activated.connect(self._pump)
                self._watched = process
        due = self._client.due()
        if due is not None or (os.name == "nt" and self._client.busy):
            wait = WINDOWS_POLL_MS if due is None else max(1, round(due * 1000))
            self._schedule.after_frame("look", self._pump, min(wait, WINDOWS_POLL_MS) if os.name == "nt" and self._client.busy else wait)

    def _unwatch(self) -> None:
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        self._watched = None
