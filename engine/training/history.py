"""Past states of one run, held within a budget, so that any iteration among them can be returned to exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from engine.training.state import PARTS, State

BUDGET = 256 * 2**20
"""Bytes that all states held may take together."""
OVERHEAD = 768
"""Bytes counted for each tensor beside its numbers: what its objects and the allocator's rounding take."""

Range = tuple[int, int]


def size_of(state: State) -> int:
    """Bytes that a captured state takes."""
    return sum(OVERHEAD + t.numel() * t.element_size() for part in PARTS for t in getattr(state, part).values())


@dataclass(frozen=True, slots=True)
class Moment:
    """A state, the loss of the step that led to it (None before the first), and the conditions it was reached under."""

    state: State
    loss: float | None
    conditions: int
    size: int

    @property
    def step(self) -> int:
        return self.state.step


class Past:
    """States in order of steps; when they outgrow the budget the oldest go.

    Steps between two states are made again from the earlier one, which gives the same bits as long as nothing that a step depends
    on has changed: data, inputs, learning rate, batch size. `turn` says that something did; from there on a state held from before
    can still be returned to, but nothing is replayed from it. `last` is the latest step reached under the present conditions.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.bytes = 0
        self.last = -1
        self._conditions = 0
        self._moments: list[Moment] = []

    def __len__(self) -> int:
        return len(self._moments)

    def __iter__(self) -> Iterator[Moment]:
        return iter(self._moments)

    def clear(self) -> None:
        """Forget everything."""
        self._moments.clear()
        self.bytes, self.last = 0, -1

    def add(self, state: State, loss: float | None) -> bool:
        """Hold a captured state, which must not be changed afterwards; False where it alone is more than the budget."""
        moment = Moment(state, loss, self._conditions, size_of(state))
        self.reached(moment.step)
        if moment.size > self.budget:
            return False
        at = bisect_right(self._moments, moment.step, key=_step)
        if at and self._moments[at - 1].step == moment.step:
            at -= 1
            self.bytes -= self._moments.pop(at).size
        self._moments.insert(at, moment)
        self.bytes += moment.size
        while self.bytes > self.budget:
            self.bytes -= self._moments.pop(0).size
        return True

    def reached(self, step: int) -> None:
        """Training came to this step under the present conditions."""
        self.last = max(self.last, step)

    def turn(self, state: State, loss: float | None) -> None:
        """What a step depends on has changed while the run stood at `state`: what was held of the time after it will not come again."""
        while self._moments and self._moments[-1].step > state.step:
            self.bytes -= self._moments.pop().size
        self._conditions += 1
        self.last = state.step
        self.add(state, loss)

    def nearest(self, step: int) -> Moment | None:
        """Where to go back to on the way to `step`: the latest state from which it is reached exactly. None when it is out of reach."""
        at = bisect_right(self._moments, step, key=_step)
        if not at:
            return None
        found = self._moments[at - 1]
        replayed = found.conditions == self._conditions and step <= self.last
        return found if found.step == step or replayed else None

    def ranges(self) -> tuple[Range, ...]:
        """The steps that can be returned to, as (first, last) from the earliest on."""
        found: list[Range] = []
        for i, moment in enumerate(self._moments):
            end = moment.step
            if moment.conditions == self._conditions:
                end = max(end, self._moments[i + 1].step - 1 if i + 1 < len(self._moments) else self.last)
            if found and found[-1][1] + 1 == moment.step:
                found[-1] = (found[-1][0], end)
            else:
                found.append((moment.step, end))
        return tuple(found)


def _step(moment: Moment) -> int:
    return moment.step
