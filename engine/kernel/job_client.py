"""The window's list of jobs: what was asked for, how much of each answer has been heard, and when to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.numerics.job import Job, JobEnd, JobNews, JobReport

FIRST_LOOK, LAST_LOOK = 0.01, 1 / 12
"""Seconds between two looks at a job: soon at first, for a short one, and then as often as at a training."""
PATIENT_LOOK = 0.03
"""The first look at a job that leaves training most of the time: a look costs the trainer too."""

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
        self._changed = False

    def add(self, job: Job, progress: OnProgress, end: OnEnd) -> int:
        """Its number; the next request starts it."""
        self._last += 1
        self._jobs[self._last] = _Wanted(job, progress, end)
        self._pause, self._changed = (PATIENT_LOOK if _patient(job) else FIRST_LOOK), True
        return self._last

    def cancel(self, number: int) -> None:
        """End a job now; the kernel hears of it with the next request. Nothing happens to one that has ended."""
        self._ended(number, JobEnd("cancelled"))

    def outdated(self) -> None:
        """Another document: jobs about the last one get no answer."""
        for number in [number for number, wanted in self._jobs.items() if wanted.job.about_document]:
            self._ended(number, JobEnd("outdated"))

    def failed(self, text: str) -> None:
        """The kernel is gone, and all jobs with it."""
        for number in list(self._jobs):
            self._ended(number, JobEnd("failed", text=text))

    # what the next request says

    def new(self, held: bool = False) -> tuple[tuple[int, Job], ...]:
        """Those to be started; while the document is held back, only those that are not about it."""
        return tuple((n, wanted.job) for n, wanted in self._jobs.items() if not wanted.sent and not (held and wanted.job.about_document))

    @property
    def wanted(self) -> dict[int, int]:
        return {number: wanted.known for number, wanted in self._jobs.items()}

    def due(self, now: float) -> float | None:
        """Seconds until the next look; None where there is nothing to send."""
        if self._changed:
            return 0.0
        return max(0.0, self._looked + self._pause - now) if self._jobs else None

    def sent(self, now: float, held: bool = False) -> None:
        """A request with all this has gone out."""
        self._changed, self._looked = False, now
        self._pause = min(LAST_LOOK, 1.5 * self._pause)
        for number, _job in self.new(held):
            self._jobs[number].sent = True

    # what the answer says

    def receive(self, asked: Sequence[int], news: Sequence[JobNews], current: bool) -> None:
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
        if wanted is not None:
            self._changed |= end.how != "done" or not _patient(wanted.job)  # so that the kernel forgets it; else the next request says so
            wanted.end(end)


def _patient(job: Job) -> bool:
    """Whether a job leaves training more of the time than others do."""
    return job.share < Job.share
