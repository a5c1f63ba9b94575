"""A plane through the space of features, or a line, and what a network predicts on it. Questions and answers know no torch.

Two columns of a Data node are free, or one; the others have the values of one sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from engine.compile.spot import Spot
from engine.compile.views import Stamp
from engine.data.parts import Part
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class Axis:
    """A free column of the features, flattened and counted from 0, over a range; without one over the data's, with a margin."""

    column: int
    points: int
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Plane:
    """One or two `axes`; the first one is drawn to the right. `node` is the Data node, empty: the first that the prediction depends on.

    No axes: the first two columns, or the only one, with `points` along each. `held` is the sample that all other columns have the
    values of; None: the first of the training part.
    """

    axes: tuple[Axis, ...] = ()
    held: Spot | None = None
    node: str = ""
    points: tuple[int, int] = (100, 100)


@dataclass(frozen=True, slots=True)
class PlaneJob(Job):
    """What the network predicts on a plane, by the numbers at the start of the job: training may go on meanwhile.

    `output` chooses one of several predicted numbers. `tests`: also show the test part where a validation part judges the run.
    `structure`, `revision` and `run` come back in the answer's `Stamp`.
    """

    done_by: ClassVar[str] = "engine.learned.plane.answer:on_plane"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    structure: int
    revision: int
    run: int
    output: int = 0
    tests: bool = False
    spot: Spot | None = None
    """The sample that was pointed out."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An axis as it was used: the column, its name, and the coordinates (points,) of the grid, rising."""

    column: int
    name: str
    at: np.ndarray

    @property
    def low(self) -> float:
        return float(self.at[0])

    @property
    def high(self) -> float:
        return float(self.at[-1])


@dataclass(frozen=True, slots=True)
class Points:
    """The samples as points of the plane. N of them, part by part; `of` says how many each part has altogether."""

    part: tuple[Part, ...]
    """Of each part that has samples, its name; `parts` counts in it."""
    of: tuple[int, ...]
    parts: np.ndarray
    """(N,) int64."""
    place: np.ndarray
    """(N,) int64: the place in the part."""
    at: np.ndarray
    """(N, axes)."""
    true: np.ndarray
    """(N,): class number or the true number."""
    predicted: np.ndarray
    """(N,): of the sample itself, with all of its own features."""
    right: np.ndarray
    """(N,) bool: whether the class is the true one; empty for numbers."""

    def spot(self, index: int) -> Spot:
        """The sample of a point."""
        part = int(self.parts[index])
        return Spot(self.part[part], int(self.place[index]), self.of[part])


@dataclass(frozen=True, slots=True)
class SpotSeen:
    """What is predicted for the sample that was pointed out."""

    spot: Spot
    features: tuple[float, ...]
    """All columns of the plane's Data node."""
    at: tuple[float, ...]
    """Its place on the plane."""
    true: float
    predicted: float
    """Class numbers, or numbers."""
    probabilities: tuple[float, ...] = ()
    """Of all classes; empty where scores have none."""
    loss: float | None = None
    """Of this sample alone, without penalties; None where the objective is no known loss of each sample."""


@dataclass(frozen=True, slots=True)
class OnPlane:
    """Predictions on a grid of (second axis, first axis), or (axis,) on a line.

    For classes: `predicted` class numbers (−1: a score is NaN) and `probability` of the predicted class, None where scores have no
    probability; on a line `probabilities` (points, classes) too. For numbers: `values`.
    """

    stamp: Stamp
    node: str
    columns: tuple[str, ...]
    """The names of all columns of the Data node."""
    axes: tuple[Shown, ...]
    held: Spot | None
    """The sample that holds the other columns; None where there are no others."""
    kind: Literal["classes", "numbers"]
    classes: tuple[str, ...]
    names: tuple[str, ...]
    """Of all predicted numbers."""
    output: int
    target: str
    """The name of what is predicted."""
    points: Points
    predicted: np.ndarray | None = None
    probability: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    values: np.ndarray | None = None
    spot: SpotSeen | None = None
    """The sample that was pointed out, if there is one."""
    scale: tuple[float, float] | None = None
    """The values that the scale of colours, or the axis of a curve, has to hold; None: those that there are."""
    seconds: float = 0.0
    """How long the engine worked on this."""
