"""Anything may be wired into anything: what comes back is values or a sentence, never an exception from the inside."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.compile.shapes import infer
from engine.nodes import TYPES
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.model.edits import edit_from_json
from graph.model.graph import Graph
from graph.model.problem import Problem
from tests.support.networks import network

SOURCES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("source.input", {"value": 1.5}),
    ("source.input", {"value": [0.5, -1.0, 2.0]}),
    ("source.input", {"value": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}),
    ("source.input", {"value": [[[0.1] * 4] * 4]}),
    ("source.data", {"dataset": "moons"}),
    ("source.data", {"dataset": "moons", "coding": "one_hot"}),
    ("source.data", {"dataset": "digits", "image": True}),
    ("source.data", {"dataset": "sine"}),
    ("source.data", {"dataset": "xor", "coding": "plus_minus"}),
)


def some_settings(key: str, rng: random.Random) -> dict[str, Any]:
    """Random choices and switches; small whole numbers half of the time."""
    small = rng.random() < 0.5
    settings: dict[str, Any] = {}
    for setting in TYPES[key].spec.settings:
        if setting.kind == "choice":
            settings[setting.name] = rng.choice(setting.choices)
        elif setting.kind == "bool":
            settings[setting.name] = rng.random() < 0.5
        elif setting.kind == "int" and small:
            settings[setting.name] = max(int(setting.minimum or 0), rng.randrange(6))
    return settings


def wired_at_random(key: str, rng: random.Random) -> Graph:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"node": (key, some_settings(key, rng))}
    wires = []
    for port in TYPES[key].spec.inputs:
        if rng.random() < (0.8 if port.parameter else 0.4 if port.optional else 0.0):
            continue
        kind, settings = rng.choice(SOURCES)
        nodes[f"into_{port.name}"] = (kind, settings)
        output = rng.choice(["x", "target"]) if kind == "source.data" else "y"
        wires.append(f"into_{port.name}.{output} -> node.{port.name}")
    return network(nodes, ";".join(wires))


@pytest.mark.parametrize("key", [key for key, node_type in TYPES.items() if node_type.spec.inputs])
def test_a_node_takes_what_is_wired_to_it_or_says_why_not(key: str) -> None:
    rng = random.Random(key)
    for _ in range(8):
        graph = wired_at_random(key, rng)
        shapes = infer(graph)
        assert shapes.errors or ("node", TYPES[key].outputs[0].name) in shapes.outputs
        assert all(problem.text.startswith(f"{graph.nodes[problem.nodes[0]].name}: ") for problem in shapes.errors)
        problems = shapes.errors or failures(graph)
        assert all(problem.text for problem in problems)
        for problem in problems:
            for repair in problem.repairs:
                mended = graph.copy()
                for edit in repair.edits:
                    edit_from_json(edit).apply(mended)
                left = {p.text for p in (infer(mended).errors or failures(mended))}
                assert problem.text not in left, repair.title


def failures(graph: Graph) -> tuple[Problem, ...]:
    """What a graph without problems has to say when it meets its numbers."""
    try:
        Model(graph).trace()
    except RunError as error:
        return error.problems
    return ()


def test_what_a_node_says_of_its_numbers_comes_with_its_repairs() -> None:
    nodes = {"data": ("source.data", {"dataset": "digits"}), "table": ("layer.embedding", {"count": 3})}
    (problem,) = failures(network(nodes, "data.target -> table.x"))
    assert problem.text == "table: the table has rows 0 to 2, but indices go from 3 to 9"
    assert [repair.title for repair in problem.repairs] == ["Give the table 10 rows"]


def test_a_coding_that_the_data_cannot_have_is_not_offered() -> None:
    nodes = {"data": ("source.data", {"dataset": "digits"}), "f": ("layer.linear", {"out_features": 1}), "loss": ("loss.bce", {})}
    (problem,) = infer(network(nodes, "data.x -> f.x; f -> loss.probabilities; data.target -> loss.target")).errors
    assert [repair.title for repair in problem.repairs] == ["Let the data give its target as one-hot rows"]


def test_the_coding_is_repaired_at_the_data_and_not_at_what_lies_between() -> None:
    nodes = {
        "data": ("source.data", {"coding": "plus_minus"}), "same": ("activation.identity", {}), "f": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.bce_logits", {}),
    }  # fmt: skip
    (problem,) = infer(network(nodes, "data.x -> f.x; f -> loss.scores; data.target -> same.x; same -> loss.target")).errors
    assert [edit["node"] for repair in problem.repairs for edit in repair.edits] == ["data", "data"]
