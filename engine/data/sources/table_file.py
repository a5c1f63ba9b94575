"""A table in a file of your own, or pasted into the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values
from engine.data.how_read import SETTINGS
from engine.numerics.job import share_of

if TYPE_CHECKING:
    from engine.numerics.job import Steps


def _read(spec: DataSetSpec, values: Values) -> Steps:
    from engine.data.how_read import HowRead
    from engine.data.table_file import planned

    reader = yield from share_of(planned(values, HowRead.of(values)), 0, 800)
    raw = yield from share_of(reader.samples(str(values["coding"])), 800, 1000)
    return raw


SOURCE = Source(
    (
        DataSetSpec(
            "csv",
            "CSV file",
            "Your own table, one row per sample. Separator, decimal sign and column names are recognised, and what was recognised is said.",
            "either",
            ("path", *SETTINGS, "seed", "test_fraction", "coding"),
        ),
        DataSetSpec(
            "pasted",
            "Pasted table",
            "A table that you paste as text, from a spreadsheet for instance. It is stored in the document.",
            "either",
            ("pasted", *(name for name in SETTINGS if name not in ("encoding", "sheet")), "seed", "test_fraction", "coding"),
        ),
    ),
    _read,
    path="path",
)
