"""The objective over a plane of its numbers, all others as they are. Request and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job
from graph.model.address import Address

POINTS = 81
"""Of a surface, along each axis."""
Box = tuple[float, float, float, float]
"""Lowest and highest value of the first number, then of the second."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The plane of two single numbers: entries of trained tensors, or of the values of Inputs."""

    x: Address
    y: Address


Plane = Numbers


@dataclass(frozen=True, slots=True)
class SurfaceJob(Job):
    """Evaluates the objective on a grid over a plane. The answer is a `Surface`; nothing changes.

    Where the network is trained with data, it is the objective over the whole training part, in training mode, with the random numbers
    of the coming step. `box` None: around the present values.
    """

    done_by: ClassVar[str] = "engine.learned.surface.answer:surface"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    box: Box | None = None
    points: int = POINTS
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Surface:
    """`f[j, i]` is the objective at `xs[i]`, `ys[j]`, NaN or infinite where it is not a finite number. `here` is where the network is,
    with its objective. `rows`: over how many samples it was computed, 0 for a graph without data."""

    stamp: Stamp
    plane: Plane
    names: tuple[str, str]
    xs: np.ndarray[Any, np.dtype[np.float64]]
    ys: np.ndarray[Any, np.dtype[np.float64]]
    f: np.ndarray[Any, np.dtype[np.float64]]
    here: tuple[float, float, float]
    rows: int

    @property
    def box(self) -> Box:
        return float(self.xs[0]), float(self.xs[-1]), float(self.ys[0]), float(self.ys[-1])
