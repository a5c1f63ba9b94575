"""Where training breaks: back to the last state that was finite, and to the node that made the next one infinite or not a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.compile.failure import first_nonfinite
from engine.training.compiled import RunError
from graph.model.problem import Problem
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from engine.compile.trace import Trace
    from engine.training.model import Model
    from engine.training.state import State
    from engine.training.steps import Steps


class Snapshots:
    """The last two copies of a run's state, from which the steps after them are replayed exactly."""

    def __init__(self, capture: Callable[[], State], steps: Steps) -> None:
        self._capture, self._steps = capture, steps
        self._kept: list[State] = []

    @property
    def last(self) -> State:
        return self._kept[-1]

    def begin(self) -> None:
        """Earlier ones do not lead here: keep this state alone."""
        self._kept = [self._capture()]

    def add(self) -> None:
        """One more; the last but one goes."""
        self._kept = [self._kept[-1], self._capture()]

    def back_to(self, step: int) -> None:
        """The state as it was after this step, or as near behind it as the first copy is."""
        self._steps.restore(next((state for state in reversed(self._kept) if state.step <= step), self._kept[0]))
        self._steps.replay(step)

    def back_to_finite(self) -> int:
        """The last state that is finite and whose loss is; returns the step that leads from one that is not to the next."""
        state = self._steps.model.state
        bad = state.step
        self.back_to(max(bad - 1, 0))
        if state.first_bad() is not None:
            self.back_to(self._kept[0].step)
            while state.first_bad() is None:
                bad = state.step + 1
                self._steps.replay(bad)
            self.back_to(bad - 1)
        return bad


def failure(model: Model, steps: Steps, snapshots: Snapshots, trace: Callable[[int, int, int], Trace]) -> Problem:
    """Go back to the last finite state; what to say about the next. `trace` makes the pass of a step over the mini-batch at (epoch,
    position)."""
    bad = snapshots.back_to_finite()
    good = steps.captured()
    node, what, at = _culprit(model, steps, bad, trace)
    steps.restore(good)
    if bad:
        stopped = Message(
            "training-failed",
            "{what} at step {step}; training stopped, and the values of step {kept} are kept. A smaller learning rate may help.",
            what=what, step=at + 1, kept=good.step,
        )  # fmt: skip
    else:
        stopped = Message(
            "training-failed-at-once", "{what} at step {step}; training stopped, and nothing was changed.", what=what, step=at + 1
        )
    return Problem("error", stopped, (node,) if node else (), about=model.graph.nodes[node].name if node else "")


def _culprit(model: Model, steps: Steps, bad: int, trace: Callable[[int, int, int], Trace]) -> tuple[str | None, str, int]:
    """The node to name and the step: of the last finite step, where a gradient may have broken first, else of the step after it."""
    for step in dict.fromkeys((model.state.step, bad)):
        steps.replay(step)
        try:
            node, what = first_nonfinite(trace(*steps.place, step))
        except RunError as error:
            node, what = next(iter(error.problems[0].nodes), None), _("could not be computed")
        if node is not None:
            return node, what, step
    return None, _("the loss became infinite or not a number"), bad
