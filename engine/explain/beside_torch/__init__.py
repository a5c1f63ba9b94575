"""How far an optimizer is from torch's of the same name: both make the run's coming steps. Request and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.compile.views import Stamp
from engine.numerics.job import Job

STEPS = 20
SAME = 1e-12
"""Largest difference in float64 up to which two optimizers count as the same."""


@dataclass(frozen=True, slots=True)
class CompareWithTorch(Job):
    """Makes `steps` steps of the present state on copies in float64, by the optimizer of the run and by that of torch.

    Both begin with empty memory and get the same gradients: those of the run's coming mini-batches. The answer is a `BesideTorch`.
    """

    done_by: ClassVar[str] = "engine.explain.beside_torch.answer:compare"
    structure: int = 0
    revision: int = 0
    run: int = 0
    steps: int = STEPS


@dataclass(frozen=True, slots=True)
class BesideTorch:
    """`name` is the class in `torch.optim`, empty where it has none of this kind. `largest` is the largest difference of any number after
    any step; None where nothing could be compared, and then `why` says why. `steps` were made, the first after the step of the stamp."""

    stamp: Stamp
    title: str
    name: str
    largest: float | None = None
    steps: int = 0
    why: str = ""
