"""Which two moments are compared: a step that was chosen, the newest of a run, or whatever step is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.learned.comparison import Moment
from graph.model.run_record import RunRecord, lineage
from ui.engine_link.messages import Progress


@dataclass(frozen=True, slots=True)
class Choice:
    """A step of a run; without a step its newest, and for run 0 the step that is shown."""

    run: int = 0
    step: int | None = None

    def moment(self, records: Mapping[int, RunRecord], progress: Progress) -> Moment | None:
        """The moment that is meant now; None where there is no such run."""
        if not self.run:
            return Moment(progress.run, progress.step) if progress.record is not None else None
        record = records.get(self.run)
        if record is None:
            return None
        return Moment(self.run, record.last if self.step is None else min(max(self.step, 0), record.last))


SHOWN = Choice()


def first_choices(records: Mapping[int, RunRecord], progress: Progress) -> tuple[Choice, Choice]:
    """The run that is shown beside the one it branched from, or the newest other one; of the only run, its first state."""
    present = records.get(progress.run)
    others = [record for record in records.values() if record.id != progress.run]
    if present is not None and present.parent in records:
        return Choice(present.parent or 0), SHOWN
    if others:
        return Choice(max(others, key=lambda record: (record.began, record.id)).id), SHOWN
    return Choice(progress.run, present.start if present is not None else 0), SHOWN


def settings_of(records: Mapping[int, RunRecord], moment: Moment) -> Mapping[str, Any]:
    """The settings that the step of a moment was made with; of the first state, those of the run's first step."""
    line = lineage(records, moment.run)
    if not line:
        return {}
    maker = next((record for record in reversed(line) if record.start < moment.step), line[0])
    return maker.settings_at(max(moment.step - 1, maker.start))
