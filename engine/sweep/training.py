"""The runs of a sweep trained: those of equal shape together, the others one after another, in slices of a few milliseconds."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.numerics.job import JobReport, Steps
from engine.sweep.fairness import Start, start_of
from engine.sweep.lows import evaluations_at, lows_of, passes_of, trained_numbers
from engine.sweep.plan import SweepPlan, member_graph
from engine.sweep.results import CURVE, How, MemberResult, SweepWays
from engine.sweep.stack import CannotStack, Stack
from engine.sweep.stacked_optimizer import alike
from engine.training.compiled import Compiled, RunError
from engine.training.model import Model
from engine.training.optimizers.registry import declared_or_none
from engine.training.result import evaluated, parts_read
from engine.training.run import Run
from engine.training.schedules.registry import SCHEDULES
from graph.model.computation import computation_key
from graph.model.several_objectives import goals_of
from graph.model.training_settings import TRAINING_SETTINGS, setting_in
from graph.text.messages import _, translated

if TYPE_CHECKING:
    from graph.model.graph import Graph

TURN = 0.01
"""Seconds of training between two yields."""
LARGE = 200_000
"""Multiplications of weights in one step from which training copies together is no faster than one after another."""
TOGETHER = 2**26
"""Numbers that the copies at work hold: parameters, optimizer's memory and values of a step."""
MOST = 256
"""Copies in one batch."""
OWN = ("hyper", "seed", "order_seed", "clip_norm", "clip_value", "lr_schedule", "lr_schedule_hyper", "warmup")
"""Training settings of which each copy in a batch has its own value."""
SHARED = (*OWN, "optimizer", "rule", "epochs", "steps", "batch_size", "drop_last", "device")
"""Training settings that a batch of copies knows; runs with any other go one after another."""
SIDE_BY_SIDE = 24
"""Groups that are trained in turns."""
MEASURED = 200
"""Measurements of one run that are passed on."""


@dataclass(slots=True)
class Group:
    """Members whose graphs compute the same, and who train alike: perhaps one batch. `why` says why they are not. `done` counts what
    those at work have made of their runs; their rows are passed on at `next` again."""

    members: list[int] = field(default_factory=list)
    why: str = ""
    done: float = 0.0
    next: float = 0.0


@dataclass(slots=True)
class Sweeping:
    """A sweep at work. `tell` collects rows for the listener; `ways` counts how the runs were trained."""

    graph: Graph
    plan: SweepPlan
    ended: int = 0
    working: list[Group] = field(default_factory=list)
    together: int = 0
    alone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    starts: dict[int, Start] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    _waiting: dict[int, MemberResult] = field(default_factory=dict)
    _next: float = 0.0

    @property
    def ways(self) -> SweepWays:
        return SweepWays(self.together, self.alone, tuple(self.reasons.most_common()))

    def tell(self, rows: Sequence[MemberResult], now: bool = False) -> Iterator[JobReport]:
        """A report, with the rows where some have waited long enough: the longer a sweep takes, the less often runs at work are shown."""
        self._waiting |= {row.index: self._with_start(row) for row in rows}
        clock, part = time.perf_counter(), None
        if self._waiting and (now or clock >= self._next):
            part, self._waiting = tuple(self._waiting.values()), {}
            self._next = clock + self._pause
        done = round(1000 * (self.ended + sum(group.done for group in self.working)))
        yield JobReport(done, 1000 * self.plan.count, part=part)

    def _with_start(self, row: MemberResult) -> MemberResult:
        start = self.starts.get(row.index)
        return row if start is None else replace(row, start=start.values, batches=start.batches)

    @property
    def _pause(self) -> float:
        return max(0.25, 0.1 * (time.perf_counter() - self.began))

    def due(self, group: Group) -> bool:
        """Whether rows of a group's runs at work are made now; the next ones after a while."""
        clock = time.perf_counter()
        if clock < group.next:
            return False
        group.next = clock + self._pause
        return True


def train_all(sweeping: Sweeping) -> Steps:
    """Every run of the plan, from the document's initial values. A few groups take turns, so that they are seen side by side."""
    waiting = groups(sweeping.graph, sweeping.plan)
    while waiting:
        sweeping.working, waiting = waiting[:SIDE_BY_SIDE], waiting[SIDE_BY_SIDE:]
        turns = [_group(sweeping, group) for group in sweeping.working]
        while turns:
            for turn in list(turns):
                try:
                    yield next(turn)
                except StopIteration:
                    turns.remove(turn)


def groups(graph: Graph, plan: SweepPlan) -> list[Group]:
    """The members in the order of the plan, those together that may be one batch."""
    found: dict[Any, Group] = {}
    for index, values in enumerate(plan.members()):
        twin = member_graph(graph, plan, values)
        why = _why_alone(twin)
        training = twin.training
        spec = declared_or_none(training)
        hyper = alike(spec, spec.with_defaults(training.get("hyper") or {})) if spec is not None and not why else index
        rest = [(s.name, str(setting_in(training, s))) for s in TRAINING_SETTINGS if s.name not in OWN]
        key = (computation_key(twin), hyper, *rest)
        found.setdefault(key, Group(why=why)).members.append(index)
    for group in found.values():
        if len(group.members) == 1 and not group.why:
            group.why = _("no other run has the same shape")
    return list(found.values())


def _why_alone(graph: Graph) -> str:
    """Why a run cannot be in a batch, as far as its settings say; empty where it can."""
    spec = declared_or_none(graph.training)
    if spec is None:
        return _("the optimizer is not known")
    if goals_of(graph):
        return _("the graph has several objectives")
    if any(node.type == "source.noise" for node in graph.nodes.values()):
        return _("a Noise node draws numbers of its own in every run")
    if spec.evaluates_loss:
        return _("{optimizer} evaluates the loss itself").format(optimizer=translated(spec.short or spec.title))
    if spec.looks_ahead(spec.with_defaults(graph.training.get("hyper") or {})):
        return _("{optimizer} takes the gradient at a point ahead").format(optimizer=translated(spec.short or spec.title))
    if not spec.elementwise:
        return _("{optimizer} looks at whole weight matrices").format(optimizer=translated(spec.short or spec.title))
    schedule = SCHEDULES.get(str(graph.training.get("lr_schedule") or "constant"))
    if schedule is None or schedule.watches:
        return _("the schedule of the learning rate watches the loss")
    for setting in TRAINING_SETTINGS:
        if setting.name not in SHARED and setting_in(graph.training, setting) not in (setting.default, None):
            return _("the setting {setting} is used").format(setting=translated(setting.label))
    return ""


def _group(sweeping: Sweeping, group: Group) -> Steps:
    values = sweeping.plan.members()
    graphs = {index: member_graph(sweeping.graph, sweeping.plan, values[index]) for index in group.members}
    compiled: Compiled | None = None
    why, waiting = group.why, list(group.members)
    while waiting and not why:
        try:
            compiled = compiled or Compiled(graphs[waiting[0]], _device(graphs[waiting[0]]))
            most = copies(compiled, len(sweeping.working))
            if most < 2:
                why = _("a network of this size is as fast alone")
                break
            chunk = waiting[:most]
            runs = []
            for index in chunk:
                runs.append(Run(Model(compiled.changed_to(graphs[index]).compiled)).prepare())
                sweeping.starts[index] = start_of(runs[-1])
                yield from sweeping.tell([])
            stack = Stack(runs)
        except RunError:  # each of them says why
            break
        except CannotStack as error:
            why = str(error)
            break
        waiting = waiting[most:]
        yield from _together(sweeping, group, stack, chunk, runs)
    if waiting and why:
        sweeping.reasons[why] += len(waiting)
    for index in waiting:
        yield from _alone(sweeping, group, index, graphs[index], compiled)


def copies(compiled: Compiled, batches: int = 1) -> int:
    """How many copies of a network are trained together, where so many batches share the memory: 0 or 1 where that is no faster."""
    inference = compiled.inference
    rows = int(compiled.graph.training.get("batch_size") or 0) or compiled.feeds.rows["train"] or 1
    learned, products = 0, 0
    for (node, _name), shape in inference.parameters.items():
        learned += math.prod(shape)
        if len(shape) >= 2:
            output = inference.outputs.get((node, "y"))
            places = math.prod(output.dims[1:]) if len(shape) > 2 and output is not None else 1
            products += math.prod(shape) * places * rows
    if products > LARGE or compiled.device != "cpu":
        return 1
    values = sum(math.prod(shape.full(rows)) for shape in inference.outputs.values())
    return max(1, min(MOST, TOGETHER // max(1, max(batches, 1) * (6 * learned + 3 * values))))


def _together(sweeping: Sweeping, group: Group, stack: Stack, chunk: Sequence[int], runs: Sequence[Run]) -> Steps:
    places = dict(zip(map(id, runs), chunk, strict=True))
    while not stack.finished:
        stack.train(TURN)
        group.done = len(stack.runs) * stack.step / max(stack.steps, 1)
        due = sweeping.due(group)
        rows = [row_of(run, places[id(run)], "running", stack.step, stack.epoch, True) for run in stack.runs] if due else []
        yield from sweeping.tell(rows)
    stack.finish()
    group.done = 0.0
    for run in stack.runs:
        sweeping.ended += 1
        sweeping.together += 1
        yield from sweeping.tell([ended(run, places[id(run)], True)])
    if stack.alone:
        sweeping.reasons[_("a number became infinite, so the run was made again alone")] += len(stack.alone)
    for run in stack.alone:
        yield from _run(sweeping, group, run, places[id(run)])


def _alone(sweeping: Sweeping, group: Group, index: int, graph: Graph, compiled: Compiled | None) -> Steps:
    try:
        model = Model(graph, _device(graph)) if compiled is None else Model(compiled.changed_to(graph).compiled)
        run = Run(model).prepare()
        sweeping.starts[index] = start_of(run)
    except RunError as error:
        sweeping.ended += 1
        sweeping.alone += 1
        yield from sweeping.tell([MemberResult(index, "failed", text=str(error))])
        return
    yield from _run(sweeping, group, run, index)


def _run(sweeping: Sweeping, group: Group, run: Run, index: int) -> Steps:
    while not run.finished:
        run.train(max_seconds=TURN)
        group.done = run.state.step / run.total_steps if run.total_steps else 0.0
        yield from sweeping.tell([row_of(run, index, "running", run.state.step, run.state.epoch, False)] if sweeping.due(group) else [])
    group.done = 0.0
    sweeping.ended += 1
    sweeping.alone += 1
    yield from sweeping.tell([ended(run, index, False)])


def _device(graph: Graph) -> str:
    return str(graph.training.get("device") or "auto")


# Rows


def ended(run: Run, index: int, together: bool) -> MemberResult:
    """The row of a run that has ended."""
    how: How = "done"
    text = ""
    if run.problem is not None:
        how = "diverged" if run.problem.code.startswith("training-failed") else "failed"
        text = run.problem.text
    try:
        loss, metrics = evaluated(run.model, parts_read(run.model, False) if run.model.feeds.rows["train"] else ())
    except RunError as error:
        loss, metrics, how, text = None, {}, "failed", text or str(error)
    return row_of(run, index, how, run.state.step, run.state.epoch, together, loss, metrics, text)


def row_of(
    run: Run, index: int, how: How, step: int, epoch: int, together: bool, loss: float | None = None,
    metrics: dict[str, float] | None = None, text: str = "",
) -> MemberResult:  # fmt: skip
    curve, span = _curve(run)
    spent = evaluations_at(run, [step for step, _loss in curve])
    lows = () if how in ("waiting", "running") else lows_of(run)
    points = [point for point in run.curve.points if point.measured]
    measured = tuple((p.step, p.measured) for p in points[:: -(-len(points) // MEASURED) or 1])
    penalised = run.model.penalised
    return MemberResult(
        index, how, step, epoch, loss, metrics or {}, curve, span, measured, together, run.seconds, text, penalised,
        passes=passes_of(run), evaluations=spent, lows=lows, numbers=trained_numbers(run),
    )  # fmt: skip


def _curve(run: Run) -> tuple[tuple[tuple[float, float], ...], int]:
    """(middle of the steps, mean loss) in at most `CURVE` blocks of equally many steps."""
    losses = run.curve.losses
    values = losses.mean
    if not values.size:
        return (), 1
    span = -(-values.size // CURVE)
    starts = np.arange(0, values.size, span)
    sizes = np.diff(starts, append=values.size)
    means = np.add.reduceat(values, starts) / sizes
    steps = losses.first + (starts + (sizes - 1) / 2) * losses.stride
    return tuple(zip(steps.tolist(), means.tolist(), strict=True)), span * losses.stride
