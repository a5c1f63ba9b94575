"""Two moments compared: differences are those of states captured when the steps were made, and the model does not notice."""

from __future__ import annotations

import math

import pytest
import torch

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.comparison import CompareMoments, Moment
from engine.learned.comparison.answer import compare
from graph.model.edits import SetTraining
from tests.engine.training.test_checkpoints import lively_net, same
from tests.engine.training.test_run_tree import Bench


def test_every_parameter_and_wire_has_the_difference_of_the_two_states() -> None:
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(15)
    fifteen = bench.run.capture()
    bench.run.go_to(5)
    five, shown = bench.run.capture(), bench.run.model.trace()
    bench.change(SetTraining("hyper", {"lr": 0.1}))
    bench.train(7)
    before, run, losses = bench.run.capture(), bench.run.id, bench.losses()

    answer = compare(ExplainContext(bench.run.model, bench.run), CompareMoments(Moment(1, 5), Moment(1, 15)))

    assert same(bench.run.capture(), before) and (bench.run.id, bench.losses()) == (run, losses) and bench.train(2) == run
    weights = {f"{d.place.id}.{d.place.port}": d for d in answer.parameters if not d.place.gradient}
    assert sorted(weights) == sorted(five.parameters)
    for name, difference in weights.items():
        change = fifteen.parameters[name] - five.parameters[name]
        assert difference.change is not None and difference.largest == float(change.abs().max())
        assert difference.relative == pytest.approx(float(torch.linalg.norm(change) / torch.linalg.norm(five.parameters[name])), rel=1e-12)
    outputs = {(d.place.id, d.place.port): d for d in answer.wires if not d.place.gradient}
    assert set(outputs) == set(shown.values) and outputs["data", "x"].same and not outputs["out", "y"].same
    assert answer.loss is not None and shown.objective is not None and answer.loss[0] == float(shown.values[shown.objective])
    assert math.isfinite(answer.loss[1]) and answer.metrics[0] != answer.metrics[1]


def test_a_step_that_is_out_of_reach_is_refused_in_words() -> None:
    bench = Bench(lively_net("sgd", {"lr": 0.1}))
    bench.train(4)
    with pytest.raises(Unanswerable, match="Step 99 of that run"):
        compare(ExplainContext(bench.run.model, bench.run), CompareMoments(Moment(1, 2), Moment(1, 99)))
