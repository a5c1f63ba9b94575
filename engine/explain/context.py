"""What a question is answered from: the session as it stands, and the trace that the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.explain.question import Unanswerable
from engine.training.session import Session, SessionError

if TYPE_CHECKING:
    from torch import Tensor

    from engine.compile.trace import Trace
    from engine.training.trainer import Trainer
    from graph.model.graph import Graph


class Situation:
    """One session, and its trainer where something was trained. Made for one request: the trace is computed at most once.

    `training`: the trace is one in training mode, of the mini-batch last computed; with `coming` of the one that comes next.
    """

    def __init__(self, session: Session, trainer: Trainer | None = None, training: bool = False, coming: bool = False) -> None:
        self.session, self.trainer = session, trainer
        self._training, self._coming = training, coming and not training
        self._trace: Trace | None = None

    @property
    def graph(self) -> Graph:
        return self.session.graph

    @property
    def training(self) -> bool:
        """Whether the pass shown is a mini-batch of training, in training mode."""
        return self.trainer is not None and (self._training or self._coming)

    @property
    def batch(self) -> tuple[Tensor | None, int]:
        """What the pass shown was made of: rows of the training part (None: the demonstration batch), and the step of its masks."""
        step = self.session.state.step
        if self.trainer is None or not self.training:
            return None, step
        if self._coming:
            return self.trainer.coming_rows(), step
        rows = self.trainer.rows()
        return rows, step if rows is None else step - 1

    @property
    def trace(self) -> Trace:
        """The pass that the canvas shows: the demonstration batch, or a mini-batch of training."""
        if self._trace is None:
            try:
                self._trace = shown(self.session, self.trainer, self._training, self._coming)
            except SessionError as error:
                raise Unanswerable(str(error)) from error
        return self._trace


def shown(session: Session, trainer: Trainer | None, training: bool, coming: bool) -> Trace:
    """The pass that the canvas shows. Raises SessionError."""
    if trainer is None or not (training or coming):
        return session.trace()
    return trainer.trace() if training else trainer.coming_trace()
