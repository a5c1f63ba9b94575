"""Predictions on a plane: its grid as rows of features, evaluated in pieces that keep training waiting for a few milliseconds at most."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.feeds import moved
from engine.compile.spot import Spot
from engine.compile.views import Stamp
from engine.data.parts import Part
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.evaluate import Evaluator
from engine.learned.plane import Axis, OnPlane, Plane, PlaneJob, Points, Shown, SpotSeen
from engine.learned.predicting import SampleLosses
from engine.learned.reading import Reading, data_sets, reading
from engine.learned.sample_columns import feature_names
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import Compiled, RunError
from engine.training.model import Model
from graph.text.messages import _

TURN = 0.004
"""Seconds that one piece may take about: training waits for it."""
FIRST = 2048
"""Rows of the first piece, while the speed is not known."""
MARGIN = 0.08
"""Of the data's range, beyond it on each side."""
MOST = 2000
"""Points of one part that are shown; of more, evenly chosen ones."""
SAMPLES = 512
"""Samples that are evaluated at once."""
_SPEED: WeakKeyDictionary[Compiled, float] = WeakKeyDictionary()
"""Rows per second."""
_KNOWN: WeakKeyDictionary[Compiled, _Source] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Samples:
    """The samples of some parts, as far as they are shown: what does not change while a graph is trained."""

    part: tuple[Part, ...]
    of: tuple[int, ...]
    parts: np.ndarray
    place: np.ndarray
    fed: Mapping[Key, Tensor]
    """What all Data nodes give for them."""
    true: np.ndarray
    """Class numbers, or (N, numbers)."""


@dataclass(slots=True, eq=False)
class _Source:
    """What does not change while a graph is trained: how it is read, and the features that its prediction depends on."""

    read: Reading
    dims: Mapping[str, tuple[int, ...]]
    """Of the Data nodes that the prediction depends on, the shape of one sample."""
    names: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...]
    spans: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    """The ranges of columns that were asked for."""
    telling: dict[str, list[int]] = field(default_factory=dict)
    """The columns that the plane of a Data node begins with."""
    samples: dict[bool, _Samples] = field(default_factory=dict)
    """With the test part, and without it where a validation part judges the run."""
    grid: tuple[Plane, dict[Key, Tensor]] | None = None
    """The last plane as rows."""

    def output(self, wanted: int) -> int:
        """Which predicted number is shown: the first one where there are not so many any more."""
        return wanted if wanted < len(self.read.names) else 0


def source_of(compiled: Compiled) -> _Source:
    """Raises Unanswerable where there is no plane."""
    if compiled not in _KNOWN:
        _KNOWN[compiled] = _found(compiled)
    return _KNOWN[compiled]


def _found(compiled: Compiled) -> _Source:
    read = reading(compiled)
    inference = compiled.inference
    before = inference.ancestors([read.prediction[0]])
    sets = {node: data for node, data in data_sets(compiled).items() if node in before and (node, "x") in compiled.feeds.train}
    if not sets:
        raise Unanswerable(_("The prediction does not depend on the features of a data set."))
    dims = {node: inference.outputs[node, "x"].dims for node in sets}
    names = {node: tuple(feature_names(data)) for node, data in sets.items()}
    targets = next(iter(sets.values())).description.target_names
    return _Source(read, dims, names, targets)


# the grid


def chosen(model: Model, plane: Plane) -> Plane:
    """The same plane with its node, its axes and their ranges filled in. Raises Unanswerable."""
    source = source_of(model.compiled)
    node = plane.node if plane.node in source.dims else next(iter(source.dims))
    count = len(source.names[node])
    axes = tuple(axis for axis in plane.axes if axis.column < count)
    if not axes or (len(axes) == 2 and axes[0].column == axes[1].column):
        axes = tuple(Axis(column, points) for column, points in zip(_telling(model, node), plane.points, strict=False))
    spans = tuple(Axis(axis.column, axis.points, axis.span or _span(model, node, axis.column)) for axis in axes)
    others = count > len(axes) or len(source.dims) > 1
    return Plane(spans, _held(model, plane.held) if others else None, node)


def _telling(model: Model, node: str) -> list[int]:
    """The columns that the plane begins with: the first two with more than two different values, where there are two of them.

    Of a category that became 0 and 1, two columns would show three points in all.
    """
    source = source_of(model.compiled)
    count = len(source.names[node])
    if count <= 2:
        return list(range(count))
    if node not in source.telling:
        rows = _features(model, "train", node)[:SAMPLES].reshape(-1, count)
        varied = [column for column in range(count) if len(torch.unique(rows[:, column])) > 2][:2]
        source.telling[node] = varied if len(varied) == 2 else [0, 1]
    return source.telling[node]


def _held(model: Model, spot: Spot | None) -> Spot:
    rows = model.feeds.rows
    if spot is not None and spot.place < rows.get(spot.part, 0):
        return spot
    return Spot("train", 0, rows["train"])


def _span(model: Model, node: str, column: int) -> tuple[float, float]:
    """The range of a column over all parts, with a margin."""
    spans = source_of(model.compiled).spans
    if (node, column) not in spans:
        spans[node, column] = _found_span(model, node, column)
    return spans[node, column]


def _found_span(model: Model, node: str, column: int) -> tuple[float, float]:
    parts = [_features(model, part, node).reshape(rows, -1)[:, column] for part, rows in model.feeds.rows.items() if rows]
    values = torch.cat(parts)
    values = values[torch.isfinite(values)]
    most = torch.finfo(model.dtype).max / 4  # so that a margin and the steps of a grid are numbers
    low, high = (max(float(values.min()), -most), min(float(values.max()), most)) if len(values) else (0.0, 0.0)
    spare = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return low - spare, high + spare


def grid_of(plane: Plane) -> tuple[np.ndarray, ...]:
    """The coordinates along each axis of a plane whose ranges are filled in."""
    return tuple(np.linspace(*(axis.span or (0.0, 1.0)), max(axis.points, 2)) for axis in plane.axes)


def shown_axes(source: _Source, plane: Plane) -> tuple[Shown, ...]:
    """The axes with their names and coordinates."""
    names = source.names[plane.node]
    return tuple(Shown(axis.column, names[axis.column], at) for axis, at in zip(plane.axes, grid_of(plane), strict=True))


def rows_of(model: Model, plane: Plane) -> dict[str, np.ndarray]:
    """The grid as rows of features by Data node, (points, *dims): the first axis runs fastest. `plane` is filled in (`chosen`)."""
    source = source_of(model.compiled)
    at = grid_of(plane)
    count = int(np.prod([len(coordinates) for coordinates in at]))
    columns = [np.tile(at[0], count // len(at[0])), *(np.repeat(coordinates, len(at[0])) for coordinates in at[1:])]
    rows = {}
    for node, dims in source.dims.items():
        size = int(np.prod(dims))
        table = np.empty((count, size), dtype=model.dtype_name)
        free = [axis.column for axis in plane.axes] if node == plane.node else []
        if len(free) < size and plane.held is not None:
            table[:] = _features(model, plane.held.part, node)[plane.held.place].reshape(-1).cpu().numpy()
        for column, values in zip(free, columns, strict=False):
            table[:, column] = values
        rows[node] = table.reshape(count, *dims)
    return rows


def _features(model: Model, part: Part, node: str) -> Tensor:
    return model.feeds.whole([(node, "x")], part)[0]


# the answer


def on_plane(context: ExplainContext, job: PlaneJob) -> Steps:
    """The job. Which numbers it works with is settled here, before its first turn. Raises Unanswerable."""
    model = context.model
    source = source_of(model.compiled)
    try:
        now = Evaluator(model, [source.read.prediction], kept=True)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
    plane, job = chosen(model, job.plane), replace(job, output=source.output(job.output))
    spot = _spot(model, source, now, plane, job)
    return _on_plane(model, source, now, plane, job, stamp, spot)


def _on_plane(
    model: Model, source: _Source, now: Evaluator, plane: Plane, job: PlaneJob, stamp: Stamp, spot: SpotSeen | None
) -> Steps:  # fmt: skip
    began, worked = time.thread_time(), 0.0
    rows = _kept_grid(model, source, plane)
    count = len(next(iter(rows.values())))
    speed = _SPEED.get(model.compiled)
    size, low = _piece(model, source, FIRST if speed is None else int(speed * TURN)), 0
    read, pieces = source.read, list[Tensor]()
    while low < count:
        started, done = time.thread_time(), min(size, count - low)
        piece = {key: table[low : low + size] for key, table in rows.items()}
        pieces.append(_evaluated(now, read.prediction, piece, done))
        spent = time.thread_time() - started
        low += done
        if done >= FIRST // 2 or speed is None:
            speed = done / max(spent, 1e-6)
            _SPEED[model.compiled] = speed
            size = _piece(model, source, int(speed * TURN))
        if low < count:
            worked += time.thread_time() - began
            yield JobReport(low, count)
            began = time.thread_time()
    with threads(model.compiled.threads):
        points = _points(model, source, now, plane, job)
    shown = shown_axes(source, plane)
    shape = tuple(len(axis.at) for axis in reversed(shown))
    with threads(model.compiled.threads):
        more = read_grid(read, torch.cat(pieces) if len(pieces) > 1 else pieces[0], shape, job.output)
    target = _target(source, job.output)
    worked += time.thread_time() - began
    return OnPlane(
        stamp, plane.node, source.names[plane.node], shown, plane.held, "numbers" if read.right is None else "classes", read.classes,
        read.names, job.output, target, points, spot=spot, seconds=worked, **more,
    )  # fmt: skip


def fed_grid(model: Model, plane: Plane) -> dict[Key, Tensor]:
    """The grid as what the Data nodes give: `rows_of` as tensors."""
    return {(node, "x"): torch.from_numpy(table).to(model.device) for node, table in rows_of(model, plane).items()}


def _kept_grid(model: Model, source: _Source, plane: Plane) -> dict[Key, Tensor]:
    """The same, made again only for another plane."""
    if source.grid is None or source.grid[0] != plane:
        source.grid = plane, fed_grid(model, plane)
    return source.grid[1]


def _target(source: _Source, output: int) -> str:
    names = source.targets if source.read.right is not None else source.read.names
    return names[output] if output < len(names) else (names[0] if names else "")


def _piece(model: Model, source: _Source, rows: int) -> int:
    return max(64, min(rows, rows_at_once(model, [source.read.prediction])))


def _evaluated(now: Evaluator, key: Key, rows: Mapping[Key, Tensor], count: int) -> Tensor:
    try:
        value = now(rows)[key]
    except RunError as error:
        raise Unanswerable(str(error)) from error
    return value if value.ndim and len(value) == count else value.expand(count, *value.shape)


def read_grid(read: Reading, prediction: Tensor, shape: tuple[int, ...], output: int) -> dict[str, Any]:
    """The fields of the answer that hold the prediction on the grid."""
    if read.right is None:
        return {"values": prediction.reshape(len(prediction), -1)[:, output].reshape(shape).cpu().numpy()}
    classes, undecided = _classes(read, prediction)
    probable = read.probabilities(prediction)
    more: dict[str, Any] = {"predicted": np.where(undecided, -1, classes).astype(np.int16).reshape(shape)}
    if probable is not None:
        best = torch.take_along_dim(probable, torch.from_numpy(classes)[:, None].to(probable.device), 1)[:, 0]
        more["probability"] = best.reshape(shape).cpu().numpy()
        if len(shape) == 1:
            more["probabilities"] = probable.cpu().numpy()
    return more


def _classes(read: Reading, prediction: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(N,) class numbers, and where a score is NaN."""
    assert read.right is not None
    classes = read.right.classes(prediction).reshape(len(prediction)).long().cpu().numpy()
    return classes, torch.isnan(prediction.reshape(len(prediction), -1)).any(1).cpu().numpy()


# the points


def _spot(model: Model, source: _Source, now: Evaluator, plane: Plane, job: PlaneJob) -> SpotSeen | None:
    """The sample that was pointed out, as the plane shows it; None without one."""
    spot, read = job.spot, source.read
    if spot is None or spot.place >= model.feeds.rows.get(spot.part, 0):
        return None
    fed = sample_fed(model, spot)
    prediction = _evaluated(now, read.prediction, fed, 1)
    target = _target_of(model, read, fed)
    features = fed[plane.node, "x"].reshape(-1).tolist()
    at, loss = tuple(features[axis.column] for axis in plane.axes), sample_loss(model, fed)
    if read.right is None:
        true = target.expand_as(prediction).reshape(-1)[job.output]
        return SpotSeen(spot, tuple(features), at, float(true), float(prediction.reshape(-1)[job.output]), loss=loss)
    classes, undecided = _classes(read, prediction)
    probable = read.probabilities(prediction)
    return SpotSeen(
        spot, tuple(features), at, float(read.right.truth(target).reshape(-1)[0]), -1.0 if undecided[0] else float(classes[0]),
        () if probable is None else tuple(probable[0].tolist()), loss,
    )  # fmt: skip


def sample_fed(model: Model, spot: Spot) -> dict[Key, Tensor]:
    """What all Data nodes give for what was pointed out, (1, *dims) each."""
    given = _given(model, spot.part)
    rows = [tensor[spot.place : spot.place + 1] for tensor in given.values()]
    return dict(zip(given, moved(list(given), rows, spot.free), strict=True))


def sample_loss(model: Model, fed: Mapping[Key, Tensor], parameters: Mapping[Key, Tensor] | None = None) -> float | None:
    """The loss of one sample alone, in evaluation mode, with other values for some `parameters`; None where no known loss is made of it."""
    losses = SampleLosses(model)
    if losses.one_by_one:
        return None
    return float(losses.together(Evaluator(model, losses.needed, parameters=parameters)(fed), 1)[0])


def _points(model: Model, source: _Source, now: Evaluator, plane: Plane, job: PlaneJob) -> Points:
    """The samples of the training part and of the part that judges the run, or of all parts, and what is predicted for each."""
    read = source.read
    if job.tests not in source.samples:
        source.samples[job.tests] = _gathered(model, read, job.tests)
    samples = source.samples[job.tests]
    count = len(samples.place)

    def some(low: int) -> Tensor:
        piece = {key: tensor[low : low + SAMPLES] for key, tensor in samples.fed.items()}
        return _evaluated(now, read.prediction, piece, min(SAMPLES, count - low))

    prediction = torch.cat([some(low) for low in range(0, count, SAMPLES)])
    at = samples.fed[plane.node, "x"].reshape(count, -1)[:, [axis.column for axis in plane.axes]].cpu().numpy()
    shown = samples.part, samples.of, samples.parts, samples.place, at
    if read.right is None:
        predicted = prediction.reshape(count, -1)[:, job.output].cpu().numpy()
        return Points(*shown, samples.true[:, job.output], predicted, np.zeros(0, dtype=bool))
    classes, undecided = _classes(read, prediction)
    predicted = np.where(undecided, -1, classes)
    return Points(*shown, samples.true, predicted, samples.true == predicted)


def _gathered(model: Model, read: Reading, tests: bool) -> _Samples:
    wanted = ("train", model.feeds.held_out, "test" if tests else None)
    parts = tuple(part for part, rows in model.feeds.rows.items() if rows and part in wanted)
    places = [_places(model.feeds.rows[part]) for part in parts]
    given = [_given(model, part) for part in parts]
    chosen = [torch.from_numpy(place).to(model.device) for place in places]
    fed = {key: torch.cat([own[key].index_select(0, rows) for own, rows in zip(given, chosen, strict=True)]) for key in given[0]}
    count = sum(map(len, places))
    target = _target_of(model, read, fed)
    if read.right is None:
        dims = model.inference.outputs[read.prediction].dims
        true = target.expand(count, *dims).reshape(count, -1).cpu().numpy()
    else:
        true = read.right.truth(target).reshape(count).long().cpu().numpy()
    numbers = np.concatenate([np.full(len(place), number) for number, place in enumerate(places)])
    return _Samples(parts, tuple(model.feeds.rows[part] for part in parts), numbers, np.concatenate(places), fed, true)


def _target_of(model: Model, read: Reading, fed: Mapping[Key, Tensor]) -> Tensor:
    """The targets of some samples: those of the Data node, or what is made of them on the way to the loss."""
    if read.target in fed:
        return fed[read.target]
    return Evaluator(model, [read.target])(fed)[read.target]


def _given(model: Model, part: Part) -> dict[Key, Tensor]:
    """What all Data nodes give for a part."""
    keys = list(model.feeds.train)
    return dict(zip(keys, model.feeds.whole(keys, part), strict=True))


def _places(rows: int) -> np.ndarray:
    """At most `MOST` places in a part, evenly."""
    return np.arange(rows) if rows <= MOST else np.linspace(0, rows - 1, MOST).astype(np.int64)
