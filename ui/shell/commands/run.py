"""What the rows of the Run menu do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.text.messages import _
from ui.shell.workspace.playback import speed_text
from ui.shell.workspace.services import INSIDE, InsideView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

SPEED_STEP = 2**0.5
"""By how much one press changes the speed."""


class RunCommands:
    """One method for each row, named like it."""

    def __init__(self, window: Workspace) -> None:
        self._window = window
        self._shown = False

    def play_forward(self) -> None:
        self._window.playhead.play_forward()

    def play_backward(self) -> None:
        self._window.playhead.play_backward()

    def next_step(self) -> None:
        self._window.playhead.step()

    def previous_step(self) -> None:
        self._window.playhead.step_back()

    def show_all(self) -> None:
        self._window.playhead.reset()

    def slower(self) -> None:
        self._change_speed(1 / SPEED_STEP)

    def faster(self) -> None:
        self._change_speed(SPEED_STEP)

    def _change_speed(self, factor: float) -> None:
        playhead = self._window.playhead
        playhead.set_speed(playhead.speed * factor)
        self._window.say(speed_text(playhead))

    @property
    def _inside(self) -> InsideView | None:
        """The inside of the optimizer while it is shown: training goes on with the user's own graph."""
        inside = self._window.services.find(INSIDE)
        return inside if inside is not None and inside.active else None

    def train(self) -> None:
        kernel = self._window.kernel
        if kernel is None:
            return
        if self._inside is not None:
            return self._inside.train()
        if kernel.training:
            kernel.pause()
        else:
            self._window.playhead.reset()
            self._show_curve()
            kernel.start()
        self._window.refresh_actions()

    def _show_curve(self) -> None:
        """The first run while one builds shows its curve; who closes the page has seen where it is."""
        window = self._window
        if not self._shown and window.modes.current == "build" and "bottom" not in window.pages.places():
            window.pages.show("training")
        self._shown = True

    def train_step(self) -> None:
        if self._inside is not None:
            self._inside.step()
        elif self._window.kernel is not None:
            self._window.playhead.reset()
            self._window.kernel.step_once()

    def train_reset(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.reset()

    def train_unreset(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.take_back_reset()

    def keep_values(self) -> None:
        if self._window.kernel is not None:
            self._window.kernel.keep_values(self._keep)

    def _keep(self, refusal: str) -> None:
        self._window.say(refusal or _("The trained values are now the graph's initial values."))
