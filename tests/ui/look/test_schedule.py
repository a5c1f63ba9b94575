"""Work put off: after the present event, or one call between two frames; the newest of each key, never lost."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from ui.look.schedule import Schedule


@pytest.fixture
def schedule(qtbot: QtBot) -> Iterator[Schedule]:
    parent = QObject()
    yield Schedule(parent)
    delete(parent)


def test_calls_run_soon_on_a_canvas_that_rests(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[str]()
    schedule.after_frame("a", lambda: done.append("a"))
    schedule.after_frame("b", lambda: done.append("b"))
    assert not done
    qtbot.waitUntil(lambda: done == ["a", "b"])


def test_one_call_runs_after_each_frame_of_a_canvas_that_moves(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[str]()
    schedule.painted()
    for name in "abc":
        schedule.after_frame(name, partial(done.append, name))
    for expected in (["a"], ["a", "b"], ["a", "b", "c"]):
        schedule.painted()
        qtbot.waitUntil(partial(operator.eq, done, expected), timeout=1000)


def test_a_call_that_comes_late_in_a_gap_waits_for_the_next_one(
    schedule: Schedule, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    done = list[str]()
    monkeypatch.setattr("ui.look.schedule.MOVING_MS", 100_000)  # the canvas moves all the time
    monkeypatch.setattr("ui.look.schedule.GAP_MS", 0)  # and this gap is over
    schedule.after_frame("a", lambda: done.append("a"))
    schedule.painted()
    qtbot.wait(10)
    assert not done
    monkeypatch.setattr("ui.look.schedule.GAP_MS", 10_000)
    schedule.painted()
    qtbot.waitUntil(lambda: done == ["a"])
    monkeypatch.setattr("ui.look.schedule.MOVING_MS", 10)
    monkeypatch.setattr("ui.look.schedule.GAP_MS", 0)
    monkeypatch.setattr("ui.look.schedule.OVERDUE_MS", 0)  # a machine so busy that no gap is ever open
    schedule.after_frame("b", lambda: done.append("b"))
    schedule.painted()
    qtbot.waitUntil(lambda: done == ["a", "b"])


def test_a_call_is_not_lost_when_the_frame_it_waits_for_never_comes(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[str]()
    schedule.painted()
    schedule.after_frame("a", lambda: done.append("a"))
    qtbot.waitUntil(lambda: done == ["a"])


def test_of_several_calls_with_one_key_the_newest_runs_once(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[object]()
    for number in range(5):
        schedule.after_frame("trace", partial(done.append, number))
        schedule.after_event("edit", partial(done.append, -number))
    qtbot.waitUntil(lambda: len(done) == 2)
    qtbot.wait(60)
    assert done == [-4, 4]


def test_a_wait_starts_again_with_every_call(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[str]()
    schedule.after_frame("rest", lambda: done.append("early"), 30)
    schedule.after_frame("rest", lambda: done.append("late"), 5000)
    assert 4000 < schedule.left("rest") <= 5000 and schedule.left("other") == 0
    qtbot.wait(60)
    assert not done and schedule.pending("rest")
    schedule.after_frame("rest", lambda: done.append("now"))
    qtbot.waitUntil(lambda: done == ["now"])
    assert not schedule.pending("rest")


def test_what_was_dropped_or_comes_after_the_end_does_not_run(schedule: Schedule, qtbot: QtBot) -> None:
    done = list[str]()
    schedule.after_frame("a", lambda: done.append("a"))
    schedule.after_event("b", lambda: done.append("b"))
    schedule.after_frame("c", lambda: done.append("c"))
    schedule.drop("a", "b")
    qtbot.waitUntil(lambda: done == ["c"])
    schedule.after_event("d", lambda: done.append("d"))
    schedule.end()
    schedule.after_event("e", lambda: done.append("e"))
    schedule.after_frame("f", lambda: done.append("f"))
    qtbot.wait(60)
    assert done == ["c"]


def test_calls_go_on_while_one_of_them_runs_an_event_loop_of_its_own(schedule: Schedule, qtbot: QtBot) -> None:
    """A dialog, opened by a call, must not keep the others waiting until it is closed."""
    done = list[str]()
    loop = QEventLoop()

    def dialog() -> None:
        loop.exec()
        done.append("closed")

    def inside() -> None:
        done.append("inside")
        loop.quit()

    schedule.after_event("dialog", dialog)
    schedule.after_event("inside", inside)
    guard = QTimer()
    guard.setSingleShot(True)
    guard.timeout.connect(loop.quit)
    guard.start(3000)
    qtbot.waitUntil(lambda: "closed" in done)
    assert done == ["inside", "closed"]


class _Page(QWidget):
    def show_again(self) -> None:
        self.update()


def test_a_widget_that_is_gone_is_not_called(schedule: Schedule, qtbot: QtBot) -> None:
    page, done = _Page(), list[str]()
    schedule.after_event("page", page.show_again)
    schedule.after_event("next", lambda: done.append("next"))
    delete(page)
    qtbot.waitUntil(lambda: done == ["next"])  # a call on what Qt has deleted would have raised, which fails a test
