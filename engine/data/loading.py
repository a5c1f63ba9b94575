"""Data sets: what they look like (`describe`, cheap) and their numbers (`load`). Seeded, split, never normalised.

Both take the Data node's settings (what is absent has its default) and raise `DataError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import csv_file
from engine.data.errors import DataError, DataNote
from engine.data.files import READING, absolute_path
from engine.data.generators import GENERATORS
from engine.data.labels import whole_levels
from engine.data.specs import DATA_SETS, DataSetSpec, leading
from engine.data.split import split
from engine.nodes.sources import Data
from engine.numerics.rng import seed_for
from graph.text.messages import _
from graph.text.quoting import named, quoted_path

__all__ = ["DataError", "DataSet", "Description", "DataNote", "describe", "load", "load_together"]

Source = tuple[str, tuple[int, int]]
"""The settings that matter to a data set, as text; and a stamp of its file."""


PICTURES = {"digits": (8, 8)}
"""Height and width of the samples that are known to be pictures; a table of 64 columns is none by itself."""


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


@dataclass(frozen=True, slots=True)
class _Raw:
    """Everything before coding and split: `labels` are class numbers (with names in `classes`) or None, `values` the real target."""

    x: np.ndarray
    values: np.ndarray | None
    labels: np.ndarray | None
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    usable: np.ndarray | None = None
    notes: tuple[DataNote, ...] = ()


def describe(settings: Mapping[str, Any], folder: str = "") -> Description:
    """Sizes, names and coding. Reads the file of a CSV (once), nothing else; never imports scikit-learn.

    A relative path begins at `folder`, or at the current one.
    """
    spec, values, key = _wanted(settings, folder)
    if spec.rows is None and not spec.made:
        source = key, _stamp(spec, values)
        return _load(source, (source,)).description
    return _described(key)


def load(settings: Mapping[str, Any], folder: str = "") -> DataSet:
    """The numbers of one data set by itself; the last few sets are kept in memory. Raises DataError."""
    source = _source(settings, folder)
    return _load(source, (source,))


def load_together(nodes: Sequence[Mapping[str, Any]], folder: str = "") -> list[DataSet | DataError]:
    """The data sets of one graph, which go row by row.

    All that have equally many rows share one order and one split, those of the first among them, whatever their targets are; and a row
    that one of them cannot use is left out of all.
    """
    results: list[DataSet | DataError] = []
    sources: list[Source | None] = []
    for settings in nodes:
        try:
            source = _source(settings, folder)
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


def _source(settings: Mapping[str, Any], folder: str) -> Source:
    spec, values, key = _wanted(settings, folder)
    return key, _stamp(spec, values)


def _wanted(settings: Mapping[str, Any], folder: str) -> tuple[DataSetSpec, dict[str, Any], str]:
    values = {s.name: settings.get(s.name, s.default) for s in Data.spec.settings}
    spec = DATA_SETS.get(values["dataset"])
    if spec is None:
        raise DataError(
            _("there is no data set called {name}; there are {data_sets}").format(
                name=named(values["dataset"]), data_sets=", ".join(DATA_SETS)
            )
        )
    if str(values["path"]).strip():
        values["path"] = absolute_path(str(values["path"]), folder)
    used = {"dataset": spec.key} | {name: values[name] for name in spec.settings}
    return spec, used, json.dumps(used, sort_keys=True)


def _stamp(spec: DataSetSpec, values: Mapping[str, Any]) -> tuple[int, int]:
    """Changes when the file does, so that an edited CSV is read again."""
    if spec.key != "csv":
        return (0, 0)
    try:
        stat = Path(str(values["path"])).expanduser().stat()
    except (OSError, ValueError):
        return (0, 0)
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=64)
def _described(key: str) -> Description:
    values = json.loads(key)
    spec = DATA_SETS[values["dataset"]]
    rows = spec.rows or int(values["samples"])
    classes = spec.classes or _numbered(values)
    features = (1, 8, 8) if values.get("image") else spec.features
    assert features is not None
    about = _description(spec, values, rows, features, spec.feature_names, spec.target_names, classes, 1)
    return replace(about, picture=PICTURES.get(spec.key))


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


def _numbered(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Class names where the number of classes is a setting; none for a real target."""
    return tuple(str(i) for i in range(int(values.get("classes", 0))))


@lru_cache(maxsize=8)
def _load(source: Source, beside: tuple[Source, ...]) -> DataSet:
    """One data set in the order of those `beside` it, itself among them."""
    raw, spec, values = _raw(*source)
    columns = raw.values.shape[1] if raw.values is not None else 1
    train, test = _parts(beside)
    rows = len(train) + len(test)
    about = _description(spec, values, rows, raw.x.shape[1:], raw.feature_names, raw.target_names, raw.classes, columns)
    y = _coded(raw, about)
    notes = (*raw.notes, *_absent_classes(raw, train, test))
    levels = len(whole_levels(raw.values[np.concatenate([train, test])])) if raw.values is not None else 0
    about = replace(about, train_rows=len(train), test_rows=len(test), notes=notes, levels=levels)
    about = replace(about, picture=PICTURES.get(spec.key))
    parts = (raw.x[train], y[train], raw.x[test], y[test])
    for part in (*parts, train, test):
        part.setflags(write=False)
    return DataSet(*parts, about, train, test, len(raw.x))


def _parts(sources: tuple[Source, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The row numbers of the training and the test part that data sets of equally many rows share."""
    raws = [_raw(*source) for source in sources]
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


def _absent_classes(raw: _Raw, train: np.ndarray, test: np.ndarray) -> list[DataNote]:
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


@lru_cache(maxsize=8)
def _raw(key: str, stamp: tuple[int, int]) -> tuple[_Raw, DataSetSpec, dict[str, Any]]:
    """Everything about a source before coding and split, with its declaration and its settings."""
    values = json.loads(key)
    spec = DATA_SETS[values["dataset"]]
    return _read_source(spec, values), spec, values


def _read_source(spec: DataSetSpec, values: Mapping[str, Any]) -> _Raw:
    if spec.made:
        return _drawn(spec, values)
    if spec.key == "csv":
        return _from_csv(values)
    if spec.key == "table":
        return _from_table(values)
    from engine.data.measured import measured

    x, y = measured(spec.key)
    if values.get("image"):
        x = x.reshape(-1, 1, 8, 8)
    if spec.classes:
        return _Raw(x, None, y.astype(np.int64), spec.classes, spec.feature_names, spec.target_names)
    return _Raw(x, y.reshape(-1, 1), None, (), spec.feature_names, spec.target_names)


def _drawn(spec: DataSetSpec, values: Mapping[str, Any]) -> _Raw:
    rng = np.random.default_rng(seed_for(values["seed"], "draw", spec.key))
    more = {"classes": int(values["classes"])} if "classes" in spec.settings else {}
    x, y = GENERATORS[spec.key](int(values["samples"]), float(values["noise"]), rng, **more)
    if spec.target == "real":
        return _Raw(x, y, None, (), spec.feature_names, spec.target_names)
    classes = spec.classes or _numbered(values)
    return _Raw(x, None, y.astype(np.int64), classes, spec.feature_names, spec.target_names)


def _from_csv(values: Mapping[str, Any]) -> _Raw:
    columns = csv_file.read(str(values["path"]), csv_file.FileReading(**{name: str(values[name]) for name in READING}))
    labels, targets = columns.labels, columns.target_names
    wants_classes = values["coding"] not in ("auto", "real")
    notes = columns.notes
    if labels is None and wants_classes and columns.y is not None and columns.y.shape[1] == 1:
        labels = columns.y[:, 0]
        notes = tuple(note for note in notes if not note.meant_as_classes)
    if labels is None:
        return _Raw(columns.x, columns.y, None, (), columns.feature_names, targets, columns.usable, notes)
    distinct, places = np.unique(labels[columns.usable], return_inverse=True)
    if len(distinct) > max(50, len(places) // 2):
        where = _("{file}: column {column}").format(file=quoted_path(values["path"]), column=named(targets[0]))
        if len(distinct) == len(places):
            raise DataError(_("{where} is different in every row: it identifies the rows and cannot be a target").format(where=where))
        raise DataError(_("{where} has {distinct} different values, too many to be classes").format(where=where, distinct=len(distinct)))
    classes = tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in distinct.tolist())
    numbers = np.full(len(labels), -1)
    numbers[columns.usable] = places
    return _Raw(columns.x, None, numbers, classes, columns.feature_names, targets, columns.usable, notes)


def _from_table(values: Mapping[str, Any]) -> _Raw:
    x, y = _typed(values["features"], "features"), _typed(values["targets"], "targets")
    x, y = (a.reshape(-1, 1) if a.ndim < 2 else a for a in (x, y))
    if len(x) != len(y):
        raise DataError(_("the table has {x} rows of features and {y} targets").format(x=len(x), y=len(y)))
    if len(x) == 0:
        raise DataError(_("the table has no rows"))
    if x.ndim > 4 or y.ndim > 2:
        raise DataError(_("the table has too many axes: a sample's features have at most three, its target is a number or a row"))
    names = tuple(f"x{i + 1}" for i in range(int(np.prod(x.shape[1:]))))
    targets = tuple("y" if y.shape[1] == 1 else f"y{i + 1}" for i in range(y.shape[1]))
    if values["coding"] in ("auto", "real"):
        return _Raw(x, y, None, (), names, targets)
    if y.shape[1] != 1:
        raise DataError(_("classes in a table need one number per row"))
    distinct, numbers = np.unique(y[:, 0], return_inverse=True)
    if values["coding"] in ("index", "one_hot"):
        numbers = y[:, 0].astype(np.int64)
        if (numbers != y[:, 0]).any() or numbers.min() < 0 or numbers.max() > 9999:
            raise DataError(_("class indices in a table must be whole numbers from 0 up"))
        distinct = np.arange(numbers.max() + 1)
    return _Raw(x, None, numbers.astype(np.int64), tuple(f"{v:g}" for v in distinct.tolist()), names, targets)


def _typed(value: Any, name: str) -> np.ndarray:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(_("the table's {name} must be numbers in rows of equal length").format(name=name)) from None
    if not np.isfinite(array).all():
        raise DataError(_("the table's {name} must be finite numbers").format(name=name))
    return array


def _coded(raw: _Raw, about: Description) -> np.ndarray:
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
