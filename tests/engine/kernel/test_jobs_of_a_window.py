"""Jobs through the pipe: what a window hears of them, beside training, edits, cancelling and a kernel that dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.kernel.client import KernelClient
from engine.kernel.protocol import Pause, Start, StopAt
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, JobReport
from graph.model.edits import AddNode, Move, SetParam
from graph.model.elements import Node
from graph.storage.document import Document
from tests.support.jobs import Count, Fail, FreeCount

LONG = 10**9


class Listener:
    """A window with a kernel that counts instead of training."""

    def __init__(self) -> None:
        self.client = KernelClient("tests.support.echo_worker:EchoWorker")
        self.document = Document.new(CATALOG)
        self.document.do(AddNode(Node("n1", "source.input", "x", params={"value": 1.0})))
        self.reports: list[JobReport] = []
        self.parts: list[Any] = []
        self.ends: list[JobEnd] = []

    def start(self, job: Any) -> int:
        return self.client.job(job, self._progress, self.ends.append)

    def _progress(self, report: JobReport, parts: tuple[Any, ...]) -> None:
        self.reports.append(report)
        self.parts += parts

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """As the event loop does it: `pump` when something arrived, or when a look is due."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the kernel did not get there in time"
            due = self.client.due()
            if due is None or due <= 0:
                self.client.pump()
            else:
                time.sleep(min(due, 0.005))
            time.sleep(0.001)


@pytest.fixture
def window() -> Iterator[Listener]:
    window = Listener()
    window.client.attach(window.document)
    yield window
    window.client.shutdown()


def test_parts_come_as_they_are_found_and_the_answer_at_the_end(window: Listener) -> None:
    window.start(Count("a", 40, 0.01))
    window.until(lambda: window.ends)
    assert window.ends == [JobEnd("done", "a of EchoWorker")]
    assert window.parts == [("a", number) for number in range(1, 41)], "every part once, in order"
    assert len(window.reports) > 2 and (window.reports[-1].done, window.reports[-1].total) == (40, 40)
    window.until(lambda: window.client.due() is None and not window.client.busy)  # and then nothing is asked any more


def test_training_goes_on_beside_a_job_and_gets_half_of_the_time(window: Listener) -> None:
    window.client.command(Start(window.client.run))
    window.until(lambda: window.client.progress.step > 0)
    first = window.client.progress.step
    window.start(FreeCount("a", 60, 0.01))
    window.until(lambda: window.ends)
    steps = window.client.progress.step - first  # of 4 ms each, beside 600 ms of a job
    assert window.ends[0].how == "done" and steps > 40


def test_cancelling_is_heard_at_once_and_other_jobs_go_on(window: Listener) -> None:
    number = window.start(FreeCount("a", LONG, 0.005))
    window.until(lambda: window.parts)
    window.client.cancel_job(number)
    assert window.ends == [JobEnd("cancelled")]
    heard = len(window.parts)
    window.start(Count("b", 3))
    window.until(lambda: len(window.ends) == 2)
    assert window.ends[1].answer == "b of EchoWorker" and {name for name, _ in window.parts[heard:]} == {"b"}
    window.client.cancel_job(number)
    assert len(window.ends) == 2


def test_an_edit_ends_what_is_about_the_document_and_nothing_else(window: Listener) -> None:
    window.start(Count("old", LONG, 0.005))
    window.start(FreeCount("free", LONG, 0.005))
    window.until(lambda: {name for name, _ in window.parts} == {"old", "free"})
    window.document.do(Move((("n1", 50.0, 60.0),)))
    window.until(lambda: len(window.parts) > 40)
    assert not window.ends, "where a card lies is not what is computed"
    heard = len(window.parts)
    window.client.command(StopAt(window.client.run, ()))
    window.until(lambda: len(window.parts) > heard + 40)
    assert not window.ends, "a breakpoint changes no number"
    window.document.do(SetParam("n1", "value", 2.0))
    heard = sum(name == "old" for name, _ in window.parts)
    window.until(lambda: window.ends)
    assert [end.how for end in window.ends] == ["outdated"]
    assert sum(name == "old" for name, _ in window.parts) == heard, "nothing of the old document is told of the new one"
    window.client.attach(Document.new(CATALOG))
    count = len(window.parts)
    window.until(lambda: len(window.parts) > count)
    assert len(window.ends) == 1


def test_a_document_that_is_held_back_waits_while_the_kernel_goes_on_with_what_it_has(window: Listener) -> None:
    client = window.client
    client.command(Start(client.run))
    window.until(lambda: client.progress.step > 0 and client.current())
    client.hold(True)
    window.document.do(SetParam("n1", "value", 5.0))
    window.start(FreeCount("free", 20, 0.005))
    window.start(Count("about the document", 3))
    step = client.progress.step
    window.until(lambda: window.ends and client.progress.step > step + 5)  # training and what has nothing to do with the document go on
    assert not client.current() and [end.answer for end in window.ends] == ["free of EchoWorker"]
    client.command(Pause(client.run))
    window.until(lambda: client.progress.phase == "paused")
    assert window.client.wait_state(client.request_state(), 10.0), "what was trained can be saved"
    client.pump()
    assert client.due() != 0.0, "the clock does not run for what the edit may have replaced: it is asked for when the document is let go"

    client.hold(False)
    window.until(lambda: client.current() and len(window.ends) == 2)
    assert window.ends[1].answer == "about the document of EchoWorker"

    client.command(Start(client.run))
    window.until(lambda: client.training)
    client.hold(True)
    client.attach(Document.new(CATALOG))  # another document, which waits too: the last one's training does not go on behind it
    window.start(FreeCount("b", 3))
    window.until(lambda: len(window.ends) == 3)
    assert window.ends[2].how == "done" and not client.current()
    client.hold(False)
    window.until(client.current)


def test_another_document_ends_what_was_asked_about_the_last_one(window: Listener) -> None:
    window.start(Count("old", LONG, 0.005))
    window.until(lambda: window.parts)
    window.client.attach(Document.new(CATALOG))
    assert [end.how for end in window.ends] == ["outdated"]


def test_a_kernel_that_dies_ends_its_jobs_and_the_next_one_has_none(window: Listener) -> None:
    window.start(FreeCount("a", LONG, 0.005))
    window.until(lambda: window.parts)
    window.document.do(AddNode(Node("n2", "source.input", "die")))
    window.until(lambda: window.ends)
    assert window.ends[0].how == "failed" and "SIGKILL" in window.ends[0].text


def test_a_job_that_fails_says_why(window: Listener) -> None:
    window.start(Fail("said"))
    window.until(lambda: window.ends)
    assert window.ends == [JobEnd("failed", text="There is no objective.")]


def test_what_is_hidden_meanwhile_is_asked_for_again(window: Listener) -> None:
    """An answer under way when something is hidden is not taken: the next one comes without it, and nothing is missing."""
    from engine.compile.visible import Hidden
    from graph.model.address import Address

    window.start(Count("a", 40, 0.01))
    window.until(lambda: window.parts)
    hidden = Hidden(asked=frozenset({Address("output", "n1", "y")}))
    window.client.hidden = lambda: hidden
    window.until(lambda: window.ends)
    assert window.parts == [("a", number) for number in range(1, 41)]
