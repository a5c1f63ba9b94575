"""Where the file of a Data node is, and whether reading it takes long. No numpy: the window asks this at every edit."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from typing import Any

from graph.storage.paths import cleaned

LARGE = 2**20
"""Bytes above which a file is read in pieces, with a bar; a smaller one is read at once, in about a tenth of a second."""
READING = ("feature_columns", "target_columns", "header", "decimal")
"""The settings that say how a file is read."""


def absolute_path(path: str, folder: str) -> str:
    """A path as it was typed, made absolute: a relative one begins at `folder`, or at the current folder."""
    return os.path.abspath(os.path.join(folder, os.path.expanduser(cleaned(path))))


def large_file(settings: Mapping[str, Any], folder: str) -> Hashable | None:
    """What identifies a large CSV file of a Data node and how it is read; None where there is none. Changes when the file does."""
    path = str(settings.get("path") or "")
    if settings.get("dataset") != "csv" or not path.strip():
        return None
    try:
        stat = os.stat(absolute_path(path, folder))
    except (OSError, ValueError):
        return None
    how = tuple(str(settings.get(name) or "") for name in READING)
    return (absolute_path(path, folder), stat.st_mtime_ns, stat.st_size, *how) if stat.st_size > LARGE else None
