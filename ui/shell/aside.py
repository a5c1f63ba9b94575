"""Work that must end before the window can go on, done beside it: the window is painted meanwhile, and takes no input."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from PySide6.QtCore import QEventLoop, QTimer

from graph.model.garbage import uncollected

T = TypeVar("T")
LOOK_MS, SAY_MS = 15, 1000


class _Worker(Thread, Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="aside", daemon=True)
        self._work = work
        self.result: list[T] = []
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            self.result.append(self._work())
        except BaseException as problem:  # noqa: BLE001 - it is raised where the result is waited for
            self.problem = problem


def aside(work: Callable[[], T], say: Callable[[], object]) -> T:
    """What `work` returns, or raises. It must touch nothing that the window has. `say` is called again and again until then, because a
    short message goes by itself."""
    worker, loop, look, again = _Worker(work), QEventLoop(), QTimer(), QTimer()
    again.setInterval(SAY_MS)
    again.timeout.connect(say)
    look.setInterval(LOOK_MS)
    look.timeout.connect(lambda: None if worker.is_alive() else loop.quit())
    say()
    with uncollected():  # else Python may delete widgets that nobody holds in the thread, where Qt must not
        worker.start()
        look.start()
        again.start()
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        worker.join()
    look.stop()
    again.stop()
    if worker.problem is not None:
        raise worker.problem
    return worker.result[0]
