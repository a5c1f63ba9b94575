"""Traces of huge graphs: how their numbers travel, and that none is looked at twice."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from engine.compile import packed as module
from engine.compile.failure import NAMED, nonfinite
from engine.compile.packed import packed
from engine.compile.views import Absent, ArrayView, TraceView, absent, single, view_of
from engine.nodes.catalog import CATALOG
from graph.model.elements import Node
from graph.model.graph import Graph

NUMBERS = (0.1, -0.0, 1e-300, 3.0, -1e308)


def trace() -> TraceView:
    values = {(f"n{i}", "y"): view_of(np.array(number)) for i, number in enumerate(NUMBERS)}
    values["bad", "y"] = view_of(np.array(math.nan))
    values["row", "y"] = view_of(np.array([1.0, math.inf]))
    values["count", "y"] = view_of(np.array(2**62 + 1))
    gradients: dict[tuple[str, str], ArrayView | Absent] = {
        ("n0", "y"): absent("independent"),
        ("n1", "y"): view_of(np.array(2.5)),
        ("n2", "y"): absent("independent"),
    }
    return TraceView(values=values, gradients=gradients, edge_gradients={"e": absent("no objective")})


def test_a_trace_arrives_as_it_left() -> None:
    before = trace()
    after = pickle.loads(pickle.dumps(packed(before), protocol=5))
    assert list(after.values) == list(before.values) and list(after.gradients) == list(before.gradients)
    for key, view in before.values.items():
        there = after.values[key]
        assert there.data.tobytes() == view.data.tobytes() and (there.dtype, there.shape) == (view.dtype, view.shape)
        assert repr((there.minimum, there.std, there.norm, there.finite)) == repr((view.minimum, view.std, view.norm, view.finite))
    assert after.gradients["n1", "y"].scalar == 2.5 and after.gradients.get(("n9", "y")) is None
    assert after.gradients["n0", "y"] is after.gradients["n2", "y"] is absent("independent")
    assert after.edge_gradients == before.edge_gradients
    again = pickle.loads(pickle.dumps(packed(after), protocol=5))
    assert again.values["n0", "y"].scalar == 0.1 and len(again.values) == len(before.values)


def test_a_view_is_made_of_what_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    def counted(number: float, dtype: str) -> Any:
        made.append(number)
        return single(number, dtype)

    monkeypatch.setattr(module, "single", counted)
    after = pickle.loads(pickle.dumps(packed(trace()), protocol=5))
    assert ("n3", "y") in after.values and not made
    assert after.values["n3", "y"] is after.values["n3", "y"]
    assert made == [3.0]


class Counted(dict[Any, Any]):
    """A table that counts how often all of it is gone through."""

    walked = 0

    def items(self) -> Any:
        Counted.walked += 1
        return super().items()

    def __iter__(self) -> Any:
        Counted.walked += 1
        return super().__iter__()


def test_learned_tensors_are_not_gone_through_again_for_every_value_that_is_not_finite() -> None:
    graph, count = Graph(CATALOG), 40
    for i in range(count):
        graph._add_node(Node(f"n{i}", "math.sqrt", f"root_{i}"))
    values = {(f"n{i}", "y"): view_of(np.array(math.nan)) for i in range(count)}
    Counted.walked = 0
    found = nonfinite(graph, TraceView(values=values, parameters=Counted({("p", "value"): view_of(np.array(1.0))})))
    assert [problem.nodes for problem in found] == [(f"n{i}",) for i in range(NAMED)]
    assert Counted.walked == 1
