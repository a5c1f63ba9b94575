"""Documents as files: JSON with one node or edge a line, or a zip of that JSON and tensors, which are carried along unread.

A file can be wrong, and is never dangerous: nothing in it is executed, and reading ends in a whole graph or in one FileError.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.build import BuildError, build
from graph.graph import Graph
from graph.migrations import migrate
from graph.model import Edge, Node, number
from graph.saved import KEY as STATE
from graph.saved import MEMBER as STATE_MEMBER
from graph.saved import SavedState, SavedStateError
from graph.scan import MAXIMUM_BYTES, ScanError, parse
from graph.spec import Catalog

FORMAT = "gradwire"
VERSION = 1
MEMBER = "document.json"
MAXIMUM_ATTACHED = 8 * 2**30
_TRAINING_ORDER = ("optimizer", "hyper", "epochs", "steps", "batch_size", "seed", "device")
_SETTINGS_ORDER = ("title", "description", "dtype", "objective", "demo")

_ZIP_ERRORS = (zipfile.BadZipFile, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error)


class FileError(Exception):
    """A file that cannot be read or written; the text is one sentence that names the file, what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`read_only` says why the document must not be changed; empty when it may.

    `state` are the trained values beside the document, None where it has none; `note` says why those there are could not be read.
    """

    graph: Graph
    read_only: str = ""
    state: SavedState | None = None
    note: str = ""


def load(path: Path | str, catalog: Catalog) -> Graph:
    """The graph in a file. Raises FileError."""
    return read(path, catalog).graph


def read(path: Path | str, catalog: Catalog, allow_newer: bool = False) -> Loaded:
    """The graph in a file; one of a newer version is a FileError, or with `allow_newer` read-only."""
    name = Path(path).name
    attachments: dict[str, bytes] = {}
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            file.seek(0)
            if start == b"PK\x03\x04":
                data, attachments = _unzip(file)
            else:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise FileError(f"{name}: this is not a regular file.")
                data = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise FileError(f"{name}: this is a folder, not a file.") from None
    except OSError as problem:
        raise FileError(f"{name}: it cannot be read: {problem.strerror or problem}.") from None
    except _ZIP_ERRORS as problem:
        raise FileError(f"{name}: the archive is damaged: {str(problem).strip('.') or type(problem).__name__}.") from None
    loaded = _loads(data, catalog, name, allow_newer, attachments.pop(STATE_MEMBER, b""))
    loaded.graph.attachments.update(attachments)
    loaded.graph.folder = str(Path(path).resolve().parent)
    return loaded


def loads(text: str | bytes, catalog: Catalog, origin: str = "the document") -> Graph:
    """The graph in a text. Raises FileError, whose text begins with `origin`."""
    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    return _loads(data, catalog, origin, False).graph


def dumps(graph: Graph, state: SavedState | None = None) -> str:
    """The file's text: the same graph always gives the same text. Trained values come last: the document's lines stay as they are."""
    parts = [f'"format": {_json(FORMAT)}', f'"version": {VERSION}', f'"settings": {_json(_ordered(graph.settings, _SETTINGS_ORDER))}']
    parts.append(_rows("nodes", (_node_text(graph, node) for node in graph.nodes.values())))
    parts.append(_rows("edges", map(_edge_text, graph.edges.values())))
    for key, table in (("groups", graph.groups), ("frames", graph.frames), ("notes", graph.notes)):
        parts.append(_rows(key, (_json(item.to_json()) for item in table.values())))
    parts.append(f'"training": {_json(_ordered(graph.training, _TRAINING_ORDER))}')
    parts.extend(f"{_json(key)}: {_json(value)}" for key, value in graph.extra.items())
    if state is not None:
        parts.append(f"{_json(STATE)}: {state.to_text()}")
    return "{" + ",\n".join(parts) + "}\n"


def save(graph: Graph, path: Path | str, state: SavedState | None = None) -> None:
    """Write a file, with trained values beside the document, so that at every moment either the old or the new one is whole.

    Raises FileError.
    """
    text = dumps(graph, state).encode("utf-8", "backslashreplace")  # half a surrogate pair becomes its JSON escape
    attached = graph.attachments | ({STATE_MEMBER: state.packed} if state is not None and state.packed else {})
    write_whole(Path(path), _zip(text, attached) if attached else text)


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in the place of another in one move. Raises FileError."""
    target = Path(os.path.realpath(path))
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".saving", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
        sync_folder(target.parent)
    except OSError as problem:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise FileError(f"{target.name}: it cannot be saved: {problem.strerror or problem}.") from None


def _loads(data: bytes, catalog: Catalog, origin: str, allow_newer: bool, packed: bytes = b"") -> Loaded:
    try:
        content = parse(data)
    except ScanError as problem:
        raise FileError(f"{origin}: {problem}.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError(f'{origin}: this is not a Gradwire document: its "format" is not "{FORMAT}".')
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise FileError(f'{origin}: "version" is not a whole number from 1 up.')
    newer = ""
    if version > VERSION:
        newer = f"{origin}: it was written by a newer Gradwire (file version {version}, this one reads up to {VERSION})."
        if not allow_newer:
            raise FileError(newer)
        newer = newer[:-1] + ", so it is open for reading only."
    state, note = _state(content.pop(STATE, None), packed, origin)
    try:
        return Loaded(build(content if newer else migrate(content), catalog), newer, state, note)
    except BuildError as problem:
        raise FileError(f"{newer.partition(', so it')[0]} and cannot be read: {problem}." if newer else f"{origin}: {problem}.") from None


def _state(content: Any, packed: bytes, origin: str) -> tuple[SavedState | None, str]:
    """The trained values in a file, or what to say where they cannot be read: the document opens all the same."""
    try:
        return (None if content is None else SavedState.from_json(content, packed)), ""
    except SavedStateError as wrong:
        return None, f"{origin}: its trained values cannot be read ({wrong}), so the graph starts untrained."


def _node_text(graph: Graph, node: Node) -> str:
    """A node's row. Put together from its parts where there is nothing unusual: `json` takes six times as long."""
    spec = graph.catalog.find(node.type)
    params = _ordered(node.params, [setting.name for setting in spec.settings]) if spec and len(node.params) > 1 else node.params
    if node.label or node.collapsed or node.bypassed or node.extra:
        return _json(node.to_json() | {"params": dict(params)})
    settings = _json(dict(params)) if params else "{}"
    head = f'{{"id": {_text(node.id)}, "type": {_text(node.type)}, "name": {_text(node.name)}, "params": {settings}'
    group = "null" if node.group is None else _text(node.group)
    return f'{head}, "x": {number(node.x)!r}, "y": {number(node.y)!r}, "group": {group}}}'


def _edge_text(edge: Edge) -> str:
    if edge.via or edge.extra:
        return _json(edge.to_json())
    (source, given), (target, taken) = edge.source, edge.target
    ends = f'"from": [{_text(source)}, {_text(given)}], "to": [{_text(target)}, {_text(taken)}, {edge.slot}]'
    return f'{{"id": {_text(edge.id)}, {ends}, "via": []}}'


def _ordered(values: Mapping[str, Any], first: Iterable[str]) -> dict[str, Any]:
    """Known keys in their order, the others after them by name, whatever order they were set in."""
    known = {name: values[name] for name in first if name in values}
    return known | {name: values[name] for name in sorted(values) if name not in known}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_text = json.encoder.encode_basestring


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


def _rows(key: str, rows: Iterable[str]) -> str:
    lines = ",\n ".join(rows)
    return f'"{key}": [\n {lines}\n]' if lines else f'"{key}": []'


def _unzip(file: Any) -> tuple[bytes, dict[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if MEMBER not in archive.namelist():
            raise ValueError(f"it holds no {MEMBER}")
        if len({entry.filename for entry in entries}) != len(entries):
            raise ValueError("it holds two entries of one name")
        if archive.getinfo(MEMBER).file_size > MAXIMUM_BYTES or sum(entry.file_size for entry in entries) > MAXIMUM_ATTACHED:
            raise ValueError("it holds more than can be read")
        if any(entry.file_size > 100 * entry.compress_size + 2**20 for entry in entries):
            raise ValueError("an entry is packed suspiciously tightly")
        return archive.read(MEMBER), {entry.filename: archive.read(entry) for entry in entries if entry.filename != MEMBER}


def _zip(text: bytes, attachments: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in ((MEMBER, text), *sorted(attachments.items())):
            entry = zipfile.ZipInfo(name)  # a fixed date: the same document gives the same bytes
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if name == MEMBER else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return stream.getvalue()


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
