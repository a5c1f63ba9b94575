"""Rows typed into the Data node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, at_once

if TYPE_CHECKING:
    from engine.data.raw import Raw


def _read(spec: DataSetSpec, values: Values) -> Raw:
    from engine.data.typed import typed

    return typed(values)


SOURCE = Source(
    (
        DataSetSpec(
            "table",
            "Typed by hand",
            "Rows typed into the node, in that order, all of them for training.",
            "either",
            ("features", "targets", "coding"),
        ),
    ),
    at_once(_read),
)
