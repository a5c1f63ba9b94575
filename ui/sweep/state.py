"""What the window holds of a sweep: the document as it was at its start, the plan, the rows that have come, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.numerics.job import JobEnd, JobReport
from engine.sweep.plan import PlanError, SweepPlan, Swept, member_graph, setting_of, title_of, value_text
from engine.sweep.results import STEPS, MemberResult, SweepAnswer, SweepJob, SweepWays, grouped, measures_of, without_seed
from graph.model.computation import computation_key
from graph.model.graph import Graph
from graph.text.messages import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.engine_link.work import JobHandle, Work

NAMES = {
    "loss": _("loss"), "objective": _("objective"), "train_loss": _("training loss"), "train_accuracy": _("training accuracy"),
    "validation_loss": _("validation loss"), "validation_accuracy": _("validation accuracy"), "test_loss": _("test loss"),
    "test_accuracy": _("test accuracy"), "penalty": _("penalty"),
    STEPS: _("steps until the run ended"),
}  # fmt: skip
"""What a measure is called: of which part it is, is always said."""


class SweepState(QObject):
    """`graph` is a copy; without `work` it only holds what it is given. `selected` is the run that is looked at; `message` says why
    nothing came."""

    changed = Signal()
    """Rows came, or it began or ended."""
    selection_moved = Signal()

    def __init__(self, work: Work | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._work, self._clock = work, clock
        self.graph: Graph | None = None
        self.plan = SweepPlan(())
        self.rows: dict[int, MemberResult] = {}
        self.ways: SweepWays | None = None
        self.message = ""
        self.seconds = 0.0
        self.selected: int | None = None
        self._handle: JobHandle | None = None
        self._began = 0.0
        self._share = 0.0

    # its life

    def start(self, graph: Graph, plan: SweepPlan) -> None:
        """Train the runs of a checked plan; what was shown of another sweep is gone."""
        if self._work is None:
            return
        self.forget()
        self.graph, self.plan = graph.copy(), plan
        self._began = self._clock()
        self._handle = self._work.job(SweepJob(plan), self._heard, self._ended)
        self.changed.emit()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def forget(self) -> None:
        """Another document, or another sweep."""
        if self._handle is not None:
            self._handle.leave()
        self._handle = None
        self.graph, self.plan, self.rows, self.ways = None, SweepPlan(()), {}, None
        self.message, self.seconds, self.selected, self._share = "", 0.0, None, 0.0
        self.changed.emit()

    def _heard(self, report: JobReport, parts: Sequence[Any]) -> None:
        self._share = report.done / report.total if report.total else 0.0
        for part in parts:
            self.rows |= {row.index: row for row in part}
        self.changed.emit()

    def _ended(self, end: JobEnd) -> None:
        self._handle = None
        self.seconds = self._clock() - self._began
        if isinstance(end.answer, SweepAnswer):
            self.ways = end.answer.ways
        elif end.how == "cancelled":
            self.message = _("Cancelled: {ended} of {count} runs ended.").format(ended=self.ended, count=self.plan.count)
        else:
            self.message = end.text or _("The sweep was ended.")
        self.changed.emit()

    # what can be read

    def took(self, plan: SweepPlan, graph: Graph) -> float | None:
        """Seconds that this very plan took the last time, with this graph; None where it was not trained to its end."""
        whole = plan == self.plan and self.ended == plan.count and not self.running and not self.outdated(graph)
        return self.seconds if whole else None

    @property
    def running(self) -> bool:
        return self._handle is not None

    @property
    def ended(self) -> int:
        """Runs that have ended."""
        return sum(row.ended for row in self.rows.values())

    @property
    def share(self) -> float:
        """The part of the work that is done, 0 to 1."""
        return self._share

    @property
    def left(self) -> float | None:
        """Seconds that it will still take; None while that cannot be told."""
        passed = self._clock() - self._began
        return passed / self._share * (1 - self._share) if self.running and self._share > 0.02 and passed > 0.5 else None

    @property
    def measures(self) -> list[str]:
        """Measures at the end of the runs. The objective is left out where it is the training loss itself; steps are a measure where runs
        stopped after different numbers of them."""
        names = measures_of(self.rows.values())
        same = all(row.loss == row.metrics.get("train_loss") for row in self.rows.values() if row.ended)
        steps = [STEPS] if len({row.step for row in self.rows.values() if row.how == "done"}) > 1 else []
        return [name for name in names if name not in ("loss", "objective") or not same] + steps

    @property
    def across(self) -> list[Swept]:
        """The settings between whose values there is something to compare: all but the seed; the seed where there is no other. Of pairs of
        values the first setting alone, where it is a number and each of its values is there once: the others follow from it."""
        settings = without_seed(self.plan) or [axis.of for axis in self.plan.axes]
        if self.plan.paired and len(settings) > 1 and self.graph is not None and self.is_number(settings[0]):
            values = self.plan.axes[self.plan.place(settings[0]) or 0].values
            if len(set(values)) == len(values):
                return settings[:1]
        return settings

    def values(self, index: int) -> tuple[Any, ...]:
        return self.plan.members()[index]

    def value(self, index: int, of: Swept) -> Any:
        place = self.plan.place(of)
        assert place is not None
        return self.values(index)[place]

    def title(self, of: Swept) -> str:
        assert self.graph is not None
        return title_of(self.graph, of)

    def short_title(self, of: Swept) -> str:
        """The symbol of a setting where it has one: `η`."""
        assert self.graph is not None
        return setting_of(self.graph, of).symbol or self.title(of)

    def text(self, of: Swept, value: Any) -> str:
        assert self.graph is not None
        return value_text(self.graph, of, value)

    def is_number(self, of: Swept) -> bool:
        """Whether a setting's values lie on an axis."""
        assert self.graph is not None
        place = self.plan.place(of)
        assert place is not None
        values = self.plan.axes[place].values
        return setting_of(self.graph, of).kind in ("int", "float") and None not in values

    def best_of_each(self) -> list[int]:
        """Of the runs that differ in the seed alone the one with the lowest loss; none where all of them diverged."""
        found = []
        for group in grouped(self.plan, self.across, self.rows).values():
            ended = [row for row in group if row.how == "done" and row.loss is not None]
            if ended:
                found.append(min(ended, key=lambda row: row.loss or 0.0).index)
        return found

    def outdated(self, graph: Graph) -> bool:
        """Whether the document computes or trains otherwise than at the start of the sweep, whatever the sweep itself sets."""
        if self.graph is None:
            return False
        values = self.values(0)
        try:
            now, then = (member_graph(each, self.plan, values) for each in (graph, self.graph))
        except PlanError:
            return True
        return dict(now.training) != dict(then.training) or computation_key(now) != computation_key(then)

    def select(self, index: int | None) -> None:
        if index != self.selected:
            self.selected = index
            self.selection_moved.emit()

    def summary(self) -> str:
        """How the runs were trained, in a line."""
        ways = self.ways
        if ways is None:
            return self.message
        count = self.plan.count
        runs = ngettext("{count:,} run", "{count:,} runs", count).format(count=count)
        lost = sum(row.how in ("diverged", "failed") for row in self.rows.values())
        bad = ", " + _("{lost:,} without a finite end").format(lost=lost) if lost else ""
        return _("{runs} in {seconds:.1f} s{bad}. {ways}").format(runs=runs, seconds=self.seconds, bad=bad, ways=ways_text(ways))


def ways_text(ways: SweepWays) -> str:
    """Which runs go together, and why others do not."""
    why = "; ".join(reason.rstrip(".") for reason, _count in ways.reasons)
    if not ways.alone:
        return _("All are trained together.")
    if not ways.together:
        return _("One after another: {why}.").format(why=why) if why else _("One after another.")
    text = _("{together:,} together, {alone:,} one after another: {why}.")
    return text.format(together=ways.together, alone=ways.alone, why=why)


def duration(seconds: float) -> str:
    """A rough time: `about 2 s`, `about 3 min`, `about 1.5 h`."""
    if seconds < 1:
        return _("less than 1 s")
    if seconds < 90:
        return _("about {n:.0f} s").format(n=seconds)
    if seconds < 5400:
        return _("about {n:.0f} min").format(n=seconds / 60)
    return _("about {n:.1f} h").format(n=seconds / 3600)
