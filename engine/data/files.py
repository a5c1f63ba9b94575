"""Where the file of a Data node is, and whether reading it takes long. No numpy: the window asks this at every edit."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from typing import Any

from engine.data.declared import Source, file_stamp
from engine.data.specs import DATA_SETS, SOURCE_OF
from graph.storage.embedded import is_embedded, located
from graph.storage.paths import cleaned

LARGE = 2**20
"""Bytes above which a file is read in pieces, with a bar; a smaller one is read at once, in about a tenth of a second."""
PICTURES = (".zip", ".bin", "ubyte", "ubyte.gz")
"""Endings of files of pictures; a folder is one of pictures too."""
AFTER_READING = ("seed", "test_fraction", "validation_fraction", "stratified", "coding")
"""The settings that change what is done with what was read, never what is read."""


def absolute_path(path: str, folder: str) -> str:
    """A path as it was typed, made absolute: a relative one begins at `folder`, or at the current folder; one inside the document lies in
    a folder of ours.
    """
    if is_embedded(path):
        return located(path)
    return os.path.abspath(os.path.join(folder, os.path.expanduser(cleaned(path))))


def are_pictures(path: str) -> bool:
    """Whether a path is that of a file or folder of pictures, by its name alone."""
    return path.lower().endswith(PICTURES) or os.path.isdir(path)


def stamp_of(source: Source, values: Mapping[str, Any]) -> tuple[int, ...]:
    """Changes when one of the files of a source does; `values` has their absolute paths. The last number is the size of the first."""
    others = [number for name in source.beside for number in file_stamp(str(values.get(name) or ""))]
    return (*others, *source.stamp(str(values.get(source.path) or ""))) if source.path else ()


def large_file(settings: Mapping[str, Any], folder: str) -> Hashable | None:
    """What identifies a large file of a Data node and how it is read; None where there is none. Changes when the file does."""
    spec = DATA_SETS.get(str(settings.get("dataset")))
    source = SOURCE_OF[spec.key] if spec is not None else None
    path = str(settings.get(source.path) or "") if source is not None else ""
    if spec is None or source is None or not path.strip():
        return None
    paths = {name: absolute_path(str(settings.get(name) or ""), folder) for name in (source.path, *source.beside) if settings.get(name)}
    stamp = stamp_of(source, paths)
    how = tuple(str(settings.get(name) or "") for name in spec.settings if name not in (source.path, *AFTER_READING))
    return (absolute_path(path, folder), *stamp, *how) if stamp and stamp[-1] > LARGE else None


def on_disk(settings: Mapping[str, Any], folder: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The files and folders outside the document that a Data node reads, and what identifies their present version."""
    spec = DATA_SETS.get(str(settings.get("dataset")))
    source = SOURCE_OF[spec.key] if spec is not None else None
    if source is None or not source.path:
        return (), ()
    texts = {name: str(settings.get(name) or "") for name in (source.path, *source.beside)}
    paths = {name: absolute_path(text, folder) for name, text in texts.items() if text.strip() and not is_embedded(text)}
    return tuple(paths.values()), stamp_of(source, paths) if paths else ()


def how_read(settings: Mapping[str, Any]) -> str:
    """How a Data node reads its files, as one text."""
    spec = DATA_SETS.get(str(settings.get("dataset")))
    names = [name for name in spec.settings if name not in AFTER_READING] if spec is not None else []
    return repr([(name, settings.get(name)) for name in names])
