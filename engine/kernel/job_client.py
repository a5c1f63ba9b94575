"""The window's list of jobs: what was asked for, how much of each answer has been heard, and when to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.numerics.job import Job, JobEnd, JobNews, JobReport, Repeated

FIRST_LOOK, LAST_LOOK = 0.01, 1 / 12
"""Seconds between two looks at a job: soon at first, for a short one, and then as often as at a training."""
LEAST_LOOK = 0.008
"""Before the next look at a job that is repeated: when there is another answer, the kernel can only guess."""

Parts = tuple[object, ...]
OnProgress = Callable[[JobReport, Parts], None]
OnEnd = Callable[[JobEnd], None]


@dataclass(slots=True)
class _Wanted:
    job: Job
    progress: OnProgress
    end: OnEnd
    sent: bool = False
    known: int = 0
    report: JobReport = JobReport()


class JobClient:
    """Jobs by number. `progress` gets every new report with the parts of the answer that came with it, `end` how the job ended, once."""

    def __init__(self) -> None:
        self._jobs: dict[int, _Wanted] = {}
        self._last = 0
        self._pause = FIRST_LOOK
        self._looked = -1e9
        self._next: dict[int, float] = {}
        """When to look at the jobs that are repeated."""
        self._changed = False

    def add(self, job: Job, progress: OnProgress, end: OnEnd) -> int:
        """Its number; the next request starts it."""
        self._last += 1
        self._jobs[self._last] = _Wanted(job, progress, end)
        self._changed = True
        if not isinstance(job, Repeated):
            self._pause = FIRST_LOOK
        return self._last

    def cancel(self, number: int) -> None:
        """End a job now; the kernel hears of it with the next request. Nothing happens to one that has ended."""
        self._ended(number, JobEnd("cancelled"))

    def outdated(self) -> None:
        """Another document: jobs about the last one get no answer."""
        for number in [number for number, wanted in self._jobs.items() if _needs_document(wanted.job)]:
            self._ended(number, JobEnd("outdated"))

    def failed(self, text: str) -> None:
        """The kernel is gone, and all jobs with it."""
        for number in list(self._jobs):
            self._ended(number, JobEnd("failed", text=text))

    @property
    def under_way(self) -> bool:
        """Whether the kernel has any of them."""
        return any(wanted.sent for wanted in self._jobs.values())

    # what the next request says

    def new(self, held: bool = False) -> tuple[tuple[int, Job], ...]:
        """Those to be started; while the document is held back, only those that are not about it."""
        return tuple((n, wanted.job) for n, wanted in self._jobs.items() if not wanted.sent and not (held and _needs_document(wanted.job)))

    @property
    def wanted(self) -> dict[int, int]:
        return {number: wanted.known for number, wanted in self._jobs.items()}

    def due(self, now: float) -> float | None:
        """Seconds until the next look; None where there is nothing to send."""
        if self._changed:
            return 0.0
        times = [self._next.get(number, self._looked + self._pause) for number in self._jobs]
        return max(0.0, min(times) - now) if times else None

    def sent(self, now: float, held: bool = False) -> None:
        """A request with all this has gone out."""
        self._changed, self._looked = False, now
        self._pause = min(LAST_LOOK, 1.5 * self._pause)
        for number, _job in self.new(held):
            self._jobs[number].sent = True

    # what the answer says

    def receive(self, asked: Sequence[int], news: Sequence[JobNews], current: bool, now: float) -> None:
        """`current`: the answer is about the document as it is, with nothing in it that has been hidden since; else what is about the
        document waits for the next one."""
        told = {item.number: item for item in news}
        for number in asked:
            wanted, job_news = self._jobs.get(number), told.get(number)
            if wanted is None:
                continue
            if job_news is None and not wanted.sent:
                continue
            if job_news is None:  # the request came to nothing: start it with the next one
                wanted.sent = False
            elif current or not wanted.job.about_document:
                if job_news.again is not None:
                    self._next[number] = now + max(job_news.again, LEAST_LOOK)
                self._hear(number, wanted, job_news)

    def _hear(self, number: int, wanted: _Wanted, news: JobNews) -> None:
        if news.parts or news.report != wanted.report:
            wanted.known += len(news.parts)
            wanted.report = news.report
            wanted.progress(news.report, news.parts)
        if news.end is not None:
            self._ended(number, news.end)

    def _ended(self, number: int, end: JobEnd) -> None:
        wanted = self._jobs.pop(number, None)
        self._next.pop(number, None)
        if wanted is not None:
            self._changed = True  # so that the kernel forgets it
            wanted.end(end)


def _needs_document(job: Job) -> bool:
    """Whether a job can only be done with the document that the window has."""
    return job.about_document or (job.job if isinstance(job, Repeated) else job).of_numbers
