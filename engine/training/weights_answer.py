"""Reads weights from a file for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.numerics.job import JobError, JobReport, Steps
from engine.numerics.tensors import TensorError
from engine.training.keep import keep
from engine.training.weights import fit_of, gaps_text, loading, read_weights, wrong_text
from engine.training.weights_job import ReadWeights, WeightsPlan
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.model import Model


class Context(Protocol):
    """The document as the kernel holds it."""

    @property
    def model(self) -> Model: ...


def read(context: Context, job: ReadWeights) -> Steps:
    """Raises JobError where the file has no weights that can be read."""
    yield JobReport(text=_("Reading the weights"))
    try:
        weights = read_weights(job.path)
    except TensorError as problem:
        raise JobError(str(problem)) from None
    fit = fit_of(context.model, weights)
    if fit.wrong or not fit.fitting:
        nothing = _("No tensor in the file has the name of one in this graph. {gaps}").format(gaps=gaps_text(fit))
        return WeightsPlan(wrong_text(fit) if fit.wrong else nothing)
    load, attachments = loading(context.model, fit)
    kept, more = keep(context.model)
    keeping = kept.to_json() if kept.edits else None
    return WeightsPlan("", gaps_text(fit), len(fit.fitting), weights.step, keeping, load.to_json(), {**more, **attachments})
