"""An optimizer at work, watched: what each of its steps did to a few numbers, in the terms of the common frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.derived import evaluate
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, name_of
from engine.training.optimizers.frame import ONE, Frame, value
from engine.training.wrapped import Wrapped

Entry = tuple[int, int]
"""The place of a parameter in the optimizer's list, and of a number in the flattened parameter."""
Memory = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step, number `t` of the optimizer, of k numbers: before and after it, the gradient it was given, and what was remembered.

    Tensors (k,) in float64. `scalars` are the plain numbers remembered before the step, `rate` its learning rate.
    """

    t: int
    old: Tensor
    new: Tensor
    gradient: Tensor
    before: Memory
    after: Memory
    scalars: Mapping[str, Any]
    later: Mapping[str, Any]
    rate: float
    ahead: Tensor | None = None
    """Where the gradient was taken, if not at `old`."""


@dataclass(slots=True)
class Framed:
    """Steps in the terms of the frame, each (T, k) in float64, NaN where the frame does not have it.

    `root` is H, `before` H₋₁ by what was remembered before the step; `gradient` is ĝ. `exact` (T, k): 1 where the step is of the frame's
    form.
    """

    old: Tensor
    new: Tensor
    gradient: Tensor
    alpha: Tensor
    beta: Tensor
    root: Tensor
    before: Tensor
    square: Tensor
    velocity: Tensor
    momentum: Tensor
    exact: Tensor
    ahead: Tensor

    @property
    def rate(self) -> Tensor:
        return self.alpha / self.root


class Watched:
    """Notes every step of an optimizer from now on in `records`. It works on the innermost one: on what really moves the numbers."""

    def __init__(self, optimizer: Optimizer, entries: Sequence[Entry]) -> None:
        self.records: list[StepRecord] = []
        self.entries = entries
        while isinstance(optimizer, Wrapped):
            optimizer = optimizer.inner
        self.optimizer = optimizer
        self._step = optimizer.step
        optimizer.step = self._watched  # type: ignore[method-assign]

    def _take(self, tensors: Sequence[Tensor]) -> Tensor:
        return torch.stack([tensors[i].reshape(-1)[j] for i, j in self.entries]).double()

    def _memory(self) -> Memory:
        return {name: self._take(tensors) for name, tensors in self.optimizer.state.items()}

    def _watched(self, gradients: list[Tensor]) -> None:
        optimizer, last = self.optimizer, self.records[-1] if self.records else None
        old, scalars = self._take(optimizer.parameters), dict(optimizer.scalars)
        before, point = self._memory() if last is None else last.after, optimizer.ahead_point()
        ahead = None if point is None else self._take(point)
        gradient = self._take(gradients)
        self._step(gradients)
        self.records.append(
            StepRecord(
                optimizer.t, old, self._take(optimizer.parameters), gradient, before, self._memory(), scalars, dict(optimizer.scalars),
                float(optimizer.hyper.get("lr", torch.nan)), ahead,
            )
        )  # fmt: skip


def framed(watched: Watched) -> Framed:
    """The steps that one optimizer made one after the other, in the terms of its frames. There is at least one."""
    optimizer, records = watched.optimizer, watched.records
    old, new, gradient = (torch.stack([getattr(record, name) for record in records]) for name in ("old", "new", "gradient"))
    nothing = torch.full_like(old, torch.nan)
    ahead = torch.stack([nothing[0] if record.ahead is None else record.ahead for record in records])
    unknown = {name: nothing.clone() for name in ("alpha", "beta", "root", "before", "square", "velocity", "momentum")}
    result = Framed(old, new, gradient, **unknown, exact=torch.zeros_like(old), ahead=ahead)
    frames = [optimizer.frame(optimizer.hyper, record.scalars) for record in records]
    for frame in dict.fromkeys(frames):
        chosen = [i for i, each in enumerate(frames) if each == frame]
        some = [records[i] for i in chosen]
        known = _settings(watched, some)
        parts = _parts(optimizer, frame, some, known)
        for name, tensor in parts.items():
            getattr(result, name)[chosen] = tensor
    return result


def _settings(watched: Watched, records: Sequence[StepRecord]) -> dict[str, Any]:
    """The letters of the settings; the learning rate as (T, 1), since it may follow a schedule; the weight decay of each number where
    some parameters have none."""
    optimizer = watched.optimizer
    known: dict[str, Any] = dict(optimizer.symbols(optimizer.hyper))
    decay = optimizer.setting("weight_decay")
    if decay is not None and decay.symbol and any(i in optimizer.undecayed for i, _j in watched.entries):
        own = [float(optimizer.hyper_of(i)["weight_decay"]) for i, _j in watched.entries]
        known[name_of(decay.symbol)] = torch.tensor([own], dtype=torch.float64)
    rate = optimizer.setting("lr")
    if rate is not None and rate.symbol:
        known[name_of(rate.symbol)] = torch.tensor([[record.rate] for record in records], dtype=torch.float64)
    return known


def _parts(optimizer: Optimizer, frame: Frame | None, records: Sequence[StepRecord], known: dict[str, Any]) -> dict[str, Tensor]:
    old = torch.stack([record.old for record in records])
    steps = torch.tensor([[float(record.t)] for record in records], dtype=torch.float64)
    before, after = (_stacked([record.before for record in records]), _stacked([record.after for record in records]))
    scalars, later = (_column([record.scalars for record in records]), _column([record.later for record in records]))
    gradient = torch.stack([record.gradient for record in records])
    start = {**known, **scalars, **before, STEP: steps, THETA: old, GRADIENT: gradient, USED: gradient}
    parts = {"gradient": gradient_used(type(optimizer), optimizer.hyper, records[0].scalars, start)}
    if frame is None:
        return parts

    def of(formula: str, end: bool = True) -> Tensor:
        """By what is remembered after the steps, or before them."""
        values = {**known, **later, **after, STEP: steps} if end else {**known, **scalars, **before, STEP: steps - 1}
        return torch.as_tensor(value(formula, values), dtype=torch.float64).expand_as(old)

    parts |= {"alpha": of(frame.alpha), "root": of(frame.root)}
    parts["before"] = parts["root"] if frame.root == ONE else torch.where(steps > 1, of(frame.root, end=False), torch.nan)
    parts["exact"] = torch.full_like(old, float(frame.exact))
    if frame.beta:
        parts["beta"] = of(frame.beta)
        share = parts["beta"] * parts["before"] / parts["root"] if frame.carries else parts["beta"]
        parts["momentum"] = torch.where(parts["beta"] == 0, 0.0, share)
    if frame.square:
        parts["square"] = of(frame.square)
    if frame.velocity:
        parts["velocity"] = of(frame.velocity)
    return parts


def _stacked(memories: Sequence[Memory]) -> dict[str, Tensor]:
    return {name: torch.stack([memory[name] for memory in memories]) for name in memories[0]}


def _column(numbers: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """(T, 1) of each."""
    return {name: torch.tensor([[float(each[name])] for each in numbers], dtype=torch.float64) for name in numbers[0]}


def gradient_used(spec: type[Optimizer], hyper: Mapping[str, Any], scalars: Mapping[str, float], values: dict[str, Any]) -> Tensor:
    """The gradient that the optimizer goes along: with what its equations add to it, such as a weight decay."""
    for equation in spec.active(hyper, scalars):
        if equation.name == USED and equation.names <= values.keys():
            values[USED] = evaluate(equation.tree, values)
    used: Tensor = values[USED]
    return used


def joined(parts: Sequence[Framed]) -> Framed:
    """Steps one after the other, of several optimizers."""
    return Framed(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Framed)))
