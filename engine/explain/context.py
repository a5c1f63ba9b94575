"""What a question is answered from: the current model, and the trace that the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.explain.question import Unanswerable
from engine.training.compiled import RunError
from engine.training.model import Model

if TYPE_CHECKING:
    from torch import Tensor

    from engine.compile.environment import Key
    from engine.compile.program import Program
    from engine.compile.trace import Trace
    from engine.training.run import Run
    from graph.model.graph import Graph


class ExplainContext:
    """One model, and its run where something was trained. Made for one request: the trace is computed at most once.

    `training`: the trace is one in training mode, of the mini-batch last computed; with `coming` of the one that comes next.
    """

    def __init__(self, model: Model, run: Run | None = None, training: bool = False, coming: bool = False) -> None:
        self.model, self.run = model, run
        self._training, self._coming = training, coming and not training
        self._trace: Trace | None = None

    @property
    def graph(self) -> Graph:
        return self.model.graph

    @property
    def training(self) -> bool:
        """Whether the pass shown is a mini-batch of training, in training mode."""
        return self.run is not None and (self._training or self._coming)

    @property
    def live(self) -> bool:
        """Whether training goes on meanwhile."""
        return self._training

    @property
    def batch(self) -> tuple[Tensor | None, int]:
        """What the pass shown was made of: rows of the training part (None: the demonstration batch), and the step of its masks."""
        step = self.model.state.step
        if self.run is None or not self.training:
            return None, step
        if self._coming:
            return self.run.coming_rows(), step
        rows = self.run.rows()
        return rows, step if rows is None else step - 1

    @property
    def objective(self) -> Key | None:
        """Of several objectives, the one whose gradients the pass shown has; None where the document has one."""
        coming = self.run is not None and self._coming and not self._training
        return self.model.shown_objective(self.run.coming_turn if self.run is not None and coming else None)

    def program(self) -> Program:
        """The program of the pass shown. Raises RunError."""
        return self.model.program(training=self.training, everything=True, objective=self.objective)

    @property
    def trace(self) -> Trace:
        """The pass that the canvas shows: the demonstration batch, or a mini-batch of training."""
        if self._trace is None:
            try:
                self._trace = shown(self.model, self.run, self._training, self._coming)
            except RunError as error:
                raise Unanswerable(str(error)) from error
        return self._trace


def shown(model: Model, run: Run | None, training: bool, coming: bool) -> Trace:
    """The pass that the canvas shows. Raises RunError."""
    if run is None or not (training or coming):
        return model.trace()
    return run.trace() if training else run.coming_trace()
