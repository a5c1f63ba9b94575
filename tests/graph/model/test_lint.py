"""Lint finds what is broken: every kind of damage, done behind the graph's back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from graph.model.edits import AddItem
from graph.model.elements import Edge, Group, Note
from graph.model.graph import Graph
from graph.model.lint import lint
from tests.support.catalog import add, xy_plus_z


def _rewire(graph: Graph, edge: str, **more: object) -> None:
    graph._edges.replace(edge, replace(graph.edges[edge], **more))  # type: ignore[arg-type]


def _params(graph: Graph, **params: object) -> None:
    graph._nodes.replace("n1", replace(graph.nodes["n1"], params=params))


DAMAGE: dict[str, tuple[Callable[[Graph], object], str]] = {
    "an id twice": (lambda g: g._notes.put("n1", Note("n1")), 'the id "n1" is used 2 times'),
    "an id that lies": (lambda g: g._notes.put("t1", Note("t2")), "filed under another id"),
    "a name twice": (lambda g: g._nodes.replace("n2", replace(g.nodes["n2"], name="x")), 'the name "x" is used 2 times'),
    "a bad name": (lambda g: g._nodes.replace("n2", replace(g.nodes["n2"], name="a b")), '"a b" is not a name'),
    "off the canvas": (lambda g: g._nodes.replace("n2", replace(g.nodes["n2"], x=float("nan"))), "y is not on the canvas"),
    "no such group": (lambda g: g._nodes.replace("n2", replace(g.nodes["n2"], group="g9")), "in a group that does not exist"),
    "a text for a tensor": (lambda g: _params(g, value="a"), '"value" is a number or nested lists'),
    "an infinity": (lambda g: _params(g, junk=float("inf")), "x.junk is not plain JSON"),
    "a wire to a missing port": (lambda g: _rewire(g, "e1", target=("n4", "q")), 'an input "q" that does not exist'),
    "a wire from a missing port": (lambda g: _rewire(g, "e1", source=("n1", "q")), 'an output "q" that does not exist'),
    "a slot on a single input": (lambda g: _rewire(g, "e1", slot=2), "enters slot 2 of an input without slots"),
    "two wires into one": (lambda g: _rewire(g, "e1", target=("n4", "b")), "2 wires enter n4.b"),
    "a cycle": (lambda g: _rewire(g, "e1", source=("n5", "y")), "there is a cycle"),
    "a wire the index does not know": (lambda g: g._edges.put("e9", Edge("e9", ("n3", "y"), ("n5", "b"))), "2 wires enter n5.b"),
    "a stale order": (lambda g: setattr(g, "_order", tuple(reversed(g.order()))), "the cached order is out of date"),
    "a lost name": (lambda g: g._names.table.pop("x"), "x is not found by its name"),
    "groups in a circle": (lambda g: g._groups.replace("g1", replace(g.groups["g1"], parent="g1")), "hangs on nothing or on itself"),
    "a member nobody lists": (lambda g: g._nodes.replace("n2", replace(g.nodes["n2"], group="g1")), "index of groups"),
    "a group with a ghost": (lambda g: g._membership.nodes.update(g1={"n1": None}), "what is listed in the group g1"),
    "a mark on nothing": (lambda g: g._settings.update(objective={"node": "n9", "port": "y"}), "a node that does not exist"),
    "half an epoch": (lambda g: g._training.update(epochs=0.5), '"epochs" is a whole number'),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(name: str) -> None:
    damage, expected = DAMAGE[name]
    graph = xy_plus_z()
    AddItem(Group("g1", "block")).apply(graph)
    assert lint(graph) == []
    damage(graph)
    assert any(expected in line for line in lint(graph)), lint(graph)


def test_a_whole_graph_is_clean() -> None:
    graph = xy_plus_z()
    add(graph, "layer.linear", out_features=3)
    assert lint(graph) == []
