"""The kernel's worker as the benchmark of a watched run has it: it notes its steps, and trains like a plain trainer when it is told to."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.notes import Notes
from engine.kernel.worker import DocumentWorker


class NotingWorker(DocumentWorker):
    """The notes are where another process reads them at once: the kernel's own progress comes too seldom to count steps by."""

    def __init__(self) -> None:
        super().__init__()
        self._notes = Notes()

    def run_slice(self, seconds: float, go_on: Callable[[], bool] | None = None) -> None:
        if self._notes.alone > 0 and self._run is not None:
            self._notes.begin(self.step)
            self._run.train(max_seconds=self._notes.alone)
            self._notes.end(self.step)
            return

        def asked() -> bool:
            self._notes.add(self.step)
            return go_on is not None and go_on() and not self._notes.alone

        super().run_slice(seconds, None if go_on is None else asked)
        self._notes.add(self.step)
