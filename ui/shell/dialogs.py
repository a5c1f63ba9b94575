"""Everything that asks a person something in a window of its own. Tests put another object in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from graph.model.document_settings import RunsPlace
from graph.text.messages import _, ngettext
from ui.look.schedule import Schedule
from ui.look.widgets import button, label
from ui.shell.shortcuts import Keys
from ui.shell.workspace.settings import UserSettings
from ui.shell.workspace.workspace import Workspace

Choice = Literal["save", "discard", "cancel"]
Outside = Literal["replace", "save_as", "cancel"]
FILES = _("Gradwire graphs (*.gradwire);;All files (*)")
LOOK_MS = 30
OPENED = _("Graphs and lessons (*.gradwire *.gwlesson);;All files (*)")


class Dialogs:
    """The questions a window asks, over `parent`.

    What returns an answer waits for it, so it may only be called from `window.later`, never inside an event. The others only show
    something, and can be called from anywhere.
    """

    def __init__(self, parent: QWidget, settings: UserSettings) -> None:
        """`settings` remember the folder that was used last."""
        self._parent, self._settings = parent, settings

    # questions, which wait

    def wait_for(self, dialog: QDialog) -> bool:
        """Show a dialog until it is closed; whether it was accepted."""
        return dialog.exec() == QDialog.DialogCode.Accepted

    def unsaved(self, name: str, heading: str = "", text: str = "") -> Choice:
        """What happens to the changes of a document that is about to be closed; `heading` and `text` say what they are."""
        answers = ((_("Don't save"), "discard"), (_("Cancel"), "cancel"), (_("Save"), "save"))
        heading, text = heading or _("Save the changes to {name}?").format(name=name), text or _("They are lost if you don't.")
        return self._ask(heading, text, answers)  # type: ignore[return-value]

    def sure(self, title: str, text: str, act: str) -> bool:
        """Whether to do something that cannot be undone."""
        return self._ask(title, text, ((act, "yes"), ("Cancel", "cancel"))) == "yes"

    def changed_outside(self, name: str) -> Outside:
        """What to do with a file that another program has changed since it was opened here."""
        text = _("Another window or program has saved this file since you opened it. If you replace it, that version is lost.")
        answers = ((_("Replace it"), "replace"), (_("Cancel"), "cancel"), (_("Save as …"), "save_as"))
        return self._ask(_("{name} was changed elsewhere").format(name=name), text, answers)  # type: ignore[return-value]

    def large_runs(self, count: int, size: int) -> RunsPlace | Literal["cancel"]:
        """Where runs go that take much room on the disk, `size` bytes."""
        heading = ngettext("Save {n:,} run of {size:,.0f} MB?", "Save {n:,} runs of {size:,.0f} MB?", count)
        text = _("They hold curves and the values to go on from. The trained values are saved in any case. File > Save runs changes this.")
        places = ((_("Without runs"), "no"), (_("In a file beside it"), "beside"), (_("In the graph's file"), "file"))
        answers = ((_("Cancel"), "cancel"), *places)
        return self._ask(heading.format(n=count, size=size / 1e6), text, answers)  # type: ignore[return-value]

    def engine_busy(self, arrived: Callable[[], bool], older: str) -> Literal["arrived", "older", "cancel"]:
        """Wait for the step that the engine is in the middle of, until `arrived`; `older` names the values to save instead, if any."""
        text = _("A training step is running. The values after this step are saved as soon as it ends.")
        dialog = _Waiting(self._parent, _("Waiting to save"), text, older, arrived)
        self.wait_for(dialog)
        dialog.deleteLater()
        return dialog.answer  # type: ignore[return-value]

    def open_another(self, complaint: str) -> bool:
        """Say that the file asked for cannot be opened; whether to choose another one."""
        text = _("{complaint} Gradwire shows an example instead.").format(complaint=complaint)
        return self._ask(_("This file cannot be opened"), text, ((_("Open another file …"), "open"), (_("Continue"), "cancel"))) == "open"

    def open_path(self, folder: str, title: str = _("Open a graph or a lesson"), filters: str = OPENED) -> Path | None:
        return self._path(QFileDialog(self._parent, title, folder, filters), QFileDialog.FileMode.ExistingFile)

    def open_folder(self, folder: str, title: str = _("Choose a folder")) -> Path | None:
        """An existing folder; None for none."""
        return self._path(QFileDialog(self._parent, title, folder, _("All files (*)")), QFileDialog.FileMode.Directory)

    def save_path(self, suggested: str, title: str = _("Save the graph"), filters: str = FILES, ending: str = ".gradwire") -> Path | None:
        """A place to save at. A name without an ending gets `ending`, and then too nothing is replaced without a question."""
        dialog = QFileDialog(self._parent, title, suggested, filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending.lstrip("."))
        dialog.selectFile(Path(suggested).name)
        return self._path(dialog, QFileDialog.FileMode.AnyFile)

    # what only shows something

    def tell(self, title: str, text: str) -> None:
        """Something that went wrong with a file: it must not pass unread."""
        self._show(_Question(self._parent, title, text, (("OK", "ok"),)))

    def shortcuts(self, keys: Keys, changed: Callable[[], object]) -> None:
        from ui.shell.shortcut_dialog import ShortcutDialog

        self._show(ShortcutDialog(self._parent, keys, changed))

    def about(self, text: str) -> None:
        self._show(_Question(self._parent, "Gradwire", text, ((_("Close"), "ok"),)))

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask(self, title: str, text: str, answers: tuple[tuple[str, str], ...]) -> str:
        dialog = _Question(self._parent, title, text, answers)
        self.wait_for(dialog)
        dialog.deleteLater()
        return dialog.answer

    def _path(self, dialog: QFileDialog, mode: QFileDialog.FileMode) -> Path | None:
        dialog.setFileMode(mode)
        chosen = dialog.selectedFiles() if self.wait_for(dialog) else []
        dialog.deleteLater()
        if not chosen or not chosen[0]:
            return None
        path = Path(chosen[0])
        self._settings.set("folder", str(path.parent))
        return path


class Asking(Workspace, Protocol):
    """A workspace for parts of the window, which may ask everything."""

    @property
    def dialogs(self) -> Dialogs: ...


class _Question(QDialog):
    """A heading, a text, and buttons; the last one is the default. Esc is `cancel`."""

    def __init__(self, parent: QWidget, heading: str, text: str, answers: tuple[tuple[str, str], ...]) -> None:
        super().__init__(parent)
        self.answer = "cancel"
        self.setWindowTitle("Gradwire")
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(8)
        title = label(heading, "strong", wrap=True)
        body = label(text, "secondary", wrap=True, selectable=True)
        title.setMinimumWidth(360)
        layout.addWidget(title)
        layout.addWidget(body)
        layout.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for index, (caption, answer) in enumerate(answers):
            last = index == len(answers) - 1
            choice = button(caption, "primary" if last else "")
            choice.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            choice.setDefault(last)
            choice.setObjectName(answer)
            choice.clicked.connect(lambda _clicked=False, answer=answer: self._take(answer))
            row.addWidget(choice)
        self._default = choice
        layout.addLayout(row)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._default.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, answer: str) -> None:
        self.answer = answer
        self.accept()


class _Waiting(_Question):
    """Stays open until the awaited event or a decision of the user. The window stays responsive meanwhile."""

    def __init__(self, parent: QWidget, heading: str, text: str, older: str, arrived: Callable[[], bool]) -> None:
        super().__init__(parent, heading, text, (*(((older, "older"),) if older else ()), (_("Cancel"), "cancel")))
        self._arrived = arrived
        self._schedule = Schedule(self)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setAccessibleName(heading)
        self._column.insertWidget(2, bar)
        self._schedule.after_frame("look", self._look, LOOK_MS)

    def _look(self) -> None:
        if self._arrived():
            self._take("arrived")
        else:
            self._schedule.after_frame("look", self._look, LOOK_MS)
