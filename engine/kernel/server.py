"""The kernel's side: a child process that answers the window between training steps."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

from engine.compile.views import TraceView
from engine.compile.visible import Hidden
from engine.explain.question import Question
from engine.kernel.jobs import Jobs
from engine.kernel.protocol import (
    LASTING,
    Command,
    Handover,
    Kept,
    Progress,
    Reply,
    Request,
    is_hidden,
    receive,
    segment_name,
    send,
)
from engine.numerics.memory import TOO_LITTLE, is_lack_of_memory
from graph.model.address import Address

if TYPE_CHECKING:
    import numpy as np

    from graph.model.edits import StateMove

SLICE = 0.004
"""Seconds of training between two looks at the pipe: well below one frame, long enough to cost nothing."""


class Bench(Protocol):
    """What does the work: one document, its session and its trainer."""

    training: bool
    run: int

    @property
    def step(self) -> int: ...

    def open(self, text: str, fresh: int | None, moves: Sequence[StateMove], attachments: Mapping[str, bytes]) -> None:
        """Take over this document. `fresh`: the id of its first run when it is another document, None for a new structure of the same."""

    def edit(self, edits: Sequence[dict[str, Any]]) -> None:
        """Apply value edits. Raises when they do not fit: the window then sends the whole document."""

    def command(self, command: Command) -> None: ...
    def fail(self, text: str) -> None:
        """Stop training, because of a fault in the kernel itself."""

    def run_slice(self, seconds: float) -> None: ...
    def trace(self) -> TraceView: ...
    def progress(self, points_known: Mapping[int, int]) -> Progress: ...
    def state(self) -> Handover: ...
    def kept(self) -> Kept: ...
    def array(self, address: Address) -> np.ndarray | None: ...
    def answers(self, questions: Sequence[Question], hidden: Hidden) -> dict[Question, Any]: ...
    def context(self) -> Any:
        """What a job works with: the document and its numbers as they are."""

    def covered(self, answer: Any, hidden: Hidden) -> Any:
        """A job's answer without what is hidden."""

    def warm(self) -> bool:
        """Load the next piece of what training will need; True when nothing is left."""


def serve(connection: Connection, factory: str) -> None:
    """Answer until the window is gone, then end the process. `factory` is `module:callable` and makes the bench."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is the window's business
    _watch_the_window()
    module, _, name = factory.partition(":")
    bench: Bench = getattr(importlib.import_module(module), name)()
    Server(connection, bench).serve()
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
    """Answers requests until the pipe closes; trains in slices in between."""

    def __init__(self, connection: Connection, bench: Bench) -> None:
        self._connection = connection
        self._bench = bench
        self._document = 0
        self._home = os.getcwd()
        self._structure = -1
        self._ready = False
        self._told: dict[str, Any] = {}
        self._jobs = Jobs(self._present)
        self._changes = 0
        self._owed = 0.0
        """Seconds that training has to catch up with, after a job's turn."""

    def serve(self) -> None:
        try:
            while True:
                if self._bench.training or self._jobs.running:
                    self._work()
                    if not self._connection.poll(0):
                        continue
                request = receive(self._connection)
                send(self._connection, self._answer(request), segment_name(os.getpid(), request.number))
        except (EOFError, OSError):
            return

    def _work(self) -> None:
        """Either a slice of training or a job's turn: both get as much time as the other, whatever one turn takes."""
        began = time.perf_counter()
        if self._jobs.running and (self._owed <= 0 or not self._bench.training):
            self._jobs.turn(SLICE)
            self._owed = time.perf_counter() - began
        else:
            self._train_slice()
            self._owed -= time.perf_counter() - began

    def _present(self) -> Hashable:
        """Another value whenever an answer about the document and its numbers would be another one."""
        return self._changes, self._bench.run, self._bench.step

    def _train_slice(self) -> None:
        try:
            self._bench.run_slice(SLICE)
        except Exception as error:  # noqa: BLE001 - whatever a node does, the kernel lives
            traceback.print_exc(file=sys.stderr)
            self._bench.fail(_one_line(error))

    def _answer(self, request: Request) -> Reply:
        try:
            if not self._synchronize(request):
                return self._reply(request, resync=True)
            for command in request.commands:
                self._bench.command(command)
            self._changes += bool(request.text is not None or request.edits or request.commands)
            for number, job in request.new_jobs:
                self._jobs.start(number, job, self._bench.context())
            self._jobs.keep(request.jobs)
            if request.warm:
                self._ready = self._bench.warm()
            return self._reply(request, **self._collect(request))
        except Exception as error:  # noqa: BLE001 - whatever a node does, the kernel lives
            traceback.print_exc(file=sys.stderr)
            self._told = {}  # what was told just now is not going out
            return self._reply(request, error=_one_line(error))

    def _synchronize(self, request: Request) -> bool:
        """Bring the kernel's copy of the document to the request's revision; False when it needs the whole text."""
        if request.held:
            return True
        if request.text is not None:
            self._structure = -1
            self._work_in(request.folder)
            fresh = request.run if request.document != self._document else None
            self._bench.open(request.text, fresh, request.moves, request.attachments)
            self._document, self._structure = request.document, request.structure
        elif (request.document, request.structure) != (self._document, self._structure):
            return False
        if request.edits:
            try:
                self._bench.edit(request.edits)
            except Exception:  # noqa: BLE001 - whatever did not fit: the whole document does
                self._structure = -1
                return False
        return True

    def _work_in(self, folder: str) -> None:
        """Relative paths in a document begin at its own folder; this process has no other use for a current one."""
        with contextlib.suppress(OSError):
            os.chdir(folder or self._home)

    def _collect(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        bench = self._bench
        if request.trace:
            found |= self._trace(request)
        if request.progress:
            found["progress"] = bench.progress(request.points_known)
        if request.arrays:
            found["arrays"] = {address: None if is_hidden(address, request.hidden) else bench.array(address) for address in request.arrays}
        if request.questions:
            found["answers"] = bench.answers(request.questions, request.hidden)
        if request.jobs:
            found["jobs"] = self._jobs.news(request.jobs, lambda answer: bench.covered(answer, request.hidden))
        if request.kept:
            found["kept"] = bench.kept()
        if request.state:
            started = time.perf_counter()
            found["state"] = bench.state()
            found["state_seconds"] = time.perf_counter() - started
        return found

    def _trace(self, request: Request) -> dict[str, Any]:
        """The trace, without what the window still has from the one before."""
        trace = self._bench.trace()
        same = {name: empty for name, empty in LASTING if getattr(trace, name) is self._told.get(name)}
        self._told = {name: getattr(trace, name) for name, _ in LASTING}
        marked = replace(trace, structure=request.structure, revision=request.revision, run=self._bench.run, **same)
        return {"trace": marked, "unchanged": tuple(same)}

    def _reply(self, request: Request, **more: Any) -> Reply:
        return Reply(request.number, request.document, request.structure, request.revision, ready=self._ready, **more)


def _one_line(error: Exception) -> str:
    if is_lack_of_memory(error):
        return TOO_LITTLE
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
