"""What becomes of a document's runs when it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.model.document_settings import SAVE_RUNS, RunsPlace
from graph.model.edits import SetGraphSetting
from graph.storage.files import runs_place
from graph.storage.run_history import present
from graph.storage.saved_run import SavedRun, size_of
from graph.text.messages import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph.storage.document import Document
    from ui.shell.dialogs import Asking

LARGE = 64 * 2**20
"""Runs that take more bytes than this are not saved before the person has said where."""
PLACES: dict[RunsPlace, str] = {
    "file": _("Save runs in the graph's file"), "beside": _("Save runs in a file beside the graph"), "no": _("Do not save runs"),
}  # fmt: skip


class RunFiles:
    """The runs of the document in the window, on their way to a file."""

    def __init__(self, window: Asking, document: Callable[[], Document]) -> None:
        """`document`: the one that is saved."""
        self._window, self._document = window, document

    def now(self) -> tuple[SavedRun, ...]:
        """All runs that there are and were not deleted."""
        kernel, document = self._window.kernel, self._document()
        if kernel is None:
            return present(document.runs, document.graph.settings)
        waits = kernel.waiting is not None and kernel.waiting.document is document
        runs = kernel.waiting.saved_runs() if waits and kernel.waiting is not None else kernel.saved_runs()
        return present(runs, document.graph.settings)

    @property
    def place(self) -> RunsPlace:
        """Where the document's runs are saved."""
        return runs_place(self._document().graph)

    def to_save(self) -> tuple[SavedRun, ...]:
        return self.now() if self._document().saves_runs else ()

    def choose_place(self, place: RunsPlace) -> None:
        """Where runs are saved from now on: a setting of the document, and undone like one."""
        document = self._document()
        if self.place != place:
            document.do(SetGraphSetting(SAVE_RUNS, place), PLACES[place])
        self._window.refresh_actions()

    def may_be_saved(self, runs: tuple[SavedRun, ...]) -> bool:
        """Whether to go on saving; where the runs are large and nothing was said about them yet, the person chooses first."""
        document, size = self._document(), size_of(runs)
        if size <= LARGE or SAVE_RUNS in document.graph.settings:
            return True
        place = self._window.dialogs.large_runs(len(runs), size)
        if place != "cancel":
            document.do(SetGraphSetting(SAVE_RUNS, place), PLACES[place])
        return place != "cancel"

    def may_replace(self, why: str) -> bool:
        """Whether runs of another document, in a file beside this one, may be replaced."""
        return self._window.dialogs.sure(_("Replace other runs?"), why, _("Replace them"))

    def said(self) -> str:
        """The runs that were just saved, as the end of a sentence; empty where there are none."""
        document = self._document()
        runs = document.runs if document.saves_runs else ()
        if not runs:
            return ""
        text = ngettext(" and {n:,} run ({size})", " and {n:,} runs ({size})", len(runs))
        return text.format(n=len(runs), size=size_text(size_of(runs)))


def size_text(size: int) -> str:
    """`2.1 MB`."""
    if size < 1_000_000:
        return _("{size:,} kB").format(size=max(1, round(size / 1000)))
    return _("{size:,.1f} MB").format(size=size / 1_000_000)


