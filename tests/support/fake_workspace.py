"""A workspace without a window: a real document, canvas, playhead and settings; everything around them only notes what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QWidget

from engine.compile.views import TraceView
from graph.model.problem import Problem
from graph.storage.document import Document
from ui.canvas.view import Canvas
from ui.engine_link.link import Kernel
from ui.engine_link.work import Work
from ui.look.theme import LIGHT, Theme
from ui.shell.actions import ACTIONS
from ui.shell.workspace.later import Later
from ui.shell.workspace.modes import Modes
from ui.shell.workspace.pages import Guest
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.playback import Playhead
from ui.shell.workspace.services import Services
from ui.shell.workspace.settings import UserSettings
from ui.shell.workspace.visibility import Visibility
from ui.shell.workspace.workspace import Workspace


class FakePages:
    """Shows nothing; `shown` is what was asked for, `given` what there is."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.given: dict[str, Panel] = {}
        self.open: set[str] = set()
        self.put_there: dict[str, QWidget] = {}
        self.bars: list[QWidget] = []
        self.bars_shown = self.focus_shown = True

    def show(self, key: str, focus: str = "", room: int = 0) -> None:
        self.shown.append(f"{key} {focus}".strip())
        self.open.add(key)

    def hide(self, key: str) -> None:
        self.open.discard(key)

    def is_shown(self, key: str) -> bool:
        return key in self.open

    def knows(self, key: str) -> bool:
        return True

    def panel(self, key: str) -> Panel:
        return self.given[key]

    def made(self, key: str) -> Panel | None:
        return self.given.get(key)

    def places(self) -> frozenset[str]:
        return frozenset(self.open)

    def front(self) -> dict[str, str]:
        return {}

    def put(self, key: str, title: str, panel: QWidget, width: float, share: float) -> None:
        self.put_there[key] = panel

    def take_away(self, key: str) -> None:
        self.put_there.pop(key, None)

    def close_sheet(self) -> bool:
        return False

    def add_bar(self, bar: QWidget) -> None:
        self.bars.append(bar)

    def add_controls(self, controls: Guest, optional: Sequence[QWidget], last: Sequence[QWidget] = ()) -> None:
        self.bars.append(controls)

    def add_ribbon(self, ribbon: QWidget) -> None:
        self.bars.append(ribbon)

    def add_status(self, widget: QWidget) -> None:
        self.bars.append(widget)

    def show_bars(self, shown: bool) -> None:
        self.bars_shown = shown

    def show_focus(self, shown: bool) -> None:
        self.focus_shown = shown


class FakeDialogs:
    """Answers as told, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Literal["save", "discard", "cancel"] = "cancel"
        self.saves: Path | None = None

    def wait_for(self, dialog: QDialog) -> bool:
        self.asked.append(f"wait {type(dialog).__name__}")
        return False

    def unsaved(self, name: str, heading: str = "", text: str = "") -> Literal["save", "discard", "cancel"]:
        self.asked.append("unsaved")
        return self.answer

    def changed_outside(self, name: str) -> Literal["replace", "save_as", "cancel"]:
        self.asked.append("changed outside")
        return "cancel"

    def sure(self, title: str, text: str, act: str) -> bool:
        self.asked.append(f"sure {title}")
        return False

    def save_path(self, suggested: str, title: str = "", filters: str = "", ending: str = "") -> Path | None:
        self.asked.append(f"save {Path(suggested).name}")
        return self.saves

    def tell(self, title: str, text: str) -> None:
        self.asked.append(f"tell {text}")


class FakeFiles:
    def __init__(self, workspace: FakeWorkspace, folder: Path) -> None:
        self._workspace, self._folder = workspace, folder
        self.title = "Untitled"
        self._own: Document | None = None
        self.chosen: Path | None = None
        """What the person chooses when asked for a file."""

    def suggested(self, name: str) -> Path:
        return self._folder / name

    def may_close(self) -> bool:
        return True

    def ask_open(self) -> None:
        self._workspace.dialogs.asked.append("open")

    def show(self, document: Document) -> None:
        self._workspace.document = document

    def lend(self, guest: Document) -> bool:
        self._own = self._own or self._workspace.document
        self._workspace.document = guest
        return True

    def lend_beside(self, guest: Document) -> None:
        self.lend(guest)

    def give_back(self) -> None:
        self._workspace.document, self._own = self._own or self._workspace.document, None

    def refresh_title(self) -> None: ...

    def choose(self, title: str, filters: str, chosen: Callable[[Path], None]) -> None:
        if self.chosen is not None:
            chosen(self.chosen)

    def choose_folder(self, title: str, chosen: Callable[[Path], None]) -> None:
        self.choose(title, "", chosen)

    def resolved(self, text: str) -> str:
        return text


class FakeWorkspace:
    """Implements `Workspace`. `said` is what was said, `went` where something led to."""

    def __init__(self, document: Document, folder: Path, kernel: Kernel | None = None) -> None:
        self.widget = QWidget()
        self.document, self.kernel = document, kernel
        self.canvas = Canvas(document, LIGHT)
        self.canvas.setParent(self.widget)
        self.playhead = Playhead(self.widget)
        self.canvas.set_playhead(self.playhead)
        self.visibility = Visibility(self)
        self.stale = False
        self.problems: Sequence[Problem] = ()
        self.theme: Theme = LIGHT
        self.pages, self.dialogs, self.services = FakePages(), FakeDialogs(), Services()
        self.files = FakeFiles(self, folder)
        self.settings = UserSettings(folder / "settings.ini")
        self.work = Work(kernel, self.widget)
        self.modes = Modes(self.settings)
        self.later = Later(self.work)
        self.actions_by_id = {spec.id: QAction(spec.text, self.widget, checkable=bool(spec.check)) for spec in ACTIONS}
        self.why = ""
        self.said: list[str] = []
        self.went: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.refreshed = 0

    @property
    def trace(self) -> TraceView | None:
        return self.visibility.trace

    def refresh_actions(self) -> None:
        self.refreshed += 1

    def keys_changed(self) -> None: ...

    def key_known(self, event: QKeyEvent) -> bool:
        return False

    def why_not_train(self) -> str:
        return self.why

    def say(self, text: str) -> None:
        self.said.append(text)

    def go_to(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        self.went.append((nodes, edges))

    def close(self) -> None:
        self.work.end()
        self.canvas.close()
        self.widget.deleteLater()


def _is_a_workspace(fake: FakeWorkspace) -> Workspace:
    """For the type checker: nothing is missing."""
    return fake
