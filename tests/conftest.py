"""What holds for every test: no display needed, and nothing left behind."""

from __future__ import annotations

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before anything imports Qt
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch: small sums on more threads only wait for each other

import gc
import multiprocessing
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.support.workers import pytest_addoption, pytest_runtestloop

__all__ = ["pytest_addoption", "pytest_runtestloop"]

PATIENCE = 3.0
"""Seconds that what a test closed may take to end, of those in which the test could run."""
TURN = 0.1
"""So many seconds one look counts at most: on a machine that gives the test no processor, time passes in which nothing can end."""
COLLECTED = 8
"""The collector runs in the first looks and in every so many later ones: beside other work it takes longer than what is waited for."""
TIMERS: weakref.WeakSet[Any] = weakref.WeakSet()
"""Every QTimer that Python made and that lives. To find them among all objects took longer than most tests do."""
RARELY = (50_000, 20, 20)
"""When the collector runs by itself. By the hundred objects, as Python sets it, it takes a twentieth of the time of tests of the engine."""
UNCOLLECTED: list[None] = []
"""The tests since the collector ran."""


def pytest_configure() -> None:
    _note_timers()
    gc.set_threshold(*RARELY)


def _note_timers() -> None:
    """Each timer is noted where it is made, those of subclasses too. Without PySide6 (tests/torch_versions.py) there are none."""
    if find_spec("PySide6") is None:
        return
    from PySide6.QtCore import QTimer

    make = QTimer.__init__

    def made(timer: QTimer, *arguments: Any, **properties: Any) -> None:
        make(timer, *arguments, **properties)
        TIMERS.add(timer)

    QTimer.__init__ = made  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest in one piece begins first: at the end one worker would wait for it."""
    items.sort(key=lambda item: item.path.name != "test_pseudo_locale.py")


def pytest_collection_finish() -> None:
    """What was imported until now lives to the end. The collector need not look at it every time.

    Hypothesis works out once which letters there are. That takes a second, for which the first test that draws a text would be blamed.
    """
    if strategies := sys.modules.get("hypothesis.strategies"):
        strategies.text().validate()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def server_of_kernels() -> None:
    """Where the system can: kernels are forked from one server that has loaded torch, instead of loading it a hundred times over."""
    if sys.platform == "linux":
        from engine.kernel.process import KernelProcess

        multiprocessing.set_forkserver_preload(["tests.support.preloaded"])
        KernelProcess.method = "forkserver"


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A thread, child process, visible window or running timer that outlives its test fails it.

    What a session fixture started is there before the test begins, so the session's one kernel is not blamed on any test.
    """
    threads, processes = set(_threads()), set(_processes())
    graphical = bool({"qapp", "qtbot"} & set(request.fixturenames)) or bool({"ui", "e2e"} & set(request.path.parts))
    windows, timers = (set(map(id, _windows())), set(map(id, _timers()))) if graphical else (set(), set())

    def leftovers() -> list[str]:
        remains = [f"thread {thread.name}" for thread in _threads() if thread not in threads]
        remains += [f"process {process.name}" for process in _processes() if process not in processes]
        if graphical:
            remains += [f"window {window!r}" for window in _windows() if id(window) not in windows]
            remains += [f"timer {timer!r} of {timer.parent()!r}" for timer in _timers() if id(timer) not in timers]
        return remains

    if graphical:
        gc.disable()  # windows are collected once they are closed, never in the middle of what a thread of the next one does
    yield
    if graphical:
        painted = bool((application := _application()) and application.topLevelWidgets())
        _process_events()  # what the test closed is deleted now: kept windows take 30 MB each and slow the next
        gc.enable()
        if painted:
            _collect_now_and_then()
    if remains := _wait_for_none(leftovers):
        pytest.fail("left behind: " + "; ".join(remains))


def _collect_now_and_then() -> None:
    """After every few tests with a window: each time would take longer than many of them."""
    UNCOLLECTED.append(None)
    if len(UNCOLLECTED) >= 24:
        UNCOLLECTED.clear()
        gc.collect()


def _wait_for_none(look: Callable[[], list[str]]) -> list[str]:
    """Empty as soon as `look` finds nothing, else what it still finds when patience ends."""
    waited, looks = 0.0, 0
    while remains := look():
        if waited > PATIENCE:
            return remains
        began = time.monotonic()
        if looks < 2 or looks % COLLECTED == 0:
            gc.collect()
        _process_events()
        time.sleep(0.02)
        waited, looks = waited + min(time.monotonic() - began, TURN), looks + 1
    return []


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]


def _processes() -> list[Any]:
    return list(multiprocessing.active_children())


def _application() -> Any:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None


def _windows() -> list[Any]:
    application = _application()
    return [window for window in application.topLevelWidgets() if window.isVisible()] if application else []


def _timers() -> list[Any]:
    """Active timers made in Python, those of living parents included."""
    if not TIMERS:
        return []
    import shiboken6

    return [timer for timer in TIMERS if shiboken6.isValid(timer) and timer.isActive()]


def _process_events() -> None:
    application = _application()
    if application:
        from PySide6.QtCore import QEvent

        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.processEvents()


@pytest.fixture(autouse=True)
def torch_computes_in_its_own_precision() -> Iterator[None]:
    """An exported program that a test runs sets torch's default dtype; the next test must not notice."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_default_dtype(torch.float32)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """For tests that torch's number of threads is left alone: here it differs from the one of small graphs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
