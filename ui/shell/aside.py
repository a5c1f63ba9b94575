"""Work that must end before the window can go on, done beside it: the window is painted meanwhile, and takes no input."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from graph.model.garbage import uncollected

T = TypeVar("T")
LOOK_MS, SAY_MS = 15, 1000
INPUT = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride, QEvent.Type.Shortcut, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick,
    QEvent.Type.Wheel, QEvent.Type.ContextMenu, QEvent.Type.TouchBegin, QEvent.Type.TabletPress,
    QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop,
})  # fmt: skip
"""What begins something. Ends, such as the release of a button, go through: they belong to what began before."""

CLOSED_LATER = frozenset({Qt.WindowType.Window, Qt.WindowType.Dialog})
"""Tips and lists close by themselves."""


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


class _Deaf(QObject):
    """Input is dropped: put off, Delete would act on the document that is shown when the work is done. Closing a window is put off."""

    def __init__(self) -> None:
        super().__init__()
        self.closes: list[QWindow] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close and isinstance(watched, QWindow) and watched.type() in CLOSED_LATER:
            self.closes.append(watched)
            event.ignore()
            return True
        return event.type() in INPUT


def aside(work: Callable[[], T], say: Callable[[], object]) -> T:
    """What `work` returns, or raises. It must touch nothing that the window has. `say` is called again and again until then, because a
    short message goes by itself."""
    worker, loop, look, again, deaf = _Worker(work), QEventLoop(), QTimer(), QTimer(), _Deaf()
    app = QApplication.instance()
    assert app is not None
    again.setInterval(SAY_MS)
    again.timeout.connect(say)
    look.setInterval(LOOK_MS)
    look.timeout.connect(lambda: None if worker.is_alive() else loop.quit())
    say()
    with uncollected():  # else Python may delete widgets that nobody holds in the thread, where Qt must not
        worker.start()
        look.start()
        again.start()
        app.installEventFilter(deaf)
        loop.exec()
        app.removeEventFilter(deaf)
        worker.join()
    look.stop()
    again.stop()
    for window in filter(isValid, dict.fromkeys(deaf.closes)):
        QTimer.singleShot(0, window, window.close)
    if worker.problem is not None:
        raise worker.problem
    return worker.result[0]
