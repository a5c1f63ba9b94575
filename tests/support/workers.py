"""Tests in several processes that are forked once all tests are collected: `-n 2`, the default on Linux; `-n 0` runs all in one process.

Collecting imports everything and takes as long as thousands of tests, so it is done once and not by every process. A process that is free
takes the next file. What a test has to say is sent to the first process, which prints and counts it; of a passed test that is one message.
"""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing.util
import os
import pickle
import select
import signal
import struct
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HEAD = struct.Struct("<I")
"""A message's length, and a file's number."""
PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>: the signal that a process gets when the one that forked it ends."""
SLOW = frozenset({"e2e", "ui"})
"""Folders whose files take minutes; they go first, so that at the end no process waits long for the last file of the other."""
Told = tuple[str, Any]
"""`begins` with the numbers of a test and of the next, `report`, `warning`, or `stop` with the reason."""


def pytest_addoption(parser: pytest.Parser) -> None:
    processes = 2 if sys.platform == "linux" else 0  # elsewhere a process that has loaded Qt or torch cannot be forked
    told = "processes that run tests; 0: this one"
    parser.getgroup("general")._addoption("-n", dest="processes", type=int, default=processes, help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    option = session.config.option
    files = [list(group) for _, group in itertools.groupby(range(len(session.items)), lambda at: session.items[at].path)]
    files.sort(key=lambda file: not _slow(session.items[file[0]].path))
    count = min(option.processes, len(files))
    if count < 2 or option.collectonly or option.usepdb or (session.testsfailed and not option.continue_on_collection_errors):
        return None
    assert threading.active_count() == 1, "only a process of one thread can be forked"
    Forks(session, files).run(count)
    return True


def _slow(path: Path) -> bool:
    """Besides those folders: what lies in none of them starts processes that run tests of their own."""
    return not SLOW.isdisjoint(path.parts) or path.parent.name == "tests"


class Forks:
    """Forks the processes, hands out files and passes on what comes back."""

    def __init__(self, session: pytest.Session, files: list[list[int]]) -> None:
        self.session, self.files = session, files
        self.queue = _queue(len(files))
        self.workers: dict[int, Hearing] = {}
        """By the end of the pipe on which it is heard."""

    def run(self, count: int) -> None:
        try:
            for _ in range(count):
                self.begin([])
            while self.workers:
                for ready in select.select(list(self.workers), [], [])[0]:
                    self.hear(self.workers[ready])
        finally:
            for worker in self.workers.values():
                os.kill(worker.pid, signal.SIGKILL)
                os.waitpid(worker.pid, 0)
            os.close(self.queue)

    def begin(self, rest: list[int]) -> None:
        """A process that runs these tests and then whatever is left."""
        sys.stdout.flush()
        sys.stderr.flush()
        heard, told = os.pipe()
        pid = os.fork()
        if not pid:
            _work(self.session, self.files, rest, self.queue, told)
        os.close(told)
        self.workers[heard] = Hearing(heard, pid)

    def hear(self, worker: Hearing) -> None:
        told = worker.hear()
        if told is None:
            self.gone(worker)
            return
        for kind, content in told:
            if kind == "report":
                self.report(content)
            elif kind == "warning":
                self.session.config.hook.pytest_warning_recorded.call_historic(kwargs=content)
            elif kind == "stop":
                self.session.shouldstop = self.session.shouldstop or content
            else:
                worker.test = content
        if self.session.shouldfail:
            raise self.session.Failed(self.session.shouldfail)
        if self.session.shouldstop:
            raise self.session.Interrupted(self.session.shouldstop)

    def report(self, content: dict[str, Any]) -> None:
        hook = self.session.config.hook
        report = hook.pytest_report_from_serializable(config=self.session.config, data=content)
        hook.pytest_runtest_logreport(report=report)

    def gone(self, worker: Hearing) -> None:
        """At its end, or in the middle of a test: then that one has failed, and another process goes on with the next of its file."""
        del self.workers[worker.heard]
        os.close(worker.heard)
        _, status = os.waitpid(worker.pid, 0)
        if not status:
            return
        if worker.test is None:
            raise RuntimeError(f"a process ended before its first test: {os.waitstatus_to_exitcode(status)}")
        at, then = worker.test
        item = self.session.items[at]
        text = f"the process of this test died: {os.waitstatus_to_exitcode(status)}"
        failed = pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
        hook = self.session.config.hook
        self.report(hook.pytest_report_to_serializable(config=self.session.config, report=failed))
        self.begin([] if then is None else next(file[file.index(then) :] for file in self.files if then in file))


class Hearing:
    """What comes from one process: messages, each with its length before it."""

    def __init__(self, heard: int, pid: int) -> None:
        self.heard, self.pid = heard, pid
        self.rest = b""
        self.test: tuple[int, int | None] | None = None
        """The number of the test that began last, and of the one that comes next; None before the first."""

    def hear(self) -> list[Told] | None:
        """The messages that are complete; None at the end."""
        more = os.read(self.heard, 1 << 16)
        if not more:
            return None
        self.rest += more
        found = []
        while len(self.rest) >= HEAD.size and len(self.rest) >= (end := HEAD.size + HEAD.unpack_from(self.rest)[0]):
            found.append(pickle.loads(self.rest[HEAD.size : end]))
            self.rest = self.rest[end:]
        return found


class Telling:
    """The plugin that sends what a test says, in the place of the one that prints it."""

    def __init__(self, config: pytest.Config, pipe: int) -> None:
        self.config, self.pipe = config, pipe

    def tell(self, *told: Any) -> None:
        message = pickle.dumps(told)
        message = HEAD.pack(len(message)) + message
        while message:
            message = message[os.write(self.pipe, message) :]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """That a fixture was made without a word is told to nobody, unless it is asked how long that took."""
        if report.when == "call" or not report.passed or report.sections or self.config.option.durations is not None:
            self.tell("report", self.config.hook.pytest_report_to_serializable(config=self.config, report=report))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: object) -> None:
        self.tell("warning", {"warning_message": warning_message, "when": when, "nodeid": nodeid, "location": location})


def _queue(count: int) -> int:
    """A pipe that holds the numbers of all files; each is read by one process."""
    take, put = os.pipe()
    os.set_blocking(put, False)
    numbers = b"".join(HEAD.pack(number) for number in range(count))
    assert os.write(put, numbers) == len(numbers)
    os.close(put)
    return take


def _work(session: pytest.Session, files: list[list[int]], rest: list[int], queue: int, pipe: int) -> None:
    """What a process does from the fork to its end."""
    status = 1
    try:
        _end_with_parent()
        config = session.config
        config.workerinput = {"workerid": str(os.getpid())}  # type: ignore[attr-defined]  # plugins know by it that another process reports
        config.pluginmanager.unregister(name="terminalreporter")
        _capture_apart(config)
        telling = Telling(config, pipe)
        config.pluginmanager.register(telling)
        _run(session, _numbers(files, rest, queue), telling)
        config.hook.pytest_sessionfinish(session=session, exitstatus=0)
        multiprocessing.util._exit_function()  # type: ignore[attr-defined]
        status = 0
    except (KeyboardInterrupt, session.Interrupted):
        pass
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _end_with_parent() -> None:
    """Where the first process is killed, say by a time limit, nobody else ends this one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _capture_apart(config: pytest.Config) -> None:
    """Else all processes write what is printed into one file."""
    capture = config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()


def _numbers(files: list[list[int]], rest: list[int], queue: int) -> Iterator[int]:
    yield from rest
    while number := os.read(queue, HEAD.size):
        yield from files[HEAD.unpack(number)[0]]


def _run(session: pytest.Session, numbers: Iterator[int], telling: Telling) -> None:
    """A file is taken before the last test of the one before it begins: that test's teardown depends on what comes next."""
    now = next(numbers, None)
    while now is not None:
        then = next(numbers, None)
        telling.tell("begins", (now, then))
        item, following = session.items[now], None if then is None else session.items[then]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            telling.tell("stop", str(session.shouldfail or session.shouldstop))
            break
        now = then
