"""The Hessian as a figure of a lecture: the objective along each eigenvector, through the place where the numbers are."""

from __future__ import annotations

import numpy as np
import torch

from engine.curvature.point import Point, point_at
from engine.curvature.spectrum import Eigen, Floats, HessianFigure
from engine.curvature.spectrum.eigen import eigen
from engine.explain.context import ExplainContext
from engine.explain.figures import Line, ObjectiveFigure, Role, Row
from engine.explain.figures import Point as Mark
from engine.explain.question import Unanswerable
from graph.formula.latex import LOWERED_DIGITS, display_name
from graph.model.address import Address
from graph.model.graph import Graph
from graph.model.trained_numbers import trained_name
from graph.text.messages import _

MOST, POINTS, REACH = 4, 81, 1.0
"""So many numbers at most; points of each line, and how far it goes to both sides."""
ROLES: tuple[Role, ...] = ("value", "gradient", "second", "third")


def figure(context: ExplainContext, question: HessianFigure) -> ObjectiveFigure:
    """Raises Unanswerable."""
    model = context.model
    objective = model.program(training=True).objective
    point = point_at(model, None if question.place.key == objective else [_learned(model.graph, question.place)])
    count = len(point.here)
    if count > MOST:
        raise Unanswerable(_("The figure shows the Hessian of up to {most} numbers.").format(most=MOST))
    matrix = point.hessian().double().cpu().numpy()
    found = eigen(matrix, float(torch.finfo(point.here.dtype).eps))
    if found is None:
        raise Unanswerable(_("The Hessian has entries that are not finite numbers, so it has no eigenvalues."))
    names = [display_name(trained_name(model.graph, place)) for place in point.places]
    rows = tuple(
        Row(f"v{str(i + 1).translate(LOWERED_DIGITS)}", ROLES[i], (_rounded(found, i), *map(float, found.vectors[:, i])))
        for i in range(count)
    )
    entries = "; ".join(", ".join(f"{value:.4g}".replace("-", "−") for value in row) for row in matrix + 0.0)
    return ObjectiveFigure(
        "hessian", question.place, _("distance along the eigenvector"), "f", tuple(_lines(point, found)),
        (Mark(0.0, float(point.value()), "value"),), note=_("∇²f = ({entries})").format(entries=entries), columns=("λ", *names), rows=rows,
    )  # fmt: skip


def _learned(graph: Graph, place: Address) -> Address:
    """The learned tensor, where its node is named."""
    spec = graph.spec(place.id)
    return Address("parameter", place.id, spec.parameters[0].name) if place.kind == "output" and spec.role == "parameter" else place


def _rounded(found: Eigen, i: int) -> float:
    """The eigenvalue, and 0 where it is round-off."""
    value = float(found.values[i])
    return value if abs(value) > found.tolerance else 0.0


def _lines(point: Point, found: Eigen) -> list[Line]:
    reach = np.linspace(-REACH, REACH, POINTS)
    lines = []
    for i in range(len(found.values)):
        places: Floats = reach[:, None] * found.vectors[:, i][None]
        values = point.values(point.here + torch.as_tensor(places, dtype=point.here.dtype, device=point.here.device))
        lines.append(Line(tuple(reach.tolist()), tuple(values.double().tolist()), f"v{str(i + 1).translate(LOWERED_DIGITS)}", ROLES[i]))
    return lines
