"""A file holds document and trained values side by side: training goes on from it as if it had never stopped, bit for bit."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import pack_state, put_back, with_waiting
from engine.training.state import PARTS
from graph.model.edits import Disconnect, RemoveNode, SetBypassed, SetGraphSetting, SetParam, SetTraining, connect, moves_of, remove_nodes
from graph.model.graph import Graph
from graph.storage.clipboard import copy_text, paste
from graph.storage.document import Document
from graph.storage.files import dumps, read, save
from tests.engine.training.optimizers.cases import ANY_LOSS

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"
GOLDEN = Path(__file__).resolve().parents[2] / "data" / "version-1.gradwire"


def example(name: str, **training: Any) -> Graph:
    graph = read(EXAMPLES / f"{name}.gradwire", CATALOG).graph
    for key, value in training.items():
        SetTraining(key, value).apply(graph)
    return graph


def write(trainer: Run, graph: Graph, path: Path) -> None:
    save(graph, path, pack_state(with_waiting(trainer.model, trainer.capture()), trainer.spec.key))


def numbers(trainer: Run) -> dict[str, np.ndarray]:
    state = trainer.capture()
    arrays = {f"{part}/{name}": tensor.cpu().numpy() for part in PARTS for name, tensor in getattr(state, part).items()}
    return arrays | {"counters": np.array(state.counters)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", ANY_LOSS)
def test_training_goes_on_from_a_file_bit_for_bit(optimizer: str, dtype: str, tmp_path: Path) -> None:
    graph = example("xor", optimizer=optimizer, hyper={}, batch_size=3)
    SetGraphSetting("dtype", dtype).apply(graph)
    uninterrupted = Run(Model(graph))
    uninterrupted.train(max_steps=7)
    write(uninterrupted, graph, tmp_path / "trained.gradwire")
    uninterrupted.train(max_steps=6)

    loaded = read(tmp_path / "trained.gradwire", CATALOG)
    assert loaded.state is not None and loaded.state.step == 7 and loaded.graph == graph
    session = Model(loaded.graph)
    assert put_back(session, loaded.state) == ()
    continued = Run(session)
    continued.train(max_steps=6)

    expected = numbers(uninterrupted)
    assert expected.keys() == numbers(continued).keys()
    for name, array in numbers(continued).items():
        assert np.array_equal(array, expected[name], equal_nan=True), name


def test_many_numbers_are_one_safetensors_file_that_torch_reads_by_name(tmp_path: Path) -> None:
    from safetensors.torch import load

    graph = example("digits-mlp")
    trainer = Run(Model(graph))
    trainer.train(max_steps=3)
    write(trainer, graph, tmp_path / "trained.gradwire")

    with zipfile.ZipFile(tmp_path / "trained.gradwire") as archive:
        tensors = load(archive.read("state.safetensors"))
    for name, tensor in trainer.model.state.parameters.items():
        assert torch.equal(tensors[f"parameters/{name}"], tensor)
    state = read(tmp_path / "trained.gradwire", CATALOG).state
    session = Model(example("digits-mlp"))
    assert state is not None and put_back(session, state) == ()
    assert all(torch.equal(session.state.parameters[name], t) for name, t in trainer.model.state.parameters.items())


def test_the_document_in_the_file_is_untouched_and_reset_returns_to_it(tmp_path: Path) -> None:
    graph = example("xor")
    trainer = Run(Model(graph))
    first = {name: tensor.clone() for name, tensor in trainer.model.state.parameters.items()}
    trainer.train(max_steps=20)
    write(trainer, graph, tmp_path / "t.gradwire")

    assert (tmp_path / "t.gradwire").read_text().startswith(dumps(graph).rstrip().removesuffix("}"))
    loaded = read(tmp_path / "t.gradwire", CATALOG)
    assert loaded.state is not None
    session = Model(loaded.graph)
    put_back(session, loaded.state)
    assert any(not torch.equal(session.state.parameters[name], first[name]) for name in first)
    session.reset()
    assert all(torch.equal(session.state.parameters[name], first[name]) for name in first) and session.state.step == 0


def test_infinite_and_nan_values_survive(tmp_path: Path) -> None:
    graph = example("saddle")
    session = Model(graph)
    session.state.step = 3
    names = list(session.state.parameters)
    session.state.parameters[names[0]].fill_(float("nan"))
    session.state.parameters[names[1]].fill_(-float("inf"))

    save(graph, tmp_path / "s.gradwire", pack_state(session.state, "sgd"))
    state = read(tmp_path / "s.gradwire", CATALOG).state
    again = Model(graph)
    assert state is not None and put_back(again, state) == ()

    assert again.state.diff(session.state) == {}


def test_values_that_no_longer_fit_are_named_and_the_others_kept(tmp_path: Path) -> None:
    graph = example("xor")
    trainer = Run(Model(graph))
    trainer.train(max_steps=9)
    state = pack_state(trainer.capture(), "sgd")
    layers = [n for n in graph.nodes.values() if n.type == "layer.linear"]
    changed = graph.copy()
    SetParam(layers[0].id, "out_features", 7).apply(changed)
    session = Model(changed)

    lost = put_back(session, state)

    assert set(lost) == {f"{layers[0].name}.W", f"{layers[0].name}.b", f"{layers[1].name}.W"}
    assert torch.equal(session.state.parameters[f"{layers[1].id}.b"], trainer.model.state.parameters[f"{layers[1].id}.b"])
    gone = graph.copy()
    for edge in [*gone.inputs_of(layers[0].id), *gone.outputs_of(layers[0].id)]:
        Disconnect(edge.id).apply(gone)
    RemoveNode(layers[0].id).apply(gone)
    assert any("a node that is gone" in name for name in put_back(Model(gone), state))


def test_a_bypassed_layer_keeps_its_trained_values_in_the_file(tmp_path: Path) -> None:
    graph = example("xor")
    session = Model(graph)
    trainer = Run(session)
    trainer.train(max_steps=9)
    layer = next(n.id for n in graph.nodes.values() if n.type == "layer.linear")
    trained = session.state.parameters[f"{layer}.W"].clone()
    SetBypassed(layer, True).apply(graph)
    session.update(graph)
    assert f"{layer}.W" not in session.state.parameters
    save(graph, tmp_path / "b.gradwire", pack_state(with_waiting(session, session.state.copy()), "sgd"))

    loaded = read(tmp_path / "b.gradwire", CATALOG)
    assert loaded.state is not None
    again = Model(loaded.graph)
    assert put_back(again, loaded.state) == ()
    SetBypassed(layer, False).apply(loaded.graph)
    again.update(loaded.graph)

    assert torch.equal(again.state.parameters[f"{layer}.W"], trained)


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: "trained", lambda s: s | {"step": -1}, lambda s: s | {"step": 1.5}, lambda s: s | {"tensors": []},
        lambda s: s | {"tensors": {"parameters/n1.W": {"dtype": "float64", "shape": [2], "values": [1.0]}}},
        lambda s: s | {"tensors": {"parameters/n1.W": {"dtype": "object", "shape": [1], "values": [1.0]}}},
        lambda s: s | {"tensors": {"parameters/n1.W": {"dtype": "float64", "shape": [1], "values": ["x"]}}},
        lambda s: s | {"tensors": {"parameters/n1.W": {"dtype": "int64", "shape": [1], "values": [10**30]}}},
        lambda s: {"step": 3, "file": "state.safetensors", "sha256": "0"},
    ],
)  # fmt: skip
def test_a_damaged_state_costs_the_state_and_never_the_document(damage: Any, tmp_path: Path) -> None:
    graph = example("saddle")
    trainer = Run(Model(graph))
    trainer.train(max_steps=2)
    write(trainer, graph, tmp_path / "d.gradwire")
    content = json.loads((tmp_path / "d.gradwire").read_text())
    content["state"] = damage(content["state"])
    (tmp_path / "d.gradwire").write_text(json.dumps(content))

    loaded = read(tmp_path / "d.gradwire", CATALOG)

    assert loaded.graph == graph and loaded.state is None
    assert loaded.note.startswith("d.gradwire: its trained values cannot be read") and "untrained" in loaded.note


def test_the_oldest_file_opens_without_trained_values_and_saves_without_them(tmp_path: Path) -> None:
    document = Document.load(GOLDEN, CATALOG)

    assert document.state is None and not document.note and not document.modified
    document.save(tmp_path / "again.gradwire")
    assert read(tmp_path / "again.gradwire", CATALOG).state is None


def test_a_document_counts_trained_values_as_something_to_save(tmp_path: Path) -> None:
    graph = example("saddle")
    trainer = Run(Model(graph))
    trainer.train(max_steps=4)
    state = pack_state(trainer.capture(), "sgd")
    document = Document(graph)
    told: list[bool] = []
    document.changed.connect(lambda change: told.append(document.modified))

    document.set_trained(state.token)
    assert document.modified and told == [True]
    document.save(tmp_path / "t.gradwire", state)
    assert not document.modified
    document.set_trained(state.token + 1)
    assert document.modified
    document.set_trained(state.token)
    assert not document.modified
    document.set_trained(0)  # reset: the file holds trained values, the screen the document's own
    assert document.modified

    again = Document.load(tmp_path / "t.gradwire", CATALOG)
    assert again.state == state and not again.modified
    again.save(tmp_path / "copy.gradwire")  # without an engine nothing is lost either
    assert Document.load(tmp_path / "copy.gradwire", CATALOG).state == state


def test_a_document_can_leave_trained_values_out(tmp_path: Path) -> None:
    graph = example("saddle")
    state = pack_state(Run(Model(graph)).capture(), "sgd")
    document = Document(graph, tmp_path / "t.gradwire")
    document.set_trained(5)
    document.do(SetGraphSetting("save_trained", False))
    document.save(state=state)

    assert not document.modified and Document.load(tmp_path / "t.gradwire", CATALOG).state is None
    document.set_trained(6)
    assert not document.modified
    document.undo()
    assert document.modified


@pytest.mark.parametrize("cut", [False, True])
def test_trained_values_go_along_with_a_copied_or_cut_layer_within_one_document(cut: bool) -> None:
    """And not into another document, whose nodes bear the same ids by chance."""
    graph = example("xor")
    session = Model(graph)
    Run(session).train(max_steps=9)
    layer = next(n.id for n in graph.nodes.values() if n.type == "layer.linear")
    trained = session.state.parameters[f"{layer}.W"].clone()
    text = copy_text(graph, [layer], origin="this document")
    if cut:
        remove_nodes(graph, [layer]).apply(graph)
        session.update(graph)

    other, _ = paste(graph, text, origin="another document")
    edit, (copy,) = paste(graph, text, origin="this document")

    assert moves_of(other) == ()
    edit.apply(graph)
    connect(graph, ("n1", "x"), (copy, "x")).apply(graph)
    session.move_state(moves_of(edit))
    session.update(graph)
    assert torch.equal(session.state.parameters[f"{copy}.W"], trained)


def test_a_run_keeps_the_seed_it_began_with_although_the_document_names_another(tmp_path: Path) -> None:
    """A new seed takes effect with the next Reset, so it must not change the order of samples by way of a file."""
    graph = example("xor", batch_size=3)
    session = Model(graph)
    trainer = Run(session)
    trainer.train(max_steps=7)
    SetTraining("seed", 11).apply(graph)
    session.update(graph)
    save(graph, tmp_path / "s.gradwire", pack_state(trainer.capture(), trainer.spec.key, seed=session.seed))
    trainer.train(max_steps=5)

    loaded = read(tmp_path / "s.gradwire", CATALOG)
    assert loaded.state is not None
    again = Model(loaded.graph)
    put_back(again, loaded.state)
    Run(again).train(max_steps=5)
    assert again.state.diff(session.state) == {}
    again.reset()
    assert again.seed == 11


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "nadam", "lbfgs"])
def test_a_memory_of_the_optimizer_that_was_edited_by_hand_is_said_and_left_out(optimizer: str) -> None:
    """Whatever is missing or has another shape: the parameters are taken over, and training goes on."""
    graph = example("xor", optimizer=optimizer, hyper={})
    trainer = Run(Model(graph))
    trainer.train(max_steps=3)
    whole = trainer.capture()
    spoiled = {
        "t": torch.ones(2), "begun": torch.zeros(0), "product": torch.tensor(math.inf), "lbfgs.ro.0": None, "lbfgs.n_iter": torch.ones(2),
        "lbfgs.d": None, "lbfgs.old_dirs.0": torch.ones(3),
    }  # fmt: skip
    for name, tensor in spoiled.items():
        if name not in whole.optimizer:
            continue
        state = whole.copy()
        del state.optimizer[name]
        state.optimizer |= {name: tensor} if tensor is not None else {}
        session = Model(graph)
        assert put_back(session, pack_state(state, optimizer)) == ("the optimizer state",), name
        Run(session).train(max_steps=1)
        assert session.state.step == 4
    session = Model(graph)
    assert put_back(session, pack_state(whole, optimizer)) == ()
