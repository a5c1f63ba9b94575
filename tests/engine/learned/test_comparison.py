"""Two moments compared: differences are those of states captured when the steps were made, and the model does not notice."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from engine.compile.views import Absent
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.comparison import CompareMoments, Moment
from engine.learned.comparison.answer import bits_differ, compare, identity
from engine.learned.comparison.planes import ComparePlanes
from engine.learned.comparison.planes_job import on_planes
from engine.learned.plane import Plane
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.training.state import State
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.engine.training.test_checkpoints import lively_net, same
from tests.engine.training.test_run_tree import Bench

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"


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


def test_identical_means_the_same_bits() -> None:
    def state(weight: float, memory: float) -> State:
        return State({"n.W": torch.tensor([weight, math.nan])}, {}, {"m": torch.tensor(memory)}, step=3)

    assert identity(state(0.0, 1.0), state(0.0, 1.0)) == "state" and identity(state(0.0, 1.0), state(0.0, 2.0)) == "numbers"
    assert identity(state(0.0, 1.0), state(-0.0, 1.0)) == "" == identity(State({"n.W": torch.zeros(2)}), State({"n.W": torch.zeros(3)}))
    other = state(0.0, 1.0)
    other.parameters["n.W"].view(torch.int32)[1] += 1  # another NaN
    assert bool(other.parameters["n.W"].isnan()[1]) and bits_differ(state(0.0, 1.0), other) == ["parameters/n.W"]


def test_a_moment_and_itself_are_identical_and_wires_differ_along_each_edge() -> None:
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(6)
    now = bench.run.model.trace()
    context = ExplainContext(bench.run.model, bench.run)
    same_twice = compare(context, CompareMoments(Moment(1, 6), Moment(1, 6)))
    assert same_twice.identical == "state" and all(row.same for row in same_twice.parameters)
    answer = compare(context, CompareMoments(Moment(1, 2), Moment(1, 6)))
    bench.run.go_to(2)
    then = bench.run.model.trace()
    edges = {row.place.id: row for row in answer.wires if row.place.kind == "edge"}
    assert answer.identical == "" and edges.keys() == now.edge_gradients.keys()
    for edge, row in edges.items():
        one, two = then.edge_gradients[edge], now.edge_gradients[edge]
        if row.change is not None:
            assert isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor)
            assert torch.equal(torch.from_numpy(row.change.data), two - one) and row.place.gradient
        else:
            assert isinstance(one, Absent) and isinstance(two, Absent)


def test_both_planes_have_one_grid_and_one_scale() -> None:
    """A plane through points: on the grid, the prediction is W₁x₁ + W₂x₂ + b with the numbers of that moment."""
    bench = Bench(Document.load(EXAMPLES / "least-squares.gradwire", CATALOG).graph)
    bench.train(3)
    states = {3: bench.run.capture()}
    bench.train(9)
    states[12] = bench.run.capture()
    before = bench.run.capture()
    job = ComparePlanes(Plane(points=(7, 7)), Moment(1, 3), Moment(1, 12), 0, 0)
    both = finished(on_planes(ExplainContext(bench.run.model, bench.run), job))
    assert same(bench.run.capture(), before)
    for plane, step in ((both.first, 3), (both.second, 12)):
        weight, bias = sorted(states[step].parameters.values(), key=lambda tensor: -tensor.ndim)
        across, up = (torch.from_numpy(axis.at) for axis in plane.axes)
        wanted = float(weight[0]) * across[None, :] + float(weight[1]) * up[:, None] + float(bias)
        assert plane.stamp.step == step and plane.values == pytest.approx(wanted.numpy())
    values = torch.tensor([*both.first.values.reshape(-1).tolist(), *both.second.values.reshape(-1).tolist()])
    assert both.first.scale == both.second.scale == pytest.approx((float(values.min()), float(values.max())))
