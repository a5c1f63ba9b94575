"""Crash recovery: the documents of sessions that did not end in order, read from their journals (see `graph.storage.journal`)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.model.edits import edit_from_json
from graph.model.graph import Graph, GraphError
from graph.model.spec import Catalog
from graph.storage.document import Document
from graph.storage.files import FileError, loads
from graph.storage.files import read as read_file
from graph.storage.run_files import runs_in
from graph.storage.run_json import SavedRunError
from graph.storage.saved import SavedState, SavedStateError
from graph.storage.saved_run import SavedRun
from graph.storage.session import ATTACHED, FORMAT, RUNS, TRAINED, Session, contents
from graph.storage.writing import FileIdentity, is_changed


@dataclass(slots=True)
class Recovered:
    """A document whose process died. It is ours until `discard` or `release`: no other process is offered it meanwhile.

    `whole` is false where the journal's end was lost or unreadable; everything before that is there.
    """

    graph: Graph
    path: Path | None
    time: float
    whole: bool
    state: SavedState | None
    identity: FileIdentity | None
    """What the file at `path` was, so that a file which changed since the crash is not replaced without a question."""
    runs: tuple[SavedRun, ...]
    runs_identity: FileIdentity | None
    _session: Session = field(repr=False)

    def document(self) -> Document:
        """The document, with its old path and marked as modified. Give it a journal of its own, flush that, then `discard`."""
        document = Document(self.graph, self.path, state=self.state, identity=self.identity, runs=self.runs)
        document.runs_identity = self.runs_identity
        if self.path is not None:
            document.graph.folder = str(self.path.parent)
        document.mark_modified()
        return document

    def discard(self) -> None:
        """It was restored, or is not needed: remove it from the disk."""
        self._session.remove()

    def release(self) -> None:
        """Leave it for another time."""
        self._session.release()


def recover(folder: Path | str, catalog: Catalog) -> list[Recovered]:
    """The documents with unsaved changes of sessions that did not end in order, the newest first.

    Sessions that are still running are left alone, those with nothing to save are removed, and those that cannot be read stay.
    """
    documents = []
    for place in sorted(Path(folder).glob("session-*")):
        try:
            session = Session.claim(place)
        except OSError:
            continue
        if session is None:
            continue
        try:
            read = _read(session, catalog)
        except _Unreadable:
            session.release()
            continue
        if read is None or not read.modified:
            session.remove()
        else:
            state, runs = _trained(place) or read.state, _runs(place) or read.runs
            recovered = (read.graph, read.path, read.time, read.whole, state, read.identity, runs, read.runs_identity)
            documents.append(Recovered(*recovered, session))
    return sorted(documents, key=lambda document: -document.time)


class _Unreadable(Exception):
    """There is a journal, but not one that this version can read."""


@dataclass(slots=True)
class _Read:
    graph: Graph
    path: Path | None
    time: float
    modified: bool
    whole: bool = True
    identity: FileIdentity | None = None
    runs_identity: FileIdentity | None = None
    state: SavedState | None = None
    runs: tuple[SavedRun, ...] = ()
    """The trained values and runs of the file that the journal refers to."""

    def mark(self, row: Mapping[str, Any]) -> None:
        self.modified, self.time = bool(row["modified"]), float(row["time"])
        self.path = None if row["path"] is None else Path(row["path"])
        self.identity, self.runs_identity = (FileIdentity.from_json(row.get(name)) for name in ("identity", "runs_identity"))


def _read(session: Session, catalog: Catalog) -> _Read | None:
    """The newest journal of a session; None when none was ever complete."""
    journals = session.journals()
    if not journals:
        return None
    for place in journals:
        try:
            first, *lines = contents(place).split(b"\n")
            head = json.loads(first)
            if head["journal"] != FORMAT:
                raise _Unreadable
            read = _beginning(head, catalog)
            read.mark(head)
        except (OSError, ValueError, KeyError, TypeError, FileError, RecursionError):
            continue
        read.graph.attachments.update(_attached(session.folder))
        _replay(read, lines)
        return read
    raise _Unreadable


def _beginning(head: Mapping[str, Any], catalog: Catalog) -> _Read:
    """The document before the edits of a journal. Raises KeyError, TypeError or FileError, also where its file is another one now."""
    if "base" not in head:
        return _Read(loads(head["document"], catalog, own=True), None, 0.0, True)
    base, path = FileIdentity.from_json(head["base"]), Path(head["path"])
    if base is None or is_changed(path, base):
        raise KeyError("base")
    file = read_file(path, catalog)
    return _Read(file.graph, path, 0.0, True, state=file.state, runs=file.runs)


def _replay(read: _Read, lines: list[bytes]) -> None:
    """Apply the edits; stop at the first line that is torn. What follows the last line break was never finished."""
    *lines, rest = lines or [b""]
    read.whole = not rest
    for line in lines:
        try:
            row = json.loads(line)
            if "mark" in row:
                read.mark(row["mark"])
            else:
                edit_from_json(row).apply(read.graph)
                read.modified = True
        except (ValueError, KeyError, TypeError, GraphError, RecursionError):
            read.whole = False
            return


def _attached(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Large tensors by their names. One that cannot be read is left out: its node says so, and all the rest is there."""
    for place in (folder / ATTACHED).glob("*"):
        if not place.suffix:
            with contextlib.suppress(OSError, ValueError):
                name, _, data = contents(place).partition(b"\n")
                yield str(json.loads(name)), data


def _trained(folder: Path) -> SavedState | None:
    """The trained values as the kernel last handed them over; None where there were none, or none that can be read."""
    try:
        head, _, packed = contents(folder / TRAINED).partition(b"\n")
        return SavedState.from_json(json.loads(head), packed)
    except (OSError, ValueError, SavedStateError, RecursionError):
        return None


def _runs(folder: Path) -> tuple[SavedRun, ...]:
    """The newest runs that were written whole; none where there were none, or none that can be read."""
    try:
        listed = json.loads(contents(folder / RUNS / "list"))
        return runs_in({name: contents(folder / RUNS / Path(str(digest)).name) for name, digest in listed.items()})[0]
    except (OSError, ValueError, AttributeError, SavedRunError, RecursionError):
        return ()
