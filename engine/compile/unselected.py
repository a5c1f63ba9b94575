"""0 · ∞ in a backward pass: a branch that was not selected contributes 0, however steep it is.

Where max(√x, 0.1) takes 0.1, it does not depend on √x: the gradient that goes back to √x is 0, and the slope ∞ of √x at 0 must not make
NaN of it. Such a gradient is *cut*: nothing near this point changes the objective. A 0 that is only the value of a slope is not cut: (√x)²
at 0 has the slope 2√x = 0 there, its derivative is 1, and 0 · ∞ cannot say so. It stays NaN, as in torch.

What is cut is known from the selection itself: a strict inequality in max, min, ReLU and hinge, entries that slice, pooling, embedding and
dropout leave out, and a factor that is 0 whatever the other factor's own inputs are. Beyond the selection a gradient is cut where all
that it is a sum of is cut.

Finding that out costs several times the rules themselves. So a Program runs its plain code first, and this only where a gradient is
infinite or NaN, and only if `watched` finds a steep node before a choice; for every other graph training runs the plain code alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.compile.codegen import Kind, Writer
from engine.compile.differentiate import Seeds
from engine.compile.environment import Key, Several, Wire
from engine.compile.faults import rule_of
from engine.compile.plan import Operation, Plan
from engine.nodes.base import NodeType

Mask = Tensor | None
"""Where a gradient is cut; None where it is nowhere."""


def watched(plan: Plan) -> bool:
    """Whether a node whose slope can be infinite lies before one that may leave a branch out, on the way to the objective."""
    steep: set[Key] = set()
    for operation in plan.operations:
        if not operation.needed:
            continue
        behind = any(isinstance(leaf, Wire) and leaf.source in steep for leaf in operation.leaves)
        if behind and _chooses(operation.type):
            return True
        if behind or operation.type.steep:
            steep.update(operation.outputs)
    return False


def _chooses(node_type: NodeType) -> bool:
    return bool(node_type.unselected) or node_type.flow in ("selection", "products")


def all_finite(gradients: Iterable[Tensor | None]) -> bool:
    """Whether no gradient holds NaN or infinity; one transfer from the device. (A sum may overflow: that costs a second look.)"""
    sums = [g.sum() for g in gradients if g is not None]
    return not sums or math.isfinite(torch.stack(sums).sum().item())


class Cut:
    """One rule of one operation, run so that what is cut stays 0: `(contribution, where it is cut)`.

    `independent` holds the names of arguments that depend on nothing this argument depends on.
    """

    def __init__(self, operation: Operation, name: str, place: int, rule: Callable[..., Any], independent: frozenset[str]) -> None:
        self._type, self._names, self._name, self._place = operation.type, operation.wiring.names, name, place
        self._rule, self._independent = rule, independent

    def __call__(self, s: Any, g: Tensor, cut: Mask, y: Tensor, kept: Any, *arguments: Any) -> tuple[Tensor, Mask]:
        value = self._answer(s, g, y, kept, arguments)
        mask: Mask
        if self._type.flow == "products":
            value, mask = self._product(s, value, g, cut, y, kept, arguments)
        elif self._type.flow in ("sums", "selection"):
            mask = self._answer(s, _live(g, cut), y, kept, arguments) == 0
        elif self._type.flow == "entries":
            mask = cut
        else:
            mask = None if cut is None or not bool(cut.all()) else torch.ones_like(value, dtype=torch.bool)
        if (rule := self._type.unselected.get(self._name)) is not None:
            unselected = rule(s, y, kept, *arguments)
            mask = unselected if mask is None else mask | unselected
        if mask is None:
            return value, None
        mask = mask.expand_as(value)
        return value.masked_fill(mask, 0.0), mask

    def _product(
        self, s: Any, value: Tensor, g: Tensor, cut: Mask, y: Tensor, kept: Any, arguments: Sequence[Any]
    ) -> tuple[Tensor, Tensor]:
        """A sum of products of g and the other factor: cut where each product has a cut gradient or a factor that is and stays 0."""
        live = _live(g, cut)
        factors = [
            a if a is None or not a.is_floating_point() else (a != 0).to(a) if name in self._independent else torch.ones_like(a)
            for name, a in zip(self._names, arguments, strict=True)
        ]
        mask = self._answer(s, live, y, kept, factors) == 0
        if not bool(torch.isfinite(value.masked_fill(mask, 0.0)).all()):  # some terms of a sum may be cut, others not
            infinite = [a if a is None or not a.is_floating_point() else (~torch.isfinite(a)).to(a) for a in arguments]
            finite = [a if a is None or not a.is_floating_point() else torch.where(torch.isfinite(a), a, 0.0) for a in arguments]
            genuine = self._answer(s, live, y, kept, infinite) != 0
            value = torch.where(genuine, value, self._answer(s, g, y, kept, finite))
        return value, mask

    def _answer(self, s: Any, g: Tensor, y: Tensor, kept: Any, arguments: Sequence[Any]) -> Tensor:
        answer: Tensor = self._rule(s, g, y, kept, *arguments)
        return answer if self._place < 0 else answer[self._place]


def _live(g: Tensor, cut: Mask) -> Tensor:
    """1 where the gradient is not cut, 0 where it is."""
    return torch.ones_like(g) if cut is None else (~cut).to(g)


def shrunk(value: Tensor, mask: Mask, shape: torch.Size) -> tuple[Tensor, Mask]:
    """Both summed down to a leaf's shape: a sum is cut where all of it is."""
    if value.shape == shape:
        return value, mask
    return value.sum_to_size(shape), None if mask is None else _live(value, mask).sum_to_size(shape) == 0


def every(*parts: tuple[Tensor | None, Mask]) -> Mask:
    """Where a sum of contributions is cut."""
    masks = [mask for value, mask in parts if value is not None]
    if not masks or any(mask is None for mask in masks):
        return None
    return torch.stack([mask for mask in masks if mask is not None]).all(0)


def wholly(contributions: Sequence[Tensor | None], gradients: Sequence[tuple[Tensor | None, Mask]]) -> list[tuple[Tensor | None, Mask]]:
    """Contributions that autograd found for a whole node: 0 where all of the node's gradients are cut everywhere."""
    present = [(g, mask) for g, mask in gradients if g is not None]
    if any(mask is None or not bool(mask.all()) for _, mask in present):
        return [(value, None) for value in contributions]
    return [
        (None, None) if value is None else (torch.zeros_like(value), torch.ones_like(value, dtype=torch.bool)) for value in contributions
    ]


class CarefulWriter(Writer):
    """The same code with, for every gradient `g`, a variable `z_g` that says where it is cut."""

    def __init__(self, plan: Plan, kind: Kind, seeds: Seeds) -> None:
        super().__init__(plan, kind, "rules", seeds)
        self.out.names |= {"every": every, "shrunk": shrunk, "wholly": wholly}
        self._before = ancestors(plan)

    def _backward(self) -> None:
        self.out("z_seed = None")
        super()._backward()

    def _sum(self, key: Any, name: str) -> str | None:
        parts = list(self.contributions.get(key, []))
        result = super()._sum(key, name)
        if len(parts) > 1:
            self.out(f"z_{name} = every({', '.join(f'({part}, z_{part})' for part in parts)})")
        return result

    def _targets(self, operation: Operation) -> list[str]:
        names = super()._targets(operation)
        return [*names, *(f"z_{name}" for name in names)]

    def _by_autograd(self, operation: Operation, local: list[int], gradients: list[str | None]) -> None:
        super()._by_autograd(operation, local, gradients)
        names = [f"e{operation.index}_{a}" for a in local]
        pairs = ", ".join(f"({g}, z_{g})" for g in gradients if g is not None)
        self.out(f"{', '.join(f'({name}, z_{name})' for name in names)}, = wholly(({', '.join(names)},), ({pairs},))")

    def _rules(self, operation: Operation, leaves: list[int], gradient: str | None) -> None:
        n, names = operation.index, self._argument_of(operation)
        kept = self.kept.get(operation.node, "None")
        for a in leaves:
            name, place = names[a]
            rule = rule_of(self.plan.fault, operation, name)
            self.out.names[f"c{n}_{a}"] = Cut(operation, name, place, rule, apart(self._before, operation, a))
            self.out(
                f"e{n}_{a}, z_e{n}_{a} = c{n}_{a}(s{n}, {gradient}, z_{gradient}, {self._output(operation, 0)}, {kept}"
                f"{self._arguments(operation)})"
            )
            self.out(f"e{n}_{a}, z_e{n}_{a} = shrunk(e{n}_{a}, z_e{n}_{a}, {self._leaf(operation.leaves[a])}.shape)")


def apart(before: Mapping[Key, frozenset[Key]], operation: Operation, a: int) -> frozenset[str]:
    """The arguments that depend on nothing that leaf `a` depends on: while it moves, they stay what they are."""
    leaf = operation.leaves[a]
    mine = before[leaf.source if isinstance(leaf, Wire) else leaf.key]
    names = set()
    for name, argument in zip(operation.wiring.names, operation.wiring.arguments, strict=True):
        items = argument.items if isinstance(argument, Several) else (argument,)
        keys = [i.source if isinstance(i, Wire) else i.key for i in items if i is not None]
        if all(before.get(key, frozenset({key})).isdisjoint(mine) for key in keys):
            names.add(name)
    return frozenset(names)


def ancestors(plan: Plan) -> dict[Key, frozenset[Key]]:
    """For every output and learned tensor what it is computed from, itself included."""
    sources: dict[Key, frozenset[Key]] = {key: frozenset({key}) for key in plan.parameters}
    for operation in plan.operations:
        keys = [leaf.source if isinstance(leaf, Wire) else leaf.key for leaf in operation.leaves]
        before = frozenset[Key]().union(*(sources[key] for key in keys))
        sources |= {key: before | {key} for key in operation.outputs}
    return sources
