"""The window's side of the kernel: starts the process, keeps it in step with the document, pulls answers. No Qt, no torch, no threads.

The owner of a client calls `pump()` when something arrived (`fileno()` becomes readable), when `due()` seconds have passed,
and after asking for something. Nothing here blocks except `wait`, up to its timeout.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from engine.compile.spot import Spot
from engine.compile.views import TraceView
from engine.compile.visible import NOTHING, Hidden
from engine.explain.question import Question, Refusal
from engine.kernel.job_client import JobClient, OnEnd, OnProgress
from engine.kernel.outgoing import OutgoingEdits, resumption
from engine.kernel.process import WORKER, KernelProcess
from engine.kernel.protocol import (
    LASTING,
    Adopt,
    Command,
    GoTo,
    Load,
    Pause,
    Progress,
    Reply,
    Request,
    Reset,
    ShowComing,
    Start,
    TrainedEdit,
)
from engine.kernel.run_mirror import RunMirror
from engine.kernel.state_requests import StateRequests
from engine.kernel.waiting import WaitingDocument
from engine.numerics.job import Job
from graph.model.address import Address
from graph.model.edits import Edit, edit_from_json
from graph.storage.document import Change, Document
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun
from graph.text.messages import _

if TYPE_CHECKING:
    import numpy as np


PROGRESS_INTERVAL = TRACE_INTERVAL = 1 / 12
"""Seconds between two looks at a running training, at least. What the window paints takes time that on two cores the trainer feels."""
LOOK_SHARE, SELDOM = 0.015, 0.5
"""The part of the kernel's time that looks may take, which makes them less frequent; how many seconds there are between two at most."""
TOGETHER = 0.025
"""Seconds that a look at the training may wait for one at a job."""
DEATHS, DEATH_WINDOW = 3, 30.0
CLOSED, CLOSED_AT_START = 4.0, 15.0
"""Seconds from which on work for a document that was closed costs more than another kernel; the same of the first work of a kernel, which
contains its start."""

Status = Literal["starting", "ready", "training", "dead"]
ArrayCallback = Callable[["np.ndarray | None"], None]
KeptCallback = Callable[[TrainedEdit], None]
AnswerCallback = Callable[[Any], None]


@dataclass(slots=True)
class Wishes:
    """What the next request will ask for."""

    trace: bool = True
    progress: bool = False


class KernelClient:
    """Keeps one kernel process busy with one document. `on_trace`, `on_progress` and `on_status` are called from `pump` and `wait`.

    `process`: one that was started before.
    """

    def __init__(self, worker: str = WORKER, clock: Callable[[], float] = time.monotonic, process: KernelProcess | None = None) -> None:
        self.on_trace: Callable[[TraceView], None] = lambda trace: None
        self.on_progress: Callable[[Progress], None] = lambda progress: None
        self.on_status: Callable[[Status, str], None] = lambda status, text: None
        self.on_state: Callable[[SavedState], None] = lambda state: None
        self.hidden: Callable[[], Hidden] = lambda: NOTHING
        """Says what answers and arrays may not contain now."""
        self.progress = Progress()
        self.run = 0
        """The id of the run that commands are for."""
        self.status: Status = "starting"
        self.ready = False
        self.traced_revision = -1
        self._worker, self._clock = worker, clock
        self._process = process
        self._document: Document | None = None
        self._document_number = self._last_document = 0
        self._left_documents: tuple[int, ...] = ()
        self._spot: Spot | None = None
        self._goal: int | None = None
        self._number = 0
        self._outstanding: Request | None = None
        self._sent_at = 0.0
        self._wishes = Wishes()
        self._outgoing = OutgoingEdits(text=True)
        self.waiting: WaitingDocument | None = None
        """The document that stays in the kernel while another one is shown."""
        self._keeps = self._waiting_next = False
        self._attachments_sent: set[str] = set()
        self._commands: list[Command] = []
        self.runs = RunMirror()
        self._arrays: dict[Address, list[ArrayCallback]] = {}
        self._questions: dict[Question, list[AnswerCallback]] = {}
        self._jobs = JobClient()
        self._held = False
        self._sent_document = 0
        """The number of the document that the kernel has."""
        self._kept: list[KeptCallback] = []
        self._lasting: dict[str, Any] = {}
        self._states = StateRequests()
        self._last_trace = self._last_progress = -1e9
        self._look_interval = TRACE_INTERVAL
        self.slow = False
        """Whether training makes single steps so slowly that there is nothing new to show most of the time."""
        self._traced_step = -1
        self._deaths: list[float] = []
        self._news = ""
        self._closed = False

    # --- life -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process; call it before anything slow, so that torch loads while the window opens."""
        if self._process is None and not self._closed:
            self._process = KernelProcess(self._worker)

    def restart(self) -> None:
        """Start again after three crashes, when the user asks for it."""
        self._deaths.clear()
        if self._process is None:
            self._revive("")

    def shutdown(self) -> None:
        """End the process. Idempotent."""
        self._closed = True
        self._detach()
        if self._process is not None:
            self._process.close(self._number)
            self._process = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def fileno(self) -> int | None:
        """The descriptor that becomes readable when an answer arrives or the kernel dies; None without a process."""
        return self._process.fileno() if self._process else None

    @property
    def training(self) -> bool:
        return self.progress.phase == "training"

    @property
    def busy(self) -> bool:
        """Whether an answer is outstanding."""
        return self._outstanding is not None

    # --- what can be asked for ------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """The document that is attached now stays in the kernel when the next one is, until it is attached again itself."""
        self._keeps = True

    def attach(self, document: Document, written: str = "") -> None:
        """Work for this document from now on; answers about another one are dropped. `written`: its graph's text, where there is one."""
        keeps, self._keeps = self._keeps and self._document is not None and self.waiting is None, False
        leaving = [Pause(self.run)] if self.training and not keeps else []
        left = self._document
        self._detach()
        if keeps and left is not None:
            self.waiting = WaitingDocument(self, left, self._document_number, self.run, self.runs, self.progress)
            self.waiting.adopt_requests(self._outgoing, self._commands, self._sent_document != self._document_number)
            self.runs = self.runs.beside()
        elif self._sent_document:
            self._left_documents += (self._sent_document,)
        self._document = document
        document.changed.connect(self._on_change)
        self._last_document += 1
        self._document_number = self._last_document
        self._outgoing = OutgoingEdits(True, written)
        self._wishes = Wishes(progress=True)
        self._commands = list(leaving)  # should this document have to wait, the last one's training does not go on behind it
        self._arrays.clear()
        self._questions.clear()
        self._kept.clear()
        self._states.wanted = self._states.owed = False
        self._spot = self._goal = None
        debugging = self.progress.debugging
        if self.waiting is not None and self.waiting.document is document:
            self._take_back(self.waiting)
        else:
            self._begin(document, debugging)
        self.traced_revision = -1
        self._jobs.outdated()  # last: its callbacks may ask for more
        self.start()
        self.pump()

    def _begin(self, document: Document, debugging: bool) -> None:
        """The runs of a document that the kernel does not have."""
        self.run = self.runs.attach(document)
        if document.runs:
            self._commands.append(Adopt(self.run, document.runs))
        if document.state is not None:
            self._commands.append(Load(self.run, document.state))
        if debugging:
            self._commands.append(ShowComing(self.run, True))
        self.progress = Progress()

    def _take_back(self, waiting: WaitingDocument) -> None:
        """Go on with the document that waited."""
        waiting.leave()
        self.waiting = None
        self._document_number = self._sent_document = waiting.number
        self._outgoing, self._commands = waiting.edits, waiting.commands
        self.run, self.progress = waiting.run, waiting.progress
        self.runs = waiting.runs.after(self.runs)

    def wish_progress(self) -> None:
        """Let the next request bring progress."""
        self._wishes.progress = True

    def wish_trace(self) -> None:
        """Ask for a new trace although nothing was edited, with the next `pump`."""
        self._wishes.trace = True

    def point_out(self, spot: Spot | None) -> None:
        """Show one sample instead of the demonstration batch, or that again."""
        if spot != self._spot:
            self._spot = spot
            self._wishes.trace = True
            self.pump()

    def show_goal(self, goal: int | None) -> None:
        """Show the gradients of this one of several objectives; None: of the first, or of the one whose turn a step is."""
        if goal != self._goal:
            self._goal = goal
            self._wishes.trace = True
            self.pump()

    def new_run(self) -> int:
        """An id for a run that is about to begin."""
        return self.runs.new_id()

    def adopt(self, saved: SavedRun) -> None:
        """One more run of the document, made beside the present one under an id of `new_run`."""
        self.runs.saved[saved.record.id] = saved
        self._commands.append(Adopt(self.run, (saved,)))
        self._wishes.progress = True
        self.pump()

    def command(self, command: Command) -> None:
        """Have this done with its run; the answer brings progress and a trace."""
        if isinstance(command, GoTo) and self._commands and isinstance(self._commands[-1], GoTo):
            self._commands.pop()  # a slider that is dragged: only the newest place counts
        self._commands.append(command)
        if isinstance(command, Reset):
            self.run = command.successor
        elif isinstance(command, GoTo):
            self.run = command.run
        self._wishes.progress = self._wishes.trace = True
        if not isinstance(command, Start) and not (isinstance(command, GoTo) and not command.check):
            self._states.wanted = True
        self.pump()

    def request_array(self, address: Address, callback: ArrayCallback) -> None:
        """One full array, or None when there is none."""
        self._arrays.setdefault(address, []).append(callback)
        self.pump()

    def ask(self, question: Question, callback: AnswerCallback) -> None:
        """Call back with the answer for the document as it is now, or with a `Refusal`; never when the document is changed for another."""
        self._questions.setdefault(question, []).append(callback)
        self.pump()

    def hold(self, held: bool) -> None:
        """Keep the document here as long as it waits for something, such as its data; the kernel continues with what it has.

        Jobs, progress, Pause and the trained values go through; all else is sent when it is let go.
        """
        self._held = held
        if not held:
            self._wishes.trace = True
        self.pump()

    def job(self, job: Job, progress: OnProgress, end: OnEnd) -> int:
        """Start long work; its number. `progress` hears reports and parts of the answer as they come, `end` how it ended, once.

        A job about the document ends as outdated as soon as the document or its trained values change.
        """
        number = self._jobs.add(job, progress, end)
        if self._process is None:
            self._jobs.failed(_("The engine is not running."))
        self.pump()
        return number

    def cancel_job(self, number: int) -> None:
        """End a job at once, here; in the kernel at the next point where it can be left."""
        self._jobs.cancel(number)
        self.pump()

    def request_kept(self, callback: KeptCallback) -> None:
        """The trained values as an edit; `engine.kernel.client.kept_edit` makes it ready for the document."""
        self._kept.append(callback)
        self.pump()

    def current(self) -> bool:
        """Whether the last trace shown belongs to the document as it is now."""
        return self._document is not None and self.traced_revision == self._document.revision

    def wait(self, seconds: float) -> bool:
        """Take answers for up to `seconds`, until the trace belongs to the newest edit. Returns whether it does."""
        end = self._clock() + seconds
        self.pump()
        while not self.current() and self._process is not None:
            left = end - self._clock()
            if left <= 0:
                return False
            self._process.poll(min(left, self._until_abandoned))
            self.pump()
        return self.current()

    def request_state(self) -> int:
        """Ask for the trained values as they are now, between two steps; `state_arrived` takes this number."""
        self._states.wanted = True
        wanted = self.next_number()
        self.pump()
        return wanted

    def next_number(self) -> int:
        """The number that the next request will have."""
        return self._number + 1

    @property
    def gone(self) -> bool:
        """Whether no kernel answers now."""
        return self._process is None or self.status in ("starting", "dead")

    def state_arrived(self, wanted: int) -> bool:
        """Whether `known_state` is what was asked for; also where nothing newer can come, because the engine is not running."""
        return self.gone or self._states.answered(wanted)

    def wait_state(self, wanted: int, seconds: float) -> bool:
        """Take answers for up to `seconds`, until the state asked for is here. Returns whether it is."""
        return self.wait_for(lambda: self.state_arrived(wanted), seconds)

    def wait_for(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Take answers for up to `seconds`, until `arrived`. Returns whether it is so."""
        end = self._clock() + seconds
        while not arrived() and self._process is not None:
            left = end - self._clock()
            if left <= 0:
                return False
            self._process.poll(min(left, self._until_abandoned))
            self.pump()
        return True

    @property
    def _interval(self) -> float:
        """Seconds between two looks at the training; at single steps that are made slowly it costs nothing to look at each."""
        return TRACE_INTERVAL if self.slow else self._look_interval

    # --- the pull -------------------------------------------------------------------------------------------------------

    def due(self) -> float | None:
        """Seconds until `pump` should run although nothing arrives; None when only an answer or an edit can change anything."""
        if self._process is None:
            return None
        if self._outstanding is not None:
            return None if self._until_abandoned == math.inf else self._until_abandoned
        now, jobs = self._clock(), self._jobs.due(self._clock())
        training = max(0.0, self._last_progress + self._interval - now) if self.training else None
        if training is not None and jobs is not None and training < jobs < training + TOGETHER:
            return jobs  # one request for both
        waiting = self.waiting.due(now) if self.waiting is not None else None
        owed = None if self._held else self._states.wait(now)  # asked for with the edits that wait here
        return min((due for due in (training, jobs, owed, waiting) if due is not None), default=None)

    def pump(self) -> None:
        """Read what has arrived and send the next request. Never blocks."""
        if self._process is None or self._document is None:
            return
        try:
            while self._process is not None and self._process.poll(0):
                reply = self._process.receive()  # without a question there is nothing but the end of file
                outstanding, self._outstanding = self._outstanding, None
                if outstanding is not None:
                    self._take(outstanding, reply)
            if self._until_abandoned == 0.0:
                self._abandon()
            if self._process is None or self._document is None or self._outstanding is not None:
                return
            request = self._next_request()
            if request is not None:
                self._outstanding, self._sent_at = request, self._clock()
                self._process.send(request)
        except (EOFError, OSError):
            self._mourn()

    def _next_request(self) -> Request | None:
        """About the document that is shown, or the one that waits: each has its turn where both have something to ask."""
        own, turns = self._compose_held if self._held else self._compose, [self._compose_waiting]
        turns.insert(0 if not self._waiting_next else 1, own)
        request = turns[0]() or turns[1]()
        self._waiting_next = request is not None and not request.aside
        return request

    def _compose_waiting(self) -> Request | None:
        if self.waiting is None:
            return None
        request = self.waiting.compose(self._number + 1, self._clock(), self._new_attachments)
        self._number += request is not None
        return request

    def _compose(self) -> Request | None:
        document, now, wishes, outgoing, training = self._document, self._clock(), self._wishes, self._outgoing, self.training
        assert document is not None
        stepped = not self.slow or self.progress.step != self._traced_step
        trace = wishes.trace or (training and stepped and now - self._last_trace >= self._interval)
        state = self._states.due(now, training)
        # with a state come its run's record and losses up to that step: a file would else hold a state that its curve does not reach
        progress = state or wishes.progress or (training and now - self._last_progress >= self._interval)
        warm = not self.ready and self._number > 0 and not (trace or self._commands)
        asked = self._commands or self._arrays or self._questions or self._kept or self._jobs.due(now) == 0
        if not (trace or progress or state or warm or outgoing.text or asked):
            return None
        self._number += 1
        closed = self._left_documents if outgoing.text else ()
        request = Request(
            self._number, self._document_number, document.structure, document.revision, closed=closed,
            **outgoing.taken(document, self._new_attachments),
            commands=tuple(self._commands), warm=warm, trace=trace, spot=self._spot, goal=self._goal, progress=progress,
            run=self.run, spare=self.runs.spare,
            points_known=dict(self.runs.points_known), state=state,
            kept=bool(self._kept), arrays=tuple(self._arrays), questions=tuple(self._questions),
            hidden=self.hidden() if self._arrays or self._questions or self._jobs.wanted else NOTHING,
            new_jobs=self._jobs.new(), jobs=self._jobs.wanted,
        )  # fmt: skip
        self._jobs.sent(now)
        self._sent_document = self._document_number
        if request.text is not None:
            self._left_documents = ()
        self._last_trace = now if trace else self._last_trace
        self._last_progress = now if progress else self._last_progress
        if state:
            self._states.asked(now)
        self._commands.clear()
        self._wishes = Wishes(trace=False)
        return request

    def _compose_held(self) -> Request | None:
        """What is asked of the kernel while the document waits here."""
        document, now, same = self._document, self._clock(), self._sent_document == self._document_number
        assert document is not None
        pauses = tuple(command for command in self._commands if isinstance(command, Pause))
        state = same and self._states.wanted
        progress = state or (same and (bool(pauses) or (self.training and now - self._last_progress >= PROGRESS_INTERVAL)))
        if not (pauses or progress or state or self._jobs.due(now) == 0):
            return None
        self._number += 1
        self._commands = [command for command in self._commands if command not in pauses]
        self._last_progress = now if progress else self._last_progress
        self._states.wanted &= not state  # what edits owe stays owed: they wait here
        request = Request(
            self._number, self._document_number, document.structure, document.revision, held=True, commands=pauses, progress=progress,
            run=self.run, points_known=dict(self.runs.points_known), state=state, spot=self._spot, goal=self._goal,
            hidden=self.hidden() if self._jobs.wanted else NOTHING,
            new_jobs=self._jobs.new(held=True),
            jobs=self._jobs.wanted,
        )  # fmt: skip
        self._jobs.sent(now, held=True)
        return request

    def _new_attachments(self, document: Document) -> dict[str, bytes]:
        """The document's large tensors this kernel has not seen; their names are their contents' hashes."""
        new = {name: data for name, data in document.graph.attachments.items() if name not in self._attachments_sent}
        self._attachments_sent.update(new)
        return new

    def _take(self, request: Request, reply: Reply) -> None:
        trace = self._whole(reply)
        if self.waiting is not None and request.document == self.waiting.number:
            self.waiting.take(request, reply)
            return
        if reply.document != self._document_number or self._document is None:
            return
        if reply.resync:
            self._ask_again(request)
            return
        if reply.ready and not self.ready:
            self.ready = True
        self.runs.hear(reply)
        self._states.hear(request, reply)
        self._look_interval = min(max(TRACE_INTERVAL, reply.look_seconds / LOOK_SHARE), SELDOM)
        self._take_progress(reply)
        if reply.state is not None:
            self.on_state(reply.state)
        if trace is not None and reply.structure == self._document.structure:
            self._traced_step = trace.step
            self.traced_revision = reply.revision
            self.on_trace(trace)
        # what has been hidden meanwhile is in no answer: then the same is asked once more
        covered = not (request.arrays or request.questions or request.jobs) or request.hidden == self.hidden()
        if covered:
            for address in request.arrays:
                for callback in self._arrays.pop(address, []):
                    callback(reply.arrays.get(address))
            self._settle(request.questions, reply.answers, reply.error)
        current = (reply.structure, reply.revision) == (self._document.structure, self._document.revision)
        self._jobs.receive(tuple(request.jobs), reply.jobs, current and covered, self._clock())
        if reply.kept is not None:
            waiting, self._kept = self._kept, []
            for kept_callback in waiting:
                kept_callback(reply.kept)
        news, self._news = self._news, ""
        self._tell("training" if self.training else "ready", reply.error or news)

    def _settle(self, questions: Iterable[Question], answers: Mapping[Question, Any], otherwise: str) -> None:
        """Notify the callers; what crashed one kernel is not asked of the next."""
        for question in questions:
            for callback in self._questions.pop(question, []):
                callback(answers.get(question, Refusal(otherwise)))

    def _whole(self, reply: Reply) -> TraceView | None:
        """The trace with what it has in common with the one before; also for an unneeded answer, since the next may build on it."""
        if reply.trace is None:
            return None
        trace = replace(reply.trace, **{name: self._lasting[name] for name in reply.unchanged})
        self._lasting = {name: getattr(trace, name) for name, _ in LASTING}
        return trace

    def _take_progress(self, reply: Reply) -> None:
        assert self._document is not None
        progress = self.runs.hear_progress(reply, self._document)
        if progress is None:
            return
        if not self._commands:
            self.run = progress.run  # the kernel knows best, for instance when a command could not be carried out
        if self.training and progress.phase != "training":
            self._states.wanted = self._wishes.trace = True
        self.progress = progress
        self.on_progress(progress)

    def _ask_again(self, request: Request) -> None:
        """The kernel needs the whole document: ask for the same once more."""
        wishes = self._wishes
        self._outgoing.text = True
        wishes.trace |= request.trace
        wishes.progress |= request.progress
        self._states.wanted |= request.state
        self._commands[:0] = request.commands

    def _tell(self, status: Status, text: str) -> None:
        if text or status != self.status:
            self.status = status
            self.on_status(status, text)

    # --- the document ---------------------------------------------------------------------------------------------------

    def _detach(self) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._on_change)
            self._document = None

    def _on_change(self, change: Change) -> None:
        self._outgoing.hear(change)
        self._states.owed |= (change.structure or change.value) and self.progress.step > 0
        self._wishes.trace |= change.structure or change.value
        # a value's edit may have replaced what training made
        self._wishes.progress |= change.structure or (change.value and self.progress.step > 0)

    # --- work that nobody waits for -------------------------------------------------------------------------------------

    @property
    def _until_abandoned(self) -> float:
        """Seconds until work for a document that was closed is given up; infinite where the kernel has something that is still needed:
        the present document, one that waits, or a job."""
        request, present = self._outstanding, self._document_number
        if request is None or present in (request.document, self._sent_document) or self.waiting is not None or self._jobs.under_way:
            return math.inf
        most = CLOSED_AT_START if self.status == "starting" else CLOSED
        return max(0.0, self._sent_at + most - self._clock())

    def _abandon(self) -> None:
        """End the kernel in the middle of its work. All that is to be sent of the present document is still here, for another one."""
        assert self._process is not None
        self._process.kill(self._number)
        self._process = self._outstanding = None
        self._left_documents = ()
        self._begin_kernel()
        self._tell("starting", "")
        self.start()

    # --- death ----------------------------------------------------------------------------------------------------------

    def _mourn(self) -> None:
        """The kernel is gone. Start another from the last state, or stop after three deaths in half a minute."""
        process, self._process = self._process, None
        if process is None:
            return
        cause = process.bury(self._number)
        request, self._outstanding = self._outstanding, None
        aside, request = (request, None) if request is not None and request.aside else (None, request)
        if self.waiting is not None:
            self.waiting.mourn(aside, cause)
        if request is not None:
            self._wishes.trace |= request.trace
            self._settle(request.questions, {}, _("The engine stopped ({cause}) while it computed the answer.").format(cause=cause))
        self._jobs.failed(_("The engine stopped ({cause}).").format(cause=cause))
        now = self._clock()
        self._deaths = [at for at in self._deaths if now - at < DEATH_WINDOW] + [now]
        was_training = self.training
        if was_training:
            self.progress = _stopped(self.progress, self.known_state)
        if len(self._deaths) >= DEATHS:
            self._commands.clear()
            self._tell(
                "dead",
                _(
                    "The engine stopped {DEATHS} times in a row ({cause}). The document is safe; save it, then start the engine again."
                ).format(DEATHS=DEATHS, cause=cause),
            )
            self.on_progress(self.progress)
            return
        known = self.known_state
        kept = _(" Training can go on from step {step:,}.").format(step=known.step) if known is not None and known.step else ""
        self._revive(
            _("The engine stopped ({cause}) and was started again; the document is untouched.{kept}").format(cause=cause, kept=kept)
        )
        if was_training:
            self.on_progress(self.progress)

    @property
    def known_state(self) -> SavedState | None:
        """The newest trained values outside the kernel: another kernel continues from them."""
        return None if self._document is None else self.runs.newest_state(self._document)

    def all_runs(self) -> tuple[SavedRun, ...]:
        """Every run of the document, whole: see `RunMirror.whole`."""
        return () if self._document is None else self.runs.whole(self.run, self.progress, self._document)

    def _begin_kernel(self) -> None:
        """The next one knows nothing."""
        self.ready = False
        self._sent_document = 0
        self._attachments_sent.clear()

    def _revive(self, text: str) -> None:
        self._begin_kernel()
        self._outgoing.clear()
        self._outgoing.text = self._wishes.trace = self._wishes.progress = True
        if self._document is not None:
            self.run, self._commands = resumption(self.runs, self.run, self.progress, self._document)
        self._news = text
        self._tell("starting", text)
        self.start()
        self.pump()


def kept_edit(document: Document, kept: TrainedEdit) -> Edit:
    """The edit that makes trained values part of the document, whose large tensors are laid beside it."""
    document.graph.attachments.update(kept.attachments)
    return edit_from_json(kept.edit)


def _stopped(progress: Progress, known: SavedState | None) -> Progress:
    step, token = (known.step, known.token) if known is not None else (0, 0)
    message = _("The engine stopped; the last saved state is that of step {step:,}.").format(step=step)
    return replace(
        progress, phase="paused", step=step, points=(), message=message, trained=token if step else 0,
        loss=None, metrics={}, losses=None, rows=(),
    )  # fmt: skip
