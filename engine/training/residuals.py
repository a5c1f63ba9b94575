"""A loss as a sum of squares, L = Σ rᵢ²: its residuals r and their derivatives J, for Gauss–Newton and Levenberg–Marquardt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Operation
from engine.compile.program import Program, compile
from engine.nodes.base import Settings
from engine.nodes.losses import divisor

Share = Callable[[torch.Size], float]
"""What the squares of a tensor of this shape are multiplied by."""


@dataclass(frozen=True, slots=True)
class Square:
    """share · Σ (a − b)², or share · Σ a² where there is no `b`. A learned tensor is named like an output: `(node, parameter)`."""

    a: Key
    b: Key | None
    share: Share


class NotSquares(Exception):
    """The objective is no sum of squares; `node` is the operation that is not."""

    def __init__(self, node: str) -> None:
        super().__init__(node)
        self.node = node


def squares(program: Program) -> list[Square]:
    """The squares that the objective adds up. Raises NotSquares."""
    assert program.objective is not None
    return list(_Reader(program).scalar(program.objective, 1.0))


class _Reader:
    """Follows the objective back through sums and means to squares."""

    def __init__(self, program: Program) -> None:
        self._operations = {operation.node: operation for operation in program.plan.operations}

    def scalar(self, key: Key, factor: float) -> Iterator[Square]:
        """The squares of a single number, times a factor."""
        operation = self._operations[key[0]]
        s, kind = operation.settings, operation.type.key
        if kind == "math.add":
            for source in _sources(operation):
                yield from self.scalar(source, factor)
        elif kind in ("math.multiply", "math.divide") and (scaled := self._scaled(operation, kind)) is not None:
            yield from self.scalar(scaled[0], factor * scaled[1])
        elif kind in ("math.sum", "math.mean"):
            (source,) = _sources(operation)
            inner = self._squared(self._operations[source[0]])
            yield Square(inner, None, (lambda shape: factor / shape.numel()) if kind == "math.mean" else lambda shape: factor)
        elif kind == "loss.squared_error":
            prediction, target = _sources(operation)
            yield Square(prediction, target, _share(factor * (1.0 if s.factor == "full" else 0.5), s))
        elif kind == "penalty.l2":
            weight = factor * float(s.lam) * (1.0 if s.factor == "full" else 0.5)
            for leaf in operation.leaves:
                yield Square(leaf.source if isinstance(leaf, Wire) else leaf.key, None, lambda shape: weight)
        else:
            yield Square(self._squared(operation), None, lambda shape: factor)

    def _scaled(self, operation: Operation, kind: str) -> tuple[Key, float] | None:
        """(what is multiplied, by which number) where one factor is a constant that is not negative."""
        sources = _sources(operation)
        for place in (1, 0) if kind == "math.multiply" else (1,):
            other = self._operations[sources[place][0]]
            value = other.settings.value if other.type.role == "constant" else None
            if isinstance(value, (int, float)) and value > 0 and len(sources) == 2:
                return sources[1 - place], float(value) if kind == "math.multiply" else 1.0 / value
        return None

    def _squared(self, operation: Operation) -> Key:
        """What this operation squares, number by number."""
        sources, kind = _sources(operation), operation.type.key
        if kind == "math.square" or (kind == "math.power" and len(sources) == 1 and float(operation.settings.b) == 2.0):
            return sources[0]
        if kind == "math.power" and (other := self._operations[sources[1][0]]).type.role == "constant" and other.settings.value == 2:
            return sources[0]
        if kind == "math.multiply" and sources[0] == sources[1]:
            return sources[0]
        raise NotSquares(operation.node)


def _sources(operation: Operation) -> list[Key]:
    return [leaf.source for leaf in operation.leaves if isinstance(leaf, Wire)]


def _share(factor: float, s: Settings) -> Share:
    return lambda shape: factor / divisor(s, shape)


class Residuals:
    """The residuals of one program as a function of its parameters."""

    def __init__(self, program: Program) -> None:
        self.squares = squares(program)
        owned = {leaf.key for operation in program.plan.operations for leaf in operation.leaves if isinstance(leaf, Own)}
        keys = dict.fromkeys(key for square in self.squares for key in (square.a, square.b) if key is not None and key not in owned)
        self._outputs, self._owned = list(keys), owned
        plan = program.plan
        self._program = compile(program._graph, plan.inference, training=plan.training, objective=plan.objective, outputs=self._outputs)
        mine = {operation.node: operation.settings for operation in plan.operations}
        for operation in self._program.plan.operations:
            vars(operation.settings).update(vars(mine[operation.node]))
        self._feeds = [program.feeds.index(key) for key in self._program.feeds]
        self._places = [program.parameter_keys.index(key) for key in self._program.parameter_keys]
        self._buffers = [program.buffer_keys.index(key) for key in self._program.buffer_keys]
        self._parameter_keys = program.parameter_keys

    def __call__(self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], key: Any) -> Tensor:
        """All residuals in one row."""
        values: dict[Key, Tensor] = {}
        if self._outputs:
            own = ([feeds[i] for i in self._feeds], [parameters[i] for i in self._places], [buffers[i] for i in self._buffers])
            values = dict(zip(self._outputs, self._program.evaluate(*own, key), strict=True))
        values |= {k: parameters[i] for i, k in enumerate(self._parameter_keys) if k in self._owned}
        rows = []
        for square in self.squares:
            error = values[square.a] if square.b is None else values[square.a] - values[square.b]
            rows.append(error.reshape(-1) * math.sqrt(square.share(error.shape)))
        return torch.cat(rows)


_KNOWN: WeakKeyDictionary[Program, tuple[tuple[Any, ...], Residuals]] = WeakKeyDictionary()


def residuals_of(program: Program) -> Residuals:
    """The residuals of a program, compiled once for the same settings. Raises NotSquares."""
    changing = (o for o in program.plan.operations if not o.fed or o.type.role == "constant")
    settings = tuple(repr(vars(operation.settings)) for operation in changing)
    known = _KNOWN.get(program)
    if known is None or known[0] != settings:
        known = _KNOWN[program] = settings, Residuals(program)
    return known[1]
