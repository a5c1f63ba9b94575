"""The zero phase says whether gradients are set to zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.compile.views import TraceView
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from ui.ribbon.feature import _zeroed


@pytest.mark.parametrize(
    ("training", "step", "zeroed"),
    [({}, 0, True), ({"zero_grad": False}, 0, False), ({"accumulate": 4}, 2, False), ({"accumulate": 4}, 3, True)],
)
def test_gradients_are_kept_by_choice_and_between_the_batches_of_an_update(training: dict[str, Any], step: int, zeroed: bool) -> None:
    graph = build("x*y", CATALOG, {"x": 1.0, "y": 2.0})
    for name, value in training.items():
        SetTraining(name, value).apply(graph)
    assert _zeroed(graph, replace(TraceView(), step=step)) is zeroed
