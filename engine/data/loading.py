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
from engine.data.filling import fill_in
from engine.data.labels import whole_levels
from engine.data.parts import PARTS, Part, part_name, part_word
from engine.data.raw import Raw
from engine.data.recent import Recent
from engine.data.specs import DATA_SETS, SOURCE_OF, leading
from engine.data.split import Shares, split
from engine.nodes.sources import Data
from engine.numerics.job import Steps, finished
from engine.numerics.rng import seed_for
from graph.text.messages import _, ngettext
from graph.text.quoting import named

__all__ = ["DataError", "DataSet", "Description", "DataNote", "describe", "load", "load_together"]

Key = tuple[str, tuple[int, ...]]
"""The settings that matter to a data set, as text; and a stamp of its file."""
SPLIT = ("test_fraction", "validation_fraction", "stratified")
"""The settings that decide nothing but the parts: with others, the source need not be read again."""
LARGE = 2**24
"""Bytes of features from which the parts hold none of their own."""
_RAW: Recent[Raw] = Recent(8)


@dataclass(frozen=True, slots=True)
class Description:
    """`features` and `target` are sample dimensions; `coding` is one of the spec's codings but never `auto`.

    `classes` holds the classes' names, empty for a real target. `rows` counts the samples of all parts. `notes` say how a file was
    read, and what is odd about it. `levels` are the distinct values of a real target of few whole numbers, else 0. `picture` is the
    height and width of samples that are known to be pictures.
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
    validation_rows: int = 0

    @property
    def part_rows(self) -> dict[Part, int]:
        """The number of samples in each part."""
        return {"train": self.train_rows, "validation": self.validation_rows, "test": self.test_rows}

    @property
    def target_dtype(self) -> str:
        """The target port's dtype: `index` or `float`."""
        return "index" if self.coding == "index" else "float"


class Samples:
    """One part: features `x` (N, *features) float64; targets `y` (N, k) float64, or (N,) int64 for class indices; `rows` (N,) are the
    samples' places in the source, from 0. Read-only arrays.

    The features of many samples are not kept here once more: they are taken from the source when they are asked for.
    """

    __slots__ = ("_features", "rows", "y")

    def __init__(self, features: Raw | np.ndarray, y: np.ndarray, rows: np.ndarray) -> None:
        self._features, self.y, self.rows = features, y, rows
        for array in (y, rows, *([features] if isinstance(features, np.ndarray) else [])):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def x(self) -> np.ndarray:
        """All features. Of a large part they are not kept: each call gathers them again."""
        if isinstance(self._features, np.ndarray):
            return self._features
        whole = self._features.features(self.rows)
        whole.setflags(write=False)
        return whole

    def of(self, places: np.ndarray | Sequence[int] | slice) -> np.ndarray:
        """The features of some samples, by their places in this part; an array of the caller's own."""
        if isinstance(self._features, np.ndarray):
            return np.array(self._features[places])
        return self._features.features(self.rows[places])

    def column(self, at: int) -> np.ndarray:
        """(N,) float64: one of the flattened features."""
        if isinstance(self._features, np.ndarray):
            column: np.ndarray = self._features.reshape(len(self), -1)[:, at] if len(self) else np.zeros(0)
            return column
        return self._features.column(self.rows, at)

    def first(self, count: int) -> Samples:
        """The first so many samples, copied."""
        return Samples(self.of(slice(count)), self.y[:count].copy(), self.rows[:count].copy())


@dataclass(frozen=True, slots=True)
class DataSet:
    """The samples by part, in the order in which they are used; `total` counts the source's rows."""

    train: Samples
    validation: Samples
    test: Samples
    description: Description
    total: int

    def part(self, part: Part) -> Samples:
        """The samples of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]


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


def reading(settings: Mapping[str, Any], folder: str = "", newest: bool = False) -> Steps:
    """Reads the source of one data set a piece at a time, so that `load` has it at hand. Raises DataError.

    `newest`: its files as they are now, and from now on, where an earlier version is kept.
    """
    spec, key = _wanted(settings, folder, newest)
    yield from _reading(*key)
    if newest:
        VERSIONS.keep(_paths(spec, _values(settings, folder)), key[1])


def version(settings: Mapping[str, Any], folder: str = "") -> Key | None:
    """What identifies the numbers of a data set, its files' version included; None where there is no such data set."""
    try:
        return _wanted(settings, folder)[1]
    except DataError:
        return None


def is_read(settings: Mapping[str, Any], folder: str = "") -> bool:
    """Whether its source was read lately, or found to be wrong."""
    return _raw_key(*_wanted(settings, folder)[1]) in _RAW


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


class Versions:
    """Which version of a file is read: the newest, or while `on` the one that was read first, as long as its samples are at hand.

    So that a file that changes while people work with it changes nothing before they want it to.
    """

    def __init__(self) -> None:
        self.on = False
        self._kept: dict[tuple[str, ...], tuple[int, ...]] = {}

    def keep(self, paths: tuple[str, ...], stamp: tuple[int, ...]) -> None:
        if self.on and paths and stamp:
            self._kept[paths] = stamp

    def of(self, paths: tuple[str, ...]) -> tuple[int, ...] | None:
        return self._kept.get(paths) if self.on else None

    def forget(self) -> None:
        """Another document: files are read as they are."""
        self._kept.clear()


VERSIONS = Versions()


def _values(settings: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """All settings of a Data node, with absolute paths. Raises DataError."""
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
    return values


def _paths(spec: DataSetSpec, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The files and folders that a data set is read from."""
    source = SOURCE_OF[spec.key]
    return tuple(str(values[name]) for name in (source.path, *source.beside)) if source.path else ()


def _wanted(settings: Mapping[str, Any], folder: str, newest: bool = False) -> tuple[DataSetSpec, Key]:
    """The data set that the settings of a Data node ask for, and the version of its files. Raises DataError."""
    values = _values(settings, folder)
    spec = DATA_SETS[values["dataset"]]
    source = SOURCE_OF[spec.key]
    shares = SPLIT if spec.has_split else ()
    used = {"dataset": spec.key} | {name: values[name] for name in dict.fromkeys((*spec.settings, *shares))}
    text, stamp, paths = json.dumps(used, sort_keys=True), stamp_of(source, values), _paths(spec, values)
    kept = None if newest else VERSIONS.of(paths)
    if kept is not None and _at_hand(text, kept):
        stamp = kept
    elif not newest:
        VERSIONS.keep(paths, stamp)
    return spec, (text, stamp)


def _at_hand(text: str, stamp: tuple[int, ...]) -> bool:
    """Whether the samples of this version are in memory."""
    try:
        return _RAW.find(_raw_key(text, stamp)) is not None
    except DataError:
        return False


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
    shares = shares_of(values)
    shares.check()
    counts = shares.counts(rows)
    return Description(
        features, coding, target, classes, feature_names, target_names, rows, counts["train"], counts["test"],
        validation_rows=counts["validation"],
    )  # fmt: skip


def shares_of(values: Mapping[str, Any]) -> Shares:
    """The shares of the parts in the settings of a Data node; a data set without a split of its own has none."""
    test, validation, stratified = values.get("test_fraction", 0.0), values.get("validation_fraction", 0.0), values.get("stratified", True)
    return Shares(float(test), float(validation), bool(stratified))


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
    parts = _parts(beside)
    used = np.concatenate([parts["train"], parts["validation"], parts["test"]])
    about = _description(spec, values, len(used), raw.x.shape[1:], raw.feature_names, raw.target_names, raw.classes, columns)
    y = _coded(raw, about)
    notes = (*raw.notes, *_given_parts(raw, parts), *_absent_classes(raw, parts))
    levels = len(whole_levels(raw.values[used])) if raw.values is not None else 0
    train, validation, test = (len(parts[part]) for part in PARTS)
    about = replace(about, train_rows=train, validation_rows=validation, test_rows=test, notes=notes, levels=levels)
    about = replace(about, picture=raw.picture or spec.picture)
    features: dict[Part, Raw | np.ndarray] = dict.fromkeys(PARTS, raw)
    if raw.fills or raw.x.nbytes < LARGE:
        own = {part: raw.features(parts[part]) for part in PARTS}
        about = replace(about, notes=(*about.notes, *fill_in(raw.fills, *own.values())))
        features = {**own}
    samples = {part: Samples(features[part], y[parts[part]], parts[part]) for part in PARTS}
    return DataSet(samples["train"], samples["validation"], samples["test"], about, len(raw.x))


def _parts(sources: tuple[Key, ...]) -> dict[Part, np.ndarray]:
    """The row numbers of each part, which data sets of equally many rows share."""
    raws = [_raw(source) for source in sources]
    rows = len(raws[0][0].x)
    usable = np.logical_and.reduce([np.ones(rows, dtype=bool) if raw.usable is None else raw.usable for raw, _spec, _values in raws])
    if not usable.any():
        raise DataError(_("the data sets in this graph have no row that all of them can use"))
    first = leading([spec for _raw, spec, _values in raws])
    if first is None:
        return {"train": np.flatnonzero(usable), "validation": np.arange(0), "test": np.arange(0)}
    raw, _spec, values = raws[first]
    shares = shares_of(values)
    shares.check()
    if raw.parts is not None and not (usable & (raw.parts == "train")).any():
        raise DataError(_("no sample is marked for training: write train in the split column of the rows that train"))
    rng = np.random.default_rng(seed_for(values["seed"], "split", values["dataset"]))
    return split(raw.labels, rows, shares, rng, usable, raw.parts)


def _given_parts(raw: Raw, parts: Mapping[Part, np.ndarray]) -> list[DataNote]:
    """What becomes of the fractions where the source itself says which samples train and which test."""
    if raw.parts is None:
        return []
    usable = np.ones(len(raw.parts), dtype=bool) if raw.usable is None else raw.usable
    named: list[Part] = [part for part in PARTS if (usable & (raw.parts == part)).any()]
    notes = [_("The data name the parts: {parts}.").format(parts=", ".join(f"{part_word(part)} {len(parts[part]):,}" for part in PARTS))]
    drawn = [part_name(part) for part in PARTS if len(parts[part]) and part not in named]
    if drawn:
        notes.append(_("They name no {part}: it is drawn from the training set by its fraction.").format(part=_(" and no ").join(drawn)))
    without = int((usable & ~np.isin(raw.parts, PARTS)).sum())
    if without:
        notes.append(
            ngettext("{count:,} sample has no part and is left out.", "{count:,} samples have no part and are left out.", without).format(
                count=without
            )
        )
    return [DataNote(note) for note in notes]


def _absent_classes(raw: Raw, parts: Mapping[Part, np.ndarray]) -> list[DataNote]:
    """The classes of which no sample trains, or none of a part that is held out."""
    if raw.labels is None:
        return []
    notes = []
    present = {part: set(raw.labels[rows].tolist()) for part, rows in parts.items()}
    everywhere = set().union(*present.values())
    so_ = {"train": _("it cannot be learned"), "validation": _("it is never validated"), "test": _("it is never tested")}
    for part in PARTS:
        absent = sorted(everywhere - present[part]) if len(parts[part]) else []
        what, so = part_word(part), so_[part]
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
    values: dict[str, Any] = json.loads(source[0])
    return raw, DATA_SETS[values["dataset"]], values


def _reading(key: str, stamp: tuple[int, ...]) -> Steps:
    """The samples of a source, and what was wrong with it, are kept for a while; a file that the system keeps from us is tried again."""
    values = json.loads(key)
    known = _raw_key(key, stamp)
    raw = _RAW.find(known)
    if raw is None:
        spec = DATA_SETS[values["dataset"]]
        try:
            raw = yield from SOURCE_OF[spec.key].read(spec, values)
        except DataError as error:
            if not isinstance(error, Unreadable):
                _RAW.keep(known, error)
            raise
        _RAW.keep(known, raw)
    return raw


def _raw_key(key: str, stamp: tuple[int, ...]) -> Key:
    """What a source gives depends on all of its settings but those of the split."""
    return json.dumps({name: value for name, value in json.loads(key).items() if name not in SPLIT}, sort_keys=True), stamp


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
