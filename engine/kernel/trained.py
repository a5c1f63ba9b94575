"""Which trained values the kernel's model has: their token, how they are saved and taken up, and those before the last reset."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.training.saved import pack_state, put_back, with_waiting
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.curve import Curve
    from engine.training.model import Model
    from engine.training.run import Run
    from engine.training.state import State
    from graph.storage.saved import SavedState


@dataclass(frozen=True, slots=True)
class SetAside:
    """A run that something else took the place of."""

    state: State
    curve: Curve | None
    token: int
    seed: int
    run: int


class TrainedValues:
    """`token` identifies the values (see `SavedState.token`); `left` is the run before the last reset."""

    def __init__(self) -> None:
        self.token = 0
        self.left: SetAside | None = None
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

    def leave(self, model: Model, trainer: Run | None, run: int) -> SetAside | None:
        """The run as it is, before something else takes its place; None where nothing was trained."""
        if not model.state.step:
            return None
        state, curve = with_waiting(model, captured(model, trainer)), trainer.curve if trainer is not None else None
        return SetAside(state, curve, self.token, model.seed, run)

    def saved(self, model: Model, trainer: Run | None) -> SavedState:
        """Everything another kernel, or a file, needs to go on from here."""
        optimizer = trainer.spec.key if trainer is not None else str(model.graph.training["optimizer"])
        return pack_state(with_waiting(model, captured(model, trainer)), optimizer, self.token, model.seed)

    def take_up(self, model: Model, values: SavedState | SetAside) -> str:
        """Go on from values; what to say about those that no longer fit. Raises TensorError."""
        if isinstance(values, SetAside):
            model.seed = values.seed
        lost = model.put_back(values.state) if isinstance(values, SetAside) else put_back(model, values)
        self._optimizer = str(model.graph.training["optimizer"])
        self.token = time.time_ns() if lost else values.token
        return _without_place(lost)


def captured(model: Model, trainer: Run | None) -> State:
    """A copy of everything that training changes."""
    return trainer.capture() if trainer is not None else model.state.copy()


def _without_place(lost: Sequence[str]) -> str:
    return _(" The graph has changed, so these no longer fit: {lost}.").format(lost=", ".join(lost)) if lost else ""
