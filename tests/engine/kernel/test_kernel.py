"""The kernel process and its client, with a worker that needs no torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from engine.compile.views import PassEvent, TraceView, single
from engine.kernel.client import KernelClient, kept_edit
from engine.kernel.pipe_room import LEAST, room, widen
from engine.kernel.process import KernelProcess
from engine.kernel.protocol import Pause, Progress, Start, TrainedEdit
from engine.kernel.transport import decode, encode, receive, send
from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from graph.model.address import output
from graph.model.edits import AddNode, RemoveNode, SetParam
from graph.model.elements import Node
from graph.storage.document import Document
from tests.support.echo_worker import Hang

ECHO = "tests.support.echo_worker:EchoWorker"
ROOT = Path(__file__).parents[3]


class Window:
    """Stands for the window: keeps what the client reports."""

    def __init__(self) -> None:
        self.client = KernelClient(ECHO)
        self.traces: list[TraceView] = []
        self.progress: list[Progress] = []
        self.status: list[tuple[str, str]] = []
        self.client.on_trace = self.traces.append
        self.client.on_progress = self.progress.append
        self.client.on_status = lambda status, text: self.status.append((status, text))
        self.document = Document.new(CATALOG)
        self.document.do(AddNode(Node("n1", "source.input", "x", params={"value": 1.0})))

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the kernel did not get there in time"
            self.client.pump()
            time.sleep(0.002)

    def slide(self, value: float) -> None:
        self.document.do(SetParam("n1", "value", value))


@pytest.fixture(autouse=True)
def as_the_application_starts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KernelProcess, "method", "spawn")


@pytest.fixture
def window() -> Iterator[Window]:
    window = Window()
    window.client.attach(window.document)
    yield window
    window.client.shutdown()


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def gone(pid: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("size", [0, 3, 5000, LEAST * 4])
def test_a_message_comes_back_as_it_was_taken_apart(size: int) -> None:
    message = {"a": np.arange(size, dtype=float), "text": "δ" * size, "empty": np.zeros((0, 2))}

    back = decode(b"".join(encode(message)))

    assert back["text"] == message["text"]
    np.testing.assert_array_equal(back["a"], message["a"])
    assert back["a"].flags.aligned
    assert back["empty"].shape == (0, 2)


def test_what_the_pipe_has_room_for_takes_no_shared_memory_and_waits_for_nobody() -> None:
    ours, theirs = Pipe()
    widen(ours)
    fits, longer = room(ours) - 2048, 2 * room(ours)

    for count in (fits, longer):  # nobody reads meanwhile: a sender that waited would wait for ever
        name = f"gw-test-{os.getpid()}"
        message = np.arange(count, dtype=np.uint8)
        send(ours, message, name)
        assert Path("/dev/shm", name).exists() == (count == longer) or sys.platform != "linux"
        np.testing.assert_array_equal(receive(theirs), message)
        assert not Path("/dev/shm", name).exists()


def test_a_view_of_one_number_comes_back_equal() -> None:
    for tensor in (np.array(-2.5), np.array(3, np.int64), np.array(np.inf, np.float32), np.array(np.nan)):
        view = single(tensor.item(), str(tensor.dtype))

        back = decode(b"".join(encode(view)))

        assert back.data.dtype == tensor.dtype
        np.testing.assert_equal([getattr(back, f.name) for f in fields(view)], [getattr(view, f.name) for f in fields(view)])


def test_the_first_answer_belongs_to_the_document_as_it_is(window: Window) -> None:
    window.until(window.client.current)

    assert window.traces[-1].values["n1", "y"].scalar == 1.0
    assert window.traces[-1].revision == window.document.revision
    assert window.status[0][0] == "ready"


def test_a_value_edit_travels_as_a_delta_and_the_newest_wins(window: Window) -> None:
    window.until(window.client.current)
    seen = len(window.traces)

    for tick in range(100):
        window.slide(float(tick))
    window.until(window.client.current)

    assert window.traces[-1].values["n1", "y"].scalar == 99.0
    assert len(window.traces) - seen <= 2


def test_wait_brings_the_values_of_the_newest_edit(window: Window) -> None:
    window.until(window.client.current)

    window.slide(7.0)

    assert window.client.wait(5.0)
    assert window.traces[-1].values["n1", "y"].scalar == 7.0


def test_what_a_trace_has_in_common_with_the_one_before_is_there_all_the_same(window: Window) -> None:
    window.until(window.client.current)
    window.slide(7.0)
    window.until(window.client.current)

    first, last = window.traces[0], window.traces[-1]
    assert last.events == (PassEvent("forward", "n1", ()),)
    assert last.events is first.events


def test_undo_reaches_the_kernel_too(window: Window) -> None:
    window.slide(7.0)
    window.until(window.client.current)

    window.document.undo()
    window.until(window.client.current)

    assert window.traces[-1].values["n1", "y"].scalar == 1.0


def test_an_answer_to_another_structure_is_dropped(window: Window) -> None:
    window.until(window.client.current)
    window.slide(3.0)
    window.client.pump()  # on its way with the old structure, or already here on a busy machine
    window.traces.clear()

    window.document.do(AddNode(Node("n2", "source.input", "y", params={"value": 5.0})))
    window.until(window.client.current)

    assert all(("n2", "y") in trace.values for trace in window.traces)


def test_an_answer_to_another_document_is_dropped(window: Window) -> None:
    window.until(window.client.current)
    window.slide(3.0)
    window.client.pump()
    window.traces.clear()
    other = Document.new(CATALOG)

    window.client.attach(other)
    window.until(window.client.current)

    assert [dict(trace.values) for trace in window.traces] == [{}]


def test_edits_of_a_detached_document_are_not_heard(window: Window) -> None:
    window.client.attach(Document.new(CATALOG))
    window.until(lambda: window.client.ready and not window.client.busy)
    seen = len(window.traces)

    window.slide(3.0)
    window.client.pump()

    assert not window.client.busy
    assert len(window.traces) == seen


def test_nothing_is_sent_while_nothing_happens(window: Window) -> None:
    window.until(lambda: window.client.ready and not window.client.busy)

    time.sleep(0.1)
    window.client.pump()

    assert not window.client.busy
    assert window.client.due() is None


def test_the_kernel_warms_up_after_the_first_trace(window: Window) -> None:
    window.until(lambda: window.client.ready)

    assert window.traces


def test_a_large_array_comes_through_shared_memory_and_none_is_left(window: Window) -> None:
    arrays: list[np.ndarray | None] = []

    window.client.request_array(output("n1"), arrays.append)
    window.client.request_array(output("n1").derivative, arrays.append)
    window.until(lambda: len(arrays) == 2)

    np.testing.assert_array_equal(arrays[0], np.arange(1_000_000, dtype=float).reshape(1000, 1000))
    assert arrays[1] is None
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(f"gw-{window.client.pid}-")]


def test_shutdown_takes_away_what_an_unread_answer_left_in_shared_memory(window: Window) -> None:
    window.until(lambda: window.client.ready and not window.client.busy)
    pid = window.client.pid
    window.client.request_array(output("n1"), lambda array: None)
    assert window.client._process is not None
    assert window.client._process.poll(20)

    window.client.shutdown()

    assert not [name for name in os.listdir("/dev/shm") if name.startswith(f"gw-{pid}-")]


def test_training_is_pulled_until_it_pauses(window: Window) -> None:
    window.client.command(Start(window.client.run))
    window.until(lambda: window.client.progress.step >= 20)
    assert window.status[-1][0] == "training"
    assert window.traces[-1].mode == "training"

    window.client.command(Pause(window.client.run))
    window.until(lambda: window.client.progress.phase == "paused" and not window.client.busy)

    points = [point for progress in window.progress for point in progress.points]
    assert [point.step for point in points] == list(range(1, len(points) + 1))
    assert window.status[-1][0] == "ready"


def test_trained_values_come_as_an_edit_of_the_document(window: Window) -> None:
    kept: list[TrainedEdit] = []
    window.client.request_kept(kept.append)
    window.until(lambda: kept)

    window.document.do(kept_edit(window.document, kept[0]))

    assert window.document.graph.setting("n1", "value") == 2.0
    assert window.document.graph.attachments == {"tensors/a": b"abc"}


def test_a_failure_inside_the_bench_is_told_and_does_not_end_the_kernel(window: Window) -> None:
    window.until(window.client.current)

    window.document.do(AddNode(Node("n2", "source.input", "raise")))
    window.until(lambda: window.status[-1][1])
    assert "nothing can be done with this" in window.status[-1][1]
    window.document.do(RemoveNode("n2"))
    window.until(window.client.current)

    assert window.traces[-1].values["n1", "y"].scalar == 1.0


def test_kill_9_while_training_restarts_from_the_last_state(window: Window) -> None:
    window.client.command(Start(window.client.run))
    window.until(lambda: window.client.progress.step > 0 and window.client.known_state is not None and window.client.known_state.step > 0)
    before, pid = window.document.graph.copy(), window.client.pid
    saved = window.client.known_state.step

    os.kill(pid or 0, signal.SIGKILL)
    window.until(lambda: window.client.pid != pid and window.client.current() and not window.client.training)

    assert any("SIGKILL" in text and "untouched" in text for _, text in window.status)
    assert window.document.graph == before
    assert gone(pid or 0)
    window.until(lambda: window.client.progress.step == saved and not window.client.busy)
    window.client.command(Start(window.client.run))
    window.until(lambda: window.client.training and window.client.progress.step > saved)


def test_three_deaths_in_a_row_stop_and_say_so(window: Window) -> None:
    window.until(window.client.current)

    window.document.do(AddNode(Node("n2", "source.input", "die")))
    window.until(lambda: window.status[-1][0] == "dead", 60)

    assert "3 times" in window.status[-1][1]
    assert window.client.pid is None
    window.document.do(RemoveNode("n2"))
    window.client.restart()
    window.until(window.client.current)


def test_shutdown_ends_the_process_even_in_a_step_that_never_returns(window: Window) -> None:
    window.until(window.client.current)
    window.client.command(Hang(window.client.run))
    pid = window.client.pid or 0

    window.client.shutdown()

    assert gone(pid)


@pytest.mark.parametrize("command", [Pause, Start, Hang])
def test_the_kernel_ends_when_its_window_is_killed(command: type) -> None:
    code = (
        "import sys, time\n"
        "from tests.engine.kernel.test_kernel import *\n"
        "if __name__ == '__main__':\n"
        "    w = Window(); w.client.attach(w.document); w.until(w.client.current)\n"
        f"    w.client.command({command.__name__}(w.client.run)); time.sleep(0.2); print(w.client.pid, flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    pid = int(child.stdout.readline())
    assert alive(pid)

    child.kill()
    child.wait()
    child.stdout.close()

    assert gone(pid)


def test_the_client_imports_neither_torch_nor_qt() -> None:
    code = "import sys, engine.kernel.client; sys.exit(any(m.partition('.')[0] in ('torch', 'PySide6') for m in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_points_of_a_curve_come_back_equal_without_their_fields_names() -> None:
    points = [Point(step, 1.0 / step) for step in range(1, 101)]
    points += [Point(7), Point(8, 0.5, 0.25, test_loss=float("inf")), Point(9, 2.0, stability_limit=3.0, others=(1.0, -0.0))]

    packed = b"".join(encode(points))

    assert decode(packed) == points
    assert b"accuracy" not in packed and len(packed) < 30 * len(points)
