"""The program behind the pass on the canvas, and what it was fed, in float64: for running it again with something changed."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.feeds import moved
from engine.compile.program import Program, RandomKey
from engine.explain.question import Unanswerable
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.explain.context import ExplainContext
    from graph.model.graph import Graph

_twins: weakref.WeakKeyDictionary[Model, tuple[tuple[int, int], Model]] = weakref.WeakKeyDictionary()
"""The float64 twin of a model in another precision, with the (version, edits) it was made at."""


@dataclass(frozen=True, slots=True)
class ShownPass:
    """Everything that one pass takes. `graph` is the effective one."""

    graph: Graph
    program: Program
    feeds: list[Tensor]
    parameters: list[Tensor]
    buffers: list[Tensor]
    random: RandomKey


def shown_pass(situation: ExplainContext) -> ShownPass:
    """The pass shown, in float64 on the CPU. Of a float32 document, masks are drawn again in float64. Raises Unanswerable."""
    model = _in_float64(situation.model)
    try:
        program = model.program(training=situation.training, everything=True, objective=situation.objective)
        if any(key not in model.feeds.train and key not in model.feeds.fixed for key in program.feeds):
            raise RunError(model.feeds.problems)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    if program.objective is None:
        raise Unanswerable(program.objective_note or _("There is no objective."))
    rows, step = situation.batch
    shown = situation.model
    part, places = shown.shown_rows()
    if rows is not None:
        part, places = "train", rows.tolist()
    feeds = model.feeds.chosen(program.feeds, torch.tensor(places, dtype=torch.int64, device=model.device), part)
    feeds = moved(program.feeds, feeds, shown.free if rows is None else ())
    return ShownPass(model.graph, program, feeds, model.parameters(program), model.buffers(program), RandomKey(model.seed, step))


def _in_float64(model: Model) -> Model:
    if model.dtype == torch.float64 and model.device == "cpu":
        return model
    stamp = (model.version, model.edits)
    twin = _twins.get(model)
    if twin is None or twin[0] != stamp:
        twin = (stamp, Model(model.graph, device="cpu", dtype=torch.float64))
        _twins[model] = twin
    twin[1].restore(model.state)
    return twin[1]
