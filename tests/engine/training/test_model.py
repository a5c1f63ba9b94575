"""One document, traced: the numbers, the fitted buffers, the measurements, the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from engine.compile.shapes import infer
from engine.compile.spot import Spot
from engine.compile.views import Absent, ArrayView
from engine.data import load
from engine.explain.context import ExplainContext
from engine.explain.shown_pass import shown_pass
from engine.training.compiled import RunError
from engine.training.device import choose_device
from engine.training.estimate import Speeds, Work, speeds, work_of
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import AddNode, SetGraphSetting, SetParam
from graph.model.elements import Node
from tests.support.networks import network, product, tanh_net


def number(entry: object) -> float:
    assert isinstance(entry, ArrayView)
    assert entry.scalar is not None
    return entry.scalar


def test_xy_plus_z_has_the_values_and_gradients_of_the_blackboard() -> None:
    view = Model(product()).trace_view()
    assert number(view.values["d", "y"]) == -10
    assert number(view.values["f", "y"]) == -7
    assert [number(view.gradients[name, "y"]) for name in "xyz"] == [-5, 2, 1]
    assert view.inputs == {"x": 2.0, "y": -5.0, "z": 3.0}


def test_the_demonstration_batch_is_the_first_eight_or_the_chosen() -> None:
    graph = tanh_net()
    session = Model(graph)
    x = load(graph.settings_of("data")).train.x
    assert np.array_equal(session.trace().values["data", "x"].numpy(), x[:8])
    SetGraphSetting("demo", [5, 3, 10_000]).apply(graph)
    session.update(graph)
    assert np.array_equal(session.trace().values["data", "x"].numpy(), x[[5, 3]])
    assert np.array_equal(session.trace([7]).values["data", "x"].numpy(), x[[7]])


def test_a_sample_pointed_out_is_traced_alone_whatever_its_part() -> None:
    graph = tanh_net()
    model, data = Model(graph), load(graph.settings_of("data"))
    model.spot = Spot("test", 3, len(data.test.x))
    trace = model.trace()
    assert np.array_equal(trace.values["data", "x"].numpy(), data.test.x[[3]])
    W, b = (model.values()["out", name] for name in ("W", "b"))
    scores = trace.values["tanh", "y"] @ W.T + b
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(data.test.y[[3]]))
    assert float(trace.values["loss", "y"]) == pytest.approx(float(expected), rel=1e-14)
    assert model.trace_view().batch == f"test sample 4 of {len(data.test.x)}"
    assert torch.equal(shown_pass(ExplainContext(model)).feeds[0], torch.tensor(data.test.x[[3]]))
    model.spot = Spot("test", 10_000, 10_001)  # the data were changed for fewer since
    assert np.array_equal(model.trace().values["data", "x"].numpy(), data.train.x[:8])


def test_a_trace_changes_nothing() -> None:
    session = Model(tanh_net())
    before = session.state.copy()
    session.trace(training=True)
    session.trace_view()
    assert session.state.diff(before) == {}


def test_standardize_is_fitted_on_the_training_part_only() -> None:
    nodes = {"data": ("source.data", {"dataset": "wine"}), "scaled": ("source.standardize", {}), "m": ("math.mean", {})}
    session = Model(network(nodes, "data.x -> scaled.x; scaled -> m.x"))
    scaler = StandardScaler().fit(load({"dataset": "wine"}).train.x)
    np.testing.assert_allclose(session.state.buffers["scaled.mean"].numpy(), scaler.mean_, rtol=1e-12)
    np.testing.assert_allclose(session.state.buffers["scaled.scale"].numpy(), 1 / scaler.scale_, rtol=1e-12)


def test_the_second_standardize_is_fitted_on_what_the_first_gives() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "wine"}), "one": ("source.standardize", {}), "twice": ("math.add", {}),
        "two": ("source.standardize", {}),
    }  # fmt: skip
    session = Model(network(nodes, "data.x -> one.x; one -> twice.a; one -> twice.b; twice -> two.x"))
    np.testing.assert_allclose(session.state.buffers["two.scale"].numpy(), 0.5, rtol=1e-9)


def test_standardize_behind_learned_numbers_is_refused_with_what_to_do() -> None:
    nodes: dict[str, Any] = {
        "data": ("source.data", {}), "hidden": ("layer.linear", {}), "act": ("activation.tanh", {}), "scaled": ("source.standardize", {})
    }  # fmt: skip
    session = Model(network(nodes, "data.x -> hidden.x; hidden -> act.x; act -> scaled.x"))
    (problem,) = session.problems
    assert problem.nodes == ("scaled", "hidden")
    assert "while hidden is trained" in problem.text and "use Batch norm or Layer norm" in problem.text


def test_a_standardize_that_cannot_be_fitted_is_a_problem_and_no_crash() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "digits"}), "hot": ("math.one_hot", {"classes": 3}), "scaled": ("source.standardize", {})
    }  # fmt: skip
    session = Model(network(nodes, "data.target -> hot.x; hot -> scaled.x"))
    assert any("hot: class index 9" in p.text for p in session.problems)


def test_a_constant_column_is_named() -> None:
    table = {"dataset": "table", "features": [[1, 5], [2, 5], [3, 5]], "targets": [1, 2, 3]}
    session = Model(network({"data": ("source.data", table), "scaled": ("source.standardize", {})}, "data.x -> scaled.x"))
    assert [p.severity for p in session.notes] == ["warning"]
    assert "scaled: column 2 is constant" in session.notes[0].text


def test_a_model_computes_with_its_own_number_of_threads_and_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    session, before = Model(tanh_net()), torch.get_num_threads()
    real, used = torch.set_num_threads, list[int]()
    monkeypatch.setattr(torch, "set_num_threads", lambda count: (used.append(count), real(count)))
    try:
        for compute in (session.trace, lambda: session.evaluate("train"), Run(session).train):
            real(session.compiled.threads + 1)
            compute()
            assert used == [session.compiled.threads, session.compiled.threads + 1]
            used.clear()
    finally:
        real(before)


def test_problems_come_with_whatever_can_be_computed() -> None:
    graph = product()
    AddNode(Node("s", "math.sin", "s")).apply(graph)
    view = Model(graph).trace_view()
    assert number(view.values["f", "y"]) == -7
    assert any("s" in p.nodes for p in view.problems)


def test_data_sets_of_different_length_are_refused_by_name() -> None:
    nodes = {"a": ("source.data", {"samples": 100}), "b": ("source.data", {"samples": 50}), "sum": ("math.add", {}),
             "f": ("math.mean", {"over_batch": True})}  # fmt: skip
    session = Model(network(nodes, "a.x -> sum.a; b.x -> sum.b; sum -> f.x"))
    assert any("a has 100 samples" in p.text and "b has 50" in p.text for p in session.problems)
    assert session.trace_view().problems
    for refused in (session.trace, lambda: session.program(training=True), lambda: session.evaluate("train")):
        with pytest.raises(RunError, match="row by row"):
            refused()


def test_a_graph_without_objective_cannot_be_trained_but_is_shown() -> None:
    graph = network({"x": ("source.input", {}), "a": ("math.sin", {}), "b": ("math.cos", {})}, "x -> a.x; x -> b.x")
    session = Model(graph)
    assert isinstance(session.trace_view().gradients["x", "y"], Absent)
    with pytest.raises(RunError, match="set one as objective"):
        Run(session).prepare()


def test_measured_loss_splits_off_the_penalty() -> None:
    base = tanh_net()
    nodes = {n.name: (n.type, dict(n.params)) for n in base.nodes.values()}
    nodes |= {"l2": ("penalty.l2", {"lam": 0.1, "layers": "all"}), "total": ("math.add", {})}
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    wires += "; loss -> total.a; l2 -> total.b"
    session = Model(network(nodes, wires))
    measured = session.evaluate("train")
    weights = [session.state.parameters[name] for name in ("hidden.W", "out.W")]
    assert measured["penalty"] == pytest.approx(0.1 * sum(float((w**2).sum()) for w in weights))
    assert measured["loss"] == pytest.approx(Model(base).evaluate("train")["loss"])
    assert measured["objective"] == pytest.approx(measured["loss"] + measured["penalty"])


@pytest.mark.parametrize(("loss", "port", "coding"), [
    ("loss.logistic", "scores", "plus_minus"), ("loss.hinge", "scores", "plus_minus"), ("loss.bce_logits", "scores", "zero_one"),
    ("loss.squared_error", "prediction", "plus_minus"), ("loss.squared_error", "prediction", "zero_one"),
])  # fmt: skip
def test_accuracy_is_inferred_from_the_loss(loss: str, port: str, coding: str) -> None:
    """Yes above 0; above ½ where 0 and 1 are predicted themselves."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": coding}),
        "f": ("layer.linear", {"out_features": 1}),
        "loss": (loss, {}),
    }
    session = Model(network(nodes, f"data.x -> f.x; f -> loss.{port}; data.target -> loss.target"))
    data = load(session.graph.settings_of("data"))
    session.state.parameters["f.W"].copy_(torch.tensor([[0.5, -1.0]]))
    session.state.parameters["f.b"].fill_(0.25)
    scores = data.test.x @ np.array([[0.5], [-1.0]]) + 0.25
    threshold = 0.5 if (loss, coding) == ("loss.squared_error", "zero_one") else 0.0
    assert ((scores > 0) != (scores > 0.5)).any()
    assert session.evaluate("test")["accuracy"] == ((scores > threshold) == (data.test.y > 0)).mean()


def test_accuracy_behind_a_sigmoid_and_bce_decides_at_one_half() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": "zero_one"}), "f": ("layer.linear", {"out_features": 1}),
        "p": ("activation.sigmoid", {}), "loss": ("loss.bce", {}),
    }  # fmt: skip
    session = Model(network(nodes, "data.x -> f.x; f -> p.x; p -> loss.probabilities; data.target -> loss.target"))
    data, state = load(session.graph.settings_of("data")), session.state.parameters
    scores = data.test.x @ state["f.W"].numpy().T + state["f.b"].numpy()
    assert session.evaluate("test")["accuracy"] == ((scores > 0) == (data.test.y > 0)).mean()


def test_accuracy_of_one_hot_targets_takes_the_largest() -> None:
    nodes = {"data": ("source.data", {"dataset": "iris", "coding": "one_hot"}), "f": ("layer.linear", {"out_features": 3}),
             "loss": ("loss.bce_logits", {})}  # fmt: skip
    session = Model(network(nodes, "data.x -> f.x; f -> loss.scores; data.target -> loss.target"))
    data, state = load(session.graph.settings_of("data")), session.state.parameters
    scores = data.test.x @ state["f.W"].numpy().T + state["f.b"].numpy()
    assert session.evaluate("test")["accuracy"] == (scores.argmax(1) == data.test.y.argmax(1)).mean()


def test_two_accuracy_probes_leave_open_which_one_is_meant() -> None:
    nodes = {n.name: (n.type, dict(n.params)) for n in tanh_net().nodes.values()} | {n: ("probe.accuracy", {}) for n in ("one", "two")}
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    wires += "; out -> one.prediction; data.target -> one.target; tanh -> two.prediction; data.target -> two.target"
    SetParam("hidden", "out_features", 2).apply(graph := network(nodes, wires))
    assert "accuracy" not in Model(graph).evaluate("train")


def test_a_penalty_that_is_subtracted_counts_with_its_sign() -> None:
    nodes = {n.name: (n.type, dict(n.params)) for n in tanh_net().nodes.values()}
    nodes |= {"l2": ("penalty.l2", {"lam": 0.1, "layers": "all"}), "total": ("math.subtract", {})}
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    measured = Model(network(nodes, wires + "; loss -> total.a; l2 -> total.b")).evaluate("train")
    assert measured["penalty"] < 0 and measured["objective"] == pytest.approx(measured["loss"] + measured["penalty"])


def test_without_data_nothing_is_a_penalty() -> None:
    nodes = {"w": ("parameter.parameter", {"value": 2.0}), "v": ("parameter.parameter", {"value": 3.0}), "f": ("math.add", {})}
    assert Model(network(nodes, "w -> f.a; v -> f.b")).evaluate("train") == {"objective": 5.0, "loss": 5.0}


def test_a_regression_has_no_accuracy() -> None:
    nodes = {"data": ("source.data", {"dataset": "plane"}), "f": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {})}
    session = Model(network(nodes, "data.x -> f.x; f -> loss.prediction; data.target -> loss.target"))
    assert "accuracy" not in session.evaluate("train")


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


SMALL, LARGE = Work(50, 10**5, 10**5), Work(50, 10**9, 10**7)
CPU, CARD, SLOW_CARD = Speeds(3e-6, 3e-11, 1e-10), Speeds(5e-6, 5e-14, 1e-12), Speeds(1e-3, 5e-14, 1e-12)
"""What a step has to do, and what devices take for it: made up."""


@pytest.mark.parametrize(
    ("wanted", "cuda", "mps", "dtype", "work", "device", "words"),
    [
        ("cpu", True, True, torch.float32, LARGE, "cpu", ""),
        ("auto", False, False, torch.float64, LARGE, "cpu", ""),
        ("auto", True, False, torch.float64, LARGE, "cuda", "auto: the GPU (CUDA), because a step takes about 310 µs, and 31,150 µs on"),
        ("auto", True, False, torch.float64, SMALL, "cpu", "auto: CPU, because a step takes about 163 µs, and 250 µs on the GPU"),
        ("auto", True, False, torch.float64, Work(9, 0, 0), "cpu", "a step takes about 27 µs, too little for the GPU (CUDA) to be faster"),
        ("cuda", True, False, torch.float64, SMALL, "cuda", ""),
        ("cuda", False, False, torch.float64, SMALL, "cpu", "running on the CPU"),
        ("cuda:9", True, False, torch.float64, SMALL, "cpu", "there is no device called 'cuda:9'"),
        ("mps", False, False, torch.float32, SMALL, "cpu", "MPS needs a Mac"),
        ("mps", False, True, torch.float64, SMALL, "cpu", "MPS needs float32, and this document is float64"),
        ("mps", False, True, torch.float32, SMALL, "mps", ""),
        ("auto", False, True, torch.float64, LARGE, "cpu", "MPS needs float32"),
        ("auto", False, True, torch.float32, LARGE, "cpu", "50,060 µs on the GPU (MPS); choose mps to use it"),
        ("auto", False, True, torch.float32, Work(10, 10**9, 10**7), "mps", "auto: the GPU (MPS), because a step takes about 10,060 µs"),
    ],
)
def test_the_device_is_chosen_by_what_was_measured_and_says_why(
    monkeypatch: pytest.MonkeyPatch, wanted: str, cuda: bool, mps: bool, dtype: torch.dtype, work: Work, device: str, words: str
) -> None:
    pretend(monkeypatch, cuda, mps)
    choice = choose_device(wanted, dtype, work, measured=lambda name, dtype, threads: {"cpu": CPU, "cuda": CARD, "mps": SLOW_CARD}[name])
    assert choice.device == device
    assert words in choice.note
    assert bool(words) == bool(choice.note)


def test_a_card_is_not_begun_with_for_small_graphs_and_nothing_is_measured_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def measured(device: str, dtype: torch.dtype, threads: int) -> Speeds:
        asked.append(device)
        return CPU

    choose_device("auto", torch.float64, LARGE, measured=measured)
    assert asked == []
    pretend(monkeypatch, True, False)
    choose_device("auto", torch.float64, Work(9, 0, 0), measured=measured)
    assert asked == ["cpu"]


def test_the_work_of_a_step_is_counted_from_shapes() -> None:
    nodes = {"data": ("source.data", {"dataset": "moons"}), "f": ("layer.linear", {"out_features": 5}), "loss": ("loss.cross_entropy", {})}
    graph = network(nodes, "data.x -> f.x; f -> loss.scores; data.target -> loss.target", batch_size=10)
    work = work_of(graph, infer(graph))
    assert work.products == 3 * 10 * 2 * 5
    assert work.numbers == 3 * (10 * 2 + 10 + 10 * 5 + 1) + 12 * (2 * 5 + 5)


def test_speeds_are_measured_once_and_positive() -> None:
    first = speeds("cpu", torch.float32, 1)
    assert min(first.call, first.product, first.number) > 0 and speeds("cpu", torch.float32, 1) is first
