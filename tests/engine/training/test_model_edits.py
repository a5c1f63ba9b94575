"""A session that follows the edits of its document: what changes at once, what is kept, what is made anew."""

from __future__ import annotations

import time

import torch

from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import AddNode, Connect, Disconnect, Rename, SetGraphSetting, SetParam, SetTraining, remove_nodes
from graph.model.elements import Edge, Node
from tests.engine.training.test_model import number
from tests.support.networks import network, product, tanh_net


def test_a_moved_slider_shows_in_the_next_trace() -> None:
    graph = product()
    session = Model(graph)
    SetParam("x", "value", 4.0).apply(graph)
    update = session.update(graph)
    assert not update.structure
    assert number(session.trace_view().values["f", "y"]) == 4 * -5 + 3


def test_a_moved_slider_costs_less_than_a_millisecond() -> None:
    graph = tanh_net()
    for i in range(60):
        AddNode(Node(f"i{i}", "source.input", f"i{i}")).apply(graph)
    session = Model(graph)
    taken = []
    for tick in range(50):
        SetParam("i0", "value", float(tick)).apply(graph)
        started = time.perf_counter()
        session.update(graph)
        taken.append(time.perf_counter() - started)
    assert sorted(taken)[len(taken) // 2] < 1e-3


def test_values_alone_keep_the_compiled_program() -> None:
    graph = product()
    session = Model(graph)
    before = session.program(training=False, everything=True)
    SetParam("x", "value", 4.0).apply(graph)
    session.update(graph)
    assert session.program(training=False, everything=True) is before


def test_a_setting_of_an_operation_takes_effect() -> None:
    graph = network({"x": ("source.input", {"value": -2.0}), "f": ("activation.leaky_relu", {})}, "x -> f.x")
    session = Model(graph)
    name = graph.spec("f").settings[0].name
    session.trace()
    SetParam("f", name, 0.5).apply(graph)
    session.update(graph)
    assert number(session.trace_view().values["f", "y"]) == -1.0


def test_standardize_is_fitted_again_when_what_stands_before_it_moves() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "wine"}), "k": ("source.input", {"value": 1.0}), "times": ("math.multiply", {}),
        "scaled": ("source.standardize", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> times.a; k -> times.b; times -> scaled.x")
    session = Model(graph)
    before = session.state.buffers["scaled.scale"].clone()
    SetParam("k", "value", 4.0).apply(graph)
    session.update(graph)
    torch.testing.assert_close(session.state.buffers["scaled.scale"], before / 4)


def test_precision_there_and_back_leaves_untrained_values_exact() -> None:
    graph = tanh_net()
    session = Model(graph)
    before = session.state.copy()
    for dtype in ("float32", "float64"):
        SetGraphSetting("dtype", dtype).apply(graph)
        session.update(graph)
    assert session.state.diff(before) == {}


def test_another_decision_of_the_accuracy_probe_changes_what_is_measured() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": "zero_one"}), "f": ("layer.linear", {"out_features": 1}),
        "p": ("activation.sigmoid", {}), "loss": ("loss.bce", {}), "right": ("probe.accuracy", {}),
    }  # fmt: skip
    wires = "data.x -> f.x; f -> p.x; p -> loss.probabilities; p -> right.prediction"
    wires += "; data.target -> loss.target; data.target -> right.target"
    graph = network(nodes, wires, hyper={"lr": 1.0})
    session = Model(graph)
    Run(session).train(max_steps=20)
    before = session.evaluate("train")["accuracy"]
    SetParam("right", "decision", "above 0").apply(graph)
    session.update(graph)
    assert before > session.evaluate("train")["accuracy"] == 0.5  # every probability is above 0: half are right


def test_a_renamed_node_is_called_by_its_new_name() -> None:
    graph = network({"x": ("source.input", {"value": 1.0}), "s": ("math.sqrt", {}), "f": ("math.add", {})}, "x -> s.x; s -> f.a")
    session = Model(graph)
    assert any(p.text.startswith("f: ") for p in session.problems)
    Rename("f", "sum").apply(graph)
    session.update(graph)
    assert [p.text for p in session.problems] == ["sum: nothing is connected to its input b"]


def test_a_renamed_data_set_is_called_by_its_new_name() -> None:
    nodes = {"a": ("source.data", {"samples": 100}), "b": ("source.data", {"samples": 50}), "sum": ("math.add", {})}
    graph = network(nodes, "a.x -> sum.a; b.x -> sum.b")
    session = Model(graph)
    Rename("a", "moons").apply(graph)
    session.update(graph)
    assert "moons has 100 samples" in session.problems[0].text


def test_a_penalty_misses_the_parameter_it_knew_by_another_name() -> None:
    nodes = {"w": ("parameter.parameter", {"value": 2.0}), "f": ("penalty.l2", {"layers": "w"})}
    graph = network(nodes, "")
    session = Model(graph)
    assert not session.problems
    Rename("w", "v").apply(graph)
    session.update(graph)
    assert [p.text for p in session.problems] == ['f: "w" is not the name of a node with weights']


def test_a_seed_and_a_wire_changed_together_both_count() -> None:
    graph = tanh_net()
    session = Model(graph)
    SetTraining("seed", 5).apply(graph)
    SetParam("hidden", "out_features", 6).apply(graph)
    session.update(graph)
    assert session.state.diff(Model(graph).state) == {}


def trained() -> Model:
    session = Model(tanh_net())
    Run(session).train(max_steps=30)
    return session


def test_a_wider_layer_is_made_anew_with_its_neighbour_and_the_rest_is_kept() -> None:
    session = trained()
    bias = session.state.parameters["out.b"].clone()
    SetParam("hidden", "out_features", 6).apply(session.graph)
    update = session.update(session.graph)
    assert update.structure
    assert update.made_anew == ("hidden.W", "hidden.b", "out.W")
    assert torch.equal(session.state.parameters["out.b"], bias)
    assert session.state.parameters["hidden.W"].shape == (6, 2)


def test_trained_weights_survive_a_wire_taken_off_and_put_back() -> None:
    session = trained()
    before = session.state.parameters["out.W"].clone()
    graph = session.graph
    edge = graph.edge_into("out", "x")
    assert edge is not None
    Disconnect(edge.id).apply(graph)
    session.update(graph)
    assert any("out" in p.nodes for p in session.problems)
    Connect(edge).apply(graph)
    assert session.update(graph).made_anew == ()
    assert torch.equal(session.state.parameters["out.W"], before)


def test_trained_weights_survive_delete_and_undo() -> None:
    session = trained()
    before = session.state.parameters["out.W"].clone()
    undo = remove_nodes(session.graph, ["out"]).apply(session.graph)
    session.update(session.graph)
    undo.apply(session.graph)
    session.update(session.graph)
    assert torch.equal(session.state.parameters["out.W"], before)


def test_a_new_document_value_replaces_the_trained_one_and_no_other() -> None:
    nodes = {
        "w": ("parameter.parameter", {"value": 3.0}),
        "v": ("parameter.parameter", {"value": 4.0}),
        "p": ("math.multiply", {}),
        "f": ("math.square", {}),
    }
    graph = network(nodes, "w -> p.a; v -> p.b; p -> f.x", hyper={"lr": 0.001}, epochs=5)
    session = Model(graph)
    Run(session).train()
    v = session.state.parameters["v.value"].clone()
    SetParam("w", "value", 7.0).apply(graph)
    update = session.update(graph)
    assert update.made_anew == ("w.value",)
    assert float(session.state.parameters["w.value"]) == 7.0
    assert torch.equal(session.state.parameters["v.value"], v)


def test_undoing_a_typed_value_counts_as_well() -> None:
    """Training is no part of undo: what comes back is what the document said before."""
    graph = network({"w": ("parameter.parameter", {"value": 3.0}), "f": ("math.square", {})}, "w -> f.x", hyper={"lr": 0.001}, epochs=5)
    session = Model(graph)
    Run(session).train()
    undo = SetParam("w", "value", 7.0).apply(graph)
    session.update(graph)
    undo.apply(graph)
    assert session.update(graph).made_anew == ("w.value",)
    assert float(session.state.parameters["w.value"]) == 3.0


def test_a_new_document_value_counts_also_beside_a_structural_edit() -> None:
    graph = network({"w": ("parameter.parameter", {"value": 3.0}), "f": ("math.square", {})}, "w -> f.x", hyper={"lr": 0.001}, epochs=5)
    session = Model(graph)
    Run(session).train()
    SetParam("w", "value", 7.0).apply(graph)
    AddNode(Node("new", "source.input", "new")).apply(graph)
    assert session.update(graph).made_anew == ("w.value",)
    assert float(session.state.parameters["w.value"]) == 7.0


def test_a_state_is_taken_over_as_far_as_it_fits() -> None:
    session, other = trained(), tanh_net()
    SetParam("hidden", "out_features", 6).apply(other)
    mine = Model(other)
    before = mine.state.parameters["hidden.W"].clone()
    mine.restore(session.state)
    assert torch.equal(mine.state.parameters["hidden.W"], before)
    assert torch.equal(mine.state.parameters["out.b"], session.state.parameters["out.b"])


def test_reset_returns_to_the_documents_values() -> None:
    session = trained()
    session.reset()
    assert session.state.diff(Model(session.graph).state) == {}


def test_a_larger_batch_makes_a_convolution_worth_a_second_thread() -> None:
    nodes = {"data": ("source.data", {"dataset": "digits", "image": True}), "conv": ("layer.conv2d", {"out_channels": 64})}
    graph = network(nodes, "data.x -> conv.x", batch_size=8)
    session = Model(graph)
    SetTraining("batch_size", 100_000).apply(graph)
    before = session.compiled.threads
    session.update(graph)
    assert (before, session.compiled.threads) == (1, 2)


def test_freezing_a_layer_in_the_middle_of_training_holds_it_and_thawing_lets_it_go() -> None:
    graph = tanh_net(epochs=1000)
    session = Model(graph)
    trainer = Run(session)
    for frozen in (False, True, False):
        SetParam("hidden", "frozen", frozen).apply(graph)
        session.update(graph)
        before = session.state.parameters["hidden.W"].clone()
        trainer.train(max_steps=5)
        assert torch.equal(session.state.parameters["hidden.W"], before) == frozen


def test_reset_also_forgets_the_trained_values_of_what_was_deleted() -> None:
    session = trained()
    undo = remove_nodes(session.graph, ["out"]).apply(session.graph)
    session.update(session.graph)
    session.reset()
    undo.apply(session.graph)
    session.update(session.graph)
    assert session.state.diff(Model(session.graph).state) == {}


def test_another_training_seed_shows_at_once_where_nothing_is_trained() -> None:
    graph = tanh_net()
    session = Model(graph)
    SetTraining("seed", 1).apply(graph)
    session.update(graph)
    assert session.state.diff(Model(graph).state) == {}


def test_values_follow_a_duplicated_node() -> None:
    session = trained()
    graph = session.graph
    AddNode(Node("copy", "layer.linear", "copy", params={"out_features": 4})).apply(graph)
    Connect(Edge("new", ("data", "x"), ("copy", "x"))).apply(graph)
    session.move_state([(("hidden", "W"), ("copy", "W"))])
    assert session.update(graph).made_anew == ("copy.b",)
    assert torch.equal(session.state.parameters["copy.W"], session.state.parameters["hidden.W"])
