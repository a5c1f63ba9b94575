"""What becomes of a document's runs when it is saved, and their history as a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from graph.model.document_settings import SAVE_RUNS, RunsPlace
from graph.model.edits import SetGraphSetting
from graph.storage.files import runs_place
from graph.storage.paths import file_name, reason
from graph.storage.run_history import history_csv, history_json, history_markdown, present
from graph.storage.saved_run import SavedRun, size_of
from graph.storage.writing import replace_file
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted_name

if TYPE_CHECKING:
    from ui.shell.dialogs import Asking

LARGE = 64 * 2**20
"""Runs that take more bytes than this are not saved before the person has said where."""
REPORTS = (".md", ".csv", ".json")
FILTERS = ";;".join((_("Report (*.md)"), _("Table (*.csv)"), _("Everything, curves included (*.json)")))
PLACES: dict[RunsPlace, str] = {
    "file": _("Save runs in the graph's file"), "beside": _("Save runs in a file beside the graph"), "no": _("Do not save runs"),
}  # fmt: skip


class RunFiles:
    """The runs of the document in the window, on their way to a file."""

    def __init__(self, window: Asking) -> None:
        self._window = window

    def now(self) -> tuple[SavedRun, ...]:
        """All runs that there are and were not deleted."""
        kernel, document = self._window.kernel, self._window.document
        return present(document.runs if kernel is None else kernel.saved_runs(), document.graph.settings)

    @property
    def place(self) -> RunsPlace:
        """Where the document's runs are saved."""
        return runs_place(self._window.document.graph)

    def to_save(self) -> tuple[SavedRun, ...]:
        return self.now() if self._window.document.saves_runs else ()

    def choose_place(self, place: RunsPlace) -> None:
        """Where runs are saved from now on: a setting of the document, and undone like one."""
        document = self._window.document
        if self.place != place:
            document.do(SetGraphSetting(SAVE_RUNS, place), PLACES[place])
        self._window.refresh_actions()

    def may_be_saved(self, runs: tuple[SavedRun, ...]) -> bool:
        """Whether to go on saving; where the runs are large and nothing was said about them yet, the person chooses first."""
        document, size = self._window.document, size_of(runs)
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
        document = self._window.document
        runs = document.runs if document.saves_runs else ()
        if not runs:
            return ""
        text = ngettext(" and {n:,} run ({size})", " and {n:,} runs ({size})", len(runs))
        return text.format(n=len(runs), size=size_text(size_of(runs)))

    def export(self) -> None:
        """Write the history of all runs in the form that the chosen name asks for."""
        window = self._window
        runs, settings = self.now(), window.document.graph.settings
        if not runs:
            window.say(_("There are no runs yet: train first"))
            return
        suggested = str(window.files.suggested(file_name(_("{title} runs").format(title=window.files.title), REPORTS[0])))
        chosen = window.dialogs.save_path(suggested, _("Export run history"), FILTERS, REPORTS[0])
        if chosen is None:
            return
        try:
            replace_file(chosen, report(runs, settings, window.files.title, chosen.suffix.lower()))
        except OSError as wrong:
            window.dialogs.tell(_("The run history could not be written"), f"{quoted_name(chosen)}: {reason(wrong)}.")
            return
        count = ngettext("Wrote {name} with {n:,} run", "Wrote {name} with {n:,} runs", len(runs))
        window.say(count.format(name=chosen.name, n=len(runs)))


def report(runs: tuple[SavedRun, ...], settings: Mapping[str, object], title: str, ending: str) -> bytes:
    """The history of runs as a file with this ending; any other than `.csv` and `.json` is a report in Markdown."""
    if ending == ".csv":
        return history_csv(runs, settings).encode("utf-8", "backslashreplace")
    if ending == ".json":
        return (json.dumps(history_json(runs, settings), ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")
    return history_markdown(runs, settings, title).encode("utf-8", "backslashreplace")


def size_text(size: int) -> str:
    """`2.1 MB`."""
    if size < 1_000_000:
        return _("{size:,} kB").format(size=max(1, round(size / 1000)))
    return _("{size:,.1f} MB").format(size=size / 1_000_000)


