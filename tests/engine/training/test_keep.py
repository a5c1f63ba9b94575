"""Trained values in the document: kept by an edit, found again in the file, and what is told when they are not there."""

from __future__ import annotations

from typing import Any

import pytest

from engine.nodes.catalog import CATALOG
from engine.training.keep import keep
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam, edit_from_json
from graph.model.graph import Graph
from graph.storage.files import load, save
from tests.engine.training.test_trainer import dropout_net
from tests.support.networks import network, tanh_net


def kept(graph: Graph) -> Model:
    """A session trained a little, its values kept in the document."""
    session = Model(graph)
    Run(session).train(max_steps=20)
    edit, attachments = keep(session)
    graph.attachments = {**graph.attachments, **attachments}
    edit.apply(graph)
    return session


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saved_document_opens_with_the_trained_values_exactly(tmp_path: Any, dtype: str) -> None:
    nodes = {n.name: (n.type, {**n.params, **({"out_features": 40} if n.name == "hidden" else {})}) for n in dropout_net().nodes.values()}
    wires = [f"{e.source[0]}.{e.source[1]} -> {e.target[0]}.{e.target[1]}" for e in dropout_net().edges.values()]
    graph = network(nodes, ";".join(wires), settings={"dtype": dtype}, batch_size=16)
    session = kept(graph)
    save(graph, tmp_path / "net.gradwire")
    again = Model(load(tmp_path / "net.gradwire", CATALOG))
    assert again.state.copy().diff(session.state).keys() <= {"step", "epoch", "position"}
    assert not again.problems


def test_a_typed_value_is_kept_in_its_place() -> None:
    graph = network({"w": ("parameter.parameter", {"value": 3.0}), "f": ("math.square", {})}, "w -> f.x", hyper={"lr": 0.1}, epochs=1)
    session = kept(graph)
    assert graph.nodes["w"].params == {"value": pytest.approx(2.4)}
    assert session.update(graph).made_anew == ("w.value",)


def test_what_follows_from_the_data_is_not_kept() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "wine"}), "scaled": ("source.standardize", {}), "f": ("layer.linear", {"out_features": 3}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> scaled.x; scaled -> f.x; f -> loss.scores; data.target -> loss.target")
    edit, _ = keep(kept(graph))
    assert {part.node for part in edit.edits if isinstance(part, SetParam)} <= {"f"}
    assert "tensors" not in graph.nodes["scaled"].params


@pytest.mark.parametrize(("values", "words"), [
    ({"tensor": "sha256:abcdef"}, "trained values are missing in the file"),
    ([[1.0, 2.0], [3.0]], "not numbers in rows of equal length"),
    ("abc", "not numbers in rows of equal length"),
    ({}, "trained values are missing in the file"),
])  # fmt: skip
def test_values_that_cannot_be_read_are_a_problem_of_their_node_and_start_anew(values: Any, words: str) -> None:
    graph = tanh_net()
    first = Model(graph).state.copy()
    SetParam("hidden", "tensors", {"W": values}).apply(graph)
    session = Model(graph)
    (problem,) = session.problems
    assert problem.text.startswith("hidden: ") and words in problem.text and problem.text.endswith("W gets new first values")
    assert session.state.diff(first) == {}
    assert problem in session.trace_view().problems
    edit_from_json(problem.repairs[0].edits[0]).apply(graph)
    session.update(graph)
    assert not session.problems


def test_a_damaged_tensor_in_the_file_is_named() -> None:
    graph = dropout_net()
    SetParam("hidden", "out_features", 40).apply(graph)
    kept(graph)
    graph.attachments = {name: data[:-1] + b"!" for name, data in graph.attachments.items()}
    assert {p.text.split(" (")[0] for p in Model(graph).problems} == {
        "hidden: trained values are damaged in the file", "out: trained values are damaged in the file"
    }  # fmt: skip
