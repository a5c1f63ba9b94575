"""Training that can be watched: at a low speed every step shows what it does to each parameter, first the sum, then the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QPainter

from engine.explain.update import UpdateOf, UpdateTable
from ui.motion.update_plates import paint_plates
from ui.motion.update_texts import Texts, coming, made
from ui.shell.workspace.playback import speed_text

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

OWNER = "slow training"
"""Its name on the canvas's overlay."""
WATCHED = 4.0
"""Up to so many steps a second, what each does can be read."""
READING = 0.5
"""Share of a step's time for the change that was made; the rest is for the one that is coming."""


class SlowTraining(QObject):
    """Asks for each coming step, and shows it above the parameters' cards: before it is made as a sum, then as old and new."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.widget)
        self._workspace = workspace
        self._update: UpdateTable | None = None
        self._step = -1
        self._on = self._training = False
        self.texts: Texts = {}
        """What stands above the parameters' cards now."""
        workspace.playhead.speed_changed.connect(self.follow_speed)
        self.follow_speed()

    @property
    def watched(self) -> bool:
        """Whether steps are slow enough."""
        pace = self._workspace.playhead.training_pace
        return pace is not None and pace <= WATCHED

    def follow_speed(self) -> None:
        """The speed of playback is the pace of training."""
        kernel = self._workspace.kernel
        if kernel is not None:
            kernel.set_pace(self._workspace.playhead.training_pace)
            self._turn(kernel.training)

    def set_progress(self, progress: Progress) -> None:
        self._turn(progress.phase == "training")

    def set_trace(self, trace: TraceView) -> None:
        """The numbers after a step: what it changed is told, and what comes next is asked for."""
        if not self._on or trace.mode != "training" or trace.step == self._step:
            return
        self._step = trace.step
        update = self._update
        self._tell(made(update) if update is not None and update.iteration == trace.step - 1 else {})
        self._ask()

    def end(self) -> None:
        """The numbers are others, or hidden ones: nothing of what was said holds."""
        self._update, self._step, self._on = None, -1, False
        self._workspace.work.forget(self._take)
        self._workspace.work.drop(OWNER)
        self._tell({})

    # asking

    def _turn(self, training: bool) -> None:
        if training and not self._training and self._workspace.playhead.training_pace is not None:
            self._workspace.say(speed_text(self._workspace.playhead))
        self._training = training
        on = training and self.watched
        if on and not self._on:
            self._on = True
            self._ask()
        elif self._on and not on:
            self.end()

    def _ask(self) -> None:
        self._workspace.work.ask(UpdateOf(), self._take, 0)

    def _take(self, question: UpdateOf, reply: Any) -> None:
        if not self._on:
            return
        if not isinstance(reply, UpdateTable):
            self._update = None
            self._tell({})
            return
        self._update = reply
        pace = self._workspace.playhead.training_pace or 1.0
        wait = 1000 * READING / pace if self.texts else 0
        self._workspace.work.after_frame(OWNER, self._tell_coming, round(wait))

    def _tell_coming(self) -> None:
        if self._on and self._update is not None and self._update.iteration == max(self._step, 0):
            self._tell(coming(self._update))

    def _tell(self, texts: Texts) -> None:
        if texts != self.texts:
            self.texts = texts
            self._workspace.canvas.overlay.painter(OWNER, self._paint if texts else None)

    def _paint(self, painter: QPainter) -> None:
        paint_plates(painter, self._workspace.canvas.model, self.texts)
