"""The document: graph, history, path and a change event. The only thing the window edits through."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graph.model.document_settings import SAVE_TRAINED
from graph.model.edits import Edit, SetParam
from graph.model.event import Event
from graph.model.graph import Graph, GraphError
from graph.model.history import History
from graph.model.run_record import RunRecord
from graph.model.spec import Catalog
from graph.storage import files
from graph.storage.run_files import RunsEntry
from graph.storage.runs_beside import identity_beside, place_beside
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun, mark_of
from graph.storage.writing import FileIdentity, is_changed
from graph.text.messages import _
from graph.text.quoting import quoted_name


@dataclass(frozen=True, slots=True)
class Change:
    """What just happened; without edits, only the path or the modified mark changed."""

    edits: tuple[Edit, ...] = ()
    structure: bool = False
    value: bool = False


class Gesture:
    """Handed out by `Document.gesture`; `cancel` takes back everything done since it began."""

    def __init__(self, document: Document) -> None:
        self._document, self.cancelled = document, False

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            self._document.rollback()


class _Kept:
    """Means the trained values that the file holds already."""


KEPT = _Kept()


class Document:
    """What a window shows and edits.

    `structure` grows with every edit after which the graph must be compiled again, `revision` with every edit of a value,
    structure included.

    `origin` identifies it among the open documents. `state` are the trained values beside the document, as its file holds them; `note`
    says what was odd about the file. `trained` identifies the values on the screen (0: the document's own); where they are not those of
    the file, there is something to save.
    With `adopts_training` they count as saved: a lesson trains by itself.

    `runs` are those beside the document, as its file holds them; `missing_runs` is what it says about runs whose file is not there.
    """

    def __init__(
        self, graph: Graph, path: Path | None = None, read_only: str = "", state: SavedState | None = None, note: str = "",
        identity: FileIdentity | None = None, runs: tuple[SavedRun, ...] = (),
    ) -> None:  # fmt: skip
        self.graph = graph
        self.path = path
        self.identity = identity
        self.origin = f"{os.getpid()}-{time.time_ns()}"
        self.state, self.note = state, note
        self.runs = runs
        self.runs_identity: FileIdentity | None = None
        self.missing_runs: RunsEntry | None = None
        self._runs_now = self._runs_filed = mark_of(run.record for run in runs)
        self.trained = self._filed = state.token if state is not None else 0
        self.adopts_training = False
        self.file_read_only = read_only
        self._lock, self._numbers_free = "", False
        self.structure = 0
        self.revision = 0
        self.changed: Event[Change] = Event()
        self.history = History(graph, apply=self._apply)
        self._pending: list[tuple[Edit, str]] = []

    @classmethod
    def new(cls, catalog: Catalog) -> Document:
        return cls(Graph(catalog))

    @classmethod
    def load(cls, path: Path | str, catalog: Catalog, allow_newer: bool = True) -> Document:
        """Open a file. One written by a newer version opens read-only (unless `allow_newer` is false). Raises FileError."""
        loaded = files.read(path, catalog, allow_newer)
        document = cls(loaded.graph, Path(path), loaded.read_only, loaded.state, loaded.note, loaded.identity, loaded.runs)
        document.runs_identity, document.missing_runs = loaded.runs_identity, loaded.missing_runs
        return document

    @property
    def folder(self) -> str:
        """Where relative paths begin: the real folder of its file. Empty while it has none: a copy of an example is not beside it."""
        return (self.graph.folder or str(self.path.absolute().parent)) if self.path is not None else ""

    @property
    def modified(self) -> bool:
        """Whether there is anything that the file does not hold: edits, trained values, or runs."""
        return not self.history.is_clean or self.training_unsaved or self.runs_unsaved

    @property
    def saves_training(self) -> bool:
        """Whether trained values go into the file; a setting of the document."""
        return self.graph.settings.get(SAVE_TRAINED) is not False

    @property
    def training_unsaved(self) -> bool:
        return self.saves_training and self.trained != self._filed

    @property
    def saves_runs(self) -> bool:
        """Whether runs are saved, in the file or beside it. They hold trained values, so they are left out with these."""
        return self.saves_training and files.runs_place(self.graph) != "no"

    @property
    def runs_unsaved(self) -> bool:
        return self.saves_runs and self._runs_now != self._runs_filed

    def set_runs(self, records: Iterable[RunRecord]) -> None:
        """These are the runs there are now."""
        before = self.modified
        self._runs_now = mark_of(records)
        if self.adopts_training:
            self._runs_filed = self._runs_now
        if self.modified != before:
            self.changed.emit(Change())

    def set_trained(self, token: int) -> None:
        """These trained values are on the screen now; 0: the document's own."""
        before = self.modified
        self.trained = token
        if self.adopts_training:
            self._filed = token
        if self.modified != before:
            self.changed.emit(Change())

    @property
    def read_only(self) -> str:
        """Why this must not be edited, in words; empty when it may."""
        return self.file_read_only or self._lock

    @read_only.setter
    def read_only(self, why: str) -> None:
        self.file_read_only = why

    @property
    def takes_numbers(self) -> bool:
        """Whether the values of inputs and parameters may be set, although perhaps nothing else."""
        return not self.read_only or (self._numbers_free and not self.file_read_only)

    def lock(self, why: str, numbers_free: bool = False) -> None:
        """Refuse edits for now, in these words; with `numbers_free` values may still be set. Saving stays possible. Empty: edit again."""
        self._lock, self._numbers_free = why, numbers_free

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """Inside, edits are done although the document is locked: for code that moves it on purpose."""
        kept, self._lock = self._lock, ""
        try:
            yield
        finally:
            self._lock = kept

    def do(self, edit: Edit, text: str = "", merge: Hashable | None = None) -> None:
        """Apply an edit as one undo step; steps in a row with the same `merge` key become one. Raises GraphError, changing nothing."""
        if self.read_only and not (self.takes_numbers and isinstance(edit, SetParam) and edit.kind_in(self.graph) == "value"):
            raise GraphError(self.read_only)
        self.history.do(edit, text, merge)
        self._announce()

    def follow(self, edit: Edit) -> None:
        """Apply an edit that nobody made, such as the newer number of something that is shown here: there is nothing to undo."""
        self._apply(edit)
        self._announce()

    def undo(self) -> None:
        self.history.undo()
        self._announce()

    def redo(self) -> None:
        self.history.redo()
        self._announce()

    def seal(self) -> None:
        """End of a drag or of typing: the next edit is a step of its own."""
        self.history.seal()

    def begin(self, text: str = "") -> None:
        """Open a gesture explicitly, for one that spans several events; end it with `commit` or `rollback`."""
        self.history.begin(text)

    def commit(self) -> None:
        self.history.commit()
        self.changed.emit(Change())

    def rollback(self) -> None:
        self.history.rollback()
        self._announce()

    @contextmanager
    def gesture(self, text: str = "") -> Iterator[Gesture]:
        """Everything done inside is one undo step; an exception, or `cancel()`, takes it back."""
        self.begin(text)
        gesture = Gesture(self)
        try:
            yield gesture
        except BaseException:
            gesture.cancel()
            raise
        if not gesture.cancelled:
            self.commit()

    def mark_modified(self) -> None:
        """This document is not what any file holds, although nothing was done to it yet: it was rescued after a crash."""
        self.history.mark_modified()
        self.changed.emit(Change())

    def save(
        self, path: Path | str | None = None, state: SavedState | _Kept | None = KEPT, replace: bool = False,
        runs: tuple[SavedRun, ...] | _Kept = KEPT,
    ) -> None:  # fmt: skip
        """Write the file (atomically) and remember its path. Raises FileError, and then nothing has changed.

        `state`: the trained values to put beside the document; left out, those it was opened or saved with; `runs` likewise.
        Where another program has changed the file since, this is a FileChanged, unless `replace` says to write over it.
        """
        place = Path(path) if path is not None else self.path
        if place is None:
            raise files.FileError(_("This document has no file name yet."))
        if self.file_read_only:
            raise files.FileError(self.file_read_only)
        files.refuse_unusable(place)
        wanted = self.state if isinstance(state, _Kept) else state
        kept = wanted if self.saves_training else None
        wanted_runs = self.runs if isinstance(runs, _Kept) else runs
        kept_runs = wanted_runs if self.saves_runs else ()
        if not replace:
            self._refuse_changed(place, bool(kept_runs))
        self.identity = files.save(self.graph, place, kept, kept_runs, self.missing_runs)
        beside = bool(kept_runs) and files.runs_place(self.graph) == "beside"
        self.path, self.state, self.runs, self.runs_identity = place, kept, wanted_runs, identity_beside(place) if beside else None
        self.missing_runs = None if kept_runs else self.missing_runs
        self.graph.folder = str(place.resolve().parent)
        self._filed, self._runs_filed = kept.token if kept is not None else 0, self._runs_now
        self.history.mark_clean()
        self.changed.emit(Change())

    def _refuse_changed(self, place: Path, runs: bool) -> None:
        """Raise FileChanged where saving would replace something that was not read here: the file's own new contents, or other runs."""
        if self._is_own(place) and self.identity is not None and is_changed(place, self.identity):
            raise files.FileChanged(
                _("{place}: another program has changed this file since it was opened here.").format(place=quoted_name(place))
            )
        beside = place_beside(place)
        if not runs or files.runs_place(self.graph) != "beside" or not os.path.lexists(beside):
            return
        own = self._is_own(place) and self.runs_identity is not None
        if not own or (self.runs_identity is not None and is_changed(beside, self.runs_identity)):
            raise files.RunsInTheWay(
                _("{place}: a file with other runs is there already, and saving would replace it.").format(place=quoted_name(beside))
            )

    def _is_own(self, place: Path) -> bool:
        """Whether this is the file the document was read from or saved to last."""
        return self.path is not None and os.path.realpath(place) == os.path.realpath(self.path)

    def _apply(self, edit: Edit) -> Edit:
        kind = edit.kind_in(self.graph)
        inverse = edit.apply(self.graph)
        self.structure += kind == "structure"
        self.revision += kind != "cosmetic"
        self._pending.append((edit, kind))
        return inverse

    def data_changed(self) -> None:
        """The files that the graph reads are others now: all that was computed is out of date. No edit, so nothing is there to undo."""
        self.structure += 1
        self.revision += 1
        self.changed.emit(Change((), True, True))

    def _announce(self) -> None:
        """Notify the listeners, once the history is consistent again."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        kinds = {kind for _, kind in pending}
        self.changed.emit(Change(tuple(edit for edit, _ in pending), "structure" in kinds, bool(kinds - {"cosmetic"})))
