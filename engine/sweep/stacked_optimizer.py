"""An optimizer at work on many copies of a network at once: their parameters are the rows of one matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.training.optimizers.base import PURPOSE, Optimizer
from engine.training.optimizers.derived import carry_out
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, name_of

RATE = name_of("η")


def alike(spec: type[Optimizer], hyper: Mapping[str, Any]) -> tuple[Any, ...]:
    """What has to be the same for two copies to be trained by the same equations: conditions, switches, what is kept."""
    conditions = {c.strip().removeprefix("not ") for e in spec.equations for c in e.when.split(",")}
    conditions |= {c.strip().removeprefix("not ") for v in spec.state_variables for c in v.when.split(",")}
    names = {c.partition("=")[0] for c in conditions}
    numbers = {s.name for s in spec.settings if s.kind == "float"}
    return tuple(
        bool(hyper[s.name]) if s.name in numbers else hyper[s.name] for s in spec.settings if s.name in names or s.name not in numbers
    )


class StackedOptimizer:
    """Makes the step of every copy: `parameters` are (copies, numbers), row by row, each with hyperparameters of its own.

    Copies with equal hyperparameters take the optimizer's own step. Others follow its equations, in which a setting that differs is a
    column (copies, 1): the equations work on each number alone, so that the rows do not touch each other.
    """

    def __init__(self, spec: type[Optimizer], hypers: Sequence[Mapping[str, Any]], parameters: Tensor) -> None:
        self.spec, self.hypers, self.parameters = spec, list(hypers), parameters
        self.one = spec(hypers[0], [parameters])
        rest = [{name: value for name, value in hyper.items() if name != "lr"} for hyper in hypers]
        self._alike = all(others == rest[0] for others in rest)
        """Whether the copies have the same settings, but perhaps other learning rates."""
        self.equal = self._alike and all(hyper["lr"] == hypers[0]["lr"] for hyper in hypers)
        for variable in spec.state_variables:
            if variable.name in self.one.state and isinstance(variable.start, str):
                self.one.state[variable.name][0].copy_(self._column(variable.start).expand_as(parameters))
        self._known: dict[str, Any] = {name_of(s.symbol): self._value(s.name) for s in spec.settings if s.symbol}

    def set_rates(self, rates: Sequence[float]) -> None:
        """Make the coming steps with these learning rates, one for each copy."""
        first = rates[0]
        same = all(rate == first for rate in rates)
        self.equal = self._alike and same
        if same:
            self.one.set_rate(first)
        self._known[RATE] = first if same else self.parameters.new_tensor(rates).unsqueeze(1)

    def _value(self, name: str) -> float | Tensor:
        values = {float(hyper[name]) for hyper in self.hypers}
        return values.pop() if len(values) == 1 else self._column(name)

    def _column(self, name: str) -> Tensor:
        return self.parameters.new_tensor([float(hyper[name]) for hyper in self.hypers]).unsqueeze(1)

    def step(self, gradients: Tensor, random: Sequence[Callable[[str], Any]] = ()) -> None:
        """One step of all copies along their gradients (copies, numbers), each with its source of random numbers."""
        one = self.one
        if self.equal and not self.spec.gives:
            one.step([gradients])
            return
        one.t += 1
        equations, before = self.spec.active(one.hyper, one.scalars), dict(one.scalars)
        values: dict[str, Any] = {**self._known, **{name: _number(value) for name, value in before.items()}, STEP: float(one.t)}
        values |= {THETA: self.parameters, GRADIENT: gradients, USED: gradients} | {name: t[0] for name, t in one.state.items()}
        values |= self._given(gradients, random)
        carry_out(equations, values)
        self.parameters.copy_(values[THETA])
        for name, tensors in one.state.items():
            tensors[0].copy_(values[name])
        for name, old in before.items():
            value = values[name]
            one.scalars[name] = value if isinstance(value, Tensor) else type(old)(value)

    def _given(self, gradients: Tensor, random: Sequence[Callable[[str], Any]]) -> dict[str, Tensor]:
        """What the equations are given beside gradients: (copies, numbers), or (copies, 1) where it is one number for each copy."""
        if not self.spec.gives:
            return {}
        rngs = [key(PURPOSE) for key in random] if self.spec.random else [None] * len(self.hypers)
        rows = [self.spec.given(row, hyper, rng) for row, hyper, rng in zip(gradients, self.hypers, rngs, strict=True)]
        return {given.name: torch.stack([row[given.name].reshape(-1) for row in rows]) for given in self.spec.gives}

    def only(self, rows: Sequence[int]) -> StackedOptimizer:
        """The same for these copies alone; parameters and memory are copies."""
        index = torch.tensor(rows)
        twin = StackedOptimizer(self.spec, [self.hypers[row] for row in rows], self.parameters.index_select(0, index))
        twin.one.t = self.one.t
        for name, tensors in self.one.state.items():
            twin.one.state[name][0].copy_(tensors[0].index_select(0, index))
        twin.one.scalars = {n: v.index_select(0, index) if isinstance(v, Tensor) else v for n, v in self.one.scalars.items()}
        if twin.equal:  # its own step takes plain numbers
            twin.one.scalars = {n: float(v[0]) if isinstance(v, Tensor) else v for n, v in twin.one.scalars.items()}
        return twin

    def memory(self, row: int, names: Sequence[str], shapes: Sequence[torch.Size]) -> dict[str, Tensor]:
        """What the optimizer of one copy would remember, under the names it would give it."""
        remembered: dict[str, Tensor] = {}
        sizes = [shape.numel() for shape in shapes]
        for key, tensors in self.one.state.items():
            parts = torch.split(tensors[0][row], sizes)
            remembered |= {f"{key}.{name}": part.reshape(shape).clone() for name, shape, part in zip(names, shapes, parts, strict=True)}
        for name, value in self.one.scalars.items():
            number = value[row, 0].double() if isinstance(value, Tensor) else value
            remembered[name] = torch.as_tensor(number, dtype=None if isinstance(value, bool) else torch.float64).clone()
        return remembered | {"t": torch.tensor(self.one.t)}


def _number(value: Any) -> Any:
    return value if isinstance(value, Tensor) else float(value)
