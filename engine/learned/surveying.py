"""Looks at all samples of a Data node: points, histograms and class counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.data.loading import DataSet
from engine.data.parts import PARTS
from engine.data.specs import DATA_SETS
from engine.explain.context import ExplainContext
from engine.learned.picturing import as_bytes, picture_shape
from engine.learned.readouts.bins import bin_edges
from engine.learned.sample_columns import class_numbers, data_of, feature_names, joined, model_of, settings_text, target_names
from engine.learned.table import MOST, MOST_COLUMNS, Survey, SurveyJob
from engine.numerics.job import JobReport, Steps

BINS = 24
"""Bins of a histogram; a column of fewer distinct whole numbers has one for each."""
WHOLE = 2.0**50
"""Below it, halves lie between whole numbers."""
FIRST_PICTURES = 200


def survey(context: ExplainContext | None, job: SurveyJob) -> Steps:
    """The job. Raises JobError where the data could not be read."""
    model = model_of(context)
    data = data_of(model, job.node)
    dataset = model.graph.setting(job.node, "dataset")
    return _survey(data, settings_text(model, job.node), DATA_SETS[dataset].made or dataset == "points", job)


def _survey(data: DataSet, of: str, plane: bool, job: SurveyJob) -> Steps:
    columns = list(_drawable(data))
    names = tuple(name for name, _place in columns)
    classes = class_numbers(data)
    kinds = max(len(data.description.classes), 1)
    across, up = _axes(data, names, job)
    histograms = []
    for at in range(min(len(names), MOST_COLUMNS)):
        yield JobReport(at, len(names))
        values = joined(data, *columns[at][1])
        edges = bins(values)
        counts = np.stack([np.histogram(values[classes == kind], edges)[0] for kind in range(kinds)])
        histograms.append((names[at], edges, counts))
    total = data.description.rows
    samples = np.unique(np.linspace(0, total - 1, min(MOST, total)).round().astype(np.int64))
    x, y = (joined(data, *columns[at][1])[samples] for at in (across, up))
    ends = np.cumsum([len(data.part(part)) for part in PARTS])
    parts = np.split(classes, ends[:-1])
    counts = np.stack([np.bincount(part, minlength=kinds) for part in parts], axis=1)
    return Survey(
        of, data.description, names, across, up, x, y, classes[samples], samples, tuple(histograms), counts, plane, _pictures(data)
    )  # fmt: skip


def _drawable(data: DataSet) -> Iterator[tuple[str, tuple[str, int]]]:
    """Name and place of every column that can be drawn."""
    for at, name in enumerate(feature_names(data)):
        yield name, ("x", at)
    if not data.description.classes:
        for at, name in enumerate(target_names(data)):
            yield name, ("y", at)


def _axes(data: DataSet, names: tuple[str, ...], job: SurveyJob) -> tuple[int, int]:
    """The columns that are drawn: those that were asked for, else the first two features, or the only one and the target."""
    features = len(feature_names(data))
    first = job.across if 0 <= job.across < len(names) else 0
    second = job.up if 0 <= job.up < len(names) else (1 if features > 1 else len(names) - 1)
    return first, second


def bins(values: np.ndarray) -> np.ndarray:
    """The edges of a column's bins: of equal width, or one around each whole number where these are few."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.array([0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    if high - low < BINS and max(-low, high) < WHOLE and bool((known == np.round(known)).all()):
        return np.arange(low - 0.5, high + 1.0)
    return bin_edges(known, BINS)


def _pictures(data: DataSet) -> np.ndarray | None:
    """The first training samples as bytes (`as_bytes`); None where they are no pictures."""
    shape = picture_shape(data.description)
    return None if shape is None else as_bytes(data.train.of(slice(FIRST_PICTURES)).reshape(-1, *shape))
