"""Every edit of a document goes to a journal in the app's folder, never near the user's file; `graph.storage.recovery` reads it.

A session has one journal: a first line with the whole document, then a line an edit. The first journal of a document that is large,
and was in its file until those edits, refers to that file instead, so that its edits are safe at once; one with the whole document
takes its place as soon as that is written. Undo and redo are edits too, so reading the lines in order gives the document as it was.
Lines are collected in memory and reach the disk in `flush`, which the owner calls from a timer. A journal that has grown long is
replaced by a fresh one; at every moment a whole one is on the disk. The newest trained values are beside it in a file of their own, and
the newest runs in a folder with a file for each of their parts, of which only new ones are written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graph.model.edits import Edit
from graph.storage.document import Change, Document
from graph.storage.files import dumped
from graph.storage.paths import reason
from graph.storage.run_files import members_of
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun
from graph.storage.session import ATTACHED, FORMAT, RUNS, TRAINED, Session, append, write_file
from graph.storage.writing import sync_folder
from graph.text.messages import _

SLICE, PORTION, EDITS = 0.004, 64, 1.0
"""Seconds of writing a document at a time; how many rows are written before the clock is looked at; seconds after which
edits that were made meanwhile go to the disk too."""
AT_ONCE = 2**18
"""Bytes that are brought to the disk at a time."""
LARGE = 2**21
"""Bytes of a file from which on its document takes long to write."""
LONG = 2**18
"""A journal is rewritten when its edits take more bytes than this, and more than twice the document."""


class JournalError(Exception):
    """The journal cannot be written; one sentence. The document is untouched, and the next `flush` tries again."""


class Journal:
    """Follows one document until `discard`. Nothing is on the disk before the first edit is flushed."""

    def __init__(self, document: Document, folder: Path | str, clock: Callable[[], float] = time.time, long: int = LONG) -> None:
        self._document, self._folder, self._clock, self._long = document, Path(folder), clock, long
        self._edits: list[Edit] = []
        self._unmarked = document.modified
        self._base = None if document.modified or document.revision else document.identity
        """The file that held the document when there were no edits yet."""
        self._session: Session | None = None
        self._descriptor: int | None = None
        self._number = 0
        self._whole = self._written = 0
        self._attached: set[str] = set()
        self._renewing = False
        """Whether a whole document has to be written, or its writing is under way."""
        self._state, self._state_written = document.state, 0
        self._runs: Callable[[], tuple[SavedRun, ...]] = lambda: document.runs
        self._runs_stale = bool(document.runs)
        document.changed.connect(self._changed)

    @property
    def pending(self) -> bool:
        """Whether something happened that the disk does not know."""
        return bool(self._edits) or self._unmarked or self._renewing or self._values_pending

    @property
    def _values_pending(self) -> bool:
        return self._state_pending or self._runs_pending

    @property
    def _runs_pending(self) -> bool:
        return self._document.modified and self._document.saves_runs and self._runs_stale

    @property
    def _state_pending(self) -> bool:
        return self._document.modified and self._token != self._state_written

    @property
    def _token(self) -> int:
        return self._state.token if self._state is not None else 0

    def keep(self, state: SavedState | None) -> None:
        """The newest trained values there are; None: the document's own."""
        self._state = state

    def keep_runs(self, runs: Callable[[], tuple[SavedRun, ...]]) -> None:
        """There are newer runs; `runs` gives them when they are written."""
        self._runs, self._runs_stale = runs, True

    def flush(self, state: bool = True) -> None:
        """Bring everything that happened to the disk, and wait until it is there. Raises JournalError.

        Without `state`, trained values and runs, which may be large, wait for another time.
        """
        for _written in self.flushing(state):
            pass

    def flushing(self, state: bool = True) -> Generator[None, None, None]:
        """`flush` a file at a time, and a large document a little at a time, so that its owner can do something else in between. Edits are
        on the disk after the first one. What is begun may be left: the next time begins with the file that it was left at. Raises
        JournalError."""
        if not self.pending:
            return
        if self._session is None and not self._document.modified:
            saved = self._document.identity != self._base
            self._base = self._document.identity if saved or not self._edits else None
            self._edits.clear()
            self._unmarked = False
            return
        try:
            self._attach()
            if self._descriptor is None:
                self._refer()
            known = self._descriptor is not None
            if known and (self._edits or self._unmarked):
                self._bring()
            self._edits.clear()
            self._unmarked = False
            if not known or self._renewing or self._written > max(self._long, 2 * self._whole):
                self._renewing = True
                yield from self._begin()  # edits that come meanwhile are the first that follow
                self._renewing = False
            if state and self._state_pending:
                yield
                self._write_state()
            if state and self._runs_pending:
                yield
                yield from self._write_runs()
        except OSError as problem:
            self._close()  # what was half written is left behind: the next time begins with a whole document
            raise JournalError(_("The recovery journal cannot be written: {problem}.").format(problem=reason(problem))) from None

    def discard(self) -> None:
        """The document was closed in order: stop following it and leave nothing behind."""
        self._document.changed.disconnect(self._changed)
        self._edits.clear()
        self._unmarked = False
        self._close()
        if self._session is not None:
            self._session.remove()
        self._session = None

    def _changed(self, change: Change) -> None:
        self._unmarked = True
        for edit in change.edits:
            joined = self._edits[-1].absorb(edit) if self._edits else None
            if joined is not None:
                self._edits[-1] = joined  # the ticks of a drag: only the last counts
            else:
                self._edits.append(edit)

    def _mark(self) -> dict[str, Any]:
        path, identity = self._document.path, self._document.identity
        mark = {"modified": self._document.modified, "path": str(path.absolute()) if path else None, "time": self._clock()}
        known = {"identity": identity, "runs_identity": self._document.runs_identity}
        return mark | {name: asdict(file) for name, file in known.items() if file is not None}

    def _refer(self) -> None:
        """Where the file holds the document, all but the edits, and is long to write: a first journal that refers to it."""
        base, self._base = self._base, None  # what is written from now on is in no file
        if base is None or base != self._document.identity or base.size < LARGE or self._document.file_read_only:
            return
        place = self._open_session() / "000000.journal"
        head = {"journal": FORMAT, "pid": os.getpid(), **self._mark(), "modified": False, "base": asdict(base)}
        write_file(place, _line(head))
        self._descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        self._renewing = True

    def _begin(self) -> Generator[None, None, None]:
        """A new journal that holds the whole document as it is now; the old one goes when the new one is safe."""
        session, pieces, held = self._open_session(), dumped(self._document.graph), list[bytes]()
        head = json.dumps({"journal": FORMAT, "pid": os.getpid(), **self._mark(), "document": ""}, allow_nan=False)
        held.append(head[:-2].encode("ascii"))
        self._number += 1
        place = session / f"{self._number:06}.journal"
        part, size, waiting, end = place.with_suffix(".part"), 0, 0, time.perf_counter() + SLICE
        meanwhile, safe = list[bytes](), time.perf_counter() + EDITS
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        try:
            for count, piece in enumerate(pieces, 1):
                held.append(json.dumps(piece)[1:-1].encode("ascii"))
                waiting += len(held[-1])
                if waiting > AT_ONCE:
                    size, waiting = size + _written(descriptor, held), 0
                if count % PORTION == 0 and time.perf_counter() > end:
                    yield
                    if self._edits and self._descriptor is not None and time.perf_counter() > safe:
                        self._attach()
                        meanwhile.append(self._bring())
                        safe = time.perf_counter() + EDITS
                    end = time.perf_counter() + SLICE
            held.append(b'"}\n')
            size += _written(descriptor, held)
            later = _written(descriptor, meanwhile) if meanwhile else 0  # the same lines as in the journal that goes
        finally:
            os.close(descriptor)
        os.replace(part, place)
        sync_folder(session)
        self._close()
        self._descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        self._whole, self._written = size, later
        for old in set(session.glob("*.journal")) - {place}:
            with contextlib.suppress(OSError):
                old.unlink()

    def _bring(self) -> bytes:
        """Bring the edits there are to the disk; their lines."""
        assert self._descriptor is not None
        data = b"".join(map(_line, [*(edit.to_json() for edit in self._edits), {"mark": self._mark()}]))
        append(self._descriptor, data)
        os.fsync(self._descriptor)
        self._written += len(data)
        self._edits.clear()
        self._unmarked = False
        return data

    def _attach(self) -> None:
        """Large tensors are stored beside the journal, each once."""
        for name, data in self._document.graph.attachments.items():
            if name not in self._attached:
                folder = self._open_session() / ATTACHED
                folder.mkdir(exist_ok=True)
                place = folder / hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()
                write_file(place, json.dumps(name).encode() + b"\n", data)
                self._attached.add(name)

    def _write_state(self) -> None:
        place = self._open_session() / TRAINED
        if self._state is None:
            place.unlink(missing_ok=True)
        else:
            head = json.dumps(json.loads(self._state.to_text())).encode("ascii")
            write_file(place, head, b"\n", self._state.packed)
        self._state_written = self._token

    def _write_runs(self) -> Generator[None, None, None]:
        """The parts that are not there yet, then the list that makes them the newest runs, then what the list no longer names goes."""
        folder = self._open_session() / RUNS
        folder.mkdir(exist_ok=True)
        self._runs_stale, whole, listed = False, False, {}
        try:
            for name, data in members_of(self._runs()).items():
                listed[name] = hashlib.sha256(data).hexdigest()
                if not (folder / listed[name]).exists():
                    yield
                    write_file(folder / listed[name], data)
            yield
            write_file(folder / "list", json.dumps(listed).encode("ascii"))
            for place in folder.iterdir():
                if place.name != "list" and place.name not in listed.values():
                    place.unlink(missing_ok=True)
            whole = True
        finally:  # it may be left in the middle
            self._runs_stale |= not whole

    def _open_session(self) -> Path:
        if self._session is None:
            self._session = Session.begin(self._folder)
        return self._session.folder

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, allow_nan=False).encode("ascii") + b"\n"


def _written(descriptor: int, held: list[bytes]) -> int:
    """Bring this to the disk; how many bytes it was. A little at a time, so that nobody waits long for it."""
    data = b"".join(held)
    held.clear()
    append(descriptor, data)
    os.fsync(descriptor)
    return len(data)
