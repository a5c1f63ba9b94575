"""The samples of a Data node as a table: requests, and answers as NumPy arrays. No torch here.

Sample number i of a node counts through its parts: the training part first, then validation and test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from engine.compile.views import Stamp
from engine.data.loading import Description
from engine.data.parts import PARTS, Part
from engine.numerics.job import Job

Kind = Literal["row", "part", "feature", "number", "class", "prediction", "predicted class", "confidence", "loss"]
"""What a column holds. `number` and `class` are of the target; the last four say what the network makes of the sample."""


@dataclass(frozen=True, slots=True)
class Column:
    """`whole`: every number in it is whole, so that none needs decimals."""

    name: str
    kind: Kind
    whole: bool = False

    @property
    def predicted(self) -> bool:
        """Whether it depends on the network."""
        return self.kind in ("prediction", "predicted class", "confidence", "loss")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a Data node holds, before any network sees it. `of` are the node's settings as JSON, by which it was read.

    `x`, `y`, `classes` and `samples` are the points of the scatter plot of columns `across` and `up`: at most `MOST` of all samples,
    evenly chosen. `histograms` have, for each column, the edges of the bins and the counts (classes, bins). `class_counts` (classes, 3)
    counts the samples of each class in each part. `pictures` are the first samples of the training part where they are pictures, bytes
    (N, H, W) or (N, H, W, 3).
    """

    of: str
    description: Description
    names: tuple[str, ...]
    """The columns that can be drawn: features, and targets that are numbers."""
    across: int
    up: int
    x: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    samples: np.ndarray
    histograms: tuple[tuple[str, np.ndarray, np.ndarray], ...]
    class_counts: np.ndarray
    plane: bool = False
    """Whether the columns are coordinates of one plane, so that a circle is to be drawn as a circle."""
    pictures: np.ndarray | None = None


MOST = 4000
"""Points of a scatter plot."""
MOST_COLUMNS = 100
"""Features that the table and the histograms show."""


@dataclass(frozen=True, slots=True)
class SurveyJob(Job):
    """Looks at all samples of a Data node. `across` and `up` number the columns of the scatter plot; −1 leaves the choice to the engine."""

    done_by: ClassVar[str] = "engine.learned.surveying:survey"
    about_document: ClassVar[bool] = False
    node: str
    across: int = -1
    up: int = -1


@dataclass(frozen=True, slots=True)
class Table:
    """Which samples a table shows, and in which order.

    `order` (N,) are their numbers, `rows` (N,) their places in the source, from 0. `counts` are those of the parts, `total` counts all
    samples. `stamp` is that of the predictions by which they were sorted or chosen; None where no prediction mattered.
    """

    of: str
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    order: np.ndarray
    rows: np.ndarray
    counts: dict[Part, int]
    total: int
    stamp: Stamp | None = None
    why_no_predictions: str = ""


@dataclass(frozen=True, slots=True)
class TableJob(Job):
    """Chooses samples by an expression (see `engine.learned.row_filter`; empty: all) and sorts them by a column (None: as they are used).

    `test`: whether predictions for the test part may be read. `predictions`: no is an answer in which no column depends on the network.
    `structure`, `revision` and `run` come back in the answer's `Stamp`.
    """

    done_by: ClassVar[str] = "engine.learned.tabling:table"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    node: str
    sort: Column | None = None
    descending: bool = False
    where: str = ""
    test: bool = True
    predictions: bool = True
    batch: tuple[int, ...] = ()
    """The samples that the word `batch` chooses: those of the mini-batch."""
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """The cells (samples, columns) of these samples. Classes and parts are numbers, what is not known is NaN.

    `stamp` is that of the predictions; `seconds` says how long the engine worked.
    """

    of: str
    samples: tuple[int, ...]
    cells: np.ndarray
    stamp: Stamp | None
    seconds: float


@dataclass(frozen=True, slots=True)
class RowsJob(Job):
    """The cells of some samples of a Data node, with what the network predicts for them now. `test` and `predictions` as in `TableJob`."""

    done_by: ClassVar[str] = "engine.learned.tabling:rows"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    node: str
    samples: tuple[int, ...]
    test: bool = True
    predictions: bool = True
    structure: int = 0
    revision: int = 0
    run: int = 0


def settings_key(settings: Mapping[str, Any], folder: str) -> str:
    """The settings of a Data node, and the folder where its paths begin, as one text."""
    return json.dumps([settings, folder], sort_keys=True)


def place_of(sample: int, counts: dict[Part, int]) -> tuple[Part, int]:
    """The part of a sample, and its place in it."""
    for part in PARTS:
        if sample < counts[part]:
            return part, sample
        sample -= counts[part]
    raise IndexError(sample)


def sample_of(part: Part, place: int, counts: dict[Part, int]) -> int:
    """The number of a sample among all of a node."""
    return place + sum(counts[before] for before in PARTS[: PARTS.index(part)])
