"""The steps that led a run to its present state, made once more on a copy."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest

import torch

from engine.explain.question import Unanswerable
from engine.learned.track.watching import Entry, Framed, StepRecord, Watched, framed
from engine.nodes.base import NodeError
from engine.numerics.threads import threads
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.run import Run
from engine.training.several import Several
from engine.training.state import State, state_key
from engine.training.step_conditions import StepConditions
from engine.training.steps import Steps
from graph.model.address import Address
from graph.text.messages import _

TURN = 0.004
"""Seconds of a turn; at least one step is made in each."""


@dataclass(slots=True)
class Stretch:
    """Steps under the same conditions, up to step `last`; `state` is the one before the first, None: the one that the stretch before led
    to."""

    conditions: StepConditions
    state: State | None
    last: int


@dataclass(slots=True)
class Replayed:
    """Steps made again under the same conditions: `theta` after each (the numbers before the first are in front), `losses` of each, and
    the optimizer with what it did, one record for each step that it made. `at` are the indices of these among the steps.
    """

    watched: Watched
    theta: list[torch.Tensor]
    losses: list[float]
    at: list[int]

    @property
    def optimizer(self) -> Optimizer:
        return self.watched.optimizer

    @property
    def records(self) -> list[StepRecord]:
        return self.watched.records

    @property
    def framed(self) -> Framed:
        """(T, k) for all steps; NaN in those in which the optimizer only added up gradients or evaluated the loss itself."""
        count = len(self.losses)
        empty = torch.full((count, len(self.theta[0])), torch.nan, dtype=torch.float64)
        if not self.records:
            return Framed(torch.stack(self.theta[:-1]), torch.stack(self.theta[1:]), *(empty.clone() for _ in range(10)))
        own = framed(self.watched)
        if len(self.records) == count:
            return own
        spread = []
        for field in fields(Framed):
            whole = empty.clone()
            whole[self.at] = getattr(own, field.name)
            spread.append(whole)
        return Framed(*spread)


def stretches(run: Run, most: int) -> tuple[int, list[Stretch]]:
    """The first step, and how to make all from there to the present one. Raises Unanswerable."""
    history, now = run.history, run.model.state.step
    if not now:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    checkpoints = history.checkpoints
    known = history.led_here and checkpoints.present is not None
    if known:
        checkpoints.reached(now)
    ranges = [each for each in checkpoints.ranges(now) if each[1] >= now] if known else []
    if not ranges:
        raise Unanswerable(_("No training step led to the present values: they were changed since, or the steps before are not kept."))
    first = max(ranges[-1][0], now - most)
    route = checkpoints.route(first)
    if route is None:
        raise Unanswerable(_("The steps before this one are not kept."))
    made_by, checkpoint = route
    path = checkpoints.path()
    following = path[path.index(made_by) + 1 :] if made_by in path else []
    found = [Stretch(made_by.conditions, checkpoint.state, min([now, *(b.start for b in following[:1])]))]
    for branch, after in zip_longest(following, following[1:]):
        held = branch.held[0].state if branch.held and branch.held[0].step == branch.start else None
        found.append(Stretch(branch.conditions, held, now if after is None else min(now, after.start)))
    return checkpoint.step, [stretch for stretch in found if stretch.last >= checkpoint.step]


class StepsAgain:
    """A copy of the run's model, on which the steps that led to the present state are made again, a few at a time.

    Subclasses look at them: `begin` is called before steps under other conditions are made, `look` after each step. Where they are `due`,
    `pause` comes before the next step.
    """

    def __init__(self, run: Run, most: int) -> None:
        run.prepare()
        self.first, self.stretches = stretches(run, most)
        self.last = run.model.state.step
        self.model = Model(run.model.compiled)

    def begin(self, stretch: Stretch, optimizer: Optimizer) -> None:
        """The steps of this stretch are made next; the model has the numbers before the first of them."""

    def look(self, loss: float) -> None:
        """A step was made, with this loss of its mini-batch before it; the model has the numbers after it."""

    def due(self, step: int) -> bool:
        """Whether something that takes longer is done after `step`, before the next one."""
        return False

    def pause(self, stretch: Stretch, steps: Steps) -> Iterator[None]:
        """That; it yields where it can be left. `steps` makes the coming step, which belongs to `stretch`."""
        return iter(())

    def turns(self) -> Generator[int, None, None]:
        """Make the steps, a few at a time; how many were made so far. Raises Unanswerable."""
        for i, stretch in enumerate(self.stretches):
            if stretch.last > self.model.state.step or not i:
                yield from self._made(stretch)

    def _made(self, stretch: Stretch) -> Iterator[int]:
        conditions, state = stretch.conditions, self.model.state
        with torch.no_grad(), threads(conditions.threads):
            steps = self._bound(stretch)
        while state.step < stretch.last:
            if self.due(state.step):
                for _turn in self.pause(stretch, steps):
                    yield state.step - self.first
            began = time.perf_counter()
            with torch.no_grad(), threads(conditions.threads):
                while True:
                    self._one(steps)
                    if state.step >= stretch.last or self.due(state.step) or time.perf_counter() - began >= TURN:
                        break
            yield state.step - self.first
        state.optimizer = steps.remembered()

    def _bound(self, stretch: Stretch) -> Steps:
        model, conditions, program = self.model, stretch.conditions, stretch.conditions.program
        model.seed = conditions.seed
        if stretch.state is not None:
            model.restore(stretch.state)
        parameters = model.parameters(program)
        optimizer = conditions.optimizer_on([parameters[i] for i in program.trainable])
        self.begin(stretch, optimizer)
        steps = Steps(model)
        steps.bind(program, optimizer, conditions)
        steps.batches = conditions.batches()
        steps.remember(model.state.optimizer if stretch.state is None else stretch.state.optimizer)
        return steps

    def _one(self, steps: Steps) -> None:
        number = self.model.state.step
        try:
            steps.replay(number + 1)
        except (RuntimeError, ValueError, IndexError, TypeError, LookupError, NodeError) as error:
            raise Unanswerable(_("A step of this run cannot be made again.")) from error
        if self.model.state.step == number:
            raise Unanswerable(_("Step {step} of this run has no finite loss.").format(step=number + 1))
        self.look(steps.losses[-1])


class Replaying(StepsAgain):
    """Follows the numbers at `places`. What the steps did to them is in `replayed`."""

    def __init__(self, run: Run, places: Sequence[Address], most: int) -> None:
        super().__init__(run, most)
        self._places = places
        self.replayed: list[Replayed] = []
        self._names = [state_key(place.key) for place in places]
        for place, name in zip(places, self._names, strict=True):
            tensor, index = run.model.state.parameters.get(name), place.index or ()
            if tensor is None or len(index) != tensor.dim() or any(i >= n for i, n in zip(index, tensor.shape, strict=True)):
                raise Unanswerable(_("{name} is no trained number.").format(name=name))

    def _values(self) -> torch.Tensor:
        state = self.model.state.parameters
        return torch.stack([state[name][place.index or ()] for name, place in zip(self._names, self._places, strict=True)]).double()

    def begin(self, stretch: Stretch, optimizer: Optimizer) -> None:
        program = stretch.conditions.program
        parameters, keys = self.model.parameters(program), list(program.trainable_keys)
        entries = [_entry(keys, parameters, list(program.trainable), place) for place in self._places]
        moving, first = optimizer, 0
        if isinstance(optimizer, Several):
            own = optimizer.inner_of([place for place, _flat in entries])
            if own is None:
                raise Unanswerable(_("These numbers are moved by different objectives: choose two that one objective moves."))
            moving, first = own
        self.replayed.append(Replayed(Watched(moving, [(place - first, flat) for place, flat in entries]), [self._values()], [], []))

    def look(self, loss: float) -> None:
        made = self.replayed[-1]
        records = made.records
        if len(records) > len(made.at):
            made.at.append(len(made.losses))
            made.theta.append(records[-1].new)
        else:
            made.theta.append(self._values())
        made.losses.append(loss)


def _entry(keys: Sequence[tuple[str, str]], parameters: Sequence[torch.Tensor], trainable: Sequence[int], place: Address) -> Entry:
    """Where the optimizer has a number. Raises Unanswerable."""
    if place.key not in keys:
        text = _("Training does not change {name}: it is frozen, or the loss does not depend on it.")
        raise Unanswerable(text.format(name=state_key(place.key)))
    at = keys.index(place.key)
    shape = parameters[trainable[at]].shape
    flat = 0
    for i, size in zip(place.index or (), shape, strict=True):
        flat = flat * size + i
    return at, flat


