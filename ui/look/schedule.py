"""The window's clock for work that can wait: once the present event is over, or in the gap after the next painted frame.

A panel's refresh that starts at any moment makes the next frame late by as much as it takes. Started right after a frame, it is over
before the next one is due.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from shiboken6 import isValid

MOVING_MS = 40
"""A canvas that was painted less than this ago is taken to be moving: its next frame is awaited, and no longer than this."""
GAP_MS = 5
"""So long after a frame its gap is open: a call that begins later would make the next frame late."""

OVERDUE_MS = 100
"""A call that no gap had room for is not put off for longer, however busy the machine is."""

Call = Callable[[], object]


class Schedule(QObject):
    """Calls by key, the newest of each, in the order in which the keys were first given. `painted` says that a frame is on the screen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._events: dict[Hashable, Call] = {}
        self._frames: dict[Hashable, tuple[int, Call]] = {}
        """When a call is due, in milliseconds of `_clock`, and the call."""
        self._ended = self._gap = False
        self._painted = QElapsedTimer()
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._run)

    def after_event(self, key: Hashable, call: Call) -> None:
        """Call when the event that is being delivered is over; instead of an earlier call with this key that has not run yet."""
        if not self._ended:
            self._events[key] = call
            self._arm()

    def after_frame(self, key: Hashable, call: Call, wait: int = 0) -> None:
        """Call in the first gap between two frames that begins `wait` ms from now or later; on a canvas that rests there is always one.

        It takes the place of an earlier call with this key, and the wait starts again. While the canvas moves, a gap has room for one call.
        """
        if not self._ended:
            self._frames[key] = self._clock.elapsed() + max(0, wait), call
            self._arm()

    def pending(self, key: Hashable) -> bool:
        """Whether a call with this key has not run yet."""
        return key in self._events or key in self._frames

    @property
    def idle(self) -> bool:
        """Whether nothing waits, so that no timer runs."""
        return not self._events and not self._frames

    def left(self, key: Hashable) -> int:
        """Milliseconds until a call that waits is due; 0 where none waits."""
        return max(0, self._frames[key][0] - self._clock.elapsed()) if key in self._frames else 0

    def drop(self, *keys: Hashable) -> None:
        """Forget the calls with these keys that have not run yet."""
        for key in keys:
            self._events.pop(key, None)
            self._frames.pop(key, None)
        self._arm()

    def end(self) -> None:
        """Forget everything, now and from now on: the window has closed."""
        self._ended = True
        self._events.clear()
        self._frames.clear()
        self._timer.stop()

    def painted(self) -> None:
        """A frame was painted just now."""
        self._painted.start()
        self._gap = bool(self._frames)
        if self._gap:
            self._arm()

    def _still(self) -> int:
        """Milliseconds until a canvas that was painted lately counts as one that rests."""
        return max(0, MOVING_MS - self._painted.elapsed()) if self._painted.isValid() else 0

    @property
    def _open(self) -> bool:
        """Whether the gap after the newest frame has room for a call."""
        return self._gap and self._painted.elapsed() < GAP_MS

    def _arm(self) -> None:
        """Be woken when the next call can run."""
        if self._events:
            return self._timer.start(0)
        if not self._frames:
            return self._timer.stop()
        due = min(at for at, _ in self._frames.values()) - self._clock.elapsed()
        self._timer.start(max(0, due, 0 if self._open else self._still()))

    def _run(self) -> None:
        if self._events:
            for key in list(self._events):
                if key in self._events:
                    self._call(self._events.pop(key))
            return
        gap, self._gap = self._open or not self._still(), False
        now = self._clock.elapsed()
        ready = next((key for key, (due, _) in self._frames.items() if due <= now), None)
        gap = gap or (ready is not None and self._frames[ready][0] <= now - OVERDUE_MS)
        if gap and ready is not None:
            self._call(self._frames.pop(ready)[1])
        else:
            self._arm()

    def _call(self, call: Call) -> None:
        """Run it, unless its widget is gone. What comes next is seen to first: the call may open a dialog with an event loop of its own."""
        self._arm()
        owner = getattr(call, "__self__", None)
        if not isinstance(owner, QObject) or isValid(owner):
            call()
