"""Weights alone: other programs read them by name, they come back to the last bit, and what does not fit changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from safetensors.torch import load_file

from engine.numerics.job import JobError, finished
from engine.numerics.tensors import TensorError
from engine.training.model import Model
from engine.training.run import Run
from engine.training.weights import fit_of, gaps_text, loading, read_weights, written
from engine.training.weights_answer import read
from engine.training.weights_job import ReadWeights, WeightsPlan
from graph.model.computation import computation_key
from graph.model.edits import edit_from_json
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net


def norm_net() -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}), "hidden": ("layer.linear", {"out_features": 4}),
        "norm": ("layer.batch_norm1d", {}), "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> hidden.x; hidden -> norm.x; norm -> out.x; out -> loss.scores; data.target -> loss.target")


def trained(steps: int = 7) -> Model:
    model = Model(tanh_net())
    Run(model).train(max_steps=steps)
    return model


def test_torch_reads_the_file_by_name_and_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    model, path = trained(), tmp_path / "w.safetensors"
    path.write_bytes(written(model))
    tensors = load_file(path)
    names = {f"{model.graph.nodes[node].name}.{name}": tensor for (node, name), tensor in model.values().items()}
    assert tensors.keys() == names.keys() and all(torch.equal(tensors[name], tensor) for name, tensor in names.items())
    with safe_open(path, "pt") as file:
        about = file.metadata()
    assert about == {"format": "pt", "kind": "gradwire-weights", "graph": computation_key(model.graph), "step": "7"}
    assert written(model) == path.read_bytes() and read_weights(path).step == 7


class _Context:
    def __init__(self, model: Model) -> None:
        self.model = model


def test_loading_is_edits_that_undo_returns_from_to_the_trained_values(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(written(trained(7)))
    model = trained(20)
    graph = model.graph
    expected = {key: tensor.clone() for key, tensor in trained(7).values().items()}
    before = {key: tensor.clone() for key, tensor in model.values().items()}

    plan = finished(read(_Context(model), ReadWeights(str(tmp_path / "w.safetensors"))))
    assert isinstance(plan, WeightsPlan) and (plan.wrong, plan.gaps, plan.step) == ("", "", 7) and plan.keep is not None
    graph.attachments.update(plan.attachments)
    edit_from_json(json.loads(json.dumps(plan.keep))).apply(graph)
    model.update(graph)
    inverse = edit_from_json(json.loads(json.dumps(plan.load))).apply(graph)
    model.update(graph)
    assert all(torch.equal(model.values()[key], value) for key, value in expected.items())
    inverse.apply(graph)
    model.update(graph)
    assert all(torch.equal(model.values()[key], value) for key, value in before.items())


def test_buffers_are_loaded_too(tmp_path: Path) -> None:
    model = Model(norm_net())
    assert model.state.buffers
    (tmp_path / "w.safetensors").write_bytes(written(model))
    tensors = {name: np.asarray(tensor) + 0.5 for name, tensor in load_file(tmp_path / "w.safetensors").items()}
    save_file(tensors, tmp_path / "w.safetensors")
    edit, attachments = loading(model, fit_of(model, read_weights(tmp_path / "w.safetensors")))
    model.graph.attachments.update(attachments)
    edit.apply(model.graph)
    model.update(model.graph)
    for (node, name), tensor in model.values().items():
        assert np.array_equal(tensor.numpy(), tensors[f"{model.graph.nodes[node].name}.{name}"]), (node, name)


def test_a_wrong_shape_names_the_node_and_what_each_side_has(tmp_path: Path) -> None:
    model, path = trained(), tmp_path / "w.safetensors"
    tensors = {name: np.asarray(tensor) for name, tensor in load_of(written(model), path).items()}
    name = next(name for name, array in tensors.items() if array.ndim == 2)
    rows, columns = tensors[name].shape
    save_file({**tensors, name: np.zeros((rows + 1, columns))}, path)
    fit = fit_of(model, read_weights(path))
    node, own = name.split(".")
    assert fit.wrong == (f"{node}: {own} has the shape {rows}×{columns}, but the file has {rows + 1}×{columns}",)
    with pytest.raises(TensorError, match="Nothing was changed"):
        loading(model, fit)


def load_of(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    path.write_bytes(data)
    return load_file(path)


def test_names_that_do_not_pair_up_are_listed_and_the_rest_fits(tmp_path: Path) -> None:
    model, path = trained(), tmp_path / "w.safetensors"
    tensors = {name: np.asarray(tensor) for name, tensor in load_of(written(model), path).items()}
    gone = next(iter(tensors))
    save_file({"elsewhere.W": tensors.pop(gone), **tensors}, path)
    fit = fit_of(model, read_weights(path))
    assert (fit.missing, fit.surplus, len(fit.fitting)) == ((gone,), ("elsewhere.W",), len(tensors))
    assert gaps_text(fit) == f"Not in the file: {gone}. Only in the file: elsewhere.W."


@pytest.mark.parametrize("data", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", b"\xff" * 40, b"PK\x03\x04"])
def test_what_is_no_file_of_weights_is_said(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    try:
        assert read_weights(path).tensors == {}
    except TensorError as problem:
        assert str(problem) == "w.safetensors: this is not a whole safetensors file."
    with pytest.raises(JobError):
        finished(read(_Context(trained(1)), ReadWeights(str(tmp_path / "missing.safetensors"))))
