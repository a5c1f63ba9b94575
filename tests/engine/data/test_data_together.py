"""Several Data nodes in one graph go row by row: their rows are the same samples, or it is said that they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from engine.nodes.catalog import CATALOG
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam
from graph.model.graph import Graph
from graph.model.repairs import apply_repair
from graph.storage.files import load
from tests.support.networks import network

CASES = Path(__file__).parents[2] / "data" / "cases"
ROWS = 40


def table(folder: Path, name: str = "t.csv", **columns: Any) -> str:
    frame = pd.DataFrame({"n": np.arange(ROWS) * 1.5, "m": np.arange(ROWS) * 1.5, "kind": list("uvvv") * (ROWS // 4), **columns})
    frame.to_csv(folder / name, index=False)
    return str(folder / name)


def csv(path: str, target: str, **more: Any) -> dict[str, Any]:
    return {"dataset": "csv", "path": path, "feature_columns": "m", "target_columns": target, **more}


def pair(first: dict[str, Any], second: dict[str, Any]) -> Graph:
    """Two Data nodes whose samples meet in one objective, and something to train."""
    nodes = {
        "a": ("source.data", first), "b": ("source.data", second), "w": ("layer.linear", {"out_features": 1}),
        "p": ("math.mean", {}), "q": ("math.mean", {}), "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    return network(nodes, "a.x -> w.x; w -> p.x; b.x -> q.x; p -> loss.prediction; q -> loss.target")


def features(session: Model) -> list[np.ndarray]:
    return [torch.cat([part[node, "x"] for part in (session.feeds.train, session.feeds.test)]).numpy()[:, 0] for node in session.graph.nodes
            if (node, "x") in session.feeds.train]  # fmt: skip


def same_rows(session: Model) -> bool:
    one, two = features(session)
    return np.array_equal(one, two)


def errors(session: Model) -> list[str]:
    return [problem.text for problem in session.problems if problem.severity == "error"]


def test_two_nodes_on_one_file_pair_its_rows() -> None:
    session = Model(load(CASES / "graphs" / "two-data.gradwire", CATALOG))
    assert float(session.trace().values["l", "y"]) == 0.0
    assert session.evaluate("train")["loss"] == session.evaluate("test")["loss"] == 0.0


@pytest.mark.parametrize("target", ["kind", "n"])
@pytest.mark.parametrize("other", ["kind", "n"])
def test_rows_belong_together_whatever_the_targets_are(tmp_path: Path, target: str, other: str) -> None:
    path = table(tmp_path)
    session = Model(pair(csv(path, target, test_fraction=0.3), csv(path, other, test_fraction=0.3)))
    one, two = features(session)
    assert np.array_equal(one, two) and sorted(one) == sorted(np.arange(ROWS) * 1.5)
    assert session.feeds.rows == {"train": 28, "validation": 0, "test": 12} and not errors(session)


def test_a_relative_and_an_absolute_path_are_the_same_file(tmp_path: Path) -> None:
    table(tmp_path)
    graph = pair(csv("t.csv", "kind"), csv(str(tmp_path / "t.csv"), "n"))
    graph.folder = str(tmp_path)
    assert same_rows(Model(graph))


def test_features_in_one_file_and_labels_in_another_go_row_by_row(tmp_path: Path) -> None:
    x, y = table(tmp_path, "x.csv"), table(tmp_path, "y.csv")
    assert same_rows(Model(pair(csv(x, "n"), csv(y, "kind"))))


def test_a_row_without_a_label_is_left_out_of_both(tmp_path: Path) -> None:
    kinds = list("uvvv") * (ROWS // 4)
    kinds[3] = kinds[20] = ""
    path = table(tmp_path, kind=kinds)
    session = Model(pair(csv(path, "n"), csv(path, "kind")))
    one, two = features(session)
    assert np.array_equal(one, two) and sorted(one) == [1.5 * i for i in range(ROWS) if i not in (3, 20)]
    assert any("2 rows have no value in kind (lines 5, 22)" in p.text for p in session.problems)


def test_files_without_a_row_in_common_are_refused_in_words(tmp_path: Path) -> None:
    one, two = ["u" if i < 20 else "" for i in range(ROWS)], ["" if i < 20 else "v" for i in range(ROWS)]
    path = table(tmp_path, one=one, two=two)
    session = Model(pair(csv(path, "one"), csv(path, "two")))
    assert any("have no row that all of them can use" in text for text in errors(session))


def test_rows_typed_by_hand_follow_the_order_of_the_file_beside_them(tmp_path: Path) -> None:
    typed = {"dataset": "table", "features": [[1.5 * i] for i in range(ROWS)], "targets": [0.0] * ROWS}
    read = csv(table(tmp_path), "kind")
    for graph in (pair(typed, read), pair(read, typed)):
        session = Model(graph)
        assert same_rows(session) and session.feeds.rows == {"train": 30, "validation": 0, "test": 10}


@pytest.mark.parametrize(("name", "value"), [("seed", 7), ("test_fraction", 0.5), ("test_fraction", 0.251)])
def test_another_split_of_one_file_is_a_problem_with_a_repair(tmp_path: Path, name: str, value: float) -> None:
    path = table(tmp_path)
    graph = pair(csv(path, "kind"), csv(path, "kind", **{name: value}))
    session = Model(graph)
    (problem,) = [p for p in session.problems if p.severity == "error"]
    assert problem.nodes == ("b", "a") and "share one split" in problem.text
    with pytest.raises(RunError, match="share one split"):
        Run(session).prepare()
    session.trace()  # the values are shown, and of the same samples
    assert same_rows(session)
    undo = apply_repair(graph, problem.repairs[0]).apply(graph)
    session.update(graph)
    assert not errors(session)
    assert Run(session).train(max_steps=1) == 1
    undo.apply(graph)
    assert graph.setting("b", name) == value


def test_two_built_in_sets_with_other_seeds_are_a_problem_too() -> None:
    graph = pair({"dataset": "iris", "seed": 1}, {"dataset": "iris", "coding": "one_hot", "seed": 2})
    assert "its seed is 2, but that of a is 1" in errors(Model(graph))[0]
    SetParam("b", "seed", 1).apply(graph)
    session = Model(graph)
    assert not [p for p in session.problems if "seed" in p.text]
    assert same_rows(session)


def test_sets_that_are_drawn_with_other_seeds_are_other_samples_and_that_is_said() -> None:
    session = Model(pair({"dataset": "moons", "seed": 1}, {"dataset": "moons", "seed": 2}))
    (problem,) = [p for p in session.problems if p.nodes[:1] == ("b",)]
    assert problem.severity == "warning" and problem.repairs[0].title == "Give b the seed 1"


@pytest.mark.parametrize(("first", "second", "title"), [
    ({"dataset": "iris"}, {"dataset": "moons"}, "Give b 150 samples"),
    ({"dataset": "moons", "samples": 50}, {"dataset": "moons"}, "Give b 50 samples"),
    ({"dataset": "iris"}, {"dataset": "wine"}, None),
])  # fmt: skip
def test_sets_of_different_length_cannot_go_row_by_row(first: dict[str, Any], second: dict[str, Any], title: str | None) -> None:
    graph = pair(first, second)
    session = Model(graph)
    (problem,) = [p for p in session.problems if p.severity == "error" and p.nodes[:1] == ("b",)]
    assert "read together, row by row" in problem.text and [repair.title for repair in problem.repairs] == ([title] if title else [])
    if title:
        apply_repair(graph, problem.repairs[0]).apply(graph)
        session.update(graph)
        assert not [p for p in session.problems if "same row of both" in p.text]
        assert set(features(session)[0].shape) == set(features(session)[1].shape)
