"""The kernel's side: a child process that answers the window between training steps."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

from engine.compile.packed import packed
from engine.compile.spot import Spot
from engine.compile.views import TraceView
from engine.compile.visible import Hidden
from engine.explain.question import Question
from engine.kernel.jobs import Jobs
from engine.kernel.pipe_room import arrival
from engine.kernel.protocol import LASTING, Command, Progress, Reply, Request, TrainedEdit, is_hidden
from engine.kernel.transport import receive, segment_name, send
from engine.numerics.memory import TOO_LITTLE, is_lack_of_memory
from graph.model.address import Address

if TYPE_CHECKING:
    import numpy as np

    from engine.training.curve import Curve
    from graph.model.edits import StateMove
    from graph.storage.saved import SavedState
    from graph.storage.saved_run import SavedRun

LONGEST = 1.0
"""Seconds that the pipe is waited for at most while something is trained or done."""
SLICE = 0.008
"""Seconds of training between two looks at the pipe, at most: half a frame."""
TURN = 0.1
"""Seconds after which training is seen to although the window asks for nothing. What there is to see to takes as long as two steps of a
small network."""
LATELY = 7
"""So many looks at a training say together what the next one will take: the first is slow, and others may meet the garbage collector."""


class Worker(Protocol):
    """What does the work for one document: `engine.kernel.worker.DocumentWorker`, or a stand-in without torch."""

    training: bool

    @property
    def run(self) -> int: ...

    @property
    def step(self) -> int: ...

    def open(self, text: str, fresh: int | None, moves: Sequence[StateMove], attachments: Mapping[str, bytes], folder: str = "") -> None:
        """Take over this document. `fresh`: the id of its first run when it is another document, None for a new structure of the same.

        `folder` is where its relative paths begin.
        """

    def restructure(
        self, edits: Sequence[dict[str, Any]], moves: Sequence[StateMove], attachments: Mapping[str, bytes], folder: str
    ) -> None:
        """A new structure of the same document, by the edits that lead to it. Raises when they do not fit, and has changed nothing then."""

    def edit(self, edits: Sequence[dict[str, Any]]) -> None:
        """Apply value edits. Raises when they do not fit: the window then sends the whole document."""

    spare: int
    """The id of the next run that branches from another."""

    def command(self, command: Command) -> bool:
        """Carry out a command; False where it is about no run of this document."""

    def look_at(self, spot: Spot | None, goal: int | None) -> bool:
        """Show this sample instead of the demonstration batch, or that again; whether it is another than before."""

    def fail(self, text: str) -> None:
        """Stop training, because of a fault in the kernel itself."""

    @property
    def wait(self) -> float:
        """Seconds until `run_slice` has something to do."""

    def run_slice(self, seconds: float, go_on: Callable[[], bool] | None = None) -> None:
        """Train for about so long; `go_on`, asked every few steps, says whether to take as much time again."""

    def trace(self) -> TraceView: ...
    def progress(self, points_known: Mapping[int, int]) -> Progress: ...
    def state(self) -> SavedState: ...
    def is_own(self) -> bool: ...
    def curve(self) -> Curve | None: ...
    def runs(self) -> tuple[SavedRun, ...]:
        """The runs that changed since this was called last."""

    def kept(self) -> TrainedEdit: ...
    def array(self, address: Address) -> np.ndarray | None: ...
    def answers(self, questions: Sequence[Question], hidden: Hidden) -> dict[Question, Any]: ...
    def context(self) -> Any:
        """What a job works with: the document and its numbers as they are."""

    def covered(self, answer: Any, hidden: Hidden) -> Any:
        """A job's answer without what is hidden."""

    def warm(self) -> bool:
        """Load the next piece of what training will need; True when nothing is left."""


def serve(connection: Connection, factory: str) -> None:
    """Answer until the window is gone, then end the process. `factory` is `module:callable` and makes the worker of a document."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is the window's business
    _watch_the_window()
    module, _, name = factory.partition(":")
    Server(connection, getattr(importlib.import_module(module), name)).serve()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # taking torch down in order takes longer than a closing window should wait


def _watch_the_window() -> None:
    """End this process when the window's process ends, also while a long operation keeps the main thread busy."""
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is None:
        return
    pid, sentinel = os.getppid(), parent.sentinel

    def watch() -> None:
        while not wait([sentinel], timeout=2.0) and os.getppid() == pid:
            pass
        os._exit(0)

    threading.Thread(target=watch, name="window-watchdog", daemon=True).start()


class Server:
    """Answers requests until the pipe closes; trains in slices in between. Documents do not share anything but the time.

    `make` makes the worker of a document that was opened. A request is about one document, a command about one run.
    """

    def __init__(self, connection: Connection, make: Callable[[], Worker]) -> None:
        self._connection = connection
        self._make = make
        self._worker = make()
        """The worker of the document that the last request was about; before the first one, of none."""
        self._workers: dict[int, Worker] = {}
        self._structures: dict[int, int] = {}
        self._attachments: dict[str, bytes] = {}
        self._turn = 0
        self._ready = False
        self._told: dict[str, Any] = {}
        self._jobs = Jobs(self._present)
        self._changes = 0
        self._owed = 0.0
        """Seconds that training has to catch up with, after a job's turn."""
        self._looks: deque[float] = deque(maxlen=LATELY)
        """Seconds of this thread that the last looks at a training took."""

    def serve(self) -> None:
        try:
            while True:
                if self._training or self._jobs.running:
                    self._work()
                    if not self._connection.poll(self._idle()):
                        continue
                began = time.thread_time()
                request = receive(self._connection)
                send(self._connection, self._answer(request), segment_name(os.getpid(), request.number))
                if self._training:  # else nobody waited
                    self._count(request, time.thread_time() - began)
        except (EOFError, OSError):
            return

    def _count(self, request: Request, seconds: float) -> None:
        """Training waited so long for an answer."""
        if request.looks:
            self._jobs.cost(seconds)
        elif request.watches:
            self._looks.append(seconds)

    def _work(self) -> None:
        """Either a slice of training or a job's turn: both get as much time as the other, whatever one turn takes; jobs that are
        repeated get less."""
        began, worked, training = time.perf_counter(), time.thread_time(), any(worker.wait <= 0 for worker in self._training)
        if self._jobs.due(training) and (not training or self._owed <= 0):
            self._jobs.turn(SLICE, training)
            self._owed = time.perf_counter() - began
        elif self._training:
            self._train_slice()
            self._owed -= time.perf_counter() - began
            self._jobs.trained(time.thread_time() - worked)

    def _idle(self) -> float:
        """Seconds until there is something to do beside requests."""
        return min(self._jobs.wait, LONGEST, *(worker.wait for worker in self._training)) if self._training or self._jobs.running else 0.0

    def _present(self) -> Hashable:
        """Another value whenever an answer about the document and its numbers would be another one."""
        return self._changes, self._worker.run, self._worker.step

    @property
    def _training(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if worker.training]

    def _train_slice(self) -> None:
        """A slice of training for the document whose turn it is."""
        training = self._training
        self._turn += 1
        worker = training[self._turn % len(training)]
        try:
            worker.run_slice(SLICE, self._until_asked(time.perf_counter() + TURN) if len(training) == 1 else None)
        except Exception as error:  # noqa: BLE001 - whatever a node does, the kernel lives
            traceback.print_exc(file=sys.stderr)
            worker.fail(_one_line(error))

    @functools.cached_property
    def _asked(self) -> Callable[[], bool]:
        return arrival(self._connection)

    def _until_asked(self, end: float) -> Callable[[], bool] | None:
        """Whether a slice may go on, as long as the window wants nothing; None where something else waits for its turn."""
        if self._jobs.running:
            return None
        asked = self._asked
        return lambda: time.perf_counter() < end and not asked()

    def _answer(self, request: Request) -> Reply:
        if not request.aside:
            return self._answer_shown(request)
        shown = self._worker
        try:
            return self._answer_aside(request)
        except Exception as error:  # noqa: BLE001 - whatever a node does, the kernel lives
            traceback.print_exc(file=sys.stderr)
            return self._reply(request, error=_one_line(error))
        finally:
            self._worker = shown

    def _answer_aside(self, request: Request) -> Reply:
        """The document that waits is edited, trained and asked; jobs go on about the one that is shown."""
        if not self._synchronize(request):
            return self._reply(request, resync=True)
        self._worker.spare = request.spare
        for command in request.commands:
            self._worker.command(command)
        return self._reply(request, **self._collect(request))

    def _answer_shown(self, request: Request) -> Reply:
        try:
            if not self._synchronize(request):
                return self._reply(request, resync=True)
            moved = self._worker.look_at(request.spot, request.goal)
            self._worker.spare = request.spare
            for command in request.commands:
                if not self._worker.command(command):
                    for worker in self._workers.values():
                        if worker is not self._worker and worker.command(command):
                            break  # a run of a document that waits to be closed
            outdated = any(command.outdates for command in request.commands)
            self._changes += bool(request.text is not None or request.edits or outdated or moved)
            for number, job in request.new_jobs:
                self._jobs.start(number, job, self._worker.context(), functools.partial(_context, self._worker))
            self._jobs.keep(request.jobs)
            if request.warm:
                self._ready = self._worker.warm()
            return self._reply(request, **self._collect(request))
        except Exception as error:  # noqa: BLE001 - whatever a node does, the kernel lives
            traceback.print_exc(file=sys.stderr)
            self._told = {}  # what was just received is not sent back
            return self._reply(request, error=_one_line(error))

    def _synchronize(self, request: Request) -> bool:
        """Bring the kernel's copy of the document to the request's revision; False when it needs the whole text."""
        if request.held:
            return True
        if request.text is not None:
            self._open(request, request.text)
        elif request.document not in self._workers or request.base != self._structures.get(request.document):
            return False
        self._worker = self._workers[request.document]
        if request.edits:
            try:
                if request.structure == request.base:
                    self._worker.edit(request.edits)
                else:
                    self._attachments.update(request.attachments)
                    self._worker.restructure(request.edits, request.moves, self._attachments, request.folder)
                    self._structures[request.document] = request.structure
            except Exception:  # noqa: BLE001 - whatever did not fit: the whole document does
                self._structures.pop(request.document)
                return False
        return request.text is not None or request.structure == self._structures[request.document]

    def _open(self, request: Request, text: str) -> None:
        """Take over a document's text; those that were closed go, and their runs with them."""
        document = request.document
        for closed in request.closed:
            self._workers.pop(closed, None)
        self._structures.pop(document, None)
        self._attachments.update(request.attachments)
        fresh = None if document in self._workers else request.run
        if fresh is not None:
            self._looks.clear()
        worker = self._workers.get(document) or self._make()
        worker.open(text, fresh, request.moves, self._attachments, request.folder)
        self._workers[document], self._structures[document] = worker, request.structure

    def _collect(self, request: Request) -> dict[str, Any]:
        reply: dict[str, Any] = {}
        worker = self._worker
        if request.trace:
            reply |= self._trace(request)
        if request.progress:
            reply["progress"] = worker.progress(request.points_known)
        if request.arrays:
            reply["arrays"] = {address: None if is_hidden(address, request.hidden) else worker.array(address) for address in request.arrays}
        if request.questions:
            reply["answers"] = worker.answers(request.questions, request.hidden)
        if request.jobs:
            reply["jobs"] = self._jobs.news(request.jobs, lambda answer: worker.covered(answer, request.hidden))
        if request.kept:
            reply["kept"] = worker.kept()
        if request.state:
            started = time.perf_counter()
            reply |= {"state": worker.state(), "curve": worker.curve(), "state_run": worker.run, "state_own": worker.is_own()}
            reply["state_seconds"] = time.perf_counter() - started
        if request.progress:  # last: what is told here is not told again
            reply["runs"] = worker.runs()
        return reply

    def _trace(self, request: Request) -> dict[str, Any]:
        """The trace, without what the window still has from the one before."""
        trace = self._worker.trace()
        same = {name: empty for name, empty in LASTING if getattr(trace, name) is self._told.get(name)}
        self._told = {name: getattr(trace, name) for name, _ in LASTING}
        marked = replace(packed(trace), structure=request.structure, revision=request.revision, run=self._worker.run, **same)
        return {"trace": marked, "unchanged": tuple(same)}

    def _reply(self, request: Request, **more: Any) -> Reply:
        look = sorted(self._looks)[len(self._looks) // 2] if self._looks else 0.0
        return Reply(
            request.number, request.document, request.structure, request.revision, ready=self._ready, look_seconds=look, **more
        )  # fmt: skip


def _context(worker: Worker) -> Any | None:
    """What a job that is repeated works with; None where its document is not trained."""
    return worker.context() if worker.training else None


def _one_line(error: Exception) -> str:
    if is_lack_of_memory(error):
        return TOO_LITTLE
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
