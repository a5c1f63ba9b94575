"""The way of two weights through the bowl of a squared error, and the solution of the normal equations, where every way ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.explain.figures import Figure, Line, Point, Role, Row
from engine.explain.question import Unanswerable
from engine.learned.experiment import Experiment
from engine.learned.experiment_runs import named_variant, variant_of
from engine.numerics.job import JobReport, Steps
from engine.training.model import Model
from engine.training.run import Run
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

STEPS = 2000
"""Of training that are drawn, at most."""
WAYS: tuple[Role, ...] = ("gradient", "value", "quiet", "second", "fifth")
LEVELS = (1.0, 0.4, 0.1, 0.01)
"""Heights above the bottom that are drawn, as parts of the height where the first way begins."""


def way_of_weights(graph: Graph, job: Experiment) -> Steps:
    """A figure: each variant's weights after every step, from the initial values of the document on."""
    lines: list[Line] = []
    points: list[Point] = []
    rows: list[Row] = []
    solution, bowl = np.zeros(3), np.eye(2)
    for done, (role, variant) in enumerate(zip(WAYS, job.variants, strict=False)):
        model = Model(variant_of(graph, variant, 0))
        run = Run(model).prepare()
        solution, bowl = closed_form(model, job.place.id)
        way = [_weights(model, job.place.id)]
        while not run.finished and len(way) <= STEPS:
            run.train(max_steps=1)
            way.append(_weights(model, job.place.id))
            if len(way) % 10 == 0:
                yield JobReport(done, len(job.variants))
        if not lines:
            lines += _levels(solution[:2], bowl, way[0][:2])
        x, y, _bias = (tuple(float(v) for v in column) for column in zip(*way, strict=True))
        lines.append(Line(x, y, named_variant(job, variant), role))
        points += [Point(a, b, role, small=True) for a, b in list(zip(x, y, strict=True))[:30]]
        points.append(Point(x[-1], y[-1], role))
        rows.append(Row(_("{method}, {steps} steps").format(method=named_variant(job, variant), steps=len(way) - 1), role, way[-1]))
    points.append(Point(float(solution[0]), float(solution[1]), "right", "w*"))
    rows.append(Row(_("normal equations, w*"), "right", tuple(solution.tolist())))
    across = np.concatenate([line.x for line in lines]), np.concatenate([line.y for line in lines])
    room = tuple(float(end) for side in across for end in (side.min() - 0.3, side.max() + 0.3))
    return Figure(
        "experiment", job.place, "w₁", "w₂", tuple(lines), tuple(points), (), (), room, square=True,  # type: ignore[arg-type]
        note=_("The ellipses join weights of equal loss, with the best b for each."), columns=("w₁", "w₂", "b"), rows=tuple(rows),
    )  # fmt: skip


def closed_form(model: Model, node: str) -> tuple[np.ndarray, np.ndarray]:
    """The weights and the bias (w₁, w₂, b) that solve the normal equations of the training samples, and the bowl's matrix (2, 2): the
    mean squared error above its least value is dᵀCd for weights that differ by d from the best ones. Raises Unanswerable."""
    graph, feeds = model.graph, model.feeds
    inputs = graph.inputs_of(node)
    source = next((edge.source for edge in inputs if edge.target[1] == "x"), None)
    end = next((edge.target[0] for edge in graph.edges.values() if edge.source[0] == node and graph.spec(edge.target[0]).loss), None)
    target = next((edge.source for edge in graph.inputs_of(end) if edge.source[0] != node), None) if end is not None else None
    if source not in feeds.train or target not in feeds.train or feeds.train[source].shape[1:] != (2,):
        raise Unanswerable(_("The normal equations need a linear node with two features of the data, and a loss with the data's target."))
    x = feeds.train[source].double().cpu().numpy()
    y = feeds.train[target].double().cpu().numpy().reshape(-1)
    design = np.column_stack([x, np.ones(len(x))])
    solution = np.linalg.solve(design.T @ design, design.T @ y)
    centred = x - x.mean(0)
    return solution, centred.T @ centred / len(x)


def _weights(model: Model, node: str) -> tuple[float, float, float]:
    values = model.values()
    w, b = values[node, "W"].reshape(-1), values.get((node, "b"))
    return float(w[0]), float(w[1]), float(b.reshape(-1)[0]) if b is not None else 0.0


def _levels(best: np.ndarray, bowl: np.ndarray, start: tuple[float, ...]) -> list[Line]:
    away = np.array(start) - best
    height = float(away @ bowl @ away)
    values, axes = np.linalg.eigh(bowl)
    angles = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    rings = [best[:, None] + axes @ (circle * np.sqrt(height * share / values)[:, None]) for share in LEVELS]
    names = (_("equal loss"), *[""] * (len(LEVELS) - 1))
    return [Line(tuple(ring[0].tolist()), tuple(ring[1].tolist()), name, "fourth") for name, ring in zip(names, rings, strict=True)]
