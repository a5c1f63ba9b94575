"""Teach mode begins with one sample of the batch: vectors and matrices can then be read as numbers."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ui.canvas.model.samples import Samples
from ui.shell.workspace.modes import Modes

TEACH = "teach"


class TeachingSample(QObject):
    """Chooses the first sample when Teach begins and all of the batch is shown, and all of it again when Teach ends.

    What somebody chooses meanwhile stays. A lesson's step says itself which sample it speaks of.
    """

    def __init__(self, parent: QObject, modes: Modes, samples: Samples) -> None:
        super().__init__(parent)
        self._samples = samples
        self._own = False
        modes.changed.connect(self._changed)
        if modes.current == TEACH:
            self._changed("", TEACH)

    def _changed(self, before: str, now: str) -> None:
        if now == TEACH and self._samples.choice is None:
            self._samples.choose(0)
            self._own = True
        elif before == TEACH and self._own:
            self._own = False
            if self._samples.choice == 0 and self._samples.spot is None:
                self._samples.choose(None)
