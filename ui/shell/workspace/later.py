"""What may open a dialog runs after the event that asked for it.

A dialog has an event loop of its own. Opened while Qt is still delivering a drop, a key or a click, that loop would deliver further
events inside the first one: a second drop then meets the unfinished first one, and the process dies. So everything that may ask
something is put here, and runs from the window's event loop, one task at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject

from ui.look.schedule import Schedule

TASK = "task"


class Later(QObject):
    """Call it with a task. Tasks run in order, each when the one before it, with all its dialogs, has ended."""

    def __init__(self, work: Schedule) -> None:
        super().__init__(work)
        self._work = work
        self._tasks: deque[Callable[[], object]] = deque()
        self.running = False
        """Whether a task runs now, so that a dialog may be opened."""

    def end(self) -> None:
        """The window has closed: nothing that waits is asked over a window that is gone."""
        self._tasks.clear()

    def __call__(self, task: Callable[[], object]) -> None:
        self._tasks.append(task)
        if len(self._tasks) == 1 and not self.running:
            self._work.after_event(TASK, self._next)

    def _next(self) -> None:
        if self.running or not self._tasks:
            return
        task = self._tasks.popleft()
        self.running = True
        try:
            task()
        finally:
            self.running = False
            if self._tasks:
                self._work.after_event(TASK, self._next)
