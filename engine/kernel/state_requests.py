"""When a kernel is asked for a document's trained values, and whether those that were asked for have arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.kernel.protocol import Reply, Request

INTERVAL = 2.0
"""Seconds between two states that a training hands over: what is lost at most where the kernel ends."""
SHARE = 0.02
"""Largest part of the trainer's time that handing over states may take; large states are handed over less often."""
QUICK = 0.002
"""A state that takes no more seconds is asked for with every edit."""


class StateRequests:
    """`wanted`: the next request asks for them. `owed`: an edit may have replaced some since they came last."""

    def __init__(self) -> None:
        self.wanted = self.owed = False
        self._asked_at = -1e9
        self._interval = INTERVAL
        self._pause = 0.0
        """Seconds between two states that edits ask for: none where they are handed over quickly."""
        self._arrived = self._failed = 0

    def wait(self, now: float) -> float | None:
        """Seconds until those that an edit may have replaced are asked for; None where there are none."""
        return max(0.0, self._asked_at + self._pause - now) if self.owed else None

    def due(self, now: float, training: bool) -> bool:
        """Whether the request that is made now asks for them."""
        return self.wanted or (training and now - self._asked_at >= self._interval) or self.wait(now) == 0.0

    def asked(self, now: float) -> None:
        """A request asks for them."""
        self.wanted = self.owed = False
        self._asked_at = now

    def hear(self, request: Request, reply: Reply) -> None:
        """What came of a request."""
        if reply.state is not None:
            self._arrived = request.number
            self._interval = max(INTERVAL, reply.state_seconds / SHARE)
            self._pause = 0.0 if reply.state_seconds < QUICK else self._interval
        if reply.error:
            self._failed = request.number

    def answered(self, number: int) -> bool:
        """Whether the request with this number, or a later one, brought them or failed."""
        return max(self._arrived, self._failed) >= number
