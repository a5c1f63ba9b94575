"""Work that can wait for the gap between two frames: while the canvas moves, one piece at a time, right after a frame.

A panel's refresh that starts at any moment makes the next frame late by as much as it takes. Started right after a frame, it
is over before the next one is due.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

if TYPE_CHECKING:
    from ui.canvas.view import Canvas

MOVING_MS = 40
"""A canvas that was painted less than this ago is taken to be moving: its next frame is awaited, and no longer than this."""


class Pace(QObject):
    """Runs jobs by name, the newest of each; in the order in which their names were first asked for."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._jobs: dict[str, Callable[[], None]] = {}
        self._painted = QElapsedTimer()
        self._after = self._timer(0)
        self._latest = self._timer(MOVING_MS)
        canvas.painted.connect(self._frame)

    def run(self, name: str, job: Callable[[], None]) -> None:
        """Run `job` in the next gap, instead of an earlier one of this name that has not run yet."""
        self._jobs[name] = job
        if not self._latest.isActive():
            self._latest.start(MOVING_MS if self._moving() else 0)

    def drop(self, name: str = "") -> None:
        """Forget what has not run: this, or everything."""
        if name:
            self._jobs.pop(name, None)
        else:
            self._jobs.clear()

    def _moving(self) -> bool:
        return self._painted.isValid() and self._painted.elapsed() < MOVING_MS

    def _frame(self) -> None:
        self._painted.start()
        if self._jobs:
            self._after.start()

    def _work(self) -> None:
        self._after.stop()
        self._latest.stop()
        if not self._jobs:
            return
        job = self._jobs.pop(next(iter(self._jobs)))
        if self._jobs:
            self._latest.start(MOVING_MS if self._moving() else 0)
        job()

    def _timer(self, ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(self._work)
        return timer
