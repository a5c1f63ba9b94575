"""The update that the coming training step will make, found by making it on copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import Program, RandomKey
from engine.compile.trace import array_view
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update import LineSearch, ParameterUpdate, UpdateOf, UpdateTable
from engine.explain.update.equations import NumberUpdate, work_out
from engine.explain.update.search import search_of
from engine.nodes.base import NodeError
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.evaluation import Evaluation
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.equations import GRADIENT, THETA, USED
from engine.training.optimizers.searches import parts_of
from engine.training.run import Run
from engine.training.state import state_key
from graph.model.address import Address
from graph.text.messages import _


@dataclass(slots=True)
class Rehearsal:
    """One step made on copies. Tensors by (node, parameter); what the optimizer remembers by `m.<node>.<parameter>`."""

    old: dict[Key, Tensor]
    gradients: dict[Key, Tensor]
    new: dict[Key, Tensor]
    before: dict[str, Tensor]
    after: dict[str, Tensor]
    t: int
    loss: float
    note: str
    hyper: Mapping[str, Any]
    """The optimizer's settings in this step."""
    updated: bool = True
    """Whether the equations of the optimizer were carried out; False where gradients were only added up."""
    shared: dict[Key, dict[str, Any]] = field(default_factory=dict)
    """What the step was given and knew beside gradients and memory (see `Optimizer.shared`)."""
    search: LineSearch | None = None
    """What the line search of the step tried, where one was asked for."""
    undecayed: frozenset[Key] = frozenset()
    """The parameters without weight decay."""

    def hyper_of(self, key: Key) -> Mapping[str, Any]:
        """The optimizer's settings for one parameter."""
        return {**self.hyper, "weight_decay": 0.0} if key in self.undecayed else self.hyper


def rehearse(run: Run, searched: bool = False) -> Rehearsal:
    """Make the coming step with the optimizer, the mini-batch and the random numbers that it will have, and change nothing.

    Raises RunError where it cannot be made.
    """
    model = run.model
    feeds, key = run.coming()
    program = model.program(training=True)
    return make(
        Beginning(program, model.parameters(program), model.buffers(program), run.capture().optimizer, feeds, key, model.compiled.threads),
        run.optimizer_on, searched,
    )  # fmt: skip


@dataclass(slots=True)
class Beginning:
    """All that a step starts from. `memory` is the optimizer's."""

    program: Program
    parameters: Sequence[Tensor]
    buffers: list[Tensor]
    memory: dict[str, Tensor]
    feeds: list[Tensor]
    random: RandomKey
    threads: int


def make(start: Beginning, optimizer_on: Callable[[list[Tensor]], Optimizer], searched: bool = False) -> Rehearsal:
    """Make one step on copies; `searched`: with what its line search tried."""
    program, before = start.program, start.memory
    parameters = [tensor.clone() for tensor in start.parameters]
    trainable = [parameters[i] for i in program.trainable]
    old = {k: tensor.clone() for k, tensor in zip(program.trainable_keys, trainable, strict=True)}
    names = [state_key(k) for k in program.trainable_keys]
    optimizer = optimizer_on(trainable)
    optimizer.load_state_dict(names, before)
    optimizer.set_random(start.random)
    evaluation = Evaluation(program, start.feeds, parameters, start.buffers, start.random)
    with torch.no_grad(), threads(start.threads):
        optimizer.minimise(evaluation, evaluation.hessian)
    assert evaluation.first is not None  # every step looks at the loss
    assert evaluation.last is not None
    loss, gradients = evaluation.first[0], (evaluation.last if optimizer.is_ahead else evaluation.first)[1]
    used = {k: g for k, g in zip(program.trainable_keys, optimizer.gradients_used(gradients), strict=True) if g is not None}
    new = {k: tensor for k, tensor in zip(program.trainable_keys, trainable, strict=True) if k in used}
    after = optimizer.state_dict(names)
    undecayed = frozenset(k for i, k in enumerate(program.trainable_keys) if i in optimizer.undecayed)
    note, hyper = optimizer.step_note(before, after), dict(optimizer.settings_used)
    shared = dict(zip(program.trainable_keys, optimizer.shared, strict=True))

    def loss_along(direction: Tensor, step: float) -> float:
        moved = list(start.parameters)
        for i, part in zip(program.trainable, parts_of(direction, trainable), strict=True):
            moved[i] = start.parameters[i] + step * part
        return float(program.objective_value(start.feeds, moved, start.buffers, start.random))

    with threads(start.threads):
        search = search_of(optimizer.tried[-1], loss_along) if searched and optimizer.tried else None
    return Rehearsal(
        old, used, new, before, after, optimizer.t, float(loss), note, hyper, optimizer.updated, shared, search, undecayed
    )


def update(situation: ExplainContext, question: UpdateOf) -> UpdateTable:
    """Every parameter's step, by the formula of the optimizer that runs."""
    try:
        run = situation.run or run_beside(situation.model)
        rehearsal = rehearse(run, searched=True)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    if not math.isfinite(rehearsal.loss):
        raise Unanswerable(_("The loss is not a finite number, so there is no next step."))
    spec, model = run.spec, situation.model
    chosen = [key for key in rehearsal.new if question.node in ("", key[0]) and question.name in ("", key[1])]
    if not chosen and any(question.node in ("", key[0]) and question.name in ("", key[1]) for key in rehearsal.old):
        raise Unanswerable(_("The next step is another objective's: it leaves this parameter as it is."))
    if not chosen:
        raise Unanswerable(_("Training does not change this parameter: it is frozen, or the loss does not depend on it."))
    rows = tuple(row_of(model, spec, rehearsal, key, question.entry) for key in chosen)
    hyper = tuple((s.label, float(rehearsal.hyper[s.name])) for s in spec.settings if isinstance(rehearsal.hyper[s.name], (int, float)))
    equations = spec.formula(run.hyper)
    return UpdateTable(
        spec.key, spec.title, equations, hyper, model.state.step, rehearsal.t, rehearsal.loss, rows, rehearsal.note, rehearsal.search
    )


def run_beside(model: Model) -> Run:
    """A run for a model that has none, which leaves the model's state as it was."""
    state = model.state
    memory, counters = dict(state.optimizer), state.counters
    try:
        return Run(model).prepare()
    finally:
        state.optimizer = memory
        state.step, state.epoch, state.position = counters


def row_of(
    model: Model, spec: type[Optimizer], rehearsal: Rehearsal, key: Key, entry: tuple[int, ...] | None
) -> ParameterUpdate:
    """One parameter's part of a step."""
    old, new, gradient, name = rehearsal.old[key], rehearsal.new[key], rehearsal.gradients[key], state_key(key)
    at = inside_entry(entry, old.shape)
    letters = [r.name for r in spec.state_variables if f"{r.name}.{name}" in rehearsal.after]
    zero = torch.zeros_like(old)
    before = {letter: rehearsal.before.get(f"{letter}.{name}", zero) for letter in letters}
    after = {letter: rehearsal.after[f"{letter}.{name}"] for letter in letters}
    scalars = [r.name for r in spec.state_variables if r.scalar]
    earlier, later = (
        {n: float(t[at]) for n, t in tensors.items()} | {n: float(everything[n]) for n in scalars}
        for tensors, everything in ((before, rehearsal.before), (after, rehearsal.after))
    )
    shared = rehearsal.shared.get(key, {})
    given = {n: v for n, v in shared.items() if isinstance(v, Tensor)}
    tensors = {} if spec.elementwise else {n: t.double() for n, t in (before | given | dict.fromkeys((GRADIENT, USED), gradient)).items()}
    numbers = NumberUpdate(
        float(old[at]), float(gradient[at]), float(new[at]), earlier, later, rehearsal.t,
        facts={n: float(v) for n, v in shared.items() if n not in given},
        given={n: float(v[at] if v.dim() else v) for n, v in given.items()},
        tensors=tensors | ({THETA: old.double()} if tensors else {}), at=at,
    )  # fmt: skip
    lines = work_out(spec, rehearsal.hyper_of(key), numbers, Address("parameter", *key, index=at or None)) if rehearsal.updated else ()
    node = model.graph.nodes[key[0]]
    label = node.name if model.graph.spec(node).role == "parameter" else model.name(key)
    own = (numbers.old, numbers.gradient, numbers.new - numbers.old, numbers.new)
    return ParameterUpdate(
        key[0], key[1], label, array_view(old), array_view(gradient), array_view(new - old), array_view(new),
        tuple((n, array_view(t)) for n, t in before.items()), tuple((n, array_view(t)) for n, t in after.items()), at, own, lines,
    )  # fmt: skip


def inside_entry(entry: Sequence[int] | None, shape: Sequence[int]) -> tuple[int, ...]:
    """The index nearest to `entry` that there is."""
    wanted = [*(entry or ())][: len(shape)]
    wanted += [0] * (len(shape) - len(wanted))
    return tuple(min(max(i, 0), size - 1) for i, size in zip(wanted, shape, strict=True))
