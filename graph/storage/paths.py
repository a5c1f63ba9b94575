"""Paths: as people write them, as a file names them, and what may be read at them.

A document in memory holds absolute paths, so that undo, copies into other documents and saving elsewhere never change which file is
meant. In a file they are relative to it wherever that file is beside or below: a folder that is moved as a whole still works.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from graph.text.messages import _

EMBEDDED = "embedded:"
"""How the path of a file begins that is inside the document (see `graph.storage.embedded`)."""
NAME_BYTES = 255
"""What file systems allow for one name, counted in bytes: 255 Latin letters, or 85 Chinese ones."""
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»"}
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_REASONS = {
    errno.EACCES: "you may not write or read there", errno.EPERM: "the system does not allow it", errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full", errno.ENAMETOOLONG: "its name is too long", errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a part of the path is not a folder", errno.EISDIR: "this is a folder, not a file",
    errno.EIO: "the disk reports an error",
    errno.EBUSY: "another program is using it", errno.ELOOP: "its links lead in a circle", errno.EMFILE: "too many files are open",
    errno.ENXIO: "nothing answers there", errno.ENODEV: "nothing answers there", errno.ETIMEDOUT: "the disk does not answer",
    errno.EFBIG: "it is too large for this disk",
}  # fmt: skip
if hasattr(errno, "EDQUOT"):
    _REASONS[errno.EDQUOT] = "your share of the disk is full"
if hasattr(errno, "EHOSTDOWN"):
    _REASONS |= {errno.EHOSTDOWN: "the disk does not answer", errno.ESTALE: "the disk does not answer"}


class NotRegular(OSError):
    """What is there is no file with contents: a folder, a device, a pipe. The text is a clause."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EINVAL, why)
        self.why = why


def reason(problem: OSError | ValueError) -> str:
    """Why the system refused a file, as a clause in plain words."""
    if isinstance(problem, NotRegular):
        return problem.why
    number = problem.errno if isinstance(problem, OSError) else None
    return _REASONS.get(number or 0, _("the system does not allow it") if number else _("this is not a usable path"))


def cleaned(text: str) -> str:
    """A path as typed, pasted or dropped, without the quotation marks or the `file://` that other programs put around it."""
    text = text.strip()
    for _round in range(2):
        if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
            text = text[1:-1].strip()
    return _of_url(text) if text[:5].lower() == "file:" else text


def _of_url(text: str) -> str:
    """The path of a `file:` address; the text itself where it is none. A # or ? is taken as a part of the name."""
    try:
        parts = urlsplit(re.sub(r"[#?]", lambda mark: f"%{ord(mark[0]):02X}", text))
    except ValueError:
        return text
    path = unquote(parts.path, errors="surrogateescape")
    if re.match(r"/[A-Za-z]:([/\\]|$)", path):
        return path[1:]
    host = "" if parts.netloc.lower() == "localhost" else unquote(parts.netloc)
    return f"//{host}{path}" if host else path


def file_name(title: str, ending: str, joint: str = "-") -> str:
    """A name for a new file: the title's letters and digits, `joint` between words, short enough in bytes.

    With `_` between words it can be a Python module's: it never begins with a digit. A title without letters is `untitled`, or `graph`.
    """
    stem = "".join(c if c.isalnum() or unicodedata.combining(c) else " " for c in unicodedata.normalize("NFC", title).lower())
    stem = joint.join(stem.split())
    if joint == "_" and (not stem or stem[0].isdigit()):
        stem = f"graph_{stem}".rstrip("_")
    stem = shortened(stem or "untitled", NAME_BYTES - 55 - len(os.fsencode(ending)))
    return f"{'_' if _RESERVED.match(stem) else ''}{stem}{ending}"


def shortened(name: str, most: int) -> str:
    """The beginning of a name that takes at most so many bytes on the disk, never half a letter."""
    while len(name.encode("utf-8", "surrogateescape")) > most:
        name = name[: min(len(name) - 1, most)]
    return name


def open_regular(path: Path | str) -> BinaryIO:
    """Open a file to read, and nothing else: no device, which may never end, and no pipe, which may never begin. Raises OSError."""
    try:
        _refuse_special(os.stat(path).st_mode)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as problem:  # a NUL in the path
        raise OSError(errno.ENOENT, str(problem)) from None
    try:
        _refuse_special(os.fstat(descriptor).st_mode)  # in case something else was put in its place meanwhile
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def refuse_to_replace(path: Path | str) -> None:
    """Raise OSError where a device, a pipe or a folder is in the place of a file to write."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except ValueError as problem:
        raise OSError(errno.ENOENT, str(problem)) from None
    _refuse_special(mode)


def _refuse_special(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = ((stat.S_ISDIR, _("this is a folder, not a file")), (stat.S_ISFIFO, _("this is a pipe, not a regular file")),
             (stat.S_ISSOCK, _("this is a socket, not a regular file")))  # fmt: skip
    raise NotRegular(next((why for check, why in kinds if check(mode)), _("this is a device, not a regular file")))


def is_absolute(path: str) -> bool:
    """Whether a path says by itself which file is meant, on the system it was written on."""
    own = path.startswith(EMBEDDED) or path[:1] == "~"
    return own or os.path.isabs(path) or PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def absolute(path: str, folder: str) -> str:
    """A path of a document that lies in `folder`, as it is held in memory. Steps upward stay in it: they say that it was relative."""
    path = cleaned(path)
    return path if not path or not folder or is_absolute(path) else os.path.join(folder, path)


def folder_names(path: Path | str) -> tuple[str, str]:
    """The real folder of a file, and another name of it by which the file is reached through a link; often the same."""
    real, named = os.path.dirname(os.path.realpath(path)), os.path.dirname(os.path.abspath(path))
    return real, named if os.path.realpath(named) == real else real


def stored(path: str, folder: str, alias: str = "") -> str:
    """A path of memory as a document in `folder` writes it: relative where the file is beside or below, or where it always was.

    `alias` is another name of the same folder.
    """
    path = cleaned(path)
    if alias and alias != folder and os.path.normpath(path).startswith(os.path.join(alias, "")):
        return Path(os.path.relpath(os.path.normpath(path), alias)).as_posix()
    if not path or not folder or not os.path.isabs(path):
        return path
    upward = ".." in Path(path).parts
    plain = os.path.normpath(path)
    try:
        relative = os.path.relpath(plain, folder)
    except ValueError:  # another drive
        return path
    if relative.startswith("..") and not upward:
        return path
    return Path(relative).as_posix()
