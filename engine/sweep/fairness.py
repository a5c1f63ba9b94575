"""Whether the runs of a sweep began alike: initial values and the samples of each step are compared, never assumed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sweep.placing import evaluations_per_step
from engine.sweep.plan import OPTIMIZER, SweepPlan, Swept, value_text
from engine.sweep.results import MemberResult
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.run import Run
    from graph.model.graph import Graph

COMPARED = 2**18
"""Row numbers of one run that are compared at most: the epochs from the first on, and the last one."""
NO_DATA = "none"
ASKED_FOR = ("seed", "order_seed", "batch_size", "drop_last")
"""Training settings that, where they are swept, give runs another start or other batches on purpose."""


@dataclass(frozen=True, slots=True)
class Start:
    """Fingerprints of a prepared run: of its initial `values`, and of the `batches` it is going to be fed."""

    values: str
    batches: str


def start_of(run: Run) -> Start:
    """The fingerprints of a run that has made no step. Raises RunError."""
    values = hashlib.sha256()
    state = run.model.state
    for name, tensor in sorted({**state.parameters, **state.buffers}.items()):
        values.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        values.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return Start(values.hexdigest(), _batches(run))


def _batches(run: Run) -> str:
    batches = run.conditions().batches()
    if not batches.rows:
        return NO_DATA
    if batches.whole:
        return f"all {batches.rows}"
    epochs = max(1, -(-run.total_steps // batches.count))
    few = max(1, min(epochs, COMPARED // batches.rows))
    found = hashlib.sha256(f"{batches.rows} {batches.size} {batches.count}".encode())
    for epoch in dict.fromkeys([*range(few), epochs - 1]):
        found.update(batches.order(epoch).numpy().tobytes())
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Fairness:
    """What was compared: `runs` with the same seeds and the same graph. `odd` are those whose batches differ from most of the others'."""

    runs: int
    same_start: bool
    same_batches: bool
    odd: tuple[int, ...] = ()
    data: bool = True
    """Whether there are data, so that there are batches at all."""

    @property
    def fair(self) -> bool:
        return self.same_start and self.same_batches


def fairness(plan: SweepPlan, rows: Mapping[int, MemberResult]) -> Fairness | None:
    """Whether all runs that differ in optimizer, rate or schedule alone began alike; None where there are no two such runs."""
    groups: dict[tuple[Any, ...], list[MemberResult]] = {}
    kept = [place for place, axis in enumerate(plan.axes) if _asked_for(axis.of)]
    for index, values in enumerate(plan.members()):
        row = rows.get(index)
        if row is not None and row.start:
            groups.setdefault(tuple(values[place] for place in kept), []).append(row)
    several = [group for group in groups.values() if len(group) > 1]
    if not several:
        return None
    odd: list[int] = []
    for group in several:
        seen = [row.batches for row in group]
        usual = max(dict.fromkeys(seen), key=seen.count)
        odd += [row.index for row in group if row.batches != usual]
    return Fairness(sum(map(len, several)), all(len({row.start for row in group}) == 1 for group in several), not odd, tuple(sorted(odd)),
                    any(row.batches != NO_DATA for group in several for row in group))  # fmt: skip


def _few_digits(times: float) -> str:
    return f"{times:,.0f}" if times >= 100 else f"{times:.3g}"


def steps_text(graph: Graph, plan: SweepPlan, rows: Mapping[int, MemberResult]) -> str:
    """Whose steps cost more than one evaluation of the gradient, in words; empty where nobody's do."""
    found = evaluations_per_step(plan, rows)
    own = str(graph.training["optimizer"])
    who = [f"{value_text(graph, OPTIMIZER, value or own)} {_few_digits(times)}" for value, times in found.items()]
    return _("Evaluations of the gradient in a step, on average: {list}; all others 1.").format(list=", ".join(who)) if who else ""


def fair_text(graph: Graph, plan: SweepPlan, found: Fairness | None) -> str:
    """What the comparison found, in words; empty where there was nothing to compare."""
    if found is None:
        return ""
    if not found.same_start:
        return _("Not a fair race: the runs do not start from the same initial values.")
    if not found.data:
        return _("Same start: checked.")
    if found.same_batches:
        return _("Same start, same batches: checked.")
    place = plan.place(OPTIMIZER)
    if place is None:
        return _("Same start: checked. The batches differ.")
    members = plan.members()
    names = dict.fromkeys(value_text(graph, OPTIMIZER, members[index][place]) for index in found.odd)
    return _("Same start: checked. Other batches than the rest: {names}.").format(names="; ".join(names))


def _asked_for(of: Swept) -> bool:
    return bool(of.node) or of.name in ASKED_FOR
