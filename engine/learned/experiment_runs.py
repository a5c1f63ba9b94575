"""The runs of an experiment: trained like the document itself, beside it, in slices of a few milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.explain.figures import Role
from engine.explain.question import Unanswerable
from engine.learned.experiment import Experiment, Variant
from engine.numerics.job import JobReport, Steps
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam, SetTraining
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

TURN = 0.01
"""Seconds of training between two yields."""
ROLES: tuple[Role, ...] = ("value", "gradient", "right", "second", "fourth", "fifth")
"""Of the lines of an experiment, in their order."""


def trained(graph: Graph, variant: Variant, seed: int, report: JobReport) -> Steps:
    """The variant's model after all its training, on the processor: `Model`."""
    model = Model(variant_of(graph, variant, seed))
    run = Run(model).prepare()
    if not run.total_steps:
        raise Unanswerable(_("The training settings say nothing about when training ends."))
    while not run.finished:
        run.train(max_seconds=TURN)
        yield report
    return model


def variant_of(graph: Graph, variant: Variant, seed: int) -> Graph:
    """A copy of the document with the variant's edits and the seed: of training, and of every data set that is drawn or split."""
    twin = graph.copy()
    for edit in variant.edits:
        edit.apply(twin)
    SetTraining("seed", seed).apply(twin)
    for node in list(twin.nodes):
        if twin.nodes[node].type == "source.data":
            SetParam(node, "seed", seed).apply(twin)
    return twin


def named_variant(job: Experiment, variant: Variant) -> str:
    """Its line, where every variant has one of its own."""
    return variant.name or f"{job.across} {variant.at}".strip()
