"""Training an opened network and the closed one gives the same weights; trained weights and the optimizer's memory follow both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.kernel.protocol import StepOnce
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.moves import follow, moved_memory
from engine.training.run import Run
from engine.training.state import state_key
from engine.unfold import fold
from graph.model.address import parameter
from graph.model.edits import Compound, StateMove, moves_of
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps
from tests.engine.unfold.test_fold import openings
from tests.support.networks import network, tanh_net
from tests.support.unfolding import near, open_in, part, shapes_of

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 0.5},
    "momentum": {"lr": 0.1, "momentum": 0.9},
    "nesterov": {"lr": 0.1, "momentum": 0.9},
    "rmsprop": {"lr": 0.01},
    "adam": {"lr": 0.05},
    "adamw": {"lr": 0.05, "weight_decay": 0.01},
}
BOXES = {
    "layers": [("hidden", False), ("out", False)],
    "neurons": [("hidden", True), ("out", True)],
    "everything": [("hidden", True), ("tanh", False), ("out", False), ("loss", False)],
}


def opened_all(graph: Graph, boxes: list[tuple[str, bool]]) -> tuple[Graph, list[StateMove]]:
    document, moves = Document(graph.copy()), list[StateMove]()
    for name, neurons in boxes:
        _, edit = open_in(document, name, neurons)
        assert isinstance(edit, Compound)
        moves += edit.state_moves
    return document.graph, moves


def assert_same_weights(closed: Model, unfolded: Model, moves: list[StateMove]) -> None:
    assert moves
    for (node, name), new in moves:
        base, _ = part(torch.zeros(9, 9), name)
        whole = closed.state.parameters[state_key((node, base))]
        actual = unfolded.state.parameters[state_key(new)]
        assert near(actual, part(whole, name)[1], float(whole.abs().max())), (node, name)


@pytest.mark.parametrize("boxes", BOXES)
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_forty_steps_lead_to_the_same_weights(key: str, boxes: str) -> None:
    graph = tanh_net(optimizer=key, hyper=OPTIMIZERS[key])
    unfolded, moves = opened_all(graph, BOXES[boxes])
    sessions = [Model(graph), Model(unfolded)]
    for session in sessions:
        Run(session).train(max_steps=40)
    assert_same_weights(sessions[0], sessions[1], moves)
    assert sessions[0].evaluate("test")["loss"] == pytest.approx(sessions[1].evaluate("test")["loss"], rel=1e-12)


@pytest.mark.parametrize("neurons", [False, True])
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_opening_and_folding_in_the_middle_of_training_changes_nothing(key: str, neurons: bool) -> None:
    graph = tanh_net(optimizer=key, hyper=OPTIMIZERS[key])
    through = Model(graph.copy())
    straight = Run(through)
    straight.train(max_steps=30)

    document = Document(graph)
    session = Model(document.graph.copy())
    trainer = Run(session)
    trainer.train(max_steps=10)
    group, edit = open_in(document, "hidden", neurons)
    follow_edit(session, document, edit)
    trainer.train(max_steps=10)
    edit, _ = fold(document.graph, group)
    document.do(edit)
    follow_edit(session, document, edit)
    trainer.train(max_steps=10)

    assert session.state.step == 30
    assert all(near(session.state.parameters[name], value) for name, value in through.state.parameters.items())
    memory, expected = trainer.capture().optimizer, straight.capture().optimizer
    assert all(near(memory[name], value) for name, value in expected.items() if value.is_floating_point())


def follow_edit(session: Model, document: Document, edit: Any) -> None:
    session.move_state(edit.state_moves)
    update = session.update(document.graph.copy())
    assert update.made_anew == ()


def test_undo_and_redo_take_the_trained_weights_along() -> None:
    document = Document(tanh_net())
    session = Model(document.graph.copy())
    trainer = Run(session)
    trainer.train(max_steps=12)
    trained = {name: value.clone() for name, value in session.state.parameters.items()}
    _, edit = open_in(document, "out", neurons=True)
    assert isinstance(edit, Compound)
    follow_edit(session, document, edit)
    back = Compound((), "", tuple((new, old) for old, new in edit.state_moves))
    for step, moves in ((document.undo, back), (document.redo, edit), (document.undo, back)):
        step()
        follow_edit(session, document, moves)
    assert session.state.parameters.keys() == trained.keys()
    assert all(torch.equal(session.state.parameters[name], value) for name, value in trained.items())


def test_several_edits_at_once_move_weights_through_all_of_them() -> None:
    """The window tells the engine of edits together where they come quickly."""
    document = Document(tanh_net())
    session = Model(document.graph.copy())
    Run(session).train(max_steps=7)
    trained = session.state.parameters["hidden.W"].clone()
    group, first = open_in(document, "hidden", neurons=True)
    back, _ = fold(document.graph, group)
    document.do(back)
    _, last = open_in(document, "hidden", neurons=True)
    assert isinstance(first, Compound) and isinstance(back, Compound) and isinstance(last, Compound)

    session.move_state([*first.state_moves, *back.state_moves, *last.state_moves])
    session.update(document.graph.copy())

    for (_, name), new in last.state_moves:
        if name.startswith("W"):
            assert torch.equal(session.state.parameters[state_key(new)], part(trained, name)[1])


def test_the_moves_of_a_gesture_are_found_in_its_one_step_also_when_it_is_undone() -> None:
    document, seen = Document(tanh_net()), list[StateMove]()
    document.changed.connect(lambda change: seen.extend(move for edit in change.edits for move in moves_of(edit)))
    with document.gesture("Both layers"):
        open_in(document, "hidden")
        open_in(document, "out")
    there = list(seen)
    seen.clear()

    document.undo()

    assert len(there) == 4 and sorted(seen) == sorted((new, old) for old, new in there)


def test_resetting_with_another_seed_starts_both_from_the_same_weights() -> None:
    graph = tanh_net()
    unfolded, moves = opened_all(graph, BOXES["neurons"])
    closed, other = Model(graph), Model(unfolded)
    for version in (graph, unfolded):
        version._set_training("seed", 5)
    for session, version in ((closed, graph), (other, unfolded)):
        session.update(version)
        session.reset()
    assert_same_weights(closed, other, moves)


def test_a_frozen_layer_stays_where_it_is_and_the_rest_learns_the_same() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "hidden": ("layer.linear", {"out_features": 3, "frozen": True}),
        "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 2, "bias": False}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    graph = network(nodes, wires, optimizer="adam", hyper={"lr": 0.05}, epochs=9, batch_size=16)
    unfolded, moves = opened_all(graph, BOXES["neurons"])
    sessions = [Model(graph), Model(unfolded)]
    for session in sessions:
        Run(session).train(max_steps=25)
    assert_same_weights(sessions[0], sessions[1], moves)
    assert torch.equal(sessions[0].state.parameters["hidden.W"], Model(graph).state.parameters["hidden.W"])


def normalized_net(**training: Any) -> Graph:
    """Moons through 2–3–2 with batch norm, with scale and shift and without."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 100}), "first": ("layer.batch_norm1d", {"affine": False, "momentum": 0.3}),
        "hidden": ("layer.linear", {"out_features": 3}), "norm": ("layer.batch_norm1d", {}), "tanh": ("activation.tanh", {}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = """data.x -> first.x; first -> hidden.x; hidden -> norm.x; norm -> tanh.x; tanh -> out.x
    out -> loss.scores; data.target -> loss.target"""
    return network(nodes, wires, **{"optimizer": "momentum", "hyper": {"lr": 0.1}, "epochs": 20, "batch_size": 16, **training})


@pytest.mark.parametrize("batch_size", [16, 25, None])
def test_an_opened_batch_norm_learns_and_remembers_the_same(batch_size: int | None) -> None:
    graph = normalized_net(batch_size=batch_size)
    unfolded, moves = opened_all(graph, [("first", False), ("norm", False)])
    sessions = [Model(graph), Model(unfolded)]
    for session in sessions:
        Run(session).train(max_steps=30)
    closed, other = (session.state.parameters | session.state.buffers for session in sessions)
    assert len(moves) == 2 + 4
    assert all(near(other[state_key(new)], closed[state_key(old)]) for old, new in moves)
    assert near(other["hidden.W"], closed["hidden.W"])
    assert sessions[0].evaluate("test")["loss"] == pytest.approx(sessions[1].evaluate("test")["loss"], rel=1e-12)


def test_batch_norm_opened_and_folded_in_the_middle_of_training_remembers_everything() -> None:
    graph = normalized_net()
    through = Model(graph.copy())
    Run(through).train(max_steps=30)
    document, session = Document(graph), Model(graph.copy())
    start, trainer = graph.copy(), Run(session)
    trainer.train(max_steps=10)
    group, edit = open_in(document, "norm")
    follow_edit(session, document, edit)
    trainer.train(max_steps=10)
    edit, _ = fold(document.graph, group)
    document.do(edit)
    follow_edit(session, document, edit)
    trainer.train(max_steps=10)
    assert document.graph == start
    state = session.state.parameters | session.state.buffers
    assert all(near(state[name], value) for name, value in (through.state.parameters | through.state.buffers).items())


@pytest.mark.parametrize("opened_loss", ["cross_entropy", "bce_logits"])
def test_the_accuracy_is_measured_with_the_loss_open_as_well(opened_loss: str) -> None:
    binary = opened_loss == "bce_logits"
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": "zero_one" if binary else "index"}),
        "scores": ("layer.linear", {"out_features": 1 if binary else 2}), "loss": (f"loss.{opened_loss}", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> scores.x; scores -> loss.scores; data.target -> loss.target")
    unfolded, _ = opened_all(graph, [("loss", False)])
    expected, measured = (Model(version).evaluate("train") for version in (graph, unfolded))
    assert measured["accuracy"] == expected["accuracy"] and 0 < expected["accuracy"] < 1
    assert measured == pytest.approx(expected, rel=1e-12)


def test_the_engine_goes_on_training_where_it_was_when_a_layer_is_opened_in_the_window() -> None:
    document, closed = Document(tanh_net(optimizer="adam", hyper={"lr": 0.05})), DocumentWorker()
    worker = DocumentWorker()
    for session in (worker, closed):
        session.open(dumps(document.graph), 1, (), {})
        for _ in range(3):
            session.command(StepOnce(session.run))
    _, edit = open_in(document, "hidden", neurons=True)
    worker.open(dumps(document.graph), None, moves_of(edit), {})
    assert "Reinitialized" not in worker.progress({}).message
    for session in (worker, closed):
        session.command(StepOnce(session.run))

    whole = closed.array(parameter("hidden", "W"))
    assert whole is not None
    for (_, name), inner in moves_of(edit):
        if name.startswith("W"):
            array = worker.array(parameter(*inner))
            assert array is not None
            assert float(array) == pytest.approx(float(part(torch.tensor(whole), name)[1]), rel=1e-12)


def test_a_session_knows_the_sizes_that_opening_needs() -> None:
    shapes = shapes_of(Model(tanh_net()))
    assert shapes["data", "x"] == ((2,), True) and shapes["hidden", "y"] == ((4,), True)


@pytest.mark.parametrize("name", ["tanh-mlp-2-4-2", "xor", "spiral"])
def test_a_trained_network_that_is_opened_shows_the_same_numbers(name: str) -> None:
    """Where training has made the scores large and the loss small, and digits could be lost."""
    graph = Document.load(EXAMPLES / f"{name}.gradwire", CATALOG).graph
    closed = Model(graph.copy())
    Run(closed).train(max_steps=400)
    before = closed.trace()
    for node, neurons in openings(graph):
        document = Document(graph.copy())
        _, edit = open_in(document, node, neurons)
        session = Model(graph.copy())
        session.restore(closed.state)
        follow_edit(session, document, edit)
        after = session.trace()
        for edge, gradient in before.edge_gradients.items():
            if isinstance(gradient, Tensor):
                actual = after.edge_gradients[edge]
                assert isinstance(actual, Tensor) and near(actual, gradient)


# Moving tensors


def test_a_tensor_is_taken_apart_and_put_together_again() -> None:
    weight = torch.arange(6.0).reshape(2, 3)
    apart: dict[str, Tensor] = {}
    follow([(("n", "W[1,2]"), ("a", "value")), (("n", "W[0,1]"), ("b", "value"))], apart, {"n.W": weight})
    assert apart.keys() == {"a.value", "b.value"} and apart["a.value"] == 5.0 and apart["b.value"] == 1.0 and apart["a.value"].dim() == 0

    together: dict[str, Tensor] = {}
    moves = [((f"p{i}{j}", "value"), ("n", f"W[{i},{j}]")) for i in range(2) for j in range(3)]
    follow(moves, together, {f"p{i}{j}.value": weight[i, j] for i in range(2) for j in range(3)})
    assert torch.equal(together["n.W"], weight)


def test_a_tensor_of_which_a_number_is_missing_is_not_made_up() -> None:
    shelf: dict[str, Tensor] = {}
    moves = [((f"p{i}{j}", "value"), ("n", f"W[{i},{j}]")) for i in range(2) for j in range(2)]
    follow(moves, shelf, {f"p{i}{j}.value": torch.tensor(1.0) for i, j in ((0, 0), (0, 1), (1, 0))})
    assert "n.W" not in shelf or shelf["n.W"].shape != (2, 2)


def test_an_index_that_does_not_exist_moves_nothing() -> None:
    shelf: dict[str, Tensor] = {}
    moves = [(("n", "W[9,9]"), ("a", "value")), (("n", "W[0]"), ("b", "value")), (("no", "W"), ("c", "value"))]
    follow(moves, shelf, {"n.W": torch.ones(2, 2)})
    assert shelf == {}


def test_the_optimizer_s_memory_moves_by_kind() -> None:
    memory = {"m.n.W": torch.tensor([[1.0, 2.0]]), "r.n.W": torch.tensor([[3.0, 4.0]]), "t": torch.tensor(5)}
    moved = moved_memory([(("n", "W[0,1]"), ("a", "value"))], memory)
    assert {name: float(value) for name, value in moved.items()} == {"m.a.value": 2.0, "r.a.value": 4.0}
