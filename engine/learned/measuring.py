"""Measures one whole part of the data."""

from __future__ import annotations

from engine.explain.context import ExplainContext
from engine.learned.part_measures import MeasurePart, PartMeasures
from engine.learned.sample_columns import model_of
from engine.numerics.job import JobError, JobReport, Steps
from engine.training.compiled import RunError
from graph.text.messages import _


def measure(context: ExplainContext | None, job: MeasurePart) -> Steps:
    """The job. Raises JobError where there is no such part, or nothing to measure."""
    model = model_of(context)
    count = model.feeds.rows[job.part]
    if not count:
        raise JobError(_("The data have no samples in this part."))
    try:
        metrics = model.evaluate(job.part)
    except RunError as error:
        raise JobError(str(error)) from error
    yield JobReport(count, count)
    return PartMeasures(job.part, count, model.state.step, {name: metrics[name] for name in ("loss", "accuracy") if name in metrics})
