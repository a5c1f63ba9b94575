"""A training run as a value: what it trained with, where it came from, how far it got. No numbers of the network itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from graph.model.loss_words import LossWords, loss_words

Origin = Literal["start", "settings", "values", "graph", "data"]
"""Why a run began: with initial values, or at a step of its parent with other settings, values set by hand, another graph, other data."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """From the step after `step` on, a run trained with these settings.

    `origin`: what was changed. The steps after a change of the settings can be made again from those before it; others only from
    a state that was kept after it.
    """

    step: int
    training: Mapping[str, Any]
    origin: Origin = "settings"


@dataclass(frozen=True, slots=True)
class Best:
    """The best value of a metric so far and the first step that reached it."""

    step: int
    value: float


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of a document, a branch of another where it has a `parent`.

    The run made the steps after `start` up to `last`; those before are its parent's. `training` are the settings of its first step,
    `changes` those that were changed on the way, in order of their steps. `graph` identifies what was computed (see `computation_key`).
    `metrics` are the newest measurements over whole parts (names as in `train --json`), `best` the best of each. `stopped` says in words
    why it stopped by itself; `began` is the time of its first step in seconds since 1970.
    """

    id: int
    parent: int | None = None
    start: int = 0
    last: int = 0
    origin: Origin = "start"
    graph: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[SettingsChange, ...] = ()
    seed: int = 0
    loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: Mapping[str, Best] = field(default_factory=dict)
    stopped: str = ""
    seconds: float = 0.0
    began: float = 0.0
    device: str = "cpu"
    dtype: str = "float64"
    threads: int = 1
    penalised: bool = False
    """Whether `loss` and the losses of its steps include a penalty."""

    def settings_at(self, step: int) -> Mapping[str, Any]:
        """The settings that the step after `step` was made with, by this run."""
        settings = self.training
        for change in self.changes:
            if change.step <= step:
                settings = change.training
        return settings

    @property
    def loss_words(self) -> LossWords:
        """What `loss` and the losses of its curve are called."""
        return loss_words(self.penalised)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings of its newest step."""
        return self.changes[-1].training if self.changes else self.training


def lower_is_better(metric: str) -> bool:
    """Of a metric such as `validation_loss`; of accuracies the largest is the best."""
    return not metric.endswith("accuracy")


def lineage(records: Mapping[int, RunRecord], run: int) -> list[RunRecord]:
    """A run and what it branched from, the first run first; ends where a parent is no longer known."""
    line: list[RunRecord] = []
    at: int | None = run
    while at is not None and at in records:
        line.append(records[at])
        at = records[at].parent
    return line[::-1]


def children(records: Mapping[int, RunRecord], run: int | None) -> Sequence[RunRecord]:
    """The runs that branched from a run, oldest first; of None, those whose parent is not there."""
    rows = [r for r in records.values() if (r.parent if r.parent in records else None) == run]
    return sorted(rows, key=lambda record: (record.began, record.id))
