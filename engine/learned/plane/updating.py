"""One update from a single sample, made on copies, and what the network would predict on the plane after it."""

from __future__ import annotations

import torch

from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Beginning, make, run_beside
from engine.learned.evaluate import Evaluator
from engine.learned.plane.answer import chosen, fed_grid, read_grid, sample_fed, sample_loss, shown_axes, source_of
from engine.learned.plane.one_update import AfterUpdate, OneUpdateJob
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.at_once import rows_at_once
from engine.training.compiled import RunError
from graph.text.messages import _


def one_update(context: ExplainContext, job: OneUpdateJob) -> Steps:
    """The job. Raises Unanswerable where no step can be made from this sample."""
    model, spot = context.model, job.spot
    if spot.place >= model.feeds.rows.get(spot.part, 0):
        raise Unanswerable(_("The data has no such sample any more."))
    source, stamp = source_of(model.compiled), Stamp(job.structure, job.revision, job.run, model.state.step)
    fed = sample_fed(model, spot)
    try:
        run = context.run or run_beside(model)
        program = model.program(training=True)
        feeds = [fed[key] if key in fed else model.feeds.fixed[key] for key in program.feeds]
        start = Beginning(
            program, model.parameters(program), model.buffers(program), run.capture().optimizer, feeds, model.random(model.state.step),
            model.compiled.threads,
        )  # fmt: skip
        new = make(start, run.optimizer_on).new
        later = Evaluator(model, [source.read.prediction], parameters=new)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("No step can be made from this sample alone; the Problems panel says why.")) from error
    yield JobReport()
    plane = chosen(model, job.plane)
    rows = fed_grid(model, plane)
    count, size = len(next(iter(rows.values()))), rows_at_once(model, [source.read.prediction])
    pieces = []
    for low in range(0, count, size):
        pieces.append(later({key: table[low : low + size] for key, table in rows.items()})[source.read.prediction])
        yield JobReport(low, count)
    shown = shown_axes(source, plane)
    with threads(model.compiled.threads):
        shape, prediction = tuple(len(axis.at) for axis in reversed(shown)), torch.cat(pieces)
        more = read_grid(source.read, prediction, shape, source.output(job.output))
        lead = source.read.lead(prediction) if len(shape) == 2 else None
    more.pop("probabilities", None)
    drawn = lead.reshape(shape).cpu().numpy() if lead is not None else None
    return AfterUpdate(
        stamp, spot, run.spec.title, shown, lead=drawn, before=sample_loss(model, fed), after=sample_loss(model, fed, new), **more,
    )  # fmt: skip
