"""Forward mode from any seed and reverse mode from any target: tangents and adjoints on every wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.compile.views import ArrayView, Gradient
from engine.explain.question import Question
from graph.model.address import Address

Direction = Literal["entry", "ones", "gradient"]
"""Which direction the seed moves in: its chosen entry alone, all entries alike, or along its own gradient (scaled to length 1)."""


@dataclass(frozen=True, slots=True)
class ForwardMode(Question):
    """Moves the value at `seed` and asks how everything behind it moves. The answer is `Tangents`.

    `entry` needs `seed.index` unless the seed is a single number; `gradient` needs a gradient that is not 0.
    """

    answered_by: ClassVar[str] = "engine.explain.forward_mode.answer:tangents"
    seed: Address
    direction: Direction = "entry"


@dataclass(frozen=True, slots=True)
class ReverseMode(Question):
    """Asks how the value at `target` (an output) answers to everything before it. The answer is `Adjoints`.

    A tensor is differentiated at `target.index`; without one, its sum is.
    """

    answered_by: ClassVar[str] = "engine.explain.forward_mode.answer:adjoints"
    target: Address


@dataclass(frozen=True, slots=True)
class Tangents:
    """The derivative of every value along the seed's direction. An absent one is `independent` (the seed does not reach it),
    `not differentiable` or `not computed`; never 0 in disguise.

    `seed_tangent` is the direction. `edges[e]` is what moves along a wire: its source's tangent (for a `wire` seed only that wire
    and what is behind it). `contributions[e]` is what that wire alone adds to the tangent of its target's first output:
    local derivative · tangent. `parts` names, for every node that was reached, the wires whose contributions add up to its tangent.
    `objective` is the objective's tangent; `reverse` the same number from reverse mode, ⟨gradient, direction⟩, and `error` their
    relative difference. All None without an objective.
    """

    seed: Address
    name: str
    direction: Direction
    seed_tangent: ArrayView
    outputs: Mapping[tuple[str, str], Gradient]
    edges: Mapping[str, Gradient]
    contributions: Mapping[str, ArrayView]
    parts: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    """The nodes the seed reaches, in order of computation."""
    objective: float | None
    reverse: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Adjoints:
    """∂ target / ∂ everything. Keys as in a `TraceView`; an edge has its own contribution, an output the sum of its edges'.

    `order` are the nodes that the target depends on, in the order of the reverse pass. `summed` says that the target is a tensor
    without a chosen entry, so that its sum was differentiated.
    """

    target: Address
    name: str
    value: float
    summed: bool
    outputs: Mapping[tuple[str, str], Gradient]
    edges: Mapping[str, Gradient]
    parameters: Mapping[tuple[str, str], Gradient]
    order: tuple[str, ...]
