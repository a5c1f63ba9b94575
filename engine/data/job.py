"""Loading data as a job, so that a large file keeps nothing waiting. No numpy here: both processes import this."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class LoadData(Job):
    """Loads the data sets of one graph, which go row by row; they are then at hand when the graph is computed.

    `nodes` has the settings of every Data node as JSON. The answer is a `DataSet` with the first rows of number `shown`, None for None.
    """

    done_by: ClassVar[str] = "engine.data.answer:load_data"
    about_document: ClassVar[bool] = False
    nodes: tuple[str, ...]
    folder: str
    shown: int | None = None
    newest: bool = False
    """Whether their files are read as they are now, although earlier versions are in use. What is wrong with one ends the job."""


def load_job(nodes: Sequence[Mapping[str, Any]], folder: str, shown: int | None = None, newest: bool = False) -> LoadData:
    """The job for Data nodes with these settings."""
    return LoadData(tuple(json.dumps(settings, sort_keys=True) for settings in nodes), folder, shown, newest)
