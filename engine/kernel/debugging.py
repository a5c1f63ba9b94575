"""What the kernel keeps for the debugger: past states of the run, and the conditions at which training stops."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.compile.trace import array_view
from engine.compile.views import Absent
from engine.explain.condition import Condition
from engine.training.compiled import RunError
from engine.training.history import Past, Range
from engine.training.run import Run
from graph.model.training_settings import conditions

EVERY = 0.1
"""Seconds of training between two states held: about as long as replaying what lies between them takes."""
SHARE = 0.02
"""Largest part of the trainer's time that holding states may take."""


class Debugging:
    """`on`: the window shows the coming step instead of the demonstration batch. `stopped` is the condition that was met last."""

    def __init__(self) -> None:
        self.on = False
        self.past = Past()
        self.conditions: tuple[Condition, ...] = ()
        self.stopped: Condition | None = None
        self.met: float | None = None
        """The number that met it."""
        self._met: set[Condition] = set()
        self._kept_at = -math.inf
        self._cost = 0.0
        self._fits: Any = None
        self._known: Any = None

    def forget(self) -> None:
        """The run began anew, or a person changed learned values: there is nothing to go back to."""
        self.past.clear()
        self._met.clear()
        self._fits = self.stopped = self.met = None

    # The past

    def keep(self, trainer: Run, single: bool = False) -> None:
        """Hold the state the run stands at, before it goes on: always where a person makes a `single` step, else as often as is cheap."""
        self._follow(trainer)
        state, now = trainer.model.state, time.perf_counter()
        self.past.reached(state.step)
        if not single and now - self._kept_at < max(EVERY, self._cost / SHARE):
            return
        nearest = self.past.nearest(state.step)
        if nearest is None or nearest.step != state.step:
            self.past.add(trainer.capture(), trainer.loss)
            self._kept_at = time.perf_counter()
            self._cost = self._kept_at - now

    def ranges(self, trainer: Run) -> tuple[Range, ...]:
        """The steps that `go` accepts."""
        self._follow(trainer)
        self.past.reached(trainer.model.state.step)
        return self.past.ranges()

    def go(self, trainer: Run, step: int) -> bool:
        """Bring the run to a step it was at, exactly; False where that is no longer held."""
        self.keep(trainer, single=True)
        moment = self.past.nearest(step)
        if moment is None:
            return False
        trainer.rewind(moment.state, moment.loss, step)
        self.stopped = None
        return True

    def _follow(self, trainer: Run) -> None:
        """See whether states held still fit, and whether steps made from them would still be the same."""
        model, training = trainer.model, trainer.training
        state = model.state
        fits = (trainer.spec.key, model.dtype, *((n, t.shape) for part in (state.parameters, state.buffers) for n, t in part.items()))
        known = (model.version, model.edits, trainer.hyper, conditions(training, "batches"), model.seed)
        if fits != self._fits:
            self.past.clear()
        if (fits, known) != (self._fits, self._known):
            self.past.turn(trainer.capture(), trainer.loss)
        self._fits, self._known = fits, known

    # Conditions

    def watch(self, conditions: Sequence[Condition]) -> None:
        """Stop at these from now on."""
        self.conditions = tuple(conditions)
        self._met.intersection_update(self.conditions)

    def begin(self, trainer: Run) -> None:
        """Training starts: what is met already does not stop it, only what comes to be met."""
        self.stopped = None
        try:
            self._met = {condition for condition, _ in self._met_now(trainer)} if self.conditions else set()
        except RunError:  # the coming step cannot be computed: training will say why
            self._met = set()

    def run(self, trainer: Run, seconds: float, steps: float = math.inf) -> bool:
        """Train step by step for this long, looking at the conditions before each; whether one of them was met."""
        end = time.perf_counter() + seconds
        while steps > 0 and not trainer.finished:
            trainer.train(max_steps=1)
            steps -= 1
            if trainer.problem is None and self._stops(trainer):
                return True
            if time.perf_counter() >= end:
                break
        return False

    def _stops(self, trainer: Run) -> bool:
        met = self._met_now(trainer)
        new = [each for each in met if each[0] not in self._met]
        self._met = {condition for condition, _ in met}
        self.stopped, self.met = new[0] if new else (None, None)
        return bool(new)

    def _met_now(self, trainer: Run) -> list[tuple[Condition, float]]:
        """Those that hold, each with a number for which it does: of the run by its last loss and step, of a node by the pass of the
        coming step."""
        trace = trainer.coming_trace() if any(not c.of_the_run for c in self.conditions) else None
        found = []
        for condition in self.conditions:
            if condition.of_the_run:
                number = trainer.loss if condition.quantity == "loss" else float(trainer.model.state.step)
                met = number if number is not None and condition.holds_for(number) else None
            else:
                assert trace is not None
                table: Any = trace.gradients if condition.of_gradient else trace.values
                tensors = (tensor for (node, _), tensor in table.items() if node == condition.node and not isinstance(tensor, Absent))
                met = next((number for tensor in tensors if (number := _met_by(condition, tensor)) is not None), None)
            if met is not None:
                found.append((condition, met))
        return found


def _met_by(condition: Condition, tensor: Any) -> float | None:
    """One entry is looked up in the tensor itself, however large it is."""
    if condition.entry is None:
        return condition.met_by(array_view(tensor))
    if not condition.fits(tuple(tensor.shape)):
        return None
    return replace(condition, entry=()).met_by(array_view(tensor[condition.entry]))
