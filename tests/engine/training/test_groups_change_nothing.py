"""A hundred random sequences of grouping leave what runs identical to the last bit."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from engine.compile.trace import Trace
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.graph import GraphError
from graph.storage.document import Document
from tests.graph.grouping.test_groups import random_grouping

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"


def _equal(actual: Trace, expected: Trace) -> bool:
    for table in ("values", "gradients", "edge_gradients", "parameter_gradients"):
        one, other = getattr(actual, table), getattr(expected, table)
        if list(one) != list(other):
            return False
        for key, value in one.items():
            same = torch.equal(value, other[key]) if isinstance(value, torch.Tensor) else value == other[key]
            if not same:
                return False
    return True


@pytest.mark.parametrize("name", ["xor", "tanh-mlp-2-4-2", "fan-out", "least-squares"])
def test_what_runs_is_identical_to_the_last_bit_after_any_grouping(name: str) -> None:
    draw = random.Random(name)
    expected = Model(Document.load(EXAMPLES / f"{name}.gradwire", CATALOG).graph).trace()
    for _ in range(25):
        document = Document.load(EXAMPLES / f"{name}.gradwire", CATALOG)
        for _ in range(20):
            with suppress(GraphError):
                document.do(random_grouping(document.graph, draw))
        assert document.graph.groups or document.history.can_undo
        assert _equal(Model(document.graph).trace(), expected)
        while document.history.can_undo:
            document.undo()
        assert document.graph == Document.load(EXAMPLES / f"{name}.gradwire", CATALOG).graph
