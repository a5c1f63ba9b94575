"""Loads data sets a piece at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.data.errors import DataError
from engine.data.job import LoadData
from engine.data.loading import DataSet, load_together, reading
from engine.numerics.job import JobError, JobReport, Steps, share_of
from graph.text.messages import _

FIRST_ROWS = 2000
"""Samples of the training part that are shown."""


def load_data(_context: object, job: LoadData) -> Steps:
    """Raises JobError where the data set to show cannot be loaded; problems with the others are shown at their nodes."""
    nodes: list[dict[str, Any]] = [json.loads(settings) for settings in job.nodes]
    whole = 1000 * len(nodes)
    for at, settings in enumerate(nodes):
        yield from share_of(_read(settings, job.folder, job.newest), 1000 * at, 1000 * at + 900, whole)
    yield JobReport(whole - 50, whole, _("the rows are put in order"))
    loaded = load_together(nodes, job.folder)
    if job.shown is None:
        return None
    shown = loaded[job.shown]
    if isinstance(shown, DataError):
        raise JobError(str(shown))
    return first_rows(shown)


def _read(settings: Mapping[str, Any], folder: str, newest: bool) -> Steps:
    try:
        yield from reading(settings, folder, newest)
    except DataError as error:
        if newest:
            raise JobError(str(error)) from error
        return  # kept, and reported when this data set is shown


def first_rows(data: DataSet) -> DataSet:
    """The data set with its first training samples only; the description is that of the whole."""
    return replace(data, train=data.train.first(FIRST_ROWS), validation=data.validation.first(0), test=data.test.first(0))
