"""A lock on a file that the system takes off when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class Lock:
    """Held from `take` until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, path: Path) -> Lock | None:
        """The lock on a file (made where it is missing), or None while another process holds it. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
        if _locked(descriptor, path):
            return cls(descriptor)
        os.close(descriptor)
        return None

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int, path: Path) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(descriptor: int, path: Path) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: the number of the process has to do
            return not _owner_lives(descriptor)
        return True

    def _owner_lives(descriptor: int) -> bool:
        """Whether the process that wrote its number into the file runs; if none does, the number becomes ours."""
        owner = os.pread(descriptor, 20, 0)
        try:
            os.kill(int(owner), 0)
        except (ValueError, ProcessLookupError):
            os.pwrite(descriptor, b"%-19d" % os.getpid(), 0)
            return False
        except PermissionError:
            return True
        return True
