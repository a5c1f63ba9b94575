"""The kernel behind Qt signals, with a bench that needs no torch."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.storage.document import Document
from ui.engine_link.link import Kernel

ECHO = "tests.support.echo_worker:EchoWorker"


@pytest.fixture
def document() -> Document:
    document = Document.new(CATALOG)
    document.do(AddNode(Node("n1", "source.input", "x", params={"value": 1.0})))
    return document


@pytest.fixture
def kernel(qtbot: QtBot, document: Document) -> Iterator[Kernel]:
    kernel = Kernel(worker=ECHO)
    traces[:] = []
    kernel.traced.connect(traces.append)
    kernel.attach(document)
    qtbot.waitUntil(lambda: kernel.ready and kernel.current(), timeout=20_000)
    yield kernel
    kernel.shutdown()


traces: list[TraceView] = []
"""What came, the newest last."""


def shown(kernel: Kernel) -> float | None:
    return traces[-1].values["n1", "y"].scalar if traces else None


def test_an_edit_brings_a_trace_by_itself(qtbot: QtBot, kernel: Kernel, document: Document) -> None:
    document.do(SetParam("n1", "value", 4.0))

    qtbot.waitUntil(lambda: shown(kernel) == 4.0)


def test_waiting_brings_the_values_without_the_event_loop(kernel: Kernel, document: Document) -> None:
    document.do(SetParam("n1", "value", 5.0))

    assert kernel.wait_values(5000)
    assert shown(kernel) == 5.0


def test_training_fills_the_curve_and_reset_empties_it(qtbot: QtBot, kernel: Kernel) -> None:
    kernel.start()
    qtbot.waitUntil(lambda: len(kernel.curve) > 10)
    kernel.pause()
    qtbot.waitUntil(lambda: not kernel.training)
    assert [point.step for point in kernel.curve] == list(range(1, len(kernel.curve) + 1))

    kernel.reset()
    qtbot.waitUntil(lambda: kernel.progress.phase == "idle")

    assert kernel.curve == []


def test_no_timer_runs_while_nothing_happens(qtbot: QtBot, kernel: Kernel) -> None:
    kernel.start()
    qtbot.waitUntil(lambda: kernel.progress.step > 3)
    kernel.pause()
    qtbot.waitUntil(lambda: not kernel.training)
    qtbot.wait(100)

    assert kernel._schedule.idle


def test_a_killed_kernel_is_noticed_while_idle_and_replaced(qtbot: QtBot, kernel: Kernel, document: Document) -> None:
    said: list[str] = []
    kernel.status.connect(lambda status, text: said.append(text))
    pid = kernel.pid or 0

    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: kernel.pid not in (None, pid), timeout=20_000)
    document.do(SetParam("n1", "value", 6.0))

    qtbot.waitUntil(lambda: shown(kernel) == 6.0, timeout=20_000)
    assert any("SIGKILL" in text for text in said)
