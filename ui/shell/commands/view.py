"""What the rows of the View menu do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt

from graph.text.messages import _
from ui.look.theme import THEMES, Theme
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ui.shell.panels import Panels

ZOOM = 1.25


class Dressed(Workspace, Protocol):
    """A workspace whose look can be chosen."""

    @property
    def panels(self) -> Panels: ...

    def set_theme(self, theme: Theme) -> None:
        """Dress everything in these colours, at its type size."""


class ViewCommands:
    """One method for each row, named like it."""

    def __init__(self, window: Dressed) -> None:
        self._window = window

    def theme_light(self) -> None:
        self._window.set_theme(THEMES["light"])

    def theme_dark(self) -> None:
        self._window.set_theme(THEMES["dark"])

    def theme_projector(self) -> None:
        self._window.set_theme(THEMES["projector"])

    def mode_build(self) -> None:
        self._window.modes.choose("build")

    def mode_teach(self) -> None:
        self._window.modes.choose("teach")

    def mode_debug(self) -> None:
        self._window.modes.choose("debug")

    def mode_analyse(self) -> None:
        self._window.modes.choose("analyse")

    def fit(self) -> None:
        self._window.canvas.fit_selection()

    def fit_all(self) -> None:
        self._window.canvas.fit_all()

    def zoom_100(self) -> None:
        self._window.canvas.zoom_100()

    def zoom_in(self) -> None:
        self._window.canvas.zoom_by(ZOOM)

    def zoom_out(self) -> None:
        self._window.canvas.zoom_by(1 / ZOOM)

    def sample_next(self) -> None:
        self._window.canvas.model.step_sample(1)

    def sample_previous(self) -> None:
        self._window.canvas.model.step_sample(-1)

    def sample_all(self) -> None:
        self._window.canvas.model.samples.choose(None)

    def sample_mean(self) -> None:
        self._window.canvas.model.samples.choose("mean")

    def type_larger(self) -> None:
        self._size_type(1)

    def type_smaller(self) -> None:
        self._size_type(-1)

    def type_normal(self) -> None:
        self._size_type(0)

    def _size_type(self, way: int) -> None:
        """A rung up or down; 0: everything back to normal."""
        window = self._window
        if way:
            window.panels.sizes.step(way)
        else:
            window.panels.reset_type()
        window.set_theme(window.theme)
        window.refresh_actions()
        window.say(_("Type size {of:.0%}").format(of=window.panels.sizes.of()))

    def next_panel(self) -> None:
        self._window.panels.turn(1)

    def previous_panel(self) -> None:
        self._window.panels.turn(-1)

    def reduced_motion(self) -> None:
        window = self._window
        window.playhead.reduced_motion = not window.playhead.reduced_motion
        window.settings.set("reduced_motion", window.playhead.reduced_motion)

    def full_screen(self) -> None:
        """Turn it on or off; a window that was maximized is maximized again."""
        widget = self._window.widget
        widget.setWindowState(widget.windowState() ^ Qt.WindowState.WindowFullScreen)
