"""How many bytes a pipe takes while nobody reads at its other end, and whether there are any to read.

Loads nothing: the kernel's process is started with it.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

LEAST = 48 * 1024
"""What every system's pipes take: the smallest buffer in use holds 64 KiB."""
WANTED = 2**20
"""What is asked of a system that can be asked: a network's numbers and gradients many times over."""


def widen(connection: Connection) -> None:
    """Ask for a large buffer for what is sent from this end, and for what is sent to it."""
    if sys.platform == "linux":
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WANTED)


def room(connection: Connection | None) -> int:
    """So many bytes can be sent at once without waiting for the reader. The system counts its own bookkeeping as well: half is safe."""
    if sys.platform != "linux" or connection is None:
        return LEAST
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            return max(LEAST, end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2)
    except OSError:  # no socket
        return LEAST


def arrival(connection: Connection) -> Callable[[], bool]:
    """Says whether something can be received, an end of file included: like `poll(0)`, which makes a selector every time, in a tenth of its
    time."""
    if not hasattr(select, "poll"):
        return lambda: connection.poll(0)
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return lambda: bool(poll.poll(0))
