"""The columns of a Data node's samples, over all of its parts one after the other."""

from __future__ import annotations

import numpy as np

from engine.data.loading import DataSet
from engine.data.parts import PARTS
from engine.explain.context import ExplainContext
from engine.learned.table import MOST_COLUMNS, Column, settings_key
from engine.numerics.job import JobError
from engine.training.model import Model
from graph.text.messages import _


def model_of(context: ExplainContext | None) -> Model:
    """The model that a job is about. Raises JobError while the document waits for its data."""
    if context is None:
        raise JobError(_("The data have not been read yet."))
    return context.model


def data_of(model: Model, node: str) -> DataSet:
    """What the network is fed with. Raises JobError where there is nothing, with the reason."""
    data = model.feeds.loaded.get(node)
    if data is None:
        why = [problem.text for problem in (*model.feeds.problems, *model.problems) if node in problem.nodes]
        raise JobError(why[0] if why else _("The data have not been read yet."))
    return data


def settings_text(model: Model, node: str) -> str:
    """The settings of a Data node, and the folder where its paths begin, as one text: the same in the window and here."""
    return settings_key(model.graph.settings_of(node), model.graph.folder)


def feature_names(data: DataSet) -> list[str]:
    about = data.description
    count = int(np.prod(about.features)) if about.features else 1
    return list(about.feature_names) if len(about.feature_names) == count else [f"x{i + 1}" for i in range(count)]


def target_names(data: DataSet) -> list[str]:
    """One for each number of the target; of classes there is one name."""
    about = data.description
    if about.classes:
        return [about.target_names[0] if about.target_names else _("target")]
    count = int(np.prod(about.target)) if about.target else 1
    if len(about.target_names) == count:
        return list(about.target_names)
    return [_("target {number}").format(number=i + 1) for i in range(count)]


def joined(data: DataSet, which: str, at: int) -> np.ndarray:
    """(N,) float64: one column of the features (`x`) or the targets (`y`) of all parts."""
    parts = [data.part(part) for part in PARTS]
    if which == "x":
        return np.concatenate([samples.column(at) for samples in parts])
    pieces = [samples.y.reshape(len(samples), -1)[:, at] if len(samples) else np.zeros(0) for samples in parts]
    return np.concatenate(pieces).astype(np.float64, copy=False)


def class_numbers(data: DataSet) -> np.ndarray:
    """(N,) int64: each sample's class from 0, whatever the coding; all 0 for a real target."""
    return np.concatenate([classes_of(data.part(part).y, data.description.coding) for part in PARTS])


def classes_of(y: np.ndarray, coding: str) -> np.ndarray:
    if coding == "index":
        return y
    if coding == "one_hot":
        largest: np.ndarray = y.argmax(1) if len(y) else np.zeros(0, dtype=np.int64)
        return largest
    if coding in ("zero_one", "plus_minus"):
        return (y[:, 0] > 0).astype(np.int64)
    return np.zeros(len(y), dtype=np.int64)


_LOOKED_AT: list[tuple[DataSet, list[Column], list[Column]]] = []
"""The columns of the last few data sets: whether their numbers are whole takes a look at all of them."""


def data_columns(data: DataSet, predicted: tuple[Column, ...]) -> tuple[Column, ...]:
    """All columns of the table: row, part, target, what is predicted, and then the features, as they may be very many."""
    known = next(((targets, features) for other, targets, features in _LOOKED_AT if other is data), None)
    if known is None:
        known = _columns_of(data)
        _LOOKED_AT.append((data, *known))
        del _LOOKED_AT[:-4]
    targets, features = known
    return (Column(_("row"), "row", True), Column(_("part"), "part", True), *targets, *predicted, *features)


def _columns_of(data: DataSet) -> tuple[list[Column], list[Column]]:
    """Those of the target, and of the features."""
    classes = bool(data.description.classes)
    targets = [Column(name, "class" if classes else "number", _whole(data, "y", at)) for at, name in enumerate(target_names(data))]
    features = [Column(name, "feature", _whole(data, "x", at)) for at, name in enumerate(feature_names(data)[:MOST_COLUMNS])]
    return targets, features


def _whole(data: DataSet, which: str, at: int) -> bool:
    values = joined(data, which, at)
    return bool((values == np.round(values)).all())
