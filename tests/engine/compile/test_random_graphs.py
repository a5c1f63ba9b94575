"""Random graphs of all node types: rules against autograd on every wire, and a session that follows edits against a new one."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.compile import program as module
from engine.compile.environment import Key
from engine.compile.program import RandomKey, compile
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import Edit
from graph.model.graph import Graph, GraphError
from tests.support.random_graphs import random_edit, random_graph

PARTS = ("values", "gradients", "edge_gradients", "parameters", "parameter_gradients")


def everything(trace: Trace) -> dict[tuple[str, Any], Tensor | Absent]:
    return {(part, key): entry for part in PARTS for key, entry in getattr(trace, part).items()}


def zero(entry: Tensor | Absent) -> bool:
    return isinstance(entry, Absent) or not bool(entry.any())


def equal(one: Tensor | Absent, two: Tensor | Absent, **how: float) -> bool:
    if isinstance(one, Absent) or isinstance(two, Absent):
        return one == two
    return one.dtype == two.dtype and one.shape == two.shape and torch.allclose(one, two, equal_nan=True, **how)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("seed", range(15))
def test_rules_and_autograd_agree_on_every_wire(seed: int, training: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In training mode the trace is run statement by statement, as that of a huge graph is."""
    monkeypatch.setattr(module, "LARGE", 0 if training else math.inf)
    session = Model(random_graph(seed, wild=False))
    traces = []
    for method in ("rules", "autograd"):
        program = compile(session.graph, session.inference, training=training, wanted="all", method=method)
        feeds = session.feeds.whole(program.feeds, "train")
        traces.append(program.trace(feeds, session.parameters(program), session.buffers(program), RandomKey(seed)))
    rules, autograd = map(everything, traces)
    assert rules.keys() == autograd.keys()
    for key, mine in rules.items():
        other = autograd[key]
        same = zero(mine) and zero(other) if isinstance(other, Absent) else equal(mine, selected(mine, other), rtol=1e-9, atol=1e-12)
        assert same, (key, mine, other)


def selected(mine: Tensor | Absent, other: Tensor) -> Tensor:
    """Autograd's answer, with 0 for its NaN where the rules say that a branch which was not selected contributes 0."""
    if isinstance(mine, Absent) or not other.is_floating_point():
        return other
    return torch.where(other.isnan() & (mine == 0), 0.0, other)


def whole(session: Model) -> dict[Key | str, Any]:
    """All that a session says: numbers in both modes, problems, measurements."""
    outcome: dict[Any, Any] = {"problems": [p.text for p in session.problems], "threads": session.compiled.threads}
    for training in (False, True):
        try:
            trace = session.trace(training=training)
        except RunError as error:
            outcome["error", training] = str(error)
        else:
            outcome |= {(training, *key): entry for key, entry in everything(trace).items()}
            outcome["about", training] = (trace.objective, trace.objective_note, [p.text for p in trace.problems], trace.events)
    for part in ("train", "test"):
        try:
            outcome[part] = repr(session.evaluate(part))
        except RunError as error:
            outcome[part] = str(error)
    return outcome


def assert_as_new(session: Model, graph: Graph, edit: Edit) -> None:
    new = Model(graph.copy())
    if session.state.step == 0:
        assert session.state.diff(new.state) == {}, edit
    new.seed = session.seed
    new.restore(session.state)
    mine, theirs = whole(session), whole(new)
    assert mine.keys() == theirs.keys(), edit
    for key, entry in mine.items():
        same = equal(entry, theirs[key], rtol=0, atol=0) if isinstance(entry, (Tensor, Absent)) else entry == theirs[key]
        assert same, (edit, key, entry, theirs[key])


@pytest.mark.parametrize("seed", range(15))
def test_after_any_edit_and_its_undo_a_session_says_what_a_new_one_would(seed: int) -> None:
    """Nothing stale: with the same trained values both give the same numbers, absences, problems and measurements."""
    graph, rng = random_graph(seed, 10), random.Random(seed)
    session, undo = Model(graph), list[Edit]()
    for _ in range(14):
        back = bool(undo) and rng.random() < 0.25
        try:
            edit = undo.pop() if back else random_edit(graph, rng)
            inverse = edit.apply(graph) if edit else None
        except (GraphError, ValueError):
            continue
        if edit is None or inverse is None:
            continue
        undo += [] if back else [inverse]
        session.update(graph)
        if rng.random() < 0.2:
            with suppress(RunError):
                Run(session).train(max_steps=2)
        assert_as_new(session, graph, edit)
