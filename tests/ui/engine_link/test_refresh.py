"""A job that is repeated takes at most a twentieth of the time while something trains, shows the newest wish, and stops at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.numerics.job import Job, JobEnd
from ui.engine_link.messages import Progress
from ui.engine_link.refresh import SHARE, Refresh
from ui.engine_link.work import JobHandle


@dataclass(frozen=True, slots=True)
class Look(Job):
    number: int = 0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class FakeKernel:
    def __init__(self) -> None:
        self.training, self.progress = True, Progress("training", step=1)

    def cancel_job(self, number: int) -> None:
        pass


class FakeWork:
    """Jobs and waits as they are asked for."""

    def __init__(self) -> None:
        self.kernel = FakeKernel()
        self.jobs: list[tuple[Look, Callable[[JobEnd], None]]] = []
        self.waits: dict[Any, tuple[Callable[[], None], int]] = {}

    def job(self, job: Look, progress: Any, done: Callable[[JobEnd], None], background: bool = False) -> JobHandle:
        assert background  # Esc ends the job the user started, never this one
        handle = JobHandle(self.kernel, progress, done)  # type: ignore[arg-type]
        self.jobs.append((job, handle.finish))
        return handle

    def pending(self, key: Any) -> bool:
        return key in self.waits

    def after_frame(self, key: Any, call: Callable[[], None], wait: int = 0) -> None:
        self.waits[key] = call, wait

    def drop(self, key: Any) -> None:
        self.waits.pop(key, None)


def test_it_takes_a_twentieth_of_the_trainers_time_and_does_the_newest_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, work, shown = Clock(), FakeWork(), list[int]()
    monkeypatch.setattr("ui.engine_link.refresh.time", clock)
    refresh = Refresh(work, lambda job, end: shown.append(job.number), lambda answer: answer, rest=0.1)  # type: ignore[arg-type, attr-defined]
    refresh.ask(Look(1))
    for number in (2, 3):
        refresh.ask(Look(number))
    assert [job.number for job, _ in work.jobs] == [1] and not work.waits
    clock.now += 0.3
    work.jobs[0][1](JobEnd("done", 5.0))  # the first loads and compiles
    assert shown == [1] and not work.waits and [job.number for job, _ in work.jobs] == [1, 3]
    clock.now += 0.3
    refresh.ask(Look(4))
    work.jobs[1][1](JobEnd("done", 0.05))
    call, wait = work.waits.pop(refresh)
    assert wait == pytest.approx(1000 * (0.05 / SHARE - 0.3), abs=2)
    call()
    assert [job.number for job, _ in work.jobs] == [1, 3, 4]
    work.kernel.training = False
    work.jobs[2][1](JobEnd("done", 0.05))
    refresh.ask(Look(5))
    assert work.waits[refresh][1] <= 100
    refresh.stop()
    assert not work.waits and not refresh.running
    clock.now += 1
    refresh.ask(Look(6))
    refresh.stop()
    work.jobs[-1][1](JobEnd("done", 0.05))
    assert shown == [1, 3, 4]


def test_what_is_followed_is_asked_for_again_unless_it_is_shown_or_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, work = Clock(), FakeWork()
    monkeypatch.setattr("ui.engine_link.refresh.time", clock)
    refresh = Refresh(work, lambda job, end: None, lambda answer: 0.0, rest=0.0)  # type: ignore[arg-type]

    def answer(how: Any) -> None:
        work.jobs[-1][1](JobEnd(how))

    def asked() -> list[int]:
        clock.now += 1
        return [job.number for job, _ in work.jobs]

    work.kernel.training = False
    for number in (1, 1, 2, 2):  # 2 replaces 1 while that is under way
        refresh.follow(Look(number))
    answer("done")
    assert asked() == [1, 2]
    refresh.follow(Look(2))
    answer("done")
    refresh.follow(Look(2))
    assert asked() == [1, 2]  # shown
    work.kernel.progress = Progress("paused", step=2)
    refresh.follow(Look(2))
    assert asked() == [1, 2, 2]
    answer("outdated")
    refresh.follow(Look(2))
    assert asked() == [1, 2, 2, 2]  # no answer came
    answer("failed")
    refresh.follow(Look(2))
    assert refresh.refused and len(asked()) == 4
    refresh.retry()
    assert not refresh.refused and len(asked()) == 5
    work.kernel.training = True
    answer("done")
    assert len(asked()) == 6  # while something trains, again and again
    answer("failed")
    refresh.follow(Look(2))
    assert len(asked()) == 6
    refresh.follow(Look(3))
    refresh.stop()
    answer("done")
    assert len(asked()) == 7
    refresh.follow(Look(3))
    assert len(asked()) == 8  # what was shown was forgotten
