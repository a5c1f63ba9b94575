"""What is said while there are no numbers is true of the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.catalog import CATALOG
from ui.shell.commands import MANY, Commands


@pytest.mark.parametrize(("status", "nodes", "says"), [
    ("starting", 1, "The engine is starting"),
    ("starting", MANY, "The engine is preparing this graph; there are no numbers yet"),
    ("ready", 1, "The engine is preparing this graph; there are no numbers yet"),
    ("dead", MANY, "The engine is not running"),
])  # fmt: skip
def test_an_engine_that_has_started_is_not_called_starting(status: str, nodes: int, says: str) -> None:
    graph = Graph(CATALOG)
    for index in range(nodes):
        graph._add_node(Node(f"n{index}", "math.exp", f"a{index}"))
    window: Any = SimpleNamespace(kernel=object(), trace=None, status=SimpleNamespace(kernel=status), document=Document(graph))
    assert Commands(window).why_not_train() == says
