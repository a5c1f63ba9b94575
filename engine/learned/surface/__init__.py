"""The objective over a plane of its numbers, all others as they are. Requests and answers; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.curvature.spectrum.definite import Stationary
from engine.numerics.job import Job
from graph.model.address import Address

POINTS = 81
"""Of a surface, along each axis."""
EXACT = 500
"""Up to so many trained numbers all eigenvectors of the Hessian are computed, above it the leading two alone."""
Box = tuple[float, float, float, float]
"""Lowest and highest value of the first number, then of the second."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The plane of two single numbers: entries of trained tensors, or of the values of Inputs."""

    x: Address
    y: Address


@dataclass(frozen=True, slots=True)
class Gradient:
    """Along −∇f, and along a direction orthogonal to it: the leading eigenvector of the Hessian (`curved`), or a random one."""

    curved: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Random:
    """Along two random directions: each number is drawn from a normal distribution.

    `filters`: filter-normalised (Li et al., Visualizing the Loss Landscape of Neural Nets, 2018): the part of a direction that belongs to
    one filter or neuron is as long as its weights. A tensor of fewer than two axes counts as one filter. Otherwise the directions have
    length 1 and are orthogonal.
    """

    filters: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """Along the two main directions (PCA) of the differences between the steps of this run and the present numbers."""


@dataclass(frozen=True, slots=True)
class Curvature:
    """Along the eigenvectors of the Hessian that have the largest and the second largest eigenvalue."""


Plane = Numbers | Gradient | Random | Path | Curvature


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A plane in the space of the numbers `of`: origin + u · across + v · up. `of` are whole tensors with their `shapes`, or single
    entries; `origin`, `across` and `up` are (p,), in their order.

    Compared by identity: it is large, and the window hands back the one that it was given.
    """

    of: tuple[Address, ...]
    shapes: tuple[tuple[int, ...], ...]
    origin: Floats
    across: Floats
    up: Floats

    def place(self, u: float | Floats, v: float | Floats) -> Floats:
        """The numbers (p,) at a point of the plane, or (N, p) at points with (N, 1) coordinates."""
        numbers: Floats = self.origin + u * self.across + v * self.up
        return numbers

    def coordinates(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Of the nearest point of the plane, (N, 2), for numbers (N, p), and the Euclidean distance (N,) from it."""
        basis = np.stack([self.across, self.up], axis=1)
        gone = numbers - self.origin
        along = gone @ np.linalg.pinv(basis).T
        return along, np.linalg.norm(gone - along @ basis.T, axis=1)


@dataclass(frozen=True, slots=True)
class SurfaceJob(Job):
    """Evaluates the objective on a grid over a plane. The answer is a `Surface`; nothing changes.

    Where the network is trained with data, it is the objective over the whole training part, in training mode, with the random numbers
    of the coming step. `box` None: around the present values. `frame`: stay in the plane that was answered before, although the network
    may have left it; None: through the present values.
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
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Surface:
    """`f[j, i]` is the objective at `xs[i]`, `ys[j]`, NaN or infinite where it is not a finite number. `here` is the point of the plane
    nearest to where the network is, with the objective there, and `distance` how far the network is from it (0: it is in the plane).
    `rows`: over how many samples it was computed, 0 for a graph without data.

    Once, when the directions are found: `eigenvalues` of the Hessian along both, where they are its eigenvectors; `shares` of the squared
    distances of a path that lie along its main directions, the second 0 for a straight path, whose second direction is random.
    """

    stamp: Stamp
    plane: Plane
    names: tuple[str, str]
    xs: Floats
    ys: Floats
    f: Floats
    here: tuple[float, float, float]
    rows: int
    frame: Frame
    distance: float = 0.0
    eigenvalues: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def box(self) -> Box:
        return float(self.xs[0]), float(self.xs[-1]), float(self.ys[0]), float(self.ys[-1])


@dataclass(frozen=True, slots=True)
class PathsJob(Job):
    """Where the runs went, seen in a plane. The answer is `Paths`. The steps of the present run are made again on a copy; of other runs,
    branches and rivals, the states that are kept are shown."""

    done_by: ClassVar[str] = "engine.learned.surface.paths:paths"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    structure: int = 0
    revision: int = 0
    run: int = 0
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class RunPath:
    """The nearest points of the plane (T, 2), and the distance (T,) from it, after each of `steps`. `whole`: no step is left out."""

    run: int
    steps: tuple[int, ...]
    at: Floats
    distance: Floats
    whole: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """`own` is the present run, from its first step that is known; None, and `why`, where its steps cannot be made again."""

    stamp: Stamp
    plane: Plane
    own: RunPath | None
    others: tuple[RunPath, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class MarksJob(Job):
    """What the derivatives say at the point of the plane nearest to the network, and where the coming step leads. The answer: `Marks`."""

    done_by: ClassVar[str] = "engine.learned.surface.marks:marks"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    structure: int = 0
    revision: int = 0
    run: int = 0
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """At the point `at` of the plane: the objective there, its derivatives by the plane's coordinates, `gradient` (2,) and `hessian`
    (2, 2), and the `descent` (2,), the direction in the plane in which it falls fastest for its length there.

    `norm` is the length of the whole gradient. `step` (2,) is the move that the optimizer makes next, seen in the plane, and `leaves` how
    far it is from the plane afterwards; None where there is no coming step.
    """

    stamp: Stamp
    plane: Plane
    at: tuple[float, float]
    value: float
    gradient: Floats
    hessian: Floats
    descent: Floats
    norm: float
    step: Floats | None = None
    leaves: float = 0.0


@dataclass(frozen=True, slots=True)
class StationaryJob(Job):
    """Looks for points of the plane, within a box, where the objective is stationary along both directions: Newton's method from where
    the grid is flattest. The answer is a `StationaryPoints`: those that were found, which need not be all."""

    done_by: ClassVar[str] = "engine.learned.surface.stationary:find"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    plane: Plane
    box: Box
    structure: int = 0
    revision: int = 0
    run: int = 0
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class StationaryPoint:
    """`eigenvalues` of the Hessian by the plane's coordinates, the larger first; `kind` follows from them. `norm` is the length of the
    gradient along the plane, `whole` that of the gradient by all numbers of the network."""

    at: tuple[float, float]
    value: float
    eigenvalues: tuple[float, float]
    kind: Stationary
    norm: float
    whole: float


@dataclass(frozen=True, slots=True)
class StationaryPoints:
    stamp: Stamp
    plane: Plane
    points: tuple[StationaryPoint, ...]


def box_around(path: Floats, margin: float = 0.35) -> Box | None:
    """The plane about a path (N, 2): with some room around it, at least a hundredth of its numbers; None where it is not finite."""
    finite = path[np.isfinite(path).all(axis=1)]
    if not len(finite):
        return None
    low, high = finite.min(axis=0), finite.max(axis=0)
    span = np.maximum(high - low, 0.01 * np.maximum(np.abs(low), np.abs(high)))
    span = np.where(span > 0, span, 1.0)
    span = np.maximum(span, 0.15 * span.max())
    middle = (low + high) / 2
    low, high = middle - (0.5 + margin) * span, middle + (0.5 + margin) * span
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])
