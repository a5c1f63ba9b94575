"""Which plane is meant: its origin, its two directions, and what they are called."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.curvature.largest import Largest, begun, largest
from engine.curvature.point import Point, point_at
from engine.curvature.spectrum.eigen import eigen, oriented
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.surface import EXACT, Box, Curvature, Floats, Frame, Gradient, Numbers, Plane, Random, box_around
from engine.learned.track.walk import Walk
from engine.numerics.job import JobReport, Steps
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.model.address import Address
from graph.model.trained_numbers import number_name
from graph.text.messages import _

PRECISE, FEWEST, PRODUCTS = 1e-6, 10, 300
"""Lanczos' method ends where the error is this share of the largest size of an eigenvalue: after so many products at least and at most."""


@dataclass(frozen=True, slots=True)
class Directions:
    """A plane that was found, with the names of its axes, and where it is looked at first (None: around the present numbers)."""

    frame: Frame
    names: tuple[str, str]
    box: Box | None = None
    eigenvalues: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()


def point_of(model: Model, plane: Plane, frame: Frame | None) -> Point:
    """The objective as a function of the numbers that the plane lies in. Raises Unanswerable."""
    if isinstance(plane, Numbers):
        return point_at(model, [plane.x, plane.y])
    point = point_at(model)
    if frame is not None and (frame.of, frame.shapes) != _tensors(point):
        raise Unanswerable(_("The graph has other numbers than this plane was made for."))
    if len(point.here) < 2:
        raise Unanswerable(_("The objective depends on one number only: a plane needs two."))
    return point


def derive(context: ExplainContext, plane: Plane, frame: Frame | None, point: Point) -> Steps:
    """Steps to the `Directions` of a plane through the present numbers, or with the frame that was found before. Raises Unanswerable."""
    if isinstance(plane, Numbers):
        return _numbers(context.model, plane)
    return _derived(context, plane, frame, point)


def _numbers(model: Model, plane: Numbers) -> Steps:
    yield JobReport()
    names = number_name(model.graph, plane.x), number_name(model.graph, plane.y)
    return Directions(of_numbers(plane), names)


def of_numbers(plane: Numbers) -> Frame:
    """The plane whose coordinates are the two numbers themselves."""
    return Frame((plane.x, plane.y), ((), ()), np.zeros(2), np.eye(2)[0], np.eye(2)[1])


def _derived(context: ExplainContext, plane: Plane, frame: Frame | None, point: Point) -> Steps:
    if frame is not None:
        yield JobReport()
        return Directions(frame, names_of(plane))
    here = point.here.double().cpu().numpy()
    reach = max(1.0, 0.5 * float(np.linalg.norm(here)))
    box: Box | None = (-reach, reach, -reach, reach)
    eigenvalues: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    if isinstance(plane, Random):
        across, up = _random(point, here, plane)
        if plane.filters:
            box = (-1.0, 1.0, -1.0, 1.0)
    elif isinstance(plane, Gradient):
        across, up = yield from _gradient(point, plane)
    elif isinstance(plane, Curvature):
        eigenvalues, across, up = yield from leading(point)
    else:
        across, up, box, shares = yield from _path(context, point, here)
    yield JobReport()
    of, shapes = _tensors(point)
    return Directions(Frame(of, shapes, here, across, up), names_of(plane), box, eigenvalues, shares)


def names_of(plane: Plane) -> tuple[str, str]:
    """The names of the axes of a plane that is not one of two numbers."""
    if isinstance(plane, Gradient):
        return _("along −∇f"), _("leading eigenvector, orthogonal to ∇f") if plane.curved else _("random direction, orthogonal to ∇f")
    if isinstance(plane, Random):
        return _("first random direction"), _("second random direction")
    if isinstance(plane, Curvature):
        return _("eigenvector of the largest eigenvalue"), _("eigenvector of the second largest eigenvalue")
    return _("first main direction of the path"), _("second main direction of the path")


def _tensors(point: Point) -> tuple[tuple[Address, ...], tuple[tuple[int, ...], ...]]:
    """The whole tensors that the numbers of a point are, with their shapes."""
    return tuple(address for address, _size in point.tensors), point.shapes


# Directions


def _unit(direction: Floats) -> Floats:
    size = float(np.linalg.norm(direction))
    if not np.isfinite(size) or size == 0:
        raise Unanswerable(_("The gradient is zero or not finite here, so it has no direction."))
    return direction / size


def _beside(direction: Floats, first: Floats) -> Floats:
    """The part of a direction that is orthogonal to the first one, which has length 1, at length 1."""
    rest = direction - (direction @ first) * first
    rest = rest - (rest @ first) * first  # once more: the first time leaves round-off where both are nearly parallel
    return _unit(rest)


def _drawn(point: Point, seed: int) -> Iterator[Floats]:
    random = np.random.default_rng(seed)
    while True:
        yield random.standard_normal(len(point.here))


def _random(point: Point, here: Floats, plane: Random) -> tuple[Floats, Floats]:
    draws = _drawn(point, plane.seed)
    first, second = next(draws), next(draws)
    if plane.filters:
        first, second = _as_filters(point, here, first), _as_filters(point, here, second)
        if not (np.isfinite(first).all() and first.any()):
            raise Unanswerable(_("The weights are all 0, or not all are finite: filter-normalised directions need their lengths."))
        return first, second
    first = _unit(first)
    return first, _beside(second, first)


def _as_filters(point: Point, here: Floats, direction: Floats) -> Floats:
    result, at = np.empty_like(direction), 0
    for shape in _tensors(point)[1]:
        filters = shape[0] if len(shape) > 1 else 1
        size = int(np.prod(shape)) // filters
        part = slice(at, at + filters * size)
        drawn, weights = direction[part].reshape(filters, size), here[part].reshape(filters, size)
        lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
        result[part] = (drawn / lengths * np.linalg.norm(weights, axis=1, keepdims=True)).reshape(-1)
        at += filters * size
    return result


def _gradient(point: Point, plane: Gradient) -> Generator[JobReport, None, tuple[Floats, Floats]]:
    first = _unit(-point.gradient().double().cpu().numpy())
    if plane.curved:
        _values, *vectors = yield from leading(point)
        second = next(vector for vector in vectors if 1 - abs(float(vector @ first)) > 1e-6)
    else:
        second = next(_drawn(point, plane.seed))
    return first, _beside(second, first)


def leading(point: Point) -> Generator[JobReport, None, tuple[tuple[float, float], Floats, Floats]]:
    """Steps to the two largest eigenvalues of the Hessian, the larger first, with their eigenvectors. Raises Unanswerable.

    Of more than `EXACT` numbers they are found one after the other by Lanczos' method: the second at right angles to the first eigenvector,
    so that an eigenvalue that the Hessian has twice is found twice.
    """
    if len(point.here) <= EXACT:
        spectrum = eigen(point.hessian().double().cpu().numpy())
        if spectrum is None:
            raise Unanswerable(_("The second derivatives are not finite here."))
        return (float(spectrum.values[0]), float(spectrum.values[1])), spectrum.vectors[:, 0], spectrum.vectors[:, 1]
    first = yield from _largest(point, None)
    second = yield from _largest(point, first.vector)
    vectors = oriented(torch.stack([first.vector, second.vector], dim=1).numpy())
    return (first.value, second.value), vectors[:, 0], vectors[:, 1]


def _largest(point: Point, beside: Tensor | None) -> Generator[JobReport, None, Largest]:
    """The largest eigenvalue, among directions at right angles to the eigenvector `beside` where one is given."""

    def across(direction: Tensor) -> Tensor:
        return direction if beside is None else direction - (beside @ direction) * beside

    def product(direction: Tensor) -> Tensor:
        return across(point.product(across(direction).to(point.here)).double().cpu())

    work, made = largest(product, across(begun(None, len(point.here), int(beside is not None))), PRECISE, FEWEST, PRODUCTS), 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Largest = end.value
            break
        made += 1
        yield JobReport(made, PRODUCTS)
    if not np.isfinite(found.value):
        raise Unanswerable(_("The second derivatives are not finite here."))
    if found.products >= PRODUCTS and found.error > PRECISE * abs(found.value):
        raise Unanswerable(_("The leading eigenvectors were not found with {count} products of the Hessian.").format(count=PRODUCTS))
    return found


def _path(context: ExplainContext, point: Point, here: Floats) -> Steps:
    if context.run is None:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    try:
        walk = Walk(context.run, point)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    for made in walk.turns():
        yield JobReport(made, walk.last - walk.first)
    gone = walk.numbers - here
    gone = gone[np.isfinite(gone).all(axis=1)]
    if len(gone) < 2 or not gone.any():
        raise Unanswerable(_("The run has not moved yet, so its path has no directions."))
    _left, sizes, right = np.linalg.svd(gone, full_matrices=False)
    shares = sizes**2 / (sizes**2).sum()
    straight = len(sizes) < 2 or shares[1] < 1e-20
    vectors = oriented(right.T)
    first = vectors[:, 0]
    second = _beside(next(_drawn(point, 0)), first) if straight else vectors[:, 1]
    return first, second, box_around(gone @ np.stack([first, second], axis=1)), (float(shares[0]), 0.0 if straight else float(shares[1]))
