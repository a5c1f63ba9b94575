"""The real node library as the document sees it."""

from __future__ import annotations

import pytest

from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode
from graph.model.elements import Node, valid_name
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.model.settings import complaint
from graph.model.spec import CATEGORIES
from graph.storage.files import dumps, loads


@pytest.mark.parametrize("key", CATALOG)
def test_every_type_declares_what_a_document_needs(key: str) -> None:
    spec = CATALOG[key]
    assert spec.key == key and spec.category in CATEGORIES and valid_name(spec.default_name)
    for names in ([port.name for port in spec.inputs], [port.name for port in spec.outputs], [setting.name for setting in spec.settings]):
        assert len(set(names)) == len(names) and all(map(valid_name, names))
    for setting in spec.settings:
        assert complaint(setting, setting.default) is None
    assert spec.key not in spec.former_keys and not any(former in list(CATALOG) for former in spec.former_keys)


def test_a_graph_with_one_node_of_every_type_is_saved_and_loaded() -> None:
    graph = Graph(CATALOG)
    for spec in CATALOG.values():
        params = {setting.name: setting.default for setting in spec.settings}
        AddNode(Node(graph.fresh_id(), spec.key, graph.fresh_name(spec.default_name), params=params)).apply(graph)
    assert lint(graph) == []
    assert loads(dumps(graph), CATALOG) == graph
