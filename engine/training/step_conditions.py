"""What a training step depends on beside the state, and how that follows from the training settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from engine.compile.feeds import Feeds
from engine.compile.program import Program
from engine.data.parts import PARTS
from engine.training.batches import Batches
from engine.training.biases import biases
from engine.training.compiled import Compiled, RunError
from engine.training.joint import JointProgram
from engine.training.optimizers.base import Optimizer, OptimizerError
from engine.training.optimizers.registry import declared
from engine.training.rates import Memory, Rates, rates_of, steps_per_epoch
from engine.training.schedules.base import ScheduleError
from engine.training.several import Several, own_rate
from engine.training.state import State
from engine.training.unzeroed import Unzeroed, with_fault
from engine.training.workers.group import Workers
from engine.training.wrapped import Accumulating, Clipped
from graph.model.problem import Problem
from graph.model.training_settings import BY_NAME, setting_in, training_length
from graph.text.messages import Message

OPERATION = 8192
"""Bytes counted for one operation of a program: its settings and generated code."""
SETTINGS = ("order_seed", "drop_last", "accumulate", "clip_norm", "clip_value", "zero_grad")
"""Training settings that are fields of `StepConditions` under the same names."""


@dataclass(frozen=True, slots=True, eq=False)
class StepConditions:
    """What a step depends on beside the state: the same state under the same conditions gives the same step, bit for bit."""

    program: Program
    feeds: Feeds
    optimizer: type[Optimizer]
    hyper: Mapping[str, Any]
    batch_size: int | None
    seed: int
    threads: int
    order_seed: int | None = None
    """The seed of the order of samples; None: `seed`."""
    drop_last: bool = False
    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    zero_grad: bool = True
    """Whether gradients are set to zero between two updates."""
    undecayed: frozenset[int] = frozenset()
    """Places of the trained parameters without weight decay."""
    rates: Rates | None = None
    """The learning rate of every step; None: that of `hyper`."""
    compiled: Compiled | None = None
    """What a schedule that watches the loss evaluates it with; None for all others."""
    workers: Workers | None = None
    """The others that make these steps too."""

    def same(self, other: StepConditions) -> bool:
        """Whether a step under the other conditions gives the same bits."""
        return self.program is other.program and self._settings == other._settings and self.feeds.same(other.feeds)

    @property
    def _settings(self) -> tuple[Any, ...]:
        return (
            self.optimizer, self.hyper, self.batch_size, self.seed, self.threads,
            self.order_seed, self.drop_last, self.accumulate, self.clip_norm, self.clip_value, self.zero_grad, self.undecayed,
            self.rates,
        )  # fmt: skip

    def keeps(self) -> dict[int, int]:
        """What these conditions keep in memory: the bytes of data and program, by the objects' `id`."""
        tensors = {id(t): t.numel() * t.element_size() for part in PARTS for t in self.feeds.part(part).values()}
        return tensors | {id(self.program): OPERATION * self.program.size}

    def batches(self) -> Batches:
        """The mini-batches of these conditions, before any is laid out."""
        order = self.seed if self.order_seed is None else self.order_seed
        return Batches(self.feeds, self.program.feeds, self.batch_size, order, self.drop_last, self.workers)

    def rate_after(self, state: State) -> float:
        """The learning rate of the step after a captured state."""
        memory = Memory()
        memory.load_state_dict(state.optimizer)
        return float(self.hyper["lr"]) if self.rates is None else self.rates.at(state.step, state.epoch, memory.scale)

    def optimizer_on(self, parameters: list[Tensor], rate: float | None = None) -> Optimizer:
        """The optimizer of these conditions, new and without memory, for these tensors: with all that is done to gradients before it.

        It has this learning rate, by default that of the hyperparameters. One that evaluates the loss itself gets its gradients as
        they are.
        """
        if isinstance(self.program, JointProgram):
            base = float(self.hyper["lr"])
            now = base if rate is None else rate
            inners = [
                self._single(parameters[span], own_rate(m.goal, now, base), frozenset(i - span.start for i in self.undecayed))
                for m, span in self.program.spans()
            ]
            return Several(inners, [m.goal for m in self.program.members], self.hyper, now)
        return self._single(parameters, rate, self.undecayed)

    def _single(self, parameters: list[Tensor], rate: float | None, undecayed: frozenset[int]) -> Optimizer:
        made: Optimizer = self.optimizer(self.hyper if rate is None else {**self.hyper, "lr": rate}, parameters)
        made.undecayed, made.scheduled = undecayed, self.rates is not None
        if made.evaluates_loss:
            return made
        if self.clip_norm is not None or self.clip_value is not None:
            made = Clipped(made, self.clip_norm, self.clip_value)
        if not self.zero_grad:
            made = Unzeroed(made)
        if self.accumulate > 1:
            made = Accumulating(made, self.accumulate)
        return with_fault(made, self.program.plan.fault)


def conditions_of(
    training: Mapping[str, Any], compiled: Compiled, program: Program, seed: int, threads: int, workers: Workers | None
) -> StepConditions:
    """What steps of a program depend on under these training settings. Raises RunError."""
    (spec, hyper), feeds = optimizer_of(training), compiled.feeds
    size = None if spec.full_batch else training.get("batch_size")
    more = {name: setting_in(training, BY_NAME[name]) for name in SETTINGS}
    if not setting_in(training, BY_NAME["decay_biases"]):
        more["undecayed"] = biases(compiled.graph, program.trainable_keys)
    rows = feeds.rows["train"] if any(key in feeds.train for key in program.feeds) else 0
    rates = _rates(training, float(hyper["lr"]), steps_per_epoch(rows, size, bool(more["drop_last"])))
    if rates is not None:
        more |= {"rates": rates, "compiled": compiled if rates.schedule.watches else None}
    return StepConditions(program, feeds, spec, hyper, size, seed, threads, **more, workers=workers)


def optimizer_of(training: Mapping[str, Any]) -> tuple[type[Optimizer], dict[str, Any]]:
    """The optimizer that training settings name, and all its settings. Raises RunError."""
    try:
        spec = declared(training)
        return spec, spec.with_defaults(training.get("hyper") or {})
    except OptimizerError as error:
        raise RunError([Problem("error", Message("optimizer-refused", "{reason}", reason=str(error)))]) from None


def _rates(training: Mapping[str, Any], base: float, per_epoch: int) -> Rates | None:
    """The learning rate of every step; None where it is that of the hyperparameters. Raises RunError."""
    unit, count = training_length(training) or ("steps", 0)
    try:
        rates = rates_of(training, base, per_epoch, count if unit == "steps" else count * per_epoch)
    except ScheduleError as error:
        raise RunError([Problem("error", Message("schedule-refused", "{reason}", reason=str(error)))]) from None
    return None if rates.constant else rates
