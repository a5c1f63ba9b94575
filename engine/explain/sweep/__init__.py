"""Why reverse mode: multiplications and seconds of naive differentiation against backpropagation, over depth k and width H."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from engine.numerics.job import Job

DEPTHS = (1, 2, 4, 8, 16, 32)
WIDTHS = (4, 16, 64, 256)
"""A grid that shows both laws."""


@dataclass(frozen=True, slots=True)
class Sweep(Job):
    """Measures networks of (depth, width): Linear + Tanh layers, one sample, squared error. The parts of the answer are `SweepResult`s."""

    done_by: ClassVar[str] = "engine.explain.sweep.answer:sweep"
    about_document: ClassVar[bool] = False
    networks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class OwnSweep(Question):
    """Asks for the same comparison on the graph on the canvas: every learned tensor (or else every Input) one after the other,
    against all at once. The answer is a `SweepResult` with `layers` the number of such values and `width` 0."""

    answered_by: ClassVar[str] = "engine.explain.sweep.answer:own"


@dataclass(frozen=True, slots=True)
class SweepResult:
    """`naive`: for every learned tensor the chain of local derivatives from the loss down to it is computed again, nothing is
    reused. `reverse`: one pass. Multiplications are counted as in `engine.explain.paths.Counts`.

    For k layers of width H and one sample, W and b in each: reverse (2k − 1)H² + (2k + 1)H, naive k²H² + (k² + 4k)H.
    `forward` is forward mode, one sweep for every number that is differentiated by.
    Seconds are the smallest of several runs of the same local products in torch, None where one run would take too long.
    `agree` is the largest relative difference between the gradients of the two.
    """

    layers: int
    width: int
    naive: int
    reverse: int
    forward: int
    naive_seconds: float | None
    reverse_seconds: float
    agree: float | None
    values: int
    """How many values (layers' learned tensors) were differentiated by."""
    note: str = ""
