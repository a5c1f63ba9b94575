"""One run of a sweep made once more, alone and whole: as a run of the document, with states to go on from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.numerics.job import JobError, JobReport, Steps
from engine.sweep.plan import PlanError, member_graph
from engine.sweep.results import KeepRun
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from engine.training.run_tree import packer
from graph.model.computation import computation_key
from graph.storage.files import dumps

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext

TURN = 0.01
"""Seconds of training between two yields."""


def keep(situation: ExplainContext, job: KeepRun) -> Steps:
    """The job `KeepRun`: a `SavedRun`, bit for bit the run that training from the start with these settings makes. Raises JobError."""
    graph = situation.graph.copy()
    try:
        twin = member_graph(graph, job.plan, job.plan.members()[job.index])
        run = Run(Model(twin, str(twin.training.get("device") or "auto")), id=job.run).prepare()
        run.keep(begins=True)
        while not run.finished:
            run.train(max_seconds=TURN)
            run.keep()
            yield JobReport(run.state.step, run.total_steps)
        run.history.settle()
    except (PlanError, RunError) as error:
        raise JobError(str(error)) from None
    saved = run.history.tree.saved(job.run, packer(run.model.waiting()))
    same = computation_key(twin) == computation_key(graph)
    return saved if same else replace(saved, document=dumps(twin))
