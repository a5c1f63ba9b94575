"""What a pass computes, node by node, as it can be laid out on the canvas while the pass is played: 2 · (−5), upstream · local."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engine.explain.cards import Chain, Line
from engine.explain.question import Question


@dataclass(frozen=True, slots=True)
class ArithmeticOf(Question):
    """The arithmetic of these nodes in both passes, of a row of the batch where there is one (None: the first).

    Asked for some nodes at a time: each takes about a millisecond.
    """

    answered_by: ClassVar[str] = "engine.explain.arithmetic.answer:arithmetic"
    in_motion: ClassVar[bool] = True
    nodes: tuple[str, ...] = ()
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """upstream · local = downstream along one wire. `formula` states the rule, `numbers` the same with numbers; `chain` is None where
    nothing is passed on."""

    formula: Line | None
    numbers: Line | None
    chain: Chain | None


@dataclass(frozen=True, slots=True)
class NodeArithmetic:
    """One node: its formula, the right side with numbers where that is possible, and what it passes back along each wire into it."""

    formula: Line | None = None
    numbers: Line | None = None
    backward: Mapping[str, Product] = field(default_factory=dict)
    """By the ids of its input wires."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """By node id, those that could be computed."""

    nodes: Mapping[str, NodeArithmetic]
