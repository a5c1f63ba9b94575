"""The workspace: all that a panel or a feature knows of the window around it.

The window implements it; tests put a small one in its place. What one feature needs of another is a service with a name, which the
other one offers (`ui.shell.workspace.services`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ui.forms.paths import Paths

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QKeyEvent
    from PySide6.QtWidgets import QDialog, QWidget

    from engine.compile.views import TraceView
    from graph.model.problem import Problem
    from graph.storage.document import Document
    from ui.canvas.view import Canvas
    from ui.engine_link.link import Kernel
    from ui.engine_link.work import Work
    from ui.look.theme import Theme
    from ui.shell.workspace.later import Later
    from ui.shell.workspace.modes import Modes
    from ui.shell.workspace.pages import Pages
    from ui.shell.workspace.playback import Playhead
    from ui.shell.workspace.services import Services
    from ui.shell.workspace.settings import UserSettings
    from ui.shell.workspace.visibility import Visibility


class Dialogs(Protocol):
    """Questions to the person. What returns an answer waits for it: ask it from `Workspace.later` only."""

    def wait_for(self, dialog: QDialog) -> bool:
        """Show a dialog until it is closed; whether it was accepted."""

    def unsaved(self, name: str, heading: str = "", text: str = "") -> Literal["save", "discard", "cancel"]:
        """What happens to the changes of something that is about to be closed."""

    def changed_outside(self, name: str) -> Literal["replace", "save_as", "cancel"]:
        """What to do with a file that another program has changed."""

    def sure(self, title: str, text: str, act: str) -> bool:
        """Whether to go on; `act` is what the button says."""

    def save_path(self, suggested: str, title: str = ..., filters: str = ..., ending: str = ...) -> Path | None:
        """A place to save at; None for none."""

    def tell(self, title: str, text: str) -> None:
        """Say what went wrong; does not wait."""


class Files(Paths, Protocol):
    """The file of the document, and other files beside it."""

    @property
    def title(self) -> str:
        """The document's name as the top bar shows it."""

    def suggested(self, name: str) -> Path:
        """A place for a new file of that name."""

    def may_close(self) -> bool:
        """Whether another document may take this one's place; asks if changes would be lost, so call it from `Workspace.later` only."""

    def ask_open(self) -> None:
        """Ask for a file and open it."""

    def show(self, document: Document) -> None:
        """Show a document that a crash has left; `may_close` was asked before."""

    def lend(self, guest: Document) -> bool:
        """Show a document that needs no saving; the user's own waits until `give_back`. Whether it is shown."""

    def lend_beside(self, guest: Document) -> None:
        """Show a document that needs no saving, while the user's own stays in the engine, where it can still be trained and saved."""

    def give_back(self) -> None:
        """The user's own document is shown again as it was, with its undo."""

    def refresh_title(self) -> None:
        """Write the title and the marks of unsaved changes again."""


class Workspace(Protocol):
    """What the window shows and offers. Hooks of `Feature` and `Panel` say when any of it has changed."""

    @property
    def widget(self) -> QWidget:
        """What dialogs, bars and windows of their own belong to."""

    # what is shown

    @property
    def document(self) -> Document: ...

    @property
    def canvas(self) -> Canvas:
        """Selection, camera, groups, and the overlay on which tools draw."""

    @property
    def trace(self) -> TraceView | None:
        """The numbers as they may be shown now; None until the first ones are computed."""

    @property
    def visibility(self) -> Visibility:
        """Where numbers are hidden, and where what judges an answer finds the truth."""

    @property
    def stale(self) -> bool:
        """Whether the numbers are others than those there are now (see `present`)."""

    @property
    def playhead(self) -> Playhead: ...

    @property
    def theme(self) -> Theme:
        """The colours, and the type at its present size."""

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the document, errors first."""

    # what it offers

    @property
    def kernel(self) -> Kernel | None:
        """The engine; None where nothing is computed."""

    @property
    def pages(self) -> Pages:
        """All panels by key, and room for bars and for panels of features."""

    @property
    def modes(self) -> Modes:
        """What the window is used for now; a feature may impose a mode for a time."""

    @property
    def services(self) -> Services: ...

    @property
    def dialogs(self) -> Dialogs: ...

    @property
    def files(self) -> Files: ...

    @property
    def settings(self) -> UserSettings:
        """What is remembered between starts."""

    @property
    def work(self) -> Work:
        """Questions to the engine, and what is put off until the event or the frame is over."""

    @property
    def later(self) -> Later:
        """Runs what may open a dialog, once the present event is over."""

    @property
    def actions_by_id(self) -> Mapping[str, QAction]:
        """One action for each row of the action table."""

    def refresh_actions(self) -> None:
        """Look again at which actions can be used now."""

    def keys_changed(self) -> None:
        """Give every action its keys again."""

    def key_known(self, event: QKeyEvent) -> bool:
        """Whether some action has this key."""

    def why_not_train(self) -> str:
        """Why nothing can be trained, in words; empty where it can."""

    def say(self, text: str) -> None:
        """A short message at the lower edge."""

    def go_to(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        """Select and show what a text is about: the first of these nodes that exists, and these wires."""
