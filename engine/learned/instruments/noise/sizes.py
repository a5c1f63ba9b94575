"""How far the gradients of mini-batches of one size spread, measured by drawing them."""

from __future__ import annotations

import numpy as np
import torch

from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.learned.instruments.noise import BatchSizes, Numbers, SizesJob, batch_sizes
from engine.learned.instruments.noise.answer import Drawn, differentiated, drawn
from engine.numerics.job import JobReport, Steps
from graph.model.trained_numbers import trained_name

AT_ONCE = 2**18
"""Rows that are drawn between two reports."""


def sizes(context: ExplainContext, job: SizesJob) -> Steps:
    """The job `SizesJob`. Raises Unanswerable."""
    return _measured(context, job, drawn(context, job.places, "part"))


def _measured(context: ExplainContext, job: SizesJob, some: Drawn) -> Steps:
    names = tuple(trained_name(context.graph, place) for place in job.places)
    stamp = Stamp(job.structure, job.revision, job.run, some.step)
    _losses, gradients, _merged = yield from differentiated(some, torch.ones(len(some.rows), dtype=torch.bool))
    samples, random = len(gradients), np.random.default_rng(context.model.seed)
    counts, spread = batch_sizes(samples), []
    for number, size in enumerate(counts):
        means = np.concatenate([*_means(gradients, size, job, random)])
        spread.append(np.sqrt(np.square(means - gradients.mean(0)).mean(0)))
        yield JobReport(number + 1, len(counts))
    return BatchSizes(
        stamp, job.places, names, counts, np.array(spread), gradients.std(0), samples, some.of_all, job.draws, job.replacement
    )


def _means(gradients: Numbers, size: int, job: SizesJob, random: np.random.Generator) -> list[Numbers]:
    """The gradients of mini-batches that are drawn, (draws, k) in pieces."""
    samples, pieces = len(gradients), []
    piece = max(1, AT_ONCE // samples)
    for first in range(0, job.draws, piece):
        draws = min(piece, job.draws - first)
        if job.replacement:
            rows = random.integers(samples, size=(draws, size))
        else:
            rows = random.permuted(np.tile(np.arange(samples), (draws, 1)), axis=1)[:, :size]
        pieces.append(gradients[rows].mean(1))
    return pieces
