"""Which data sets there are, found by looking through `engine.data.sources`. No numpy, no torch, no scikit-learn."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from engine.data import sources
from engine.data.declared import DataSetSpec, Source

_NAMES = sorted(file.name for file in pkgutil.iter_modules(sources.__path__))
_SOURCES: tuple[Source, ...] = tuple(importlib.import_module(f"{sources.__name__}.{name}").SOURCE for name in _NAMES)
SOURCE_OF: dict[str, Source] = {spec.key: source for source in _SOURCES for spec in source.data_sets}
"""What reads a data set, by its key."""
DATA_SETS: dict[str, DataSetSpec] = {spec.key: spec for source in _SOURCES for spec in source.data_sets}


def leading(data_sets: Sequence[DataSetSpec]) -> int | None:
    """Which of several data sets that go row by row decides the order and the split of all: the first that has a split of its own."""
    return next((place for place, spec in enumerate(data_sets) if spec.has_split), None)
