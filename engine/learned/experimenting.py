"""What an experiment shows of its runs: measures with their spread over the seeds, or fitted curves."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.explain.figures import Band, Figure, Line, Point, Row
from engine.explain.question import Unanswerable
from engine.learned.evaluate import evaluate
from engine.learned.experiment import Experiment
from engine.learned.experiment_runs import ROLES, named_variant, trained
from engine.learned.least_squares import way_of_weights
from engine.learned.reading import reading
from engine.numerics.job import JobReport, Steps
from engine.training.state import state_key
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from engine.training.model import Model
    from graph.model.address import Address
    from graph.model.graph import Graph

CURVE_POINTS = 201
TOP = 3.0
"""The plot ends at so many times the largest median: a band may leave it."""

Read = Mapping[str, float]
MEASURES: Mapping[str, Callable[[Read, Read], float]] = {
    "train": lambda train, _test: train["loss"],
    "test": lambda _train, test: test["loss"],
    "gap": lambda train, test: test["loss"] - train["loss"],
    "train_error": lambda train, _test: 1 - train["accuracy"],
    "test_error": lambda _train, test: 1 - test["accuracy"],
}


VALUE = "value"
"""What the parameter node of an experiment was trained to, a single number."""


def named(measure: str) -> str:
    """What a measure is called on the plot."""
    return {
        "train": _("training loss"), "test": _("test loss"), "gap": _("generalization gap"),
        "train_error": _("training error"), "test_error": _("test error"), VALUE: _("value after training"),
    }[measure]  # fmt: skip


def experiment(situation: ExplainContext, job: Experiment) -> Steps:
    """The job. Raises Unanswerable where a variant cannot be trained or measured."""
    if "curve" in job.show:
        return (yield from _curves(situation.graph, job))
    if "weights" in job.show:
        return (yield from way_of_weights(situation.graph, job))
    results: dict[tuple[str, str], dict[str, list[float]]] = {}
    total = len(job.variants) * job.seeds
    for done, (variant, seed) in enumerate((variant, seed) for variant in job.variants for seed in range(job.seeds)):
        model = yield from trained(situation.graph, variant, seed, JobReport(done, total))
        train, test = model.evaluate("train"), model.evaluate("test") if model.feeds.rows["test"] else {}
        row = results.setdefault((variant.name, variant.at), {})
        for measure in job.show:
            if measure == VALUE:
                row.setdefault(measure, []).append(_trained_value(model, job.place))
                continue
            try:
                row.setdefault(measure, []).append(MEASURES[measure](train, test))
            except KeyError:
                raise Unanswerable(_("There is no {measure} in this graph.").format(measure=named(measure))) from None
    return _plot(job, results)


def _trained_value(model: Model, place: Address) -> float:
    tensor = model.state.parameters.get(state_key((place.id, "value")))
    if tensor is None or tensor.numel() != 1:
        raise Unanswerable(_("The value of an experiment is that of a Parameter with one number."))
    return float(tensor)


def _plot(job: Experiment, results: Mapping[tuple[str, str], Mapping[str, Sequence[float]]]) -> Figure:
    ticks = tuple(dict.fromkeys(variant.at for variant in job.variants))
    names = tuple(dict.fromkeys(variant.name for variant in job.variants))
    lines, bands, points, rows = [], [], [], []
    wanted = [(name, measure) for name in names for measure in job.show]
    for role, (name, measure) in zip(ROLES, wanted, strict=False):
        found = [(float(x), results[name, at][measure]) for x, at in enumerate(ticks) if (name, at) in results]
        across = tuple(x for x, _values in found)
        medians = tuple(_median(values) for _x, values in found)
        title = name if name and len(job.show) == 1 else f"{name}: {named(measure)}" if name else named(measure)
        lines.append(Line(across, medians, title, role))
        bands.append(Band(across, tuple(min(v) for _x, v in found), tuple(max(v) for _x, v in found), role))
        points += [Point(x, y, role) for x, y in zip(across, medians, strict=True)]
        known = dict(zip(across, medians, strict=True))
        rows.append(Row(title, role, tuple(known.get(float(x)) for x in range(len(ticks)))))
    several = _("Medians of {count} runs with the seeds 0 to {last}; bands from the smallest to the largest.")
    note = several if job.seeds > 1 else _("One run with the seed 0.")
    up = named(job.show[0]) if len(job.show) == 1 else ""
    return Figure(
        "experiment", job.place, job.across, up, tuple(lines), tuple(points), (), (), _room(lines, bands, len(ticks)),
        note=note.format(count=job.seeds, last=job.seeds - 1), bands=tuple(bands), ticks=ticks, columns=ticks, rows=tuple(rows),
    )  # fmt: skip


def _median(values: Sequence[float]) -> float:
    """NaN where a run ended with NaN: such a run has no place in an order."""
    return math.nan if any(map(math.isnan, values)) else statistics.median(values)


def _room(lines: Sequence[Line], bands: Sequence[Band], ticks: int) -> tuple[float, float, float, float] | None:
    medians = [y for line in lines for y in line.y if math.isfinite(y)]
    extremes = [y for band in bands for y in (*band.low, *band.high) if math.isfinite(y)]
    if not medians:
        return None
    largest = max(map(abs, medians)) or 1.0
    top, bottom = min(max(extremes), TOP * largest), max(min(0.0, *extremes), -TOP * largest)
    return -0.3, ticks - 0.7, bottom - 0.04 * (top - bottom), top + 0.08 * (top - bottom)


def _curves(graph: Graph, job: Experiment) -> Steps:
    """The prediction of each variant over the only feature, with the training samples, and where ReLU units begin and end."""
    lines: list[Line] = []
    points: list[Point] = []
    heights: list[float] = []
    table: list[Row] = []
    for done, (role, variant) in enumerate(zip(ROLES, job.variants, strict=False)):
        model = yield from trained(graph, variant, 0, JobReport(done, len(job.variants)))
        read = reading(model.compiled)
        node = next((node for node, port in model.feeds.train if port == "x"), None)
        if node is None or model.inference.outputs[node, "x"].dims not in ((), (1,)):
            raise Unanswerable(_("A curve needs data with one feature."))
        rows = model.feeds.train[node, "x"].cpu().numpy()
        x = np.linspace(float(rows.min()), float(rows.max()), CURVE_POINTS)
        if not points:
            target = model.feeds.train[read.target].cpu().numpy().reshape(-1)
            heights = [float(y) for y in target]
            points = [Point(float(a), float(b), "quiet", small=True) for a, b in zip(rows.reshape(-1), target, strict=True)]
        fed = x.reshape(len(x), *rows.shape[1:])
        relus = [edge.source for edge in model.graph.edges.values() if model.graph.nodes[edge.target[0]].type == "activation.relu"]
        values = evaluate(model, {node: fed}, [read.prediction, *relus])
        y = values[read.prediction].reshape(-1)
        lines.append(Line(tuple(x.tolist()), tuple(y.tolist()), named_variant(job, variant), role))
        table.append(Row(named_variant(job, variant), role, (model.evaluate("train")["loss"],)))
        points += [Point(a, b, role) for a, b in _kinks(x, y, [values[key].reshape(len(x), -1) for key in relus])]
    room = float(x[0]), float(x[-1]), min(heights) - 0.3, max(heights) + 0.3
    note = _("Dots on a curve: where a ReLU unit switches on or off, so where one straight piece ends.")
    kinked = any(point.role != "quiet" for point in points)
    return Figure(
        "experiment", job.place, "x", "y", tuple(lines), tuple(points), (), (), room, note=note if kinked else "",
        columns=(named("train"),), rows=tuple(table),
    )  # fmt: skip


def _kinks(x: np.ndarray, y: np.ndarray, sums: Sequence[np.ndarray]) -> list[tuple[float, float]]:
    """Where a unit's weighted sum (N, units) changes its sign, between two neighbours of x, and the height of the curve there."""
    found = []
    for each in sums:
        before, unit = np.nonzero((each[:-1] > 0) != (each[1:] > 0))
        low, high = each[before, unit], each[before + 1, unit]
        at = x[before] + (x[before + 1] - x[before]) * low / (low - high)
        found += [(float(a), float(np.interp(a, x, y))) for a in at]
    return sorted(found)
