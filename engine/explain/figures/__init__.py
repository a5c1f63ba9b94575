"""Figures of a lecture, computed from the graph's own numbers: slice, descent, margin losses, separating line, costs of both modes.

A figure is lines, bands, points and arrows in a plane. How each kind is computed is in `answer`; every view draws all kinds alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.explain.question import Question
from graph.model.address import Address

KINDS = ("slice", "descent", "margins", "line", "costs")
"""The objective along one number, with its secant; a step against the gradient; all losses against the margin; w·x + b = 0;
multiplications of naive differentiation and of backpropagation against the depth of a network, which is none of the graph."""
Role = Literal["value", "gradient", "second", "third", "fourth", "fifth", "right", "wrong", "quiet"]


@dataclass(frozen=True, slots=True)
class FigureOf(Question):
    """Asks for a figure about the number at `place`. The answer is a `Figure`.

    `epsilon` is the step of a slice's secant. `labels` holds the classes +1 and −1 of a separating line's points, and `rate` the
    learning rate of the update it shows.
    """

    answered_by: ClassVar[str] = "engine.explain.figures.answer:figure"
    kind: str
    place: Address
    epsilon: float | None = None
    labels: Address | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Through these points; `of_gradient`: it would show a hidden gradient."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    name: str
    role: Role
    dashed: bool = False
    of_gradient: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    role: Role
    name: str = ""
    of_gradient: bool = False
    small: bool = False
    """One of many, which must not cover the lines."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From (x, y) by (dx, dy)."""

    x: float
    y: float
    dx: float
    dy: float
    name: str
    role: Role
    of_gradient: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Between `low` and `high` above each x."""

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    role: Role


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table below a figure, in the colour of the line it belongs to; None where there is no number."""

    name: str
    role: Role
    numbers: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """`numbers` are named numbers said beside it; `room` is (left, right, bottom, top) of the part to show, `square` its axes alike."""

    kind: str
    place: Address
    across: str
    up: str
    lines: tuple[Line, ...]
    points: tuple[Point, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    room: tuple[float, float, float, float] | None = None
    square: bool = False
    note: str = ""
    bands: tuple[Band, ...] = ()
    ticks: tuple[str, ...] = ()
    """Words at 0, 1, 2 … of the axis that runs to the right, in place of numbers."""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    """A table of numbers under `columns`; it names the lines, too."""


@dataclass(frozen=True, slots=True)
class ObjectiveFigure(Figure):
    """One that shows the objective's course: not drawn while values are hidden."""
