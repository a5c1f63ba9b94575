"""Crash recovery: edits reach a journal of ours within two seconds, and the next start offers it. Never the person's own file."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt, QTimer

from graph.storage.document import Document
from graph.storage.journal import Journal, JournalError
from graph.storage.recovery import Recovered, recover
from graph.text.messages import _
from ui.shell.aside import aside
from ui.shell.files import is_large
from ui.shell.recovery_bar import RecoveryBar

if TYPE_CHECKING:
    from graph.storage.document import Change
    from graph.storage.saved import SavedState
    from ui.shell.dialogs import Asking

DELAY_MS = 1500
"""From the first change the disk does not know to its writing: with the writing itself, less than two seconds."""


STATE_SHARE = 0.02
"""Largest part of the time that writing trained values may take."""
WRITE, DONE = "journal", object()


class Recovery(QObject):
    """Keeps the journal of the window's document in `folder`, and offers what earlier sessions left there.

    Further edits do not restart the timer, so that continuous editing is saved as well.
    """

    def __init__(self, window: Asking, folder: Path) -> None:
        super().__init__(window.widget)
        self._window, self.folder = window, folder
        self._document: Document | None = None
        self._journal: Journal | None = None
        self._found: list[Recovered] = []
        self._complained = False
        self._state_due = self._spent = 0.0
        self._state_now = False
        self._begun: Generator[None, None, None] | None = None
        """Writing that goes on between the frames of the canvas."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._flush_soon)
        if window.kernel is not None:
            window.kernel.handed.connect(self._handed)
        self.bar = RecoveryBar()
        self.bar.restored.connect(lambda: window.later(self.restore))
        self.bar.deleted.connect(lambda: window.later(self.delete))
        self.bar.postponed.connect(self.postpone)

    # keeping

    def follow(self, document: Document) -> None:
        """Journal this document from now on; the one before it was closed in order."""
        if document is self._document:
            return
        self._let_go()
        self._document, self._journal = document, Journal(document, self.folder)
        document.changed.connect(self._changed)
        self._changed()

    def flush(self, state: bool = True) -> None:
        """Bring everything to the disk now. A disk that refuses is said once, and asked again with the next change."""
        self._timer.stop()
        self._leave()
        if self._journal is not None:
            for _written in self._writing(self._journal, state):
                pass

    def _writing(self, journal: Journal, state: bool) -> Generator[None, None, None]:
        try:
            yield from journal.flushing(state)
            self._complained = False
        except JournalError as refused:
            if not self._complained:
                self._window.say(str(refused))
            self._complained = True

    def _flush_soon(self) -> None:
        """Edits at once; trained values, which may be large, so seldom that their writing is not felt: a file at a time, between two
        frames of the canvas. What is under way goes on: a huge document takes longer than this timer."""
        if self._begun is not None:
            self._timer.start()
        elif self._journal is not None:
            self._state_now, self._spent = time.monotonic() >= self._state_due, 0.0
            self._begun = self._writing(self._journal, self._state_now)
            self._window.work.after_frame(WRITE, self._write_on)

    def _write_on(self) -> None:
        if self._begun is None:
            return
        begun = time.monotonic()
        left = next(self._begun, DONE)
        self._spent += time.monotonic() - begun
        if left is not DONE:
            self._window.work.after_frame(WRITE, self._write_on)
            return
        self._begun = None
        if self._state_now:
            self._state_due = time.monotonic() + self._spent / STATE_SHARE
        if self._journal is not None and self._journal.pending and not self._complained and not self._timer.isActive():
            self._timer.start()

    def _leave(self) -> None:
        """Leave what is half written; what comes next begins with it."""
        self._window.work.drop(WRITE)
        if self._begun is not None:
            self._begun.close()
            self._begun = None

    def _handed(self, state: SavedState) -> None:
        """The engine sent its state: a crash from here on costs what comes after it."""
        if self._journal is not None and self._window.document is self._document:
            self._journal.keep(state if state.step else None)
            if self._window.kernel is not None:
                self._journal.keep_runs(self._window.kernel.saved_runs)
            if self._journal.pending and not self._timer.isActive():
                self._timer.start()

    def close(self) -> None:
        """The window closes in order: leave nothing of this document, and what was offered for another time."""
        self._let_go()
        self.postpone()

    def _changed(self, change: Change | None = None) -> None:
        assert self._journal is not None and self._document is not None
        if not self._document.modified and not self._document.history.in_gesture:
            self.flush()  # it was saved just now: there is nothing to recover any more
        elif self._journal.pending and not self._timer.isActive():
            self._timer.start()

    def _let_go(self) -> None:
        self._timer.stop()
        self._leave()
        if self._journal is not None and self._document is not None:
            self._document.changed.disconnect(self._changed)
            self._journal.discard()
        self._journal = self._document = None

    # offering

    def look(self) -> None:
        """Offer what sessions that ended without a word have left; where that is much, it is read beside the window."""
        catalog, text = self._window.document.graph.catalog, _("Reading unsaved changes from before a crash …")

        def read() -> list[Recovered]:
            return recover(self.folder, catalog)

        large = any(is_large(journal) for journal in self.folder.glob("session-*/*.journal"))
        self._found += aside(read, lambda: self._window.say(text)) if large else read()
        self._offer()

    @property
    def offered(self) -> tuple[Recovered, ...]:
        """What waits for an answer, the one that is asked about first."""
        return tuple(self._found)

    def restore(self) -> None:
        """Open what is offered, unsaved and with its old path; it stays recoverable all the while."""
        if not self._found or not self._window.files.may_close():
            return
        lost = self._found.pop(0)
        self._window.files.show(lost.document())
        self.flush()
        if self._journal is not None and not self._journal.pending:
            lost.discard()
        else:
            lost.release()
        self._offer()
        if not lost.whole:
            self._window.say(_("The last changes could not be read; all changes before them are here."))

    def delete(self) -> None:
        """Throw away what is offered, once the person has said so twice."""
        sure = _("You cannot restore it afterwards.")
        if self._found and self._window.dialogs.sure(
            _("Delete the changes to {document}?").format(document=name_of(self._found[0])), sure, _("Delete")
        ):
            self._found.pop(0).discard()
            self._offer()

    def postpone(self) -> None:
        """Leave everything for the next start."""
        for lost in self._found:
            lost.release()
        self._found.clear()
        self._offer()

    def _offer(self) -> None:
        if not self._found:
            self.bar.hide()
            return
        lost = self._found[0]
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(lost.time)), QLocale.FormatType.ShortFormat)
        more = _("  ({count} more after this one)").format(count=len(self._found) - 1) if len(self._found) > 1 else ""
        self.bar.ask(_("{found} has unsaved changes from before a crash, {when}.{more}").format(found=name_of(lost), when=when, more=more))


def name_of(lost: Recovered) -> str:
    """The file's name, the graph's title, or a word for neither."""
    title = lost.graph.settings.get("title")
    return lost.path.stem if lost.path is not None else title if isinstance(title, str) and title else _("An untitled graph")
