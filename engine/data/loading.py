"""Data sets: what they look like (`describe`, cheap) and their numbers (`load`). Seeded, split, never normalised.

Both take the Data node's settings (what is absent has its default) and raise `DataError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from engine.data.declared import DataSetSpec, numbered
from engine.data.errors import DataError, DataNote, Unreadable
from engine.data.files import absolute_path, stamp_of
from engine.data.labels import whole_levels
from engine.data.raw import Raw
from engine.data.recent import Recent
from engine.data.specs import DATA_SETS, SOURCE_OF, leading
from engine.data.split import split
from engine.nodes.sources import Data
from engine.numerics.job import Steps, finished
from engine.numerics.rng import seed_for
from graph.text.messages import _
from graph.text.quoting import named

__all__ = ["DataError", "DataSet", "Description", "DataNote", "describe", "load", "load_together"]

Key = tuple[str, tuple[int, ...]]
"""The settings that matter to a data set, as text; and a stamp of its file."""
_RAW: Recent[Raw] = Recent(8)


@dataclass(frozen=True, slots=True)
class Description:
    """`features` and `target` are sample dimensions; `coding` is one of the spec's codings but never `auto`.

    `classes` holds the classes' names, empty for a real target. `train_rows + test_rows = rows`. `notes` say how a file was read, and
    what is odd about it. `levels` are the distinct values of a real target of few whole numbers, else 0. `picture` is the height and
    width of samples that are known to be pictures.
    """

    features: tuple[int, ...]
    coding: str
    target: tuple[int, ...]
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    rows: int
    train_rows: int
    test_rows: int
    notes: tuple[DataNote, ...] = ()
    levels: int = 0
    picture: tuple[int, int] | None = None

    @property
    def target_dtype(self) -> str:
        """The target port's dtype: `index` or `float`."""
        return "index" if self.coding == "index" else "float"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Features (N, *features) float64; targets (N, k) float64, or (N,) int64 for class indices. Read-only arrays.

    `rows_train` and `rows_test` are the samples' places in the source, in the order of the parts; `total` counts the source's rows.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    description: Description
    rows_train: np.ndarray
    rows_test: np.ndarray
    total: int


def describe(settings: Mapping[str, Any], folder: str = "") -> Description:
    """Sizes, names and coding. Reads the file of a CSV (once), nothing else; never imports scikit-learn.

    A relative path begins at `folder`, or at the current one.
    """
    spec, key = _wanted(settings, folder)
    return _load(key, (key,)).description if spec.rows is None and not spec.made else _described(key[0])


def load(settings: Mapping[str, Any], folder: str = "") -> DataSet:
    """The numbers of one data set by itself; the last few sets are kept in memory. Raises DataError."""
    source = _wanted(settings, folder)[1]
    return _load(source, (source,))


def reading(settings: Mapping[str, Any], folder: str = "") -> Steps:
    """Reads the source of one data set a piece at a time, so that `load` has it at hand. Raises DataError."""
    yield from _reading(*_wanted(settings, folder)[1])


def is_read(settings: Mapping[str, Any], folder: str = "") -> bool:
    """Whether its source was read lately, or found to be wrong."""
    return _wanted(settings, folder)[1] in _RAW


def load_together(nodes: Sequence[Mapping[str, Any]], folder: str = "") -> list[DataSet | DataError]:
    """The data sets of one graph, which go row by row.

    All that have equally many rows share one order and one split, those of the first among them, whatever their targets are; and a row
    that one of them cannot use is left out of all.
    """
    results: list[DataSet | DataError] = []
    sources: list[Key | None] = []
    for settings in nodes:
        try:
            source = _wanted(settings, folder)[1]
            results.append(_load(source, (source,)))
            sources.append(source)
        except DataError as error:
            results.append(error)
            sources.append(None)
    totals = [data.total if isinstance(data, DataSet) else -1 for data in results]
    for place, own in enumerate(sources):
        beside = tuple(other for other, total in zip(sources, totals, strict=True) if other is not None and total == totals[place])
        if own is not None and len(beside) > 1:
            try:
                results[place] = _load(own, beside)
            except DataError as error:  # no row is left that all of them can use
                results[place] = error
    return results


def _wanted(settings: Mapping[str, Any], folder: str) -> tuple[DataSetSpec, Key]:
    """The data set that the settings of a Data node ask for. Raises DataError."""
    values = {s.name: settings.get(s.name, s.default) for s in Data.spec.settings}
    spec = DATA_SETS.get(values["dataset"])
    if spec is None:
        raise DataError(
            _("there is no data set called {name}; there are {data_sets}").format(
                name=named(values["dataset"]), data_sets=", ".join(DATA_SETS)
            )
        )
    source = SOURCE_OF[spec.key]
    for name in (source.path, *source.beside) if source.path else ():
        if str(values[name]).strip():
            values[name] = absolute_path(str(values[name]), folder)
    used = {"dataset": spec.key} | {name: values[name] for name in spec.settings}
    stamp = stamp_of(source, values)
    return spec, (json.dumps(used, sort_keys=True), stamp)


@lru_cache(maxsize=64)
def _described(key: str) -> Description:
    values = json.loads(key)
    spec = DATA_SETS[values["dataset"]]
    rows = spec.rows or int(values["samples"])
    classes = spec.classes or numbered(values)
    features = (1, 8, 8) if values.get("image") else spec.features
    assert features is not None
    about = _description(spec, values, rows, features, spec.feature_names, spec.target_names, classes, 1)
    return replace(about, picture=spec.picture)


def _description(
    spec: DataSetSpec, values: Mapping[str, Any], rows: int, features: tuple[int, ...], feature_names: tuple[str, ...],
    target_names: tuple[str, ...], classes: tuple[str, ...], columns: int,
) -> Description:  # fmt: skip
    coding = _coding(spec, values, classes)
    target = {"index": (), "one_hot": (len(classes),)}.get(coding, (columns,))
    test = min(rows - 1, round(rows * float(values.get("test_fraction", 0.0))))
    return Description(features, coding, target, classes, feature_names, target_names, rows, rows - test, test)


def _coding(spec: DataSetSpec, values: Mapping[str, Any], classes: tuple[str, ...]) -> str:
    coding = str(values.get("coding", "auto"))
    if coding == "auto":
        return "index" if classes else "real"
    if coding != "real" and not classes:
        raise DataError(_("{title} has a real target; it cannot be written as {coding}").format(title=spec.title, coding=coding))
    if coding in ("zero_one", "plus_minus") and len(classes) != 2:
        raise DataError(
            _("{coding} needs exactly two classes, and {title} has {classes}; use index or one_hot").format(
                coding=coding, title=spec.title, classes=len(classes)
            )
        )
    return coding


@lru_cache(maxsize=8)
def _load(source: Key, beside: tuple[Key, ...]) -> DataSet:
    """One data set in the order of those `beside` it, itself among them."""
    raw, spec, values = _raw(source)
    columns = raw.values.shape[1] if raw.values is not None else 1
    train, test = _parts(beside)
    rows = len(train) + len(test)
    about = _description(spec, values, rows, raw.x.shape[1:], raw.feature_names, raw.target_names, raw.classes, columns)
    y = _coded(raw, about)
    notes = (*raw.notes, *_absent_classes(raw, train, test))
    levels = len(whole_levels(raw.values[np.concatenate([train, test])])) if raw.values is not None else 0
    about = replace(about, train_rows=len(train), test_rows=len(test), notes=notes, levels=levels)
    about = replace(about, picture=raw.picture or spec.picture)
    parts = (raw.features(train), y[train], raw.features(test), y[test])
    for part in (*parts, train, test):
        part.setflags(write=False)
    return DataSet(*parts, about, train, test, len(raw.x))


def _parts(sources: tuple[Key, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The row numbers of the training and the test part that data sets of equally many rows share."""
    raws = [_raw(source) for source in sources]
    rows = len(raws[0][0].x)
    usable = np.logical_and.reduce([np.ones(rows, dtype=bool) if raw.usable is None else raw.usable for raw, _spec, _values in raws])
    if not usable.any():
        raise DataError(_("the data sets in this graph have no row that all of them can use"))
    first = leading([spec for _raw, spec, _values in raws])
    if first is None:
        return np.flatnonzero(usable), np.arange(0)
    raw, _spec, values = raws[first]
    rng = np.random.default_rng(seed_for(values["seed"], "split", values["dataset"]))
    return split(raw.labels, rows, float(values["test_fraction"]), rng, usable)


def _absent_classes(raw: Raw, train: np.ndarray, test: np.ndarray) -> list[DataNote]:
    """The classes of which no sample trains, or none tests."""
    if raw.labels is None or raw.usable is None:
        return []
    notes = []
    for part, other, what, so in ((train, test, "training", _("it cannot be learned")), (test, train, "test", _("it is never tested"))):
        absent = sorted(set(raw.labels[other].tolist()) - set(raw.labels[part].tolist())) if len(part) else []
        if absent:
            names = ", ".join(named(raw.classes[label]) for label in absent[:4]) + (" …" if len(absent) > 4 else "")
            one = "class" if len(absent) == 1 else "classes"
            notes.append(
                DataNote(
                    _("{one} {names}: too few rows to have one in the {what} set, so {so}").format(one=one, names=names, what=what, so=so),
                    warning=True,
                )
            )
    return notes


def _raw(source: Key) -> tuple[Raw, DataSetSpec, dict[str, Any]]:
    """Everything about a source before coding and split, with its declaration and its settings."""
    raw: Raw = finished(_reading(*source))
    values = json.loads(source[0])
    return raw, DATA_SETS[values["dataset"]], values


def _reading(key: str, stamp: tuple[int, ...]) -> Steps:
    """The samples of a source, and what was wrong with it, are kept for a while; a file that the system keeps from us is tried again."""
    raw = _RAW.find((key, stamp))
    if raw is None:
        values = json.loads(key)
        spec = DATA_SETS[values["dataset"]]
        try:
            raw = yield from SOURCE_OF[spec.key].read(spec, values)
        except DataError as error:
            if not isinstance(error, Unreadable):
                _RAW.keep((key, stamp), error)
            raise
        _RAW.keep((key, stamp), raw)
    return raw


def _coded(raw: Raw, about: Description) -> np.ndarray:
    if raw.labels is None:
        assert raw.values is not None
        return raw.values
    if about.coding == "index":
        return raw.labels
    if about.coding == "one_hot":
        rows: np.ndarray = np.eye(len(about.classes))[raw.labels]
        return rows
    column = raw.labels.astype(np.float64).reshape(-1, 1)
    signs: np.ndarray = 2 * column - 1
    return signs if about.coding == "plus_minus" else column
