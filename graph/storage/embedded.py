"""Files that are inside a document: a table or pictures that travel with it.

In memory, and in a document's text, such a file is called `embedded:<digest>/<name>`: its digest tells it from every other file, so undo,
copies into other documents and saving elsewhere never change what is meant. In an archive it is the member `files/<digest>/<name>`; while
documents are open, it lies in a folder of ours, where the engine reads it like any other file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from graph.model.graph import Graph
from graph.storage.paths import EMBEDDED, open_regular, shortened
from graph.storage.writing import data_folder, replace_file

MAXIMUM_BYTES = 512 * 2**20
"""Of one embedded file."""
_DAYS = 60
"""What no document has used for so long is deleted from our folder; documents that were saved hold it themselves."""
_FORM = re.compile(EMBEDDED + r"(?P<digest>[0-9a-f]{32})/(?P<name>[^/\\\0]{1,200})")


def is_embedded(path: str) -> bool:
    return path.startswith(EMBEDDED)


def name_of(path: str) -> str:
    """The file's own name."""
    return path.rpartition("/")[2]


def keep(name: str, data: bytes) -> str:
    """Put a file into our folder; returns the path by which a document names it. Raises OSError."""
    digest = hashlib.sha256(data).hexdigest()[:32]
    path = f"{EMBEDDED}{digest}/{_plain(name)}"
    place = Path(located(path))
    if not place.is_file() or place.stat().st_size != len(data):
        _forget_old()
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(place, data)
    _touch(place)
    return path


def located(path: str) -> str:
    """Where the bytes of an embedded file lie. A text that names none leads to a place where nothing is."""
    form = _FORM.fullmatch(path)
    if form is None or form["name"] in (".", ".."):
        return str(_folder() / "none" / "none")
    return str(_folder() / form["digest"] / form["name"])


def take_in(graph: Graph, attachments: dict[str, bytes]) -> None:
    """Put the embedded files that a document names into our folder, and take them out of `attachments`.

    One whose bytes are not those of its name is left out: the document says so when it is read. Raises OSError.
    """
    for path in named_in(graph):
        data = attachments.pop(_member(path), None)
        if data is not None and path == f"{EMBEDDED}{hashlib.sha256(data).hexdigest()[:32]}/{name_of(path)}" and _FORM.fullmatch(path):
            keep(name_of(path), data)
        else:
            _touch(Path(located(path)))


def members(graph: Graph) -> Mapping[str, bytes]:
    """The embedded files that a document names, as members of its archive. Raises OSError, with the file's name, where one is missing."""
    found: dict[str, bytes] = {}
    for path in named_in(graph):
        with open_regular(located(path)) as file:
            found[_member(path)] = file.read(MAXIMUM_BYTES + 1)
    return found


def named_in(graph: Graph) -> list[str]:
    """The embedded files that the nodes of a graph name, each once."""
    nodes = [node for node in graph.nodes.values() if node.params]
    settings = ((node, name) for node in nodes if (spec := graph.catalog.find(node.type)) for name in spec.file_settings)
    paths = (node.params.get(name) for node, name in settings)
    return list(dict.fromkeys(path for path in paths if isinstance(path, str) and is_embedded(path)))


def size_of(path: str) -> int | None:
    """Bytes of an embedded file; None where it is missing."""
    try:
        return os.stat(located(path)).st_size
    except OSError:
        return None


def _member(path: str) -> str:
    return f"files/{path.removeprefix(EMBEDDED)}"


def _plain(name: str) -> str:
    """A file's name without what is no letter of a name anywhere."""
    plain = "".join("_" if letter in '/\\:*?"<>|' or unicodedata.category(letter)[0] == "C" else letter for letter in name).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    return shortened(stem, 120) + dot + shortened(ending, 30) if dot else shortened(plain or "file", 120)


def _folder() -> Path:
    return data_folder() / "gradwire" / "embedded"


def _touch(place: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(place.parent)


def _forget_old() -> None:
    with contextlib.suppress(OSError):
        for folder in _directories(_folder().iterdir()):
            if folder.stat().st_mtime < time.time() - _DAYS * 86_400:
                shutil.rmtree(folder, ignore_errors=True)


def _directories(places: Iterable[Path]) -> list[Path]:
    return [place for place in places if place.is_dir() and not place.is_symlink()]
