"""A run as it travels between processes and lies in a file: its record, its curve, and states it can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph.model.run_record import RunRecord
from graph.storage.saved import SavedState


@dataclass(frozen=True, slots=True)
class SavedLosses:
    """The loss of every step from `first` on, as little-endian float64; with a `stride` above 1 all minima, all maxima, all means."""

    first: int = 1
    steps: int = 0
    stride: int = 1
    values: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SavedRun:
    """One run, whole.

    `points` are its curve's: step and what was measured there, by name (`loss`, `accuracy`, `validation_loss` …). The curve begins
    with its parent's; the step of a point is a multiple of `stride`, or something was measured there. `states` are in order of their
    steps: where the run began, where it stopped, and others that were kept. `document` is the text of the graph it trained, empty where
    that is the document beside it.
    """

    record: RunRecord
    points: tuple[Mapping[str, float], ...] = ()
    losses: SavedLosses = SavedLosses()
    states: tuple[SavedState, ...] = ()
    stride: int = 1
    document: str = field(default="", repr=False)
