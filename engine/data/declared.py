"""How a kind of source declares itself: the data sets it offers, and how their samples are read. No numpy, no torch, no scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engine.data.raw import Raw
    from engine.numerics.job import Steps

Values = Mapping[str, Any]
"""The settings that matter to a data set, all of them, with absolute paths."""


@dataclass(frozen=True, slots=True)
class DataSetSpec:
    """One data set. `settings` names the Data node's settings that matter to it; None in `rows` or `features`: it depends on those.

    `classes` is empty for regression; `made` marks sets that are drawn from a generator rather than measured.
    """

    key: str
    title: str
    doc: str
    target: Literal["classes", "real", "either"]
    settings: tuple[str, ...] = ()
    rows: int | None = None
    features: tuple[int, ...] | None = None
    feature_names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ("target",)
    made: bool = False
    picture: tuple[int, int] | None = None
    """Height and width of samples that are known to be pictures; a table of 64 columns is none by itself."""

    @property
    def has_split(self) -> bool:
        """Whether it says itself which samples train and which test; rows typed by hand all train, in their order."""
        return "test_fraction" in self.settings


def file_stamp(path: str) -> tuple[int, ...]:
    """Changes when the file does; empty where there is none. The last number is its size in bytes."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return ()
    return stat.st_mtime_ns, stat.st_size


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of source, a file each in `engine.data.sources`: `SOURCE = Source(...)`.

    `read` is a generator of `JobReport`s that returns the `Raw` samples, and raises DataError in words for the data's owner; it imports
    what it needs when it is called. `path` names the setting that holds the path of its file or folder, `beside` those of further files,
    and `stamp` says when the first changed (see `file_stamp`).
    """

    data_sets: tuple[DataSetSpec, ...]
    read: Callable[[DataSetSpec, Values], Steps]
    path: str = ""
    beside: tuple[str, ...] = ()
    stamp: Callable[[str], tuple[int, ...]] = file_stamp


def at_once(read: Callable[[DataSetSpec, Values], Raw]) -> Callable[[DataSetSpec, Values], Steps]:
    """A reading that takes no time worth a report."""

    def steps(spec: DataSetSpec, values: Values) -> Steps:
        yield from ()
        return read(spec, values)

    return steps


def numbered(values: Values) -> tuple[str, ...]:
    """Class names where the number of classes is a setting; none for a real target."""
    return tuple(str(i) for i in range(int(values.get("classes", 0))))
