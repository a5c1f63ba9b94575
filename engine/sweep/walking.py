"""The job `PathsJob`: runs made once more, one step after another, with both trained numbers noted at each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from engine.numerics.job import JobError, JobReport, Steps
from engine.sweep.lows import evaluations_at, trained_numbers
from engine.sweep.paths import MOST_POINTS, Path, Paths, PathsJob
from engine.sweep.plan import PlanError, member_graph
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from engine.training.state import state_key
from graph.model.address import Address
from graph.model.trained_numbers import first_numbers, trained_name
from graph.text.messages import _

TURN = 0.01
"""Seconds of training between two yields."""

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext


def walk(situation: ExplainContext, job: PathsJob) -> Steps:
    """The job. Raises JobError where there are not exactly two trained numbers."""
    graph, members, names = situation.graph.copy(), job.plan.members(), None
    for done, index in enumerate(job.members):
        try:
            twin = member_graph(graph, job.plan, members[index])
            run = Run(Model(twin, str(twin.training.get("device") or "auto"))).prepare()
            places = _places(run)
            names = names or Paths(*places, names=(trained_name(twin, places[0]), trained_name(twin, places[1])))
            path = yield from _path(run, index, places, JobReport(done, len(job.members)))
        except (PlanError, RunError) as error:
            raise JobError(str(error)) from None
        yield JobReport(done + 1, len(job.members), part=(path,))
    return names


def _places(run: Run) -> tuple[Address, Address]:
    if trained_numbers(run) != 2:
        raise JobError(_("Paths are drawn where exactly two numbers are trained."))
    x, y = first_numbers({key: run.model.state.parameters[state_key(key)].shape for key in run.conditions().program.trainable_keys})
    return x, y


def _path(run: Run, index: int, places: tuple[Address, Address], report: JobReport) -> Steps:
    """A run's whole way: `Path`."""

    def numbers() -> tuple[float, float]:
        state = run.model.state.parameters
        x, y = (float(state[state_key(place.key)][place.index or ()]) for place in places)
        return x, y

    steps, found, clock = [0], [numbers()], time.perf_counter()
    stride = max(1, -(-run.total_steps // MOST_POINTS))
    while not run.finished and run.train(max_steps=stride):
        steps.append(run.state.step)
        found.append(numbers())
        if time.perf_counter() - clock > TURN:
            yield report
            clock = time.perf_counter()
    try:
        end = run.model.evaluate("train")["objective"]
    except RunError:
        end = float("nan")
    losses = run.curve.losses
    known = [row[2] if (row := losses.at(step + 1)) is not None else end for step in steps]
    spent = evaluations_at(run, steps) or tuple(map(float, steps))
    return Path(index, tuple(steps), np.array(found), np.array(known), spent, run.problem is not None)
