"""Which trained values the kernel's model has: their token, how they are saved and taken up, and those before the last reset."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.training.saved import pack_state, put_back, with_waiting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model
    from engine.training.run import Run
    from engine.training.state import State
    from graph.storage.saved import SavedState


@dataclass(frozen=True, slots=True)
class LeftRun:
    """Where a Reset left a run."""

    run: int
    step: int
    token: int


class TrainedValues:
    """`token` identifies the values (see `SavedState.token`); `left` is the run before the last reset."""

    def __init__(self) -> None:
        self.token = 0
        self.left: LeftRun | None = None
        self._optimizer = ""

    def moved_on(self) -> None:
        """The values are others than before."""
        self.token = time.time_ns()

    def forget(self) -> None:
        """Another document."""
        self.token, self.left = 0, None

    def configure(self, model: Model) -> None:
        """Before there is a trainer: another optimizer than the one that remembered something has no use for it."""
        if model.graph.training["optimizer"] != self._optimizer:
            model.state.optimizer.clear()

    def saved(self, model: Model, trainer: Run | None) -> SavedState:
        """Everything another kernel, or a file, needs to go on from here."""
        optimizer = trainer.spec.key if trainer is not None else str(model.graph.training["optimizer"])
        return pack_state(with_waiting(model, captured(model, trainer)), optimizer, self.token, model.seed)

    def take_up(self, model: Model, values: SavedState) -> str:
        """Go on from values; what to say about those that no longer fit. Raises TensorError."""
        lost = put_back(model, values)
        self._optimizer = str(model.graph.training["optimizer"])
        self.token = time.time_ns() if lost else values.token
        return _without_place(lost)


def captured(model: Model, trainer: Run | None) -> State:
    """A copy of everything that training changes."""
    return trainer.capture() if trainer is not None else model.state.copy()


def _without_place(lost: Sequence[str]) -> str:
    return _(" The graph has changed, so these no longer fit: {lost}.").format(lost=", ".join(lost)) if lost else ""
