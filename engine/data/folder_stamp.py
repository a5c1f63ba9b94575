"""What identifies the present version of a folder of pictures: every file in it, by name, size and time of its last change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from zlib import crc32

DEEPEST = 4
"""Folders in folders that are looked at: parts, classes, and what these are packed in."""
MOST = 200_000
"""Files that are looked at."""
FEW = 1000
"""Entries up to which a folder is looked through each time it is asked about."""
REST = 20
"""A larger one is looked through again, beside everything else, after so many times as long as that took."""
FOLDER_SIZE = 2**30
"""How many bytes a folder has is not counted: it is always read in pieces."""
_SEEN: dict[str, tuple[float, tuple[int, ...]]] = {}
"""Until when the stamp of a large folder counts, and the stamp."""
_LOOKING: dict[str, threading.Thread] = {}


def folder_stamp(path: str) -> tuple[int, ...]:
    """Changes when a file in it does, is added or removed; of a large folder, a little later. Empty where the folder cannot be read.

    The last number is never small.
    """
    if path not in _SEEN:
        return _looked(path)
    until, stamp = _SEEN[path]
    looking = _LOOKING.get(path)
    if time.monotonic() >= until and (looking is None or not looking.is_alive()):
        _LOOKING[path] = thread = threading.Thread(target=_looked, args=(path,), name="folder", daemon=True)
        thread.start()
    return stamp


def _looked(path: str) -> tuple[int, ...]:
    begun = time.monotonic()
    total = count = newest = 0
    stamp: tuple[int, ...] = ()
    try:
        for name, stat in _entries(path, DEEPEST):
            total = (total + (crc32(name.encode(errors="surrogateescape")) + 1) * (stat.st_mtime_ns % 2**61 + 31 * stat.st_size)) % 2**61
            newest, count = max(newest, stat.st_mtime_ns), count + 1
            if count >= MOST:
                break
        stamp = max(newest, os.stat(path).st_mtime_ns), count, total, FOLDER_SIZE
    except OSError:
        pass
    if stamp and count > FEW:
        now = time.monotonic()
        _SEEN[path] = now + REST * (now - begun), stamp
    else:
        _SEEN.pop(path, None)
    return stamp


def _entries(path: str, deep: int) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(path) as entries:
        for entry in entries:
            yield entry.name, entry.stat()
            if deep > 1 and entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path, deep - 1)
