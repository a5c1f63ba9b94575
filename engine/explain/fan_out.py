"""Where several wires leave one output: each wire's own contribution to the gradient, and their sum. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.cards import Array, Line, Notation, Number
from engine.explain.question import Question
from engine.views import Reason


@dataclass(frozen=True, slots=True)
class FanOutOf(Question):
    """The wires out of the output `port` of `node` (empty: its first). `sample` and `entry` choose numbers as in `CardOf`."""

    answered_by: ClassVar[str] = "engine.explain.fan_out_summed:fan_out"
    node: str
    port: str = ""
    sample: int | None = None
    entry: tuple[int, ...] | None = None
    notation: Notation = "leibniz"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one wire gives to the sum. `gradient` is None where the wire has none, and `absent` says why.

    `number` is the chosen entry of the gradient; it is the gradient itself where that is a scalar.
    """

    edge: str
    consumer: str
    consumer_name: str
    port: str
    gradient: Number | Array | None
    number: Number | None
    absent: Reason | None = None


@dataclass(frozen=True, slots=True)
class FanOut:
    """The answer to a `FanOutOf`. `total` and `number` are the producer's; `lines` write the sum out, with names and with numbers.

    Where the output is the objective itself, the seed 1 is one more summand: `seeded`.
    """

    node: str
    port: str
    name: str
    contributions: tuple[Contribution, ...]
    total: Number | Array | None
    number: Number | None
    absent: Reason | None
    lines: tuple[Line, ...]
    seeded: bool = False
    samples: int = 0
    sample: int | None = None
    entry: tuple[int, ...] = ()
