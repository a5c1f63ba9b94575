"""Runs of one shape trained together: each step of all of them is one pass over stacked tensors.

The generated step of the program is mapped over the copies (`torch.func.vmap`). Each copy has what makes it the run it would be alone:
initial values, order of samples and dropout masks by its own seed, hyperparameters, the optimizer's memory.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import RandomKey
from engine.numerics.threads import threads
from engine.sweep.mapped import Mapped
from engine.sweep.stacked_optimizer import StackedOptimizer
from engine.training.run import MEASURED, SNAPSHOT, Run
from engine.training.state import State, state_key
from engine.training.wrapped import TINY
from graph.text.messages import _

CLOSE = {torch.float64: 1e-9, torch.float32: 1e-3}
"""Relative difference up to which the stacked step counts as the single one."""
NOISE = 0.01
"""Relative difference of a gradient from itself, computed in another order, from which it is nothing but round-off."""
NOTHING = {torch.float64: 1e-12, torch.float32: 4e-6}
"""The gradient of a whole tensor, relative to the largest of all, up to which it is what round-off leaves of 0: that of a bias before
batch norm is. Whether two orders of adding up differ there is a matter of luck, and of the version of torch."""
ORDERED = 2**25
"""Bytes of samples that are put in an epoch's order beforehand; larger ones are gathered step by step."""


class CannotStack(Exception):
    """These runs cannot be trained together; the text says why."""


class Stack:
    """Prepared runs that have made no steps, with one program, one kind of optimizer and one batch size.

    `train` makes steps of all; `alone` are the runs that left it because a number became infinite or not a number: their models are as they
    were before the first step. `finish` gives the others their states. Raises CannotStack.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self.alone: list[Run] = []
        self.step = self.epoch = self.position = 0
        self.seconds = 0.0
        first = runs[0]
        conditions = [run.conditions() for run in runs]
        self.program, self.threads = conditions[0].program, conditions[0].threads
        self.steps = first.total_steps
        self.every = first.measure_every
        self._batches = [c.batches() for c in conditions]
        self._measurable = first._measurable
        self._random = [o for o in self.program.plan.operations if o.type.random]
        models = [run.model for run in runs]
        self._names = [state_key(key) for key in self.program.trainable_keys]
        self._shapes = [models[0].state.parameters[name].shape for name in self._names]
        rows = [torch.cat([m.state.parameters[name].reshape(-1) for name in self._names]) for m in models]
        self.optimizer = StackedOptimizer(conditions[0].optimizer, [c.hyper for c in conditions], torch.stack(rows))
        self._rates = [c.rates for c in conditions]
        self._base = [float(c.hyper["lr"]) for c in conditions]
        self._clips = [(c.clip_norm, c.clip_value) for c in conditions]
        self._held = {key: torch.stack([m.state.parameters[state_key(key)] for m in models]) for key in self._frozen}
        self._buffers = [torch.stack([m.state.buffers[state_key(key)] for m in models]) for key in self.program.buffer_keys]
        self._feeds = {part: self._gathered(part) for part in ("train", "validation", "test")}
        self._losses: list[Tensor] = []
        self._bad: Tensor | None = None
        self._stepper = self.program.unwatched_stepper()
        self._pass, self._evaluation = Mapped(self._one_step), Mapped(self._one_evaluation)
        self._measured: list[str] = []
        self._lay_out_parameters()
        self._check()

    # Stacking

    @property
    def _frozen(self) -> list[Key]:
        return [key for key in self.program.parameter_keys if key not in self.program.trainable_keys]

    def _gathered(self, part: Any) -> dict[Key, tuple[Tensor, bool]]:
        """What each source gives for a part: one tensor for all copies, or (True) a row for each."""
        feeds = [run.model.feeds for run in self.runs]
        found: dict[Key, tuple[Tensor, bool]] = {}
        for key in [*feeds[0].part(part), *feeds[0].fixed]:
            tensors = [f.part(part).get(key, f.fixed.get(key)) for f in feeds]
            first = tensors[0]
            if first is None or any(t is None or t.shape != first.shape for t in tensors):
                raise CannotStack(_("the runs are fed other numbers of samples"))
            same = all(t is first or torch.equal(t, first) for t in tensors if t is not None)
            found[key] = (first, False) if same else (torch.stack([t for t in tensors if t is not None]), True)
        return found

    def _lay_out_parameters(self) -> None:
        """Views of the rows with the parameters' shapes, in the program's order: the optimizer changes them in place."""
        flat, count = self.optimizer.parameters, len(self.runs)
        parts = torch.split(flat, [shape.numel() for shape in self._shapes], dim=1)
        views = {key: part.view(count, *shape) for key, part, shape in zip(self.program.trainable_keys, parts, self._shapes, strict=True)}
        views |= self._held
        self._parameters = [views[key] for key in self.program.parameter_keys]
        self._epoch_laid_out = -1

    def _check(self) -> None:
        """The first step of two copies against their own: what cannot be mapped over copies is found here, and nothing is changed."""
        try:
            with torch.no_grad(), threads(self.threads):
                losses, gradients, _buffers = self._mapped(self._next_feeds(), self._draws())
                for i in dict.fromkeys((0, len(self.runs) - 1)):
                    run = self.runs[i]
                    feeds, key = run.coming()
                    own = self.program.step(feeds, run.model.parameters(self.program), run.model.buffers(self.program), key)
                    ours, theirs = torch.cat([g[i].reshape(-1) for g in gradients]), torch.cat([g.reshape(-1) for g in own[1]])
                    if not _close(losses[i].reshape(-1), own[0].reshape(-1)) or not _close(ours, theirs):
                        raise CannotStack(_("a node computes something else for several networks at once"))
                    if self._normalises and (_noise(ours, theirs) or _nothing(own[1])):
                        raise CannotStack(_("a gradient is nothing but round-off, of which this optimizer makes steps of full size"))
        except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError) as error:
            raise CannotStack(_("a node cannot be computed for several networks at once")) from error

    @property
    def _normalises(self) -> bool:
        """Whether the optimizer divides gradients by their own size: then no step is small because its gradient is."""
        return any(word in equation.text for equation in self.optimizer.spec.equations for word in ("sqrt(", "sign("))

    # Steps

    def train(self, seconds: float = math.inf) -> None:
        """Steps of all copies, for about so long."""
        began = time.perf_counter()
        with torch.no_grad(), threads(self.threads):
            while not self.finished:
                self._stretch(began + seconds)
                if time.perf_counter() >= began + seconds:
                    break
        self.seconds += time.perf_counter() - began

    @property
    def finished(self) -> bool:
        return not self.runs or self.step >= self.steps

    def _stretch(self, deadline: float) -> None:
        """Steps up to the next place where something has to be looked at, as a single run does."""
        whole, count = self._batches[0].whole, self._batches[0].count
        early = self.epoch < MEASURED and self._measurable
        stop = min(self.steps, self.step + SNAPSHOT - self.step % SNAPSHOT, self.step + self.every - self.step % self.every)
        stop = min(stop, self.step + (1 if whole and early else SNAPSHOT if whole else count - self.position))
        first = self.step
        while self.step < stop:
            self._make()
            if time.perf_counter() >= deadline:
                break
        if whole:
            self.epoch = self.step
        elif self.position >= count:
            self.epoch, self.position = self.epoch + 1, 0
        self._note(first)
        if self.runs and (self.step % self.every == 0 or (early and (whole or self.position == 0)) or self.step == self.steps):
            self._measure()

    def _make(self) -> None:
        losses, gradients, self._buffers = self._mapped(self._next_feeds(), self._draws())
        flat = torch.cat([g.reshape(len(self.runs), -1) for g in gradients], dim=1)
        self._losses.append(losses.reshape(-1))
        if self.program.watched:
            bad = ~torch.isfinite(flat).all(dim=1)
            self._bad = bad if self._bad is None else self._bad | bad
        if any(rates is not None for rates in self._rates):
            self.optimizer.set_rates(self._rates_now())
        self.optimizer.step(self._clipped(flat), [run.model.random(self.step) for run in self.runs] if self.optimizer.spec.random else ())
        self.step += 1
        if not self._batches[0].whole:
            self.position += 1

    def _rates_now(self) -> list[float]:
        """The learning rate of the coming step of every copy."""
        epoch = self.step if self._batches[0].whole else self.epoch
        if all(rates == self._rates[0] for rates in self._rates) and self._rates[0] is not None:
            return [self._rates[0].at(self.step, epoch)] * len(self.runs)
        pairs = zip(self._rates, self._base, strict=True)
        return [base if rates is None else rates.at(self.step, epoch) for rates, base in pairs]

    def _clipped(self, flat: Tensor) -> Tensor:
        """The gradients (copies, numbers) with every copy's own limits (see `engine.training.wrapped.Clipped`)."""
        norms, values = zip(*self._clips, strict=True)
        if any(value is not None for value in values):
            limit = flat.new_tensor([math.inf if value is None else value for value in values]).unsqueeze(1)
            flat = torch.minimum(torch.maximum(flat, -limit), limit)
        if any(norm is not None for norm in norms):
            limit = flat.new_tensor([math.inf if norm is None else norm for norm in norms]).unsqueeze(1)
            flat = flat * torch.clamp(limit / (torch.linalg.vector_norm(flat, 2.0, dim=1, keepdim=True) + TINY), max=1.0)
        return flat

    def _mapped(self, feeds: list[tuple[Tensor, bool]], draws: dict[str, Tensor]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """(losses, gradients of the trainable parameters, new buffers) of all copies."""
        tensors = [*(tensor for tensor, _own in feeds), *draws.values(), *self._parameters, *self._buffers]
        each = [*(own for _tensor, own in feeds), *[True] * (len(tensors) - len(feeds))]
        losses, *others = self._pass(tensors, each)
        return losses, others[: len(self._names)], others[len(self._names) :]

    def _one_step(self, *tensors: Tensor) -> list[Tensor]:
        """The step of one copy."""
        program, rest = self.program, list(tensors)
        sizes = (len(program.feeds), len(self._random), len(program.parameter_keys), len(program.buffer_keys))
        feeds, draws, parameters, buffers = ([rest.pop(0) for _ in range(size)] for size in sizes)
        drawn = dict(zip((o.node for o in self._random), draws, strict=True))
        loss, gradients, new = self._stepper(feeds, parameters, buffers, drawn.__getitem__)
        return [loss, *gradients, *new]

    def _next_feeds(self) -> list[tuple[Tensor, bool]]:
        batches, train = self._batches[0], self._feeds["train"]
        if batches.whole:
            return [train[key] for key in self.program.feeds]
        self._lay_out()
        low, high = self.position * batches.size, (self.position + 1) * batches.size
        feeds = []
        for key in self.program.feeds:
            if key in self._ordered:
                feeds.append((self._ordered[key][:, low:high], True))
            elif key in self._data:
                feeds.append((self._in_order(key, self._orders[:, low:high]), True))
            else:
                feeds.append(train[key])
        return feeds

    def _lay_out(self) -> None:
        """The samples of an epoch in the order of each copy."""
        if self._epoch_laid_out == self.epoch:
            return
        self._epoch_laid_out = self.epoch
        self._data = set(self.runs[0].model.feeds.train)
        self._orders = torch.stack([b.order(self.epoch) for b in self._batches])
        self._ordered: dict[Key, Tensor] = {}
        for key in self.program.feeds:
            if key in self._data:
                tensor, own = self._feeds["train"][key]
                size = tensor.numel() * tensor.element_size() * (1 if own else len(self.runs))
                if size <= ORDERED:
                    self._ordered[key] = self._in_order(key, self._orders)

    def _in_order(self, key: Key, rows: Tensor) -> Tensor:
        tensor, own = self._feeds["train"][key]
        return tensor[torch.arange(len(rows)).unsqueeze(1), rows] if own else tensor[rows]

    def _draws(self) -> dict[str, Tensor]:
        """The random numbers of the coming step for every node that draws some, each copy's from its own seed."""
        draws: dict[str, Tensor] = {}
        for operation in self._random:
            shape = self.program.plan.inference.outputs[operation.outputs[0]].full(self._rows)
            dtype, device = self.runs[0].model.dtype, self.runs[0].model.device
            keys = [RandomKey(run.model.seed, self.step, device)(operation.node) for run in self.runs]
            draws[operation.node] = torch.stack([torch.rand(shape, generator=key, dtype=dtype, device=device) for key in keys])
        return draws

    @property
    def _rows(self) -> int:
        """Samples of the coming step."""
        batches = self._batches[0]
        return batches.rows if batches.whole else min(batches.size, batches.rows - self.position * batches.size)

    # Looking

    def _note(self, first: int) -> None:
        """Give the losses since step `first` to the curves; copies with a number that is not finite leave."""
        losses = torch.stack(self._losses)
        self._losses = []
        good = torch.isfinite(losses).all(dim=0)
        if self._bad is not None:
            good, self._bad = good & ~self._bad, None
        if self.step % SNAPSHOT == 0 or self.step == self.steps:
            good &= torch.isfinite(self.optimizer.parameters).all(dim=1)
            for buffer in self._buffers:
                if buffer.is_floating_point():
                    good &= torch.isfinite(buffer.reshape(len(self.runs), -1)).all(dim=1)
        columns = losses.T.tolist()
        for run, column, fine in zip(self.runs, columns, good.tolist(), strict=True):
            if fine:
                run.curve.add(first + 1, column)
        if not bool(good.all()):
            self._part(good.tolist())

    def _part(self, good: Sequence[bool]) -> None:
        rows = [i for i, fine in enumerate(good) if fine]
        for run, fine in zip(self.runs, good, strict=True):
            if not fine:
                run.curve.cut(0)
                self.alone.append(run)
        self.runs = [self.runs[i] for i in rows]
        if not rows:
            return
        index = torch.tensor(rows)
        self._batches = [self._batches[i] for i in rows]
        self._rates, self._base = [self._rates[i] for i in rows], [self._base[i] for i in rows]
        self._clips = [self._clips[i] for i in rows]
        self.optimizer = self.optimizer.only(rows)
        self._held = {key: tensor.index_select(0, index) for key, tensor in self._held.items()}
        self._buffers = [tensor.index_select(0, index) for tensor in self._buffers]
        self._feeds = {
            part: {key: (t.index_select(0, index), True) if own else (t, False) for key, (t, own) in feeds.items()}
            for part, feeds in self._feeds.items()
        }
        self._lay_out_parameters()

    def _measure(self) -> None:
        """Accuracy and the held-out part of every copy, for its curve."""
        if not self._measurable:
            return
        model = self.runs[0].model
        part, accuracy = model.feeds.held_out, model.measures.has_accuracy
        train = self._evaluated("train") if accuracy else {}
        held_out = self._evaluated(part) if part else {}
        for i, run in enumerate(self.runs):
            measured = {f"{part}_{name}": held_out[name][i] for name in ("loss", "accuracy") if name in held_out}
            run.curve.measure(self.step, train["accuracy"][i] if "accuracy" in train else None, **measured)

    def _evaluated(self, part: Any) -> dict[str, list[float]]:
        model = self.runs[0].model
        measures = model.measures
        program = model.program(training=False, outputs=measures.outputs)
        by_key = dict(zip(self.program.parameter_keys, self._parameters, strict=True)) | dict(
            zip(self.program.buffer_keys, self._buffers, strict=True)
        )
        for key in [*program.parameter_keys, *program.buffer_keys]:
            if key not in by_key:  # the objective does not depend on it
                name = state_key(key)
                by_key[key] = torch.stack([(r.model.state.parameters | r.model.state.buffers)[name] for r in self.runs])
        feeds = [self._feeds[part][key] for key in program.feeds]
        stacked = [by_key[key] for key in (*program.parameter_keys, *program.buffer_keys)]
        each = [*(own for _tensor, own in feeds), *[True] * len(stacked)]
        found = self._evaluation([*(tensor for tensor, _own in feeds), *stacked], each)
        return {name: tensor.tolist() for name, tensor in zip(self._measured, found, strict=True)}

    def _one_evaluation(self, *tensors: Tensor) -> list[Tensor]:
        """What is measured of one copy; the names go to `_measured`."""
        measures = self.runs[0].model.measures
        program, rest = self.runs[0].model.program(training=False, outputs=measures.outputs), list(tensors)
        sizes = (len(program.feeds), len(program.parameter_keys), len(program.buffer_keys))
        feeds, parameters, buffers = ([rest.pop(0) for _ in range(size)] for size in sizes)
        values = program.evaluate(feeds, parameters, buffers, lambda _node: None)  # type: ignore[arg-type,return-value]
        found = measures.tensors(dict(zip(program.outputs, values, strict=True)))
        self._measured = list(found)
        return list(found.values())

    # Ending

    def finish(self) -> None:
        """Give every run the state it has come to."""
        buffers = dict(zip(self.program.buffer_keys, self._buffers, strict=True))
        for i, run in enumerate(self.runs):
            state = State(step=self.step, epoch=self.epoch, position=self.position)
            state.parameters = {state_key(k): t[i].clone() for k, t in zip(self.program.parameter_keys, self._parameters, strict=True)}
            state.buffers = {state_key(key): tensor[i].clone() for key, tensor in buffers.items()}
            state.optimizer = self.optimizer.memory(i, self._names, self._shapes)
            run.restore(state)
            run.seconds += self.seconds / len(self.runs)


def _noise(ours: Tensor, theirs: Tensor) -> bool:
    """Whether some gradient differs by so much of itself that none of its digits is right."""
    return bool(((ours - theirs).abs() > NOISE * theirs.abs()).any())


def _nothing(gradients: Sequence[Tensor]) -> bool:
    """Whether the gradient of some tensor is so small beside the others that none of its digits need be right. One of zeros is exact."""
    sizes = torch.stack([gradient.abs().max() for gradient in gradients])
    return bool(((sizes > 0) & (sizes < NOTHING.get(sizes.dtype, 0.0) * sizes.max())).any())


def _close(ours: Tensor, theirs: Tensor) -> bool:
    tolerance = CLOSE.get(theirs.dtype, 1e-3)
    scale = theirs[torch.isfinite(theirs)].abs().max() if bool(torch.isfinite(theirs).any()) else torch.zeros(())
    return torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance * max(float(scale), 1e-30), equal_nan=True)
