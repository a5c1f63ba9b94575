"""Modes: what the window is used for now, and so which panels are around the canvas.

The user's mode is remembered between starts. A lesson or a presentation imposes one until it ends; what is changed meanwhile is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from graph.text.messages import _
from ui.shell.workspace.settings import UserSettings


@dataclass(frozen=True, slots=True)
class Mode:
    """One use of the window. Which panels are shown in it is said by the panels (`PanelSpec.modes`), until the user arranges them
    otherwise; `most` is the largest share of the window's height that the page below the canvas gets.
    """

    key: str
    title: str
    tip: str
    shortcut: str
    most: float = 0.4


MODES: tuple[Mode, ...] = (
    Mode("build", _("Build"), _("Build a graph: library and inspector beside the canvas"), "Ctrl+1"),
    Mode("teach", _("Teach"), _("Explain a graph: it fills the window; cards and lessons float over it"), "Ctrl+2"),
    Mode("debug", _("Debug"), _("Step through forward, loss, backward, update and zeroing, with the debugger's page below"), "Ctrl+3",
         0.36),
    Mode("analyse", _("Analyse"), _("Study plots, paths and checks on a large page below the graph"), "Ctrl+4", 0.58),
)  # fmt: skip
BY_KEY: dict[str, Mode] = {mode.key: mode for mode in MODES}
FIRST = MODES[0].key
_SETTING = "mode"


class Modes(QObject):
    """The present mode, and where to return to."""

    changed = Signal(str, str)
    """The mode before and the mode now."""
    imposed = Signal(bool)
    """Something imposes a mode from now on (True, before it changes), or nothing does any more (False, after it has changed back)."""

    def __init__(self, settings: UserSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        known = settings.text(_SETTING, FIRST)
        self._chosen = known if known in BY_KEY else FIRST
        self._before = FIRST
        self._owners: dict[str, str] = {}
        """Who imposes a mode, and which; the last one counts."""

    @property
    def current(self) -> str:
        return next(reversed(self._owners.values())) if self._owners else self._chosen

    @property
    def mode(self) -> Mode:
        return BY_KEY[self.current]

    def choose(self, key: str) -> None:
        """The user wants this mode; the present one once more changes nothing."""
        now = self.current
        if key == now:
            return
        self._before = now
        if self._owners:
            self._owners[next(reversed(self._owners))] = key
        else:
            self._chosen = key
            self._settings.set(_SETTING, key)
        self.changed.emit(now, key)

    def back(self) -> bool:
        """Return to the mode before; whether there is another one."""
        now = self.current
        self.choose(self._before)
        return self.current != now

    def enter(self, owner: str, key: str) -> None:
        """`owner` needs a mode until it leaves it."""
        now = self.current
        if not self._owners:
            self.imposed.emit(True)
        self._owners.pop(owner, None)
        self._owners[owner] = key
        self._tell(now)

    def leave(self, owner: str) -> None:
        """Return to the mode before `owner` entered its own."""
        now = self.current
        if self._owners.pop(owner, None) is None:
            return
        self._tell(now)
        if not self._owners:
            self.imposed.emit(False)

    def _tell(self, before: str) -> None:
        if before != self.current:
            self._before = before
            self.changed.emit(before, self.current)
