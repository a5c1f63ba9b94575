"""What the tests of opening and folding share: documents with sizes, edits made and undone, and how close is close."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from engine.training.model import Model
from engine.unfold import Shapes, fold, unfold
from graph.model.edits import Compound, Edit
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.storage.document import Document

NEAR = 1e-12


def shapes_of(session: Model) -> Shapes:
    return {key: (shape.dims, shape.batched) for key, shape in session.inference.outputs.items()}


def opened(graph: Graph, name: str, neurons: bool = False) -> tuple[Graph, Compound]:
    """A copy of the graph with one node opened, and the edit that did it."""
    twin = graph.copy()
    node = twin.named(name)
    assert node is not None
    edit, _ = unfold(twin, node.id, shapes_of(Model(graph)), neurons)
    edit.apply(twin)
    assert isinstance(edit, Compound) and lint(twin) == []
    return twin, edit


def open_in(document: Document, name: str, neurons: bool = False) -> tuple[str, Edit]:
    node = document.graph.named(name)
    assert node is not None
    edit, group = unfold(document.graph, node.id, shapes_of(Model(document.graph)), neurons)
    document.do(edit)
    return group, edit


def fold_in(document: Document, group: str) -> str:
    edit, node = fold(document.graph, group)
    document.do(edit)
    return node


def near(actual: Tensor, expected: Tensor, scale: float = 0.0) -> bool:
    """Equal to 1e-12 of the largest number in sight."""
    assert actual.shape == expected.shape
    largest = max(scale, float(expected.abs().max()) if expected.numel() else 0.0)
    return bool(((actual - expected).abs() <= NEAR * largest).all())


def part(tensor: Tensor, name: str) -> tuple[str, Tensor]:
    """`W[1,0]` → W's name, and what takes that number out of W."""
    match = re.fullmatch(r"(\w+)\[([\d,]+)\]", name)
    return (name, tensor) if match is None else (match[1], tensor[tuple(map(int, match[2].split(",")))])


def assert_same_numbers(folded: Graph, unfolded: Graph, edit: Compound, training: bool = False) -> None:
    """Values and gradients on every wire and node of the folded graph, and of every learned number, are those of the unfolded one."""
    before, after = Model(folded).trace(training=training), Model(unfolded).trace(training=training)
    if before.objective is not None:
        assert after.objective is not None
        assert near(after.values[after.objective], before.values[before.objective])
    for edge, expected in before.edge_gradients.items():
        _same(after.edge_gradients[edge], expected)
        source = unfolded.edges[edge].source
        _same(after.values[source], before.values[folded.edges[edge].source])
        _same(after.gradients[source], before.gradients[folded.edges[edge].source])
    for old, new in edit.state_moves:
        name = re.sub(r"\[.*", "", old[1])
        if (old[0], name) in before.parameters:
            _same(after.parameters[new], part(before.parameters[old[0], name], old[1])[1])
            whole = before.parameter_gradients[old[0], name]
            expected = part(whole, old[1])[1] if isinstance(whole, Tensor) else whole
            _same(after.parameter_gradients[new], expected, float(whole.abs().max()) if isinstance(whole, Tensor) else 0.0)


def _same(actual: Any, expected: Any, scale: float = 0.0) -> None:
    if not isinstance(expected, Tensor):
        assert actual == expected
    elif expected.is_floating_point():
        assert near(actual, expected, scale), (actual, expected)
    else:
        assert torch.equal(actual, expected)
