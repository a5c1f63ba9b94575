"""The child process itself, seen from the window: start, send, receive, end.

To start one loads next to nothing, so that it costs the start of the window next to nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any, ClassVar

from engine.kernel.entry import main
from engine.kernel.pipe_room import widen
from graph.text.messages import _

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from engine.kernel.protocol import Reply, Request

WORKER = "engine.kernel.worker:DocumentWorker"
PATIENCE = 0.3
"""Seconds a kernel gets to leave by itself before it is killed; it has nothing left to save."""


class KernelProcess:
    """One kernel. `spawn` and not `fork`: the same on every system, and nothing of Qt's is duplicated into the child.

    Tests that start many set `method` to `forkserver`, whose children need not load torch.
    """

    method: ClassVar[str] = "spawn"

    def __init__(self, worker: str = WORKER) -> None:
        context: Any = multiprocessing.get_context(self.method)
        ours, theirs = context.Pipe(duplex=True)
        for end in (ours, theirs):
            widen(end)
        self._connection: Connection = ours
        self._process: BaseProcess = context.Process(target=main, args=(theirs, worker), name="gradwire-kernel", daemon=True)
        self._process.start()
        theirs.close()  # else our own copy would keep the pipe from ending when the kernel dies

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def fileno(self) -> int:
        return self._connection.fileno()

    def died(self) -> bool:
        return self._process.exitcode is not None

    def poll(self, seconds: float) -> bool:
        """Whether something can be received (an end of file included) within `seconds`."""
        return self._connection.poll(seconds)

    def send(self, request: Request) -> None:
        from engine.kernel.transport import segment_name, send

        send(self._connection, request, segment_name(os.getpid(), request.number))

    def receive(self) -> Reply:
        from engine.kernel.transport import receive

        reply: Reply = receive(self._connection)
        return reply

    def close(self, number: int = 0) -> None:
        """End of file lets an idle kernel leave at once and a training one after its slice; one that does neither is killed.

        `number` is that of the last message: what it left in shared memory goes too.
        """
        self._end(number)

    def kill(self, number: int) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self._end(number)

    def bury(self, number: int) -> str:
        """Clean up after a death while message `number` was out; returns the cause in words."""
        return _cause(self._end(number))

    def _end(self, number: int) -> int | None:
        from engine.kernel.transport import discard, segment_name

        pid = self._process.pid
        self._connection.close()
        self._process.join(PATIENCE)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code = self._process.exitcode
        self._process.close()
        for owner in (pid, os.getpid()):
            discard(segment_name(owner or 0, number))
        return code


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return _("exit code {code}").format(code=code)
    try:
        return signal.Signals(-code).name
    except ValueError:
        return _("signal {number}").format(number=-code)
