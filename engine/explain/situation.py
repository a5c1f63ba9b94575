"""What a question is answered from: the session as it stands, and the trace that the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.explain.question import Unanswerable
from engine.session import Session, SessionError

if TYPE_CHECKING:
    from engine.trace import Trace
    from engine.trainer import Trainer
    from graph.graph import Graph


class Situation:
    """One session, and its trainer where something was trained. Made for one request: the trace is computed at most once.

    `training`: the trace is one in training mode, of a mini-batch.
    """

    def __init__(self, session: Session, trainer: Trainer | None = None, training: bool = False, coming: bool = False) -> None:
        self.session, self.trainer = session, trainer
        self._training, self._coming = training, coming
        self._trace: Trace | None = None

    @property
    def graph(self) -> Graph:
        return self.session.graph

    @property
    def training(self) -> bool:
        """Whether the pass shown is a mini-batch of training, in training mode."""
        return self._training and self.trainer is not None

    @property
    def trains(self) -> bool:
        """Whether the canvas shows a mini-batch in training mode."""
        return self._training and self.trainer is not None

    @property
    def trace(self) -> Trace:
        """The pass that the canvas shows: the demonstration batch, or while training the mini-batch last computed."""
        if self._trace is None:
            try:
                self._trace = self.trainer.trace() if self.trains and self.trainer is not None else self.session.trace()
            except SessionError as error:
                raise Unanswerable(str(error)) from error
        return self._trace


def shown(session: Session, trainer: Trainer | None, training: bool, coming: bool) -> Trace:
    """The pass that the canvas shows. Raises SessionError."""
    if trainer is None or not (training or coming):
        return session.trace()
    return trainer.trace() if training else trainer.coming_trace()
