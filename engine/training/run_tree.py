"""All runs of a document: their records, their curves, and the states at which they began and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.training.curve import Curve, curve_of, losses_saved, point_rows
from engine.training.saved import pack_state, unpack_state
from engine.training.state import State
from graph.model.run_record import Best, RunRecord, SettingsChange, lineage, lower_is_better
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun

MOST_CHANGES = 256
"""So many changes of its conditions a run keeps apart."""


@dataclass(slots=True)
class KnownRun:
    """One run. `states` are by the step they are of; the record's measurements are brought up to date by `RunTree.record`."""

    record: RunRecord
    curve: Curve
    states: dict[int, State | SavedState] = field(default_factory=dict)
    best: dict[str, Best] = field(default_factory=dict)

    def state(self, step: int) -> State | None:
        """A copy of the state after `step`, where it is stored. Raises TensorError where the file's numbers cannot be read."""
        stored = self.states.get(step)
        if not isinstance(stored, SavedState):
            return None if stored is None else stored.copy()
        state = unpack_state(stored)
        if stored.optimizer != self.record.settings_at(step).get("optimizer"):
            state.optimizer = {}  # the memory of another optimizer is of no use
        return state

    def note_best(self, step: int, measured: Mapping[str, float]) -> None:
        """Remember measurements that are better than all before."""
        for name, value in measured.items():
            before = self.best.get(name)
            better = before is None or (value < before.value if lower_is_better(name) else value > before.value)
            if better and value == value:
                self.best[name] = Best(step, value)


class RunTree:
    """The runs of one document by id. A branch has a parent; runs are never dropped, and their numbers change only while they are trained.

    `unsent` are those that changed since `news` was read last, for a window that keeps a copy of each.
    """

    def __init__(self) -> None:
        self.runs: dict[int, KnownRun] = {}
        self.unsent: set[int] = set()
        self._live = 0
        """The run that was the live one when `news` was read last."""
        self._left_out: int | None = None
        """The step whose state was left out of it."""
        self._sent: dict[int, dict[int, SavedState]] = {}
        """The states that the window has, by run and step: a large one must not travel with every step that is made."""

    def __contains__(self, run: int) -> bool:
        return run in self.runs

    def __iter__(self) -> Iterator[int]:
        return iter(self.runs)

    def get(self, run: int) -> KnownRun | None:
        return self.runs.get(run)

    def clear(self) -> None:
        """Another document."""
        self.runs.clear()
        self.unsent.clear()
        self._sent.clear()

    def open(self, record: RunRecord, curve: Curve, state: State) -> KnownRun:
        """A run begins at this state, which must not be changed afterwards."""
        known = self.runs[record.id] = KnownRun(record, curve, {state.step: state})
        self.unsent.add(record.id)
        return known

    def change(self, run: int, change: SettingsChange, state: State | None = None) -> None:
        """From a step on, a run goes on under other conditions; `state` is what it goes on from, where earlier steps do not lead to it."""
        known = self.runs[run]
        earlier = tuple(each for each in known.record.changes if each.step < change.step)
        if len(earlier) >= MOST_CHANGES:  # a slider that was dragged while training: from here on only stored states come back from a file
            earlier, change = earlier[:-1], replace(change, step=earlier[-1].step, origin="graph")
        known.record = replace(known.record, changes=(*earlier, change))
        if state is not None:
            known.states[state.step] = state
        self.unsent.add(run)

    def keep_states(self, run: int, states: Mapping[int, State]) -> None:
        """Keep these states, by their steps, beside the one that the run began with and those that no earlier steps lead to."""
        known = self.runs.get(run)
        if known is None:
            return
        needed = {known.record.start, *(each.step for each in known.record.changes)}
        known.states = {step: known.states[step] for step in known.states if step in needed or step in states}
        more = {step: state for step, state in states.items() if step not in known.states}
        known.states |= more
        if more:
            self.unsent.add(run)

    def update(self, run: int, **values: Any) -> None:
        """Other values in a run's record, such as its `seconds` or why it `stopped`."""
        known = self.runs.get(run)
        if known is not None and any(getattr(known.record, name) != value for name, value in values.items()):
            known.record = replace(known.record, **values)
            self.unsent.add(run)

    # Reading

    def record(self, run: int) -> RunRecord | None:
        """The record of a run with its newest measurements; None where there is no such run."""
        known = self.runs.get(run)
        if known is None:
            return None
        points = known.curve.points
        last = max(known.curve.last, known.record.start)
        loss = next((point.loss for point in reversed(points) if point.loss is not None), None)
        return replace(known.record, last=last, loss=loss, metrics=known.curve.measured, best=dict(known.best))

    def records(self) -> dict[int, RunRecord]:
        return {run: record for run in self.runs if (record := self.record(run)) is not None}

    def lineage(self, run: int) -> list[RunRecord]:
        """The records of a run and of all it branched from, the first run first."""
        return lineage({each: known.record for each, known in self.runs.items()}, run)

    # To and from a window or a file

    def news(self, live: int, step: int, pack: Callable[[State, RunRecord], SavedState]) -> tuple[SavedRun, ...]:
        """The runs that changed since this was called last, and the one that was live then and is not now.

        Of the `live` one the curve and the state after `step`, the present one, are left out: a window gets both anyway. Of all, states
        that were sent before are only `known`.
        """
        before, self._live = self._live, live
        unsent, self.unsent = self.unsent, set()
        if before != live or self._left_out not in (None, step):
            unsent, self._left_out = unsent | {before}, None
        return tuple(self._news_of(run, None if run != live else step, pack) for run in sorted(unsent) if run in self.runs)

    def _news_of(self, run: int, present: int | None, pack: Callable[[State, RunRecord], SavedState]) -> SavedRun:
        whole, sent = self.saved(run, pack, present), self._sent.get(run, {})
        self._sent[run] = {state.step: state for state in whole.states}
        if present is not None and present in self.runs[run].states and present not in self._sent[run]:
            self._left_out = present
        known = tuple(state.step for state in whole.states if sent.get(state.step) is state)
        return replace(whole, states=tuple(state for state in whole.states if state.step not in known), known=known)

    def saved(self, run: int, pack: Callable[[State, RunRecord], SavedState], present: int | None = None) -> SavedRun:
        """A run as a value; of the live one without its curve and the state after the `present` step. States are packed once."""
        known, record = self.runs[run], self.record(run)
        assert record is not None
        wanted = [step for step in sorted(known.states) if step == record.start or step != present]
        for step in wanted:
            state = known.states[step]
            if isinstance(state, State):
                known.states[step] = pack(state, record)
        states = tuple(state for step in wanted if isinstance(state := known.states[step], SavedState))
        if present is not None:
            return SavedRun(record, states=states)
        return SavedRun(record, point_rows(known.curve.points), losses_saved(known.curve.losses), states, known.curve.stride)

    def adopt(self, saved: SavedRun, sent: bool = True) -> None:
        """Take over a run from a file or from the window, unless it is here already; `sent`: the window has it."""
        if saved.record.id not in self.runs:
            known = KnownRun(saved.record, curve_of(saved), {state.step: state for state in saved.states}, dict(saved.record.best))
            self.runs[saved.record.id] = known
            if sent:
                self._sent[saved.record.id] = {state.step: state for state in saved.states}
            else:
                self.unsent.add(saved.record.id)


def packer(waiting: Mapping[str, Any]) -> Callable[[State, RunRecord], SavedState]:
    """How a document's states are packed: `waiting` are values of nodes that do not use them now, which a file must not lose."""

    def pack(state: State, record: RunRecord) -> SavedState:
        whole = replace(state, parameters={**waiting, **state.parameters})
        return pack_state(whole, str(record.settings_at(state.step).get("optimizer", "")), seed=record.seed)

    return pack
