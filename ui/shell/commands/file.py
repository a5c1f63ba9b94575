"""What the rows of the File menu do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graph.model.document_settings import SAVE_TRAINED
from graph.model.edits import MISSING, SetGraphSetting
from graph.text.messages import _
from ui.shell.dialogs import Asking
from ui.shell.gallery import Gallery

if TYPE_CHECKING:
    from ui.shell.files import Files


class Filing(Asking, Protocol):
    """A workspace whose documents are opened, saved and exported."""

    @property
    def files(self) -> Files: ...


class FileCommands:
    """One method for each row, named like it."""

    def __init__(self, window: Filing) -> None:
        self._window = window

    def new(self) -> None:
        self._window.files.new()

    def open(self) -> None:
        self._window.files.ask_open()

    def examples(self) -> None:
        window = self._window
        gallery = Gallery(window.document.graph.catalog, window.theme, window.widget)
        window.dialogs.wait_for(gallery)
        if gallery.chosen is not None:
            window.files.open_example(gallery.chosen.stem)
        gallery.deleteLater()

    def save(self) -> None:
        self._window.files.save()

    def save_as(self) -> None:
        self._window.files.save_as()

    def save_trained(self) -> None:
        """Let the document's file hold trained values, or no longer: a setting of the document, and undone like one."""
        document = self._window.document
        off = document.saves_training
        document.do(
            SetGraphSetting(SAVE_TRAINED, False if off else MISSING), _("Do not save trained values") if off else _("Save trained values")
        )

    def save_runs_file(self) -> None:
        self._window.files.runs.choose_place("file")

    def save_runs_beside(self) -> None:
        self._window.files.runs.choose_place("beside")

    def save_runs_no(self) -> None:
        self._window.files.runs.choose_place("no")

    def save_weights(self) -> None:
        self._window.files.weights.save()

    def load_weights(self) -> None:
        self._window.files.weights.load()

    def export_code(self) -> None:
        self._window.files.export_code()

    def export_picture(self) -> None:
        self._window.files.export_picture()

    def copy_picture(self) -> None:
        self._window.files.copy_picture()

    def quit(self) -> None:
        self._window.widget.close()
