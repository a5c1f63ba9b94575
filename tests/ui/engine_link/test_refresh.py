"""What is followed is shown and asked for again, the newest wish wins, and nothing is shown after a stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.numerics.job import Job, JobEnd, JobReport, Repeated
from ui.engine_link.messages import Progress
from ui.engine_link.refresh import Refresh
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
        self.jobs: list[tuple[Job, JobHandle]] = []
        self.waits: dict[Any, tuple[Callable[[], None], int]] = {}

    def job(self, job: Job, progress: Any, done: Callable[[JobEnd], None], background: bool = False) -> JobHandle:
        assert background  # Esc ends the job the user started, never this one
        handle = JobHandle(self.kernel, progress, done)  # type: ignore[arg-type]
        self.jobs.append((job, handle))
        return handle

    def pending(self, key: Any) -> bool:
        return key in self.waits

    def after_frame(self, key: Any, call: Callable[[], None], wait: int = 0) -> None:
        self.waits[key] = call, wait

    def drop(self, key: Any) -> None:
        self.waits.pop(key, None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("ui.engine_link.refresh.time", clock)
    return clock


def test_while_something_trains_the_kernel_repeats_what_is_followed(clock: Clock) -> None:
    work, shown = FakeWork(), list[tuple[int, Any]]()
    refresh = Refresh(work, lambda job, end: shown.append((job.number, end.answer)), 0.1, 0.5)  # type: ignore[arg-type, attr-defined]
    refresh.follow(Look(1))
    assert [job for job, _ in work.jobs] == [Repeated(Look(1), 0.5)]
    clock.now += 0.6
    for number in (2, 3, 3):
        refresh.follow(Look(number))
    assert len(work.jobs) == 1 and not work.waits  # the first answer comes first
    work.jobs[0][1].report(JobReport(), ("a", "b"))
    assert shown == [(1, "b")] and [job for job, _ in work.jobs] == [Repeated(Look(n), 0.5) for n in (1, 3)]
    work.jobs[0][1].report(JobReport(), ("c",))
    assert len(shown) == 1  # nobody hears the one that was replaced
    clock.now += 0.2
    work.jobs[1][1].report(JobReport(), ("d",))
    refresh.follow(Look(3))
    refresh.follow(Look(4))
    call, wait = work.waits.pop(refresh)
    assert len(work.jobs) == 2 and wait == pytest.approx(300, abs=2)
    call()
    assert [job for job, _ in work.jobs][2:] == [Repeated(Look(4), 0.5)]
    work.jobs[2][1].finish(JobEnd("done"))  # training has ended
    assert len(shown) == 2 and len(work.jobs) == 3
    work.kernel.training = False
    clock.now += 1
    refresh.follow(Look(4))
    assert [job for job, _ in work.jobs][3:] == [Look(4)]
    work.jobs[3][1].finish(JobEnd("done", "e"))
    assert shown[1:] == [(3, "d"), (4, "e")]
    work.kernel.training = True
    clock.now += 1
    refresh.follow(Look(4))
    refresh.ask(Look(5))  # once, also while something trains
    work.jobs[4][1].report(JobReport(), ("f",))
    clock.now += 1
    work.waits.pop(refresh)[0]()
    assert [job for job, _ in work.jobs][4:] == [Repeated(Look(4), 0.5), Look(5)]
    refresh.stop()
    work.jobs[-1][1].finish(JobEnd("done", "g"))
    assert shown[-1] == (4, "f") and not refresh.running


def test_what_is_followed_is_asked_for_again_unless_it_is_shown_or_under_way(clock: Clock) -> None:
    work = FakeWork()
    refresh = Refresh(work, lambda job, end: None, rest=0.0)  # type: ignore[arg-type]

    def answer(how: Any) -> None:
        work.jobs[-1][1].finish(JobEnd(how))

    def asked() -> list[int]:
        clock.now += 1
        return [getattr(job, "job", job).number for job, _ in work.jobs]

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
    assert len(asked()) == 6 and isinstance(work.jobs[-1][0], Repeated)
    answer("failed")
    refresh.follow(Look(2))
    assert len(asked()) == 6
    refresh.follow(Look(3))
    refresh.stop()
    answer("done")
    assert len(asked()) == 7
    refresh.follow(Look(3))
    assert len(asked()) == 8  # what was shown was forgotten
