"""Runs that share one compiled graph: each is trained as if it were alone, whatever becomes of the other."""

from __future__ import annotations

from engine.training.compiled import Compiled
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam
from tests.engine.training.test_checkpoints import lively_net, same

OTHER = {"optimizer": "rmsprop", "hyper": {"lr": 0.003}, "batch_size": 9}


def test_two_runs_of_one_compiled_graph_step_by_step_are_the_two_runs_alone() -> None:
    graph = lively_net("adam", {"lr": 0.01})
    compiled = Compiled(graph)
    one, two = Run(Model(compiled), id=1), Run(Model(compiled), {**graph.training, **OTHER}, id=2)
    for _ in range(20):
        one.train(max_steps=1)
        two.train(max_steps=1)

    for run, training in ((one, {}), (two, OTHER)):
        alone = Run(Model(lively_net("adam", {"lr": 0.01})), {**graph.training, **training})
        alone.train(max_steps=20)
        assert same(run.capture(), alone.capture())
        assert [(p.step, p.loss) for p in run.curve.points] == [(p.step, p.loss) for p in alone.curve.points]
    assert one.model.compiled is two.model.compiled and one.model.program(training=True) is two.model.program(training=True)


def test_an_edit_that_one_run_follows_does_not_reach_the_other() -> None:
    graph, straight = lively_net("adam", {"lr": 0.01}), Run(Model(lively_net("adam", {"lr": 0.01})))
    compiled = Compiled(graph)
    stays, follows = Run(Model(compiled)), Run(Model(compiled))
    for run in (stays, follows, straight):
        run.train(max_steps=7)

    SetParam("drop", "p", 0.7).apply(graph)
    follows.model.update(graph)
    for run in (follows, stays, straight):
        run.train(max_steps=7)

    assert same(stays.capture(), straight.capture())
    assert not same(follows.capture(), stays.capture())
