"""The way of each run of a sweep through the plane of two trained numbers, every step of it. Request and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.numerics.job import Job
from engine.sweep.plan import SweepPlan
from graph.model.address import Address

MOST_POINTS = 1000
"""Points of one path; of longer runs every second, third … step."""
MOST_RUNS = 60
"""Runs whose paths are asked for at once."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class PathsJob(Job):
    """Makes the runs of a plan once more, alone, and notes both numbers before the first step and after each. Parts are `Path`s; the
    answer is a `Paths`. `members` are places in `SweepPlan.members`."""

    done_by: ClassVar[str] = "engine.sweep.walking:walk"
    about_document: ClassVar[bool] = False
    plan: SweepPlan = SweepPlan(())
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """`at` (n, 2) are both numbers after the steps `steps`, the start (step 0) first; `loss` at these places. `diverged`: the run stopped
    because a number became infinite; the last place is the last finite one. `evaluations` of the gradient up to each place."""

    index: int
    steps: tuple[int, ...]
    at: Floats
    loss: Floats
    evaluations: tuple[float, ...]
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class Paths:
    """Which two numbers they are, and what they are called."""

    x: Address
    y: Address
    names: tuple[str, str]
