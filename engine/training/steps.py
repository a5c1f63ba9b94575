"""Training steps: made one after another on a model's live tensors, counted, gone back behind, and made again exactly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.compile.program import Program, StepResult
from engine.data.parts import Part
from engine.training.batches import Batches
from engine.training.compiled import Compiled, RunError
from engine.training.evaluation import Evaluation, Spent
from engine.training.model import Model
from engine.training.moves import moved_memory
from engine.training.optimizers.base import Optimizer
from engine.training.rates import Memory, Rates
from engine.training.recording import CannotRecord, Recorder, Recording, moving, recorder_for, refusal
from engine.training.state import State, state_key
from engine.training.step_conditions import StepConditions
from engine.training.stops import Limits
from engine.training.workers.step import joined
from engine.training.wrapped import norm_of
from graph.text.messages import _

UNLIMITED = Limits()


class Steps:
    """The steps of one run. `bind` and `batches` provide what they need; both are set before the first step.

    `losses` are those of the steps made last, `loss` the newest; `last` is the (epoch, position) of the mini-batch it was computed on.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.loss: float | None = None
        self.losses: list[float] = []
        self.beside: list[tuple[float, ...]] = []
        """The values of further objectives at the same steps; empty where there is one objective."""
        self.last: tuple[int, int] | None = None
        self.outside: float | None = None
        """The loss that was outside the limits of the last call of `make`, and so ended it."""
        self.flat = False
        """Whether the norm of a gradient was within its limit, and so ended it."""
        self.spent: dict[int, Spent] = {}
        """What each step computed, by its number, of an optimizer that evaluates the loss itself."""
        self.batches: Batches
        self._program: Program
        self._optimizer: Optimizer
        self._step: Callable[..., StepResult]
        self._parameters: list[Tensor] = []
        self._buffers: list[Tensor] = []
        self._names: list[str] = []
        self.rates: Rates | None = None
        """The learning rate of every step; None: the optimizer's own."""
        self.watched: Compiled | None = None
        """What a schedule that watches the loss evaluates it with."""
        self.schedule_memory = Memory()
        self._begun_with: list[Tensor] | None = None
        self._random = False
        self.not_recorded = ""
        """Why steps on a graphics card are not recorded and replayed: a clause; empty where they are, and on all other devices."""
        self._recorder: Recorder | None = None
        self._recording: Recording | None = None

    @property
    def recorded(self) -> bool:
        """Whether steps are recorded and replayed."""
        return self._recorder is not None

    @property
    def recording_note(self) -> str:
        """What there is to say where steps on a graphics card could be faster than they are; empty elsewhere."""
        if not self.not_recorded:
            return ""
        return _("steps are made one after another instead of as a CUDA graph, because {reason}").format(reason=self.not_recorded)

    def bind(self, program: Program, optimizer: Optimizer, conditions: StepConditions) -> None:
        """Make steps with this program and this optimizer, which is one of these conditions, at their learning rates from here on."""
        self._program, self._optimizer = program, optimizer
        self.rates, self.watched = conditions.rates, conditions.compiled
        self._parameters = self.model.parameters(program)
        self._step = program.training_step(self.beside, self._stepper)
        self._buffers = self.model.buffers(program)
        self._names = [state_key(key) for key in program.trainable_keys]
        self._random = program.keyed
        self.record_with(recorder_for(self.model.device))

    def _stepper(self, program: Program) -> Callable[..., StepResult]:
        """In place on the CPU, where its bits were compared. A card makes the plain step, recorded or not, so that both have the same bits.

        So does one program of several: each of its steps gets another list of parameters.
        """
        own = self._parameters if self.model.device == "cpu" and program is self._program else None
        if self.model.workers is not None:
            return joined(program, self.model.workers, reused=True, parameters=own)
        return program.stepper() if own is None else program.stepper_in_place(own)

    # Making steps

    @property
    def place(self) -> tuple[int, int]:
        """The (epoch, position) of the coming mini-batch."""
        return self.batches.place(self.model.state.epoch, self.model.state.position)

    def take_place(self) -> None:
        """Before steps are made, never earlier: a state that is only looked at under other settings stays as it is."""
        self.model.state.epoch, self.model.state.position = self.place

    def next_feeds(self, feeds: list[list[Tensor]], count: int) -> list[list[Tensor]]:
        """What the next `count` steps are fed, the end of the epoch permitting."""
        position = self.place[1]
        if self.watched is not None and self.batches.whole:
            return feeds  # the rate of the next step depends on the loss after this one
        return feeds * count if self.batches.whole else feeds[position : position + count]

    def make(self, feeds: list[list[Tensor]], first: int, deadline: float = math.inf, limits: Limits = UNLIMITED) -> bool:
        """The loop itself, from step `first` on. Fills `losses`; True when the last loss was not finite (its step was not made).

        It ends where something is outside the `limits` (`outside`, `flat`): before the step, or after that of an optimizer which
        evaluates the loss itself.
        """
        losses = self.losses = []
        self.beside.clear()
        self.outside, self.flat = None, False
        if self._recorder is not None:
            return self._make_recorded(self._recorder, feeds, first, deadline, limits)
        low, high, smallest = limits.low, limits.high, limits.gradient
        step, parameters, move = self._step, self._parameters, self._optimizer.step
        buffers, draws, key = self._buffers, self._optimizer.random, self.model.random(0)
        random = self._random or draws
        evaluates, ahead = self._optimizer.evaluates_loss, self._optimizer.is_ahead
        clock, inf, workers = time.perf_counter, math.inf, self.model.workers
        rates = None if self.rates is None else self._rates(self.rates, first, len(feeds))
        for i, batch in enumerate(feeds, first):
            if random:
                key = self.model.random(i)
            if draws:
                self._optimizer.set_random(key)
            if rates is not None:
                self._optimizer.set_rate(rates[i - first])
            if evaluates:
                value = self._minimise(batch, key)
            else:
                loss, gradients, new = step(batch, parameters, buffers, key)
                value = loss.item()
                if not low < value < high:
                    return self._beyond(value)
                if smallest is not None and norm_of(gradients).item() <= smallest:
                    self.flat = True
                    return False
                if ahead:
                    gradients, new = self._ahead(batch, key, gradients)
                move(gradients)
                if new:
                    buffers = self._buffers = new
            if not -inf < value < inf:
                return True
            losses.append(value)
            if evaluates and (not low < value < high or self._is_flat(smallest)):
                self._beyond(value)
                break
            if clock() >= deadline or (workers is not None and workers.stop):
                break
        return False

    def _make_recorded(self, recorder: Recorder, feeds: list[list[Tensor]], first: int, deadline: float, limits: Limits) -> bool:
        """The same with recorded steps; with plain ones from where these cannot be recorded."""
        rates = None if self.rates is None else self._rates(self.rates, first, len(feeds))
        recording = self._recording_now(recorder, limits.gradient is not None)
        try:
            value = recording.make(self.losses, first, self.model.state.position, len(feeds), rates, deadline, limits)
            return value is not None and self._ends(value, limits)
        except CannotRecord as error:
            self._recorder, self._recording, self.not_recorded = None, None, str(error)
        finally:
            self._buffers = recording.buffers
        kept, done = self.losses, len(self.losses)
        failed = self.make(feeds[done:], first + done, deadline, limits)
        self.losses = kept + self.losses
        return failed

    def record_with(self, recorder: Recorder | None) -> None:
        """Find out whether the steps of this program and optimizer are recorded; if so, this is what records them."""
        self._recording, self._recorder, self.not_recorded = None, recorder, ""
        if self._recorder is not None:
            moving(self._optimizer).on_card = True
            self.not_recorded = refusal(self._program, self._optimizer, self.model.workers)
            self._recorder = None if self.not_recorded else self._recorder

    def forget_recording(self) -> None:
        """Give the memory back that recorded steps hold; the coming ones are recorded again."""
        self._recording = None

    def _recording_now(self, recorder: Recorder, norms: bool) -> Recording:
        """The recording of the coming steps: that of the last ones, unless something else is baked in."""
        optimizer, recording = self._optimizer, self._recording
        if (self.rates is not None) != moving(optimizer).scheduled:
            optimizer.schedule(self.rates is not None)
        if recording is None or not recording.fits(optimizer, self.batches, norms):
            memory = list(self.memory().values())
            recording = self._recording = Recording(
                recorder, self._program, optimizer, self._parameters, self._buffers, self.batches, memory, norms, self.model.random
            )  # fmt: skip
        recording.take(self._buffers)
        return recording

    def _ends(self, value: float, limits: Limits) -> bool:
        """What `make` returns where a step with this loss is not made."""
        if limits.low < value < limits.high:
            self.flat = True
            return False
        return self._beyond(value)

    def _ahead(self, batch: list[Tensor], key: Any, here: Sequence[Tensor | None]) -> tuple[list[Tensor], list[Tensor]]:
        """The gradients where the optimizer looks ahead, and the buffers after that pass; `here` are those at the parameters themselves,
        None for what the step does not change."""
        point = self._optimizer.ahead_point()
        assert point is not None
        parameters = list(self._parameters)
        for i, tensor, gradient in zip(self._program.trainable, point, here, strict=True):
            if gradient is not None:
                parameters[i] = tensor
        gradients, buffers = self._step(batch, parameters, self._buffers, key)[1:]
        del self.beside[len(self.losses) + 1 :]  # values there are no point of a curve
        return gradients, buffers

    def rate(self) -> float:
        """The learning rate of the coming step."""
        state = self.model.state
        return float(self._optimizer.hyper["lr"]) if self.rates is None else self._rates(self.rates, state.step, 1)[0]

    def _rates(self, rates: Rates, first: int, count: int) -> list[float]:
        """The learning rates of `count` steps from step `first` on: of one epoch, or of as many where every step takes all samples."""
        epoch, scale = self.model.state.epoch, self.schedule_memory.scale
        return [rates.at(first + i, epoch + i if self.batches.whole else epoch, scale) for i in range(count)]

    def _watch(self, compiled: Compiled, rates: Rates) -> None:
        """An epoch ended: let the schedule see the loss of the part that judges."""
        part: Part = "validation" if compiled.feeds.held_out == "validation" else "train"
        try:
            loss = self.model.evaluate(part, compiled)["loss"]
        except RunError:
            loss = math.inf
        self.schedule_memory.observe(loss, rates.values)

    def _beyond(self, value: float) -> bool:
        """Note a loss outside the limits; True where it is not finite."""
        if not math.isfinite(value):
            return True
        self.outside = None if self.flat else value
        return False

    def _is_flat(self, smallest: float | None) -> bool:
        """Whether the gradient that the last minimisation began with is within its limit."""
        self.flat = smallest is not None and self._begun_with is not None and norm_of(self._begun_with).item() <= smallest
        return self.flat

    def _minimise(self, feeds: list[Tensor], key: Any) -> float:
        evaluation = Evaluation(self._program, feeds, self._parameters, self._buffers, key, self.model.workers)
        value = float(self._optimizer.minimise(evaluation, evaluation.hessian))
        self._buffers = evaluation.buffers
        self.spent[self.model.state.step + len(self.losses) + 1] = evaluation.spent
        self._begun_with = None if evaluation.first is None else evaluation.first[1]
        return value

    def count(self, step: int) -> None:
        """Bring the state's counters and buffers up to date with the steps just made, which led to `step`."""
        state, whole = self.model.state, self.batches.whole
        steps = step - state.step
        if steps:
            self.loss = self.losses[-1]
            self.last = (state.epoch, 0 if whole else state.position + steps - 1)
        state.step = step
        if whole:
            state.epoch += steps
        else:
            state.position += steps
            if state.position >= self.batches.count:
                state.epoch, state.position = state.epoch + 1, 0
        for key, tensor in zip(self._program.buffer_keys, self._buffers, strict=True):
            state.buffers[state_key(key)] = tensor
        if steps and not state.position and self.watched is not None and self.rates is not None:
            self._watch(self.watched, self.rates)

    # Back, and again

    def remembered(self) -> dict[str, Tensor]:
        """The optimizer's memory, also under the names that parameters have moved to since it was bound, and the schedule's."""
        memory = self._optimizer.state_dict(self._names)
        watched = {name: torch.tensor(value, dtype=torch.float64) for name, value in self.schedule_memory.state_dict().items()}
        return memory | moved_memory(self.model.moved, memory) | watched

    def memory(self) -> dict[str, Tensor]:
        """What the optimizer remembers, without a copy."""
        return self._optimizer.memory(self._names)

    def remember(self, memory: dict[str, Tensor]) -> None:
        """Give the optimizer and the schedule a captured memory, as far as it fits."""
        self._optimizer.load_state_dict(self._names, memory)
        self.schedule_memory.load_state_dict(memory)

    def restore(self, state: State) -> None:
        """Go to a captured state of this very run: same tensors, same optimizer object."""
        mine = self.model.state
        for name, tensor in mine.parameters.items():
            tensor.copy_(state.parameters[name])
        mine.buffers.update({name: tensor.clone() for name, tensor in state.buffers.items()})
        mine.step, mine.epoch, mine.position = state.counters
        self._buffers = self.model.buffers(self._program)
        self.remember(state.optimizer)

    def start_from(self, state: State, loss: float | None) -> None:
        """Go to a captured state of this very run, which was reached with `loss`."""
        self.restore(state)
        self.loss, self.losses = loss, []
        self.last = self._before() if state.step else None

    def _before(self) -> tuple[int, int]:
        """The (epoch, position) of the mini-batch before the coming one."""
        epoch, position = self.model.state.epoch, self.model.state.position
        return (epoch, position - 1) if position else (max(epoch - 1, 0), self.batches.count - 1)

    def captured(self) -> State:
        """A copy of everything that steps change."""
        state = self.model.state.copy()
        state.optimizer = self.remembered()
        return state

    def replay(self, step: int, each: Callable[[int, list[float]], None] | None = None) -> None:
        """Make the steps up to `step` once more, without curves; fewer where one has no finite loss. `each` hears the first step of
        a few and their losses."""
        state = self.model.state
        while state.step < step:
            self.take_place()
            feeds = self.batches.lay_out(state.epoch)
            following = self.next_feeds(feeds, step - state.step)
            self.make(following, state.step)
            if each is not None and self.losses:
                each(state.step + 1, self.losses)
            if len(self.losses) < len(following):
                return
            self.count(state.step + len(following))
