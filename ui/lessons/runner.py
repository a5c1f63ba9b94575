"""What a step runs, one action after the other. Those that need numbers wait for them; the window never does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from graph.lessons.lesson import Action, LessonStep
from graph.lessons.lesson_actions import DOCUMENT
from graph.text.messages import _
from ui.lessons.doing import DOING, Waiting, begin_afresh
from ui.lessons.tools import Opened

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

PLACED = frozenset({"view"})
"""Done with the step itself, before anything runs."""
TURN = _("lesson's actions")


class Runner(QObject):
    """`finished` comes once after every step, also after one without actions; never for a step that was left before."""

    finished = Signal()
    said = Signal(str)
    """What is being waited for, in words; empty for nothing."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._opened = Opened(workspace)
        self._actions: list[Callable[[], Waiting | None]] = []
        self._waiting: Waiting | None = None
        self.running = False
        self._heard = [workspace.playhead.state_changed]
        if workspace.kernel is not None:
            self._heard += [workspace.kernel.traced, workspace.kernel.progressed]
        for signal in self._heard:
            signal.connect(self.poke)

    def run(self, step: LessonStep) -> None:
        """Do everything the step says, once the window is idle."""
        workspace = self._workspace
        workspace.canvas.model.samples.choose(0)  # of a batch, the first is spoken of where a step says nothing else
        self._actions = [lambda: begin_afresh(workspace)]
        self._actions += [self._bound(action) for action in step.run if action.do not in DOCUMENT | PLACED]
        self._waiting = None
        self.running = True
        self._go_on_soon()

    def stop(self) -> None:
        """Leave undone what was not done yet; a training that a step started is paused."""
        waiting, self._waiting = self._waiting, None
        self._actions.clear()
        self._workspace.work.drop(TURN)
        self.running = False
        if waiting is not None and waiting.leave is not None:
            waiting.leave()
        self._opened.close()
        self.said.emit("")

    def poke(self, *_: object) -> None:
        """Something happened that an action may have waited for."""
        if self.running:
            self._go_on_soon()

    def _go_on_soon(self) -> None:
        self._workspace.work.after_event(TURN, self._take_turn)

    def _take_turn(self) -> None:
        self._opened.watch(self._go_on)

    def _bound(self, action: Action) -> Callable[[], Waiting | None]:
        return lambda: DOING[action.do](self._workspace, action.args)

    def _go_on(self) -> None:
        while self.running:
            if self._waiting is not None:
                if not self._waiting.over():
                    return
                self._waiting = None
                self.said.emit("")
            if not self._actions:
                self.running = False
                self.finished.emit()
                return
            self._waiting = self._actions.pop(0)()
            if self._waiting is not None and not self._waiting.over():
                self.said.emit(self._waiting.text)
