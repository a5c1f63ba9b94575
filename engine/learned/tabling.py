"""The table of a Data node's samples: which rows in which order, and their cells."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.compile.views import Stamp
from engine.data.loading import DataSet
from engine.data.parts import PARTS, Part
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.predicting import predictions
from engine.learned.predictions import Predictions, PredictionsJob
from engine.learned.reading import Reading, reading
from engine.learned.row_filter import FilterError, chosen
from engine.learned.sample_columns import class_numbers, classes_of, data_columns, data_of, joined, model_of, settings_text, target_names
from engine.learned.table import Column, Rows, RowsJob, Table, TableJob, place_of
from engine.numerics.job import JobError, JobReport, Steps, share_of
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.text.messages import _


@dataclass(slots=True)
class _Source:
    """The samples of one node, and what can be predicted for them; `why` says why nothing can."""

    data: DataSet
    of: str
    columns: tuple[Column, ...]
    counts: dict[Part, int]
    predicted: bool
    why: str


def _source(model: Model, node: str, wanted: bool) -> _Source:
    data = data_of(model, node)
    counts = data.description.part_rows
    why = ""
    columns: tuple[Column, ...] = ()
    if wanted:
        try:
            read = reading(model.compiled)
            model.program(training=False, outputs=(read.prediction, read.target))
            columns = _predicted_columns(read)
        except (Unanswerable, RunError) as error:
            why, columns = str(error), ()
    return _Source(data, settings_text(model, node), data_columns(data, columns), counts, bool(columns), why)


def _predicted_columns(read: Reading) -> tuple[Column, ...]:
    loss = Column(_("loss"), "loss")
    if read.right is None:
        named = [_("prediction")] if len(read.names) == 1 else [_("prediction of {name}").format(name=name) for name in read.names]
        return (*(Column(name, "prediction") for name in named), loss)
    probable = (Column(_("probability"), "confidence"),) if read.probability else ()
    return (Column(_("prediction"), "predicted class", True), *probable, loss)


def table(context: ExplainContext | None, job: TableJob) -> Steps:
    """The job. Raises JobError with what is wrong with the expression."""
    return _table(ExplainContext(model_of(context)), job, _source(model_of(context), job.node, job.predictions))


def _table(context: ExplainContext, job: TableJob, source: _Source) -> Steps:
    data, total = source.data, source.data.description.rows
    predicted: dict[Column, np.ndarray] = {}
    stamp: Stamp | None = None
    if source.predicted and _needs_predictions(job, source):
        stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
        yield from share_of(_predict(context, source, job.test, predicted), 0, 800)
    yield JobReport(800, 1000)

    def values(column: Column) -> np.ndarray:
        return predicted[column] if column in predicted else _values(data, column, source.columns)

    order = np.arange(total, dtype=np.int32)
    if job.where.strip():
        try:
            batch = np.isin(order, job.batch)
            order = order[chosen(job.where, source.columns, data.description.classes, values, {"batch": batch})]
        except FilterError as error:
            raise JobError(str(error)) from error
        yield JobReport(900, 1000)
    key = next((c for c in source.columns if job.sort is not None and (c.name, c.kind) == (job.sort.name, job.sort.kind)), None)
    if key is not None:
        by = values(key)[order]
        order = order[_sorted(by, job.descending)]
    rows = np.concatenate([data.part(part).rows for part in PARTS])[order].astype(np.int32)
    return Table(source.of, source.columns, data.description.classes, order, rows, source.counts, total, stamp, source.why)


def _sorted(values: np.ndarray, descending: bool) -> np.ndarray:
    """Stable, and what is not known comes last in both directions."""
    order: np.ndarray = np.argsort(-values if descending else values, kind="stable")
    return order


def _needs_predictions(job: TableJob, source: _Source) -> bool:
    """Whether the order or the choice depends on the network. A word alone may be `wrong`, so any expression might: it is cheap to ask."""
    text = job.where.casefold()
    names = [column.name.casefold() for column in source.columns if column.predicted] + ["wrong", "right"]
    return (job.sort is not None and job.sort.predicted) or any(name in text for name in names)


def _predict(
    context: ExplainContext, source: _Source, test: bool, into: dict[Column, np.ndarray]
) -> Generator[JobReport, None, None]:  # fmt: skip
    """All predictions of all parts that may be read; the others are NaN."""
    into.update({column: np.full(source.data.description.rows, np.nan) for column in source.columns if column.predicted})
    first = 0
    for part in PARTS:
        count = source.counts[part]
        if count and (part != "test" or test):
            found = yield from predictions(context, PredictionsJob(part, 0, 0, 0))
            for column, numbers in _numbers(found, source.columns).items():
                into[column][first : first + count] = numbers
        first += count


def _numbers(found: Predictions, columns: tuple[Column, ...]) -> dict[Column, np.ndarray]:
    """The columns that depend on the network, of some samples."""
    numbers: dict[Column, np.ndarray] = {}
    outputs = 0
    for column in columns:
        match column.kind:
            case "prediction":
                numbers[column] = found.predicted[:, outputs]
                outputs += 1
            case "predicted class":
                numbers[column] = np.where(found.undecided, np.nan, found.predicted)
            case "confidence":
                confidence = found.confidence
                numbers[column] = np.full(found.samples, np.nan) if confidence is None else confidence
            case "loss":
                numbers[column] = found.loss
    return numbers


def _values(data: DataSet, column: Column, columns: tuple[Column, ...]) -> np.ndarray:
    """(N,): a column that the data say."""
    match column.kind:
        case "row":
            return np.concatenate([data.part(part).rows for part in PARTS]).astype(np.float64) + 1
        case "part":
            return np.repeat(np.arange(len(PARTS)), [len(data.part(part)) for part in PARTS]).astype(np.float64)
        case "class":
            return class_numbers(data).astype(np.float64)
        case "number":
            return joined(data, "y", target_names(data).index(column.name))
    features = [c for c in columns if c.kind == "feature"]
    return joined(data, "x", features.index(column))


def rows(context: ExplainContext | None, job: RowsJob) -> Steps:
    """The job."""
    return _rows(ExplainContext(model_of(context)), job, _source(model_of(context), job.node, job.predictions))


def _rows(context: ExplainContext, job: RowsJob, source: _Source) -> Steps:
    began = time.perf_counter()
    data, total = source.data, source.data.description.rows
    known = [sample for sample in job.samples if 0 <= sample < total]
    cells = np.full((len(known), len(source.columns)), np.nan)
    by_part: dict[Part, list[tuple[int, int]]] = {part: [] for part in PARTS}
    for line, sample in enumerate(known):
        part, place = place_of(sample, source.counts)
        by_part[part].append((line, place))
    for number, part in enumerate(PARTS):
        lines, places = [line for line, _place in by_part[part]], [place for _line, place in by_part[part]]
        if lines:
            _fill(cells, lines, data, part, number, places, source.columns)
    spent = time.perf_counter() - began
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step) if source.predicted else None
    if source.predicted:
        for part in PARTS:
            if by_part[part] and (part != "test" or job.test):
                lines, wanted = [line for line, _place in by_part[part]], tuple(place for _line, place in by_part[part])
                found: Any = yield from predictions(context, PredictionsJob(part, 0, 0, 0, wanted))
                spent += found.seconds
                for column, numbers in _numbers(found, source.columns).items():
                    cells[lines, source.columns.index(column)] = numbers
    else:
        yield from ()
    return Rows(source.of, tuple(known), cells, stamp, spent)


def _fill(
    cells: np.ndarray, lines: list[int], data: DataSet, part: Part, number: int, places: list[int], columns: tuple[Column, ...]
) -> None:  # fmt: skip
    samples = data.part(part)
    x = samples.of(places).reshape(len(places), -1)
    y = samples.y[places].reshape(len(places), -1)
    classes = classes_of(samples.y[places], data.description.coding)
    feature = target = 0
    for at, column in enumerate(columns):
        match column.kind:
            case "row":
                cells[lines, at] = samples.rows[places] + 1
            case "part":
                cells[lines, at] = number
            case "class":
                cells[lines, at] = classes
            case "number":
                cells[lines, at] = y[:, target]
                target += 1
            case "feature":
                cells[lines, at] = x[:, feature]
                feature += 1

