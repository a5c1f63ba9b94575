"""A document that waits in the kernel while the window shows another one: it can still be edited, trained, asked and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.explain.question import Question, Refusal
from engine.kernel.outgoing import OutgoingEdits, resumption
from engine.kernel.protocol import Command, Pace, Pause, Progress, Reply, Request, Start, StepBack, StepOnce
from engine.kernel.state_requests import StateRequests
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.kernel.run_mirror import RunMirror
    from graph.model.run_record import RunRecord
    from graph.storage.document import Change, Document
    from graph.storage.saved import SavedState
    from graph.storage.saved_run import SavedRun

LOOK = 1 / 12
"""Seconds between two looks at its training."""
AnswerCallback = Callable[[Any], None]


class Carrier(Protocol):
    """The client whose pipe its requests go over."""

    @property
    def gone(self) -> bool:
        """Whether no kernel answers now."""

    def pump(self) -> None: ...

    def next_number(self) -> int:
        """The number that the next request will have."""

    def wait_for(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Take answers for up to `seconds`, until `arrived`; whether it is so."""


class WaitingDocument:
    """What `KernelClient` does for the document that is shown, without numbers on a canvas, arrays and jobs.

    `on_progress` gets its progress. `watched` is a question that is asked again with every look at a training, for `on_watched`.
    """

    def __init__(self, carrier: Carrier, document: Document, number: int, run: int, runs: RunMirror, progress: Progress) -> None:
        self.document, self.number, self.run, self.runs, self.progress = document, number, run, runs, progress
        self.edits = OutgoingEdits()
        self.on_progress: Callable[[Progress], None] = lambda progress: None
        self.watched: Question | None = None
        self.on_watched: AnswerCallback = lambda answer: None
        self._carrier = carrier
        self.commands: list[Command] = []
        self._questions: dict[Question, list[AnswerCallback]] = {}
        self._wants_progress = False
        self._states = StateRequests()
        self._looked = -1e9
        document.changed.connect(self._on_change)

    def adopt_requests(self, edits: OutgoingEdits, commands: list[Command], unknown: bool) -> None:
        """What was still to be sent when the other document came; `unknown`: the kernel does not have this one yet."""
        self.edits, self.commands = edits, commands
        self.edits.text |= unknown
        self._wants_progress = self._states.wanted = True

    def leave(self) -> None:
        """The document is shown again, or closed."""
        self.document.changed.disconnect(self._on_change)

    # what can be asked for

    @property
    def training(self) -> bool:
        return self.progress.phase == "training"

    def command(self, command: Command) -> None:
        """Have this done with its run; the answer brings progress, the state, and what is watched."""
        self.commands.append(command)
        self._wants_progress = self._states.wanted = True
        self._carrier.pump()

    def step_once(self) -> None:
        """One optimizer step, then pause."""
        self.command(StepOnce(self.run))

    def back(self) -> None:
        """Undo one optimizer step exactly."""
        self.command(StepBack(self.run))

    def start(self, pace: float | None) -> None:
        """Train, so many steps a second at most; without a number as fast as it goes."""
        self.command(Pace(self.run, pace))
        self.command(Start(self.run))

    def pause(self) -> None:
        self.command(Pause(self.run))

    @property
    def can_go_back(self) -> bool:
        """Whether the step before is within reach."""
        progress = self.progress
        return any(first <= progress.step - 1 <= last for first, last in progress.reachable)

    def ask(self, question: Question, callback: AnswerCallback) -> None:
        """Call back with the answer for the document as it is now, or with a `Refusal`."""
        self._questions.setdefault(question, []).append(callback)
        self._carrier.pump()

    def watch(self, question: Question | None, callback: AnswerCallback = lambda answer: None) -> None:
        """Ask this with every look at its training, and after every command."""
        self.watched, self.on_watched = question, callback

    def request_state(self) -> int:
        """Ask for the trained values as they are now; the number is for `state_arrived` and `wait_state`."""
        self._states.wanted = True
        wanted = self._carrier.next_number()
        self._carrier.pump()
        return wanted

    def state_arrived(self, wanted: int) -> bool:
        """Whether `known_values` are those that were asked for, or no newer ones can come."""
        return self._carrier.gone or self._states.answered(wanted)

    def wait_state(self, wanted: int, seconds: float) -> bool:
        """Block for up to `seconds`, until they have arrived; True when they have."""
        return self._carrier.wait_for(lambda: self.state_arrived(wanted), seconds)

    @property
    def known_values(self) -> SavedState | None:
        """The newest trained values that the engine handed over; None where there are only the document's own."""
        known = self.runs.newest_state(self.document)
        return known if known is not None and known.step else None

    @property
    def records(self) -> dict[int, RunRecord]:
        """The records of all its runs by id, the present one as it is now."""
        records = {run: saved.record for run, saved in self.runs.saved.items()}
        present = self.progress.record
        return records if present is None else records | {present.id: present}

    def saved_runs(self) -> tuple[SavedRun, ...]:
        """All its runs, whole."""
        return self.runs.whole(self.run, self.progress, self.document)

    # the pull

    def due(self, now: float) -> float | None:
        """Seconds until there is something to ask for; None where only an edit or a command can change anything."""
        if self._urgent:
            return 0.0
        return max(0.0, self._looked + LOOK - now) if self.training else None

    @property
    def _urgent(self) -> bool:
        return bool(self.commands or self._questions or self._wants_progress or self._states.wanted or self.edits.waiting)

    def compose(self, number: int, now: float, attachments: Callable[[Document], dict[str, bytes]]) -> Request | None:
        """The next request about it; None where there is nothing to ask."""
        if self.due(now) != 0.0:
            return None
        document, edits = self.document, self.edits
        watched = (self.watched,) if self.watched is not None else ()
        state = self._states.due(now, self.training)
        request = Request(
            number, self.number, document.structure, document.revision, aside=True, **edits.taken(document, attachments),
            commands=tuple(self.commands), progress=True, run=self.run, spare=self.runs.spare, points_known=dict(self.runs.points_known),
            state=state, questions=(*self._questions, *watched),
        )  # fmt: skip
        self.commands.clear()
        self._wants_progress, self._looked = False, now
        if state:
            self._states.asked(now)
        return request

    def take(self, request: Request, reply: Reply) -> None:
        """The answer to a request about it."""
        if reply.resync:
            self.edits.text = True
            self.commands[:0] = request.commands
            self._states.wanted |= request.state
            return
        self.runs.hear(reply)
        self._states.hear(request, reply)
        self._take_progress(reply)
        self._settle(request.questions, reply.answers, reply.error)

    def _take_progress(self, reply: Reply) -> None:
        progress = self.runs.hear_progress(reply, self.document)
        if progress is None:
            return
        if not self.commands:
            self.run = progress.run
        if self.training and progress.phase != "training":
            self._states.wanted = True
        self.progress = progress
        self.on_progress(progress)

    def _settle(self, questions: Iterable[Question], answers: Any, otherwise: str) -> None:
        for question in questions:
            answer = answers.get(question, Refusal(otherwise))
            if question == self.watched and otherwise == "":
                self.on_watched(answer)
            for callback in self._questions.pop(question, []):
                callback(answer)

    # edits, and the end of a kernel

    def _on_change(self, change: Change) -> None:
        self.edits.hear(change)
        self._wants_progress |= change.structure or (change.value and self.progress.step > 0)
        if change.structure or change.value:
            self._carrier.pump()

    def mourn(self, request: Request | None, cause: str) -> None:
        """The kernel is gone, perhaps before it answered this request; another one continues from the newest state."""
        if request is not None:
            self._settle(request.questions, {}, _("The engine stopped ({cause}) while it computed the answer.").format(cause=cause))
        if self.training:
            known = self.known_values
            self.progress = replace(self.progress, phase="paused", step=known.step if known is not None else 0, points=(), losses=None)
        self.edits.clear()
        self.edits.text = self._wants_progress = True
        self.run, self.commands = resumption(self.runs, self.run, self.progress, self.document)
        self.on_progress(self.progress)
