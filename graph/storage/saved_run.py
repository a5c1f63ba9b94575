"""A run as it travels between processes and lies in a file: its record, its curve, and states it can go on from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

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
    known: tuple[int, ...] = ()
    """Steps of states that are left out because the receiver has them (see `completed`); empty in a file."""


def completed(news: SavedRun, before: SavedRun | None) -> SavedRun:
    """The run with the states that were known before."""
    if not news.known or before is None:
        return news
    states = [*news.states, *(state for state in before.states if state.step in news.known)]
    return replace(news, states=tuple(sorted(states, key=lambda state: state.step)), known=())


def owner_of(runs: Iterable[SavedRun], state: SavedState | None) -> SavedRun | None:
    """The run that trained values are of: the one they name, else of those that have them the one that ends there, then the newest."""
    if state is None:
        return None
    runs = list(runs)
    named = next((run for run in runs if run.record.id == state.run and state.step <= run.record.last), None)
    if named is not None:
        return named
    owners = [run for run in runs if state in run.states]
    return max(owners, key=lambda run: (run.record.last == state.step, run.record.began, run.record.id), default=None)


def size_of(runs: Iterable[SavedRun]) -> int:
    """About how many bytes runs take in a file."""
    shared = {state.packed for run in runs for state in run.states}
    numbers = sum(len(row["values"]) for run in runs for state in run.states for row in state.numbers.values())
    return sum(map(len, shared)) + 20 * numbers + sum(len(run.losses.values) + 16 * len(run.points) + 2000 for run in runs)


def mark_of(records: Iterable[RunRecord]) -> Hashable:
    """What tells these runs from others: equal until steps are made or settings change. Runs without steps do not count."""
    return tuple(sorted((each.id, each.last, len(each.changes)) for each in records if each.last > each.start))
