"""Where the page gets its predictions: it asks for them again whenever the numbers have changed, while training seldom enough."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.compile.views import Stamp
from engine.data.parts import Part
from engine.learned.predictions import Predictions, PredictionsJob
from engine.numerics.job import Job, JobEnd
from ui.engine_link.refresh import Refresh
from ui.shell.workspace.present import outdated, present
from ui.shell.workspace.workspace import Workspace

REST, TRAINING = 0.12, 0.5
"""Least seconds between two requests, since a slider may be dragged; and while training, since what is shown has to be read and drawn."""


class PredictionsSource(QObject):
    """The newest predictions for one part. Asks for others while `active`, whenever the numbers have changed."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.active = False
        self.latest: Predictions | None = None
        self.refusal = ""
        """Why there are none, in words."""
        self._part: Part | None = None
        """The one that was chosen; None: the one that judges the run."""
        self._refresh = Refresh(workspace.work, self._ended, REST, TRAINING)

    @property
    def present(self) -> Stamp:
        """Which numbers the engine has now, as far as the window knows."""
        return present(self._workspace)

    @property
    def fresh(self) -> bool:
        """Whether `latest` is about the numbers there are now."""
        return self.latest is not None and self.latest.stamp == self.present

    @property
    def old(self) -> bool:
        """Whether `latest` has to be marked: it is of other numbers, and the next ones do not come by themselves at once."""
        return self.latest is not None and (outdated(self._workspace, self.latest.stamp) or (self.once and not self.fresh))

    @property
    def training(self) -> bool:
        kernel = self._workspace.kernel
        return kernel is not None and kernel.training

    def choose(self, part: Part) -> None:
        """Show this part from now on; the test part beside a validation part once, until it is chosen again."""
        self._part = part
        self._refresh.stop()
        self._ask()

    @property
    def once(self) -> bool:
        """Whether the part shown is read on request alone: the test part of data with a validation part."""
        return self.latest is not None and self.latest.part == self._part == "test" and "validation" in dict(self.latest.parts)

    def forget(self) -> None:
        """Another document."""
        self._refresh.stop()
        self.latest, self.refusal, self._part = None, "", None
        self.changed.emit()

    def follow(self) -> None:
        """Something may have changed: ask for what is not known yet."""
        if self.active and not self.once:
            self._ask()

    def _ask(self) -> None:
        now = self.present
        self._refresh.follow(PredictionsJob(self._part, now.structure, now.revision, now.run))

    def rest(self) -> None:
        """Nobody looks: ask for nothing."""
        self.active = False
        self._refresh.stop()

    def try_again(self) -> None:
        """New numbers came: what could not be predicted may be possible now."""
        self._refresh.retry()

    def _ended(self, job: Job, end: JobEnd) -> None:
        if end.how == "done" and isinstance(end.answer, Predictions):
            self.latest, self.refusal = end.answer, ""
            if self.once:
                self._refresh.stop()
        elif end.how == "failed":
            self.latest, self.refusal = None, end.text
        self.changed.emit()
