"""What the journal and the recovery know of each other: a session's folder, the files in it, and how one of them is written."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from graph.storage.lock import Lock
from graph.storage.paths import open_regular
from graph.storage.writing import sync_folder
from graph.text.messages import _

FORMAT = 1
"""Of a journal; its first line says it."""
ATTACHED, TRAINED, RUNS = "attached", "trained", "runs"
"""Beside the journal: a folder of large tensors, the newest trained values, and a folder of the newest runs."""


@dataclass(frozen=True, slots=True)
class Session:
    """A folder that is ours as long as the lock in it is held: the system takes it off when the process ends however it ends."""

    folder: Path
    lock: Lock

    @classmethod
    def begin(cls, parent: Path) -> Session:
        """A new one in this folder of sessions. Raises OSError."""
        parent.mkdir(parents=True, exist_ok=True)
        session = cls.claim(Path(tempfile.mkdtemp(prefix="session-", dir=parent)))
        if session is None:  # another process looks for crashed sessions at this very moment
            raise BlockingIOError(0, _("another process holds its lock"))
        return session

    @classmethod
    def claim(cls, folder: Path) -> Session | None:
        """One that is there; None where its process still runs. Raises OSError."""
        lock = Lock.acquire(folder / "lock")
        return None if lock is None else cls(folder, lock)

    def release(self) -> None:
        """Leave it for another time."""
        self.lock.release()

    def journals(self) -> list[Path]:
        """The newest first."""
        return sorted(self.folder.glob("*.journal"), reverse=True)

    def remove(self) -> None:
        """Remove it from the disk, the journals first: whatever interrupts this, nothing half is offered for recovery."""
        for place in reversed(self.journals()):
            with contextlib.suppress(OSError):
                place.unlink()
        self.lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def contents(place: Path) -> bytes:
    """A whole regular file; what else lies in the folder of journals is not ours. Raises OSError."""
    with open_regular(place) as file:
        return file.read()


def append(descriptor: int, data: bytes) -> None:
    """Write this at the end of an open file. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_file(place: Path, *parts: bytes) -> None:
    """Write a file so that it is either whole or not there. Raises OSError."""
    part = place.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        for data in parts:
            append(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(part, place)
    sync_folder(place.parent)
