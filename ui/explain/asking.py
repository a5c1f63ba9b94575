"""One question at a time: a page that follows live numbers asks again only when the last answer is there, and never while unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

from engine.explain.question import Question

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

REST_MS = 60
"""Least time between two questions of one page: what follows a slider is read, not watched, and the numbers on the canvas come first."""
WHILE_TRAINING = 5
"""So many times as long while something trains: every answer costs the trainer its time."""


class Asker(QObject):
    """Keeps at most one question under way; the newest wish waits. `answered(question, answer)` gets what came."""

    def __init__(self, workspace: Workspace, parent: QObject, answered: Callable[[Question, Any], None], rest: int = REST_MS) -> None:
        super().__init__(parent)
        self._workspace, self._answered, self._rest = workspace, answered, rest
        self._wish: Question | None = None
        self._round = 0
        self.asked: Question | None = None
        """The question under way."""
        self._since = QElapsedTimer()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._send)

    @property
    def busy(self) -> bool:
        return self.asked is not None or self._wish is not None

    def want(self, question: Question) -> None:
        """Ask as soon as the last answer has come and had its time."""
        if self._workspace.kernel is None:
            return
        self._wish = question
        if self.asked is None and not self._later.isActive():
            least = self._rest * (WHILE_TRAINING if self._workspace.kernel.training else 1)
            rest = least - self._since.elapsed() if self._since.isValid() else 0
            if rest > 0:
                self._later.start(int(rest))
            else:
                self._send()

    def forget(self) -> None:
        """Another document, or nobody looks: what is under way has no one to come to."""
        self._later.stop()
        self._wish = self.asked = None
        self._round += 1

    def _send(self) -> None:
        kernel, question = self._workspace.kernel, self._wish
        if kernel is None or question is None or self.asked is not None:
            return
        self._wish, self.asked = None, question
        self._since.start()
        number = self._round
        kernel.ask(question, lambda answer: self._came(number, question, answer))

    def _came(self, number: int, question: Question, answer: Any) -> None:
        if number != self._round:
            return
        self.asked = None
        self._answered(question, answer)
        if self._wish is not None:
            self.want(self._wish)
