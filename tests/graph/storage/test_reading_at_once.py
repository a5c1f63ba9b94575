"""A file is read a column at a time: what comes out, and what is refused with which words, is what reading row by row gives."""

from __future__ import annotations

import gc
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.canvas_graph import layered
from engine.nodes.catalog import CATALOG
from graph.model import build as building
from graph.model.build import BuildError
from graph.model.edits import AddNode, Connect
from graph.model.elements import Edge, Node
from graph.model.garbage import MANY, uncollected
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.model.rows import edges_of, nodes_of
from graph.storage import scan
from graph.storage.files import loads

STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 2.5, 1e99, float("nan"), 10**400, "", "a b", "θ", "a" * 201, "n0", [], {}, ["n0"], ["n0", 1], ["n0", "y", 0, 0],
    ["n0", "y", True], ["n0", "y", -1], ["no", "y"], ["n0", "no"], [[1, 2]], {"value": 1}, {"value": "x"}, {1: 2},
)  # fmt: skip


def content(count: int = 6) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    for index, row in enumerate(layered(count)):
        params = {"value": index / 4} if not row.wires else {}
        head = {"id": f"n{index}", "type": row.kind, "name": f"v_{index}", "params": params}
        nodes.append(head | {"x": row.x, "y": int(row.y), "group": None})
        for source, port in row.wires:
            edges.append({"id": f"e{len(edges)}", "from": [f"n{source}", "y"], "to": [f"n{index}", port, 0], "via": []})
    return {"format": "gradwire", "version": 1, "nodes": nodes, "edges": edges}


def outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (ValueError, BuildError) as refused:
        return str(refused)


def test_rows_together_are_what_they_are_one_by_one_however_strange_one_of_them_is() -> None:
    whole = content(12)
    for rows, together, read in ((whole["nodes"], nodes_of, Node.from_json), (whole["edges"], edges_of, Edge.from_json)):
        assert together(rows) == [read(row) for row in rows] and together([]) == []
        for key in rows[3]:
            for strange in STRANGE:
                mixed = [*rows[:3], rows[3] | {key: strange}, *rows[4:]]
                assert repr(outcome(lambda: together(mixed))) == repr(outcome(lambda: [read(row) for row in mixed]))  # noqa: B023
        unusual = [rows[0] | {"label": "first", "later": 1}, *rows[1:5], [], {"id": "short"}]
        assert outcome(lambda: together(unusual)) == outcome(lambda: [read(row) for row in unusual])  # noqa: B023
        assert together(unusual[:5]) == [read(row) for row in unusual[:5]]


def test_a_graph_that_is_built_at_once_is_the_one_that_edits_build() -> None:
    whole = content(60)
    whole["nodes"][7] |= {"label": "seven"}
    edited = Graph(CATALOG)
    for row in whole["nodes"]:
        AddNode(Node.from_json(row)).apply(edited)
    for row in whole["edges"]:
        Connect(Edge.from_json(row)).apply(edited)
    built = building.build(whole, CATALOG)
    assert built == edited and built.order() == edited.order() and lint(built) == lint(edited)
    assert built.having(lambda spec: spec.role != "op") == edited.having(lambda spec: spec.role != "op") != ()
    for node in built.nodes:
        assert built.inputs_of(node) == edited.inputs_of(node) and built.outputs_of(node) == edited.outputs_of(node)
        assert built.nodes.keys() == edited.nodes.keys() and built.named(built.nodes[node].name) is built.nodes[node]
    random.Random(0).shuffle(whole["nodes"])
    shuffled, order = building.build(whole, CATALOG), []
    remaining = {node: {edge.source[0] for edge in shuffled.inputs_of(node)} for node in shuffled.nodes}
    while remaining:  # of those that are ready, the one inserted first
        order.append(next(node for node, before in remaining.items() if not before & remaining.keys()))
        del remaining[order[-1]]
    assert shuffled.order() == tuple(order)


def test_the_first_thing_that_is_wrong_is_named_as_when_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = []
    for rows, index, change in (
        ("nodes", 4, {"id": "n2"}), ("nodes", 4, {"name": "v_2"}), ("nodes", 4, {"group": "none"}), ("nodes", 4, {"x": "far"}),
        ("nodes", 0, {"params": {"value": "red"}}), ("nodes", 4, {"extra": float("inf")}), ("nodes", 4, {"type": "no.such"}),
        ("edges", 2, {"id": "n2"}), ("edges", 2, {"id": "e1"}), ("edges", 2, {"from": ["no", "y"]}), ("edges", 2, {"from": ["n0", "no"]}),
        ("edges", 2, {"to": ["n5", "a", 3]}), ("edges", 2, {"to": ["n0", "a", 0]}), ("edges", 2, {"extra": float("inf")}),
    ):  # fmt: skip
        whole = content(12)
        whole[rows][index] |= change
        bad.append(whole)
    circle = content(12)
    circle["edges"][0]["from"] = ["n11", "y"]
    bad.append(circle)
    at_once = [outcome(lambda: building.build(whole, CATALOG)) for whole in bad]  # noqa: B023
    monkeypatch.setattr(Graph, "_fill_nodes", lambda *_: False)
    monkeypatch.setattr(Graph, "_fill_edges", lambda *_: False)
    assert at_once == [outcome(lambda: building.build(whole, CATALOG)) for whole in bad]  # noqa: B023
    assert sum(isinstance(said, str) for said in at_once) >= 12


def test_a_large_file_costs_no_call_for_each_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for owner, name in ((Node, "from_json"), (Edge, "from_json"), (Graph, "_add_node"), (Graph, "_add_edge"), (scan, "_unique")):
        monkeypatch.setattr(owner, name, lambda *_, name=name, **__: calls.append(name))
    graph = loads(json.dumps(content(200)), CATALOG)
    assert len(graph.nodes) == 200 and calls == []


@pytest.mark.parametrize("text", ['{"a:b": ":", "c": "\\"d\\":", "e": {"f": [{}, ""]}}', '{"a": "::", "b": {"a": "", "c": ":"}}'])
def test_colons_and_quotes_in_texts_are_no_keys(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_unique", None)  # what has each key once is read without it
    assert scan.parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '{"a" : ":", "b": [{"c":1,"c" :2}]}', '{"\\u0061": 1, "b": {}, "a": "\\\\"}'])
def test_a_key_that_stands_twice_is_found_however_it_is_written(text: str) -> None:
    with pytest.raises(scan.ScanError, match="appears twice in one object"):
        scan.parse(text.encode())


@pytest.mark.parametrize("frozen", [0, 7])
def test_what_was_read_counts_as_old_and_the_collector_runs_again_also_after_an_error(frozen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(gc, "get_freeze_count", lambda: frozen)
    for name in ("freeze", "unfreeze"):
        monkeypatch.setattr(gc, name, lambda name=name: calls.append(name))
    running = gc.isenabled()
    gc.enable()
    others = [[] for _ in range(2 * MANY)]  # type: ignore[var-annotated]  # what was made before does not count
    try:
        with uncollected():
            assert not gc.isenabled()
        assert others and gc.isenabled() and not calls, "few objects: nothing to keep the collector from"
        with pytest.raises(ZeroDivisionError), uncollected():
            kept = [[] for _ in range(MANY + 100)]  # type: ignore[var-annotated]
            assert kept and 1 // 0
        assert gc.isenabled()
        assert calls == ([] if frozen else ["freeze", "unfreeze"]), "what someone has frozen is not thawed"
        gc.disable()
        with uncollected():
            pass
        assert not gc.isenabled(), "it was off before"
    finally:
        if running:
            gc.enable()
        else:
            gc.disable()
