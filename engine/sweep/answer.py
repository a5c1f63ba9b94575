"""The jobs of a sweep: to train it, and to say beforehand how long it will take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.numerics.job import JobError, JobReport, Steps
from engine.sweep.plan import PlanError, SweepPlan, member_graph
from engine.sweep.results import EstimateJob, SweepAnswer, SweepEstimate, SweepJob
from engine.sweep.stack import CannotStack, Stack
from engine.sweep.training import Group, Sweeping, copies, groups, train_all
from engine.training.compiled import Compiled, RunError
from engine.training.model import Model
from engine.training.run import Run
from graph.model.training_settings import training_length
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from graph.model.graph import Graph

TRIED = 0.01
"""Seconds of training that an estimate is made from, for each kind of run."""


def sweep(situation: ExplainContext, job: SweepJob) -> Steps:
    """The job `SweepJob`. Raises JobError where the plan cannot be carried out."""
    graph = situation.graph.copy()
    plan = ready(graph, job.plan)
    sweeping = Sweeping(graph, plan)
    yield from train_all(sweeping)
    yield from sweeping.tell([], now=True)
    return SweepAnswer(sweeping.ways, time.perf_counter() - sweeping.began)


def ready(graph: Graph, plan: SweepPlan) -> SweepPlan:
    """The plan, checked: every run can be, and ends. Raises JobError."""
    try:
        plan = plan.checked(graph)
        ends = all(training_length(member_graph(graph, plan, values).training) for values in plan.members())
    except PlanError as error:
        raise JobError(str(error)) from None
    if not ends:
        raise JobError(_("The training settings do not say when training ends: set a number of epochs or steps."))
    return plan


def estimate(situation: ExplainContext, job: EstimateJob) -> Steps:
    """The job `EstimateJob`. Raises JobError where the plan cannot be carried out."""
    graph = situation.graph.copy()
    plan = ready(graph, job.plan)
    sweeping, seconds, steps = Sweeping(graph, plan), 0.0, 0
    for group in groups(graph, plan):
        more_steps, more_seconds = _tried(sweeping, group)
        steps, seconds = steps + more_steps, seconds + more_seconds
        yield JobReport(text=_("trying a few steps"))
    return SweepEstimate(plan.count, steps, seconds, sweeping.ways)


def _tried(sweeping: Sweeping, group: Group) -> tuple[int, float]:
    """(steps, seconds) of a group of runs, from a few steps of it; counts them among the ways."""
    graphs = [member_graph(sweeping.graph, sweeping.plan, sweeping.plan.members()[index]) for index in group.members]
    count, why = len(graphs), group.why
    try:
        compiled = Compiled(graphs[0], str(graphs[0].training.get("device") or "auto"))
        most = 1 if why else min(count, copies(compiled))
        why = why or (_("a network of this size is as fast alone") if most < 2 else "")
        runs = [Run(Model(compiled.changed_to(graph).compiled)).prepare() for graph in graphs[:most]]
        total = runs[0].total_steps
        if most > 1:
            stack = Stack(runs)
            stack.train(TRIED)
            sweeping.together += count
            return total * count, stack.seconds / max(stack.step, 1) * total * (count / most)
    except CannotStack as error:
        why = str(error)
    except RunError as error:
        why = str(error)
        sweeping.reasons[why] += count
        sweeping.alone += count
        return 0, 0.0
    run = Run(Model(compiled)).prepare()
    began = time.perf_counter()
    made = run.train(TRIED)
    sweeping.alone += count
    sweeping.reasons[why] += count
    return total * count, (time.perf_counter() - began) / max(made, 1) * total * count


def planned(graph: Graph, plan: SweepPlan) -> Sweeping:
    """A sweep that is carried out here, for the command line. Raises JobError."""
    return Sweeping(graph.copy(), ready(graph, plan))
