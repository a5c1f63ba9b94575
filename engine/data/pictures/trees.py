"""A folder, or a zip archive in its place: the names of the files in it, and their bytes. Both are bounded."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from engine.data.errors import DataError
from engine.data.pictures.values import MAXIMUM_BYTES, MAXIMUM_FILES
from graph.storage.paths import open_regular, reason
from graph.text.messages import _
from graph.text.quoting import quoted_path

DEPTH = 6
"""Folders in folders that are looked into."""
_HIDDEN = (".", "__MACOSX")
_SYSTEM = {"thumbs.db", "desktop.ini"}
_BROKEN = (zipfile.BadZipFile, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error, OverflowError)


class Tree(Protocol):
    """`files` are names with / between folder and file, without what systems hide; `where` is how messages call the whole."""

    where: str
    files: list[str]

    def read(self, name: str, most: int = MAXIMUM_BYTES) -> bytes:
        """A file's bytes. Raises DataError where it cannot be read, or has more than `most`."""


def tree_at(path: str) -> Tree:
    """Raises DataError, in words for the owner of the files."""
    return Folder(path) if os.path.isdir(path) else Archive(path)


class Folder:
    def __init__(self, path: str) -> None:
        self.where, self.path = quoted_path(path), path
        self._seen = 0
        try:
            self.files = list(self._listed(path, "", 0))
        except OSError as error:
            raise DataError(_("{file}: cannot be read: {error}").format(file=self.where, error=reason(error))) from None

    def _listed(self, folder: str, before: str, depth: int) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in entries:
                self._seen += 1  # of all folders together: links may lead in circles
                if self._seen > MAXIMUM_FILES:
                    raise _too_many(self.where)
                if entry.name.startswith(_HIDDEN) or entry.name.lower() in _SYSTEM:
                    continue
                if entry.is_dir():
                    if depth < DEPTH:
                        yield from self._listed(entry.path, f"{before}{entry.name}/", depth + 1)
                elif entry.is_file():
                    yield before + entry.name

    def read(self, name: str, most: int = MAXIMUM_BYTES) -> bytes:
        path = os.path.join(self.path, *name.split("/"))
        try:
            with open_regular(path) as file:
                return _whole(file, most, quoted_path(path))
        except OSError as error:
            raise DataError(_("{file}: cannot be read: {error}").format(file=quoted_path(path), error=reason(error))) from None


class Archive:
    """A zip archive; a single folder around everything in it is left out of the names."""

    def __init__(self, path: str) -> None:
        self.where = quoted_path(path)
        try:
            with open_regular(path) as file:
                data = _whole(file, MAXIMUM_BYTES, self.where)
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        except OSError as error:
            raise DataError(_("{file}: cannot be read: {error}").format(file=self.where, error=reason(error))) from None
        except _BROKEN:
            raise _damaged(self.where) from None
        if len(entries) > MAXIMUM_FILES:
            raise _too_many(self.where)
        if sum(entry.file_size for entry in entries) > MAXIMUM_BYTES:
            raise DataError(_("{file}: unpacked it has more than {gigabytes} GB").format(file=self.where, gigabytes=MAXIMUM_BYTES >> 30))
        self._entries = {entry.filename.replace("\\", "/").strip("/"): entry for entry in entries}
        self.files = [name for name in self._entries if not _is_hidden(name)]

    def read(self, name: str, most: int = MAXIMUM_BYTES) -> bytes:
        try:
            with self._zip.open(self._entries[name]) as file:
                return _whole(file, most, f"{self.where}: {quoted_path(name)}")  # type: ignore[arg-type]
        except _BROKEN:
            raise DataError(
                _("{file}: {name} is damaged in the archive; copy or download the archive once more").format(
                    file=self.where, name=quoted_path(name)
                )
            ) from None


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(_HIDDEN) for part in parts) or parts[-1].lower() in _SYSTEM


def _whole(file: BinaryIO, most: int, where: str) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise DataError(_("{file}: it has more than {megabytes:,} MB").format(file=where, megabytes=most >> 20))
    return data


def _too_many(where: str) -> DataError:
    return DataError(_("{file}: it holds more than {most:,} files").format(file=where, most=MAXIMUM_FILES))


def _damaged(where: str) -> DataError:
    return DataError(_("{file}: the archive is damaged; copy or download it once more").format(file=where))
