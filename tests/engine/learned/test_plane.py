"""Predictions on a plane, against a plain loop over the same grid, written in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.compile.spot import Spot
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.plane import Axis, OnPlane, Plane, PlaneJob
from engine.learned.plane import answer as module
from engine.learned.plane.answer import on_plane
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net


def asked(model: Model, plane: Plane, spot: Spot | None = None) -> OnPlane:
    answer: OnPlane = finished(on_plane(ExplainContext(model), PlaneJob(plane, 1, 2, 3, spot=spot)))
    return answer


def trained(graph: Graph, steps: int = 30) -> Model:
    model = Model(graph)
    Run(model).train(max_steps=steps)
    return model


def scores(model: Model, x: torch.Tensor) -> torch.Tensor:
    """(2,) of one sample through 2–4–2 with tanh."""
    state = model.state.parameters
    hidden = torch.tanh(state["hidden.W"] @ x + state["hidden.b"])
    return state["out.W"] @ hidden + state["out.b"]


def test_regions_equal_a_loop_over_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained(tanh_net())
    monkeypatch.setattr(module, "FIRST", 100)  # several pieces
    seen = asked(model, Plane((Axis(0, 17, (-1.5, 2.0)), Axis(1, 13, (-1.0, 1.5)))))
    assert seen.predicted is not None and seen.probability is not None and seen.predicted.shape == (13, 17)
    for i, y in enumerate(np.linspace(-1.0, 1.5, 13)):
        for j, x in enumerate(np.linspace(-1.5, 2.0, 17)):
            probable = torch.softmax(scores(model, torch.tensor([x, y])), 0)
            assert seen.predicted[i, j] == int(probable.argmax())
            assert abs(seen.probability[i, j] - float(probable.max())) < 1e-12
    assert (seen.stamp.structure, seen.stamp.revision, seen.stamp.run, seen.stamp.step) == (1, 2, 3, 30)
    assert seen.held is None and [axis.name for axis in seen.axes] == list(seen.columns[:2])
    points, data = seen.points, model.feeds.train["data", "x"]
    assert points.part == ("train", "test") and sum(points.of) == len(points.at) == 100
    own = [int(scores(model, row).argmax()) for row in data]
    first = points.parts == 0
    assert points.predicted[first].tolist() == own and points.at[first] == pytest.approx(data.numpy())
    assert points.right[first].tolist() == (np.array(own) == model.feeds.train["data", "target"].numpy()).tolist()
    assert points.spot(int(np.flatnonzero(points.parts == 1)[3])) == Spot("test", 3, points.of[1])


def test_the_sample_that_was_pointed_out_has_its_probabilities_and_its_loss() -> None:
    model = trained(tanh_net())
    spot = asked(model, Plane(points=(4, 4)), Spot("test", 1, 20)).spot
    row, true = model.feeds.test["data", "x"][1], int(model.feeds.test["data", "target"][1])
    probable = torch.softmax(scores(model, row), 0)
    assert spot is not None and spot.true == true and spot.predicted == int(probable.argmax())
    assert spot.probabilities == pytest.approx(probable.tolist(), abs=1e-12) and spot.at == pytest.approx(row.tolist())
    assert spot.loss == pytest.approx(float(-probable[true].log()), abs=1e-12)


def test_the_range_is_that_of_all_parts_with_a_margin() -> None:
    model = Model(tanh_net())
    whole = np.concatenate([model.feeds.train["data", "x"].numpy(), model.feeds.test["data", "x"].numpy()])
    for axis in asked(model, Plane()).axes:
        low, high = whole[:, axis.column].min(), whole[:, axis.column].max()
        assert axis.low < low and high < axis.high and axis.high - axis.low < 1.25 * (high - low)


def test_the_range_of_the_largest_numbers_is_a_range() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "points", "points": [[1.7e308, 0, 0], [-1.7e308, 1, 1]]}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    first = asked(Model(network(nodes, "data.x -> out.x; out -> loss.scores; data.target -> loss.target")), Plane()).axes[0]
    assert np.isfinite(first.at).all() and (np.diff(first.at) > 0).all() and first.low < -4e307 and first.high > 4e307


IRIS = {
    "data": ("source.data", {"dataset": "iris"}), "out": ("layer.linear", {"out_features": 3}), "loss": ("loss.cross_entropy", {}),
}  # fmt: skip
IRIS_WIRES = "data.x -> out.x; out -> loss.scores; data.target -> loss.target"


def test_any_two_columns_with_the_others_held_at_a_sample() -> None:
    model = trained(network(IRIS, IRIS_WIRES, optimizer="sgd", hyper={"lr": 0.1}, epochs=5))
    seen = asked(model, Plane((Axis(3, 5, (0.0, 2.0)), Axis(1, 4, (2.0, 4.0))), held=Spot("test", 2, 0)))
    row = model.feeds.test["data", "x"][2].clone()
    weight, bias = model.state.parameters["out.W"], model.state.parameters["out.b"]
    assert seen.probability is not None and seen.held == Spot("test", 2, 0) and len(seen.classes) == 3
    for i, y in enumerate(np.linspace(2.0, 4.0, 4)):
        for j, x in enumerate(np.linspace(0.0, 2.0, 5)):
            row[3], row[1] = float(x), float(y)
            assert abs(seen.probability[i, j] - float(torch.softmax(weight @ row + bias, 0).max())) < 1e-12


SINE = {
    "data": ("source.data", {"dataset": "sine", "samples": 50}), "hidden": ("layer.linear", {"out_features": 6}),
    "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {}),
}  # fmt: skip
SINE_WIRES = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.prediction; data.target -> loss.target"


def test_one_column_gives_a_curve_and_residuals() -> None:
    model = trained(network(SINE, SINE_WIRES, optimizer="adam", epochs=20))
    seen = asked(model, Plane(points=(21, 0)))
    state = model.state.parameters

    def f(x: torch.Tensor) -> torch.Tensor:
        return state["out.W"] @ torch.tanh(state["hidden.W"] @ x + state["hidden.b"]) + state["out.b"]

    assert seen.kind == "numbers" and seen.values is not None and seen.values.shape == (21,)
    for x, value in zip(seen.axes[0].at, seen.values, strict=True):
        assert abs(value - float(f(torch.tensor([x])))) < 1e-12
    train = seen.points.parts == 0
    assert seen.points.true[train] == pytest.approx(model.feeds.train["data", "target"].numpy()[:, 0])
    expected = [float(f(row)) for row in model.feeds.train["data", "x"]]
    assert seen.points.predicted[train] == pytest.approx(expected, abs=1e-12)


def test_a_graph_without_data_has_no_plane() -> None:
    with pytest.raises(Unanswerable):
        asked(Model(product()), Plane())


def test_the_plane_begins_with_columns_that_tell_points_apart() -> None:
    """Not with two columns of a category that became 0 and 1."""
    rows = [[0.0, 1.0, 3.5, 2.0], [1.0, 0.0, 1.5, 4.0], [0.0, 1.0, 2.5, 6.0], [1.0, 0.0, 0.5, 8.0]]
    table = {"dataset": "table", "features": rows, "targets": [[0.0], [1.0], [0.0], [1.0]]}
    nodes = {"data": ("source.data", table), "out": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {})}
    model = Model(network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target"))
    seen = asked(model, Plane())
    assert [axis.column for axis in seen.axes] == [2, 3] and seen.held is not None


def test_one_of_several_predicted_numbers_is_shown(tmp_path: Path) -> None:
    table = tmp_path / "heights.csv"
    rows = [(x, y, 2 * x - y, x * y) for x in range(5) for y in range(5)]
    table.write_text("a,b,low,high\n" + "\n".join(",".join(map(str, row)) for row in rows))
    nodes = {
        "data": ("source.data", {"dataset": "csv", "path": str(table), "feature_columns": "a, b", "target_columns": "low, high"}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    model = trained(network(nodes, "data.x -> out.x; out -> loss.prediction; data.target -> loss.target", optimizer="sgd", epochs=2))
    weight, bias = model.state.parameters["out.W"], model.state.parameters["out.b"]
    spot = Spot("train", 2, model.feeds.rows["train"])
    for output in (0, 1, 2):  # there is no third one any more: the first
        at = output % 2
        seen = finished(on_plane(ExplainContext(model), PlaneJob(Plane(points=(3, 4)), 1, 2, 3, output, spot=spot)))
        assert isinstance(seen, OnPlane) and (seen.output, seen.target, seen.names) == (at, ("low", "high")[at], ("low", "high"))
        assert seen.values is not None and seen.values.shape == (4, 3)
        for i, y in enumerate(seen.axes[1].at):
            for j, x in enumerate(seen.axes[0].at):
                assert seen.values[i, j] == pytest.approx(float((weight @ torch.tensor([x, y], dtype=weight.dtype) + bias)[at]), abs=1e-12)
        assert seen.spot is not None and seen.spot.true == float(model.feeds.train["data", "target"][2, at])
