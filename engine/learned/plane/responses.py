"""What every unit of a network answers on the same plane. Questions and answers know no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.compile.spot import Spot
from engine.compile.views import Stamp
from engine.learned.plane import Plane, Shown
from engine.numerics.job import Job

MOST_UNITS = 64
"""Of a wider layer, the first units have a map."""


@dataclass(frozen=True, slots=True)
class ResponsesJob(Job):
    """The outputs of all nodes between the data and the prediction on a plane, by the numbers at the start of the job."""

    done_by: ClassVar[str] = "engine.learned.plane.responding:responses"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    structure: int
    revision: int
    run: int


@dataclass(frozen=True, slots=True)
class Responses:
    """`maps[node, port]` is (units, second axis, first axis), or (units, axis) on a line, in the document's precision."""

    stamp: Stamp
    axes: tuple[Shown, ...]
    held: Spot | None
    """The sample that holds the other columns; None where there are no others."""
    maps: Mapping[tuple[str, str], np.ndarray]
    units: Mapping[tuple[str, str], int]
    """How many units each output has, those without a map included."""
    seconds: float = 0.0
    """How long the engine worked on this."""
