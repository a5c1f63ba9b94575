"""The debugger's part of the kernel: whether coming steps are shown, and the conditions at which training stops."""

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
from engine.training.run import Run


class Debugging:
    """`on`: the window shows the coming step instead of the demonstration batch. `stopped` is the condition that was met last."""

    def __init__(self) -> None:
        self.on = False
        self.conditions: tuple[Condition, ...] = ()
        self.stopped: Condition | None = None
        self.met: float | None = None
        """The number that met it."""
        self._met: set[Condition] = set()

    def forget(self) -> None:
        """Another run, or learned values that the user changed: no breakpoint has been met yet."""
        self._met.clear()
        self.stopped = self.met = None

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
            if not trainer.train(max_steps=1):
                break
            steps -= 1
            if trainer.problem is None and self._stops(trainer):
                return True
            if time.perf_counter() >= end:
                break
        return False

    def _stops(self, trainer: Run) -> bool:
        met = self._met_now(trainer)
        new = [pair for pair in met if pair[0] not in self._met]
        self._met = {condition for condition, _ in met}
        self.stopped, self.met = new[0] if new else (None, None)
        return bool(new)

    def _met_now(self, trainer: Run) -> list[tuple[Condition, float]]:
        """Those that hold, each with a number for which it does: of the run by its last loss and step, of a node by the pass of the
        coming step."""
        trace = trainer.coming_trace() if any(not c.of_the_run for c in self.conditions) else None
        holding = []
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
                holding.append((condition, met))
        return holding


def _met_by(condition: Condition, tensor: Any) -> float | None:
    """One entry is looked up in the tensor itself, however large it is."""
    if condition.entry is None:
        return condition.met_by(array_view(tensor))
    if not condition.fits(tuple(tensor.shape)):
        return None
    return replace(condition, entry=()).met_by(array_view(tensor[condition.entry]))
