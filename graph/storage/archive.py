"""A document and its large tensors in one zip. Reading is bounded before anything is unpacked: a small archive can claim gigabytes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from graph.storage.scan import MAXIMUM_BYTES
from graph.text.messages import _
from graph.text.quoting import quoted

MEMBER = "document.json"
SPARED = "runs/"
"""What lies in this folder may be damaged without the document being unreadable."""
MAXIMUM_ATTACHED = 2 * 2**30
"""Bytes of all tensors together, unpacked."""
MAXIMUM_MEMBERS = 20_000
_DIRECTORY = 4 * 2**20
"""Bytes of the archive's table of contents: more than `MAXIMUM_MEMBERS` need."""
_ROOM, _RATIO = 64 * 2**20, 20
"""An archive may unpack to this much, or to this many times its own size: tensors hardly shrink."""
_PROBLEMS = (zipfile.BadZipFile, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error, OSError, OverflowError)


class ArchiveError(Exception):
    """What is wrong with an archive; a clause without file name and full stop."""


def unzip(file: BinaryIO, size: int) -> tuple[bytes, dict[str, bytes]]:
    """The document's text and everything beside it, from an archive of `size` bytes. Raises ArchiveError."""
    members = unzip_members(file, size, MEMBER)
    return members.pop(MEMBER), members


def unzip_members(file: BinaryIO, size: int, needed: str) -> dict[str, bytes]:
    """All members of an archive of `size` bytes that has the member `needed`. Raises ArchiveError."""
    try:
        bounded = _Bounded(file)
        with zipfile.ZipFile(bounded) as archive:
            bounded.most = size
            read = ((entry.filename, _read(archive, entry)) for entry in _checked(archive.infolist(), size, needed))
            return {name: data for name, data in read if data is not None}
    except _PROBLEMS:
        raise ArchiveError(_("the archive is damaged")) from None
    except MemoryError:
        raise ArchiveError(_("it holds more than fits into the memory of this computer")) from None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """A member's bytes; None where it is damaged and `SPARED`."""
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        if not entry.filename.startswith(SPARED):
            raise
        return None


def _checked(listed: list[zipfile.ZipInfo], size: int, needed: str) -> list[zipfile.ZipInfo]:
    """The entries that are files, if all of them together can be unpacked."""
    entries = [entry for entry in listed if not entry.is_dir()]
    names = {entry.filename for entry in entries}
    if needed not in names:
        raise ArchiveError(_("it is an archive that holds no {MEMBER}").format(MEMBER=needed))
    if len(names) != len(entries):
        raise ArchiveError(_("it is an archive that holds two entries of one name"))
    total, text = sum(entry.file_size for entry in entries), next(entry.file_size for entry in entries if entry.filename == needed)
    if len(entries) > MAXIMUM_MEMBERS or text > MAXIMUM_BYTES or total > MAXIMUM_ATTACHED + MAXIMUM_BYTES:
        raise ArchiveError(_("it is an archive that holds more than can be read"))
    if total > max(_ROOM, _RATIO * size):
        raise ArchiveError(_("it is an archive that is packed suspiciously tightly"))
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
            raise ArchiveError(
                _("it is an archive whose entry {filename} is encrypted or packed in an unknown way").format(
                    filename=quoted(entry.filename, 60)
                )
            )
    return entries


def zipped(text: bytes, attachments: Mapping[str, bytes]) -> bytes:
    """The archive of a document; the same document gives the same bytes."""
    return zip_members(((MEMBER, text), *sorted(attachments.items())))


def zip_members(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of these members; texts of ours are compressed, numbers are not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name)  # a fixed date
            entry.external_attr = 0o644 << 16
            text = name == MEMBER or (name.startswith(SPARED) and name.endswith(".json"))
            entry.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return stream.getvalue()


class _Bounded:
    """A file whose table of contents may not be longer than any document's: `zipfile` reads it at once and whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.most = file, _DIRECTORY
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self.most + 1 if size < 0 else min(size, self.most + 1))
        if len(data) > self.most:
            raise ValueError(_("its table of contents is too long"))
        return data
