"""The program behind the pass on the canvas, and what it was fed, in float64: for whoever runs it again with something changed."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.explain.question import Unanswerable
from engine.training.session import Session, SessionError

if TYPE_CHECKING:
    from engine.explain.context import Situation
    from graph.model.graph import Graph

_twins: weakref.WeakKeyDictionary[Session, tuple[tuple[int, int], Session]] = weakref.WeakKeyDictionary()
"""The float64 twin of a session in another precision, with the (version, edits) it was made at."""


@dataclass(frozen=True, slots=True)
class ShownPass:
    """Everything that one pass takes. `graph` is the effective one."""

    graph: Graph
    program: Program
    feeds: list[Tensor]
    parameters: list[Tensor]
    buffers: list[Tensor]
    random: RandomKey


def shown_pass(situation: Situation) -> ShownPass:
    """The pass shown, in float64 on the CPU. Of a float32 document, masks are drawn anew in float64. Raises Unanswerable."""
    session = _in_float64(situation.session)
    try:
        program = session.program(training=situation.training, everything=True)
        if any(key not in session.feeds.train and key not in session.feeds.fixed for key in program.feeds):
            raise SessionError(session.feeds.problems)
    except SessionError as error:
        raise Unanswerable(str(error)) from error
    if program.objective is None:
        raise Unanswerable(program.objective_note or "There is no objective.")
    rows, step = situation.batch
    rows = torch.tensor(session.samples(), dtype=torch.int64) if rows is None else rows
    feeds = session.feeds.chosen(program.feeds, rows.to(session.device))
    return ShownPass(session.graph, program, feeds, session.parameters(program), session.buffers(program), RandomKey(session.seed, step))


def _in_float64(session: Session) -> Session:
    if session.dtype == torch.float64 and session.device == "cpu":
        return session
    stamp = (session.version, session.edits)
    made = _twins.get(session)
    if made is None or made[0] != stamp:
        made = (stamp, Session(session.graph, device="cpu", dtype=torch.float64))
        _twins[session] = made
    made[1].restore(session.state)
    return made[1]
