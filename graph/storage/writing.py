"""Replacing a file without ever losing it, and recognising one that another program has changed since.

Usually the new contents are written beside the file and then moved over it in one step. Where the folder allows no new file but the
file itself may be written, it is written in place, with a copy of the old contents kept elsewhere until the new ones are on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from graph.storage.paths import open_regular, refuse_to_replace, shortened
from graph.text.messages import _

_FOLDER_REFUSES = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV, errno.ENOTSUP)
_WHOLE = 64 * 2**20
_PART = 2**20


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file was when it was read or written. Equal times prove that it is the same; after that the digest decides."""

    size: int
    mtime_ns: int
    inode: int
    digest: str

    @classmethod
    def from_json(cls, row: Any) -> FileIdentity | None:
        """The identity that `dataclasses.asdict` gave; None for anything else."""
        try:
            size, mtime, inode = (int(row[name]) for name in ("size", "mtime_ns", "inode"))
            return cls(size, mtime, inode, str(row["digest"]))
        except (KeyError, TypeError, ValueError):
            return None


def identity_of(file: BinaryIO) -> FileIdentity:
    """The identity of an open file, which is at its beginning before and after."""
    status = os.fstat(file.fileno())
    hashed = hashlib.sha256()
    if status.st_size <= _WHOLE:
        while part := file.read(_PART):
            hashed.update(part)
    else:  # beginning and end: a zip ends with the checksums of all it holds
        hashed.update(file.read(_PART))
        file.seek(-4 * _PART, os.SEEK_END)
        hashed.update(file.read())
    file.seek(0)
    return FileIdentity(status.st_size, status.st_mtime_ns, status.st_ino, hashed.hexdigest())


def identity_of_bytes(path: Path | str, data: bytes) -> FileIdentity:
    """The identity of a file that was just written with `data`."""
    parts = data if len(data) <= _WHOLE else data[:_PART] + data[-4 * _PART :]
    try:
        status = os.stat(path)
    except OSError:
        return FileIdentity(len(data), 0, 0, hashlib.sha256(parts).hexdigest())
    return FileIdentity(len(data), status.st_mtime_ns, status.st_ino, hashlib.sha256(parts).hexdigest())


def is_changed(path: Path | str, known: FileIdentity) -> bool:
    """Whether another program has written other contents into this file. One that is gone, or was only touched, is not changed."""
    try:
        status = os.stat(path)
        if (status.st_size, status.st_mtime_ns, status.st_ino) == (known.size, known.mtime_ns, known.inode):
            return False
        if not stat.S_ISREG(status.st_mode):
            return False  # saving says what is wrong
        if status.st_size != known.size:
            return True
        with open_regular(path) as file:
            return identity_of(file).digest != known.digest
    except OSError:
        return False


def replace_file(path: Path | str, data: bytes) -> None:
    """Put `data` in the place of a file, so that at every moment either the old or the new contents are whole. Raises OSError."""
    target = Path(os.path.realpath(path))
    refuse_to_replace(target)
    try:
        _move_over(target, data)
    except OSError as problem:
        if problem.errno not in _FOLDER_REFUSES or not target.exists() or not os.access(target, os.W_OK):
            raise
        _write_in_place(target, data)


def _move_over(target: Path, data: bytes) -> None:
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{shortened(target.name, 80)}.", suffix=".saving", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
        sync_folder(target.parent)
    except OSError:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise


def _write_in_place(target: Path, data: bytes) -> None:
    """Write over a file whose folder takes no new one. The old contents stay in a backup until the new ones are on the disk."""
    with open_regular(target) as file:
        before = file.read()
    backup = backup_of(target)
    backup.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600), before)
    except OSError:
        backup.unlink(missing_ok=True)  # a part of the old contents is no backup
        raise
    try:
        _write(os.open(target, os.O_WRONLY | getattr(os, "O_BINARY", 0)), data)
    except OSError:
        _write(os.open(target, os.O_WRONLY | getattr(os, "O_BINARY", 0)), before)  # its old room is still its own
        backup.unlink()
        raise
    backup.unlink()


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        file.truncate(len(data))
        os.fsync(file.fileno())


def backup_of(path: Path | str) -> Path:
    """Where the old contents of a file are kept while it is written in place."""
    target = os.path.realpath(path)
    name = hashlib.sha256(os.fsencode(target)).hexdigest()[:16]
    return data_folder() / "gradwire" / "backups" / f"{name}-{shortened(Path(target).name, 150)}"


def hint(path: Path | str) -> str:
    """A sentence to add to a complaint about a broken file, where its writing was interrupted and a copy was kept; else nothing."""
    backup = backup_of(path)
    return _(" The contents from before it was last saved are in {backup}.").format(backup=backup) if backup.is_file() else ""


def data_folder() -> Path:
    """Where programs keep data of a user that are no documents."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _mode(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
