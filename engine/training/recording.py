"""Training steps on a graphics card, recorded once as a CUDA graph and replayed: several for one call.

A small network's step takes the card less time than Python needs to ask for it, so asking is what is saved. Whatever a recorded step
reads lies in memory that stays: the mini-batches of as many steps as one replay makes, parameters, buffers, the optimizer's memory, and
the numbers that differ from step to step (`Optimizer.step_numbers`). Losses stay on the card and are read once for many steps, and with
them whether they are finite: where one is not, or where a limit ends the run, the copies from before come back and the steps up to that
one are made again. Recorded or not, it is the same code in the same order, so both give the same bits.
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.numerics.memory import is_lack_of_memory
from engine.training.batches import Batches
from engine.training.joint import JointProgram
from engine.training.optimizers.base import Optimizer
from engine.training.stops import Limits
from engine.training.workers.group import Workers
from engine.training.wrapped import Clipped, norm_of
from graph.text.messages import _, translated

LONGEST = 64
"""Most steps in one recording, a power of two."""
OFTEN, RECORDINGS = 3, 16
"""How often a number of steps is asked for before it has a recording of its own, and the most recordings for mini-batches of one size."""
AT_ONCE = 512
"""Most steps whose losses are read together."""
WARM = 3
"""Steps with mini-batches of one size that are made before any is recorded: libraries set themselves up in them."""
BYTES = 64 * 2**20
"""Memory that the mini-batches of one replay may take."""
FIRST = 8
"""Steps that are read together while it is not known how long one takes, where time is limited."""


class CannotRecord(Exception):
    """These steps cannot be recorded; the text is a clause that says why."""


class Recorder(Protocol):
    """What records work on a device."""

    def warm(self, work: Callable[[], None]) -> None:
        """Do the work as it is. Raises CannotRecord where it reads from the card."""

    def record(self, work: Callable[[], None], generators: Sequence[torch.Generator] = ()) -> Callable[[], None]:
        """What does the same work again, with tensors in the same places and random numbers as these generators are then seeded; the work
        itself is not done. Raises CannotRecord."""


class CudaRecorder:
    """CUDA graphs, which share one pool of memory: no replay leaves anything in it."""

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        with warnings.catch_warnings():  # the first call says that not every such operation is found; recording finds the others
            warnings.simplefilter("ignore")
            torch.cuda.set_sync_debug_mode(torch.cuda.get_sync_debug_mode())

    def warm(self, work: Callable[[], None]) -> None:
        here, before = torch.cuda.current_stream(), torch.cuda.get_sync_debug_mode()
        self._stream.wait_stream(here)
        torch.cuda.set_sync_debug_mode("error")
        try:
            with torch.cuda.stream(self._stream):
                work()
        except RuntimeError as error:
            if "synchronizing" in str(error):
                raise CannotRecord(_("a node reads numbers back from the card")) from error
            raise
        finally:
            torch.cuda.set_sync_debug_mode(before)
            here.wait_stream(self._stream)

    def record(self, work: Callable[[], None], generators: Sequence[torch.Generator] = ()) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        try:
            for generator in generators:
                graph.register_generator_state(generator)
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                work()
        except RuntimeError as error:
            if is_lack_of_memory(error):
                raise CannotRecord(_("there is not enough memory to record steps")) from error
            raise CannotRecord(_("CUDA refused to record a step: {reason}").format(reason=str(error).strip().split("\n")[0])) from error
        replay: Callable[[], None] = graph.replay
        return replay


def recorder_for(device: str) -> Recorder | None:
    """What records steps on this device; None where nothing does."""
    return CudaRecorder() if device == "cuda" else None


def moving(optimizer: Optimizer) -> Optimizer:
    """The optimizer that changes the parameters, behind one that limits gradients."""
    return optimizer.inner if isinstance(optimizer, Clipped) else optimizer


def refusal(program: Program, optimizer: Optimizer, workers: Workers | None = None) -> str:
    """Why steps of these cannot be recorded, as far as that is known before one is made: a clause; empty where nothing is."""
    own = moving(optimizer)
    title = {"optimizer": translated(own.title)}
    if workers is not None:
        return _("several workers join their gradients in every step")
    if isinstance(program, JointProgram):
        return _("several objectives take turns")
    if program.watched:
        return _("the graph's gradients are looked at in every step, because a branch that is not selected may be infinitely steep")
    if own.evaluates_loss or own.is_ahead:
        return _("{optimizer} evaluates the graph more than once in a step").format(**title)
    if own.random:
        return _("{optimizer} draws random numbers, which a recording would repeat").format(**title)
    if not (own.reads_numbers or own.repeats):
        return _("steps of {optimizer} are not made to be recorded").format(**title) if own.title else _("gradients are added up")
    if own.derived:
        return _("{optimizer} follows its equations in this form").format(**title)
    if own.scheduled and not own.reads_numbers:
        return _("{optimizer} cannot take a learning rate that changes from the card's memory").format(**title)
    return ""


def settings_of(optimizer: Optimizer) -> tuple[Any, ...]:
    """What a recorded step has baked in: two that are equal make the same recording."""
    own = moving(optimizer)
    free = ("lr",) if own.scheduled or not own.repeats else ()  # they read it
    hyper = {name: value for name, value in own.hyper.items() if name not in free}
    return hyper, dict(own.scalars), own.scheduled, own.undecayed


class Slots:
    """The memory of mini-batches with `rows` rows each, for as many steps as one replay makes, and the recordings that read it."""

    def __init__(self, batches: Batches, rows: int, count: int, like: Tensor) -> None:
        first = batches.feeds[0]
        shared = [block is None for block in batches.block(0, 1)]
        sizes = [0 if same else feed[:1].numel() * feed.element_size() * rows for feed, same in zip(first, shared, strict=True)]
        while count > 1 and sum(sizes) * count > BYTES:
            count //= 2
        self.rows, self.count, self.made = rows, count, 0
        self.blocks = [
            None if same else torch.empty((rows * count, *feed.shape[1:]), dtype=feed.dtype, device=feed.device)
            for feed, same in zip(first, shared, strict=True)
        ]
        self.feeds = [
            [feed if block is None else block[j * rows : (j + 1) * rows] for feed, block in zip(first, self.blocks, strict=True)]
            for j in range(count)
        ]
        self.losses, self.norms = like.new_zeros(count), like.new_zeros(count)
        self.table: Tensor | None = None
        self.replays: dict[int, Callable[[], None]] = {}
        self._asked: Counter[int] = Counter()
        self._generators: dict[tuple[int, str], torch.Generator] = {}
        self._keys: Sequence[RandomKey] = ()

    def numbers(self, j: int) -> Sequence[Tensor]:
        """What the step in this place reads: scalars on the card."""
        assert self.table is not None  # filled before
        return self.table[j].unbind()

    def random(self, j: int) -> Callable[[str], torch.Generator]:
        """Where the step in this place draws random numbers from: a generator for each node, which stays."""

        def generator(node: str) -> torch.Generator:
            if (j, node) not in self._generators:
                made = self._generators[j, node] = torch.Generator(self.losses.device)
                made.manual_seed(self._keys[j].number(node))
            return self._generators[j, node]

        return generator

    def generators(self, length: int) -> list[torch.Generator]:
        """All that so many steps draw from, by the nodes that drew while the first steps were made."""
        return [self.random(j)(node) for node in dict.fromkeys(node for _j, node in self._generators) for j in range(length)]

    def fill(self, given: Sequence[Tensor | None], numbers: Tensor, keys: Sequence[RandomKey]) -> None:
        """Lay the rows of the coming steps and their numbers (steps, numbers) where recordings read them, and seed what they draw from."""
        self._keys = keys
        for (j, node), generator in self._generators.items():
            if j < len(keys):
                generator.manual_seed(keys[j].number(node))
        for block, rows in zip(self.blocks, given, strict=True):
            if block is not None and rows is not None:
                block[: len(rows)].copy_(rows)
        if self.table is None:
            self.table = numbers.new_empty((self.count, numbers.shape[1]))
        self.table[: len(numbers)].copy_(numbers)

    def length(self, left: int) -> int:
        """How many of the steps that are left the next replay makes: all, where so many are often left, such as those of an epoch, else
        the largest power of two. Recording costs about as much as making the steps once, so none is longer than what was made before."""
        if self.made < WARM:
            return 1
        most = min(left, self.count)
        self._asked[most] += 1
        often = self._asked[most] >= OFTEN and (most in self.replays or len(self.replays) < RECORDINGS)
        return most if often and most <= self.made else 1 << (min(most, self.made).bit_length() - 1)


class Recording:
    """Steps of a program and an optimizer under settings that stay. `buffers` are the live tensors that its steps change."""

    def __init__(
        self, recorder: Recorder, program: Program, optimizer: Optimizer, parameters: Sequence[Tensor], buffers: Sequence[Tensor],
        batches: Batches, memory: Sequence[Tensor], norms: bool, key: Callable[[int], RandomKey],
    ) -> None:  # fmt: skip
        self.settings, self.batches, self.norms = settings_of(optimizer), batches, norms
        self._recorder, self._optimizer, self._own = recorder, optimizer, moving(optimizer)
        self._step, self._keyed, self._key = program.stepper(), program.keyed, key
        self._parameters = list(parameters)
        self.buffers = [buffer.clone() for buffer in buffers]
        self._changing = [*self._own.parameters, *self.buffers, *memory]
        self._before = [torch.empty_like(tensor) for tensor in self._changing]
        self._losses, self._norms = (self._own.parameters[0].new_zeros(AT_ONCE) for _kind in range(2))
        self._slots: dict[int, Slots] = {}
        self._t, self._scalars, self._begun = 0, dict(self._own.scalars), False
        self.seconds: float | None = None
        """How long a step took of late."""

    def fits(self, optimizer: Optimizer, batches: Batches, norms: bool) -> bool:
        """Whether the coming steps are still those that it records."""
        return batches is self.batches and norms == self.norms and self.settings == settings_of(optimizer)

    def take(self, buffers: Sequence[Tensor]) -> None:
        """Go on with these values of the buffers."""
        for mine, given in zip(self.buffers, buffers, strict=True):
            if mine is not given:
                mine.copy_(given)

    def make(
        self, losses: list[float], first: int, position: int, count: int, rates: Sequence[float] | None, deadline: float, limits: Limits
    ) -> float | None:
        """`count` steps from step `first` on, with the mini-batches from this position of the epoch laid out on, or as many as the deadline
        permits. Fills `losses`.

        Many are made before their losses are read. A step whose loss ends the run must not be made: the state before these steps comes
        back, the steps before that one are repeated, and its loss is returned. Where a step cannot be computed, `losses` has those
        before it as far as they were read, and the state goes with them. Raises CannotRecord.
        """
        while (done := len(losses)) < count:
            began = time.perf_counter()
            some = self._share(count - done, deadline - began)
            own = None if rates is None else rates[done : done + some]
            values, norms = self._made(first + done, position + done, some, own)
            end = next((j for j in range(some) if not _goes_on(values, norms, j, limits)), some)
            if end < some:
                self.back()
                if end:
                    self._made(first + done, position + done, end, own)
            losses += values[:end]
            if end < some:
                return values[end]
            self.seconds = (time.perf_counter() - began) / some
            if time.perf_counter() >= deadline:
                break
        return None

    def _share(self, left: int, seconds: float) -> int:
        """Of the steps that are left, how many are made before their losses are read. The first is made alone, because it may differ
        from all others."""
        if not self._begun:
            return 1
        if seconds == math.inf:
            return min(left, AT_ONCE)
        return max(1, min(left, AT_ONCE, FIRST if self.seconds is None else int(seconds / self.seconds)))

    def _made(self, first: int, position: int, count: int, rates: Sequence[float] | None) -> tuple[list[float], list[float]]:
        """So many steps: their losses, and the norms of their gradients where these are asked for. `back` takes them all back. Where one
        cannot be made, none is."""
        self._remember()
        try:
            self._go(first, position, count, rates)
            self._begun = True
            self.batches.foresee()
            return self._losses[:count].tolist(), self._norms[:count].tolist() if self.norms else []
        except BaseException:
            self.back()
            raise
        finally:
            self._own.numbers = ()

    def back(self) -> None:
        """As it was before the steps made last."""
        torch._foreach_copy_(self._changing, self._before)
        self._own.t, self._own.scalars = self._t, dict(self._scalars)

    def _remember(self) -> None:
        torch._foreach_copy_(self._before, self._changing)
        self._t, self._scalars = self._own.t, dict(self._own.scalars)

    def _go(self, first: int, position: int, count: int, rates: Sequence[float] | None) -> None:
        own, done = self._own, 0
        numbers = own.parameters[0].new_tensor([self._numbers(self._t + j + 1, None if rates is None else rates[j]) for j in range(count)])
        while done < count:
            slots, alike = self._laid(position + done, count - done)
            length = slots.length(alike)
            keys = [self._key(first + done + j) for j in range(length)] if self._keyed else ()
            slots.fill(self.batches.block(position + done, length), numbers[done : done + length], keys)
            self._replay(slots, length)
            self._losses[done : done + length].copy_(slots.losses[:length])
            if self.norms:
                self._norms[done : done + length].copy_(slots.norms[:length])
            done += length
        own.t = self._t + count

    def _numbers(self, t: int, rate: float | None) -> tuple[float, ...]:
        self._own.t = t
        if rate is not None:
            self._own.set_rate(rate)
        return self._own.step_numbers()

    def _laid(self, position: int, left: int) -> tuple[Slots, int]:
        """The memory for the mini-batch at this position, and how many of those to come are of the same size."""
        batches = self.batches
        rows = batches.rows_at(position)
        if rows not in self._slots:
            most = LONGEST if rows == batches.size else 1
            self._slots[rows] = Slots(batches, rows, most, self._own.parameters[0])
        return self._slots[rows], left if batches.whole else min(left, batches.alike(position))

    def _replay(self, slots: Slots, length: int) -> None:
        if slots.made < WARM:
            self._recorder.warm(lambda: self._advance(slots, 0))
        else:
            if length not in slots.replays:
                slots.replays[length] = self._recorder.record(lambda: self._advance_all(slots, length), slots.generators(length))
            slots.replays[length]()
        slots.made += length

    def _advance_all(self, slots: Slots, length: int) -> None:
        for j in range(length):
            self._advance(slots, j)

    def _advance(self, slots: Slots, j: int) -> None:
        """The step in this place, and all that is recorded of it."""
        self._own.numbers = slots.numbers(j)
        loss, gradients, new = self._step(slots.feeds[j], self._parameters, self.buffers, slots.random(j))
        slots.losses[j].copy_(loss.reshape(()))
        if self.norms:
            slots.norms[j].copy_(norm_of(gradients))
        self._optimizer.step(gradients)
        for mine, value in zip(self.buffers, new, strict=True):
            if mine is not value:
                mine.copy_(value)


def _goes_on(losses: list[float], norms: list[float], j: int, limits: Limits) -> bool:
    """Whether the step in this place is made: its loss is within the limits, and so is the norm of its gradients."""
    return limits.low < losses[j] < limits.high and not (norms and limits.gradient is not None and norms[j] <= limits.gradient)
