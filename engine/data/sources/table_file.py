"""A table in a file of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values

if TYPE_CHECKING:
    from engine.numerics.job import Steps

READING = ("feature_columns", "target_columns", "header", "decimal")
"""The settings that say how a file is read."""


def _read(spec: DataSetSpec, values: Values) -> Steps:
    from engine.data import csv_file

    reading = csv_file.FileReading(**{name: str(values[name]) for name in READING})
    columns = yield from csv_file.reading_columns(str(values["path"]), reading)
    return csv_file.raw_of(columns, str(values["path"]), str(values["coding"]))


SOURCE = Source(
    (
        DataSetSpec(
            "csv",
            "CSV file",
            "Your own table, one row per sample. Separator, decimal sign and column names are recognised, and what was recognised is said.",
            "either",
            ("path", *READING, "seed", "test_fraction", "coding"),
        ),
    ),
    _read,
    path="path",
)
