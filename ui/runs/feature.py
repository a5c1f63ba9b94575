"""What can be done with runs: go to one, restore it, train on, branch, name, pin, note, plot, delete, save the history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from engine.training.run_names import ordered, run_names, with_names
from graph.model.computation import computation_key
from graph.model.edits import Edit
from graph.model.graph import GraphError
from graph.model.run_record import RunRecord
from graph.storage.files import FileError
from graph.storage.run_history import history_csv, history_json, history_markdown, is_deleted, present, said_of
from graph.text.messages import _, ngettext
from ui.look.classes import class_colour
from ui.look.numbers import count
from ui.runs.edits import restoring, saying
from ui.runs.run_rows import RunRow, Seen, run_rows
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.saving import save_as
from ui.shell.workspace.services import RUNS

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace


class RunsFeature(Feature):
    """`runs`: there are some. `run chosen`: one is selected in the list, or there is a current one. `run elsewhere`: it is not the
    current one alone."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._chosen: tuple[int, ...] = ()
        self._known: set[int] | None = None
        self._names: tuple[Any, dict[int, str]] | None = None
        self._said: Any = None
        self._key: tuple[tuple[Document, int], str] | None = None
        workspace.services.offer(RUNS, self)

    # what there is

    @property
    def records(self) -> Mapping[int, RunRecord]:
        kernel = self.workspace.kernel
        return {} if kernel is None else kernel.runs

    @property
    def current(self) -> int:
        """The run whose numbers are on the screen; 0 for none."""
        kernel = self.workspace.kernel
        run = kernel.progress.run if kernel is not None else 0
        return run if run in self.records else 0

    @property
    def chosen(self) -> tuple[int, ...]:
        """The runs that are selected in the list, the one in focus first; without a selection the current one."""
        settings = self.workspace.document.graph.settings
        known = tuple(run for run in self._chosen if run in self.records and not is_deleted(settings, run))
        return known or ((self.current,) if self.current else ())

    def choose(self, runs: Sequence[int]) -> None:
        self._chosen = tuple(runs)
        self.workspace.refresh_actions()

    def kept(self) -> Sequence[int]:
        """The runs that were not deleted."""
        settings = self.workspace.document.graph.settings
        return [run for run in self.records if not is_deleted(settings, run)]

    def names(self) -> Mapping[int, str]:
        """What each run is called."""
        records, settings = self.records, self.workspace.document.graph.settings
        key = [(r.id, r.parent, r.start, r.origin, r.began, len(r.changes)) for r in records.values()], settings.get("runs")
        if self._names is None or self._names[0] != key:
            self._names = key, run_names(records, settings)
        return self._names[1]

    def rows(self, column: int = -1, falling: bool = False) -> list[RunRow]:
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None:
            return []
        hidden = self.workspace.visibility.hidden_loss is not None
        seen = Seen(document.graph.settings, self.graph_key, kernel.progress.run, kernel.progress.step, hidden, kernel.curves)
        return run_rows(self.records, seen, column, falling)

    @property
    def graph_key(self) -> str:
        """Identifies what the present graph computes."""
        document = self.workspace.document
        state = document, document.revision
        if self._key is None or self._key[0] != state:
            self._key = state, computation_key(document.graph)
        return self._key[1]

    # what others ask (the service RUNS)

    def name(self, run: int) -> str:
        return self.names().get(run, "")

    def hue(self, run: int) -> str:
        place = next((place for place, record in enumerate(ordered(self.records)) if record.id == run), 0)
        return class_colour(self.workspace.theme, place)

    def shown(self) -> Sequence[int]:
        settings = self.workspace.document.graph.settings
        if not settings.get("runs"):
            return ()
        runs = [record.id for record in ordered(self.records) if not is_deleted(settings, record.id)]
        return [run for run in runs if self._holds(run, "shown") or self._holds(run, "pinned")]

    # the window's hooks

    def facts(self) -> Iterable[str]:
        chosen = self.chosen
        more = (("runs", bool(self.records)), ("run chosen", bool(chosen)), ("run elsewhere", any(run != self.current for run in chosen)))
        return [fact for fact, holds in more if holds]

    def set_document(self, document: Document) -> None:
        self._chosen, self._known, self._names, self._said = (), None, None, None

    def document_changed(self) -> None:
        said = self.workspace.document.graph.settings.get("runs")
        if said != self._said:
            self._said = said
            self.changed.emit()
            self.workspace.refresh_actions()

    def set_theme(self, theme: Theme) -> None:
        self.changed.emit()

    def set_progress(self, progress: Progress) -> None:
        records = self.records
        if self._known is None or len(records) != len(self._known):
            new = set(records) - (self._known if self._known is not None else set(records))
            self._known = set(records)
            self.workspace.refresh_actions()
            record = records.get(progress.run)
            if record is not None and record.parent is not None and record.id in new:
                text = _("Branched from step {step} of {name}; the earlier future is kept in Runs.")
                self.workspace.say(text.format(step=count(record.start), name=self.name(record.parent)))

    # going somewhere

    def focus(self) -> None:
        self.workspace.pages.show("runs", "list")

    def show_run(self) -> None:
        kernel = self.workspace.kernel
        if kernel is not None and self.chosen:
            run = self.chosen[0]
            kernel.to_iteration(self.records[run].last, run)

    def restore(self) -> bool:
        """Set what the chosen run trained with, and go to its newest step; whether that could be done."""
        if not self.chosen:
            return False
        record = self.records[self.chosen[0]]
        return self.take_up(record, record.last, record.settings, _("Restore {name}").format(name=self.name(record.id)))

    def go_on(self) -> None:
        kernel = self.workspace.kernel
        if kernel is not None and self.restore():
            kernel.start()

    def take_up(self, record: RunRecord, step: int, training: Mapping[str, Any], text: str) -> bool:
        """One edit to a run's graph with these settings, then to one of its steps."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None:
            return False
        try:
            edit = restoring(document.graph, record, training, kernel.document_text(record.graph))
        except FileError:
            edit = None
        if edit is None:
            self.workspace.say(_("The graph that {name} trained is no longer known.").format(name=self.name(record.id)))
            return False
        if edit.edits and not self._do(edit, text):
            return False
        kernel.to_iteration(step, record.id)
        return True

    def branch(self) -> None:
        """Ask for a step and other settings, and go there, so that training opens a branch."""
        from ui.runs.branch_dialog import BranchDialog

        if not self.chosen or self.workspace.kernel is None:
            return
        record = self.records[self.chosen[0]]
        step = self.workspace.kernel.progress.step if record.id == self.current else record.last
        dialog = BranchDialog(self.name(record.id), record, min(step, record.last), self.workspace.widget)
        if self.workspace.dialogs.wait_for(dialog):
            self.branch_from(record, dialog.step, dialog.training)

    def branch_from(self, record: RunRecord, step: int, training: Mapping[str, Any]) -> None:
        name = self.name(record.id)
        if self.take_up(record, step, training, _("Branch from step {step} of {name}").format(step=count(step), name=name)):
            self.workspace.say(_("Step {step} of {name}. Train to begin the branch.").format(step=count(step), name=name))

    # what the document says of runs

    def toggle_shown(self) -> None:
        self.say_of(self.chosen, "shown", not all(self._holds(run, "shown") for run in self.chosen))

    def set_shown(self, run: int, shown: bool) -> None:
        values: dict[str, Any] = {"shown": shown} if shown else {"shown": False, "pinned": False}
        self._do(saying(self.workspace.document.graph, [run], **values), _("Show in the plot") if shown else _("Remove from the plot"))

    def toggle_pinned(self) -> None:
        self.say_of(self.chosen, "pinned", not all(self._holds(run, "pinned") for run in self.chosen))

    def rename(self) -> None:
        self.workspace.pages.show("runs", "name")

    def set_name(self, run: int, name: str) -> None:
        """An empty name, or the default one, is none of its own."""
        if name.strip() != self.name(run):
            self.say_of([run], "name", name.strip())

    def write_note(self) -> None:
        self.workspace.pages.show("runs", "note")

    def set_note(self, run: int, note: str) -> None:
        if note.strip() != str(said_of(self.workspace.document.graph.settings, run).get("note") or ""):
            self.say_of([run], "note", note.strip())

    def delete(self) -> None:
        """Delete the chosen runs; the current one stays, because it is what is on the screen."""
        runs = [run for run in self.chosen if run != self.current]
        if not runs:
            self.workspace.say(_("The current run cannot be deleted. Go to another one first, or reset the training."))
            return
        self.say_of(runs, "deleted", True)
        text = ngettext("{n} run is deleted; undo brings it back.", "{n} runs are deleted; undo brings them back.", len(runs))
        self.workspace.say(text.format(n=count(len(runs))))

    def say_of(self, runs: Sequence[int], what: str, value: Any) -> None:
        texts = {
            "shown": _("Show in the plot") if value else _("Remove from the plot"), "pinned": _("Pin run") if value else _("Unpin run"),
            "name": _("Rename run"), "note": _("Note about a run"), "deleted": ngettext("Delete run", "Delete runs", len(runs)),
        }  # fmt: skip
        if runs:
            self._do(saying(self.workspace.document.graph, runs, **{what: value}), texts[what])

    def _holds(self, run: int, what: str) -> bool:
        return said_of(self.workspace.document.graph.settings, run).get(what) is True

    def _do(self, edit: Edit, text: str) -> bool:
        try:
            self.workspace.document.do(edit, text)
        except GraphError as refused:
            self.workspace.say(str(refused))
            return False
        return True

    # the history as a file

    def save_csv(self) -> None:
        settings, runs = self._history()
        self._save(history_csv(runs, settings), "runs.csv", _("CSV (*.csv)"))

    def save_json(self) -> None:
        settings, runs = self._history()
        self._save(json.dumps(history_json(runs, settings), ensure_ascii=False, indent=1) + "\n", "runs.json", _("JSON (*.json)"))

    def save_markdown(self) -> None:
        settings, runs = self._history()
        title = self.workspace.files.title
        written = _("Written by Gradwire on {date}.").format(date=datetime.now().strftime("%Y-%m-%d %H:%M"))
        self._save(history_markdown(runs, settings, title, written), "runs.md", _("Markdown (*.md)"))

    def _history(self) -> tuple[Mapping[str, Any], tuple[Any, ...]]:
        kernel, settings = self.workspace.kernel, self.workspace.document.graph.settings
        runs = present(kernel.saved_runs(), settings) if kernel is not None else ()
        return with_names(settings, self.records), runs

    def _save(self, text: str, name: str, kind: str) -> None:
        if self.workspace.visibility.hidden_loss is not None:
            self.workspace.say(_("The history contains the loss, which a question hides. Answer it first."))
            return
        saved = _("The history is saved as {name}.")
        save_as(self.workspace, text.encode("utf-8", "backslashreplace"), name, _("Save the history of the runs"), kind, saved)
