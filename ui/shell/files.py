"""Opening, saving and exporting: no way through here loses work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtGui import QGuiApplication

from engine.export.job import WriteProgram
from engine.export.registry import Format, filters, formats_in
from engine.numerics.job import JobEnd, JobReport
from graph.model.spec import Catalog
from graph.storage import files as graph_files
from graph.storage.document import Document
from graph.storage.files import FileChanged, FileError, RunsInTheWay
from graph.storage.paths import absolute, cleaned, file_name, is_absolute, reason
from graph.storage.saved import SavedState, steps_text
from graph.storage.writing import is_changed
from graph.text.messages import _
from graph.text.quoting import quoted_name, quoted_path
from ui.look.typing import commit_field
from ui.shell.aside import aside
from ui.shell.dialogs import Asking
from ui.shell.gallery import FIRST, example_path
from ui.shell.lending import Lending
from ui.shell.program_file import write_program
from ui.shell.run_files import RunFiles
from ui.shell.weight_files import WeightFiles
from ui.shell.workspace.services import LESSONS, RACES, Lessons

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle
    from ui.look.job_bar import JobBar
    from ui.shell.workspace.feature import Feature

UNTITLED = _("Untitled")
PICTURE_SCALE = 2.0
LARGE = 2 * 2**20
"""Bytes of a file from which on reading it takes more than half a second, so that the window says what it does."""
AT_ONCE = 0.3
"""Seconds that saving waits for the engine before it says so."""


class DocumentWindow(Asking, Protocol):
    """Where a document is shown."""

    @property
    def features(self) -> Mapping[str, Feature]: ...

    @property
    def job_bar(self) -> JobBar:
        """Shows how far an export has come."""

    def set_document(self, document: Document) -> None:
        """Show another document; what was shown is let go of as it is."""

    def set_saved(self) -> None:
        """The document is in its file."""


class Files:
    """Every change of document passes `may_close`, which asks what to do with unsaved changes."""

    def __init__(self, window: DocumentWindow) -> None:
        self._window = window
        self.example = ""
        self._exporting: JobHandle | None = None
        self._written = Path()
        """The file of that export."""
        self._lending = Lending(window, self._put)
        self.runs = RunFiles(window, lambda: self.document)
        self.weights = WeightFiles(window)

    @property
    def title(self) -> str:
        """The name in the top bar: the file's, the example's, or Untitled."""
        path, example = self.document.path, self._lending.example if self._lending.own is not None else self.example
        return path.stem if path is not None else example or self._lessons.title or UNTITLED

    @property
    def document(self) -> Document:
        """What is saved: the document in the window, or the user's own one where only the window is lent."""
        return self._lending.own or self._window.document

    @property
    def modified(self) -> bool:
        """Whether there are changes to save; a lesson's document never has any."""
        return self.document.modified and not self._lending.borrowed

    @property
    def lent(self) -> bool:
        """Whether the window shows a document that needs no saving, while the user's own waits."""
        return self._lending.lent

    @property
    def folder(self) -> str:
        """Where file dialogs start: the document's folder, else the one used last, else the user's documents."""
        path = self.document.path
        return str(path.parent) if path is not None else self._window.settings.folder

    @property
    def _lessons(self) -> Lessons:
        return self._window.services.get(LESSONS)

    def refresh_title(self) -> None:
        """Write the title and the marks of unsaved changes again."""
        self._window.set_saved()

    def suggested(self, name: str) -> Path:
        """A place for a new file of that name."""
        return Path(self.folder, name)

    def choose(self, title: str, filters: str, chosen: Callable[[Path], None]) -> None:
        """Ask for a file once the present event is over, and call back with it; not at all if none is chosen."""

        def ask() -> None:
            path = self._window.dialogs.open_path(self.folder, title, filters)
            if path is not None:
                chosen(path)

        self._window.later(ask)

    def choose_folder(self, title: str, chosen: Callable[[Path], None]) -> None:
        """The same for a folder."""

        def ask() -> None:
            path = self._window.dialogs.open_folder(self.folder, title)
            if path is not None:
                chosen(path)

        self._window.later(ask)

    def resolved(self, text: str) -> str:
        """A path typed for this document. A relative one begins at its folder; before it has one, at the current folder if it fits."""
        path, folder = cleaned(text), self.document.folder
        if not path or is_absolute(path):
            return path
        return absolute(path, folder) if folder else os.path.abspath(path) if os.path.exists(path) else path

    def may_close(self) -> bool:
        """Whether the user's document may be closed; asks if there are unsaved changes, and saves them on request."""
        window = self._window
        commit_field(window.widget.focusWidget())
        if not all(feature.may_close() for feature in window.features.values()):
            return False
        while self.lent:
            self.give_back()
        if not window.document.modified:
            return True
        answer = window.dialogs.unsaved(self.title, *self._at_stake())
        return answer == "discard" or (answer == "save" and self.save())

    def may_end(self) -> bool:
        """Whether the window may be closed: its document, and an export under way, of which nothing would be written."""
        if self._exporting is not None and self._exporting.running:
            title = _("{name} is still being written").format(name=self._written.name)
            if not self._window.dialogs.sure(title, _("It is not written if you go on."), _("Close")):
                return False
        return self.may_close()

    def _at_stake(self) -> tuple[str, str]:
        """What would be lost, as the heading of the question and its text; nothing where it is an edit alone, which needs no words."""
        document, kernel = self._window.document, self._window.kernel
        if kernel is None or not (document.training_unsaved or document.runs_unsaved):
            return "", ""
        if not document.training_unsaved:
            if not document.history.is_clean:
                return "", _("They are lost if you don't, and so are the runs since it was last saved.")
            return _("Save the runs of {document}?").format(document=self.title), _("What was trained is lost if you don't.")
        if not document.history.is_clean:
            step = _(", and so is the training up to step {step:,}").format(step=kernel.progress.step)
            more = "" if not document.trained else _(", and so is the training") if kernel.training else step
            return "", _("They are lost if you don't{more}.").format(more=more)
        if not document.trained:
            return _("Save {document} after Reset?").format(document=self.title), _("The file still holds the earlier trained values.")
        if kernel.training:
            text = _("The graph is still being trained. Its trained values are lost if you don't.")
            return _("Save the trained values of {document}?").format(document=self.title), text
        return _("Save the trained values of {document}?").format(document=self.title), _(
            "The graph is trained to step {step:,}. Its trained values are lost if you don't."
        ).format(step=kernel.progress.step)

    def _values_to_save(self) -> tuple[bool, SavedState | None]:
        """Whether to save now, and the trained values as they are between two steps; None where these are the document's own.

        The engine answers in some milliseconds, unless a step takes long: then the person decides how long to wait.
        """
        kernel = self._window.kernel
        if kernel is None:
            return True, self.document.state
        values = kernel.waiting if kernel.waiting is not None and self._lending.own is not None else kernel
        wanted = values.request_state()
        if values.wait_state(wanted, AT_ONCE):
            return True, values.known_values
        known = values.known_values
        older = _("Save the values {steps}").format(steps=steps_text(known.step)) if known is not None else ""
        answer = self._window.dialogs.engine_busy(lambda: values.state_arrived(wanted), older)
        return answer != "cancel", known if answer == "older" else values.known_values

    # opening

    def new(self) -> None:
        if self.may_close():
            self.example = ""
            self._window.set_document(Document.new(self._window.document.graph.catalog))

    def ask_open(self) -> None:
        chosen = self._window.dialogs.open_path(self.folder)
        if chosen is not None:
            self.open(chosen)

    def open(self, path: Path) -> bool:
        """Show a graph, or play a lesson, after what is open is safe. Whether it was opened."""
        window = self._window
        if is_lesson(path):
            return self._lessons.open(path)
        large = is_large(path)
        if large and not self.may_close():  # asked before the person waits for it
            return False
        document = self._loaded(path)
        if document is None or not (large or self.may_close()):
            return False
        if document.identity is not None and is_changed(path, document.identity):  # it was the one that is open, and was saved just now
            document = self._loaded(path)
            if document is None:
                return False
        self.example = ""
        window.settings.remember(path)
        window.set_document(document)
        return True

    def _loaded(self, path: Path) -> Document | None:
        """The document in a file; None, after it was said why, where there is none."""
        catalog = self._window.document.graph.catalog
        try:
            return loaded(path, catalog, self._window.say)
        except FileError as wrong:
            self._window.dialogs.tell(_("This file cannot be opened"), str(wrong))
            return None

    def open_recent(self, path: Path) -> bool:
        """Open a file of the list; one that is gone can be taken off it. Whether it was opened."""
        if not reachable(path, 3.0):
            text = _("The file {path} does not exist. It may be on a drive or network share that is not connected.").format(
                path=quoted_path(path)
            )
            if self._window.dialogs.sure(_("This file cannot be found"), text, _("Remove from the list")):
                self._window.settings.forget(path)
            return False
        return self.open(path)

    def not_opened(self, complaint: str) -> None:
        """What was asked for at the start cannot be opened: say it until it is read, and offer another file."""
        if self._window.dialogs.open_another(complaint):
            self.ask_open()

    def open_example(self, name: str) -> bool:
        """A copy of an example: saving asks for a place, the example itself stays."""
        window = self._window
        try:
            document = example_document(name, window.document.graph.catalog)
        except FileError as wrong:
            window.dialogs.tell(_("This example cannot be opened"), str(wrong))
            return False
        if not self.may_close():
            return False
        self.example = name
        window.settings.set("last", f"example:{name}")
        window.set_document(document)
        return True

    def show(self, document: Document) -> None:
        """Show a document that is no example, such as one that a crash has left; `may_close` was asked before."""
        self._put(document)

    def lend(self, guest: Document) -> bool:
        """Show a document that needs no saving, such as a lesson's; the user's own waits until `give_back`. Whether it is shown."""
        return self._window.services.get(RACES).may_close() and self._lending.lend(guest, self.example, self._values_to_save)

    def lend_beside(self, guest: Document) -> None:
        """Show a document that needs no saving, while the user's own stays in the engine, where it can still be trained and saved."""
        self._lending.lend_beside(guest, self.example)

    def give_back(self) -> None:
        """The document that waits behind a guest is shown again as it was, with its undo."""
        self._lending.give_back()

    def _put(self, document: Document, example: str = "") -> None:
        self.example = example
        self._window.set_document(document)

    def took_example(self, name: str) -> None:
        """The window was opened with an example."""
        self.example = name

    # saving

    def save(self) -> bool:
        """Whether the document is safely in its file afterwards."""
        path = self.document.path
        return self._write(path) if path is not None and not self.document.file_read_only else self.save_as()

    def save_as(self) -> bool:
        window, path = self._window, self.document.path
        suggested = path if path is not None else self.suggested(file_name(self.title, ".gradwire"))
        chosen = window.dialogs.save_path(str(suggested))
        return chosen is not None and self._write(chosen)

    def _write(self, path: Path, replace: bool = False) -> bool:
        window = self._window
        ready, state = self._values_to_save()
        if not ready:
            return False
        held = self.document.state if path == self.document.path else None
        runs = self.runs.to_save()
        if not self.runs.may_be_saved(runs):
            return False
        try:
            self.document.save(path, state, replace=replace, runs=runs)
        except RunsInTheWay as other:
            return self.runs.may_replace(str(other)) and self._write(path, replace=True)
        except FileChanged:
            answer = window.dialogs.changed_outside(path.name)
            return self._write(path, replace=True) if answer == "replace" else answer == "save_as" and self.save_as()
        except FileError as wrong:
            window.dialogs.tell(_("The graph could not be saved"), str(wrong))
            return False
        self.example = ""
        window.settings.remember(path)
        self._say_saved(path, state, held)
        self.refresh_title()
        return True

    def _say_saved(self, path: Path, state: SavedState | None, held: SavedState | None) -> None:
        """What is in the file now; `held` are the trained values that it had before."""
        window, more = self._window, self.runs.said()
        if state is None and held is not None:
            window.say(
                _("Saved {name} with its initial values instead of those {step}; Run > Undo Reset restores them").format(
                    name=path.name, step=steps_text(held.step)
                )
            )
        elif state is None:
            window.say(_("Saved {name}{runs}").format(name=path.name, runs=more))
        elif self.document.state is None:
            window.say(
                _('Saved {name} without its trained values, because "Save trained values" in the File menu is off').format(name=path.name)
            )
        else:
            window.say(_("Saved {name} with its values {step}{runs}").format(name=path.name, step=steps_text(state.step), runs=more))

    # exporting

    def export_code(self) -> None:
        """Readable PyTorch, written by the engine: this process never loads torch."""
        window = self._window
        formats: tuple[Format[Any], ...] = formats_in("engine.export.formats")
        programs = tuple(form for form in formats if form.text)
        suggested = str(self.suggested(file_name(self.title, programs[0].ending, "_")))
        chosen = window.dialogs.save_path(suggested, _("Export PyTorch code"), filters(programs), programs[0].ending)
        if chosen is None:
            return
        window.say(_("Writing {name} …").format(name=chosen.name))
        window.job_bar.begin()
        self._written = chosen
        job = WriteProgram(chosen.suffix.lower(), Path(file_name(self.title, ".gradwire", "_")).stem)
        self._exporting = window.work.job(job, self._export_progressed, lambda end: self._exported(chosen, end))

    def cancel_export(self) -> None:
        """End the export under way; nothing is written."""
        if self._exporting is not None:
            self._exporting.cancel()

    def _export_progressed(self, report: JobReport, parts: object) -> None:
        self._window.job_bar.show_progress(report.done, report.total, report.text)

    def _exported(self, path: Path, end: JobEnd) -> None:
        window = self._window
        window.job_bar.finish()
        if end.how == "cancelled":
            return window.say(_("{name} was not written.").format(name=path.name))
        write_program(window, path, end, _("Wrote {name} with the values {steps}"), _("The code could not be written"))

    def export_picture(self) -> None:
        window = self._window
        from ui.shell.picture_file import PICTURES, write_picture

        first = PICTURES[0].ending
        suggested = str(self.suggested(file_name(self.title, first, "_")))
        chosen = window.dialogs.save_path(suggested, _("Export picture"), filters(PICTURES), first)
        if chosen is None:
            return
        try:
            sample, look = window.canvas.model.samples.choice, window.canvas.model.look
            said = write_picture(chosen, window.document.graph, window.trace, window.theme.name, PICTURE_SCALE, sample, look)
        except OSError as wrong:
            window.dialogs.tell(_("The picture could not be written"), f"{quoted_name(chosen)}: {reason(wrong)}.")
        except ValueError as wrong:
            window.dialogs.tell(_("The picture could not be written"), str(wrong))
        else:
            window.say(f"Wrote {chosen.name}{self._shown_step}. {said}".removesuffix(". "))

    @property
    def _shown_step(self) -> str:
        """Which step the numbers on the canvas are from, after a comma; nothing where nothing was trained."""
        trace = self._window.trace
        return _(", with the values {step}").format(step=steps_text(trace.step)) if trace is not None and trace.step else ""

    def copy_picture(self) -> None:
        """The whole graph with its numbers, in the present theme, onto the clipboard."""
        from ui.shell.picture_formats import Drawing
        from ui.shell.picture_image import picture_image, too_large

        window = self._window
        model = window.canvas.model
        shown = Drawing(window.document.graph, window.trace, window.theme, PICTURE_SCALE, model.samples.choice, model.look)
        image, used = picture_image(shown)
        QGuiApplication.clipboard().setImage(image)
        said = _("The picture is on the clipboard{with_values}. {note}").format(
            with_values=self._shown_step, note=too_large(used, PICTURE_SCALE)
        )
        window.say(said.removesuffix(". "))


def reachable(path: Path, seconds: float = 1.0) -> bool:
    """Whether a file is there, as far as the system says so in time: a share that is offline may keep it waiting for a minute."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(path.exists()), daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers) and answers[0]


def is_lesson(path: Path) -> bool:
    """Whether a file's name is a lesson's. Only asked of a file that is being opened, so that lessons do not slow down the start."""
    from graph.lessons.lesson import ENDING

    return path.suffix.lower() == ENDING


def example_document(name: str, catalog: Catalog) -> Document:
    """An example as a document without a file; the first one can be built even where the files are missing. Raises FileError."""
    path = example_path(name)
    if name == FIRST and not path.exists():
        from graph.formula.to_graph import build

        return Document(build("x*y + z", catalog, {"x": 2.0, "y": -5.0, "z": 3.0}))
    return Document(graph_files.load(path, catalog))


def loaded(path: Path, catalog: Catalog, say: Callable[[str], object]) -> Document:
    """The document in a file. A large one is read beside the window, which says so meanwhile. Raises FileError."""
    if not is_large(path):
        return Document.load(path, catalog)
    text = _("Opening {file} …").format(file=path.name)
    return aside(lambda: Document.load(path, catalog), lambda: say(text))


def is_large(path: Path) -> bool:
    """Whether reading a file takes so long that the person would wonder."""
    try:
        return path.stat().st_size > LARGE
    except OSError:
        return False  # reading it says why
